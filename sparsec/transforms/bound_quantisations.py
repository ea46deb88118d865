"""Proves that what is quantised is small, from weights or from what ops are, so that kernels may leave the clipping to
their packs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr, f32, i8, i32
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import constant_value
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of, to_numpy, ui8
from sparsec.dialects.nn_attention import AttentionOp
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import LayerNorm, MatMul
from sparsec.dialects.tensor_op import sizes
from sparsec.transforms.straight_line import function_blocks
from sparsec.transforms.weight_products import sums_of_rows
from sparsec.weights import Array, WeightStore

LIMIT = 2.0**30
"""Half of what a 32-bit integer holds: room for every rounding on the way."""

_SMALLEST_EPSILON = 1e-30

_BYTE = 255
"""The largest activation."""

_EXACT = 2.0**53
"""Below, float64 holds every integer."""


@dataclass(frozen=True)
class BoundQuantisations(ModulePass):
    """`quantize(x)` -> `quantize(x) <bounded>` in bodies, where `|x / scale| < 2**30` for sure.

    The bounds of each channel's accumulator in an integer product follow from its weights; the weights of attention lie
    between 0 and 1, and a normalised number is at most the root of how many there are. Additions and products with
    constants, relu and the like carry bounds on. What is not known to be bounded stays as it is.
    """

    name = "bound-quantisations"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in block.ops:
                if isinstance(inner, MatMul) and inner.accumulator == i32:
                    _bound_body(inner.body, body_intervals(inner, weights), (ui8, i8))
                elif isinstance(inner, AttentionOp):
                    known: dict[SSAValue, Interval] = {inner.weight.block.args[0]: _SHARE}
                    follow_intervals(inner.weight, known, weights, perhaps_nan=True)
                    _bound_body(inner.weight, known, (ui8,))
                elif isinstance(inner, LayerNorm):
                    _bound_body(inner.body, normalised_intervals(inner, weights), (ui8,))


@dataclass(frozen=True, eq=False)
class Interval:
    """Lower and upper bounds of one value for every channel: float64, 0-d or `[channels]`, all finite."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @staticmethod
    def of(array: Array) -> Interval:
        """What is exactly known."""
        known = array.astype(np.float64)
        return Interval(known, known)

    @property
    def magnitude(self) -> float:
        """The largest absolute value."""
        return float(max(np.abs(self.low).max(initial=0), np.abs(self.high).max(initial=0)))

    def stored(self, element: Attribute) -> Interval | None:
        """The bounds of values of this element type that are computed within these bounds; None if there are none.

        Rounding never reverses an order, so floats lie between the rounded ends (rounding twice, by way of f64, gives
        the same f32). Integers that wrap lie anywhere, and so does what follows from an infinity, perhaps NaN.
        """
        dtype = to_numpy(element)
        if dtype.kind == "f":
            low, high = (end.astype(dtype).astype(np.float64) for end in (self.low, self.high))
            return Interval(low, high) if np.isfinite(low).all() and np.isfinite(high).all() else None
        if dtype.kind not in "iu":
            return None
        limits = np.iinfo(dtype)
        fits = (self.low >= limits.min).all() and (self.high <= limits.max).all() and self.magnitude < _EXACT
        return self if fits else None


_BYTES: Mapping[Attribute, Interval] = {
    ui8: Interval(np.zeros(()), np.asarray(255.0)),
    i8: Interval(np.asarray(-128.0), np.asarray(127.0)),
}
"""What any byte is."""

_SHARE = Interval(np.asarray(0.0), np.asarray(1.001))
"""What a weight of attention is, or NaN: `e * (1 / sum)` with a sum of such e, which is no less than any of them."""

_UNIT = Interval(np.asarray(-1.0), np.asarray(1.0))
"""What sigmoidal functions give for numbers."""


def accumulator_interval(matrix: Array) -> Interval:
    """What `sum_k x[k] * matrix[m, k]` can be for bytes x, per row m, before it wraps."""
    sums, magnitudes = sums_of_rows(matrix)
    return Interval(_BYTE * ((sums - magnitudes) / 2), _BYTE * ((sums + magnitudes) / 2))


def body_intervals(matmul: MatMul, weights: WeightStore) -> dict[SSAValue, Interval]:
    """The values in the body of an integer product that are bounded for sure, and their bounds."""
    matrix = constant_value(matmul.weight, weights)
    known: dict[SSAValue, Interval] = {}
    arguments = matmul.body.block.args
    if matrix is not None and (sums := accumulator_interval(matrix).stored(i32)) is not None:
        known[arguments[0]] = sums
    for argument, extra in zip(arguments[1:], matmul.extras, strict=True):
        array = constant_value(extra, weights)
        if array is None and argument.type in _BYTES:
            known[argument] = _BYTES[argument.type]
        if array is not None and array.size in (1, array.shape[-1] if array.shape else 1):
            know(known, argument, array.reshape(-1) if array.size > 1 else array.reshape(()))
    follow_intervals(matmul.body, known, weights)
    return known


def normalised_intervals(norm: LayerNorm, weights: WeightStore) -> dict[SSAValue, Interval]:
    """The values in the body of a layer norm that are bounded for sure or NaN, and their bounds.

    Of N numbers d, centred or not, with mean square v, none is larger than `sqrt(N v)`: divided by `sqrt(v + epsilon)`,
    none is larger than `sqrt(N)`. Twice that leaves room for rounding, and epsilon for squares that vanish.
    """
    channels = sizes(norm.x)[-1]
    parameters = [constant_value(value, weights) for value in (norm.scale, norm.bias)]
    known: dict[SSAValue, Interval] = {}
    if isinstance(channels, int) and norm.epsilon.value.data >= _SMALLEST_EPSILON:
        scale, bias = (
            None if array is None or not np.isfinite(array).all() else Interval.of(array) for array in parameters
        )
        if scale is not None and bias is not None:
            most = np.asarray(2 * np.sqrt(channels))
            scaled = _product(Interval(-most, most), scale)
            normal = Interval(scaled.low + bias.low, scaled.high + bias.high).stored(f32)
            if normal is not None:
                known[norm.body.block.args[0]] = normal
    for argument, extra in zip(norm.body.block.args[1:], norm.extras, strict=True):
        if (array := constant_value(extra, weights)) is not None:
            know(known, argument, array.reshape(-1) if array.size > 1 else array.reshape(()))
    follow_intervals(norm.body, known, weights, perhaps_nan=True)
    return known


def follow_intervals(
    body: Region, known: dict[SSAValue, Interval], weights: WeightStore, *, perhaps_nan: bool = False
) -> None:
    """Add to what is known what follows for the values in a body.

    Args:
        perhaps_nan: whether floats that are known may be NaN, too. Then integers that are made of them are not known.
    """
    for op in body.block.ops:
        if perhaps_nan and isinstance(op, ew.Cast):
            continue
        if isinstance(op, Constant):
            if (array := constant_value(op.result, weights)) is not None:
                know(known, op.result, array)
        elif op.results and op.results[0].type in _BYTES:
            known[op.results[0]] = _BYTES[op.results[0].type]  # whatever it is made of
        elif op.results and all(operand in known for operand in op.operands):
            with np.errstate(all="ignore"):
                found = _interval(op, [known[operand] for operand in op.operands])
                stored = None if found is None else found.stored(element_of(op.results[0].type))
            if stored is not None:
                known[op.results[0]] = stored


def know(known: dict[SSAValue, Interval], value: SSAValue, array: Array) -> None:
    """Remember a constant, if it is made of finite numbers."""
    if array.dtype.kind in "iuf" and np.isfinite(array).all():
        known[value] = Interval.of(array)


def _bound_body(body: Region, known: Mapping[SSAValue, Interval], results: Collection[Attribute]) -> None:
    """Mark what is quantised to one of these types. NaN rounds to the lowest integer, and that to the lowest ui8."""
    for op in body.block.ops:
        if isinstance(op, ew.Quantize) and element_of(op.result.type) in results and _is_small(op, known):
            op.properties["bounded"] = UnitAttr()


def _is_small(op: ew.Quantize, known: Mapping[SSAValue, Interval]) -> bool:
    if op.operand not in known or op.scale not in known:
        return False
    scale = known[op.scale]
    if not ((scale.low > 0) | (scale.high < 0)).all():
        return False
    with np.errstate(all="ignore"):  # as `elementary.quantize` does it, in f32
        inverse, x = Interval(1 / scale.high, 1 / scale.low).stored(f32), known[op.operand].stored(f32)
        scaled = None if inverse is None or x is None else _product(x, inverse).stored(f32)
    return scaled is not None and scaled.magnitude < LIMIT


def _interval(op: Operation, operands: Sequence[Interval]) -> Interval | None:
    """The bounds of an op's result in exact arithmetic, None if nothing is known."""
    match op:
        case ew.Add():
            return Interval(operands[0].low + operands[1].low, operands[0].high + operands[1].high)
        case ew.Sub():
            return Interval(operands[0].low - operands[1].high, operands[0].high - operands[1].low)
        case ew.Mul():
            return _product(*operands)
        case ew.Div() if not ((operands[1].low <= 0) & (operands[1].high >= 0)).any():
            return _corners(np.divide, *operands)
        case ew.Maximum():
            return _both(np.maximum, *operands)
        case ew.Minimum():
            return _both(np.minimum, *operands)
        case ew.Relu():
            return _both(np.maximum, operands[0], Interval.of(np.zeros(())))
        case ew.Gelu() | ew.GeluTanh():  # between 0 and x
            return Interval(np.minimum(operands[0].low, 0), np.maximum(operands[0].high, 0))
        case ew.Erf() | ew.Tanh() | ew.Sigmoid():
            return _UNIT
        case ew.Dequantize():
            q, scale, zero = operands
            return _product(Interval(q.low - zero.high, q.high - zero.low), scale)
        case ew.Cast():
            whole = to_numpy(element_of(op.result.type)).kind != "f"
            return Interval(np.trunc(operands[0].low), np.trunc(operands[0].high)) if whole else operands[0]
        case _:
            return None


def _both(choose: np.ufunc, a: Interval, b: Interval) -> Interval:
    """What a function that never falls makes of two intervals."""
    return Interval(choose(a.low, b.low), choose(a.high, b.high))


def _product(a: Interval, b: Interval) -> Interval:
    return _corners(np.multiply, a, b)


def _corners(combine: np.ufunc, a: Interval, b: Interval) -> Interval:
    """What a function that rises or falls in each of its arguments makes of two intervals."""
    ends = [combine(left, right) for left in (a.low, a.high) for right in (b.low, b.high)]
    corners = np.stack(np.broadcast_arrays(*ends))
    return Interval(corners.min(axis=0), corners.max(axis=0))
