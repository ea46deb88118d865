"""Scales that no quantiser should write, negative, zero, tiny or huge ones, mean what onnxruntime says they mean."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import helper

import sparsec
from sparsec.errors import UnsupportedError
from tests.fixtures.exact_products import exact_session
from tests.frontend.onnx_models import build

INNER, OUTER = 24, 12
USUAL = 0.02, 0.01, 0.05
"""Of the input, the first weight, and what the second product reads."""

ODD = [
    *(tuple(signs * np.float32(USUAL)) for signs in itertools.product((1, -1), repeat=3)),
    *(
        tuple(odd if at == place else usual for at, usual in enumerate(USUAL))
        for place in range(3)
        for odd in (0.0, 1e-38, 1e30)
    ),
]


def model_of(scales: Sequence[float], activation: str = "Identity", per_channel: bool = False) -> onnx.ModelProto:
    """Two products of bytes."""
    random = np.random.default_rng(0)
    of_x, of_w, of_y = (np.float32(scale) for scale in scales)
    signs = random.choice(np.float32([-1, 1]), OUTER)
    constants = {
        "sx": of_x, "zx": np.uint8(128), "sy": of_y, "zy": np.uint8(120),
        "w": random.integers(-127, 128, (INNER, OUTER)).astype(np.int8), "sw": of_w * signs if per_channel else of_w,
        "v": random.integers(-127, 128, (OUTER, 8)).astype(np.int8), "sv": np.float32(0.01),
        "bias": random.normal(0, 1, OUTER).astype(np.float32),
    }  # fmt: skip
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "sx", "zx"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "sx", "zx"], ["xf"]),
        helper.make_node("DequantizeLinear", ["w", "sw"], ["wf"], axis=1),
        helper.make_node("DequantizeLinear", ["v", "sv"], ["vf"]),
        helper.make_node("MatMul", ["xf", "wf"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node(activation, ["sum"], ["active"]),
        helper.make_node("QuantizeLinear", ["active", "sy", "zy"], ["yq"]),
        helper.make_node("DequantizeLinear", ["yq", "sy", "zy"], ["yf"]),
        helper.make_node("MatMul", ["yf", "vf"], ["y"]),
    ]
    return build(nodes, {"x": (np.float32, ["n", INNER])}, ["y"], constants)


@pytest.mark.parametrize("scales", ODD, ids=lambda scales: ",".join(f"{scale:g}" for scale in scales))
@pytest.mark.parametrize(("activation", "per_channel"), [("Identity", True), ("Relu", False)])
def test_scales(scales: tuple[float, float, float], activation: str, per_channel: bool) -> None:
    model = model_of(scales, activation, per_channel)
    x = np.random.default_rng(1).normal(0, 1.5, (13, INNER)).astype(np.float32)
    (wanted,) = exact_session(model).run(None, {"x": x})
    (found,) = sparsec.compile(model, cache=False)(x)
    # a value that is rounded the other way moves a result by a step
    step = 127 * abs(scales[2]) * 0.01
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3 * np.abs(wanted).max() + step)


@pytest.mark.parametrize("scale", [1e-40, -1e-45])
def test_a_scale_without_an_inverse_is_refused(scale: float) -> None:
    for scales in ((scale, *USUAL[1:]), (*USUAL[:2], scale)):
        with pytest.raises(UnsupportedError, match=r"its scale is .*, and 1 over that is no float32"):
            sparsec.compile(model_of(scales), cache=False)
    (y,) = sparsec.compile(model_of((USUAL[0], scale, USUAL[2])), cache=False)(np.zeros((1, INNER), np.float32))
    assert np.isfinite(y).all()
