"""Reading quantised tensors off the IR: which integers, which scale, which zero point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from sparsec.builder import constant_value
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.dialects.nn_elementwise import Dequantize, Quantize
from sparsec.dialects.tensor_op import normalise_axis
from sparsec.weights import Array, WeightStore


@dataclass(frozen=True, eq=False)
class Quantised:
    """A tensor of real numbers `(value - zero) * scale`, whose parameters are known.

    Attributes:
        value: the integers.
        scale: float32, 0-d, or 1-d along `axis`.
        zero: int64, 0-d, or 1-d along `axis`.
        axis: counted from the front; None when both parameters are 0-d.
    """

    value: SSAValue
    scale: Array
    zero: Array
    axis: int | None

    @property
    def step(self) -> np.float32:
        """The scale of a tensor with a single one."""
        return np.float32(self.scale)


def combined(first: Array | np.float32, second: Array | np.float32) -> Array | None:
    """The product of scales in float32; None if one of the products is too small or too large to scale as both do."""
    first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    with np.errstate(over="ignore", under="ignore"):
        product = first * second
    small = (np.abs(product) < np.finfo(np.float32).tiny) & (first != 0) & (second != 0)
    return None if small.any() or not np.isfinite(product).all() else product


def dequantised(value: SSAValue, weights: WeightStore) -> Quantised | None:
    """The integers behind `value` when an `nn.dequantize` with constant parameters and an f32 result makes it."""
    op = value.owner
    if not isinstance(op, Dequantize) or element_of(value.type) != f32:
        return None
    parameters = parameters_of(op, weights)
    return Quantised(op.operand, *parameters) if parameters is not None else None


def parameters_of(op: Quantize | Dequantize, weights: WeightStore) -> tuple[Array, Array, int | None] | None:
    """Scale, zero point and axis of a quantisation with constant parameters; single ones are made 0-d."""
    scale, zero = constant_value(op.scale, weights), constant_value(op.zero_point, weights)
    if scale is None or zero is None or scale.dtype != np.float32:
        return None
    if scale.size == zero.size == 1:
        return scale.reshape(()), zero.reshape(()).astype(np.int64), None
    axis = normalise_axis(op.axis_value if op.axis_value is not None else -1, len(sizes_of(op.operand.type)), op)
    return (
        scale.reshape(-1) if scale.size > 1 else scale.reshape(()),
        zero.reshape(-1).astype(np.int64) if zero.size > 1 else zero.reshape(()).astype(np.int64),
        axis,
    )
