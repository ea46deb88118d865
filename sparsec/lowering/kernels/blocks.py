"""Exact int8 products of blocks of 4 input channels with interleaved tiles: 4 channels of a token lie ready as a dword.

Per block: for each of its output rows one dword of weights is broadcast and multiplied with width/16 vectors of 16
tokens, which need no unpacking. Blocks of one row read each vector once, so loads bound them; where the sums of one row
are few vectors, two sets of them keep them from waiting. Targets that multiply bytes only where pairs of products fit
16 bits find such blocks first, and before them couples of which those sums fit, too. `sparsec/packing.py` defines the
weight stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32, i64

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.quads import (
    AHEAD,
    Accumulators,
    Group,
    Work,
    emit_pieces,
    first_single,
    first_unfit,
    initial_sums,
)
from sparsec.lowering.kernels.sets import Sets
from sparsec.lowering.kernels.token_order import WIDTHS, TokenOrder
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.packing import WeightLayout
from sparsec.schedule import TILE

_ENOUGH = 8
"""Vectors of sums that are enough for none to wait, or not for long: a dot product takes 4 or 5 cycles."""

_DWORD_ROW = 4 * TILE
"""Bytes from one dword of a token to its next, in an interleaved tile."""


@dataclass(frozen=True)
class BlockCore:
    """The int8 core for one weight; it has the interface of `QuadCore`.

    Attributes:
        weight: a layout of blocks.
        width: tokens whose sums are in registers at a time: 64, 32 or 16.
    """

    weight: WeightLayout
    width: int = TILE

    def __post_init__(self) -> None:
        if self.width not in WIDTHS or not self.weight.is_blocks:
            raise CompilerBug(f"no blocks of {self.width} tokens with {self.weight.dataflow}")

    @property
    def order(self) -> TokenOrder:
        """Where tokens sit in the accumulators: in order."""
        return TokenOrder(self.width, interleaved=False)

    def emit(self, e: Emitter, work: Work) -> None:
        """As `QuadCore.emit`, on an interleaved tile."""
        emit_pieces(e, self.weight, work, self.width, self._group, asks=self._asks(work))

    def _asks(self, work: Work) -> bool:
        """Whether each step asks ahead, instead of groups before they begin. With several rows of whole tiles, loads
        are to spare, 10 in 8 cycles for 4 and 17 in 12 for 6, which ask for dwords, too; with fewer tokens there is one
        too many if weights are near, but if they are not, it is worth it: BERT-Base with all its weights takes an
        eighth less at 128 tokens, a quarter less at 32 (Intel)."""
        return self.weight.group > 1 and (self.width == TILE or work.cold)

    def _group(self, e: Emitter, work: Work, token: Operand, group: Group) -> Accumulators:
        layout, vectors = self.weight, self.order.vectors
        x = e.offset(work.x, e.scaled(token, 4))
        ahead = layout.looks_ahead * layout.entry_size if self.width == TILE else 0
        starts = [start for start in initial_sums(e, layout, work, group) for _ in range(vectors)]
        sets = Sets(e, self._sets(e), starts)

        def walk(begin: Value, end: Value, sums: Sequence[Value], pairs_fit: bool) -> Sequence[Value]:
            def step(at: Value, sums: Sequence[Value]) -> list[Value]:
                products = zip(sums, self._operands(e, x, at, group.rows), strict=True)
                return [e.dot4(total, *pair, pairs_fit=pairs_fit) for total, pair in products]

            def turn(place: Value, held: tuple[Value, ...]) -> list[Value]:
                sums = list(held)
                at = e.offset(group.entries, place)
                if self._asks(work):
                    e.prefetch(at, AHEAD)
                if ahead:
                    later = self._dwords(e, x, e.offset(at, ahead))
                    for number in range(vectors):
                        e.prefetch(later, 64 * number)
                for first in range(0, layout.multiple, sets.count):
                    numbers = range(first, first + sets.count)
                    sums = sets.step(step, [e.offset(at, layout.entry_size * number) for number in numbers], sums)
                return sums

            return e.for_loop(begin, end, turn, sums, step=layout.entry_size * layout.multiple)

        def couple(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            both = (self._operands(e, x, entry, group.rows) for entry in (at, e.offset(at, layout.entry_size)))
            return [e.dot4_couple(total, *pairs) for total, *pairs in zip(sums, *both, strict=True)]

        begin, sums = group.begin, sets.start
        if e.multiplies_in_pairs:
            begin = first_single(e, layout, work, group)
            sums = e.for_loop(group.begin, begin, couple, sums, step=2 * layout.entry_size)
            unfit = first_unfit(e, layout, work, group)
            sums, begin = walk(begin, unfit, sums, pairs_fit=True), unfit
        flat = sets.total(walk(begin, group.end, sums, pairs_fit=False))
        return [list(flat[row * vectors : (row + 1) * vectors]) for row in range(group.rows)]

    def _sets(self, e: Emitter) -> int:
        """How many sets of sums take turns: none need to where additions are all that waits for a sum, or where it has
        as many vectors as two multiplications per cycle keep waiting."""
        waits = e.multiplies_bytes(pairs_fit=False) and self.width * 4 // e.vector_bytes < _ENOUGH
        return self.weight.multiple if waits else 1

    def _operands(self, e: Emitter, x: Value, at: Value, rows: int) -> Iterator[tuple[Value, Value]]:
        """Dwords of 16 tokens and the weights of an output row, for each row and vector of tokens of one block. Weights
        are loaded when they are asked for: each for itself they leave more registers to sums."""
        dwords = self._dwords(e, x, at)
        vectors = [e.load(vector_of(i8, 64), dwords, 64 * number) for number in range(self.order.vectors)]
        for row in range(rows):
            four = e.load(i32, at, self.weight.weights_at + 4 * row, align=1)
            weight = e.reinterpret(e.broadcast(four, LANES), i8)
            yield from ((vector, weight) for vector in vectors)

    def _dwords(self, e: Emitter, x: Value, at: Value) -> Value:
        """Where the dwords of a block lie."""
        offset = e.load_extended(i16 if self.weight.offset_size == 2 else i32, at, 0, i64)
        return e.offset(x, e.mul(offset, _DWORD_ROW))
