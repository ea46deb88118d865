"""kernel.trilu, kernel.iota, kernel.dimension and kernel.dynamic_quantize."""

from __future__ import annotations

import numpy as np
import pytest

from sparsec.lowering.kernels.counting import DIMENSION, IOTA
from sparsec.lowering.kernels.dynamic_quantize import DYNAMIC_QUANTIZE
from sparsec.lowering.kernels.trilu import TRILU
from sparsec.reference_elementwise import maximum, minimum, quantize_with
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_op


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
@pytest.mark.parametrize("k", [-2, 0, 1, 50])
@pytest.mark.parametrize("upper", [True, False])
def test_trilu(dtype: str, k: int, upper: bool) -> None:
    x = buffer(dtype, ("b", "s", 20))
    kernel = Compiled(kernel_op("trilu", [x], [x], f"k = {k}{', upper' if upper else ''}"), TRILU, ("b", "s"))
    for b, s in [(1, 1), (2, 13), (1, 33), (0, 4)]:
        given = (np.arange(b * s * 20).reshape(b, s, 20) % 7 + 1).astype(dtype)
        assert_same(kernel(given, b=b, s=s)[0], (np.triu if upper else np.tril)(given, k))


@pytest.mark.parametrize("dtype", ["int64", "int32", "float32"])
def test_iota(dtype: str) -> None:
    kernel = Compiled(kernel_op("iota", [], [buffer(dtype, ("s",))], "start = -3, step = 2"), IOTA, ("s",))
    for s in (0, 1, 40):
        assert_same(kernel(s=s)[0], (np.arange(s) * 2 - 3).astype(dtype))


def test_dimension() -> None:
    kernel = Compiled(kernel_op("dimension", [], [buffer("int64", ())], 'size = "2*b*s + -1"'), DIMENSION, ("b", "s"))
    assert_same(kernel(b=3, s=7)[0], np.array(41))


def dynamic_quantize(x: np.ndarray) -> tuple[np.ndarray, ...]:
    zero = np.zeros((), np.float32)
    low, high = minimum(x.min(initial=np.inf), zero), maximum(x.max(initial=-np.inf), zero)
    scale = ((high - low) / np.float32(255)).astype(np.float32)
    scale = np.where(scale == 0, np.float32(1), scale)
    point = np.rint(minimum(maximum(-low / scale, zero), np.float32(255))).astype(np.uint8)
    return quantize_with(x, np.float32(1) / scale, point), scale, point


@pytest.mark.parametrize("tiled", [True, False])
@pytest.mark.parametrize("kind", ["mixed", "positive", "negative", "zero", "nan", "infinite"])
def test_dynamic_quantize(kind: str, tiled: bool) -> None:
    ins = [buffer("float32", ("b", "s", 5), tiled)]
    outs = [buffer("uint8", ("b", "s", 5), tiled), buffer("float32", ()), buffer("uint8", ())]
    kernel = Compiled(kernel_op("dynamic_quantize", ins, outs), DYNAMIC_QUANTIZE, ("b", "s"))
    for b, s in [(1, 1), (1, 13), (3, 43), (2, 64), (0, 4)]:
        x = (np.random.default_rng(s).normal(size=(b, s, 5)) * 3).astype(np.float32)
        match kind:
            case "positive":
                x = np.abs(x)
            case "negative":
                x = -np.abs(x)
            case "zero":
                x = x * 0
            case _ if x.size:
                x[-1, -1, -1] = {"mixed": 100.0, "nan": np.nan, "infinite": -np.inf}[kind]
            case _:
                pass
        with np.errstate(all="ignore"):
            expected = dynamic_quantize(x)
        for one, other in zip(kernel(x, b=b, s=s), expected, strict=True):
            assert_same(one, other)
