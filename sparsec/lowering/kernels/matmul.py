"""`kernel.matmul`: a matrix product with a packed weight on feature-major tiles, its body applied to the accumulators.

A work item is one tile times one chunk of output rows, so that one short sequence still feeds several threads. A tile
is computed at the smallest width that covers its tokens, or in pieces where the target's registers do not hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from xdsl.dialects.builtin import f32, i1, i8, i32
from xdsl.ir import Attribute

from sparsec.dialects import kernel
from sparsec.dialects.encoding import Layout, to_numpy, ui8
from sparsec.dialects.tensor_op import integers
from sparsec.dims import is_number, is_per_channel
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import elements, matmul_rows
from sparsec.lowering.kernels.baked import BakedCore
from sparsec.lowering.kernels.blocks import BlockCore
from sparsec.lowering.kernels.body import BodyEmitter
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.last_lookups import LoadedTable, load_tables, split_lookups
from sparsec.lowering.kernels.matmul_bias import without_bias
from sparsec.lowering.kernels.pair_quads import PairQuadCore
from sparsec.lowering.kernels.quads import Accumulators, QuadCore, Work
from sparsec.lowering.kernels.rows import RowCore
from sparsec.lowering.kernels.shared import Shared, by_token
from sparsec.lowering.kernels.token_order import (
    WIDTHS,
    TokenOrder,
    ZeroPoint,
    load_bytes,
    load_row,
    pack_rows,
    store_row,
)
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value
from sparsec.lowering.kernels.word_quads import WordQuadCore
from sparsec.packing import WeightLayout
from sparsec.packing_baked import unflatten
from sparsec.schedule import GROUP, TILE

CHUNK = 64
"""Output rows in a work item, about."""
NEAR_BYTES = 384 * 1024
"""Bytes of activations that stay in the second-level cache while weights pass through it."""
TOGETHER = 2
"""Output rows, of as many tokens as registers hold sums of, that go through the body together, each step for all before
the next: steps wait for each other and a CPU looks no more than three or four vectors of a long body ahead. More rows
would not fit into registers."""
_COLUMNS = "columns"
"""Input channels that a tile has room for, among the numbers that a function is given."""


@dataclass(frozen=True)
class _Extra:
    """A further argument of the body: its number in the body, the op's operand, where it lies and its kind."""

    argument: int
    pointer: Value
    element: Attribute


def layout_of(op: kernel.MatMul) -> WeightLayout:
    """What the packed weight looks like."""
    rows, columns = kernel.buffer_sizes(op.outs[0])[-1], kernel.buffer_sizes(op.ins[0])[-1]
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise CompilerBug(f"kernel.matmul with {columns} input and {rows} output channels: both must be known")
    return WeightLayout.of((rows, columns), op.schedule.schedule)


def _chunks(op: kernel.MatMul) -> int:
    if op.pieces is not None:
        return 1  # code in the order of the pieces, not of the rows
    return max(1, -(-layout_of(op).groups // _groups_per_item(layout_of(op))))


def _groups_per_item(layout: WeightLayout) -> int:
    """Groups of output rows in a work item: as many single rows as groups of 4, which are shared out more finely so."""
    return -(-CHUNK // max(GROUP, layout.group))


def items(op: kernel.MatMul, e: Emitter, sizes: Sizes) -> Value:
    """Tiles times chunks."""
    if op.schedule.schedule.dataflow.is_token_major:
        return matmul_rows.items(op, e, sizes)
    return e.mul(sizes.tiles(kernel.tensor_of(op.ins[0])), _chunks(op))


def shared(op: kernel.MatMul) -> Shared:
    """Calls may differ in their tokens, and where only what is stored is walked, in their input channels: how far it is
    to the next tile and the two properties of the layout below are all that then depends on these."""
    found = by_token(op)
    if op.schedule.schedule.dataflow.is_token_major or op.pieces is not None or op.whole is not None:
        return found
    layout = layout_of(op)
    if not layout.is_gathered:
        return found
    x = op.ins[0]
    written_for = f"{kernel.buffer_element(x)} {kernel.buffer_layout(x)} {layout.offset_size} {layout.looks_ahead}"
    types = (written_for, *found.types[1:])
    return Shared(types, {**found.numbers, _COLUMNS: layout.tile_columns})


def emit(op: kernel.MatMul, frame: Frame) -> None:
    """Write the function."""
    if op.schedule.schedule.dataflow.is_token_major:
        matmul_rows.emit(op, frame)
    else:
        MatMulEmitter(op, frame).emit()


@dataclass(frozen=True)
class After:
    """What is left to do with bytes when they are stored: add a zero point before they saturate, look them up."""

    zero: ZeroPoint | None = None
    table: LoadedTable | None = None


class MatMulEmitter:
    """Emits one `kernel.matmul`."""

    def __init__(self, op: kernel.MatMul, frame: Frame):
        self._op, self._frame, self._e = op, frame, frame.e
        self._layout = layout_of(op)
        self._columns = frame.numbers.get(_COLUMNS, self._layout.tile_columns)
        region, bias = without_bias(op)
        region, self._lookups = split_lookups(region)
        self._bias = None if bias is None else frame.ins[1 + bias]
        self._tiles: list[_Extra] = []
        self._channels: list[_Extra] = []
        scalars: dict[int, Value] = {}
        for argument, buffer in enumerate(op.ins[2:], 1):
            if region.block.args[argument].first_use is None:
                scalars[argument] = elements.unread(self._e, kernel.buffer_element(buffer), frame.ins[1 + argument])
                continue
            extra = _Extra(argument, frame.ins[1 + argument], kernel.buffer_element(buffer))
            if kernel.buffer_layout(buffer) == Layout.TILED:
                self._tiles.append(extra)
            elif is_number(kernel.buffer_sizes(buffer)):
                scalars[argument] = elements.load(self._e, extra.element, extra.pointer)
            elif is_per_channel(kernel.buffer_sizes(buffer), self._layout.rows):
                self._channels.append(extra)
            else:
                raise CompilerBug(f"kernel.matmul cannot broadcast {buffer.type}")
        self._region, self._scalars = region, scalars
        # a quad's rows are loaded by whole vectors
        self._widest = self._core(max(self._held, self._e.vector_bytes)).order.width

    def emit(self) -> None:
        """Loop over work items, each at the width that its tile needs."""
        e, frame = self._e, self._frame
        tokens = frame.sizes.tokens(kernel.tensor_of(self._op.ins[0]))
        chunks, tiles = _chunks(self._op), frame.sizes.tiles(kernel.tensor_of(self._op.ins[0]))

        def item(number: Value, _: tuple[Value, ...]) -> None:
            tile, chunk = self._tile_and_chunk(number, tiles, chunks)
            per_item = _groups_per_item(self._layout)
            begin = e.mul(chunk, per_item)
            end = e.minimum(e.add(begin, per_item), self._layout.groups)
            left = e.sub(tokens, e.mul(tile, TILE))

            def at(width: int) -> None:
                """Compute this many tokens, or half as many where that covers all."""
                whole = partial(self._tile, width, tile, begin, end)
                if width == WIDTHS[-1]:
                    whole()
                else:
                    e.if_(e.greater(left, width // 2), whole, partial(at, width // 2))

            if self._widest < TILE:
                self._in_pieces(e.minimum(left, TILE), tile, begin, end)
            elif self._op.pieces is not None:  # that code is long: there is one copy
                self._tile(TILE, tile, begin, end)
            else:
                at(TILE)

        e.for_loop(frame.begin, frame.end, item)

    def _tile_and_chunk(self, number: Value, tiles: Value, chunks: int) -> tuple[Value, Value]:
        """Which tile and which chunk of output rows a work item is.

        Neighbours share a tile. Where nothing is pruned they share a chunk, as long as the tiles stay near: so many
        weights come from far away, which then happens once (BERT-Base takes a fifth less; pruned, 2 % more).
        """
        e = self._e
        if not self._op.schedule.schedule.dataflow.is_dense and self._op.whole is None:
            return e.div(number, chunks), e.rem(number, chunks)
        element = to_numpy(kernel.buffer_element(self._op.ins[0]))
        near = max(1, NEAR_BYTES // (self._layout.tile_columns * TILE * element.itemsize))
        block, within = e.div(number, near * chunks), e.rem(number, near * chunks)
        first = e.mul(block, near)
        size = e.minimum(e.sub(tiles, first), near)
        return e.add(first, e.rem(within, size)), e.div(within, size)

    def _in_pieces(self, tokens: Value, tile: Value, begin: Value, end: Value) -> None:
        """Compute some tokens of a tile as many at a time as the target can, and what is left by half as many where
        that covers it."""
        e, width, half = self._e, self._widest, self._widest // 2
        if width == WIDTHS[-1] or self._op.pieces is not None:
            self._tile(width, tile, begin, end, 0, tokens)
            return
        whole = e.mul(e.div(e.add(tokens, half - 1), width), width)
        e.if_(e.greater(whole, 0), partial(self._tile, width, tile, begin, end, 0, whole))
        e.if_(e.greater(tokens, whole), partial(self._tile, half, tile, begin, end, whole))

    def _tile(
        self,
        width: int,
        tile: Value,
        begin: Value,
        end: Value,
        first: Operand = 0,
        tokens: Value | None = None,
    ) -> None:
        """Compute groups of a tile from the token `first` on: `width` tokens, or that many at a time up to `tokens`."""
        core = self._core(width)
        x = self._tile_start(self._frame.ins[0], kernel.buffer_element(self._op.ins[0]), tile, self._columns)
        outs = [
            self._tile_start(pointer, kernel.buffer_element(buffer), tile, self._layout.rows)
            for pointer, buffer in zip(self._frame.outs, self._op.outs, strict=True)
        ]
        extras = [self._tile_start(extra.pointer, extra.element, tile, self._layout.rows) for extra in self._tiles]

        together = max(1, min(TOGETHER, TOGETHER * self._e.register_tile // core.order.width))
        bodies, zeros = self._prepare(core.order.width, together)
        tables = load_tables(self._e, self._lookups, self._frame.ins[1:])

        def epilogue(first: Value, token: Operand, accumulators: Accumulators) -> None:
            channels = [self._e.add(first, row) for row in range(len(accumulators))]
            starts = [
                self._at_token(start, extra.element, token) for start, extra in zip(extras, self._tiles, strict=True)
            ]
            results: list[list[list[Value]]] = []
            for start in range(0, len(channels), together):
                some = slice(start, start + together)
                body = bodies[len(channels[some])]
                results += self._apply(core.order, body, channels[some], accumulators[some], starts)
            for number, (out, buffer) in enumerate(zip(outs, self._op.outs, strict=True)):
                element = kernel.buffer_element(buffer)
                start = self._at_token(out, element, token)
                rows = [[result[number] for result in row] for row in results]
                after = After(zeros[number], tables[number])
                store_tile_rows(self._e, core.order, element, rows, start, channels, after)

        cold = self._op.cold is not None
        core.emit(self._e, Work(x, self._frame.ins[1], begin, end, self._initial, epilogue, tokens, cold, first))

    def _prepare(self, width: int, together: int) -> tuple[dict[int, BodyEmitter], list[ZeroPoint | None]]:
        """The body for 1 to `together` output rows, and the zero points that are left to the stores."""
        made = {
            rows: BodyEmitter(self._region, self._e, width * rows).prepare(self._scalars).leave_zeros()
            for rows in range(1, together + 1)
        }
        zeros = [None if zero is None else ZeroPoint.of(self._e, zero) for zero in made[1][1]]
        return {rows: body for rows, (body, _) in made.items()}, zeros

    @property
    def _held(self) -> int:
        """How many tokens' sums are in registers at a time, at most."""
        one_row = self._layout.is_blocks and self._layout.group == 1
        return self._e.row_tile if one_row else self._e.register_tile

    def _core(self, width: int) -> QuadCore | BakedCore | BlockCore | PairQuadCore | WordQuadCore | RowCore:
        fits, held = self._op.pairs_fit is not None, min(width, self._held)
        if not self._op.schedule.schedule.dataflow.is_integer:
            return RowCore(self._layout, held)
        if self._op.pieces is not None:
            pieces = unflatten(integers(self._op.pieces))
            return BakedCore(self._layout, pieces, min(held, self._op.schedule.schedule.tile))
        if self._layout.is_blocks:
            return BlockCore(self._layout, held)
        if self._e.multiplies_bytes(fits):
            return QuadCore(self._layout, width, held, pairs_fit=fits)
        if self._e.multiplies_in_pairs and self._layout.has_unfit:
            return PairQuadCore(self._layout, width)
        return WordQuadCore(self._layout)

    def _initial(self, row: Value) -> Value:
        e = self._e
        if self._bias is None:
            return e.constant(0, i32 if self._op.schedule.schedule.dataflow.is_integer else f32)
        return e.load(i32, self._bias, e.mul(row, 4))

    def _tile_start(self, base: Value, element: Attribute, tile: Value, channels: Operand) -> Value:
        size = self._e.scaled(channels, TILE * to_numpy(element).itemsize)
        return self._e.offset(base, self._e.mul(tile, size))

    def _at_token(self, start: Value, element: Attribute, token: Operand) -> Value:
        return self._e.offset(start, self._e.scaled(token, to_numpy(element).itemsize))

    def _apply(
        self,
        order: TokenOrder,
        body: BodyEmitter,
        channels: Sequence[Value],
        rows: Accumulators,
        extras: Sequence[Value],
    ) -> list[list[list[Value]]]:
        """What the body yields for accumulators of some output rows: [row][vector][result]."""
        e = self._e

        def number(extra: _Extra, channel: Value) -> Value:
            at = e.mul(channel, to_numpy(extra.element).itemsize)
            return elements.load(e, extra.element, extra.pointer, at)

        known = {
            extra.argument: e.concat([e.broadcast(number(extra, channel), order.width) for channel in channels])
            for extra in self._channels
        }
        varying = [rows] + [
            [load_tile_row(e, order, extra.element, start, channel) for channel in channels]
            for extra, start in zip(self._tiles, extras, strict=True)
        ]
        whole = [e.concat([vector for row in value for vector in row]) for value in varying]
        vectors = [e.split(result, LANES) for result in body.prepare(known).apply(whole)]
        return [
            [[result[row * order.vectors + index] for result in vectors] for index in range(order.vectors)]
            for row in range(len(rows))
        ]


def load_tile_row(e: Emitter, order: TokenOrder, element: Attribute, start: Value, channel: Value) -> list[Value]:
    """One channel of a tile, carried, in accumulator order."""
    at = e.mul(channel, TILE * to_numpy(element).itemsize)
    if element in (f32, i32):
        return load_row(e, order, element, start, at)
    if element in (ui8, i8):
        return load_bytes(e, order, start, at, signed=element == i8)
    if element == i1:
        return [e.compare("ne", vector, 0) for vector in load_bytes(e, order, start, at)]
    raise CompilerBug(f"epilogues cannot load {element} from a tile")


def store_tile_rows(
    e: Emitter,
    order: TokenOrder,
    element: Attribute,
    rows: Sequence[list[Value]],
    start: Value,
    channels: Sequence[Value],
    after: After = After(),
) -> None:
    """Store carried values in accumulator order as channels of a tile; `after` is for bytes."""
    element = after.table.element if after.table is not None else element
    offsets = [e.mul(channel, TILE * to_numpy(element).itemsize) for channel in channels]
    if element in (f32, i32):
        for row, at in zip(rows, offsets, strict=True):
            store_row(e, order, row, start, at)
    elif element in (ui8, i8, i1):
        if element == i1:
            rows = [[e.zero_extend(mask, i32) for mask in row] for row in rows]
        packed = pack_rows(e, order, rows, signed=element == i8, zero=after.zero)
        for vector, at in zip(packed, offsets, strict=True):
            e.store(vector if after.table is None else e.look_up(after.table.parts, vector), start, at)
    else:
        raise CompilerBug(f"epilogues cannot store {element} to a tile")


MATMUL = KernelRow(emit, items, shared=shared)
