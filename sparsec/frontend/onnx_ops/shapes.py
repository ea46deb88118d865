"""Ops about shapes: Shape, Reshape, Expand, Range, Constant, ... What follows from sizes is computed while reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np

from sparsec.dims import Dim, Size, product
from sparsec.errors import ModelError, ShapeError
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.elementwise import FOLD_LIMIT, expanded
from sparsec.frontend.onnx_sizes import Undecided, is_less, missing_factor
from sparsec.frontend.onnx_values import Dtype, Expanded, Grid, Known, Shape, Value, shape_of

MAX_SIZE = 1 << 40


def _shape(call: Call) -> Value:
    shape = call.shape(0)
    start, end = call.integer("start", 0), call.integer("end", len(shape))
    return Known.of_sizes(shape[slice(start, end)])


def _size(call: Call) -> Value:
    return Known.of(np.asarray(product(call.shape(0)), object))


def reshaped(call: Call, value: Value, shape: Sequence[Size]) -> Value:
    """The value under another shape with as many elements; known values stay known."""
    target = tuple(shape)
    if shape_of(value) == target:
        return value
    if isinstance(value, Known) and not any(isinstance(size, Dim) for size in target):
        return Known(value.array.reshape(cast(tuple[int, ...], target)), value.dtype)
    if isinstance(value, Grid) and (strides := _strides_between_ones(value, target)) is not None:
        return Grid(target, value.offset, strides, value.dtype)
    return call.build.reshape(call.emitter.materialise(value), target)


def _strides_between_ones(grid: Grid, target: Shape) -> tuple[Size, ...] | None:
    """The strides when only axes of size 1 come and go, or when all elements are equal; else None."""
    if grid.constant is not None:
        return (0,) * len(target)
    kept = [(size, stride) for size, stride in zip(grid.shape, grid.strides, strict=True) if size != 1]
    if [size for size, _ in kept] != [size for size in target if size != 1]:
        return None
    strides = iter(stride for _, stride in kept)
    return tuple(next(strides) if size != 1 else 0 for size in target)


def _reshape(call: Call) -> Value:
    given, wanted = call.shape(0), call.sizes(1, "shape")
    allow_zero = call.flag("allowzero")
    target: list[Size] = []
    for axis, size in enumerate(wanted):
        if size == 0 and not allow_zero:
            if axis >= len(given):
                raise ShapeError(
                    f"{call.build.source}: a 0 on axis {axis} copies a size, but the input has no such axis"
                )
            size = given[axis]
        target.append(size)
    if target.count(-1) > 1:
        raise ModelError(f"{call.node.title}: the shape {written_shape(wanted)} has more than one -1")
    try:
        if -1 in target:
            others = [size for size in target if size != -1]
            target[target.index(-1)] = _missing(call, given, wanted, others)
        return reshaped(call, call.value(0), _checked(call, target))
    except ShapeError as error:
        if all(isinstance(size, int) for size in given) or not any(
            isinstance(size, int) and size > 1 for size in target
        ):
            raise
        raise ShapeError(
            f"{error}; if the exporter has fixed a size that should be dynamic, export with dynamo=True or with all "
            "sizes fixed"
        ) from error


def _missing(call: Call, given: Sequence[Size], wanted: Sequence[Size], others: Sequence[Size]) -> Size:
    """What -1 stands for."""
    try:
        return missing_factor(given, others)
    except Undecided as error:
        raise ShapeError(
            f"{call.build.source}: cannot reshape {written_shape(given)} to {written_shape(wanted)}: {error}"
        ) from error


def _checked(call: Call, shape: Sequence[Size]) -> Shape:
    for size in shape:
        if isinstance(size, int) and not 0 <= size < MAX_SIZE:
            raise ModelError(f"{call.node.title}: the shape {written_shape(shape)} has the impossible size {size}")
    return tuple(shape)


def written_shape(shape: Sequence[Size]) -> str:
    """A shape for messages: `[batch, 16]`."""
    return "[" + ", ".join(map(str, shape)) + "]"


def _flatten(call: Call) -> Value:
    shape, axis = call.shape(0), call.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise ModelError(f"{call.node.title}: axis {axis} of a tensor with {len(shape)} dimensions")
    axis = axis + len(shape) if axis < 0 else axis
    return reshaped(call, call.value(0), [product(shape[:axis]), product(shape[axis:])])


def _squeeze(call: Call) -> Value:
    shape = call.shape(0)
    axes = call.axes(1, 13)
    if axes is None:
        gone = {axis for axis, size in enumerate(shape) if size == 1}
    else:
        gone = {call.axis(axis, len(shape)) for axis in axes}
        for axis in gone:
            call.emitter.require_equal(shape[axis], 1, f"the size of squeezed axis {axis} and 1")
    return _expanded_reshape(call, [size for axis, size in enumerate(shape) if axis not in gone])


def _unsqueeze(call: Call) -> Value:
    shape, axes = call.shape(0), call.axes(1, 13)
    if axes is None:
        raise ModelError(f"{call.node.title}: Unsqueeze lacks its axes")
    rank = len(shape) + len(axes)
    added = {call.axis(axis, rank) for axis in axes}
    if len(added) < len(axes):
        raise ModelError(f"{call.node.title}: the axes {axes} are not distinct")
    sizes = iter(shape)
    return _expanded_reshape(call, [1 if axis in added else next(sizes) for axis in range(rank)])


def _expanded_reshape(call: Call, target: Sequence[Size]) -> Value:
    """A reshape that adds or drops axes of size 1; what stands for a broadcast goes on doing so."""
    value = call.value(0)
    if not isinstance(value, Expanded):
        return reshaped(call, value, target)
    inner = shape_of(value.inner)
    padded = [1] * (len(value.shape) - len(inner)) + list(inner)
    pairs = iter([(before, after) for before, after in zip(padded, value.shape, strict=True) if after != 1])
    small = [next(pairs)[0] if size != 1 else 1 for size in target]
    return expanded(call.build.reshape(value.inner, small), tuple(target))


def _expand(call: Call) -> Value:
    wanted = _checked(call, call.sizes(1, "shape"))
    value = call.value(0)
    shape = call.emitter.broadcast_shape(call.shape(0), wanted)
    if isinstance(value, Known) and _is_small(shape):
        return Known(np.broadcast_to(value.array, cast(tuple[int, ...], shape)), value.dtype)
    if isinstance(value, Known) and value.array.size == 1 and value.dtype.kind in "iub":
        return Grid.filled(value.sizes()[0], shape, value.dtype)
    if isinstance(value, Grid):
        return value.broadcast(shape)
    inner = value.inner if isinstance(value, Expanded) else call.emitter.materialise(value)
    return expanded(inner, shape)


def _is_small(shape: Sequence[Size]) -> bool:
    return not any(isinstance(size, Dim) for size in shape) and math.prod(cast(Sequence[int], shape)) <= FOLD_LIMIT


def filled(call: Call, value: int | float, shape: Shape, dtype: Dtype) -> Value:
    """A tensor of equal elements."""
    if _is_small(shape):
        return Known(np.full(cast(tuple[int, ...], shape), value, dtype), dtype)
    if dtype.kind in "iub":
        return Grid.filled(int(value), shape, dtype)
    return expanded(call.build.constant(np.asarray(value, dtype)), shape)


def _constant_of_shape(call: Call) -> Value:
    value = call.tensor("value")
    value = np.zeros(1, np.float32) if value is None else value
    if value.size != 1:
        raise ModelError(f"{call.node.title}: the value of ConstantOfShape has {value.size} elements, expected 1")
    return filled(call, value.reshape(()).item(), _checked(call, call.sizes(0, "shape")), value.dtype)


def _range(call: Call) -> Value:
    dtype = call.dtype(0)
    known = [call.known(index, what) for index, what in enumerate(("start", "limit", "step"))]
    if dtype.kind == "f" and not any(value.is_symbolic for value in known):
        start, limit, step = (float(value.array.reshape(())) for value in known)
        count = max(math.ceil((limit - start) / step), 0)
        if count > FOLD_LIMIT:
            raise Unsupported(f"a range of {count} floats; make an integer range and cast it")
        return Known.of((start + np.arange(count) * step).astype(dtype))
    if any(value.array.size != 1 for value in known):
        raise ModelError(f"{call.node.title}: start, limit and step of Range are scalars")
    start, limit, step = (value.sizes()[0] for value in known)
    if not isinstance(step, int) or step == 0:
        raise Unsupported(f"its step is {step}; it must be a number, not 0")
    count = _range_count(call, start, limit, step)
    if isinstance(count, int) and isinstance(start, int) and count <= FOLD_LIMIT:
        return Known.of(np.arange(start, start + count * step, step, dtype=dtype))
    return Grid((count,), start, (step if count != 1 else 0,), dtype)


def _range_count(call: Call, start: Size, limit: Size, step: int) -> Size:
    distance = limit - start if step > 0 else start - limit
    if isinstance(distance, int):
        return max(-(-distance // abs(step)), 0)
    try:
        if abs(step) != 1:
            raise Undecided(f"{distance} / {abs(step)} is no polynomial")
        if is_less(distance, 0):
            return 0
    except Undecided as error:
        raise Unsupported(f"the length of its range, {distance} / {abs(step)}, is not known: {error}") from error
    return distance


def _constant(call: Call) -> Value:
    for name in ("value", "sparse_value"):
        if (array := call.tensor(name)) is not None:
            return Known.of(array)
    for name in ("value_int", "value_ints"):
        if name in call.node.attributes:
            value = call.integer(name) if name == "value_int" else call.integers(name)
            return Known.of(np.asarray(value, np.int64))
    for name in ("value_float", "value_floats"):
        if name in call.node.attributes:
            value = call.number(name) if name == "value_float" else call.floats(name)
            return Known.of(np.asarray(value, np.float32))
    raise Unsupported("it holds strings, or nothing; only numbers are supported")


def _identity(call: Call) -> Value:
    return call.value(0)


def _dropout(call: Call) -> Sequence[Value]:
    """Inference: the input, and a mask of ones."""
    if call.has(2) and call.scalar(2, "training mode"):
        raise Unsupported("it drops values (training mode); export the model for inference")
    call.number("ratio", 0.5)
    call.integer("seed", 0)
    if not call.wants(1):
        return [call.value(0)]
    return [call.value(0), filled(call, 1, call.shape(0), np.dtype(np.bool_))]


SHAPES: dict[str, Translate] = {
    "Shape": _shape,
    "Size": _size,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Expand": _expand,
    "ConstantOfShape": _constant_of_shape,
    "Range": _range,
    "Constant": _constant,
    "Identity": _identity,
    "Dropout": _dropout,
}
