"""Dataflow B2: exact int8 products of 4x1 blocks with tokens that lie in rows.

An entry holds up to 16 columns for each of 4 groups of 4 output rows, all within 128 channels: a window, loaded
once for each token. For each group one permutation of bytes picks its columns, the same for all 4 rows, and one dot
product multiplies them. That leaves 4 partial sums per row, which are added once per row at the end.
`packing_rows.py` defines the streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32, i64

from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of
from sparsec.packing_rows import RowsLayout
from sparsec.schedule import GROUP

GROUPS = LANES // GROUP
"""Groups of 4 rows whose sums make up one vector."""


@dataclass(frozen=True)
class Streams:
    """Where the parts of a packed weight begin: found once, not again for every block.

    Attributes:
        table: of the blocks' first entries.
        offsets, indices, weights: of the first entry.
    """

    table: Value
    offsets: Value
    indices: Value
    weights: Value

    @staticmethod
    def of(e: Emitter, layout: RowsLayout, packed: Value) -> Streams:
        """Emit their addresses."""
        total = e.load_extended(i32, packed, 4 * layout.blocks, i64)
        offsets = e.offset(packed, layout.offsets_at)
        indices = e.offset(offsets, e.both(e.add(e.mul(total, layout.offset_size), 63), -64))
        return Streams(packed, offsets, indices, e.offset(indices, e.mul(total, 16 * GROUPS)))


@dataclass(frozen=True)
class WindowCore:
    """The int8 core for one weight and `tokens` at a time."""

    weight: RowsLayout
    tokens: int

    def emit(self, e: Emitter, x: Value, streams: Streams, block: Value, initial: Value) -> list[Value]:
        """The sums of 16 output rows for each token, i32x16.

        Args:
            x: the first token; tokens are K bytes apart.
            streams: of the weight as `packing_rows.pack_rows` laid it out.
            block: which 16 output rows, i64.
            initial: i32x16 that the sums start from.
        """
        partial = self._partial_sums(e, x, streams, block)
        return [e.add(initial, self._reduced(e, partial[token :: self.tokens])) for token in range(self.tokens)]

    def _partial_sums(self, e: Emitter, x: Value, streams: Streams, block: Value) -> Sequence[Value]:
        """[group][token], flat: 128-bit part r of a vector holds 4 sums of row r of the group."""
        layout, size = self.weight, self.weight.offset_size
        table = e.offset(streams.table, e.mul(block, 4))
        first, last = (e.load_extended(i32, table, 4 * i, i64) for i in range(2))

        def entry(_: Value, state: tuple[Value, ...]) -> list[Value]:
            offset_at, index_at, weight_at, *sums = state
            window = e.offset(x, e.load_extended(i16 if size == 2 else i32, offset_at, 0, i64))
            halves = [
                [e.load(vector_of(i8, 64), window, layout.columns * token + 64 * half) for half in range(2)]
                for token in range(self.tokens)
            ]
            for group in range(GROUPS):
                index = e.concat([e.load(vector_of(i8, 16), index_at, 16 * group, align=16)] * GROUP)
                weight = e.load(vector_of(i8, 64), weight_at, 64 * group, align=64)
                for token, (low, high) in enumerate(halves):
                    place = group * self.tokens + token
                    sums[place] = e.dot4(sums[place], e.pick_bytes(low, high, index), weight)
            return [e.offset(offset_at, size), e.offset(index_at, 16 * GROUPS), e.offset(weight_at, 64 * GROUPS), *sums]

        starts = [
            e.offset(streams.offsets, e.mul(first, size)),
            e.offset(streams.indices, e.mul(first, 16 * GROUPS)),
            e.offset(streams.weights, e.mul(first, 64 * GROUPS)),
        ]
        zeros = [e.constant(0, vector_of(i32, LANES))] * (GROUPS * self.tokens)
        return e.for_loop(first, last, entry, [*starts, *zeros])[3:]

    def _reduced(self, e: Emitter, groups: Sequence[Value]) -> Value:
        """Four vectors of partial sums, part r of vector g for row r of group g, to one sum per row in order."""
        a, b, c, d = groups
        ab, cd = (e.add(e.unpack(one, two, high=False), e.unpack(one, two, high=True)) for one, two in ((a, b), (c, d)))
        # a part of ab holds (a, b, a, b): add its halves
        order = [side + 4 * part + lane for part in range(4) for side in (0, LANES) for lane in range(2)]
        total = e.add(e.shuffle(ab, cd, order), e.shuffle(ab, cd, [lane + 2 for lane in order]))
        return e.shuffle(total, total, [4 * row + group for group in range(GROUPS) for row in range(4)])
