"""Dataflow B1: exact int8 products of blocks of R output rows x 4 input channels with tokens that lie in rows.

Per block: R/16 vectors of 16 rows x 4 weights are loaded; for each token the dword of its 4 channels is broadcast and
multiplied with all of them. Sums are per token, 16 output channels to a vector. `packing_rows.py` defines the streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32, i64

from sparsec.lowering.kernels.sets import Sets
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of
from sparsec.packing_rows import RowsLayout
from sparsec.schedule import Dataflow


@dataclass(frozen=True)
class DwordCore:
    """The int8 core for one weight and `tokens` at a time."""

    weight: RowsLayout
    tokens: int

    @property
    def vectors(self) -> int:
        """Vectors of 16 output rows."""
        return self.weight.block_rows // LANES

    def emit(self, e: Emitter, x: Value, packed: Value, block: Value, initial: Sequence[Value]) -> list[list[Value]]:
        """The sums [vector][token] of one block row.

        Args:
            x: the first token; tokens are K bytes apart.
            packed: the weight as `packing_rows.pack_rows` laid it out.
            block: which block row, i64.
            initial: i32x16 that the sums start from, for each vector.
        """
        carried = [start for start in initial for _ in range(self.tokens)]
        dense = self.weight.schedule.dataflow is Dataflow.DENSE_DWORDS
        flat = self._dense(e, x, packed, block, carried) if dense else self._gathered(e, x, packed, block, carried)
        return [list(flat[vector * self.tokens : (vector + 1) * self.tokens]) for vector in range(self.vectors)]

    @property
    def _size(self) -> int:
        return 4 * self.weight.block_rows

    def _gathered(self, e: Emitter, x: Value, packed: Value, block: Value, carried: Sequence[Value]) -> Sequence[Value]:
        layout = self.weight
        table = e.offset(packed, e.mul(block, 4))
        first, last = (e.load_extended(i32, table, 4 * i, i64) for i in range(2))
        total = e.load_extended(i32, packed, 4 * layout.blocks, i64)
        offsets_size = e.both(e.add(e.mul(total, layout.offset_size), 63), -64)
        weights = e.offset(e.offset(packed, e.add(offsets_size, layout.offsets_at)), e.mul(first, self._size))
        offset = e.offset(packed, e.add(e.mul(first, layout.offset_size), layout.offsets_at))
        element = i16 if layout.offset_size == 2 else i32
        sets = Sets(e, layout.sets, carried)

        def step(place: tuple[Value, Value], sums: Sequence[Value]) -> list[Value]:
            offset_at, weight_at = place
            return self._step(e, e.offset(x, e.load_extended(element, offset_at, 0, i64)), weight_at, sums)

        def turn(_: Value, state: tuple[Value, ...]) -> list[Value]:
            offset_at, weight_at, *sums = state
            places = [
                (e.offset(offset_at, layout.offset_size * i), e.offset(weight_at, self._size * i))
                for i in range(sets.count)
            ]
            ends = e.offset(offset_at, layout.offset_size * sets.count), e.offset(weight_at, self._size * sets.count)
            return [*ends, *sets.step(step, places, sums)]

        ends = e.for_loop(first, last, turn, [offset, weights, *sets.start], step=sets.count)
        return sets.total(ends[2:])

    def _dense(self, e: Emitter, x: Value, packed: Value, block: Value, carried: Sequence[Value]) -> Sequence[Value]:
        layout, size = self.weight, self._size
        start = e.offset(packed, e.mul(block, size * layout.dwords))
        sets = Sets(e, layout.sets, carried)

        def step(place: tuple[Value, Value], sums: Sequence[Value]) -> list[Value]:
            return self._step(e, place[0], place[1], sums)

        def turn(_: Value, state: tuple[Value, ...]) -> list[Value]:
            x_at, weight_at, *sums = state
            places = [(e.offset(x_at, 4 * i), e.offset(weight_at, size * i)) for i in range(sets.count)]
            ends = e.offset(x_at, 4 * sets.count), e.offset(weight_at, size * sets.count)
            return [*ends, *sets.step(step, places, sums)]

        turns = layout.columns // (4 * sets.count)
        sums = sets.total(e.for_loop(0, turns, turn, [x, start, *sets.start])[2:])
        for dword in range(turns * sets.count, layout.dwords):
            sums = step((e.offset(x, layout.dword_start(dword)), e.offset(start, size * dword)), sums)
        return sums

    def _step(self, e: Emitter, dword: Value, weights: Value, sums: Sequence[Value]) -> list[Value]:
        """Accumulate one block: a dword of each token (a pointer to the first one's) times [vector][16 rows][4]."""
        loaded = [e.load(vector_of(i8, 64), weights, 64 * i, align=64) for i in range(self.vectors)]
        result = list(sums)
        for token in range(self.tokens):
            four = e.reinterpret(e.broadcast(e.load(i32, dword, self.weight.columns * token, align=1)), i8)
            for vector, weight in enumerate(loaded):
                place = vector * self.tokens + token
                result[place] = e.dot4(result[place], four, weight)
        return result
