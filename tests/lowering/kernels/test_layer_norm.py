"""kernel.layer_norm against reference.py, bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sparsec.lowering.kernels.layer_norm import LAYER_NORM
from sparsec.reference_products import layer_norm
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_op


@cache
def compiled(channels: int, tiled: bool, divide: bool) -> Compiled:
    x, vector = buffer("float32", ("b", "s", channels), tiled), buffer("float32", (channels,))
    properties = "epsilon = 9.99999996E-13 : f32" + (", divide" if divide else "")
    op = kernel_op("layer_norm", [x, vector, vector], [x], properties)
    return Compiled(op, LAYER_NORM, ("b", "s"))


@pytest.mark.parametrize("divide", [True, False])
@pytest.mark.parametrize("tiled", [True, False])
@pytest.mark.parametrize("channels", [1, 5, 16, 100])
@pytest.mark.parametrize(("b", "s"), [(1, 1), (1, 13), (1, 64), (3, 43), (2, 17), (0, 5)])
def test_layer_norm(channels: int, b: int, s: int, tiled: bool, divide: bool) -> None:
    random = np.random.default_rng(channels)
    x = (random.normal(size=(b, s, channels)) * 3 + 1).astype(np.float32)
    if x.size > 20:
        x[0, 0, 0] = np.nan
        x[-1, -1, -1] = np.inf
    scale, bias = random.normal(size=(2, channels)).astype(np.float32)
    with np.errstate(all="ignore"):
        expected = layer_norm(x, scale, bias, 9.99999996e-13, divide=divide)
    assert_same(compiled(channels, tiled, divide)(x, scale, bias, b=b, s=s)[0], expected)
