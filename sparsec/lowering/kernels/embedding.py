"""`kernel.embedding`: rows of tables put together, written as tiles.

The body runs along the rows, 16 channels of a token at a time; only what it yields is transposed, 16 tokens at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute

from sparsec.dialects.kernel import Embedding, buffer_element, buffer_sizes, tensor_of
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.body import BodyEmitter, ByChannel, numbers_and_channels
from sparsec.lowering.kernels.elements import bytes_of, load, memory_type, narrow, widen
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.gather import index_at, resolve
from sparsec.lowering.kernels.tiles import ROW_TABLE_BYTES, fill_row_table, transpose
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of
from sparsec.schedule import TILE

Load = Callable[[Attribute, Value], Value]
"""Loads 16 elements of this type that lie side by side, as they are carried."""


def items(op: Embedding, e: Emitter, sizes: Sizes) -> Value:
    """Tiles."""
    return sizes.tiles(tensor_of(op.outs[0]))


@dataclass(frozen=True)
class _Table:
    """A table and its indices.

    Attributes:
        element, place: of the table.
        offset: emits where the row of a token begins, in bytes.
        offsets: room for where those of a tile do.
    """

    element: Attribute
    place: Value
    offset: Callable[[Value], Value]
    offsets: Value


def _table(op: Embedding, frame: Frame, number: int) -> _Table:
    e, message = frame.e, op.message_numbers[number]
    behind = len(op.message_numbers) + number
    element, indices = buffer_element(op.ins[number]), buffer_element(op.ins[behind])
    entries, channels = (frame.sizes(size) for size in buffer_sizes(op.ins[number]))
    row_bytes = e.mul(channels, bytes_of(element))

    def offset(token: Value) -> Value:
        index, valid = resolve(frame, message, index_at(e, indices, frame.ins[behind], token), entries)
        return e.mul(e.select(valid, index, 0), row_bytes)

    return _Table(element, frame.ins[number], offset, e.stack(ROW_TABLE_BYTES))


@dataclass(frozen=True)
class _Rows:
    """All that is read, and what is made of it.

    Attributes:
        emitter: the body, once all numbers are known.
        channels: the extras that it takes by channel.
        outs: the element types of the outs.
    """

    e: Emitter
    tables: Sequence[_Table]
    emitter: BodyEmitter
    channels: Sequence[ByChannel]
    outs: Sequence[Attribute]

    @staticmethod
    def of(op: Embedding, frame: Frame) -> _Rows:
        """Emits what does not depend on the token or channel; call it outside of loops."""
        e, count = frame.e, len(op.message_numbers)
        scalars, channels = numbers_and_channels(op.body, count, e, op.ins[2 * count :], frame.ins[2 * count :])
        tables = [_table(op, frame, number) for number in range(count)]
        body = BodyEmitter(op.body, e).prepare(scalars)
        return _Rows(e, tables, body, channels, [buffer_element(out) for out in op.outs])

    def square(self, offsets: Sequence[Value], k: Value, read: Load) -> list[list[Value]]:
        """[out][channel] of 16 tokens and the 16 channels from k on, as they lie in memory.

        Args:
            offsets: for each table, where the rows of the tokens begin.
        """
        e = self.e
        known = {
            argument: read(element, e.offset(place, e.mul(k, bytes_of(element))))
            for argument, element, place in self.channels
        }
        body = self.emitter.prepare(known) if known else self.emitter
        starts = [e.offset(table.place, e.mul(k, bytes_of(table.element))) for table in self.tables]
        tokens: list[list[Value]] = []
        for lane in range(LANES):
            rows = [
                read(table.element, e.offset(start, e.load(i64, places, 8 * lane)))
                for table, start, places in zip(self.tables, starts, offsets, strict=True)
            ]
            results = zip(body.apply(rows), self.outs, strict=True)
            tokens.append([narrow(e, value, element) for value, element in results])
        return [transpose(e, vectors) for vectors in zip(*tokens, strict=True)]

    def emit_tile(self, tokens: Value, channels: int, targets: Sequence[Value], number: Value) -> None:
        """Write one tile of each out; `targets` are the first ones."""
        e, rest = self.e, channels % LANES
        first = e.mul(number, TILE)
        groups, *_ = [fill_row_table(e, table.offsets, first, tokens, table.offset)[1] for table in self.tables]
        tiles = [
            (e.offset(target, e.mul(number, channels * TILE * bytes_of(element))), bytes_of(element))
            for target, element in zip(targets, self.outs, strict=True)
        ]

        def whole(element: Attribute, place: Value) -> Value:
            return load(e, element, place, 0, LANES)

        def partial(element: Attribute, place: Value) -> Value:
            vector, mask = vector_of(memory_type(element), LANES), e.tail_mask(e.i64(rest))
            return widen(e, e.load_masked(vector, place, 0, mask), element)

        def group(which: Value, held: tuple[Value, ...]) -> None:
            offsets = [e.offset(table.offsets, e.mul(which, 8 * LANES)) for table in self.tables]

            def block(k: Value, count: int, read: Load) -> None:
                at = e.add(e.mul(k, TILE), e.mul(which, LANES))
                for columns, (tile, width) in zip(self.square(offsets, k, read), tiles, strict=True):
                    place = e.offset(tile, e.mul(at, width))
                    for channel, vector in enumerate(columns[:count]):
                        e.store(vector, place, channel * TILE * width)

            e.for_loop(0, channels - rest, lambda k, held: block(k, LANES, whole), step=LANES)
            if rest:
                block(e.i64(channels - rest), rest, partial)

        e.for_loop(0, groups, group)


def emit(op: Embedding, frame: Frame) -> None:
    """Write the body of the function."""
    e, channels = frame.e, buffer_sizes(op.outs[0])[-1]
    if not isinstance(channels, int):
        raise CompilerBug(f"kernel.embedding of {channels} channels: their number must be known")
    tokens, rows = frame.sizes.tokens(tensor_of(op.outs[0])), _Rows.of(op, frame)
    e.for_loop(frame.begin, frame.end, lambda tile, held: rows.emit_tile(tokens, channels, frame.outs, tile))


EMBEDDING = KernelRow(emit, items)
