"""kernel.layer_norm against reference.py, bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sparsec import elementary
from sparsec.lowering.kernels.layer_norm import LAYER_NORM
from sparsec.numpy_arithmetic import NumpyArithmetic
from sparsec.reference_products import layer_norm
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_op


@cache
def compiled(channels: int, tiled: bool, divide: bool, uncentred: bool = False) -> Compiled:
    x, vector = buffer("float32", ("b", "s", channels), tiled), buffer("float32", (channels,))
    properties = "epsilon = 9.99999996E-13 : f32" + ", divide" * divide + ", uncentred" * uncentred
    body = "(%x : f32) { sparse.yield %x : f32 }"
    op = kernel_op("layer_norm", [x, vector, vector], [x], properties, body)
    return Compiled(op, LAYER_NORM, ("b", "s"))


BODY = """(%x : f32, %factor : f32, %scale : f32, %zero : ui8) {
  %y = nn.mul %x, %factor : f32
  %q = nn.quantize %y, %scale, %zero : (f32, f32, ui8) -> ui8
  %positive = nn.greater %y, %scale : (f32, f32) -> i1
  sparse.yield %q, %y, %positive : ui8, f32, i1
}"""


@cache
def compiled_with_body(channels: int) -> Compiled:
    x, vector, number = buffer("float32", ("b", "s", channels), True), buffer("float32", (channels,)), ()
    ins = [x, vector, vector, vector, buffer("float32", number), buffer("uint8", number)]
    outs = [buffer(dtype, ("b", "s", channels), True) for dtype in ("uint8", "float32", "bool")]
    return Compiled(kernel_op("layer_norm", ins, outs, "epsilon = 1.0E-05 : f32", BODY), LAYER_NORM, ("b", "s"))


@pytest.mark.parametrize("channels", [1, 5, 33])
@pytest.mark.parametrize(("b", "s"), [(1, 1), (1, 13), (1, 64), (3, 43), (0, 5)])
def test_a_body_behind_a_layer_norm(channels: int, b: int, s: int) -> None:
    random = np.random.default_rng(channels)
    x = (random.normal(size=(b, s, channels)) * 3 + 1).astype(np.float32)
    if x.size > 20:
        x[0, 0, 0] = np.nan
    scale, bias, factor = random.normal(size=(3, channels)).astype(np.float32)
    step, zero = np.float32(0.02), np.uint8(131)
    with np.errstate(all="ignore"):
        y = layer_norm(x, scale, bias, 1e-5) * factor
    outs = compiled_with_body(channels)(x, scale, bias, factor, np.array(step), np.array(zero), b=b, s=s)
    quantised = elementary.quantize(NumpyArithmetic(), y, np.float32(1) / step, np.int32(zero), 0, 255)
    for out, expected in zip(outs, (quantised.astype(np.uint8), y, y > step), strict=True):
        assert_same(out, expected)


@pytest.mark.parametrize(("divide", "uncentred"), [(True, False), (False, False), (False, True), (True, True)])
@pytest.mark.parametrize("tiled", [True, False])
@pytest.mark.parametrize("channels", [1, 5, 16, 100])
@pytest.mark.parametrize(("b", "s"), [(1, 1), (1, 13), (1, 64), (3, 43), (2, 17), (0, 5)])
def test_layer_norm(channels: int, b: int, s: int, tiled: bool, divide: bool, uncentred: bool) -> None:
    random = np.random.default_rng(channels)
    x = (random.normal(size=(b, s, channels)) * 3 + 1).astype(np.float32)
    if x.size > 20:
        x[0, 0, 0] = np.nan
        x[-1, -1, -1] = np.inf
    scale, bias = random.normal(size=(2, channels)).astype(np.float32)
    with np.errstate(all="ignore"):
        expected = layer_norm(x, scale, bias, 9.99999996e-13, divide=divide, uncentred=uncentred)
    assert_same(compiled(channels, tiled, divide, uncentred)(x, scale, bias, b=b, s=s)[0], expected)
