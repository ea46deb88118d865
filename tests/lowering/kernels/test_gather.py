"""kernel.gather and kernel.gather_nd against numpy, with indices that count from the end and that are out of range."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sparsec.lowering.kernels.gather import GATHER, GATHER_ND
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_op

MESSAGE = 4
Sizes = tuple[str | int, ...]


@cache
def gather(
    dtype: str, data: Sizes, indices: Sizes, out: Sizes, axis: int, tiled: bool = False, index: str = "int64"
) -> Compiled:
    ins = [buffer(dtype, data), buffer(index, indices)]
    op = kernel_op("gather", ins, [buffer(dtype, out, tiled)], f"axis = {axis}, message = {MESSAGE}")
    return Compiled(op, GATHER, ("b", "s"))


def table(dtype: str, *shape: int) -> np.ndarray:
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)


POINTS = [(1, 1), (1, 13), (2, 64), (3, 43), (0, 5)]


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("index", ["int64", "int32"])
@pytest.mark.parametrize(("dtype", "channels"), [("float32", 37), ("uint8", 32), ("float32", 1), ("float16", 16)])
def test_embedding(dtype: str, channels: int, index: str, tiled: bool) -> None:
    kernel = gather(dtype, (11, channels), ("b", "s"), ("b", "s", channels), 0, tiled, index)
    data = table(dtype, 11, channels)
    for b, s in POINTS:
        ids = np.random.default_rng(b).integers(-11, 11, (b, s)).astype(index)
        assert_same(kernel(data, ids, b=b, s=s)[0], data[ids])
        assert kernel.status == 0


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("wrong", [11, -12, 2**62, -(2**63)])
def test_out_of_range(wrong: int, tiled: bool) -> None:
    kernel = gather("float32", (11, 37), ("b", "s"), ("b", "s", 37), 0, tiled)
    data, ids = table("float32", 11, 37), np.zeros((2, 40), np.int64)
    ids[1, 3] = wrong
    kernel(data, ids, b=2, s=40)
    assert kernel.status == MESSAGE + 1


@pytest.mark.parametrize(("dtype", "channels"), [("float32", 37), ("uint8", 4), ("bool", 1)])
def test_tokens_out_of_tiles(dtype: str, channels: int) -> None:
    ins = [buffer(dtype, ("s", channels), tiled=True), buffer("int64", ("b",))]
    op = kernel_op("gather", ins, [buffer(dtype, ("b", channels))], f"axis = 0, message = {MESSAGE}")
    kernel = Compiled(op, GATHER, ("b", "s"))
    for b, s in [(1, 1), (5, 64), (3, 130), (0, 7)]:
        data = table(dtype, s, channels)
        ids = np.random.default_rng(s).integers(-s, s, b)
        assert_same(kernel(data, ids, b=b, s=s)[0], data[ids])
        assert kernel.status == 0
    kernel(table(dtype, 3, channels), np.array([1, 3]), b=2, s=3)
    assert kernel.status == MESSAGE + 1


def test_axis_inside() -> None:
    kernel = gather("int64", ("b", "s", 6), (2, 2), ("b", 2, 2, 6), 1)
    ids = np.array([[0, -1], [2, 1]])
    for b, s in [(1, 3), (4, 9)]:
        data = table("int64", b, s, 6)
        assert_same(kernel(data, ids, b=b, s=s)[0], data[:, ids])


def test_one_number_of_an_empty_axis() -> None:
    kernel = gather("float32", ("b", "s"), (), ("s",), 0)
    assert_same(kernel(table("float32", 4, 5), np.array(2), b=4, s=5)[0], table("float32", 4, 5)[2])
    kernel(table("float32", 0, 5), np.array(0), b=0, s=5)
    assert kernel.status == MESSAGE + 1


@cache
def gather_nd(data: Sizes, indices: Sizes, out: Sizes, batch: int) -> Compiled:
    ins = [buffer("float32", data), buffer("int64", indices)]
    op = kernel_op("gather_nd", ins, [buffer("float32", out)], f"batch_dims = {batch}, message = {MESSAGE}")
    return Compiled(op, GATHER_ND, ("b", "s"))


def test_gather_nd() -> None:
    kernel = gather_nd(("b", "s", 7), ("s", 2), ("s", 7), 0)
    data = table("float32", 3, 5, 7)
    ids = np.random.default_rng(0).integers(-3, 3, (5, 2))
    assert_same(kernel(data, ids, b=3, s=5)[0], data[ids[:, 0], ids[:, 1]])
    ids[2] = [0, 5]
    kernel(data, ids, b=3, s=5)
    assert kernel.status == MESSAGE + 1


def test_gather_nd_with_batch() -> None:
    kernel = gather_nd(("b", "s", 7), ("b", 4, 1), ("b", 4, 7), 1)
    data = table("float32", 3, 5, 7)
    ids = np.random.default_rng(0).integers(-5, 5, (3, 4, 1))
    expected = np.stack([data[i, ids[i, :, 0]] for i in range(3)])
    assert_same(kernel(data, ids, b=3, s=5)[0], expected)
