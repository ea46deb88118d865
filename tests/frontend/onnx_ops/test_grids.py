"""Arithmetic of index grids: it agrees with numpy wherever it gives an answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsec.dialects import nn_elementwise as ew
from sparsec.dims import Dim, Size, evaluate
from sparsec.frontend.onnx_ops.grids import GRID_RULES
from sparsec.frontend.onnx_values import Grid, Known

S, B = Dim.symbol("s"), Dim.symbol("b")
INT = np.dtype(np.int64)

NUMPY = {
    ew.Add: np.add,
    ew.Sub: np.subtract,
    ew.Mul: np.multiply,
    ew.Less: np.less,
    ew.Greater: np.greater,
    ew.LessEqual: np.less_equal,
    ew.GreaterEqual: np.greater_equal,
    ew.Equal: np.equal,
}

sizes = st.sampled_from([0, 1, 2, -1, -3, S, S * -1, B + 1, S * B])
vectors = st.builds(lambda offset, stride: Grid((S,), offset, (stride,), INT), sizes, sizes)
planes = st.builds(lambda offset, a, b: Grid((B, S), offset, (a, b), INT), sizes, sizes, sizes)
constants = st.builds(lambda value: Known.of(np.asarray(value)), st.integers(-3, 3))


def numbers(grid: Grid, values: dict[str, int]) -> np.ndarray:
    """The elements of a grid under values of the symbols."""
    shape = [evaluate(size, values) for size in grid.shape]
    total = np.full(shape, evaluate(grid.offset, values))
    for index, stride in zip(np.indices(shape), grid.strides, strict=True):
        total = total + index * evaluate(stride, values)
    return total


@given(
    st.sampled_from(list(NUMPY)), st.one_of(vectors, planes), st.one_of(vectors, planes, constants),
    st.integers(1, 4), st.integers(1, 4),
)  # fmt: skip
def test_rules_agree_with_numpy(op: type[ew.ElementwiseOp], a: Grid, b: Grid | Known, s: int, batch: int) -> None:
    shape = max(a.shape, b.shape if isinstance(b, Grid) else (), key=len)
    result = GRID_RULES[op](shape, [a, b])
    if result is None:
        return
    assert isinstance(result, Grid)
    values = {"s": s, "b": batch}
    right = numbers(b, values) if isinstance(b, Grid) else b.array
    np.testing.assert_array_equal(numbers(result, values), NUMPY[op](numbers(a, values), right))


@pytest.mark.parametrize(
    ("op", "bound", "answer"),
    [
        (ew.GreaterEqual, 0, True),
        (ew.Less, S, True),
        (ew.Equal, -1, False),
        (ew.Greater, S, False),
        (ew.Less, 5, None),
        (ew.Equal, 0, None),
    ],
)
def test_positions_are_compared(op: type[ew.ElementwiseOp], bound: Size, answer: bool | None) -> None:
    positions, limit = Grid((S,), 0, (1,), INT), Known.of(np.asarray(bound, object))
    result = GRID_RULES[op]((S,), [positions, limit])
    if answer is None:
        assert result is None
    else:
        assert isinstance(result, Grid)
        assert (result.constant, result.dtype) == (answer, np.bool_)


def test_true_and_false_absorb() -> None:
    shape = (B, S)
    yes, no = (Grid.filled(value, shape, np.dtype(np.bool_)) for value in (1, 0))
    mask = Grid.filled(1, (1, 1), np.dtype(np.bool_))
    assert GRID_RULES[ew.And](shape, [yes, mask]) == yes
    assert GRID_RULES[ew.And](shape, [no, mask]) == no
    assert GRID_RULES[ew.Or](shape, [no, yes]) == yes
    assert GRID_RULES[ew.Not](shape, [yes]) == no
    assert GRID_RULES[ew.Where](shape, [no, yes, no]) == no
