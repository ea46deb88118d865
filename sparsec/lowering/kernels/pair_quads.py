"""Dataflow A for targets that multiply bytes only where pairs of products fit 16 bits (`pmaddubsw`).

The blocks of a group of output rows lie such that pairs which fit come first (`sparsec/packing_pairs.py`); the quads
that are left over are multiplied as 16-bit integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.quads import (
    Accumulators,
    Group,
    QuadCore,
    Work,
    emit_pieces,
    first_unfit,
    in_parts,
    initial_sums,
    input_rows,
    parts,
)
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.lowering.kernels.words import add_words, in_order, interleaved_words, multiply_fitting_bytes, part_in_words
from sparsec.packing import WeightLayout
from sparsec.schedule import GROUP


@dataclass(frozen=True)
class PairQuadCore:
    """The int8 core for one gathered weight; it has the interface of `QuadCore`, and 16 tokens at a time in registers.

    Attributes:
        weight: its table says which quads of a group do not fit.
        width: tokens of a row that are loaded at a time, 32 or 16.
    """

    weight: WeightLayout
    width: int

    def __post_init__(self) -> None:
        if self.width not in (2 * LANES, LANES) or not self.weight.has_unfit:
            raise CompilerBug(f"{self.weight.dataflow} of {self.width} tokens does not say which pairs fit")

    @property
    def order(self) -> TokenOrder:
        """Where tokens sit in the accumulators."""
        return TokenOrder(self.width, interleaved=self.width > LANES)

    def emit(self, e: Emitter, work: Work) -> None:
        """As `QuadCore.emit`."""
        words = e.stack(2 * GROUP * 4)

        def sums(e: Emitter, work: Work, token: Operand, group: Group) -> Accumulators:
            x, middle = e.offset(work.x, token), first_unfit(e, self.weight, work, group)
            return in_parts(
                parts(self.width, LANES),
                initial_sums(e, work, group),
                lambda part, starts: self._walk(e, x, group, middle, words, part, starts),
            )

        emit_pieces(e, self.weight, work, self.width, sums)

    def _walk(
        self, e: Emitter, x: Value, group: Group, middle: Value, words: Value, part: range, starts: Sequence[Value]
    ) -> Sequence[Value]:
        """The sums of 16 tokens, of 32 those of `part`."""
        size, alone = self.weight.entry_size, self.width == LANES
        bytes_core = QuadCore(self.weight, self.width, LANES, pairs_fit=True)

        def narrow(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            rows, weights = input_rows(e, self.weight, x, at), e.offset(at, self.weight.weights_at)
            if alone:
                return multiply_fitting_bytes(e, rows, weights, sums)
            return bytes_core.step(e, rows, weights, sums, part)

        def wide(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            # all weights are widened by one instruction and broadcast from memory
            weights = e.load(vector_of(i8, 4 * GROUP), at, self.weight.weights_at)
            e.store(e.sign_extend(weights, i16), words)
            own = [e.offset(words, 8 * row) for row in range(len(sums))]
            rows = input_rows(e, self.weight, x, at)
            pairs = interleaved_words(e, rows) if alone else part_in_words(e, rows, part)
            return add_words(e, pairs, own, sums)

        sums = e.for_loop(group.begin, middle, narrow, starts, step=size)
        sums = e.for_loop(middle, group.end, wide, sums, step=size)
        return in_order(e, sums) if alone else sums
