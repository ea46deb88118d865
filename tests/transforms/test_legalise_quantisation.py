"""Byte products mean what the dequantised float products meant, but for a rare quantum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32, i8
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import blocks_of, element_of, i16, layout_of, tensor, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import SCHEDULE_HINT, MatMul, ScheduleAttr
from sparsec.dims import Dim
from sparsec.pattern import BlockPattern
from sparsec.reference import evaluate
from sparsec.schedule import Dataflow, Schedule
from sparsec.transforms.legalise_quantisation import LegaliseQuantisation
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.quantised_values import combined
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.transforms.unsigned_activations import UnsignedActivations
from sparsec.weights import WeightStore
from tests.transforms.drawn_models import LinearKind, drawn_linear, fake_quantised
from tests.transforms.graphs import AttentionSpelling, attention_graph
from tests.transforms.passes import count, draw_inputs, run_passes

TOKENS = Dim.symbol("tokens")
KIND = LinearKind("qdq", "u8", "s8", True, "none", False, (4, 1), 0.5)
PASSES = (UnsignedActivations(), LegaliseQuantisation())


def graph(write: Callable[[Builder, SSAValue], SSAValue], channels: int = 32) -> tuple[ModuleOp, WeightStore]:
    """`y = write(x)` for f32 `x[tokens, channels]`."""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f32, [TOKENS, channels]))])
    return finish([("y", write(builder, values["x"]))]), weights


def linear_graph(kind: LinearKind, zero: int = 120) -> tuple[ModuleOp, WeightStore]:
    """A quantised linear whose output is bytes."""

    def write(b: Builder, x: SSAValue) -> SSAValue:
        y = drawn_linear(b, x, 40, kind, np.random.default_rng(7))
        dtype = np.uint8 if kind.activation == "u8" else np.int8
        return b.quantize(y, b.constant(np.float32(0.07)), b.constant(np.asarray(zero % 128, dtype)))

    return graph(write)


def require_within_a_quantum(before: ModuleOp, after: ModuleOp, weights: WeightStore) -> None:
    """At most one quantum on at most one value in a thousand."""
    inputs = draw_inputs(before, {"tokens": 400, "batch": 4, "sequence": 30})
    expected, given = (evaluate(module, inputs, weights)["y"].astype(np.int64) for module in (before, after))
    difference = np.abs(given - expected)
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= difference.size / 1000
    assert len(np.unique(expected)) > 50


def matmuls(module: ModuleOp) -> list[MatMul]:
    """The products of a module."""
    return [op for op in module.walk() if isinstance(op, MatMul)]


@pytest.mark.parametrize("bias", ["none", "f32", "i32"])
@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("weight", ["s8", "u8"])
@pytest.mark.parametrize("activation", ["u8", "s8"])
def test_a_quantised_linear_multiplies_bytes(activation: str, weight: str, per_channel: bool, bias: str) -> None:
    kind = replace(KIND, activation=activation, weight=weight, per_channel=per_channel, bias=bias)
    module, weights = linear_graph(kind)
    after = run_passes(module, weights, *PASSES)
    (product,) = matmuls(after)
    assert element_of(product.x.type) == ui8
    assert element_of(product.weight.type) == i8
    assert count(after, pr.Linear) == 0
    require_within_a_quantum(module, after, weights)


def test_weights_far_from_their_zero_point_take_16_bits() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        matrix = np.random.default_rng(7).integers(0, 256, (40, 32)).astype(np.uint8)
        weight = b.dequantize(b.constant(matrix), b.constant(np.float32(0.0113)), b.constant(np.uint8(30)))
        y = b.linear(fake_quantised(b, x, "u8", 0.05, 99), weight)
        return b.quantize(y, b.constant(np.float32(0.07)), b.constant(np.uint8(128)))

    module, weights = graph(write)
    after = run_passes(module, weights, *PASSES)
    assert element_of(matmuls(after)[0].weight.type) == i16
    require_within_a_quantum(module, after, weights)


@pytest.mark.parametrize("bias", ["none", "i32"])
def test_the_scale_of_a_quantisation_that_follows_is_folded(bias: str) -> None:
    module, weights = linear_graph(replace(KIND, bias=bias))
    (product,) = matmuls(run_passes(module, weights, *PASSES))
    names = [op.name for op in product.body.block.ops]
    assert names == ["nn.add", "nn.cast", "nn.mul", "nn.constant", "nn.constant", "nn.quantize", "sparse.yield"]
    assert element_of(product.outputs[0].type) == ui8


def test_a_float_bias_stays_an_addition() -> None:
    module, weights = linear_graph(replace(KIND, bias="f32"))
    after = run_passes(module, weights, *PASSES)
    (product,) = matmuls(after)
    assert element_of(product.outputs[0].type) == f32
    assert any(isinstance(op, ew.Add) for op in after.walk() if op.parent is product.parent)


def test_an_integer_bias_of_another_scale_stays_a_float_addition() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        y = drawn_linear(b, x, 40, replace(KIND, per_channel=False), np.random.default_rng(7))
        bias = b.constant(np.arange(40, dtype=np.int32))
        y = b.apply(ew.Add, y, b.dequantize(bias, b.constant(np.float32(0.01)), b.constant(np.int32(0))))
        return b.quantize(y, b.constant(np.float32(0.07)), b.constant(np.uint8(9)))

    module, weights = graph(write)
    after = run_passes(module, weights, *PASSES)
    assert count(after, ew.Dequantize) == 0
    assert element_of(matmuls(after)[0].outputs[0].type) == f32
    require_within_a_quantum(module, after, weights)


def test_a_product_with_several_readers_is_not_requantised_in_its_body() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        y = drawn_linear(b, x, 40, KIND, np.random.default_rng(7))
        narrow = fake_quantised(b, y, "u8", 0.07, 100)
        return b.apply(ew.Sub, y, narrow)

    module, weights = graph(write)
    (product,) = matmuls(run_passes(module, weights, *PASSES))
    assert [element_of(result.type) for result in product.outputs] == [f32]


def test_scales_along_the_input_channels_stay_float() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        random = np.random.default_rng(7)
        weight = b.constant(random.integers(-9, 9, (40, 32)).astype(np.int8))
        scale = b.constant(random.random(32).astype(np.float32))
        return b.linear(
            fake_quantised(b, x, "u8", 0.05, 99), b.dequantize(weight, scale, b.constant(np.zeros(32, np.int8)), 1)
        )

    module, weights = graph(write)
    after = run_passes(module, weights, *PASSES)
    assert count(after, pr.Linear) == 1 and not matmuls(after)
    inputs = draw_inputs(module, {"tokens": 9})
    np.testing.assert_array_equal(evaluate(after, inputs, weights)["y"], evaluate(module, inputs, weights)["y"])


def test_sums_that_could_leave_int32_stay_float() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        weight = b.constant(np.full((4, 70_000), 127, np.int8))
        one = b.constant(np.float32(0.01)), b.constant(np.int8(0))
        return b.linear(fake_quantised(b, x, "u8", 0.05, 0), b.dequantize(weight, *one))

    module, weights = graph(write, channels=70_000)
    assert not matmuls(run_passes(module, weights, *PASSES))


def test_a_single_vector_is_one_token() -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [32]))])
    y = drawn_linear(b, values["x"], 40, KIND, np.random.default_rng(7))
    module = finish([("y", y)])
    after = run_passes(module, weights, *PASSES)
    assert len(matmuls(after)) == 1
    inputs = draw_inputs(module, {})
    np.testing.assert_allclose(evaluate(after, inputs, weights)["y"], evaluate(module, inputs, weights)["y"], 1e-5)


def test_blocks_and_schedules_given_by_hand_follow_the_weight() -> None:
    matrix = np.zeros((8, 32), np.uint8) + np.uint8(130)
    matrix[:4] = 128
    schedule = Schedule(Dataflow.GATHER_QUADS, 32)

    def write(b: Builder, x: SSAValue) -> SSAValue:
        weight = b.weight(matrix, BlockPattern.of(matrix, 4, 1, zero=128), schedule)
        dequantised = b.dequantize(weight, b.constant(np.float32(0.1)), b.constant(np.uint8(128)))
        return b.linear(fake_quantised(b, x, "u8", 0.05, 3), dequantised)

    module, weights = graph(write)
    (product,) = matmuls(run_passes(module, weights, *PASSES))
    blocks = blocks_of(product.weight.type)
    assert blocks is not None and (blocks.rows.data, blocks.stored.data) == (4, 32)
    assert isinstance(product.weight.owner, st.Constant) and layout_of(product.weight.type) is None
    hint = product.weight.owner.attributes[SCHEDULE_HINT]
    assert isinstance(hint, ScheduleAttr) and hint.schedule == schedule


@pytest.mark.parametrize("mask", ["add", "where", "none"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_quantised_attention_multiplies_bytes(when: str, mask: str) -> None:
    float_module, weights = attention_graph(AttentionSpelling(quantised=when, mask=mask))
    recognised = run_passes(float_module, weights, MatmulToLinear(), RecogniseAttention())
    after = run_passes(recognised, weights, *PASSES)
    (attention,) = (op for op in after.walk() if isinstance(op, Attention))
    assert [element_of(value.type) for value in attention.operands[:3]] == [ui8] * 3
    assert (attention.zero("q"), attention.zero("k"), attention.zero("v"), attention.zero("w")) == (120, 120, 120, 0)
    inputs = draw_inputs(float_module, {"batch": 3, "sequence": 7})
    given, expected = (evaluate(module, inputs, weights)["y"] for module in (after, recognised))
    assert np.abs(given - expected).max() <= 0.051  # one quantum of 0.05
    assert np.mean(np.abs(given - expected) > 1e-4) <= 0.02


def test_a_quantisation_of_the_attention_result_moves_into_its_output() -> None:
    float_module, weights = attention_graph(AttentionSpelling(quantised="before"))
    recognised = run_passes(float_module, weights, MatmulToLinear(), RecogniseAttention())
    end = recognised.body.block.first_op.body.block.last_op  # pyright: ignore
    builder = Builder.before(weights, end)
    quantised = builder.quantize(end.operands[0], builder.constant(np.float32(0.05)), builder.constant(np.uint8(128)))
    end.operands[0] = builder.cast(quantised, f32)
    after = run_passes(recognised, weights, *PASSES)
    (attention,) = (op for op in after.walk() if isinstance(op, Attention))
    assert element_of(attention.result.type) == ui8
    names = [op.name for op in attention.output.block.ops]
    assert [name for name in names if name != "nn.constant"] == ["nn.cast", "nn.mul", "nn.quantize", "sparse.yield"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(0.5, 0.25, 0.125), (1e-27, 1e-20, None), (1e30, 1e30, None), (0.0, 1e-20, 0.0), (1e-30, 1e-7, 1e-37)],
)
def test_scales_whose_product_is_no_scale_are_not_combined(first: float, second: float, expected: float | None) -> None:
    product = combined(np.float32(first), np.asarray([1.0, second], np.float32))
    assert (product is None) == (expected is None)
    if product is not None:
        np.testing.assert_array_equal(product, np.float32(first) * np.float32([1.0, second]))


def test_a_product_of_tiny_scales_stays_in_float32() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        byte = b.quantize(x, b.constant(np.float32(0.05)), b.constant(np.uint8(120)))
        tiny = b.dequantize(byte, b.constant(np.float32(1e-27)), b.constant(np.uint8(120)))
        numbers = np.random.default_rng(2).integers(-127, 128, (32, 16)).astype(np.int8)
        weight = b.dequantize(b.constant(numbers), b.constant(np.float32(1e-20)), b.constant(np.int8(0)))
        return b.apply(ew.Mul, b.matmul(tiny, weight), b.constant(np.float32(1e38)))

    module, weights = graph(write)
    after = run_passes(module, weights, MatmulToLinear(), *PASSES)
    assert not [product for product in matmuls(after) if element_of(product.x.type) == ui8]
