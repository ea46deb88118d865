"""Dataflow A for targets that multiply bytes only where pairs of products fit 16 bits (`pmaddubsw`).

The blocks of a group of output rows lie such that quads of pairs which fit come first (`sparsec/packing_pairs.py`), and
before them couples of quads whose pairs are added in 16 bits; what is left over is multiplied as 16-bit integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.quads import (
    Accumulators,
    Group,
    Work,
    emit_pieces,
    first_single,
    first_unfit,
    in_parts,
    initial_sums,
    input_rows,
    parts,
)
from sparsec.lowering.kernels.token_order import TokenOrder, interleave
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.lowering.kernels.words import add_words, in_order, interleaved_bytes, interleaved_words, part_in_words
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
            x = e.offset(work.x, token)
            ends = first_single(e, self.weight, work, group), first_unfit(e, self.weight, work, group)
            return in_parts(
                parts(self.width, LANES),
                initial_sums(e, self.weight, work, group),
                lambda part, starts: self._walk(e, x, group, ends, words, part, starts),
            )

        emit_pieces(e, self.weight, work, self.width, sums)

    def _walk(
        self,
        e: Emitter,
        x: Value,
        group: Group,
        ends: tuple[Value, Value],
        words: Value,
        part: range,
        starts: Sequence[Value],
    ) -> Sequence[Value]:
        """The sums of 16 tokens, of 32 those of `part`; `ends` are those of couples and of quads that fit."""
        size, alone, rows = self.weight.entry_size, self.width == LANES, len(starts)

        def tokens_of(at: Value) -> Value:
            inputs = input_rows(e, self.weight, x, at)
            if alone:
                return interleaved_bytes(e, inputs)
            (tokens,) = interleave(e, [e.load(vector_of(i8, self.width), row) for row in inputs], part)
            return tokens

        def weight_of(at: Value, row: int) -> Value:
            return e.reinterpret(e.load_broadcast(i32, at, self.weight.weights_at + 4 * row), i8)

        def couple(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            quads = [e.offset(group.entries, place), e.offset(group.entries, e.add(place, size))]
            tokens = [tokens_of(at) for at in quads]
            result: list[Value] = []
            for row, total in enumerate(sums):
                first, second = ((own, weight_of(at, row)) for own, at in zip(tokens, quads, strict=True))
                result.append(e.dot4_couple(total, first, second))
            return result

        def narrow(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            tokens = tokens_of(at)
            return [e.dot4(total, tokens, weight_of(at, row), pairs_fit=True) for row, total in enumerate(sums)]

        def wide(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            # all weights are widened by one instruction and broadcast from memory
            weights = e.load(vector_of(i8, 4 * GROUP), at, self.weight.weights_at)
            e.store(e.sign_extend(weights, i16), words)
            own = [e.offset(words, 8 * row) for row in range(rows)]
            inputs = input_rows(e, self.weight, x, at)
            pairs = interleaved_words(e, inputs) if alone else part_in_words(e, inputs, part)
            return add_words(e, pairs, own, sums)

        single, unfit = ends
        sums = e.for_loop(group.begin, single, couple, starts, step=2 * size)
        sums = e.for_loop(single, unfit, narrow, sums, step=size)
        sums = e.for_loop(unfit, group.end, wide, sums, step=size)
        return in_order(e, sums) if alone else sums
