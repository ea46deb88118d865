"""Dataflow A with the pattern in the code: no offsets are read, no loop runs over quads, absent blocks leave no trace.

There is one piece of code for each distinct pattern of a group of output rows; a loop runs over the groups that share
it. `packing_baked.py` defines pieces and stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i32, i64

from sparsec.lowering.kernels.quads import Pieces, QuadCore, Work
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import Emitter, Operand, Value
from sparsec.packing import WeightLayout
from sparsec.packing_baked import Piece, groups_at
from sparsec.schedule import GROUP, TILE, Dataflow


@dataclass(frozen=True)
class BakedCore:
    """The int8 core for one pattern; it has the interface of `QuadCore`, but always computes all groups.

    Attributes:
        weight: the layout; only its sizes matter.
        pieces: the pattern.
        width: tokens whose sums are in registers at a time.
    """

    weight: WeightLayout
    pieces: Sequence[Piece]
    width: int = TILE

    @property
    def order(self) -> TokenOrder:
        """Where tokens sit in the accumulators."""
        return TokenOrder(self.width, interleaved=True)

    def emit(self, e: Emitter, work: Work) -> None:
        """As `QuadCore.emit`, for all groups."""
        first, weights = 0, e.offset(work.packed, groups_at(self.weight.groups))
        for piece in self.pieces:
            self._piece(e, work, e.offset(work.packed, 4 * first), weights, piece)
            first += piece.count
            weights = e.offset(weights, 16 * piece.quads * piece.count)

    def _piece(self, e: Emitter, work: Work, groups: Value, weights: Value, piece: Piece) -> None:
        vectors = self.order.vectors
        core = QuadCore(WeightLayout(self.weight.rows, self.weight.columns, Dataflow.GATHER_QUADS), self.width)

        def group(number: Value, _: tuple[Value, ...]) -> None:
            channel = e.mul(e.load_extended(i32, groups, e.mul(number, 4), i64), GROUP)
            own = e.offset(weights, e.mul(number, 16 * piece.quads))

            def part(token: Operand) -> None:
                starts = [e.broadcast(work.initial(e.add(channel, row))) for row in range(piece.rows)]
                sums = [start for start in starts for _ in range(vectors)]
                for quad in range(piece.quads):
                    columns = piece.columns[4 * quad : 4 * quad + 4]
                    rows = [e.offset(e.offset(work.x, token), TILE * column) for column in columns]
                    sums = core.step(e, rows, e.offset(own, 16 * quad), sums)
                rows_of_sums = [sums[row * vectors : (row + 1) * vectors] for row in range(piece.rows)]
                work.epilogue(channel, token, rows_of_sums)

            Pieces(self.width, work.tokens, work.first).walk(e, part)

        e.for_loop(0, piece.count, group)
