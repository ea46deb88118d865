"""Scratch memory of one attention head: where its parts lie, and moving columns of tiles in and out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from xdsl.dialects.builtin import i8
from xdsl.ir import Attribute

from sparsec.lowering.kernels.values import size_of
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.schedule import TILE

Move = Callable[[Value, Value, Value, Value], None]


@dataclass(frozen=True)
class Tiles:
    """A tiled operand.

    Attributes:
        pointer: where it lies.
        element: i8 (any byte) or f32.
        channels: all of them, which is how far tiles are apart.
    """

    pointer: Value
    element: Attribute
    channels: int

    @property
    def width(self) -> int:
        """Bytes of one element."""
        return size_of(self.element)

    def row(self, e: Emitter, tile: Value, channel: Value) -> Value:
        """Where the 64 tokens of a channel in a tile lie."""
        return e.offset(self.pointer, e.mul(e.add(e.mul(tile, self.channels), channel), TILE * self.width))


def _pieces(e: Emitter, first: Value, count: Value, move: Move) -> None:
    """Call `move(done, tile, lane, length)` for each run of tokens that lies within one tile."""

    def piece(_: Value, state: tuple[Value, ...]) -> list[Value]:
        (done,) = state
        token = e.add(first, done)
        lane = e.rem(token, TILE)
        length = e.minimum(e.sub(TILE, lane), e.sub(count, done))
        move(done, e.div(token, TILE), lane, length)
        return [e.add(done, length)]

    # A run may begin in the middle of a tile, so there is at most one piece more than whole tiles.
    pieces = e.div(e.add(e.add(e.rem(first, TILE), count), TILE - 1), TILE)
    e.for_loop(0, pieces, piece, [e.i64(0)])


def _copy_rows(
    e: Emitter,
    element: Attribute,
    rows: Operand,
    length: Value,
    source: tuple[Value, Operand],
    target: tuple[Value, Operand],
    change: Callable[[Value], Value] = lambda value: value,
) -> None:
    """Copy the first `length` elements (1 to 64) of each row, each through `change`, and touch no others.

    Args:
        source, target: the first row, and the bytes from one row to the next.
    """
    masked, size = e.has("avx512bw"), size_of(element)
    lanes = 64 // size if masked else LANES
    kind = vector_of(element, lanes)
    starts = [(start, start * size) for start in range(0, 64, lanes)]
    masks = {start: e.tail_mask(e.maximum(e.sub(length, start), 0), lanes) for start, _ in starts} if masked else {}

    def of_row(number: Value) -> tuple[Value, Value]:
        from_, to = (e.offset(first, e.mul(number, stride)) for first, stride in (source, target))
        return from_, to

    def move(places: tuple[Value, Value], unit: Attribute, at: Operand) -> None:
        from_, to = places
        e.store(change(e.load(unit, from_, at)), to, at)

    def whole(number: Value, _: tuple[Value, ...]) -> None:
        places = of_row(number)
        for _start, at in starts:
            move(places, kind, at)

    def begin(number: Value, _: tuple[Value, ...]) -> None:
        places = of_row(number)

        def one_by_one(start: int) -> None:
            e.for_loop(start, length, lambda index, _: move(places, element, e.mul(index, size)))

        for start, at in starts:
            if masked:
                found = e.load_masked(kind, places[0], at, masks[start])
                e.store_masked(change(found), places[1], at, masks[start])
            else:  # without masks in registers, LLVM makes a branch of each lane, for loads and stores alike
                e.if_(e.less(length, start + lanes), partial(one_by_one, start), partial(move, places, kind, at))

    # LLVM makes masks anew in each row
    e.if_(e.equal(length, TILE), lambda: e.for_loop(0, rows, whole), lambda: e.for_loop(0, rows, begin))


def load_columns(
    e: Emitter, tiles: Tiles, channel: Value, rows: int, first: Value, count: Value, target: Value, stride: Value,
    *, flip: bool = False,
) -> None:  # fmt: skip
    """`target[d][i] = tiles[channel + d][first + i]`, d < rows, i < count; rows of target `stride` bytes apart.

    `flip` changes s8 to u8 or back (+128).
    """

    def change(value: Value) -> Value:
        return e.differ(value, -128) if flip else value

    def move(done: Value, tile: Value, lane: Value, length: Value) -> None:
        source = e.offset(tiles.row(e, tile, channel), e.mul(lane, tiles.width))
        place = e.offset(target, e.mul(done, tiles.width))
        _copy_rows(e, tiles.element, rows, length, (source, TILE * tiles.width), (place, stride), change)

    _pieces(e, first, count, move)


def store_columns(
    e: Emitter, tiles: Tiles, channel: Value, rows: int, first: Value, count: Value, source: Value
) -> None:
    """`tiles[channel + d][first + i] = source[d][i]` for d < rows and i < count; rows of source 64 elements apart."""

    def move(done: Value, tile: Value, lane: Value, length: Value) -> None:
        place = e.offset(tiles.row(e, tile, channel), e.mul(lane, tiles.width))
        start, stride = e.offset(source, e.mul(done, tiles.width)), TILE * tiles.width
        _copy_rows(e, tiles.element, rows, length, (start, stride), (place, stride))

    _pieces(e, first, count, move)


def clear(e: Emitter, target: Value, size: Value) -> None:
    """Set `size` bytes, a multiple of 64, to zero."""
    zero = e.constant(0, vector_of(i8, 64))
    e.for_loop(0, size, lambda at, _: e.store(zero, target, at), step=64)


class Areas:
    """Named parts of scratch memory, one after the other, each on a cache line of its own.

    Args:
        sizes: bytes of each part, i64.
    """

    def __init__(self, e: Emitter, sizes: Mapping[str, Value]):
        self._e = e
        self._offsets: dict[str, Value] = {}
        self.total = e.i64(0)
        """Bytes of all parts."""
        for name, size in sizes.items():
            self._offsets[name] = self.total
            self.total = e.add(self.total, e.mul(e.ceil_div(size, 64), 64))

    def pointers(self, base: Value) -> dict[str, Value]:
        """Where each part begins."""
        return {name: self._e.offset(base, offset) for name, offset in self._offsets.items()}
