"""Subscripts, `x[0, 1:, ...]`, as numpy means them, but for one thing: a slice that reaches outside is a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from sparsec.dims import Dim, Size
from sparsec.errors import ShapeError
from sparsec.frontend.dsl_dtypes import MAX_SIZE
from sparsec.frontend.dsl_values import Emitter, Tensor, Value, describe, to_size, to_whole


@dataclass(frozen=True)
class SpanValue:
    """`start:stop:step` with its values known."""

    start: Value | None
    stop: Value | None
    step: Value | None


@dataclass(frozen=True)
class RestValue:
    """`...`."""


Item = Value | SpanValue | RestValue


@dataclass(frozen=True)
class _Cut:
    """What is kept of one axis: `count` elements from `start`, or a single one whose axis goes away."""

    start: Size
    count: Size
    step: int = 1
    drops: bool = False


def subscript(emitter: Emitter, value: Value, items: Sequence[Item]) -> Tensor:
    """`value[items]`.

    Raises:
        ShapeError: too many items, an index that is not there, a slice that reaches outside.
    """
    if not isinstance(value, Tensor):
        raise ShapeError(f"only tensors have subscripts, not {describe(value)}")
    sizes = value.sizes
    cuts = [_cut(item, size, axis) for axis, (item, size) in enumerate(zip(_expand(items, sizes), sizes, strict=True))]
    kept = [cut.count for cut in cuts if not cut.drops]

    def move(x: SSAValue) -> SSAValue:
        if any((cut.start, cut.count, cut.step) != (0, size, 1) for cut, size in zip(cuts, sizes, strict=True)):
            counts = [cut.count for cut in cuts]
            x = emitter.builder.slice(x, [cut.start for cut in cuts], counts, [cut.step for cut in cuts])
        return emitter.builder.reshape(x, kept)

    return emitter.moved(value, move)


def _expand(items: Sequence[Item], sizes: Sequence[Size]) -> list[Item]:
    """One item per axis."""
    rests = [place for place, item in enumerate(items) if isinstance(item, RestValue)]
    if len(rests) > 1:
        raise ShapeError("`...` stands for all other axes, so it can be written once")
    missing = len(sizes) - (len(items) - len(rests))
    if missing < 0:
        raise ShapeError(f"{len(items) - len(rests)} subscripts for {len(sizes)} axes")
    place = rests[0] if rests else len(items)
    whole: list[Item] = [SpanValue(None, None, None)] * missing
    return [*items[:place], *whole, *items[place + 1 :]]


def _cut(item: Item, size: Size, axis: int) -> _Cut:
    if isinstance(item, SpanValue):
        return _span(item, size, axis)
    if isinstance(item, Tensor):
        raise ShapeError(f"a tensor is no subscript: write gather(x, indices, axis = {axis})")
    if isinstance(item, RestValue):
        raise ShapeError("`...` stands alone in a subscript")
    index = to_size(item)
    place = _from_front(index, size)
    if _outside(place, size):
        raise ShapeError(f"there is no element {index} on axis {axis}, which has {size}")
    return _Cut(place, 1, drops=True)


def _span(item: SpanValue, size: Size, axis: int) -> _Cut:
    step = 1 if item.step is None else to_whole(item.step)
    if step == 0:
        raise ShapeError("a slice cannot step by 0")
    start: Size = (0 if step > 0 else size - 1) if item.start is None else _from_front(to_size(item.start), size)
    # One beyond the last element in the direction of walking.
    stop: Size = (size if step > 0 else -1) if item.stop is None else _from_front(to_size(item.stop), size)
    length = stop - start if step > 0 else start - stop
    stride = abs(step)
    if isinstance(length, Dim) and stride != 1:
        raise ShapeError(f"a step of {step} needs a length that is known, axis {axis} has {length}")
    count = length if isinstance(length, Dim) else -(-length // stride)
    if isinstance(count, int) and count < 1:
        raise ShapeError(f"the slice on axis {axis} is empty: from {start} to {stop} by {step}")
    last = start + (count - 1) * step
    if _outside(start, size) or _outside(last, size):
        raise ShapeError(f"the slice on axis {axis} reaches outside: elements {start} to {last} of {size}")
    return _Cut(start, count, step)


def _from_front(index: Size, size: Size) -> Size:
    """An index counted from the front; negative ones count from the end."""
    if isinstance(index, int) and abs(index) > MAX_SIZE:
        raise ShapeError(f"{index} is outside of any axis: one has at most {MAX_SIZE} elements")
    return size + index if isinstance(index, int) and index < 0 else index


def _outside(place: Size, size: Size) -> bool:
    """Whether a place is surely outside; what depends on the inputs is checked when the program runs."""
    beyond = place + 1 - size
    return (isinstance(place, int) and place < 0) or (isinstance(beyond, int) and beyond > 0)
