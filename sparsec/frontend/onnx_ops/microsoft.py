"""Ops of the domain com.microsoft that onnxruntime's quantiser writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.activations import number, require_float
from sparsec.frontend.onnx_ops.elementwise import apply
from sparsec.frontend.onnx_ops.products import general_product
from sparsec.frontend.onnx_ops.quantised import (
    QUANTISED_OPS,
    dequantise,
    integer_product,
    quantise,
    require_one_shape,
    require_quantised,
    scaled,
)
from sparsec.frontend.onnx_values import Known, Value


def _optional(call: Call, index: int) -> Value | None:
    return call.value(index) if call.has(index) else None


def _qgemm(call: Call) -> Value:
    """`alpha * dequantise(a)' @ dequantise(b)' + c`, where int32 `c` has the scale `alpha * a_scale * b_scale`.

    Quantised when an output scale is given. Inputs: a, a_scale, a_zero, b, b_scale, b_zero, c, scale, zero.
    """
    a, a_scale, a_zero, b, b_scale, b_zero = (call.value(index) for index in range(6))
    require_quantised(call, a, "first operand")
    require_quantised(call, b, "second operand")
    require_one_shape(call, b_scale, b_zero)
    transpose_a, transpose_b = call.flag("transA"), call.flag("transB")
    alpha = call.number("alpha", 1.0)
    lhs = dequantise(call, a, a_scale, a_zero)
    rhs = dequantise(call, b, b_scale, b_zero, 0 if transpose_b else 1)
    result: Value = general_product(call, lhs, rhs, transpose_a=transpose_a, transpose_b=transpose_b)
    if alpha != 1:
        result = apply(call, ew.Mul, result, _float(alpha))
    if call.has(6):
        scale = apply(call, ew.Mul, a_scale, b_scale)
        scale = scale if alpha == 1 else apply(call, ew.Mul, scale, _float(alpha))
        bias = dequantise(call, call.value(6), scale, None, -1)
        result = apply(call, ew.Add, result, bias)
    return quantise(call, result, call.value(7), _optional(call, 8)) if call.has(7) else result


def _float(value: float) -> Known:
    return Known.of(np.asarray(value, np.float32))


def _dynamic_quantize_matmul(call: Call) -> Value:
    """Inputs: a (f32), b, b_scale, b_zero, bias."""
    q, scale, zero = call.build.dynamic_quantize(call.data(0))
    accumulator = integer_product(call, q, call.value(1), zero, _optional(call, 3))
    return _with_bias(call, scaled(call, accumulator, scale, call.value(2)), 4)


def _matmul_integer_to_float(call: Call) -> Value:
    """Inputs: a, b, a_scale, b_scale, a_zero, b_zero, bias."""
    accumulator = integer_product(call, call.value(0), call.value(1), _optional(call, 4), _optional(call, 5))
    return _with_bias(call, scaled(call, accumulator, call.value(2), call.value(3)), 6)


def _with_bias(call: Call, value: Value, index: int) -> Value:
    return apply(call, ew.Add, value, call.value(index)) if call.has(index) else value


def _qlinear_binary(op: type[ew.ElementwiseOp]) -> Translate:
    """Inputs: a, a_scale, a_zero, b, b_scale, b_zero, scale, zero."""

    def translate(call: Call) -> Value:
        a, b = (dequantise(call, call.value(i), call.value(i + 1), _optional(call, i + 2)) for i in (0, 3))
        return quantise(call, apply(call, op, a, b), call.value(6), _optional(call, 7))

    return translate


def _qlinear_where(call: Call) -> Value:
    """Inputs: condition, x, x_scale, x_zero, y, y_scale, y_zero, scale, zero."""
    x, y = (dequantise(call, call.value(i), call.value(i + 1), call.value(i + 2)) for i in (1, 4))
    return quantise(call, apply(call, ew.Where, call.value(0), x, y), call.value(7), call.value(8))


def _qlinear_unary(compute: Callable[[Call, SSAValue], Value]) -> Translate:
    """Inputs: x, x_scale, x_zero, scale, zero."""

    def translate(call: Call) -> Value:
        x = dequantise(call, call.value(0), call.value(1), _optional(call, 2))
        return quantise(call, compute(call, x), call.value(3), _optional(call, 4))

    return translate


def _softmax(call: Call, x: SSAValue) -> Value:
    rank = len(sizes_of(x.type))
    axis = call.axis(call.integer("axis", -1), rank)
    if call.integer("opset", 13) < 13 and axis != rank - 1:
        raise Unsupported("it flattens its input (opset below 13); only the last axis works then")
    return call.build.softmax(x, axis)


def _sigmoid(call: Call, x: SSAValue) -> Value:
    return apply(call, ew.Sigmoid, x)


def _leaky_relu(call: Call, x: SSAValue) -> Value:
    scaled_x = apply(call, ew.Mul, x, _float(call.number("alpha", 0.01)))
    return apply(call, ew.Where, apply(call, ew.Less, x, _float(0)), scaled_x, x)


def _qlinear_concat(call: Call) -> Value:
    """Inputs: scale, zero, then x, x_scale, x_zero for each part."""
    parts: Sequence[Value] = call.inputs()[2:]
    floats = [dequantise(call, *parts[place : place + 3], axis=1) for place in range(0, len(parts) - 2, 3)]
    if not floats:
        raise Unsupported("it has no parts")
    axis = call.axis(call.integer("axis"), len(sizes_of(floats[0].type)))
    return quantise(call, call.build.concat(floats, axis), call.value(0), call.value(1))


def _gelu(call: Call) -> Value:
    require_float(call)
    return apply(call, ew.Gelu, call.value(0))


def _bias_gelu(call: Call) -> Value:
    require_float(call)
    return apply(call, ew.Gelu, apply(call, ew.Add, call.value(0), call.value(1)))


def _fast_gelu(call: Call) -> Value:
    require_float(call)
    x = apply(call, ew.Add, call.value(0), call.value(1)) if call.has(1) else call.value(0)
    return apply(call, ew.GeluTanh, x)


def _quick_gelu(call: Call) -> Value:
    require_float(call)
    x = call.value(0)
    gate = apply(call, ew.Sigmoid, apply(call, ew.Mul, x, number(call, call.number("alpha", 1.702))))
    return apply(call, ew.Mul, x, gate)


MICROSOFT: dict[str, Translate] = {
    "QuantizeLinear": QUANTISED_OPS["QuantizeLinear"],
    "DequantizeLinear": QUANTISED_OPS["DequantizeLinear"],
    "QGemm": _qgemm,
    "DynamicQuantizeMatMul": _dynamic_quantize_matmul,
    "MatMulIntegerToFloat": _matmul_integer_to_float,
    "QLinearAdd": _qlinear_binary(ew.Add),
    "QLinearMul": _qlinear_binary(ew.Mul),
    "QLinearWhere": _qlinear_where,
    "QLinearSoftmax": _qlinear_unary(_softmax),
    "QLinearSigmoid": _qlinear_unary(_sigmoid),
    "QLinearLeakyRelu": _qlinear_unary(_leaky_relu),
    "QLinearConcat": _qlinear_concat,
    "Gelu": _gelu,
    "BiasGelu": _bias_gelu,
    "FastGelu": _fast_gelu,
    "QuickGelu": _quick_gelu,
}
