"""The numpy meaning of the elementwise `nn` ops: one table row each. Broadcasting is numpy's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Operation

from sparsec import elementary
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import ENTRIES, element_of, to_numpy
from sparsec.dialects.nn_structure import Constant
from sparsec.numpy_arithmetic import NumpyArithmetic
from sparsec.reference_scope import Meaning, Scope
from sparsec.weights import Array

NUMPY = NumpyArithmetic()


def maximum(a: Array, b: Array) -> Array:
    """`a > b ? a : b`, as maxps has it: b when they are unordered or equal."""
    return np.where(a > b, a, b)


def minimum(a: Array, b: Array) -> Array:
    """`a < b ? a : b`, as minps has it."""
    return np.where(a < b, a, b)


def truncate_divide(a: Array, b: Array) -> Array:
    """`a / b`: floats by IEEE, integers towards zero and 0 where the divisor is 0."""
    if a.dtype.kind == "f":
        return np.divide(a, b)
    divisor = np.where(b == 0, 1, b)
    quotient = a // divisor
    inexact = (quotient * divisor != a) & ((a < 0) != (divisor < 0))
    return np.where(b == 0, 0, quotient + inexact).astype(a.dtype)


def floor_modulo(a: Array, b: Array) -> Array:
    """The remainder with the divisor's sign, 0 where the divisor is 0."""
    return np.where(b == 0, 0, np.mod(a, np.where(b == 0, 1, b))).astype(a.dtype)


def cast_to(x: Array, dtype: np.dtype) -> Array:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    """Another dtype: floats truncate, what no integer can hold becomes the lowest one (as cvttps2dq has it).

    Integers narrower than 32 bits take the low bits of the 32-bit result. Anything but zero is true.
    """
    if dtype.kind == "b":
        return x != 0
    if x.dtype.kind == "f" and dtype.kind in "iu":
        wide = np.dtype(np.int64 if dtype.itemsize == 8 else np.int32)
        limit = 2.0 ** (8 * wide.itemsize - 1)
        inside = (x >= -limit) & (x < limit)
        truncated = np.where(inside, x, 0).astype(wide)
        return np.where(inside, truncated, np.iinfo(wide).min).astype(dtype)
    return x.astype(dtype)


def _quantisation_parameter(op: ew.QuantisationOp, x: Array, parameter: Array) -> Array:
    """A scale or zero point in a shape that broadcasts over `x` along the op's axis."""
    if not isinstance(op.operand.type, TensorType):
        return parameter  # inside a body: already broadcasting
    if parameter.size == 1:
        return parameter.reshape(())
    shape = [1] * x.ndim
    shape[op.axis_value or 0] = parameter.size
    return parameter.reshape(shape)


def quantize_with(x: Array, inverse: Array, zero_point: Array) -> Array:
    """Quantise f32 by the inverse of a scale, to the dtype of the zero point."""
    limits = np.iinfo(zero_point.dtype)
    integers = elementary.quantize(NUMPY, x, inverse, zero_point.astype(np.int32), int(limits.min), int(limits.max))
    return integers.astype(zero_point.dtype)


def quantize(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    """`saturate(rint(x * (1 / scale)) + zero_point)`, clipped before rounding; NaN gives the lowest value."""
    op = cast(ew.Quantize, op)
    x, scale, zero_point = operands
    scale, zero_point = (_quantisation_parameter(op, x, parameter) for parameter in (scale, zero_point))
    return [quantize_with(np.asarray(x, np.float32), np.float32(1) / scale, zero_point)]


def dequantize(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    """`f32(q - zero_point) * scale`, the difference in i32 (i64 for i64)."""
    op = cast(ew.Dequantize, op)
    q, scale, zero_point = operands
    scale, zero_point = (_quantisation_parameter(op, q, parameter) for parameter in (scale, zero_point))
    wide = np.int64 if q.dtype == np.int64 else np.int32
    return [(q.astype(wide) - zero_point.astype(wide)).astype(scale.dtype) * scale]


def _cast(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [cast_to(operands[0], to_numpy(element_of(cast(ew.Cast, op).to)))]


def _lookup(x: Array, table: Array) -> Array:
    return table[ENTRIES][x.astype(np.uint8)]  # two's complement


def _apply(function: Callable[..., Array]) -> Meaning:
    def meaning(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
        return [function(*operands)]

    return meaning


def _elementary(function: Callable[..., Array]) -> Meaning:
    """A function of elementary.py, run with numpy; it computes in f32 whatever float it is given."""

    def meaning(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
        narrow = [np.asarray(operand, np.float32) for operand in operands]
        return [function(NUMPY, *narrow).astype(operands[0].dtype)]

    return meaning


def _sign(x: Array) -> Array:
    return elementary.sign(NUMPY, x) if x.dtype == np.float32 else np.sign(x)


def _pow(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    """By multiplications and roots where the exponent is a known number, as `elementary.power_constant` says."""
    base, exponent = (np.asarray(operand, np.float32) for operand in operands)
    if isinstance(cast(ew.Pow, op).rhs.owner, Constant) and exponent.size == 1:
        power = elementary.power_constant(NUMPY, base, exponent.item())
        power = np.broadcast_to(power, np.broadcast_shapes(base.shape, exponent.shape))
    else:
        power = elementary.power(NUMPY, base, exponent)
    return [power.astype(operands[0].dtype)]


def _relu(x: Array) -> Array:
    return maximum(np.zeros((), x.dtype), x)


def _reciprocal(x: Array) -> Array:
    return np.ones((), x.dtype) / x


MEANING: dict[type[Operation], Meaning] = {
    ew.Neg: _apply(np.negative),
    ew.Abs: _apply(np.abs),
    ew.Sign: _apply(_sign),
    ew.Not: _apply(np.logical_not),
    ew.Exp: _elementary(elementary.exp),
    ew.Log: _elementary(elementary.log),
    ew.Sqrt: _apply(np.sqrt),
    ew.Reciprocal: _apply(_reciprocal),
    ew.Sin: _elementary(elementary.sin),
    ew.Cos: _elementary(elementary.cos),
    ew.Erf: _elementary(elementary.erf),
    ew.Tanh: _elementary(elementary.tanh),
    ew.Sigmoid: _elementary(elementary.sigmoid),
    ew.Relu: _apply(_relu),
    ew.Gelu: _elementary(elementary.gelu),
    ew.GeluTanh: _elementary(elementary.gelu_tanh),
    ew.Floor: _apply(np.floor),
    ew.Ceil: _apply(np.ceil),
    ew.Round: _apply(np.rint),
    ew.IsNaN: _apply(np.isnan),
    ew.Add: _apply(np.add),
    ew.Sub: _apply(np.subtract),
    ew.Mul: _apply(np.multiply),
    ew.Div: _apply(truncate_divide),
    ew.Mod: _apply(floor_modulo),
    ew.Pow: _pow,
    ew.Maximum: _apply(maximum),
    ew.Minimum: _apply(minimum),
    ew.Equal: _apply(np.equal),
    ew.NotEqual: _apply(np.not_equal),
    ew.Less: _apply(np.less),
    ew.LessEqual: _apply(np.less_equal),
    ew.Greater: _apply(np.greater),
    ew.GreaterEqual: _apply(np.greater_equal),
    ew.And: _apply(np.logical_and),
    ew.Or: _apply(np.logical_or),
    ew.Xor: _apply(np.logical_xor),
    ew.Where: _apply(np.where),
    ew.Cast: _cast,
    ew.Quantize: quantize,
    ew.Dequantize: dequantize,
    ew.Lookup: _apply(_lookup),
}
