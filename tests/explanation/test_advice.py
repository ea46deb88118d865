"""Advice: what would save most comes first, in words that name the weight."""

from __future__ import annotations

import sparsec
from sparsec.explanation.advice import MOST
from tests.explanation.models import TARGET, explained
from tests.fixtures import FIXTURES

PAGE = """\
weight a: i8[256, 256] {a} quantized(scale = 0.02)
weight b: i8[512, 256] {b} quantized(scale = 0.02)
model two(x: u8[tokens, 256] quantized(scale = 0.02, zero = 128)) -> (y) {{
  h = quantize(linear(x, a), u8, scale = 0.05)
  y = quantize({function}(linear(h, b)), u8, scale = 0.05)
}}
"""


def texts(a: str, b: str, function: str = "relu", tokens: int = 128, **changes: object) -> list[str]:
    """The advice on a page of two layers."""
    page = PAGE.format(a=a, b=b, function=function)
    report = explained(page, {"tokens": tokens}, **changes)
    saved = [advice.saved for advice in report.advice]
    assert saved == sorted(saved, reverse=True) and len(saved) <= MOST
    return [advice.text for advice in report.advice]


def test_dense_and_unstructured_weights() -> None:
    first, second = texts("blocks(1x1) random(seed = 1, sparsity = 0.9)", "random(seed = 2)")
    assert "(512x256), dense now, to 80 % in 4x1 blocks: it would run" in first and first.startswith("prune ")
    assert "(256x256), unstructured 90 %, in 4x1 blocks: it would run" in second and second.startswith("re-prune ")


def test_half_pruned_weights() -> None:
    (text, *_) = texts("blocks(4x1) random(seed = 1, sparsity = 0.95)", "blocks(4x1) random(seed = 2, sparsity = 0.5)")
    assert "(512x256), from 50 % to 80 % in 4x1 blocks: it would run" in text


def test_weights_that_are_alike_share_a_line() -> None:
    (text, *_) = texts("random(seed = 1)", "random(seed = 2)")
    assert text.startswith("prune 2 weights, ") and "(512x256) first, dense now, to 80 %" in text


def test_nothing_is_left_to_do() -> None:
    pattern = "blocks(4x1) random(seed = {}, sparsity = 0.95)"
    assert texts(pattern.format(1), pattern.format(2)) == []


def test_small_sizes() -> None:
    pattern = "blocks(4x1) random(seed = {}, sparsity = 0.9)"
    found = texts(pattern.format(1), pattern.format(2), tokens=1, expect={})
    assert any("is small: compile with --expect tokens=1: saves" in text for text in found)
    assert not any("--expect" in text for text in texts(pattern.format(1), pattern.format(2), tokens=1))


def test_ways_of_quantising() -> None:
    sizes = {"batch": 1, "sequence": 32}
    dynamic = sparsec.explain(FIXTURES / "bert_dyn_s8_channel_90.onnx", sizes=sizes, targets=TARGET).advice
    assert dynamic[0].text.startswith("activations are quantised dynamically 10 times: fixed scales")
    partly = sparsec.explain(FIXTURES / "bert_qdqw_u8_channel_90.onnx", sizes=sizes, targets=TARGET).advice
    assert any(text.text.startswith("2 attentions multiply in float32") for text in partly)
    assert any("gelu is computed in float32 2 times" in text.text for text in partly)
