"""`kernel.map` on tiles of 64 tokens: channel after channel, 16 tokens at a time.

Ins are tiled like the outs, or row-major and broadcast: one number, one per channel, one per token, or anything else,
which is first brought into tile order in scratch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from xdsl.ir import Attribute

from sparsec.dialects.encoding import Layout
from sparsec.dialects.kernel import Map, buffer_element, buffer_layout, buffer_sizes, tensor_of
from sparsec.dims import Size, product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.body import BodyEmitter
from sparsec.lowering.kernels.elements import bytes_of, load, raw
from sparsec.lowering.kernels.frame import Frame, Sizes
from sparsec.lowering.kernels.last_lookups import LoadedTable, load_tables, narrow_or_look_up, split_lookups
from sparsec.lowering.kernels.tiles import ROW_TABLE_BYTES, fill_row_table, rows_to_tile
from sparsec.lowering.kernels.vector import LANES, Emitter, Value
from sparsec.lowering.kernels.walk import Walk, axes_of, broadcast_strides
from sparsec.schedule import TILE


class Kind(Enum):
    """How an in follows the outs."""

    TILED = auto()
    SCALAR = auto()
    CHANNEL = auto()
    TOKEN = auto()
    ROWS = auto()


@dataclass(frozen=True)
class _In:
    """One in: its number, kind, element and strides over the outs' axes."""

    index: int
    kind: Kind
    element: Attribute
    strides: tuple[Size, ...]


def _ins(op: Map) -> list[_In]:
    shape = buffer_sizes(op.outs[0])
    ins: list[_In] = []
    for index, operand in enumerate(op.ins):
        sizes = buffer_sizes(operand)
        strides = broadcast_strides(sizes, shape)
        if buffer_layout(operand) == Layout.TILED:
            if sizes != shape:
                raise CompilerBug(f"kernel.map: a tiled in of {sizes} for tiled outs of {shape}")
            kind = Kind.TILED
        elif product(sizes) == 1:
            kind = Kind.SCALAR
        elif not sizes[-1:] or sizes[-1] == 1:
            kind = Kind.TOKEN
        else:
            kind = Kind.CHANNEL if product(sizes[:-1]) == 1 else Kind.ROWS
        ins.append(_In(index, kind, buffer_element(operand), strides))
    return ins


def items(op: Map, e: Emitter, sizes: Sizes) -> Value:
    """Tiles."""
    return sizes.tiles(tensor_of(op.outs[0]))


def scratch(op: Map, e: Emitter, sizes: Sizes) -> Value:
    """A tile for each in that has to be brought into tile order."""
    channels = buffer_sizes(op.outs[0])[-1]
    rows = [source for source in _ins(op) if source.kind == Kind.ROWS]
    return sizes(channels * sum(TILE * bytes_of(source.element) for source in rows))


@dataclass(frozen=True)
class _Loops:
    """What all tiles share."""

    op: Map
    frame: Frame
    ins: list[_In]
    body: BodyEmitter
    channels: Value
    tokens: Value
    table: Value | None
    walks: dict[int, Walk]
    staged: dict[int, Value]
    """Where ins by token and by row wait in tile order."""
    tables: list[LoadedTable | None]


def emit(op: Map, frame: Frame) -> None:
    """Write the body of the function."""
    e, shape = frame.e, buffer_sizes(op.outs[0])
    ins = _ins(op)
    region, lookups = split_lookups(op.body)
    scalars = {s.index: load(e, s.element, frame.ins[s.index]) for s in ins if s.kind == Kind.SCALAR}
    moved = [source for source in ins if source.kind in (Kind.TOKEN, Kind.ROWS)]
    staged: dict[int, Value] = {}
    place = frame.scratch
    for source in moved:
        if source.kind == Kind.TOKEN:
            staged[source.index] = e.stack(TILE * bytes_of(source.element))
        else:
            staged[source.index] = place
            place = e.offset(place, frame.sizes(shape[-1] * (TILE * bytes_of(source.element))))
    loops = _Loops(
        op, frame, ins,
        BodyEmitter(region, e).prepare(scalars),
        frame.sizes(shape[-1]),
        frame.sizes(product(shape[:-1])),
        e.stack(ROW_TABLE_BYTES) if moved else None,
        {s.index: Walk(e, frame.sizes, axes_of(shape[:-1], [s.strides[:-1]])) for s in moved},
        staged,
        load_tables(e, lookups, frame.ins),
    )  # fmt: skip
    e.for_loop(frame.begin, frame.end, lambda tile, held: _emit_tile(loops, tile))


def _emit_tile(loops: _Loops, tile: Value) -> None:
    e, op = loops.frame.e, loops.op
    first = e.mul(tile, TILE)
    groups = e.ceil_div(e.minimum(e.sub(loops.tokens, first), TILE), LANES)
    for source in loops.ins:
        if source.index in loops.staged:
            _stage(loops, source, first)
    tile_start = e.mul(tile, e.mul(loops.channels, TILE))
    tiled = {s.index: loops.frame.ins[s.index] for s in loops.ins if s.kind == Kind.TILED}
    places = {i: e.offset(p, e.mul(tile_start, bytes_of(loops.ins[i].element))) for i, p in tiled.items()}
    places |= loops.staged
    outs = [
        (buffer_element(out), e.offset(place, e.mul(tile_start, bytes_of(buffer_element(out)))))
        for out, place in zip(op.outs, loops.frame.outs, strict=True)
    ]
    e.for_loop(0, loops.channels, lambda k, held: _emit_channel(loops, places, outs, k, groups))


def _stage(loops: _Loops, source: _In, first: Value) -> None:
    """Bring an in into tile order: `[1][64]` by token, `[channels][64]` by row."""
    e, table, width = loops.frame.e, loops.table, bytes_of(source.element)
    if table is None:
        raise CompilerBug("a map brings an in into tile order without a table of rows")
    walk = loops.walks[source.index]

    def offset(token: Value) -> Value:
        return e.mul(walk.offsets(token, 1)[0], width)

    _, groups = fill_row_table(e, table, first, loops.tokens, offset)
    channels = e.i64(1) if source.kind == Kind.TOKEN else loops.channels
    place, target = loops.frame.ins[source.index], loops.staged[source.index]
    rows_to_tile(e, raw(source.element), place, table, target, channels, groups)


def _emit_channel(
    loops: _Loops, places: dict[int, Value], outs: Sequence[tuple[Attribute, Value]], k: Value, groups: Value
) -> None:
    e = loops.frame.e
    channel = {
        source.index: load(e, source.element, loops.frame.ins[source.index], e.mul(k, bytes_of(source.element)))
        for source in loops.ins
        if source.kind == Kind.CHANNEL
    }
    body = loops.body.prepare(channel) if channel else loops.body
    row = e.mul(k, TILE)

    def group(number: Value, held: tuple[Value, ...]) -> None:
        lane = e.mul(number, LANES)
        element = e.add(row, lane)
        varying: list[Value] = []
        for source in loops.ins:
            if source.index in places:
                at = e.mul(lane if source.kind == Kind.TOKEN else element, bytes_of(source.element))
                varying.append(load(e, source.element, places[source.index], at, LANES))
        for value, table, (out, place) in zip(body.apply(varying), loops.tables, outs, strict=True):
            e.store(narrow_or_look_up(e, value, out, table), place, e.mul(element, bytes_of(out)))

    e.for_loop(0, groups, group)
