"""kernel.batch_matmul: i32 exactly, f32 to the rounding of its sums."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sparsec.lowering.kernels.batch_matmul import BATCH_MATMUL
from tests.lowering.kernels.run_kernel import Compiled, buffer, kernel_op

Sizes = tuple[str | int, ...]


@cache
def compiled(dtype: str, lhs: Sizes, rhs: Sizes, out: Sizes) -> Compiled:
    op = kernel_op("batch_matmul", [buffer(dtype, lhs), buffer(dtype, rhs)], [buffer(dtype, out)])
    return Compiled(op, BATCH_MATMUL, ("b", "s"), exact=dtype != "float32")


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize(
    ("lhs", "rhs", "out"),
    [
        (("s", 7), (7, "b"), ("s", "b")),
        (("b", "s", 5), (5, 40), ("b", "s", 40)),
        (("b", 3, "s", 16), ("b", 3, 16, "s"), ("b", 3, "s", "s")),
        (("b", 1, "s", 4), (3, 4, 33), ("b", 3, "s", 33)),
        ((1, 4), ("b", 4, "s"), ("b", 1, "s")),
    ],
    ids=str,
)
def test_product(dtype: str, lhs: Sizes, rhs: Sizes, out: Sizes) -> None:
    kernel = compiled(dtype, lhs, rhs, out)
    for b, s in [(1, 1), (2, 13), (5, 64), (3, 4), (0, 3), (2, 0)]:
        random = np.random.default_rng(s)
        value = {"b": b, "s": s}
        shapes = [[value.get(size, size) for size in shape] for shape in (lhs, rhs)]  # pyright: ignore
        x, y = (random.integers(-1000, 1000, shape).astype(dtype) for shape in shapes)
        if dtype == "float32":
            x, y = x / np.float32(7), y / np.float32(3)
            np.testing.assert_allclose(kernel(x, y, b=b, s=s)[0], x.astype(np.float64) @ y, rtol=1e-5, atol=0.5)
        else:
            np.testing.assert_array_equal(kernel(x, y, b=b, s=s)[0], (x.astype(np.int64) @ y).astype(np.int32))


def test_integers_wrap() -> None:
    x = np.full((2, 7), 2**30, np.int32)
    y = np.full((7, 3), 5, np.int32)
    expected = (x.astype(np.int64) @ y).astype(np.int32)
    np.testing.assert_array_equal(compiled("int32", ("s", 7), (7, "b"), ("s", "b"))(x, y, b=3, s=2)[0], expected)
