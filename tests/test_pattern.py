"""Block patterns: which blocks are stored, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsec.errors import ShapeError
from sparsec.pattern import Bitmaps, BlockPattern


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_stored_blocks_cover_exactly_the_non_zeros(out: int, inputs: int, rows: int, columns: int, seed: int) -> None:
    matrix = np.random.default_rng(seed).integers(-1, 2, (out, inputs)) * np.random.default_rng(seed).integers(0, 2)
    pattern = BlockPattern.of(matrix, rows, columns)
    for i in range(pattern.stored.shape[0]):
        for j in range(pattern.stored.shape[1]):
            block = matrix[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
            assert pattern.stored[i, j] == (block != 0).any()


@given(st.integers(0, 9), st.integers(0, 9), st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1))
def test_bitmaps_of_many_shapes_agree_with_the_matrix(out: int, inputs: int, shapes: list[tuple[int, int]]) -> None:
    kept = np.random.default_rng(out * 10 + inputs).random((out, inputs)) < 0.1
    bitmaps = Bitmaps(kept)
    for rows, columns in shapes:
        padded = np.zeros((-(-out // rows) * rows, -(-inputs // columns) * columns), bool)
        padded[:out, :inputs] = kept
        blocks = padded.reshape(padded.shape[0] // rows, rows, padded.shape[1] // columns, columns)
        assert (bitmaps.of(rows, columns) == blocks.any(axis=(1, 3))).all()


def test_zero_may_be_another_number() -> None:
    assert BlockPattern.of(np.full((4, 4), 128), 2, 2, zero=128).blocks == 0


def test_digest_tells_patterns_apart() -> None:
    a, b = np.eye(4), np.eye(4)[::-1]
    assert BlockPattern.of(a, 1, 1).digest == BlockPattern.of(a * 3, 1, 1).digest
    assert len({BlockPattern.of(m, r, 1).digest for m in (a, b) for r in (1, 2)}) == 4


def test_a_bitmap_of_another_size_is_refused() -> None:
    with pytest.raises(ShapeError, match="a 8x8 matrix in 4x1 blocks has a 2x8 bitmap, got 8x8"):
        BlockPattern(4, 1, (8, 8), np.ones((8, 8), bool))
