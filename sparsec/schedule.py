"""Schedules: how a kernel walks its weight. Plain values, chosen by `transforms/scheduler.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TILE = 64
"""Tokens of a feature-major tile: the distance between two channels of one tile, in elements."""

GROUP = 4
"""Output rows that one step of a feature-major kernel computes together."""
TALL_GROUP = 6
"""Output rows that blocks on interleaved tiles and dense fp32 weights may take together instead. Their sums, the tokens
and a weight fill 29 of 32 registers with 64 tokens and 15 of 16 with 16; each vector of tokens is loaded for half as
many rows again."""

WINDOW = 128
"""Input channels that one permutation of bytes can pick from."""


CODE_BUDGET = 24 << 10
"""Bytes of code that the patterns of a model may take when they are written into it: most of a first-level cache."""


class Dataflow(StrEnum):
    """The walking order of a matmul kernel."""

    GATHER_QUADS = "gather_quads"
    """int8, 4x1 blocks, tiles: a quad is 4 gathered input rows of one group of 4 output rows (dataflow A)."""

    DENSE_QUADS = "dense_quads"
    """int8, every block stored, tiles: quads are consecutive input rows, so no offsets are read."""

    BAKED_QUADS = "baked_quads"
    """int8, 4x1 blocks, tiles: gathered quads whose offsets are written into the code, one piece per distinct group."""

    BLOCK_QUADS = "block_quads"
    """int8, blocks of 1x4 or 4x4, interleaved tiles: 4 consecutive input rows lie ready as one dword per token."""

    GATHER_DWORDS = "gather_dwords"
    """int8, blocks of 16x4 and taller, rows: one dword of a token is broadcast to 16 output rows (dataflow B1)."""

    DENSE_DWORDS = "dense_dwords"
    """int8, every block stored, rows."""

    PERMUTE_WINDOWS = "permute_windows"
    """int8, 4x1 blocks, rows: 16 of 128 neighbouring channels are picked by a permutation of bytes (dataflow B2)."""

    GATHER_ROWS = "gather_rows"
    """fp32, 4x1 blocks, tiles: one gathered input row feeds 4 output rows."""

    DENSE_ROWS = "dense_rows"
    """fp32, every block stored, tiles."""

    @property
    def is_dense(self) -> bool:
        """Whether it visits every input row."""
        return self in (Dataflow.DENSE_QUADS, Dataflow.DENSE_DWORDS, Dataflow.DENSE_ROWS)

    @property
    def is_integer(self) -> bool:
        """Whether it multiplies bytes."""
        return self not in (Dataflow.GATHER_ROWS, Dataflow.DENSE_ROWS)

    @property
    def is_token_major(self) -> bool:
        """Whether it reads and writes rows, one token's channels side by side, instead of tiles."""
        return self in (Dataflow.GATHER_DWORDS, Dataflow.DENSE_DWORDS, Dataflow.PERMUTE_WINDOWS)

    @property
    def tiles(self) -> tuple[int, ...]:
        """How many tokens it can keep in registers at a time, the usual number first."""
        if self is Dataflow.PERMUTE_WINDOWS:
            return 4, 3, 2, 1
        return tuple(range(8, 0, -1)) if self.is_token_major else (TILE, 32, 16)

    @property
    def row_counts(self) -> tuple[int, ...]:
        """How many output rows it can compute together, the usual number first."""
        match self:
            case Dataflow.GATHER_DWORDS | Dataflow.DENSE_DWORDS:
                return 32, 16, 64
            case Dataflow.BLOCK_QUADS:
                return GROUP, TALL_GROUP, 1
            case Dataflow.PERMUTE_WINDOWS:
                return (16,)
            case Dataflow.DENSE_ROWS:
                return GROUP, TALL_GROUP
            case _:
                return (GROUP,)


@dataclass(frozen=True)
class Schedule:
    """A dataflow and what it keeps in registers at a time.

    Attributes:
        dataflow: the walking order.
        tile: tokens at a time, at most: 64, 32 or 16 of a tile, 8, 4, 2 or 1 in rows; the last of a call may be fewer.
        rows: output rows at a time.
    """

    dataflow: Dataflow
    tile: int = TILE
    rows: int = GROUP
