"""Pages that ask for a dataflow: on every CPU they compute what the same pages compute without asking."""

from __future__ import annotations

import numpy as np
import pytest

import sparsec
from sparsec.dialects.encoding import layout_of
from sparsec.dialects.sparse import ConvertLayout, MatMul, layout_read_by
from sparsec.frontend.dsl import read_dsl
from sparsec.reference import evaluate
from sparsec.schedule import Dataflow
from sparsec.weights import WeightStore
from tests.end_to_end.exactness import EXTREMES, Exact

SCHEDULES = {
    Dataflow.PERMUTE_WINDOWS: "tile = 3, rows = 16",
    Dataflow.GATHER_DWORDS: "tile = 3, rows = 32",
    Dataflow.DENSE_DWORDS: "tile = 8, rows = 16",
    Dataflow.BLOCK_QUADS: "tile = 64, rows = 1",
}
PAGE = """
weight up: i8[203, 130] blocks({blocks}) random(seed = 1, sparsity = 0.8) quantized(scale = 0.01){schedule}
weight bias: f32[203] random(seed = 2)
weight down: i8[130, 203] blocks({blocks}) random(seed = 3, sparsity = 0.6) quantized(scale = 0.002){schedule}
model block(x: u8[{tokens}, 130] quantized(scale = 0.02, zero = 117)) -> (y, r, s) {{
  h = quantize(gelu(linear(x, up) + bias), u8, scale = 0.03, zero = 6)
  r = x + linear(h, down)
  y = quantize(r, i8, scale = 0.05, zero = -3)
  s = softmax(r, axis = -1)
}}
"""


SMALL = """
weight up: i8[21, 34] blocks(4x1) random(seed = 1, sparsity = 0.8) quantized(scale = 0.01) schedule({wish})
weight down: i8[34, 21] blocks(34x1) random(seed = 3, sparsity = 0.6) quantized(scale = 0.002) schedule({wish})
model block(x: u8[{tokens}, 34] quantized(scale = 0.02, zero = 117)) -> (y) {{
  h = quantize(relu(linear(x, up)), u8, scale = 0.03, zero = 6)
  y = quantize(x + linear(h, down), i8, scale = 0.05, zero = -3)
}}
"""
"""Patterns that are written into the code: every piece of it has a copy of the body, so both are small here."""


FLOATS = """
weight up: f32[203, 130] random(seed = 1) schedule(dataflow = dense_rows, tile = 64, rows = {rows})
weight down: f32[130, 203] random(seed = 3) schedule(dataflow = dense_rows, tile = 64, rows = {rows})
model block(x: f32[batch, sequence, 130]) -> (y) {{
  y = x + linear(gelu(linear(x, up)), down)
}}
"""


def page(dataflow: Dataflow | None, tokens: str, blocks: str = "4x1") -> str:
    """Two layers and a residual, with or without a wish."""
    wish = f" schedule(dataflow = {dataflow}, {SCHEDULES[dataflow]})" if dataflow else ""
    return PAGE.format(tokens=tokens, schedule=wish, blocks=blocks)


@pytest.mark.parametrize("tokens", ["batch, sequence", "1, 1", "13", "31"])
@pytest.mark.parametrize("dataflow", SCHEDULES)
def test_every_target_computes_what_the_page_means(dataflow: Dataflow, tokens: str) -> None:
    weights = WeightStore()
    exact = Exact(read_dsl(page(dataflow, tokens, "16x4" if tokens == "13" else "4x1"), weights), weights)
    assert exact.exact
    products = [op for op in exact.scheduled.walk() if isinstance(op, MatMul)]
    assert [op.schedule.schedule.dataflow for op in products if op.schedule] == [dataflow] * 2
    assert all(layout_of(op.x.type) == layout_read_by(dataflow) for op in products)
    dynamic = [(1, 1), (1, 2), (1, 7), (1, 13), (1, 31), (4, 25)]
    exact.check(dynamic if "batch" in tokens else [(1, 1)])


@pytest.mark.parametrize("rows", [4, 6])
@pytest.mark.parametrize("blocks", ["1x1", "4x4"])
def test_blocks_of_several_rows_may_be_all_of_a_weight(blocks: str, rows: int) -> None:
    weights = WeightStore()
    wish = f" schedule(dataflow = block_quads, tile = 64, rows = {rows})"
    text = PAGE.format(tokens="batch, sequence", schedule=wish, blocks=blocks)
    if blocks == "1x1":
        text = text.replace("sparsity = 0.8", "sparsity = 0").replace("sparsity = 0.6", "sparsity = 0")
    exact = Exact(read_dsl(text, weights), weights)
    assert exact.exact and rows_of(exact) == [rows] * 2
    exact.check([(1, 1), (1, 13), (4, 25), (3, 64)])


def rows_of(exact: Exact) -> list[int]:
    """Output rows at a time, of each product with a weight."""
    return [op.schedule.schedule.rows for op in exact.scheduled.walk() if isinstance(op, MatMul) and op.schedule]


@pytest.mark.parametrize("rows", [4, 6])
def test_floats_in_groups_of_several_rows(rows: int) -> None:
    weights = WeightStore()
    exact = Exact(read_dsl(FLOATS.format(rows=rows), weights), weights)
    assert rows_of(exact) == [rows] * 2
    exact.check([(1, 1), (1, 13), (4, 25), (3, 64)])


@pytest.mark.parametrize(("tokens", "tile"), [("batch, sequence", 64), ("13", 16), ("100", 64)])
def test_unrolled_patterns_compute_what_the_page_means(tokens: str, tile: int) -> None:
    weights = WeightStore()
    text = SMALL.format(tokens=tokens, wish=f"dataflow = baked_quads, tile = {tile}")
    exact = Exact(read_dsl(text, weights), weights)
    assert exact.exact
    products = [op for op in exact.scheduled.walk() if isinstance(op, MatMul)]
    assert [op.schedule.schedule.dataflow for op in products if op.schedule] == [Dataflow.BAKED_QUADS] * 2
    exact.check([(1, 1), (1, 13), (4, 25)] if "batch" in tokens else [(1, 1)])


@pytest.mark.parametrize("dataflow", SCHEDULES)
def test_a_wish_changes_no_bit(dataflow: Dataflow) -> None:
    x = np.random.default_rng(0).integers(0, 256, (13, 130)).astype(np.uint8)
    plain, wished = WeightStore(), WeightStore()
    module = read_dsl(page(None, "batch"), plain)
    expected = evaluate(module, {"x": x}, plain)
    source = read_dsl(page(dataflow, "batch"), wished)
    for target in EXTREMES:
        usual = sparsec.compile(module, weights=plain, targets=target, cache=False)(x)
        found = sparsec.compile(source, weights=wished, targets=target, cache=False)(x)
        for one, other in zip(found, usual, strict=True):
            assert one.tobytes() == other.tobytes()
    np.testing.assert_allclose(found[1], expected["r"], atol=0.2)


def test_rows_need_no_conversions() -> None:
    weights = WeightStore()
    exact = Exact(read_dsl(page(Dataflow.GATHER_DWORDS, "batch"), weights), weights, EXTREMES[:1])
    assert not any(isinstance(op, ConvertLayout) for op in exact.scheduled.walk())
