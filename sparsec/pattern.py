"""Which blocks of a weight matrix exist. numpy only.

A *block* is the small dense tile, rows x columns of the `[out, in]` matrix, kept or pruned as a whole. 4x1 means
4 consecutive output channels x 1 input channel (some model hubs write the same thing "1x4").
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import ShapeError
from sparsec.weights import Array


@dataclass(frozen=True, eq=False)
class BlockPattern:
    """The block shape and the bitmap of stored blocks of one weight.

    Attributes:
        rows, columns: the block shape.
        shape: the matrix, `(out, in)`; it need not be a multiple of the block, the last blocks are then cut off.
        stored: bool `[ceil(out / rows), ceil(in / columns)]`, True where a block is kept.
    """

    rows: int
    columns: int
    shape: tuple[int, int]
    stored: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1:
            raise ShapeError(f"block {self.rows}x{self.columns} is empty: both sides must be at least 1")
        grid = (-(-self.shape[0] // self.rows), -(-self.shape[1] // self.columns))
        if self.stored.shape != grid:
            raise ShapeError(
                f"a {self.shape[0]}x{self.shape[1]} matrix in {self.rows}x{self.columns} blocks has a "
                f"{grid[0]}x{grid[1]} bitmap, got {self.stored.shape[0]}x{self.stored.shape[1]}"
            )

    @staticmethod
    def of(matrix: Array, rows: int, columns: int, zero: int | float = 0) -> BlockPattern:
        """The pattern of `matrix[out, in]`: a block is stored when any of its elements differs from `zero`."""
        out, inputs = matrix.shape
        return BlockPattern(rows, columns, (out, inputs), Bitmaps(np.asarray(matrix != zero)).of(rows, columns))

    @property
    def blocks(self) -> int:
        """How many blocks are stored."""
        return int(np.count_nonzero(self.stored))

    @property
    def density(self) -> float:
        """Stored blocks over all blocks, 0 to 1."""
        return self.blocks / self.stored.size if self.stored.size else 0.0

    @cached_property
    def digest(self) -> str:
        """16 hex digits that identify block shape, matrix shape and bitmap."""
        header = f"{self.rows}x{self.columns} {self.shape}".encode()
        return hashlib.sha256(header + np.packbits(self.stored).tobytes()).hexdigest()[:16]


class Bitmaps:
    """Which blocks of a matrix hold anything, for block shapes of any size.

    Args:
        kept: bool `[out, in]`, which elements are not zero.
    """

    def __init__(self, kept: NDArray[np.bool_]):
        self._made = {(1, 1): kept}

    def of(self, rows: int, columns: int) -> NDArray[np.bool_]:
        """bool `[ceil(out / rows), ceil(in / columns)]`; each is made from that of a smaller shape, and kept."""
        shape = rows, columns
        if shape not in self._made:
            if columns > 1:
                count = _factor(columns)
                self._made[shape] = _merged_columns(self.of(rows, columns // count), count)
            else:
                count = _factor(rows)
                self._made[shape] = _merged(self.of(rows // count, 1), count)
        return self._made[shape]


def _factor(size: int) -> int:
    """How many smaller blocks make one: 4, since shapes of 4 are asked for, else 2, or as many as it takes."""
    return next((factor for factor in (4, 2) if size % factor == 0), size)


def _merged_columns(mask: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """`count` columns next to each other or-ed; the last ones may be fewer."""
    if count in _WORDS and mask.shape[1] % count == 0:
        return np.ascontiguousarray(mask).view(_WORDS[count]) != 0
    return _merged(mask.T, count).T


_WORDS = {2: np.uint16, 4: np.uint32}
"""Integers that as many flags fit in: one comparison takes them all, twenty times as fast as columns one by one."""


def _merged(mask: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """`count` rows after each other or-ed; the last ones may be fewer."""
    result = mask[::count].copy()
    for number in range(1, count):
        part = mask[number::count]
        result[: len(part)] |= part
    return result
