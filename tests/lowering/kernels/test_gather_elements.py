"""kernel.gather_elements against numpy's take_along_axis, with indices that count from the end or are out of range."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.lowering.kernels.gather_elements import GATHER_ELEMENTS
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_op

MESSAGE = 4
Sizes = tuple[str | int, ...]
SHAPES: list[tuple[Sizes, Sizes, Sizes, int]] = [
    (("b", "s", 7), ("b", "s", "n"), ("b", "s", "n"), 2),
    (("b", "s", 7), (1, "s", "n"), ("b", "s", "n"), 2),
    (("b", "s", 7), (1, 1, "n"), ("b", "s", "n"), 2),
    ((1, "s", 7), ("b", 1, "n"), ("b", "s", "n"), 2),
    (("b", 7, "s"), (1, "n", "s"), ("b", "n", "s"), 1),
    (("b", 7, "s"), ("b", "n", 1), ("b", "n", "s"), 1),
    ((1, 7, 1), ("b", "n", "s"), ("b", "n", "s"), 1),
    (("b", 7, "s"), ("b", 1, "s"), ("b", 1, "s"), 1),
    ((7, "s"), ("n", "s"), ("n", "s"), 0),
    (("b", "s", 7, 1), ("b", "s", "n", 1), ("b", "s", "n", 1), 2),
    (("b", "s", 7), ("b", "s", 1), ("b", "s", 1), 2),
    ((7,), ("n",), ("n",), 0),
    ((7,), (1,), (1,), 0),
]
"""Shapes of the data, the indices and the out, and the axis, of 7 elements."""


@cache
def gather(case: int, dtype: str = "float32", index: str = "int64") -> Compiled:
    data, indices, out, axis = SHAPES[case]
    ins = [buffer(dtype, data), buffer(index, indices)]
    op = kernel_op("gather_elements", ins, [buffer(dtype, out)], f"axis = {axis}, message = {MESSAGE}")
    return Compiled(op, GATHER_ELEMENTS, ("b", "s", "n"))


def evaluated(shape: Sizes, sizes: dict[str, int]) -> list[int]:
    return [sizes[size] if isinstance(size, str) else size for size in shape]


def drawn(case: int, sizes: dict[str, int], seed: int, dtype: str, index: str) -> tuple[np.ndarray, np.ndarray]:
    random, (data, indices, _, _) = np.random.default_rng(seed), SHAPES[case]
    numbers = random.integers(0, 200, evaluated(data, sizes)).astype(dtype)
    return numbers, random.integers(-7, 7, evaluated(indices, sizes)).astype(index)


@settings(deadline=None)
@given(
    case=st.integers(0, len(SHAPES) - 1),
    b=st.sampled_from([0, 1, 3]),
    s=st.sampled_from([1, 2, 13, 16, 43]),
    n=st.sampled_from([0, 1, 13, 16, 33]),
    seed=st.integers(0, 99),
)
def test_shapes(case: int, b: int, s: int, n: int, seed: int) -> None:
    data, indices = drawn(case, {"b": b, "s": s, "n": n}, seed, "float32", "int64")
    kernel = gather(case)
    assert_same(kernel(data, indices, b=b, s=s, n=n)[0], np.take_along_axis(data, indices, SHAPES[case][3]))
    assert kernel.status == 0


@pytest.mark.parametrize("case", [1, 4])
@pytest.mark.parametrize("index", ["int64", "int32"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool", "float16"])
def test_types(dtype: str, index: str, case: int) -> None:
    data, indices = drawn(case, {"b": 2, "s": 13, "n": 19}, 0, dtype, index)
    expected = np.take_along_axis(data, indices.astype(np.int64), SHAPES[case][3])
    assert_same(gather(case, dtype, index)(data, indices, b=2, s=13, n=19)[0], expected)


@pytest.mark.parametrize("wrong", [7, -8, 2**62, -(2**63)])
@pytest.mark.parametrize("case", [1, 4, 5])
def test_out_of_range(case: int, wrong: int) -> None:
    data, indices = drawn(case, {"b": 2, "s": 3, "n": 40}, 0, "float32", "int64")
    indices[-1, -1, -1] = wrong
    kernel = gather(case)
    kernel(data, indices, b=2, s=3, n=40)
    assert kernel.status == MESSAGE + 1


def test_nothing_to_pick_from() -> None:
    ins = [buffer("float32", ("b", "s")), buffer("int64", ("b", 1))]
    op = kernel_op("gather_elements", ins, [buffer("float32", ("b", 1))], f"axis = 1, message = {MESSAGE}")
    kernel = Compiled(op, GATHER_ELEMENTS, ("b", "s"))
    kernel(np.zeros((2, 0), np.float32), np.zeros((2, 1), np.int64), b=2, s=0)
    assert kernel.status == MESSAGE + 1
