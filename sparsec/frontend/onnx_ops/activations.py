"""Activation functions, as ops or written out: Relu, Gelu, Clip, Sigmoid, HardSwish, ..."""

from __future__ import annotations

import numpy as np

from sparsec.dialects import nn_elementwise as ew
from sparsec.errors import ModelError
from sparsec.frontend.onnx_call import Call, Translate, dtype_of_value
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.elementwise import apply
from sparsec.frontend.onnx_values import Known, Value


def number(call: Call, value: float) -> Known:
    """A scalar constant of the type of the node's first input."""
    return Known.of(np.asarray(value, call.dtype(0)))


def require_float(call: Call) -> None:
    """Refuse integers where only float32 makes sense.

    Raises:
        Unsupported: with what to do.
    """
    if call.dtype(0).name != "float32":
        raise Unsupported(f"it works on float32, got {call.dtype(0).name}; cast it first")


def _plain(op: type[ew.ElementwiseOp]) -> Translate:
    def translate(call: Call) -> Value:
        require_float(call)
        return apply(call, op, call.value(0))

    return translate


def _relu(call: Call) -> Value:
    return apply(call, ew.Relu, call.value(0))


def _gelu(call: Call) -> Value:
    require_float(call)
    match call.text("approximate", "none"):
        case "none":
            return apply(call, ew.Gelu, call.value(0))
        case "tanh":
            return apply(call, ew.GeluTanh, call.value(0))
        case other:
            raise ModelError(f'{call.node.title}: Gelu knows approximate = "none" and "tanh", not "{other}"')


def _clip(call: Call) -> Value:
    value = call.value(0)
    for index, op in ((1, ew.Maximum), (2, ew.Minimum)):
        if call.has(index):
            bound = call.value(index)
            if dtype_of_value(bound) != dtype_of_value(value):
                raise ModelError(f"{call.node.title}: bounds of Clip have type {dtype_of_value(bound)}")
            # ONNX lets NaN through: maximum and minimum return their second operand when it is one
            value = apply(call, op, bound, value)
    return value


def _leaky_relu(call: Call) -> Value:
    """`x >= 0 ? x : alpha * x`"""
    require_float(call)
    x = call.value(0)
    scaled = apply(call, ew.Mul, x, number(call, call.number("alpha", 0.01)))
    return apply(call, ew.Where, apply(call, ew.Less, x, number(call, 0)), scaled, x)


def _prelu(call: Call) -> Value:
    require_float(call)
    x = call.value(0)
    scaled = apply(call, ew.Mul, x, call.value(1))
    return apply(call, ew.Where, apply(call, ew.Less, x, number(call, 0)), scaled, x)


def _elu(call: Call) -> Value:
    """`x < 0 ? alpha * (e^x - 1) : x`"""
    require_float(call)
    x = call.value(0)
    below = apply(call, ew.Sub, apply(call, ew.Exp, x), number(call, 1))
    below = apply(call, ew.Mul, below, number(call, call.number("alpha", 1.0)))
    return apply(call, ew.Where, apply(call, ew.Less, x, number(call, 0)), below, x)


def _between(call: Call, value: Value, low: float, high: float) -> Value:
    return apply(call, ew.Minimum, number(call, high), apply(call, ew.Maximum, number(call, low), value))


def hard_sigmoid(call: Call, alpha: float, beta: float) -> Value:
    """`max(0, min(1, alpha * x + beta))` of the first input."""
    line = apply(call, ew.Mul, call.value(0), number(call, alpha))
    return _between(call, apply(call, ew.Add, line, number(call, beta)), 0, 1)


def _hard_sigmoid(call: Call) -> Value:
    require_float(call)
    return hard_sigmoid(call, call.number("alpha", 0.2), call.number("beta", 0.5))


def _hard_swish(call: Call) -> Value:
    require_float(call)
    return apply(call, ew.Mul, call.value(0), hard_sigmoid(call, float(np.float32(1 / 6)), 0.5))


def _swish(call: Call) -> Value:
    """`x * sigmoid(alpha * x)`"""
    require_float(call)
    x, alpha = call.value(0), call.number("alpha", 1.0)
    inner = x if alpha == 1 else apply(call, ew.Mul, x, number(call, alpha))
    return apply(call, ew.Mul, x, apply(call, ew.Sigmoid, inner))


def _softplus(call: Call) -> Value:
    """`max(x, 0) + log(1 + e^-|x|)`, which does not overflow."""
    require_float(call)
    x = call.value(0)
    tail = apply(call, ew.Exp, apply(call, ew.Neg, apply(call, ew.Abs, x)))
    tail = apply(call, ew.Log, apply(call, ew.Add, tail, number(call, 1)))
    return apply(call, ew.Add, apply(call, ew.Relu, x), tail)


def _mish(call: Call) -> Value:
    """`x * tanh(softplus(x))`"""
    return apply(call, ew.Mul, call.value(0), apply(call, ew.Tanh, _softplus(call)))


def _selu(call: Call) -> Value:
    """`gamma * (x > 0 ? x : alpha * (e^x - 1))`"""
    require_float(call)
    x, alpha, gamma = call.value(0), call.number("alpha", 1.6732632), call.number("gamma", 1.0507010)
    below = apply(call, ew.Sub, apply(call, ew.Exp, x), number(call, 1))
    below = apply(call, ew.Mul, below, number(call, alpha))
    chosen = apply(call, ew.Where, apply(call, ew.Greater, x, number(call, 0)), x, below)
    return apply(call, ew.Mul, chosen, number(call, gamma))


def _celu(call: Call) -> Value:
    """`max(0, x) + min(0, alpha * (e^(x / alpha) - 1))`"""
    require_float(call)
    x, alpha = call.value(0), number(call, call.number("alpha", 1.0))
    below = apply(call, ew.Sub, apply(call, ew.Exp, apply(call, ew.Div, x, alpha)), number(call, 1))
    below = apply(call, ew.Minimum, apply(call, ew.Mul, below, alpha), number(call, 0))
    return apply(call, ew.Add, apply(call, ew.Relu, x), below)


def _thresholded_relu(call: Call) -> Value:
    require_float(call)
    x, threshold = call.value(0), number(call, call.number("alpha", 1.0))
    return apply(call, ew.Where, apply(call, ew.Greater, x, threshold), x, number(call, 0))


def _softsign(call: Call) -> Value:
    require_float(call)
    x = call.value(0)
    return apply(call, ew.Div, x, apply(call, ew.Add, apply(call, ew.Abs, x), number(call, 1)))


ACTIVATIONS: dict[str, Translate] = {
    "Tanh": _plain(ew.Tanh),
    "Sigmoid": _plain(ew.Sigmoid),
    "Relu": _relu,
    "Gelu": _gelu,
    "Clip": _clip,
    "LeakyRelu": _leaky_relu,
    "PRelu": _prelu,
    "Elu": _elu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Swish": _swish,
    "Softplus": _softplus,
    "Softsign": _softsign,
    "Mish": _mish,
    "Selu": _selu,
    "Celu": _celu,
    "ThresholdedRelu": _thresholded_relu,
}
