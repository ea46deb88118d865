"""What is said of a layer follows from its pattern."""

from __future__ import annotations

import pytest

from sparsec.explanation.kernels import CALL
from sparsec.explanation.layers import drawn
from sparsec.explanation.report import LayerReport
from sparsec.target import AMD, INTEL, TARGETS
from tests.explanation.models import explained

PAGE = """\
weight w: i8[256, 256] {pattern} quantized(scale = 0.02)
model layer(x: u8[tokens, 256] quantized(scale = 0.02, zero = 128)) -> (y) {{
  y = quantize(linear(x, w), u8, scale = 0.05)
}}
"""


def layer(pattern: str, tokens: int = 128, **changes: object) -> LayerReport:
    """The report on one layer."""
    (only,) = explained(PAGE.format(pattern=pattern), {"tokens": tokens}, **changes).layers
    return only


def test_a_pruned_layer() -> None:
    found = layer("blocks(4x1) random(seed = 1, sparsity = 0.9)")
    assert (found.blocks, found.unstructured, found.dtype, found.dataflow) == ("4x1", False, "int8", "gather_quads")
    assert (found.stored, found.total) == (1638, 16384) and found.stored <= found.padded < 1.1 * found.stored
    assert found.sparsity == pytest.approx(0.9, abs=0.01)
    assert found.alternatives[0].dataflow == "gather_quads" and found.alternatives[0].cycles == found.cycles
    assert found.why.endswith("times as fast as dense_quads") and found.integer is None
    assert found.dense > 3 * found.cycles and found.break_even is not None and found.break_even < 0.4
    assert found.pruned[70] > found.pruned[80] > found.pruned[90]
    assert found.same_in_4x1 == pytest.approx(found.cycles, rel=0.05)
    assert 0 < found.share_of_bound < 1 and found.measured is None


@pytest.mark.parametrize(("target", "core", "least"), [("avx512vnni", INTEL, 0.2), ("avx2", AMD, 0.15)])
def test_breaking_even_takes_pruning_that_gains(target: str, core: str, least: float) -> None:
    # dense weights are blocks of 4x4 there, and a few of these are empty wherever anything is pruned
    found = layer("random(seed = 1)", target=TARGETS[target], core=core)
    assert found.dataflow == "block_quads"
    assert found.break_even is not None and least < found.break_even < 0.5


def test_a_call_of_a_small_model_finds_its_code_at_hand() -> None:
    small, large = (
        explained(PAGE.format(pattern="random(seed = 1)").replace("256", str(size)), {"tokens": 1}).layers[0]
        for size in (8, 2048)
    )
    assert small.cycles < CALL / 2 and large.cycles > CALL


def test_a_choice_that_does_not_count_how_long_a_weight_takes_to_come() -> None:
    page = """\
weight w: i8[4096, 2048] random(seed = 1) quantized(scale = 0.02)
weight last: i8[3, 4096] random(seed = 2) quantized(scale = 0.02)
model layers(x: u8[tokens, 2048] quantized(scale = 0.02, zero = 128)) -> (y) {
  h = quantize(linear(x, w), u8, scale = 0.05)
  y = quantize(linear(h, last), u8, scale = 0.05)
}
"""
    _, last = explained(page, {"tokens": 1}).layers
    assert last.dataflow == "dense_dwords"  # its weight is padded from 3 rows to 16
    assert last.why.startswith("dense_quads would be") and last.why.endswith("which choices do not count")


def test_an_unstructured_layer_would_be_faster_in_blocks() -> None:
    found = layer("blocks(1x1) random(seed = 1, sparsity = 0.9)")
    assert (found.blocks, found.unstructured) == ("1x1", True)
    assert found.padded > 3 * found.stored and found.cycles > 1.8 * found.same_in_4x1


def test_a_dense_layer_costs_what_dense_costs() -> None:
    found = layer("random(seed = 1)")
    assert (found.blocks, found.unstructured, found.dataflow) == ("dense", False, "dense_quads")
    assert found.cycles == pytest.approx(found.dense)
    assert (found.stored, found.padded) == (found.total, found.total)


def test_a_layer_of_floats_would_be_faster_in_bytes() -> None:
    page = "weight w: f32[256, 256] random(seed = 1)\nmodel m(x: f32[tokens, 256]) -> (y) {\n  y = linear(x, w)\n}\n"
    (found,) = explained(page, {"tokens": 64}).layers
    assert found.dtype == "float32" and found.integer is not None and found.integer < found.cycles / 2


def test_a_schedule_given_by_hand() -> None:
    assert layer("schedule(dataflow = dense_quads) blocks(4x1) random(seed = 1, sparsity = 0.9)").why == "given by hand"


def test_sizes_that_are_not_expected() -> None:
    pattern = "blocks(4x1) random(seed = 1, sparsity = 0.9)"
    found, expected = layer(pattern, 2, expect={}), layer(pattern, 2)
    assert found.dataflow == "gather_quads" and found.why.endswith("but these sizes are not expected")
    assert expected.cycles < found.cycles


def test_drawn_patterns_are_the_same_every_time_and_nested() -> None:
    half, tenth = drawn(30, 40, 0.5), drawn(30, 40, 0.9)
    assert drawn(30, 40, 0.5) is half and half.rows == 30
    assert tenth.nonzeros < half.nonzeros < drawn(30, 40, 0.0).nonzeros == 1200
    assert not (tenth.bitmap(1, 1) & ~half.bitmap(1, 1)).any()
