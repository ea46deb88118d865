"""Elementwise ops: Add, Equal, And, Where, Sqrt, ...

Each tries, in this order: numbers and sizes are computed now (`Known`); grids of indices stay grids; the rest becomes
an op. Operands that stand for a broadcast are computed before it, so that a padding mask costs `batch * sequence` and
not `batch * sequence * sequence`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of, to_element
from sparsec.dims import Size
from sparsec.errors import ShapeError
from sparsec.frontend.onnx_call import Call, Translate, dtype_of_value
from sparsec.frontend.onnx_emitter import Unsupported, require_data_dtype
from sparsec.frontend.onnx_ops.grids import GRID_RULES, GridRule, grid_in_type
from sparsec.frontend.onnx_sizes import Undecided, divide, in_type, is_equal, is_less, record, recording
from sparsec.frontend.onnx_tensor import dtype_of, type_name
from sparsec.frontend.onnx_values import Dtype, Expanded, Grid, Known, Shape, Value, shape_of
from sparsec.weights import Array

FOLD_LIMIT = 4096
"""Constants are computed while reading up to this many elements; larger ones by the `fold-constants` pass."""

Fold = Callable[..., Any]


@dataclass(frozen=True)
class Meaning:
    """How to compute an op on constants: on numbers, and on object arrays of sizes (None: not possible)."""

    numbers: Fold
    sizes: Fold | None = None
    result: type[np.generic] | None = None


def _per_element(function: Callable[..., object], arity: int) -> Fold:
    return np.frompyfunc(function, arity, 1)


def _divide(a: Array, b: Array) -> Array:
    if a.dtype.kind == "f":
        return a / b
    return np.asarray(_per_element(divide, 2)(a, b)).astype(a.dtype)


def _divide_exactly(a: Size, b: Size) -> Size:
    """The quotient of sizes that were cast to float."""
    quotient = divide(a, b)
    if quotient * b != a:
        raise Undecided(f"{a} / {b} is no integer")
    return quotient


def _at_most(a: Size, b: Size) -> bool:
    return not is_less(b, a)


def _at_least(a: Size, b: Size) -> bool:
    return not is_less(a, b)


def _greater(a: Size, b: Size) -> bool:
    return is_less(b, a)


def _larger(a: Size, b: Size) -> Size:
    return b if is_less(a, b) else a


def _smaller(a: Size, b: Size) -> Size:
    return a if is_less(a, b) else b


def _is_not_zero(size: Size) -> bool:
    return not is_equal(size, 0)


MEANINGS: dict[type[ew.ElementwiseOp], Meaning] = {
    ew.Add: Meaning(np.add, np.add),
    ew.Sub: Meaning(np.subtract, np.subtract),
    ew.Mul: Meaning(np.multiply, np.multiply),
    ew.Div: Meaning(_divide, _per_element(divide, 2)),
    ew.Mod: Meaning(np.mod),
    ew.Pow: Meaning(np.power),
    ew.Maximum: Meaning(np.maximum, _per_element(_larger, 2)),
    ew.Minimum: Meaning(np.minimum, _per_element(_smaller, 2)),
    ew.Equal: Meaning(np.equal, _per_element(is_equal, 2), np.bool_),
    ew.Less: Meaning(np.less, _per_element(is_less, 2), np.bool_),
    ew.LessEqual: Meaning(np.less_equal, _per_element(_at_most, 2), np.bool_),
    ew.Greater: Meaning(np.greater, _per_element(_greater, 2), np.bool_),
    ew.GreaterEqual: Meaning(np.greater_equal, _per_element(_at_least, 2), np.bool_),
    ew.And: Meaning(np.logical_and, None, np.bool_),
    ew.Or: Meaning(np.logical_or, None, np.bool_),
    ew.Xor: Meaning(np.logical_xor, None, np.bool_),
    ew.Not: Meaning(np.logical_not, None, np.bool_),
    ew.Where: Meaning(np.where, np.where),
    ew.Neg: Meaning(np.negative, np.negative),
    ew.Abs: Meaning(np.abs),
    ew.Sign: Meaning(np.sign),
    ew.Sqrt: Meaning(np.sqrt),
    ew.Reciprocal: Meaning(np.reciprocal),
    ew.Exp: Meaning(np.exp),
    ew.Log: Meaning(np.log),
    ew.Floor: Meaning(np.floor, np.positive),
    ew.Ceil: Meaning(np.ceil, np.positive),
    ew.Round: Meaning(np.rint, np.positive),
    ew.IsNaN: Meaning(np.isnan, None, np.bool_),
}


def apply(call: Call, op: type[ew.ElementwiseOp], *operands: Value) -> Value:
    """The value of an elementwise op: folded, a grid, or an op of the builder."""
    folded = _fold(op, operands)
    if folded is not None:
        return folded
    rule = GRID_RULES.get(op)
    if rule is not None and any(isinstance(operand, Grid | Known) for operand in operands):
        shape = call.emitter.broadcast_shape(*(shape_of(operand) for operand in operands))
        found = _by_rule(rule, shape, operands)
        if found is not None:
            return found
    return emit(call, lambda parts: call.build.apply(op, *parts), operands)


def _by_rule(rule: GridRule, shape: Shape, operands: Sequence[Value]) -> Value | None:
    try:
        with recording() as used:
            found = rule(shape, operands)
            found = grid_in_type(found) if isinstance(found, Grid) else found
    except Undecided:
        return None
    if found is not None:
        record(used)
    return found


def emit(call: Call, write: Callable[[Sequence[SSAValue]], SSAValue], operands: Sequence[Value]) -> Value:
    """An op written by `write` on the operands before their broadcast; the result stands for the broadcast one."""
    shape = call.emitter.broadcast_shape(*(shape_of(operand) for operand in operands))
    inner = write([call.emitter.unexpanded(operand) for operand in operands])
    return expanded(inner, shape)


def expanded(inner: SSAValue, shape: Shape) -> Value:
    """`inner` seen as its broadcast to `shape`."""
    return inner if sizes_of(inner.type) == shape else Expanded(inner, shape)


def _fold(op: type[ew.ElementwiseOp], operands: Sequence[Value]) -> Known | None:
    known = [operand for operand in operands if isinstance(operand, Known)]
    meaning = MEANINGS.get(op)
    if meaning is None or len(known) < len(operands):
        return None
    symbolic = any(operand.is_symbolic for operand in known)
    arrays = [operand.array for operand in known]
    fold = meaning.sizes if symbolic else meaning.numbers
    if symbolic and known[-1].dtype.kind == "f":
        if any(array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)) for array in arrays):
            return None  # half a size is no polynomial with integer coefficients
        arrays = [array.astype(np.int64) if array.dtype.kind == "f" else array for array in arrays]
        fold = _per_element(_divide_exactly, 2) if op is ew.Div else fold
    try:
        small = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError as error:
        raise ShapeError(f"shapes {[list(array.shape) for array in arrays]} do not broadcast") from error
    if fold is None or np.prod(small, dtype=float) > FOLD_LIMIT:
        return None
    dtype = np.dtype(meaning.result) if meaning.result else known[-1].dtype
    try:
        with np.errstate(all="ignore"), recording() as used:
            result = fold(*arrays)
            if not symbolic:
                return Known.of(np.asarray(result, dtype))
            held = known_in_type(np.asarray(result, object), dtype)
    except Undecided:
        return None
    record(used)
    return held


def known_in_type(array: Array, dtype: Dtype) -> Known:
    """Numbers and sizes as an element type holds them.

    Raises:
        Undecided: a symbolic size may wrap around in it.
    """
    held = np.empty(array.shape, object)
    held.reshape(-1)[:] = [in_type(size, dtype) for size in array.reshape(-1).tolist()]
    return Known.of(held, dtype)


def _require_alike(call: Call, values: Sequence[Value]) -> None:
    dtypes = {dtype_of_value(value) for value in values}
    if len(dtypes) > 1:
        names = " and ".join(sorted(dtype.name for dtype in dtypes))
        raise ShapeError(f"{call.build.source}: {call.node.op_type} of {names}; its inputs must have one type")


def _same(op: type[ew.ElementwiseOp], arity: int) -> Translate:
    """An op whose operands have one element type."""

    def translate(call: Call) -> Value:
        values = [call.value(index) for index in range(arity)]
        _require_alike(call, values)
        return apply(call, op, *values)

    return translate


def _floats(op: type[ew.ElementwiseOp]) -> Translate:
    """A unary op that integers may only reach when they are known."""

    def translate(call: Call) -> Value:
        if call.dtype(0).kind != "f":
            raise Unsupported(f"it works on floats, got {call.dtype(0).name}; cast it first")
        return apply(call, op, call.value(0))

    return translate


def _from_the_left(call: Call, op: type[ew.ElementwiseOp]) -> Value:
    """`((a op b) op c) op ...` of all inputs."""
    first, *rest = call.inputs()
    _require_alike(call, [first, *rest])
    for value in rest:
        first = apply(call, op, first, value)
    return first


def _variadic(op: type[ew.ElementwiseOp]) -> Translate:
    """Max, Min, Sum."""
    return lambda call: _from_the_left(call, op)


def _mean(call: Call) -> Value:
    if call.dtype(0).name != "float32":
        raise Unsupported(f"a mean of {call.dtype(0).name}; only float32 is supported")
    total = _from_the_left(call, ew.Add)
    return apply(call, ew.Mul, total, Known.of(np.asarray(1 / len(call.inputs()), np.float32)))


def _is_infinite(call: Call) -> Value:
    x = call.value(0)
    infinite = Known.of(np.asarray(np.inf, call.dtype(0)))
    above = apply(call, ew.Equal, x, infinite)
    below = apply(call, ew.Equal, x, apply(call, ew.Neg, infinite))
    positive, negative = call.flag("detect_positive", True), call.flag("detect_negative", True)
    if positive and negative:
        return apply(call, ew.Or, above, below)
    if not (positive or negative):
        return apply(call, ew.And, above, below)  # nothing is both
    return above if positive else below


def _where(call: Call) -> Value:
    condition, yes, no = call.value(0), call.value(1), call.value(2)
    _require_alike(call, [yes, no])
    return apply(call, ew.Where, condition, yes, no)


def _power(call: Call) -> Value:
    """`Pow`: small whole powers become products (which hold for negative bases); the exponent may have any type."""
    base, exponent = call.value(0), call.value(1)
    number = exponent.array.reshape(-1) if isinstance(exponent, Known) and not exponent.is_symbolic else ()
    if call.dtype(0).kind != "f":
        known = [value.array for value in (base, exponent) if isinstance(value, Known) and not value.is_symbolic]
        if len(known) == 2:
            with np.errstate(all="ignore"):  # roots and negative powers lose what is behind the point
                return Known.of(np.power(*known, dtype=np.float64).astype(call.dtype(0)))
        if not isinstance(base, Known) or not len(number) or any(power < 0 or power % 1 for power in number):
            raise Unsupported("a power of integers; cast the base to float")
    elif len(number) == 1 and len(shape_of(exponent)) <= len(call.shape(0)) and not isinstance(base, Known):
        match float(number[0]):
            case 1.0:
                return base
            case 2.0:
                return apply(call, ew.Mul, base, base)
            case 3.0:
                return apply(call, ew.Mul, apply(call, ew.Mul, base, base), base)
            case 0.5:
                return apply(call, ew.Sqrt, base)
            case _:
                pass
    return apply(call, ew.Pow, base, cast(call, exponent, call.dtype(0)))


def _mod(call: Call) -> Value:
    if call.flag("fmod"):
        raise Unsupported("fmod = 1 (the sign of the dividend) is not supported; use fmod = 0")
    if call.dtype(0).kind not in "iu":
        raise Unsupported(f"a remainder of {call.dtype(0).name}; only integers have one here")
    values = [call.value(0), call.value(1)]
    _require_alike(call, values)
    return apply(call, ew.Mod, *values)


def cast(call: Call, value: Value, dtype: Dtype) -> Value:
    """The value in another element type; constants are converted while reading, of any size."""
    source = dtype_of_value(value)
    if source == dtype:
        return value
    if isinstance(value, Known):
        return _cast_known(call, value, dtype)
    require_data_dtype(dtype)
    if isinstance(value, Grid) and dtype.kind in "iu" and source.kind in "iu":
        try:
            with recording() as used:
                grid = grid_in_type(Grid(value.shape, value.offset, value.strides, dtype))
            record(used)
            return grid
        except Undecided:
            pass  # some elements wrap around: a cast does that
    if isinstance(value, Grid) and dtype.kind in "bi" and isinstance(value.constant, int):
        return Grid.filled(int(value.constant != 0) if dtype.kind == "b" else value.constant, value.shape, dtype)
    return emit(call, lambda parts: call.build.cast(parts[0], to_element(dtype)), [value])


def _cast_known(call: Call, known: Known, dtype: Dtype) -> Value:
    if not known.is_symbolic:
        with np.errstate(all="ignore"):
            return Known(np.asarray(known.array).astype(dtype), dtype)
    if dtype.kind == "f":
        return Known(known.array, dtype)
    try:
        with recording() as used:
            array = np.asarray(_per_element(_is_not_zero, 1)(known.array), object) if dtype.kind == "b" else known.array
            held = known_in_type(array, dtype)
        record(used)
        return held
    except Undecided:
        require_data_dtype(dtype)
    return call.build.cast(call.emitter.materialise(known), to_element(dtype))


def _cast(call: Call) -> Value:
    call.integer("saturate", 1)  # only means something for 8-bit floats, which are refused
    call.text("round_mode", "up")
    return cast(call, call.value(0), _target(call, call.integer("to")))


def _cast_like(call: Call) -> Value:
    call.integer("saturate", 1)
    call.text("round_mode", "up")
    return cast(call, call.value(0), call.dtype(1))


def _target(call: Call, data_type: int) -> Dtype:
    dtype = dtype_of(data_type)
    if dtype is None:
        raise Unsupported(f"it casts to {type_name(data_type)}; cast to FLOAT, INT64, INT32 or BOOL")
    return dtype


ELEMENTWISE: dict[str, Translate] = {
    "Add": _same(ew.Add, 2),
    "Sub": _same(ew.Sub, 2),
    "Mul": _same(ew.Mul, 2),
    "Div": _same(ew.Div, 2),
    "Mod": _mod,
    "Pow": _power,
    "Max": _variadic(ew.Maximum),
    "Min": _variadic(ew.Minimum),
    "Sum": _variadic(ew.Add),
    "Mean": _mean,
    "Equal": _same(ew.Equal, 2),
    "Less": _same(ew.Less, 2),
    "LessOrEqual": _same(ew.LessEqual, 2),
    "Greater": _same(ew.Greater, 2),
    "GreaterOrEqual": _same(ew.GreaterEqual, 2),
    "And": _same(ew.And, 2),
    "Or": _same(ew.Or, 2),
    "Xor": _same(ew.Xor, 2),
    "Not": _same(ew.Not, 1),
    "Where": _where,
    "Neg": _same(ew.Neg, 1),
    "Abs": _same(ew.Abs, 1),
    "Sign": _same(ew.Sign, 1),
    "Sqrt": _floats(ew.Sqrt),
    "Reciprocal": _floats(ew.Reciprocal),
    "Exp": _floats(ew.Exp),
    "Log": _floats(ew.Log),
    "Sin": _floats(ew.Sin),
    "Cos": _floats(ew.Cos),
    "Floor": _floats(ew.Floor),
    "Ceil": _floats(ew.Ceil),
    "Round": _floats(ew.Round),
    "Erf": _floats(ew.Erf),
    "IsNaN": _same(ew.IsNaN, 1),
    "IsInf": _is_infinite,
    "Cast": _cast,
    "CastLike": _cast_like,
}
