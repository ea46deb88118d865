"""Known values: constants, sizes and index grids."""

import numpy as np
import pytest

from sparsec.dims import Dim
from sparsec.frontend.onnx_values import Grid, Known, Stack, as_grid, shape_of

S, B = Dim.symbol("s"), Dim.symbol("b")
INT = np.dtype(np.int64)


def test_known_sizes() -> None:
    known = Known.of_sizes([B, 3, S * 2])
    assert known.is_symbolic
    assert known.dtype == INT
    assert known.sizes() == [B, 3, S * 2]
    assert not Known.of_sizes([2, 3]).is_symbolic
    assert Known.of_sizes([2, 3]).array.dtype == INT
    assert shape_of(known) == (3,)


@pytest.mark.parametrize(
    ("array", "offset", "strides"),
    [
        (np.arange(64)[None], 0, (0, 1)),
        (np.arange(7, 1, -2), 7, (-2,)),
        (np.arange(12).reshape(3, 4), 0, (4, 1)),
        (np.full((2, 3), 5), 5, (0, 0)),
        (np.asarray(3), 3, ()),
        (np.asarray([[True, True]]), 1, (0, 0)),
    ],
)
def test_linear_constants_are_grids(array: np.ndarray, offset: int, strides: tuple[int, ...]) -> None:
    grid = as_grid(Known.of(array))
    assert grid == Grid(array.shape, offset, strides, array.dtype)


@pytest.mark.parametrize(
    "array", [np.asarray([0, 1, 3]), np.asarray([0.0, 1.0]), np.zeros(0, int), np.eye(2, dtype=int)]
)
def test_other_constants_are_not(array: np.ndarray) -> None:
    assert as_grid(Known.of(array)) is None


def test_counting_up() -> None:
    assert Grid((B, 1, S), 0, (S, 0, 1), INT).counts_up()
    assert Grid((S,), 5, (1,), INT).counts_up()
    assert Grid((1, 1), S, (0, 0), INT).counts_up()
    assert not Grid((B, S), 0, (1, B), INT).counts_up()
    assert not Grid((S,), 0, (0,), INT).counts_up()
    assert Grid((B, S), 0, (S, 1), INT).count == B * S


def test_grid_broadcast() -> None:
    grid = Grid((1, S), 2, (0, 1), INT).broadcast((B, B, S))
    assert grid == Grid((B, B, S), 2, (0, 0, 1), INT)
    assert grid.constant is None
    assert Stack((Grid((B, 1), 0, (1, 0), INT),) * 2).shape == (B, 2)
