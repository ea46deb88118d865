"""Quantised ops of ONNX itself: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear, MatMulInteger, QLinearMatMul.

The file's arithmetic is kept as it is written: no pair is added, dropped or folded here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.dims import Dim
from sparsec.errors import ShapeError
from sparsec.frontend.onnx_call import Call, Translate, dtype_of_value, stored
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.elementwise import apply
from sparsec.frontend.onnx_ops.products import multiplied
from sparsec.frontend.onnx_tensor import dtype_of, type_name
from sparsec.frontend.onnx_values import Dtype, Known, Value, shape_of
from sparsec.reference_elementwise import quantize_with
from sparsec.weights import Array

QUANTISED = ("uint8", "int8")


def require_quantised(call: Call, value: Value, what: str) -> None:
    """Refuse anything but 8-bit integers.

    Raises:
        Unsupported: with what to do.
    """
    if dtype_of_value(value).name not in QUANTISED:
        raise Unsupported(f"its {what} has type {dtype_of_value(value).name}; only UINT8 and INT8 are supported")


def _require_type_of(call: Call, q: Value, zero_point: Value | None) -> None:
    """Refuse a zero point of another type than what it belongs to."""
    if zero_point is None or dtype_of_value(zero_point) == dtype_of_value(q):
        return
    wanted = dtype_of_value(q).name
    raise ShapeError(
        f"{call.build.source}: its input {call.name_of(q)} is {wanted} and the zero point {call.name_of(zero_point)} "
        f"{dtype_of_value(zero_point).name}, where ONNX wants one type; store the zero point as {wanted}"
    )


def parameters(
    call: Call, x: Value, scale: Value, zero_point: Value | None, dtype: Dtype, axis: int
) -> tuple[SSAValue, SSAValue, int | None]:
    """Scale and zero point (0 when absent) of a tensor, and the axis they lie along: None when they are one number."""
    if zero_point is None:
        zero_point = Known.of(np.zeros([int(size) for size in shape_of(scale) if isinstance(size, int)], dtype))
    made: list[SSAValue] = []
    rank = len(shape_of(x))
    lengths = [shape_of(value) for value in (scale, zero_point)]
    for value, shape in zip((scale, zero_point), lengths, strict=True):
        data = call.emitter.materialise(value)
        made.append(call.build.reshape(data, []) if shape == (1,) else data)
    if all(shape in ((), (1,)) for shape in lengths):
        return made[0], made[1], None
    extent = shape_of(x)[call.axis(axis, rank)] if rank else 1
    for shape in lengths:
        if len(shape) > 1:
            raise Unsupported(
                f"scales of shape {list(map(str, shape))} (blocked quantisation); use one scale per channel"
            )
        if len(shape) == 1 and shape != (1,):
            call.emitter.require_equal(shape[0], extent, f"the number of scales and the size of axis {axis}")
    return made[0], made[1], call.axis(axis, rank)


SMALLEST_SCALE = 1 / float(np.finfo(np.float32).max)
"""Quantising multiplies by the inverse of a scale: of smaller ones, zeros would not stay zeros."""


def _numbers(scale: Value) -> Array:
    """The scales as far as they are known: none where data decides."""
    if isinstance(scale, Known) and scale.array.dtype == np.float32:
        return scale.array
    return np.empty(0, np.float32)


def _require_finite(scales: Array) -> None:
    """Refuse what is no scale."""
    for scale in scales[~np.isfinite(scales)]:
        raise Unsupported(
            f"its scale is {scale}; was it calibrated on values that are not finite, such as a mask of -inf or the log "
            "of 0? Calibrate on finite ones, or exclude the nodes that make and read them from quantisation "
            "(`nodes_to_exclude` of onnxruntime's quantiser)"
        )


def _require_inverse(scales: Array) -> None:
    """Refuse what is no scale to divide by."""
    _require_finite(scales)
    for scale in scales[(scales != 0) & (np.abs(scales) < SMALLEST_SCALE)]:
        raise Unsupported(
            f"its scale is {scale:g}, and 1 over that is no float32; was it calibrated on zeros only? "
            "Use any scale that is not that small"
        )


def quantise(call: Call, x: Value, scale: Value, zero_point: Value | None, axis: int = 1) -> SSAValue:
    """QuantizeLinear; without a zero point the result is UINT8."""
    dtype = np.dtype(np.uint8) if zero_point is None else dtype_of_value(zero_point)
    if dtype.name not in QUANTISED:
        raise Unsupported(f"it quantises to {dtype.name}; only UINT8 and INT8 are supported")
    if dtype_of_value(x).name != "float32":
        raise Unsupported(f"it quantises {dtype_of_value(x).name}; only FLOAT is supported")
    _require_inverse(_numbers(scale))
    factor, zero, along = parameters(call, x, scale, zero_point, dtype, axis)
    data = call.emitter.materialise(x)
    match [array for value in (data, factor, zero) if (array := stored(value, call.build.weights)) is not None]:
        case [numbers, steps, zeros]:
            return call.build.constant(_divided(numbers, steps, zeros, along))
        case _:
            return call.build.quantize(data, factor, zero, along)


def _divided(x: Array, scale: Array, zero_point: Array, axis: int | None) -> Array:
    """A constant, quantised as the operator's definition says: by a quotient. Weights are often scaled such that their
    greatest number is 127.5 steps, and a product with the inverse would round that the other way."""
    shape = [-1 if index == axis else 1 for index in range(x.ndim)]
    scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        return quantize_with(np.asarray(x / scale, np.float32), np.ones((), np.float32), zero_point)


def dequantise(call: Call, q: Value, scale: Value, zero_point: Value | None, axis: int = 1) -> SSAValue:
    """DequantizeLinear of 8-bit or 32-bit integers."""
    dtype = dtype_of_value(q)
    if dtype.name not in (*QUANTISED, "int32"):
        raise Unsupported(f"it dequantises {dtype.name}; only UINT8, INT8 and INT32 are supported")
    _require_type_of(call, q, zero_point)
    _require_finite(_numbers(scale))
    factor, zero, along = parameters(call, q, scale, zero_point, dtype, axis)
    return call.build.dequantize(call.emitter.materialise(q), factor, zero, along)


def _optional(call: Call, index: int) -> Value | None:
    return call.value(index) if call.has(index) else None


def _require_unblocked(call: Call) -> None:
    if call.integer("block_size", 0):
        raise Unsupported("block_size is not supported; quantise per tensor or per channel")


def require_one_shape(call: Call, scale: Value, zero_point: Value | None) -> None:
    """Refuse a zero point that has another shape than its scale; `[]` and `[1]` mean the same.

    QLinearMatMul may have one zero point for many scales: ONNX says no, onnxruntime takes it, and it is clear.
    """
    shapes = [shape_of(value) for value in (scale, zero_point) if value is not None]
    if len(set(shapes)) == 1 or set(shapes) == {(), (1,)}:
        return
    if len(shapes[0]) == len(shapes[1]) and any(isinstance(size, Dim) for shape in shapes for size in shape):
        return  # the sizes may agree yet
    written = [f"[{', '.join(map(str, shape))}]" for shape in shapes]
    raise ShapeError(
        f"{call.build.source}: the scale {call.name_of(scale)} has the shape {written[0]} and its zero point "
        f"{written[1]}, where ONNX wants one shape; store as many zero points as scales"
    )


def _quantize_linear(call: Call) -> Value:
    _require_unblocked(call)
    call.integer("saturate", 1)
    call.integer("precision", 0)
    zero_point = _optional(call, 2)
    require_one_shape(call, call.value(1), zero_point)
    wanted = call.integer("output_dtype", 0)
    if wanted != TensorProto.UNDEFINED:
        zero_point = _zero_point_of(call, wanted, zero_point)
    return quantise(call, call.value(0), call.value(1), zero_point, call.integer("axis", 1))


def _zero_point_of(call: Call, wanted: int, zero_point: Value | None) -> Value:
    """The zero point of a quantisation that says its type (`output_dtype`): 0 when absent."""
    dtype = dtype_of(wanted)
    if dtype is None:
        raise Unsupported(f"it quantises to {type_name(wanted)}; only UINT8 and INT8 are supported")
    if zero_point is None:
        return Known.of(np.zeros([int(size) for size in call.shape(1) if isinstance(size, int)], dtype))
    if dtype_of_value(zero_point) != dtype:
        raise ShapeError(
            f"{call.build.source}: its `output_dtype` is {dtype.name} and its zero point "
            f"{dtype_of_value(zero_point).name}, where ONNX wants one type; remove the attribute, or store the zero "
            f"point as {dtype.name}"
        )
    return zero_point


def _dequantize_linear(call: Call) -> Value:
    _require_unblocked(call)
    wanted = call.integer("output_dtype", TensorProto.FLOAT)
    if wanted not in (TensorProto.UNDEFINED, TensorProto.FLOAT):
        raise Unsupported(f"it dequantises to {type_name(wanted)}; only FLOAT is supported")
    if call.dtype(1).name != "float32":
        raise Unsupported(f"its scale has type {call.dtype(1).name}; only FLOAT is supported")
    scale, zero_point = call.value(1), _optional(call, 2)
    require_one_shape(call, scale, zero_point)
    return dequantise(call, call.value(0), scale, zero_point, call.integer("axis", 1))


def _dynamic_quantize_linear(call: Call) -> Sequence[Value]:
    return call.build.dynamic_quantize(call.data(0))


def shifted(call: Call, q: Value, zero_point: Value | None, *, rows: bool = False) -> SSAValue:
    """`i32(q) - i32(zero_point)`; with `rows` a vector of zero points belongs to the rows, else to the columns."""
    require_quantised(call, q, "operand")
    _require_type_of(call, q, zero_point)
    wide = call.build.cast(call.emitter.materialise(q), i32)
    if zero_point is None or _is_zero(zero_point):
        return wide
    zero = call.build.cast(call.emitter.materialise(zero_point), i32)
    shape = sizes_of(zero.type)
    if shape == (1,):
        zero = call.build.reshape(zero, [])
    elif rows and len(shape) == 1:
        zero = call.build.reshape(zero, [*shape, 1])
    call.emitter.broadcast_shape(sizes_of(wide.type), sizes_of(zero.type))
    return call.build.apply(ew.Sub, wide, zero)


def _is_zero(value: Value) -> bool:
    return isinstance(value, Known) and not value.is_symbolic and not value.array.any()


def integer_product(call: Call, a: Value, b: Value, a_zero: Value | None, b_zero: Value | None) -> SSAValue:
    """`(a - a_zero) @ (b - b_zero)` in exact int32."""
    return multiplied(call, shifted(call, a, a_zero, rows=True), shifted(call, b, b_zero))


def _matmul_integer(call: Call) -> Value:
    return integer_product(call, call.value(0), call.value(1), _optional(call, 2), _optional(call, 3))


def _qlinear_matmul(call: Call) -> Value:
    a, a_scale, a_zero, b, b_scale, b_zero, scale, zero = (call.value(index) for index in range(8))
    require_quantised(call, a, "first operand")
    require_quantised(call, b, "second operand")
    product = multiplied(call, dequantise(call, a, a_scale, a_zero, -2), dequantise(call, b, b_scale, b_zero, -1))
    return quantise(call, product, scale, zero)


def scaled(call: Call, accumulator: SSAValue, a_scale: Value, b_scale: Value) -> Value:
    """`f32(accumulator) * (a_scale * b_scale)`"""
    scale = apply(call, ew.Mul, a_scale, b_scale)
    return apply(call, ew.Mul, call.build.cast(accumulator, f32), scale)


QUANTISED_OPS: dict[str, Translate] = {
    "QuantizeLinear": _quantize_linear,
    "DequantizeLinear": _dequantize_linear,
    "DynamicQuantizeLinear": _dynamic_quantize_linear,
    "MatMulInteger": _matmul_integer,
    "QLinearMatMul": _qlinear_matmul,
}
