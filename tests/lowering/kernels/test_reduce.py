"""kernel.reduce, kernel.softmax and kernel.cumsum against reference.py, bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sparsec import reference_products as products
from sparsec.lowering.kernels.cumsum import CUMSUM
from sparsec.lowering.kernels.reduce import REDUCE
from sparsec.lowering.kernels.softmax import SOFTMAX
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_op

Sizes = tuple[str | int, ...]
POINTS = [(1, 1), (1, 13), (3, 43), (2, 64), (0, 5)]


def numbers(dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.random(shape) < 0.5
    if dtype.startswith("f"):
        return (random.normal(size=shape) * 4).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@cache
def reduce(kind: str, dtype: str, shape: Sizes, axes: tuple[int, ...]) -> Compiled:
    out = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    result = "int64" if kind == "arg_max" else dtype
    op = kernel_op("reduce", [buffer(dtype, shape)], [buffer(result, out)], f'kind = "{kind}", axes = {list(axes)}')
    return Compiled(op, REDUCE, ("b", "s"))


def reduced(kind: str, x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    elements = products.reduced_first(x, axes)
    if kind in ("sum", "mean"):
        total = products.interleaved_sum(elements)
        return total if kind == "sum" else total * (x.dtype.type(1) / x.dtype.type(len(elements)))
    if kind == "arg_max":
        return elements.argmax(axis=0)
    result = elements[0]
    for element in elements[1:]:
        with np.errstate(all="ignore"):
            match kind:
                case "max":
                    result = products.maximum(result, element)
                case "min":
                    result = products.minimum(result, element)
                case _:
                    result = result * element
    return result


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("kind", ["sum", "mean", "max", "min", "prod", "arg_max"])
def test_floats(kind: str, axes: tuple[int, ...]) -> None:
    if kind == "arg_max" and len(axes) > 1:
        axes = axes[-1:]
    kernel = reduce(kind, "float32", ("b", "s", 21), axes)
    for b, s in POINTS[:4]:
        x = numbers("float32", (b, s, 21))
        x[0, 0, 3] = np.nan
        if kind == "prod":
            x = np.ones_like(x) + x / 100
        with np.errstate(all="ignore"):
            assert_same(kernel(x, b=b, s=s)[0], reduced(kind, x, axes))


@pytest.mark.parametrize("axes", [(1,), (0, 2)])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "int8", "bool", "float64"])
def test_other_elements(dtype: str, axes: tuple[int, ...]) -> None:
    kinds = ["max", "min"] if dtype == "bool" else ["sum", "max", "min", "prod"]
    for kind in [*kinds, *(["arg_max"] if len(axes) == 1 else [])]:
        kernel = reduce(kind, dtype, ("b", "s", 21), axes)
        x = numbers(dtype, (3, 14, 21))
        assert_same(kernel(x, b=3, s=14)[0], np.asarray(reduced(kind, x, axes)))


def test_nothing_to_reduce() -> None:
    for kind, expected in [("sum", 0.0), ("prod", 1.0)]:
        kernel = reduce(kind, "float32", ("b", "s", 21), (0, 2))
        assert_same(kernel(np.zeros((0, 5, 21), np.float32), b=0, s=5)[0], np.full(5, expected, np.float32))


@cache
def softmax(shape: Sizes, axis: int) -> Compiled:
    x = buffer("float32", shape)
    return Compiled(kernel_op("softmax", [x], [x], f"axis = {axis}"), SOFTMAX, ("b", "s"))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_softmax(axis: int) -> None:
    kernel = softmax(("b", 21, "s"), axis)
    for b, s in POINTS:
        x = numbers("float32", (b, 21, s), s)
        if x.size:
            x[0, 3, 0] = -np.inf
            x[-1, -1, -1] = np.nan
        with np.errstate(all="ignore"):
            moved = np.ascontiguousarray(np.moveaxis(x, axis, 0))
            expected = np.moveaxis(products.softmax_first(moved), 0, axis)
        assert_same(kernel(x, b=b, s=s)[0], expected)


def test_softmax_of_minus_infinity() -> None:
    with np.errstate(all="ignore"):
        result = softmax((1, "b", "s"), 2)(np.full((1, 2, 5), -np.inf, np.float32), b=2, s=5)[0]
    assert np.isnan(result).all()


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("flags", ["", ", exclusive", ", reverse", ", exclusive, reverse"])
@pytest.mark.parametrize("dtype", ["int64", "int32", "float32"])
def test_cumsum(dtype: str, flags: str, axis: int) -> None:
    x = buffer(dtype, ("b", "s", 3))
    kernel = Compiled(kernel_op("cumsum", [x], [x], f"axis = {axis}{flags}"), CUMSUM, ("b", "s"))
    for b, s in POINTS:
        given = numbers(dtype, (b, s, 3))
        ordered = np.flip(given, axis) if "reverse" in flags else given
        total = np.add.accumulate(ordered, axis=axis, dtype=dtype)
        if "exclusive" in flags and total.size:
            total = np.roll(total, 1, axis)
            total[tuple(0 if a == axis % 3 else slice(None) for a in range(3))] = 0
        assert_same(kernel(given, b=b, s=s)[0], np.flip(total, axis) if "reverse" in flags else total)
