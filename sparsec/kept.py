"""Which weights of a matrix are not zero, counted in the units of each dataflow."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sparsec.packing_baked import CODE_BYTES_PER_PIECE, CODE_BYTES_PER_QUAD
from sparsec.packing_rows import RowsLayout, windows_of
from sparsec.pattern import Bitmaps
from sparsec.schedule import GROUP, TILE, Dataflow, Schedule


class Kept:
    """Which weights of a matrix `[out, in]` are not zero, counted in the units of each dataflow.

    Args:
        matrix: of any dtype.
    """

    def __init__(self, matrix: NDArray[np.generic]):
        self.rows, self.columns = matrix.shape
        self._bitmaps = Bitmaps(np.asarray(matrix != 0))

    def bitmap(self, rows: int, columns: int) -> NDArray[np.bool_]:
        """Which blocks of rows x columns hold anything; the last ones may be cut off."""
        return self._bitmaps.of(rows, columns)

    @cached_property
    def nonzeros(self) -> int:
        """How many weights are not zero."""
        return int(np.count_nonzero(self.bitmap(1, 1)))

    @cached_property
    def quads(self) -> int:
        """Quads of 4x1 blocks: padded, at least one for each group of 4 rows."""
        per_group = np.count_nonzero(self.bitmap(GROUP, 1), axis=1)
        return int(np.maximum(-(-per_group // 4), 1).sum())

    @cached_property
    def windows(self) -> int:
        """Entries of `permute_windows`."""
        columns = self.bitmap(GROUP, 1)
        blocks = (columns[start : start + 16 // GROUP] for start in range(0, len(columns), 16 // GROUP))
        return sum(1 for rows in blocks for _ in windows_of([np.flatnonzero(row) for row in rows], self.columns))

    def code_size(self, tile: int) -> int:
        """About how many bytes of code `baked_quads` takes, for groups with equal patterns only once."""
        patterns = np.unique(self.bitmap(GROUP, 1), axis=0)
        quads = int((-(-np.count_nonzero(patterns, axis=1) // 4)).sum())
        return (CODE_BYTES_PER_QUAD * quads + CODE_BYTES_PER_PIECE * len(patterns)) * tile // TILE

    def steps(self, schedule: Schedule) -> int:
        """How often the kernel of a schedule takes its innermost step, for one tile of tokens."""
        groups = -(-self.rows // schedule.rows)
        match schedule.dataflow:
            case Dataflow.GATHER_QUADS | Dataflow.BAKED_QUADS:
                return self.quads
            case Dataflow.DENSE_QUADS:
                return groups * -(-self.columns // 4)
            case Dataflow.DENSE_DWORDS:
                return groups * -(-self.columns // 4)
            case Dataflow.BLOCK_QUADS | Dataflow.GATHER_DWORDS:
                multiple = sets_of(schedule, self.rows, self.columns)
                per_group = np.count_nonzero(self.bitmap(schedule.rows, 4), axis=1)
                return int((-(-per_group // multiple) * multiple).sum())
            case Dataflow.PERMUTE_WINDOWS:
                return self.windows
            case Dataflow.GATHER_ROWS:
                return int(np.count_nonzero(self.bitmap(GROUP, 1)))
            case Dataflow.DENSE_ROWS:
                return groups * self.columns

    def multiplied(self, schedule: Schedule) -> int:
        """How many weights the kernel of a schedule multiplies with each token: the stored ones and what pads them."""
        match schedule.dataflow:
            case Dataflow.GATHER_ROWS | Dataflow.DENSE_ROWS:
                return self.steps(schedule) * schedule.rows
            case Dataflow.PERMUTE_WINDOWS:
                return self.steps(schedule) * 4 * TILE  # four vectors of 64 products
            case _:
                return self.steps(schedule) * schedule.rows * 4


def sets_of(schedule: Schedule, rows: int, columns: int) -> int:
    """How many sets of sums take turns where one would wait; entries are padded to a multiple of it."""
    if schedule.dataflow is Dataflow.BLOCK_QUADS:
        return 2 if schedule.rows == 1 else 1
    return RowsLayout(rows, columns, schedule).sets if schedule.dataflow.is_token_major else 1
