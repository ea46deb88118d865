"""Schedules: how a kernel walks its weight. Plain values, chosen by `cost.choose_schedule`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TILE = 64
"""Tokens of a feature-major tile: the distance between two channels of one tile, in elements."""

GROUP = 4
"""Output rows that one kernel step computes together."""


class Dataflow(StrEnum):
    """The walking order of a matmul kernel over feature-major tiles of tokens."""

    GATHER_QUADS = "gather_quads"
    """int8, 4x1 blocks: a quad is 4 gathered input rows of one group of 4 output rows (dataflow A)."""

    DENSE_QUADS = "dense_quads"
    """int8, every block stored: quads are consecutive input rows, so no offsets are read."""

    GATHER_ROWS = "gather_rows"
    """fp32, 4x1 blocks: one gathered input row feeds 4 output rows."""

    DENSE_ROWS = "dense_rows"
    """fp32, every block stored."""

    @property
    def is_dense(self) -> bool:
        """Whether it visits every input row."""
        return self in (Dataflow.DENSE_QUADS, Dataflow.DENSE_ROWS)

    @property
    def is_integer(self) -> bool:
        """Whether it multiplies bytes."""
        return self in (Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS)


@dataclass(frozen=True)
class Schedule:
    """A dataflow and the tokens it keeps in registers at a time.

    Attributes:
        dataflow: the walking order.
        tile: tokens per register tile, 64, 32 or 16; the last tile of a call may use a smaller one.
    """

    dataflow: Dataflow
    tile: int = TILE
