"""fp32 products of gathered or consecutive input rows with groups of 4 output rows, consecutive ones with 6, too.

Per input row: load width/16 vectors of tokens, and for each output row broadcast a weight for width/16 multiply-adds
(fused where possible).
`sparsec/packing.py` defines the weight stream; tokens stay in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import f32, i32, i64

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.quads import AHEAD, Accumulators, Group, Work, emit_pieces, initial_sums
from sparsec.lowering.kernels.token_order import WIDTHS, TokenOrder
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.packing import LOOK_AHEAD, WeightLayout
from sparsec.schedule import TILE


@dataclass(frozen=True)
class RowCore:
    """The fp32 core for one weight.

    Attributes:
        weight: a layout of rows, gathered or dense.
        width: tokens whose sums are in registers at a time: 64, 32 or 16.
    """

    weight: WeightLayout
    width: int = TILE

    def __post_init__(self) -> None:
        if self.width not in WIDTHS or self.weight.is_quads:
            raise CompilerBug(f"no rows of {self.width} tokens with {self.weight.dataflow}")

    @property
    def order(self) -> TokenOrder:
        """Where tokens sit in the accumulators: in order."""
        return TokenOrder(self.width, interleaved=False)

    def emit(self, e: Emitter, work: Work) -> None:
        """As `QuadCore.emit`, on an f32 tile, whose rows are 256 bytes apart; sums start from f32 scalars."""
        emit_pieces(e, self.weight, work, self.width, self._group, asks=True)

    def _group(self, e: Emitter, work: Work, token: Operand, group: Group) -> Accumulators:
        vectors = self.order.vectors
        carried = [start for start in initial_sums(e, self.weight, work, group) for _ in range(vectors)]
        walk = self._gathered if self.weight.is_gathered else self._dense
        flat = walk(e, e.offset(work.x, e.scaled(token, 4)), group, carried)
        return [list(flat[row * vectors : (row + 1) * vectors]) for row in range(group.rows)]

    def _gathered(self, e: Emitter, x: Value, group: Group, carried: Sequence[Value]) -> Sequence[Value]:
        size = self.weight.entry_size
        ahead = self.weight.looks_ahead * size

        def column(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            e.prefetch(at, AHEAD)
            if ahead:
                later = e.offset(x, e.load_extended(i32, at, ahead, i64))
                for vector in range(self.order.vectors):
                    e.prefetch(later, 64 * vector)
            row = e.offset(x, e.load_extended(i32, at, 0, i64))
            return self._step(e, row, e.offset(at, self.weight.weights_at), sums)

        return e.for_loop(group.begin, group.end, column, carried, step=size)

    def _dense(self, e: Emitter, x: Value, group: Group, carried: Sequence[Value]) -> Sequence[Value]:
        size, far = self.weight.entry_size, self.width == TILE and not self.weight.is_near

        def column(_: Value, state: tuple[Value, ...]) -> list[Value]:
            at, row, *sums = state
            e.prefetch(at, AHEAD)
            if far:
                for vector in range(self.order.vectors):
                    e.prefetch(row, LOOK_AHEAD * 4 * TILE + 64 * vector)
            return [e.offset(at, size), e.offset(row, 4 * TILE), *self._step(e, row, at, sums)]

        entry = e.offset(group.entries, group.begin)
        return e.for_loop(0, self.weight.columns, column, [entry, x, *carried])[2:]

    def _step(self, e: Emitter, row: Value, weights: Value, sums: Sequence[Value]) -> list[Value]:
        """Accumulate one input row (a pointer) times f32 weights [output row]."""
        vectors = [e.load(vector_of(f32, LANES), row, 64 * i) for i in range(self.order.vectors)]
        result: list[Value] = []
        for index in range(len(sums) // len(vectors)):
            weight = e.load_broadcast(f32, weights, 4 * index)
            for number, vector in enumerate(vectors):
                result.append(e.fma(vector, weight, sums[index * len(vectors) + number]))
        return result
