"""Dataflow A for targets that multiply only 16-bit integers: weights are widened once for all tokens of a tile.

To widen 16 weights costs as much as to multiply them by 16 tokens, which is what the registers of such targets hold.
So the quads of a group of output rows are unpacked into memory in blocks, and each block is used for all pieces of the
tile; between blocks, the sums lie in memory too. `sparsec/packing.py` defines the weight stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32, i64

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.quads import Group, Pieces, Work, emit_groups
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.lowering.kernels.words import in_order, multiply_words
from sparsec.packing import WeightLayout
from sparsec.schedule import GROUP, TILE

BLOCK = 64
"""Quads in a block: 3 KB."""

_WEIGHTS_AT, _SIZE = 16, 48
"""An unpacked quad is `{u32 offset[4]; s16 w[4 rows][4]}`; an offset is the byte distance of an input row in a tile."""


@dataclass(frozen=True)
class WordQuadCore:
    """The int8 core for one weight; it has the interface of `QuadCore`, and 16 tokens at a time in registers.

    Attributes:
        weight: a layout of quads, gathered or dense.
    """

    weight: WeightLayout

    def __post_init__(self) -> None:
        if not self.weight.is_quads:
            raise CompilerBug(f"no quads with {self.weight.dataflow}")

    @property
    def order(self) -> TokenOrder:
        """Where tokens sit in the accumulators: in order."""
        return TokenOrder(LANES, interleaved=False)

    def emit(self, e: Emitter, work: Work) -> None:
        """As `QuadCore.emit`; at most 64 tokens."""
        pieces, block, memory = (
            Pieces(LANES, work.tokens, work.first),
            e.stack(BLOCK * _SIZE),
            e.stack(GROUP * TILE * 4),
        )

        def rows(group: Group) -> None:
            first = e.mul(group.index, GROUP)
            starts = [e.broadcast(work.initial(e.add(first, row))) for row in range(group.rows)]
            pieces.walk(e, lambda token: _store(e, memory, token, starts))
            entry = e.offset(group.entries, group.begin)
            count = e.div(e.sub(group.end, group.begin), self.weight.entry_size)

            def some(at: Value, _: tuple[Value, ...]) -> None:
                size = e.minimum(e.sub(count, at), BLOCK)
                self._unpack(e, entry, at, size, block)
                pieces.walk(
                    e, lambda token: _multiply(e, block, size, e.offset(work.x, token), memory, token, group.rows)
                )

            e.for_loop(0, count, some, step=BLOCK)

            def finish(token: Operand) -> None:
                sums = in_order(e, _load(e, memory, token, group.rows))
                work.epilogue(first, token, [[total] for total in sums])

            pieces.walk(e, finish)

        emit_groups(e, self.weight, work, rows)

    def _unpack(self, e: Emitter, entry: Value, start: Value, count: Value, block: Value) -> None:
        """Fill the block with quads number start .. start + count of those at `entry`."""

        def quad(number: Value, _: tuple[Value, ...]) -> None:
            index = e.add(start, number)
            source = e.offset(entry, e.mul(index, self.weight.entry_size))
            target = e.offset(block, e.mul(number, _SIZE))
            for i, offset in enumerate(self._offsets(e, source, index)):
                e.store(e.truncate(offset, i32), target, 4 * i)
            weights = e.load(vector_of(i8, 16), source, self.weight.weights_at)
            e.store(e.sign_extend(weights, i16), target, _WEIGHTS_AT)

        e.for_loop(0, count, quad)

    def _offsets(self, e: Emitter, source: Value, index: Value) -> list[Value]:
        """Where the 4 input rows of a quad lie in a tile (i64)."""
        if self.weight.is_gathered:
            size = self.weight.offset_size
            loaded = [e.load_extended(i16 if size == 2 else i32, source, size * i, i64) for i in range(4)]
            return [e.shift_left(offset, 3) for offset in loaded]
        # the last rows of the last quad have zero weights: read an existing row for them, not beyond the tile
        first, last = e.mul(index, 4), self.weight.columns - 1
        return [e.mul(e.minimum(e.add(first, i), last), TILE) for i in range(4)]


def _multiply(e: Emitter, block: Value, count: Value, x: Value, memory: Value, token: Operand, rows: int) -> None:
    """Add the products of `count` unpacked quads with the tokens of one piece to the sums in memory."""

    def quad(_: Value, state: tuple[Value, ...]) -> list[Value]:
        at, *sums = state
        inputs = [e.offset(x, e.load_extended(i32, at, 4 * i, i64)) for i in range(4)]
        weights = [e.offset(at, _WEIGHTS_AT + 8 * row) for row in range(rows)]
        return [e.offset(at, _SIZE), *multiply_words(e, inputs, weights, sums)]

    results = e.for_loop(0, count, quad, [block, *_load(e, memory, token, rows)])
    _store(e, memory, token, results[1:])


def _load(e: Emitter, memory: Value, token: Operand, rows: int) -> list[Value]:
    start = e.offset(memory, e.scaled(token, 4))
    return [e.load(vector_of(i32, LANES), start, 4 * TILE * row) for row in range(rows)]


def _store(e: Emitter, memory: Value, token: Operand, sums: Sequence[Value]) -> None:
    start = e.offset(memory, e.scaled(token, 4))
    for row, value in enumerate(sums):
        e.store(value, start, 4 * TILE * row)
