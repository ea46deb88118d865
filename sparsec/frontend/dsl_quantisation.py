"""Quantising and its reverse, as functions and as the clause `quantized(scale = 0.02, zero = 128)`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.dialects.builtin import i8, i32
from xdsl.ir import Attribute, SSAValue

from sparsec.dialects.encoding import element_of, sizes_of, ui8
from sparsec.dims import Size
from sparsec.errors import ShapeError
from sparsec.frontend.dsl_dtypes import dtype_name
from sparsec.frontend.dsl_signature import AnyValue, ElementType, Floats, TensorOnly, Whole
from sparsec.frontend.dsl_values import Emitter, Quantisation, Tensor, Value, describe


def make_quantisation(
    emitter: Emitter,
    scale: Value,
    zero: Value,
    axis: int | None,
    *,
    element: Attribute,
    sizes: Sequence[Size],
    default_axis: int = -1,
) -> Quantisation:
    """The parameters as constants: one number, or a list or vector with one for each index of `axis`.

    Args:
        element, sizes: of the integers that they belong to.
        default_axis: the axis of vectors when `axis` is not given.

    Raises:
        ShapeError: a scale that is not positive and finite, a zero point that `element` cannot hold, wrong counts.
    """
    for number in scale if isinstance(scale, list) else [scale]:
        if isinstance(number, int | float) and not 0 < number < math.inf:
            raise ShapeError(f"a scale is a positive number, got {number}")
    scales, zeros = emitter.floats(_as_floats(scale), "a scale"), emitter.tensor(zero, element)
    if element_of(zeros.type) != element:
        name = dtype_name(element_of(zeros.type))
        raise ShapeError(f"the zero point of {dtype_name(element)} is {dtype_name(element)} too, got {name}")
    vectors = [sizes_of(value.type) for value in (scales, zeros) if sizes_of(value.type)]
    if not vectors:
        if axis is not None:
            raise ShapeError("one scale for all needs no `axis`")
        return Quantisation(scales, zeros, None)
    axis = default_axis if axis is None else axis
    if not -len(sizes) <= axis < len(sizes):
        raise ShapeError(f"there is no axis {axis}: the tensor has {len(sizes)}")
    channels = sizes[axis]
    for vector in vectors:
        if vector != (channels,):
            count = vector[0] if len(vector) == 1 else f"[{', '.join(map(str, vector))}]"
            raise ShapeError(f"{count} scales or zero points for {channels} channels on axis {axis}")
    return Quantisation(
        _vector(emitter, scales, scale, channels), _vector(emitter, zeros, zero, channels), axis % len(sizes)
    )


def _vector(emitter: Emitter, parameter: SSAValue, value: Value, channels: Size) -> SSAValue:
    """A parameter with one value per channel; a number stays a constant, as passes look for."""
    if sizes_of(parameter.type):
        return parameter
    if isinstance(value, Tensor) or not isinstance(channels, int):
        return emitter.builder.broadcast(parameter, [channels])
    each: list[Value] = [value] * channels
    return emitter.tensor(each, element_of(parameter.type))


def _as_floats(scale: Value) -> Value:
    if isinstance(scale, list):
        return [float(item) if isinstance(item, int) else item for item in scale]
    return scale


def quantize(
    e: Emitter, x: Floats, dtype: ElementType, scale: AnyValue, zero: AnyValue = 0, axis: Whole | None = None
) -> Tensor:
    """`saturate(round(x / scale) + zero)`; the result stands for real numbers."""
    if dtype not in (ui8, i8):
        raise ShapeError(f"quantize makes u8 or i8, not {dtype_name(dtype)}")
    quantisation = make_quantisation(e, scale, zero, axis, element=dtype, sizes=sizes_of(x.type))
    q = e.builder.quantize(x, quantisation.scale, quantisation.zero, quantisation.axis)
    return Tensor(q, quantisation)


def dequantize(
    e: Emitter, q: TensorOnly, scale: AnyValue | None = None, zero: AnyValue = 0, axis: Whole | None = None
) -> SSAValue:
    """`(q - zero) * scale` of integers, or what a quantised tensor stands for."""
    if scale is None:
        if q.quantisation is None:
            raise ShapeError(f"{describe(q)} has no scale: write dequantize(q, scale = ..., zero = ...)")
        return e.real(q)
    if q.quantisation is not None:
        raise ShapeError("this tensor has a scale already: write dequantize(q), or integers(q) to forget it")
    if q.element not in (ui8, i8, i32):
        raise ShapeError(f"dequantize takes u8, i8 or i32, got {dtype_name(q.element)}")
    quantisation = make_quantisation(e, scale, zero, axis, element=q.element, sizes=q.sizes)
    return e.real(Tensor(q.value, quantisation))


def dynamic_quantize(e: Emitter, x: Floats) -> tuple[Value, ...]:
    """`q, scale, zero` from the tensor's own range; `q` stands for real numbers."""
    q, scale, zero = e.builder.dynamic_quantize(x)
    return Tensor(q, Quantisation(scale, zero, None)), Tensor(scale), Tensor(zero)


def integers(e: Emitter, q: TensorOnly) -> Tensor:
    """The stored integers of a quantised tensor, no longer standing for anything."""
    return Tensor(q.value)
