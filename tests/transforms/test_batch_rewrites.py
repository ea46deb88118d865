"""Attention whose heads are merged into the batch is told apart again; no number changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import Operation, SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import sizes_of, tensor
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_products import MatMul
from sparsec.dialects.nn_reductions import Softmax
from sparsec.dialects.nn_structure import Broadcast, GatherElements
from sparsec.dims import Dim
from sparsec.reference import evaluate
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.fold_constants import FoldConstants
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.transforms.recognise_layer_norm import RecogniseLayerNorm
from sparsec.weights import WeightStore
from tests.transforms.passes import count, draw_inputs, run_passes

BATCH, SEQUENCE, HEADS, CHANNELS = Dim.symbol("batch"), Dim.symbol("sequence"), 3, 8
HIDDEN, MERGED = HEADS * CHANNELS, BATCH * HEADS
SCORES = (BATCH, HEADS, SEQUENCE, SEQUENCE)


def attention(b: Builder, x: SSAValue, mask: SSAValue, softmax: str, mixed: str) -> SSAValue:
    """With `bmm`, and a view with heads for the mask.

    Args:
        softmax: with heads "apart" or "merged".
        mixed: the result is "apart" before heads and channels are joined, or not ("merged").
    """
    q, k, v = (
        b.reshape(b.transpose(b.reshape(part, [BATCH, SEQUENCE, HEADS, CHANNELS]), [0, 2, 1, 3]), [MERGED, SEQUENCE, 8])
        for part in (b.apply(ew.Mul, x, b.constant(factor)) for factor in (0.5, 0.75, 1.5))
    )
    scores = b.apply(ew.Mul, b.matmul(q, b.transpose(k, [0, 2, 1])), b.constant(0.3))
    scores = b.apply(ew.Add, b.reshape(scores, SCORES), mask)
    if softmax == "apart":
        share = b.reshape(b.softmax(scores, 3), [MERGED, SEQUENCE, SEQUENCE])
    else:
        share = b.softmax(b.reshape(scores, [MERGED, SEQUENCE, SEQUENCE]), 2)
    result = b.matmul(share, v)
    if mixed == "merged":
        return result
    return b.reshape(
        b.transpose(b.reshape(result, [BATCH, HEADS, SEQUENCE, CHANNELS]), [0, 2, 1, 3]), [BATCH, SEQUENCE, HIDDEN]
    )


def graph(softmax: str, mixed: str) -> tuple[ModuleOp, WeightStore]:
    """`y = attention(x, mask)`"""
    weights = WeightStore()
    inputs = [("x", tensor(f32, [BATCH, SEQUENCE, HIDDEN])), ("mask", tensor(f32, [BATCH, 1, 1, SEQUENCE]))]
    b, values, finish = begin_module(weights, inputs)
    return finish([("y", attention(b, values["x"], values["mask"], softmax, mixed))]), weights


def recognised(module: ModuleOp, weights: WeightStore) -> ModuleOp:
    """After the passes that recognise layer norms and attention."""
    passes = (CanonicaliseGraph(), MatmulToLinear(), RecogniseLayerNorm(), RecogniseAttention())
    return run_passes(module, weights, *passes)


@pytest.mark.parametrize("mixed", ["apart", "merged"])
@pytest.mark.parametrize("softmax", ["apart", "merged"])
def test_attention_is_found_behind_merged_heads(softmax: str, mixed: str) -> None:
    module, weights = graph(softmax, mixed)
    after = recognised(module, weights)
    found = [op for op in after.walk() if isinstance(op, Attention | MatMul | Softmax)]
    assert [type(op) for op in found] == [Attention]
    assert isinstance(found[0], Attention) and found[0].heads.value.data == HEADS
    for sizes in ({"batch": 1, "sequence": 1}, {"batch": 2, "sequence": 13}, {"batch": 0, "sequence": 4}):
        inputs = draw_inputs(module, sizes)
        given, expected = (evaluate(each, inputs, weights)["y"] for each in (after, module))
        np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)


Write = Callable[[Builder, SSAValue], SSAValue]


def layer_norm(b: Builder, x: SSAValue) -> SSAValue:
    """In small steps."""
    centred = b.apply(ew.Sub, x, b.reduce(rd.ReduceMean, x, [2], keepdims=True))
    variance = b.reduce(rd.ReduceMean, b.apply(ew.Mul, centred, centred), [2], keepdims=True)
    return b.apply(ew.Div, centred, b.apply(ew.Sqrt, b.apply(ew.Add, variance, b.constant(1e-5))))


def one_head(b: Builder, x: SSAValue) -> SSAValue:
    """Attention within `x[n, tokens, channels]`."""
    scores = b.apply(ew.Mul, b.matmul(x, b.transpose(x, [0, 2, 1])), b.constant(0.3))
    return b.matmul(b.softmax(scores, -1), x)


def encoder(b: Builder, x: SSAValue) -> SSAValue:
    """A norm behind attention with heads and a product."""
    mask = b.constant(np.zeros((1, 1, 1, 1), np.float32))
    weight = b.constant(np.random.default_rng(4).normal(size=(HIDDEN, HIDDEN)).astype(np.float32))
    mixed = b.matmul(attention(b, x, mask, "apart", "apart"), weight)
    return layer_norm(b, b.apply(ew.Add, x, mixed))


VIEWED: dict[str, tuple[Write, type[Operation]]] = {
    "a norm": (layer_norm, rd.LayerNorm),
    "a norm of an encoder": (encoder, rd.LayerNorm),
    "one head": (one_head, Attention),
}


@pytest.mark.parametrize("shape", ["[1, n, i, j]", "[n, 1, i, j]"])
@pytest.mark.parametrize("what", VIEWED)
def test_what_is_only_viewed_on_four_axes_is_found_on_three(what: str, shape: str) -> None:
    write, kind = VIEWED[what]
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, HIDDEN]))])
    apart = [1, BATCH] if shape.startswith("[1") else [BATCH, 1]
    module = finish([("y", b.reshape(write(b, values["x"]), [*apart, SEQUENCE, HIDDEN]))])
    assert count(recognised(module, weights), kind) == 1


@pytest.mark.parametrize("viewed", [True, False])
def test_windows_stay_batches(viewed: bool) -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [BATCH, 6, SEQUENCE, HIDDEN]))])
    mixed = one_head(b, b.reshape(values["x"], [BATCH * 6, SEQUENCE, HIDDEN]))
    module = finish([("y", b.reshape(mixed, [BATCH, 6, SEQUENCE, HIDDEN]) if viewed else mixed)])
    after = recognised(module, weights)
    (found,) = (op for op in after.walk() if isinstance(op, Attention | MatMul))
    assert isinstance(found, Attention) and found.heads.value.data == 1


def test_what_depends_on_other_batches_stays_as_it_is() -> None:
    """A softmax over batches and heads, operands that are broadcast over some of them, values that others read."""
    weights = WeightStore()
    shape = [BATCH, HEADS, SEQUENCE, CHANNELS]
    b, values, finish = begin_module(weights, [("x", tensor(f32, shape))])
    x = b.reshape(values["x"], [MERGED, SEQUENCE, CHANNELS])
    doubled = b.apply(ew.Add, x, x)
    outputs = [
        b.reshape(b.softmax(x, 0), shape),
        b.reshape(doubled, shape),
        b.reshape(b.apply(ew.Exp, x), [HEADS, BATCH, SEQUENCE, CHANNELS]),
        doubled,
    ]
    module = finish([(f"y{number}", value) for number, value in enumerate(outputs)])
    after = run_passes(module, weights, CanonicaliseGraph())
    assert [sizes_of(op.result.type) for op in after.walk() if isinstance(op, Softmax)] == [sizes_of(x.type)]
    assert [sizes_of(op.result.type) for op in after.walk() if isinstance(op, ew.Add)] == [sizes_of(x.type)]
    inputs = draw_inputs(module, {"batch": 2, "sequence": 3})
    given, expected = evaluate(after, inputs, weights), evaluate(module, inputs, weights)
    for name, array in expected.items():
        np.testing.assert_array_equal(given[name], array)


def biases(b: Builder, q: SSAValue, k: SSAValue) -> SSAValue:
    """Scores by relative positions, 5 of them, as DeBERTa adds: of queries by keys, and of keys by queries."""
    places = b.iota(SEQUENCE)
    distance = b.apply(ew.Sub, b.reshape(places, [1, SEQUENCE, 1]), b.reshape(places, [1, 1, SEQUENCE]))
    near = b.apply(ew.Minimum, b.apply(ew.Maximum, distance, b.constant(np.int64(-2))), b.constant(np.int64(2)))
    index = b.apply(ew.Add, near, b.constant(np.int64(2)))
    total = None
    for seed, heads in enumerate((q, k)):
        table = np.random.default_rng(seed).normal(size=(1, HEADS, 1, 5, 1, CHANNELS)).astype(np.float32)
        repeated = b.broadcast(b.constant(table), [BATCH, HEADS, 1, 5, 1, CHANNELS])
        turned = b.transpose(b.reshape(repeated, [MERGED, 5, CHANNELS]), [0, 2, 1])
        picked = b.gather_elements(b.matmul(heads, turned), index, 2 - 3 * seed)
        total = picked if total is None else b.apply(ew.Add, total, b.transpose(picked, [0, 2, 1]))
    assert total is not None
    return total


def test_relative_positions_are_told_apart_and_not_repeated() -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, HIDDEN]))])
    q, k, v = (
        b.reshape(b.transpose(b.reshape(part, [BATCH, SEQUENCE, HEADS, CHANNELS]), [0, 2, 1, 3]), [MERGED, SEQUENCE, 8])
        for part in (b.apply(ew.Mul, values["x"], b.constant(factor)) for factor in (0.5, 0.75, 1.5))
    )
    scores = b.reshape(b.apply(ew.Add, b.matmul(q, b.transpose(k, [0, 2, 1])), biases(b, q, k)), SCORES)
    mixed = b.matmul(b.reshape(b.softmax(scores, 3), [MERGED, SEQUENCE, SEQUENCE]), v)
    module = finish([("y", b.reshape(mixed, [BATCH, HEADS, SEQUENCE, CHANNELS]))])
    after = run_passes(recognised(module, weights), weights, FoldConstants(), CanonicaliseGraph(), FormSparseMatmuls())
    assert count(after, Attention) == 1 and count(after, Broadcast) == 0
    products = [sizes_of(op.result.type) for op in after.walk() if isinstance(op, MatMul)]
    assert products == [(BATCH, HEADS, SEQUENCE, 5), (BATCH, HEADS, 5, SEQUENCE)]
    assert [op.axis.value.data for op in after.walk() if isinstance(op, GatherElements)] == [3, 2]
    for sizes in ({"batch": 1, "sequence": 1}, {"batch": 2, "sequence": 13}, {"batch": 0, "sequence": 4}):
        inputs = draw_inputs(module, sizes)
        given, expected = (evaluate(each, inputs, weights)["y"] for each in (after, module))
        np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)
