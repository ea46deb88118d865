"""Walking over arrays: strides, axes merged where memory allows, rows, and chunks of 16 that stay inside the array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute

from sparsec.dims import Size, product
from sparsec.lowering.kernels.frame import Sizes
from sparsec.lowering.kernels.values import size_of
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of


@dataclass(frozen=True)
class Axis:
    """One axis of a loop nest over several arrays.

    Attributes:
        size: how many steps.
        strides: for each array, how many elements further a step leads; 0 where it is broadcast.
    """

    size: Size
    strides: tuple[Size, ...]


def row_major_strides(shape: Sequence[Size]) -> tuple[Size, ...]:
    """The distance in elements between neighbours along each axis."""
    return tuple(product(shape[axis + 1 :]) for axis in range(len(shape)))


def broadcast_strides(shape: Sequence[Size], target: Sequence[Size]) -> tuple[Size, ...]:
    """The strides of an array of this shape when it is broadcast to the target shape."""
    added = len(target) - len(shape)
    strides = row_major_strides(shape)
    kept = (0 if size == 1 != target[added + axis] else strides[axis] for axis, size in enumerate(shape))
    return (*[0] * added, *kept)


def axes_of(shape: Sequence[Size], strides: Sequence[Sequence[Size]]) -> list[Axis]:
    """The axes of a shape over arrays of these strides: sizes of 1 dropped, neighbours merged if all arrays allow."""
    merged: list[Axis] = []
    for size, *along in zip(shape, *strides, strict=True):
        if size == 1:
            continue
        axis = Axis(size, tuple(along))
        if merged and all(
            outer == inner * axis.size for outer, inner in zip(merged[-1].strides, axis.strides, strict=True)
        ):
            axis = Axis(merged.pop().size * size, axis.strides)
        merged.append(axis)
    return merged


class Walk:
    """Emits where the arrays stand at each position of a loop nest. Create it outside all loops."""

    def __init__(self, e: Emitter, sizes: Sizes, axes: Sequence[Axis]):
        self._e = e
        self._axes = [(axis, sizes(axis.size), [sizes(stride) for stride in axis.strides]) for axis in axes]

    def offsets(self, position: Value, arrays: int) -> list[Value]:
        """The offset of each array in elements, at a position counted in row-major order."""
        e = self._e
        offsets: list[Value | None] = [None] * arrays
        for number, (axis, size, strides) in reversed(list(enumerate(self._axes))):
            index = e.rem(position, size) if number else position
            for array, stride in enumerate(strides):
                if axis.strides[array] != 0:
                    moved = index if axis.strides[array] == 1 else e.mul(index, stride)
                    before = offsets[array]
                    offsets[array] = moved if before is None else e.add(before, moved)
            position = e.div(position, size) if number else position
        return [e.i64(0) if offset is None else offset for offset in offsets]


@dataclass(frozen=True)
class Chunk:
    """Up to 16 neighbours of a row.

    Attributes:
        start: the first one's place in the row, i64.
        count: how many the row has from there on, i64, at least 1.
        full: whether that is 16 or more, i1.
    """

    e: Emitter
    start: Value
    count: Value
    full: Value

    def load(self, types: Sequence[Attribute], addresses: Sequence[Value]) -> list[Value]:
        """Load 16 lanes of these element types; lanes beyond the row are not touched and become 0."""
        if not types:
            return []
        e = self.e
        vectors = [vector_of(value_type, LANES) for value_type in types]

        def partial() -> list[Value]:
            mask = e.tail_mask(self.count)
            return [e.load_masked(*pair, 0, mask) for pair in zip(vectors, addresses, strict=True)]

        return list(e.if_(self.full, lambda: [e.load(*pair) for pair in zip(vectors, addresses, strict=True)], partial))

    def store(self, values: Sequence[Value], addresses: Sequence[Value]) -> None:
        """Store 16 lanes of each value, those beyond the row left out."""
        e = self.e

        def whole() -> None:
            for value, address in zip(values, addresses, strict=True):
                e.store(value, address)

        def partial() -> None:
            mask = e.tail_mask(self.count)
            for value, address in zip(values, addresses, strict=True):
                e.store_masked(value, address, 0, mask)

        e.if_(self.full, whole, partial)


def for_chunks(
    e: Emitter,
    begin: Operand,
    end: Value,
    body: Callable[[Chunk, tuple[Value, ...]], Sequence[Value] | None],
    carried: Sequence[Value] = (),
) -> tuple[Value, ...]:
    """Run over the elements [begin, end) of a row, 16 at a time; `carried` as in `Emitter.for_loop`."""

    def turn(start: Value, held: tuple[Value, ...]) -> Sequence[Value] | None:
        count = e.sub(end, start)
        return body(Chunk(e, start, count, e.greater_equal(count, LANES)), held)

    return e.for_loop(begin, end, turn, carried, LANES)


def copy_row(e: Emitter, source: Value, target: Value, count: Value, element: Attribute) -> None:
    """Copy `count` elements of an integer type that lie side by side."""

    def turn(chunk: Chunk, held: tuple[Value, ...]) -> None:
        offset = scaled(e, chunk.start, element)
        (value,) = chunk.load([element], [e.offset(source, offset)])
        chunk.store([value], [e.offset(target, offset)])

    for_chunks(e, 0, count, turn)


def fill_row(e: Emitter, value: Value, target: Value, count: Value) -> None:
    """Write a scalar `count` times, side by side."""
    lanes = e.broadcast(value)

    def turn(chunk: Chunk, held: tuple[Value, ...]) -> None:
        chunk.store([lanes], [e.offset(target, scaled(e, chunk.start, value.type))])

    for_chunks(e, 0, count, turn)


def fold_lanes(e: Emitter, lanes: Value, fold: Callable[[Value, Value], Value]) -> Value:
    """16 lanes folded into one scalar, by halves; for operations that do not mind the order."""
    count = LANES
    while count > 1:
        count //= 2
        lanes = fold(e.slice(lanes, 0, count), e.slice(lanes, count, count))
    return e.extract(lanes, 0)


def scaled(e: Emitter, count: Value, element: Attribute) -> Value:
    """Elements of a memory type to bytes."""
    return e.mul(count, size_of(element))
