"""Ops that move data without computing: Transpose, Slice, Split, Concat, Tile, Pad, Trilu."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sparsec.dims import Dim, Size
from sparsec.errors import ModelError, ShapeError
from sparsec.frontend.onnx_call import Call, Translate, dtype_of_value
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.elementwise import FOLD_LIMIT, expanded
from sparsec.frontend.onnx_ops.shapes import filled, reshaped, written_shape
from sparsec.frontend.onnx_sizes import Undecided, is_less
from sparsec.frontend.onnx_values import Expanded, Grid, Known, Stack, Value, as_grid, shape_of

FAR = (1 << 31) - 1
"""Bounds of a Slice from this on, the largest number of 32 bits, mean "to the end", whatever the size."""

LINEAR_LIMIT = 1 << 20
"""Integer constants up to this size are looked at for being linear (0, 1, 2, ...: tables of position ids)."""


def _transpose(call: Call) -> Value:
    value, rank = call.value(0), len(call.shape(0))
    permutation = call.integers("perm") or list(reversed(range(rank)))
    if sorted(permutation) != list(range(rank)):
        raise ModelError(f"{call.node.title}: {permutation} is no permutation of {rank} axes")
    return transposed(call, value, permutation)


def transposed(call: Call, value: Value, permutation: Sequence[int]) -> Value:
    """The value with its axes permuted; known values stay known."""
    if list(permutation) == list(range(len(permutation))):
        return value
    match value:
        case Known():
            return Known(value.array.transpose(permutation), value.dtype)
        case Grid():
            shape, strides = (tuple(items[axis] for axis in permutation) for items in (value.shape, value.strides))
            return Grid(shape, value.offset, strides, value.dtype)
        case Expanded():
            inner = shape_of(value.inner)
            padded = call.build.reshape(value.inner, [*[1] * (len(value.shape) - len(inner)), *inner])
            shape = tuple(value.shape[axis] for axis in permutation)
            return expanded(call.build.transpose(padded, permutation), shape)
        case _:
            return call.build.transpose(call.emitter.materialise(value), permutation)


def sliced(call: Call, value: Value, axis: int, start: Size, count: Size, step: int = 1) -> Value:
    """Elements `start + i * step` for i in [0, count) along an axis; known values stay known where they can."""
    shape = shape_of(value)
    if start == 0 and step == 1 and count == shape[axis]:
        return value
    target = [*shape[:axis], count, *shape[axis + 1 :]]
    if 0 in target:
        return filled(call, 0, tuple(target), dtype_of_value(value))
    if isinstance(value, Known):
        if isinstance(start, int) and isinstance(count, int):
            picks, size = start + np.arange(count) * step, value.array.shape[axis]
            if picks.min() < 0 or picks.max() >= size:
                raise ShapeError(f"{call.build.source}: indices {picks[0]} to {picks[-1]} on an axis of size {size}")
            return Known.of(value.array.take(picks, axis), value.dtype)
        value = (as_grid(value) if value.array.size <= LINEAR_LIMIT else None) or value
    if isinstance(value, Grid):
        strides = list(value.strides)
        offset = value.offset + start * strides[axis]
        strides[axis] = strides[axis] * step if count != 1 else 0
        return Grid(tuple(target), offset, tuple(strides), value.dtype)
    starts: list[Size] = [0] * len(shape)
    steps = [1] * len(shape)
    starts[axis], steps[axis] = start, step
    return call.build.slice(call.emitter.materialise(value), starts, target, steps)


def _slice(call: Call) -> Value:
    starts, ends = call.sizes(1, "starts"), call.sizes(2, "ends")
    rank = len(call.shape(0))
    axes = call.numbers(3, "axes") if call.has(3) else list(range(len(starts)))
    steps = call.numbers(4, "steps") if call.has(4) else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise ModelError(f"{call.node.title}: starts, ends, axes and steps of Slice have different lengths")
    value = call.value(0)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = call.axis(axis, rank)
        size = shape_of(value)[axis]
        if step == 0:
            raise ModelError(f"{call.node.title}: a Slice with step 0")
        start, count = _slice_range(call, start, end, step, size)
        value = sliced(call, value, axis, start, count, step)
    return value


def _slice_range(call: Call, start: Size, end: Size, step: int, size: Size) -> tuple[Size, Size]:
    """First element and number of elements of `[start:end:step]` on an axis of this size.

    A bound that may or may not lie beyond the end (`[:sequence]` of 64 positions) is taken to lie inside; `nn.slice`
    checks that when the program runs.
    """
    low, high = (0, size) if step > 0 else (-1, size - 1)
    first = _bounded(start, size, max(low, 0), high)
    last = _bounded(end, size, low, high)
    distance = last - first if step > 0 else first - last
    if isinstance(distance, int):
        return first, max(-(-distance // abs(step)), 0)
    if abs(step) == 1:
        return first, distance
    raise Unsupported(f"it takes every {abs(step)}th of {distance} elements; only step 1 works on dynamic sizes")


def _bounded(bound: Size, size: Size, low: Size, high: Size) -> Size:
    if isinstance(bound, int) and abs(bound) >= FAR:
        return high if bound > 0 else low
    if _is_certain(bound, 0):
        bound = bound + size
    if _is_certain(bound, low):
        return low
    return high if _is_certain(high, bound) else bound


def _is_certain(a: Size, b: Size) -> bool:
    try:
        return is_less(a, b)
    except Undecided:
        return False


def _split(call: Call) -> Sequence[Value]:
    value, outputs = call.value(0), len(call.node.outputs)
    axis = call.axis(call.integer("axis", 0), len(call.shape(0)))
    whole = call.shape(0)[axis]
    counts: list[Size] | None = None
    if call.opset < 13:
        given = call.integers("split")
        counts = list(given) if given is not None else None
    elif call.has(1):
        counts = call.sizes(1, "sizes of the parts")
    if counts is None:
        counts = _even_parts(call, whole, call.integer("num_outputs", outputs) if call.opset >= 18 else outputs)
    if len(counts) != outputs or sum(counts, start=0) != whole:
        raise ShapeError(
            f"{call.build.source}: cannot split {whole} elements into {outputs} parts of {', '.join(map(str, counts))}"
        )
    parts: list[Value] = []
    start: Size = 0
    for count in counts:
        parts.append(sliced(call, value, axis, start, count))
        start = start + count
    return parts


def _even_parts(call: Call, whole: Size, parts: int) -> list[Size]:
    if not isinstance(whole, int):
        raise Unsupported(f"it splits the dynamic size {whole} into {parts} equal parts; give the sizes of the parts")
    if parts < 1:
        raise ModelError(f"{call.node.title}: a Split into {parts} parts")
    each = -(-whole // parts)
    last = whole - each * (parts - 1)
    if last < 0:
        raise ModelError(f"{call.node.title}: {whole} elements in parts of {each} are fewer than {parts} parts")
    return [*[each] * (parts - 1), last]


def _concat(call: Call) -> Value:
    values = call.inputs()
    rank = len(shape_of(values[0]))
    axis = call.axis(call.integer("axis"), rank)
    if any(len(shape_of(value)) != rank for value in values) or len({dtype_of_value(value) for value in values}) > 1:
        written = ", ".join(f"{dtype_of_value(value)} {written_shape(shape_of(value))}" for value in values)
        raise ShapeError(f"{call.build.source}: Concat of {written}; ranks and types must be equal")
    return concatenated(call, [value for value in values if shape_of(value)[axis] != 0] or values[:1], axis)


def concatenated(call: Call, values: Sequence[Value], axis: int) -> Value:
    """The values one after the other; small known ones stay known, index vectors stay a stack of grids."""
    if len(values) == 1:
        return values[0]
    known = [value for value in values if isinstance(value, Known)]
    if len(known) == len(values) and sum(value.array.size for value in known) <= FOLD_LIMIT:
        return Known.of(np.concatenate([value.array for value in known], axis), known[0].dtype)
    shape = shape_of(values[0])
    grids = [value for value in values if isinstance(value, Grid)]
    if len(grids) == len(values) and axis == len(shape) - 1 and all(grid.shape[-1] == 1 for grid in grids):
        whole = call.emitter.broadcast_shape(*(grid.shape for grid in grids))
        return Stack(tuple(grid.broadcast(whole) for grid in grids))
    for value in values[1:]:
        for other, (size, expected) in enumerate(zip(shape_of(value), shape, strict=True)):
            if other != axis:
                call.emitter.require_equal(expected, size, f"sizes on axis {other} of what is put together")
    return call.build.concat([call.emitter.materialise(value) for value in values], axis)


def _tile(call: Call) -> Value:
    shape, repeats = call.shape(0), call.sizes(1, "repeats")
    if len(repeats) != len(shape):
        raise ModelError(f"{call.node.title}: {len(repeats)} repeats for {len(shape)} axes")
    value = call.value(0)
    known = [repeat for repeat in repeats if isinstance(repeat, int)]
    all_known = isinstance(value, Known) and len(known) == len(repeats)
    if isinstance(value, Known) and all_known and math.prod(known) * value.array.size <= FOLD_LIMIT:
        return Known.of(np.tile(value.array, known), value.dtype)
    # [a, b] -> [1, a, 1, b] -> [r, a, s, b] -> [r*a, s*b]
    apart = [size for axis in shape for size in (1, axis)]
    spread = tuple(size for repeat, axis in zip(repeats, shape, strict=True) for size in (repeat, axis))
    wide = expanded(call.emitter.materialise(reshaped(call, value, apart)), spread)
    return reshaped(call, wide, [repeat * axis for repeat, axis in zip(repeats, shape, strict=True)])


def _pad(call: Call) -> Value:
    if (mode := call.text("mode", "constant")) != "constant":
        raise Unsupported(f'mode "{mode}" is not supported; only "constant" is')
    value, rank = call.value(0), len(call.shape(0))
    pads = call.sizes(1, "pads")
    axes = call.numbers(3, "axes") if call.has(3) else list(range(rank))
    if len(pads) != 2 * len(axes):
        raise ModelError(f"{call.node.title}: {len(pads)} pads for {len(axes)} axes")
    fill = call.scalar(2, "value") if call.has(2) else 0
    dtype = dtype_of_value(value)
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        axis = call.axis(axis, rank)
        cut = [-pad if isinstance(pad, int) and pad < 0 else 0 for pad in (before, after)]
        if any(cut):
            value = sliced(call, value, axis, cut[0], shape_of(value)[axis] - sum(cut))
        shape = shape_of(value)
        sides: list[list[Value]] = []
        for pad in (before, after):
            present = isinstance(pad, Dim) or pad > 0
            sides.append([filled(call, fill, (*shape[:axis], pad, *shape[axis + 1 :]), dtype)] if present else [])
        value = concatenated(call, [*sides[0], value, *sides[1]], axis)
    return value


def _trilu(call: Call) -> Value:
    value, upper = call.value(0), call.flag("upper", True)
    k = call.numbers(1, "diagonal")[0] if call.has(1) else 0
    if isinstance(value, Known) and not value.is_symbolic and value.array.size <= LINEAR_LIMIT:
        return Known.of(np.triu(value.array, k) if upper else np.tril(value.array, k))
    return call.build.trilu(call.data(0), k, upper=upper)


MOVEMENT: dict[str, Translate] = {
    "Transpose": _transpose,
    "Slice": _slice,
    "Split": _split,
    "Concat": _concat,
    "Tile": _tile,
    "Pad": _pad,
    "Trilu": _trilu,
}
