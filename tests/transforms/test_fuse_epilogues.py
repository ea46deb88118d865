"""What follows a product moves into its body, unless shapes, dependences or other readers forbid it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import Operation, SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, tensor, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import LayerNorm, MatMul
from sparsec.reference import main_function
from sparsec.transforms.bodies import MOST_OPS, size_of
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.transforms.fuse_epilogues import FuseEpilogues
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.weights import WeightStore
from tests.transforms.drawn_models import fake_quantised
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES, AttentionSpelling, attention_graph
from tests.transforms.passes import require_same, run_passes

Write = Callable[[Builder, SSAValue, SSAValue], SSAValue | list[SSAValue]]


def fused(write: Write) -> ModuleOp:
    """The module `y = write(x, linear(x))` after fusion, which must not change a number."""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, 8]))])
    random = np.random.default_rng(0)
    product = b.linear(values["x"], b.constant(random.normal(size=(8, 8)).astype(np.float32)))
    written = write(b, values["x"], product)
    outputs = written if isinstance(written, list) else [written]
    module = finish([(f"y{index}", value) for index, value in enumerate(outputs)])
    formed = run_passes(module, weights, FormSparseMatmuls())
    after = run_passes(formed, weights, FuseEpilogues())
    require_same(formed, after, weights, SIZES)
    return after


def ops(module: ModuleOp) -> list[Operation]:
    """The ops of the main function but constants and the return."""
    block = main_function(module).body.block
    return [op for op in block.ops if not isinstance(op, st.Constant) and op is not block.last_op]


def body_names(op: Operation) -> list[str]:
    """The ops of the last body, constants left out."""
    return [inner.name for inner in op.regions[-1].block.ops if not isinstance(inner, st.Constant | ew.Cast)]


def vector(b: Builder, seed: int = 1) -> SSAValue:
    """A random value per channel."""
    return b.constant(np.random.default_rng(seed).normal(size=8).astype(np.float32))


def gelu_of_biased(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
    """gelu(y + bias)"""
    return b.apply(ew.Gelu, b.apply(ew.Add, y, vector(b)))


def residual(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
    """x + (y + bias)"""
    return b.apply(ew.Add, x, b.apply(ew.Add, y, vector(b)))


def swish(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
    """Reads the product twice."""
    return b.apply(ew.Mul, y, b.apply(ew.Sigmoid, y))


def quantised_residual(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
    """The residual is a dequantised byte tensor, which is read as bytes."""
    return b.apply(ew.Add, fake_quantised(b, x, "u8", 0.05, 99), y)


def per_token(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
    """A factor per token."""
    return b.apply(ew.Mul, y, b.reduce(rd.ReduceMax, x, [2], keepdims=True))


@pytest.mark.parametrize(
    ("write", "names", "extras"),
    [
        (gelu_of_biased, ["nn.add", "nn.gelu"], 1),
        (residual, ["nn.add", "nn.add"], 2),
        (swish, ["nn.sigmoid", "nn.mul"], 0),
        (quantised_residual, ["nn.dequantize", "nn.add"], 1),
        (per_token, ["nn.mul"], 1),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_is_fused(write: Write, names: list[str], extras: int) -> None:
    product = ops(fused(write))[-1]
    assert isinstance(product, MatMul)
    assert body_names(product) == [*names, "sparse.yield"]
    assert len(product.extras) == extras and len(product.outputs) == 1


def test_a_quantised_copy_and_its_original_are_two_results() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> list[SSAValue]:
        biased = b.apply(ew.Add, y, vector(b))
        return [biased, b.quantize(biased, b.constant(np.float32(0.1)), b.constant(np.uint8(7)))]

    (product,) = ops(fused(write))
    assert [element_of(result.type) for result in product.results] == [f32, ui8]


def test_readers_of_a_quantised_copy_read_bytes() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        kept = fake_quantised(b, y, "u8", 0.05, 99)
        normal = b.layer_norm(b.apply(ew.Relu, kept), vector(b), vector(b), 1e-5)
        return b.apply(ew.Add, kept, b.linear(normal, b.constant(np.eye(8, dtype=np.float32))))

    first, _, last = ops(fused(write))
    assert [element_of(result.type) for result in first.results] == [ui8, f32]
    assert isinstance(last, MatMul) and [element_of(extra.type) for extra in last.extras] == [ui8]
    assert body_names(last) == ["nn.dequantize", "nn.add", "sparse.yield"]


def test_a_wide_copy_is_made_where_somebody_else_needs_it() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        return b.layer_norm(fake_quantised(b, y, "u8", 0.05, 99), vector(b), vector(b), 1e-5)

    product, _ = ops(fused(write))
    assert body_names(product) == ["nn.quantize", "nn.dequantize", "sparse.yield"]
    assert [element_of(result.type) for result in product.results] == [f32]


def test_a_layer_norm_quantises_what_it_gives() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> list[SSAValue]:
        normal = b.layer_norm(y, vector(b), vector(b), 1e-5)
        scaled = b.apply(ew.Mul, normal, vector(b))
        return [normal, b.quantize(scaled, b.constant(np.float32(0.1)), b.constant(np.uint8(7)))]

    _, norm = ops(fused(write))
    assert isinstance(norm, LayerNorm)
    assert body_names(norm) == ["nn.mul", "nn.quantize", "sparse.yield"]
    assert [element_of(result.type) for result in norm.results] == [f32, ui8]


def test_a_layer_norm_reads_no_other_tokens_behind_it() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        return b.apply(ew.Add, b.layer_norm(y, vector(b), vector(b), 1e-5), y)

    norm, add = ops(fused(write))[1:]
    assert isinstance(norm, LayerNorm | rd.LayerNorm) and isinstance(add, ew.Add)


def test_an_operand_that_depends_on_the_product_comes_too_late() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        return b.apply(ew.Add, y, b.softmax(y, -1))

    product, softmax, add = ops(fused(write))
    assert isinstance(product, MatMul) and isinstance(softmax, rd.Softmax) and isinstance(add, ew.Add)


def test_operands_made_later_are_moved_up() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        return b.apply(ew.Add, y, b.softmax(b.softmax(x, -1), 1))

    assert [type(op) for op in ops(fused(write))] == [rd.Softmax, rd.Softmax, MatMul]


def test_scales_of_channels_are_moved_up_as_well() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        scales = b.constant(np.linspace(0.01, 0.1, 8, dtype=np.float32))
        return b.quantize(y, scales, b.constant(np.arange(8, dtype=np.uint8)), 2)

    assert [type(op) for op in ops(fused(write))] == [MatMul]


def test_what_widens_the_shape_stays_outside() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        return b.apply(ew.Add, b.reshape(y, [BATCH, 1, SEQUENCE, 8]), b.reshape(x, [BATCH, SEQUENCE, 1, 8]))

    assert isinstance(ops(fused(write))[-1], ew.Add)


def test_a_full_body_takes_no_more() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        for _ in range(MOST_OPS + 3):
            y = b.apply(ew.Tanh, y)
        return y

    product, *rest = ops(fused(write))
    assert isinstance(product, MatMul) and size_of(product) == MOST_OPS and len(rest) == 3


def test_equal_numbers_are_not_shared_between_places_of_a_body() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        return b.apply(ew.Mul, b.apply(ew.Mul, y, b.constant(3.0)), b.constant(3.0))

    (product,) = ops(fused(write))
    names = [op.name for op in product.regions[0].block.ops]
    assert names == ["nn.constant", "nn.mul", "nn.constant", "nn.mul", "sparse.yield"]


def test_quantising_again_with_the_same_parameters_is_dropped() -> None:
    def write(b: Builder, x: SSAValue, y: SSAValue) -> SSAValue:
        return fake_quantised(b, fake_quantised(b, y, "u8", 0.05, 99), "u8", 0.05, 99)

    (product,) = ops(fused(write))
    assert body_names(product) == ["nn.quantize", "nn.dequantize", "sparse.yield"]


@pytest.mark.parametrize("readers", [1, 2])
def test_attention_takes_what_follows_if_nobody_else_reads_it(readers: int) -> None:
    module, weights = attention_graph(AttentionSpelling())
    module = run_passes(module, weights, MatmulToLinear(), RecogniseAttention(), FormSparseMatmuls())
    end = main_function(module).body.block.last_op
    assert end is not None
    builder = Builder.before(weights, end)
    for _ in range(readers):
        end.operands[0] = builder.apply(ew.Add, end.operands[0], end.operands[0] if readers == 2 else vector(builder))
    after = run_passes(module, weights, FuseEpilogues())
    require_same(module, after, weights, SIZES)
    (attention,) = (op for op in ops(after) if isinstance(op, Attention))
    assert body_names(attention) == ["nn.add", *(["nn.add"] if readers == 2 else []), "sparse.yield"]
