"""Between rows (one token's channels side by side) and tiles (one channel's 64 tokens side by side).

Elements are moved as integers of their width. The rows of a tile may lie anywhere: their offsets come from a table of
64 i64 values, one per token of the tile, in bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import IntegerType, i64

from sparsec.lowering.kernels.values import element_of, size_of, vector_of
from sparsec.lowering.kernels.vector import LANES, Emitter, Value
from sparsec.schedule import TILE

ROW_TABLE_BYTES = 8 * TILE


def transpose(e: Emitter, rows: Sequence[Value]) -> list[Value]:
    """16 vectors of 16 lanes of 8 bits or more: lane j of vector i becomes lane i of vector j.

    Lanes first move within parts of 128 bits, then parts move as a whole: every shuffle is one instruction for each
    register, whatever the width of registers. (A shuffle across all lanes is four on AVX2, and takes LLVM long.)
    """
    lanes = 16 // size_of(element_of(rows[0].type))  # of a part
    groups = [_interleaved(e, rows[start : start + lanes]) for start in range(0, LANES, lanes)]
    columns = [_parts_transposed(e, column) for column in zip(*groups, strict=True)]
    return [column[part] for part in range(LANES // lanes) for column in columns]


def _interleaved(e: Emitter, rows: Sequence[Value]) -> Sequence[Value]:
    """n vectors whose parts have n lanes: vector j gets lane j of all rows, in each part."""
    half = len(rows) // 2
    for _ in range(half.bit_length()):  # each turn rotates (row, lane), seen as one number, by one bit
        rows = [e.unpack(rows[i], rows[i + half], high) for i in range(half) for high in (False, True)]
    return rows


def _parts_transposed(e: Emitter, rows: Sequence[Value]) -> Sequence[Value]:
    """n vectors of n parts: vector p gets part p of all rows."""
    half, lanes = len(rows) // 2, LANES // len(rows)
    even = [start + lane for start in range(0, 2 * LANES, 2 * lanes) for lane in range(lanes)]
    for _ in range(half.bit_length()):
        rows = [
            e.shuffle(rows[2 * i], rows[2 * i + 1], [lane + odd * lanes for lane in even])
            for odd in (0, 1)
            for i in range(half)
        ]
    return rows


def fill_row_table(
    e: Emitter, table: Value, first: Value, tokens: Value, offset: Callable[[Value], Value]
) -> tuple[Value, Value]:
    """Write the table of one tile; lanes beyond the tokens, up to a multiple of 16, get the last token's row.

    Args:
        table: pointer to `ROW_TABLE_BYTES` bytes.
        first: the tile's first token.
        tokens: how many tokens there are in all.
        offset: emits the byte offset of a token's row.

    Returns:
        how many tokens this tile has, and how many groups of 16 hold them.
    """
    count = e.minimum(e.sub(tokens, first), TILE)
    groups = e.ceil_div(count, LANES)
    last = e.sub(tokens, 1)

    def turn(lane: Value, held: tuple[Value, ...]) -> None:
        e.store(offset(e.minimum(e.add(first, lane), last)), table, e.mul(lane, 8))

    e.for_loop(0, e.mul(groups, LANES), turn)
    return count, groups


def rows_to_tile(
    e: Emitter, element: IntegerType, source: Value, table: Value, target: Value, channels: Value, groups: Value
) -> None:
    """Fill a tile from rows: `target[k][lane] = row(lane)[k]` for whole groups of 16 lanes.

    Args:
        source: where the table's offsets count from.
        target: the tile, `channels` times 64 elements.
        groups: how many groups of 16 lanes to fill.
    """
    width = size_of(element)
    whole = e.both(channels, -LANES)

    def group(number: Value, held: tuple[Value, ...]) -> None:
        rows = e.offset(table, e.mul(number, 8 * LANES))
        column = e.offset(target, e.mul(number, width * LANES))

        def block(k: Value, held: tuple[Value, ...]) -> None:
            start = e.offset(source, e.mul(k, width))
            offsets = [e.load(i64, rows, 8 * lane) for lane in range(LANES)]
            loaded = [e.load(vector_of(element, LANES), start, offset) for offset in offsets]
            place = e.offset(column, e.mul(k, width * TILE))
            for lane, vector in enumerate(transpose(e, loaded)):
                e.store(vector, place, lane * width * TILE)

        def rest(k: Value, held: tuple[Value, ...]) -> None:
            start, place = e.offset(source, e.mul(k, width)), e.offset(column, e.mul(k, width * TILE))

            def one(lane: Value, held: tuple[Value, ...]) -> None:
                value = e.load(element, start, e.load(i64, rows, e.mul(lane, 8)))
                e.store(value, place, e.mul(lane, width))

            e.for_loop(0, LANES, one)

        e.for_loop(0, whole, block, step=LANES)
        e.for_loop(whole, channels, rest)

    e.for_loop(0, groups, group)


def tile_to_rows(
    e: Emitter, element: IntegerType, source: Value, target: Value, table: Value, channels: Value, count: Value
) -> None:
    """Write rows from a tile: `row(lane)[k] = source[k][lane]` for the first `count` lanes.

    Args:
        source: the tile, `channels` times 64 elements.
        target: where the table's offsets count from.
    """
    width = size_of(element)
    whole = e.both(channels, -LANES)
    square = e.stack(LANES * LANES * width)

    def group(first: Value, held: tuple[Value, ...]) -> None:
        rows = e.offset(table, e.mul(first, 8))
        column = e.offset(source, e.mul(first, width))
        lanes = e.minimum(e.sub(count, first), LANES)

        def block(k: Value, held: tuple[Value, ...]) -> None:
            place = e.offset(column, e.mul(k, width * TILE))
            loaded = [e.load(vector_of(element, LANES), place, lane * width * TILE) for lane in range(LANES)]
            for lane, vector in enumerate(transpose(e, loaded)):
                e.store(vector, square, lane * LANES * width)
            start = e.offset(target, e.mul(k, width))

            def one(lane: Value, held: tuple[Value, ...]) -> None:
                vector = e.load(vector_of(element, LANES), square, e.mul(lane, LANES * width))
                e.store(vector, start, e.load(i64, rows, e.mul(lane, 8)))

            e.for_loop(0, lanes, one)

        def rest(k: Value, held: tuple[Value, ...]) -> None:
            start, place = e.offset(target, e.mul(k, width)), e.offset(column, e.mul(k, width * TILE))

            def one(lane: Value, held: tuple[Value, ...]) -> None:
                value = e.load(element, place, e.mul(lane, width))
                e.store(value, start, e.load(i64, rows, e.mul(lane, 8)))

            e.for_loop(0, lanes, one)

        e.for_loop(0, whole, block, step=LANES)
        e.for_loop(whole, channels, rest)

    e.for_loop(0, count, group, step=LANES)
