"""Attention in every exporter's spelling becomes one op, bit for bit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32, i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, tensor
from sparsec.dialects.nn_attention import Attention
from sparsec.dims import Size
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.fold_constants import FoldConstants
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.weights import WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES, AttentionSpelling, attention_graph
from tests.transforms.passes import count, require_same, run_passes

PASSES = (CanonicaliseGraph(), MatmulToLinear(), RecogniseAttention(), CanonicaliseGraph())

SPELLINGS = [
    AttentionSpelling(scale, key, mask, nan_guard, quantised)
    for (scale, key, mask), (nan_guard, quantised) in zip(
        itertools.product(("scores", "q", "both"), ("split", "direct", "batched"), ("add", "where", "bias", "none")),
        itertools.cycle(itertools.product((False, True), ("none", "before", "after"))),
        strict=False,
    )
]


@pytest.mark.parametrize("flat", [False, True], ids=["matmul", "gemm"])
@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda s: "-".join(map(str, vars(s).values())))
def test_every_spelling_is_recognised(spelling: AttentionSpelling, flat: bool) -> None:
    module, weights = attention_graph(AttentionSpelling(**{**vars(spelling), "flat": flat}))
    after = run_passes(module, weights, *PASSES)
    assert count(after, Attention) == 1
    assert count(after, pr.MatMul) == count(after, rd.Softmax) == 0
    require_same(module, after, weights, SIZES)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 4), (1, 5, 2, 1), (2, 1, 2, 4), (1, 5, 1, 4), (2, 3, 1, 1)], ids=str)
@pytest.mark.parametrize("key", ["direct", "split"])
def test_sizes_of_one(sizes: tuple[int, int, int, int], key: str) -> None:
    batch, tokens, heads, channels = sizes

    def write(builder: Builder, q: SSAValue, k: SSAValue, v: SSAValue) -> SSAValue:
        shape = (batch, tokens, heads, channels)
        q, v = (builder.transpose(builder.reshape(x, shape), [0, 2, 1, 3]) for x in (q, v))
        k = builder.transpose(builder.reshape(k, shape), [0, 2, 3, 1] if key == "direct" else [0, 2, 1, 3])
        if key == "split":
            k = builder.transpose(k, [0, 1, 3, 2])
        mixed = builder.matmul(builder.softmax(builder.matmul(q, k), -1), v)
        return builder.reshape(builder.transpose(mixed, [0, 2, 1, 3]), (batch, tokens, heads * channels))

    module, weights = attention_of((batch, tokens, heads * channels), write)
    after = run_passes(module, weights, *PASSES)
    assert count(after, Attention) == 1 and count(after, pr.MatMul) == count(after, st.Transpose) == 0
    require_same(module, after, weights, {})


def attention_of(
    shape: Sequence[Size], write: Callable[[Builder, SSAValue, SSAValue, SSAValue], SSAValue | tuple[SSAValue, ...]]
) -> tuple[ModuleOp, WeightStore]:
    """A module over inputs q, k and v of one shape."""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [(name, tensor(f32, shape)) for name in "qkv"])
    results = write(builder, values["q"], values["k"], values["v"])
    results = results if isinstance(results, tuple) else (results,)
    return finish([(f"y{place}", result) for place, result in enumerate(results)]), weights


def test_heads_that_were_always_split_are_joined() -> None:
    """Operands [batch, heads, tokens, channels] come from elsewhere, as with the Attention op on 4-d inputs."""

    def write(builder: Builder, q: SSAValue, k: SSAValue, v: SSAValue) -> SSAValue:
        scores = builder.matmul(q, builder.transpose(k, [0, 1, 3, 2]))
        return builder.matmul(builder.softmax(scores, 3), v)

    module, weights = attention_of((BATCH, 2, SEQUENCE, 4), write)
    after = run_passes(module, weights, *PASSES)
    assert count(after, Attention) == 1 and count(after, st.Transpose) == 4
    require_same(module, after, weights, SIZES)


def test_a_mask_made_from_the_scores_stays_outside() -> None:
    def write(builder: Builder, q: SSAValue, k: SSAValue, v: SSAValue) -> SSAValue:
        scores = builder.matmul(q, builder.transpose(k, [0, 2, 1]))
        mask = builder.reduce(rd.ReduceMax, scores, [1], keepdims=True)
        return builder.matmul(builder.softmax(builder.apply(ew.Sub, scores, mask), -1), v)

    module, weights = attention_of((BATCH, SEQUENCE, 4), write)
    after = run_passes(module, weights, *PASSES)
    assert count(after, Attention) == 0  # the mask is made from the scores themselves
    require_same(module, after, weights, SIZES)


@pytest.mark.parametrize("zeros", [(0, 0, 0, 0), (7, 200, 0, 128)], ids=str)
def test_integer_products_keep_their_zero_points(zeros: tuple[int, int, int, int]) -> None:
    """MatMulInteger on both products, as onnxruntime's quantiser writes it."""

    def integers(builder: Builder, x: SSAValue, scale: float, zero: int) -> SSAValue:
        point = builder.constant(np.uint8(zero))
        q = builder.quantize(x, builder.constant(scale), point)
        return builder.apply(ew.Sub, builder.cast(q, i32), builder.cast(point, i32))

    def scaled(builder: Builder, x: SSAValue, scale: float) -> SSAValue:
        return builder.apply(ew.Mul, builder.cast(x, f32), builder.constant(scale))

    def write(builder: Builder, q: SSAValue, k: SSAValue, v: SSAValue) -> SSAValue:
        split = (BATCH, SEQUENCE, 2, 4)
        q, v = (builder.transpose(builder.reshape(x, split), [0, 2, 1, 3]) for x in (q, v))
        k = builder.transpose(builder.reshape(k, split), [0, 2, 3, 1])
        q, k, v = (integers(builder, x, 0.02, zeros[place]) for place, x in zip((0, 1, 3), (q, k, v), strict=True))
        scores = scaled(builder, builder.matmul(q, k), 0.0004)
        weight = integers(builder, builder.softmax(scores, -1), 1 / 255, zeros[2])
        mixed = scaled(builder, builder.matmul(weight, v), 0.02 / 255)
        return builder.reshape(builder.transpose(mixed, [0, 2, 1, 3]), (BATCH, SEQUENCE, 8))

    module, weights = attention_of((BATCH, SEQUENCE, 8), write)
    after = run_passes(module, weights, FoldConstants(), *PASSES)
    (attention,) = [op for op in after.walk() if isinstance(op, Attention)]
    assert tuple(attention.zero(which) for which in "qkwv") == zeros
    assert {str(element_of(value.type)) for value in (attention.q, attention.k, attention.v)} == {"ui8"}
    require_same(module, after, weights, SIZES)


def test_zero_points_found_at_run_time_stay_products() -> None:
    def write(builder: Builder, q: SSAValue, k: SSAValue, v: SSAValue) -> SSAValue:
        q, k, v = (_dynamic(builder, x) for x in (q, builder.transpose(k, [0, 2, 1]), v))
        weight = _dynamic(builder, builder.softmax(builder.cast(builder.matmul(q, k), f32), -1))
        return builder.cast(builder.matmul(weight, v), f32)

    module, weights = attention_of((BATCH, SEQUENCE, 8), write)
    after = run_passes(module, weights, *PASSES)
    assert count(after, Attention) == 0 and count(after, pr.MatMul) == 2
    require_same(module, after, weights, SIZES)


def _dynamic(builder: Builder, x: SSAValue) -> SSAValue:
    quantised, _, zero = builder.dynamic_quantize(x)
    return builder.apply(ew.Sub, builder.cast(quantised, i32), builder.cast(zero, i32))


def test_probabilities_that_are_outputs_too_stay_computed() -> None:
    def write(builder: Builder, q: SSAValue, k: SSAValue, v: SSAValue) -> tuple[SSAValue, SSAValue]:
        probability = builder.softmax(builder.matmul(q, builder.transpose(k, [0, 2, 1])), -1)
        return builder.matmul(probability, v), probability

    module, weights = attention_of((BATCH, SEQUENCE, 4), write)
    after = run_passes(module, weights, *PASSES)
    assert count(after, Attention) == count(after, rd.Softmax) == 1
    require_same(module, after, weights, SIZES)
