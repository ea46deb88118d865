"""Float islands: each way of quantising leaves its own."""

from __future__ import annotations

import pytest

import sparsec
from sparsec.explanation.report import Island
from tests.explanation.models import TARGET, explained
from tests.fixtures import FIXTURES

SIZES = {"batch": 1, "sequence": 32}


def islands(name: str) -> dict[str, Island]:
    """Those of a fixture, by name."""
    report = sparsec.explain(FIXTURES / f"{name}.onnx", sizes=SIZES, targets=TARGET)
    assert [island.cycles for island in report.islands] == sorted((i.cycles for i in report.islands), reverse=True)
    return {island.name: island for island in report.islands}


def test_products_with_weights_only() -> None:
    found = islands("bert_qdqw_u8_channel_90")
    for name in ("product of queries and keys of attention", "product of weights and values of attention"):
        assert found[name].count == 2 and "the operands of this one need scales" in found[name].why
    assert found["layer norm"].count == 5 and found["gelu behind a product"].count == 2
    assert "product in float32" not in found and "dynamic quantisation" not in found


def test_everything_bracketed() -> None:
    found = islands("bert_qdq_u8_channel_90")
    assert "softmax of attention" in found
    assert not any(name.startswith("product") for name in found)


def test_dynamic_quantisation() -> None:
    assert islands("bert_dyn_s8_channel_90")["dynamic quantisation"].count == 10


def test_a_model_of_floats_has_no_islands() -> None:
    assert islands("bert_ts_tf5_sdpa_op14") == {}


@pytest.mark.parametrize("x", ["f32[tokens, 64]", "u8[tokens, 64] quantized(scale = 0.02, zero = 128)"])
def test_weights_only(x: str) -> None:
    weight = "weight w: i8[64, 64] random(seed = 1) quantized(scale = 0.02)"
    page = f"{weight}\nmodel m(x: {x}) -> (y) {{\n  y = linear(x, w)\n}}\n"
    found = {island.name: island for island in explained(page, {"tokens": 64}).islands}
    assert ("product in float32" in found) == x.startswith("f32")
    if found:
        assert "quantises the weights only" in found["product in float32"].why
