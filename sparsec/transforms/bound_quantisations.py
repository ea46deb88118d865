"""Proves from the weights that what is quantised is small, so that kernels may leave the clipping to their packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, ModuleOp, UnitAttr, f32, i8, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import constant_value
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of, ui8
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import MatMul
from sparsec.transforms.straight_line import function_blocks
from sparsec.weights import Array, WeightStore

LIMIT = 2.0**30
"""Half of what a 32-bit integer holds: room for every rounding on the way."""

LARGEST = 1e38
"""What is larger may be infinite in f32."""

_BYTE = 255
"""The largest activation."""


@dataclass(frozen=True)
class BoundQuantisations(ModulePass):
    """`quantize(x)` -> `quantize(x) <bounded>` in bodies of integer products, where `|x / scale| < 2**30` for sure.

    The bounds of each channel's accumulator follow from its weights; additions and products with constants, activations
    and the like carry them on, and bytes are bounded anyway. What is not known to be bounded stays as it is.
    """

    name = "bound-quantisations"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in block.ops:
                if isinstance(inner, MatMul) and inner.accumulator == i32:
                    _bound_body(inner, weights)


@dataclass(frozen=True, eq=False)
class Interval:
    """Lower and upper bounds of one value for every channel: float64, 0-d or `[channels]`."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @staticmethod
    def of(array: Array) -> Interval:
        """What is exactly known."""
        known = array.astype(np.float64)
        return Interval(known, known)

    @property
    def magnitude(self) -> float:
        """The largest absolute value, NaN if anything is."""
        return float(max(np.abs(self.low).max(initial=0), np.abs(self.high).max(initial=0)))


_BYTES: Mapping[Attribute, Interval] = {
    ui8: Interval(np.zeros(()), np.asarray(255.0)),
    i8: Interval(np.asarray(-128.0), np.asarray(127.0)),
}
"""What any byte is."""

_UNIT = Interval(np.asarray(-1.0), np.asarray(1.0))
"""What sigmoidal functions give for numbers."""


def accumulator_interval(matrix: Array) -> Interval:
    """What `sum_k x[k] * matrix[m, k]` can be for bytes x, per row m."""
    wide = matrix.astype(np.int64)
    return Interval(
        (_BYTE * np.minimum(wide, 0).sum(axis=1)).astype(np.float64),
        (_BYTE * np.maximum(wide, 0).sum(axis=1)).astype(np.float64),
    )


def _bound_body(matmul: MatMul, weights: WeightStore) -> None:
    matrix = constant_value(matmul.weight, weights)
    if matrix is None:
        return
    arguments = matmul.body.block.args
    known: dict[SSAValue, Interval] = {arguments[0]: accumulator_interval(matrix)}
    for argument, extra in zip(arguments[1:], matmul.extras, strict=True):
        array = constant_value(extra, weights)
        if array is None and argument.type in _BYTES:
            known[argument] = _BYTES[argument.type]
        if array is not None and array.size in (1, array.shape[-1] if array.shape else 1):
            known[argument] = Interval.of(array.reshape(-1) if array.size > 1 else array.reshape(()))
    for op in matmul.body.block.ops:
        found = _interval(op, known)
        if found is not None and found.magnitude <= LARGEST:
            known[op.results[0]] = found
        if isinstance(op, ew.Quantize) and element_of(op.result.type) in (ui8, i8) and _is_small(op, known):
            op.properties["bounded"] = UnitAttr()


def _is_small(op: ew.Quantize, known: dict[SSAValue, Interval]) -> bool:
    if op.operand not in known or op.scale not in known:
        return False
    with np.errstate(all="ignore"):
        inverse = Interval.of(1 / known[op.scale].low)
        small = _product(known[op.operand], inverse).magnitude < LIMIT  # a NaN is not
        return inverse.magnitude <= LARGEST and small


def _interval(op: Operation, known: dict[SSAValue, Interval]) -> Interval | None:
    """The bounds of an op's result, None if nothing is known."""
    if isinstance(op, Constant):
        number = op.value.value.data if isinstance(op.value, FloatAttr | IntegerAttr) else None
        return None if number is None else Interval.of(np.asarray(number))
    if op.results and op.results[0].type in _BYTES:
        return _BYTES[op.results[0].type]  # whatever it is made of
    if not op.results or any(operand not in known for operand in op.operands):
        return None
    operands = [known[operand] for operand in op.operands]
    with np.errstate(all="ignore"):
        match op:
            case ew.Add():
                return Interval(operands[0].low + operands[1].low, operands[0].high + operands[1].high)
            case ew.Sub():
                return Interval(operands[0].low - operands[1].high, operands[0].high - operands[1].low)
            case ew.Mul():
                return _product(*operands)
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
            case ew.Cast() if op.to in (f32, i32) and operands[0].magnitude < 2 * LIMIT:
                return operands[0]
            case _:
                return None


def _both(choose: np.ufunc, a: Interval, b: Interval) -> Interval:
    """What a function that never falls makes of two intervals."""
    return Interval(choose(a.low, b.low), choose(a.high, b.high))


def _product(a: Interval, b: Interval) -> Interval:
    corners = np.stack(np.broadcast_arrays(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high))
    return Interval(corners.min(axis=0), corners.max(axis=0))
