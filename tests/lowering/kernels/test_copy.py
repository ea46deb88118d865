"""kernel.copy: every combination of layouts, transposes, slices, broadcasts and concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from sparsec.lowering.kernels.copy import COPY
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_op

Sizes = tuple[str | int, ...]


def quoted(values: Sequence[object]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def integers(values: Sequence[int]) -> str:
    return "array<i64" + ("" if not values else ": ") + ", ".join(map(str, values)) + ">"


@cache
def compiled(
    dtype: str,
    shape: Sizes,
    target: Sizes,
    layouts: tuple[bool, bool] = (False, False),
    axes: tuple[int, ...] | None = None,
    starts: Sizes | None = None,
    steps: tuple[int, ...] | None = None,
    region: Sizes | None = None,
    out_starts: Sizes | None = None,
) -> Compiled:
    rank = len(shape)
    properties = (
        f"sizes = {quoted(region or target)}, in_axes = {integers(axes if axes is not None else range(rank))}, "
        f"in_starts = {quoted(starts or [0] * rank)}, in_steps = {integers(steps or [1] * rank)}, "
        f"out_starts = {quoted(out_starts or [0] * len(target))}"
    )
    op = kernel_op("copy", [buffer(dtype, shape, layouts[0])], [buffer(dtype, target, layouts[1])], properties)
    return Compiled(op, COPY, ("b", "s"))


def numbers(dtype: str, shape: Sequence[int]) -> np.ndarray:
    count = int(np.prod(shape))
    return (
        np.arange(count).reshape(shape).astype(dtype) if dtype != "bool" else np.arange(count).reshape(shape) % 3 == 0
    )


POINTS = [(1, 1), (1, 13), (2, 64), (3, 43), (0, 5), (5, 0)]


@pytest.mark.parametrize("layouts", [(False, True), (True, False), (True, True), (False, False)])
@pytest.mark.parametrize(
    ("dtype", "channels"), [("float32", 37), ("uint8", 16), ("int64", 3), ("float32", 1), ("int16", 5)]
)
def test_layouts(dtype: str, channels: int, layouts: tuple[bool, bool]) -> None:
    shape = ("b", "s", channels)
    kernel = compiled(dtype, shape, shape, layouts)
    for b, s in POINTS:
        x = numbers(dtype, (b, s, channels))
        assert_same(kernel(x, b=b, s=s)[0], x)


@pytest.mark.parametrize("tiled", [False, True])
def test_first_token(tiled: bool) -> None:
    """x[:, 0]"""
    kernel = compiled("float32", ("b", "s", 20), ("b", 20), (tiled, False), (0, -1, 1))
    for b, s in POINTS[:4]:
        x = numbers("float32", (b, s, 20))
        assert_same(kernel(x, b=b, s=s)[0], x[:, 0])


@pytest.mark.parametrize("layouts", [(False, False), (True, False), (False, True)])
def test_slice_with_steps(layouts: tuple[bool, bool]) -> None:
    """x[:, 1:, ::-2]"""
    kernel = compiled("float32", ("b", "s", 9), ("b", "s + -1", 5), layouts, starts=(0, 1, 8), steps=(1, 1, -2))
    for b, s in POINTS[:4]:
        x = numbers("float32", (b, s, 9))
        assert_same(kernel(x, b=b, s=s)[0], np.ascontiguousarray(x[:, 1:, ::-2]))


@pytest.mark.parametrize("dtype", ["float32", "uint8", "bool"])
def test_transpose_of_heads(dtype: str) -> None:
    kernel = compiled(dtype, ("b", "s", 3, 5), ("b", 3, "s", 5), axes=(0, 2, 1, 3))
    turned = compiled(dtype, ("b", "s", 3, 5), ("b", 3, 5, "s"), axes=(0, 3, 1, 2))
    for b, s in POINTS:
        x = numbers(dtype, (b, s, 3, 5))
        assert_same(kernel(x, b=b, s=s)[0], np.ascontiguousarray(x.transpose(0, 2, 1, 3)))
        assert_same(turned(x, b=b, s=s)[0], np.ascontiguousarray(x.transpose(0, 2, 3, 1)))


def test_broadcast() -> None:
    kernel = compiled("int64", ("b", 1, 1, "s"), ("b", 1, "s", "s"), axes=(0, 1, -1, 3))
    fill = compiled("float32", (), ("b", "s"), axes=())
    for b, s in POINTS:
        x = numbers("int64", (b, 1, 1, s))
        assert_same(kernel(x, b=b, s=s)[0], np.ascontiguousarray(np.broadcast_to(x, (b, 1, s, s))))
        assert_same(fill(np.float32(2.5) * np.ones((), np.float32), b=b, s=s)[0], np.full((b, s), 2.5, np.float32))


@pytest.mark.parametrize("layouts", [(False, False), (True, True), (False, True), (True, False)])
def test_concatenation(layouts: tuple[bool, bool]) -> None:
    """One part of a concatenation along tokens; the rest of the out keeps what was there."""
    kernel = compiled("float32", ("b", "s", 7), ("b", "s + 2", 7), layouts, region=("b", "s", 7), out_starts=(0, 2, 0))
    for b, s in POINTS:
        x = numbers("float32", (b, s, 7))
        assert_same(kernel(x, b=b, s=s)[0][:, 2:], x)


def test_one_element_of_a_tile() -> None:
    kernel = compiled("float32", ("b", "s", 7), (), (True, False), axes=(-1, -1, -1), starts=(0, "s + -1", 5))
    x = numbers("float32", (2, 70, 7))
    assert_same(kernel(x, b=2, s=70)[0], x[0, 69, 5])
