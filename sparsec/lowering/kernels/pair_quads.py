"""Dataflow A for targets that multiply bytes only where pairs of products fit 16 bits (`pmaddubsw`).

The blocks of a group of output rows lie such that pairs which fit come first (`sparsec/packing_pairs.py`); the quads
that are left over are multiplied as 16-bit integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.quads import Accumulators, Group, Work, emit_pieces, first_unfit, input_rows
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.lowering.kernels.words import in_order, multiply_fitting_bytes, multiply_words
from sparsec.packing import WeightLayout
from sparsec.schedule import GROUP


@dataclass(frozen=True)
class PairQuadCore:
    """The int8 core for one gathered weight; it has the interface of `QuadCore`, and 16 tokens at a time in registers.

    Attributes:
        weight: its table says which quads of a group do not fit.
    """

    weight: WeightLayout

    def __post_init__(self) -> None:
        if not self.weight.has_unfit:
            raise CompilerBug(f"{self.weight.dataflow} does not say which pairs fit")

    @property
    def order(self) -> TokenOrder:
        """Where tokens sit in the accumulators: in order."""
        return TokenOrder(LANES, interleaved=False)

    def emit(self, e: Emitter, work: Work) -> None:
        """As `QuadCore.emit`."""
        words = e.stack(2 * GROUP * 4)

        def sums(e: Emitter, work: Work, token: Operand, group: Group) -> Accumulators:
            first = e.mul(group.index, GROUP)
            starts = [e.broadcast(work.initial(e.add(first, row))) for row in range(group.rows)]
            return [[total] for total in self._group(e, work, e.offset(work.x, token), group, words, starts)]

        emit_pieces(e, self.weight, work, LANES, sums)

    def _group(
        self, e: Emitter, work: Work, x: Value, group: Group, words: Value, starts: Sequence[Value]
    ) -> Sequence[Value]:
        size = self.weight.entry_size
        middle = first_unfit(e, self.weight, work, group)

        def narrow(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            weights = e.offset(at, self.weight.weights_at)
            return multiply_fitting_bytes(e, input_rows(e, self.weight, x, at), weights, sums)

        def wide(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            # all weights are widened by one instruction and broadcast from memory
            weights = e.load(vector_of(i8, 4 * GROUP), at, self.weight.weights_at)
            e.store(e.sign_extend(weights, i16), words)
            own = [e.offset(words, 8 * row) for row in range(len(sums))]
            return multiply_words(e, input_rows(e, self.weight, x, at), own, sums)

        sums = e.for_loop(group.begin, middle, narrow, starts, step=size)
        return in_order(e, e.for_loop(middle, group.end, wide, sums, step=size))
