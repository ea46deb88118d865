"""Which models take lists of requests, and why others do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32, i64
from xdsl.ir import SSAValue

from sparsec import pipeline
from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import tensor
from sparsec.dialects.tensor_op import sizes
from sparsec.reference import evaluate, main_function
from sparsec.transforms.compact_tokens import CompactTokens
from sparsec.transforms.request_packing import Packing, packing_of
from sparsec.weights import WeightStore
from tests.transforms.encoders import ELEMENTS, Encoder
from tests.transforms.graphs import BATCH, SEQUENCE
from tests.transforms.passes import context_of, run_passes

GOOD = Packing("mask", "batch", "sequence")


def packing(encoder: Encoder, padding: str = "exact") -> Packing | str:
    module, weights = encoder.sparse()
    return packing_of(main_function(run_passes(module, weights, CompactTokens(padding))))


@pytest.mark.parametrize("mask", ["lowest", "infinite", "replace", "causal"])
@pytest.mark.parametrize("head", ["first", "mean", "filled mean"])
def test_models_that_take_lists(mask: str, head: str) -> None:
    assert packing(Encoder(mask=mask, head=head)) == GOOD


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_causal_models_whose_last_layer_asks_for_one_token(layers: int) -> None:
    assert packing(Encoder(mask="causal", layers=layers, quantised="static", residual=False)) == GOOD


@pytest.mark.parametrize("element", list(ELEMENTS))
def test_masks_of_any_type(element: str) -> None:
    assert packing(Encoder(element=element)) == GOOD


def test_outputs_of_all_tokens() -> None:
    model = Encoder(head="first and all")
    assert packing(model, "zero") == GOOD
    assert "drops no padding" in str(packing(model))
    assert "padding = 'keep'" in str(packing(model, "keep"))


def test_masks_of_thousands() -> None:
    model = Encoder(mask="thousands", quantised="static")
    assert packing(model) == GOOD
    assert "not what its masks take for padding" in str(packing(replace(model, quantised="none")))


Write = Callable[[Builder, SSAValue, SSAValue], SSAValue]
Total = Callable[[Builder, SSAValue, SSAValue, SSAValue], SSAValue]


def pooled(write: Write, mask: Write | None = None, total: Total | None = None) -> tuple[ModuleOp, WeightStore]:
    """The [sparse] module of masked attention `y` of a projection of `x` with itself, pooled by its first token, of
    `write(x, mask)`, and of the sum over tokens of `total(y, x, mask)`."""
    weights = WeightStore()
    inputs = [("x", tensor(f32, [BATCH, SEQUENCE, 8])), ("mask", tensor(i64, [BATCH, SEQUENCE]))]
    b, values, finish = begin_module(weights, inputs)
    x, given = values["x"], values["mask"]
    real = b.cast(given if mask is None else mask(b, x, given), f32)
    hidden = b.apply(ew.Mul, b.apply(ew.Sub, b.constant(1.0), real), b.constant(np.finfo(np.float32).min))
    wide = b.reshape(hidden, [BATCH, 1, 1, SEQUENCE])
    projected = b.linear(x, b.constant(np.random.default_rng(1).normal(size=(8, 8)).astype(np.float32)))
    heads = b.transpose(b.reshape(projected, [BATCH, SEQUENCE, 2, 4]), [0, 2, 1, 3])
    scores = b.apply(ew.Add, b.matmul(heads, b.transpose(heads, [0, 1, 3, 2])), wide)
    mixed = b.matmul(b.softmax(scores, -1), heads)
    y = b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [BATCH, SEQUENCE, 8])
    y = b.linear(y, b.constant(np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)))
    first = b.reshape(b.slice(y, [0, 0, 0], [BATCH, 1, 3], [1, 1, 1]), [BATCH, 3])
    others = [("total", b.reduce(rd.ReduceSum, total(b, y, x, given), [1]))] if total else []
    module = finish([("y", first), ("z", write(b, x, given)), *others])
    pipeline.finish(pipeline.run(module, context_of(weights), pipeline.stages(padding="keep")[:2], thorough=False))
    return module, weights


def mean(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.reduce(rd.ReduceMean, x, [1])


def of_batch(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.apply(ew.Add, b.reduce(rd.ReduceSum, x, [0], keepdims=True), x)


def backwards(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.cumsum(x, 1, reverse=True)


def last(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.slice(x, [0, SEQUENCE - 1, 0], [BATCH, 1, 8], [1, 1, 1])


def length(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.apply(ew.Add, b.cast(b.dimension(SEQUENCE), f32), x)


def flat(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.reshape(x, [BATCH * SEQUENCE, 8])


@pytest.mark.parametrize("write", [mean, of_batch, backwards, last, length])
def test_what_mixes_tokens_or_sequences(write: Write) -> None:
    module, weights = pooled(write)
    assert "may mix" in str(packing_of(main_function(run_passes(module, weights, CompactTokens()))))


def test_outputs_without_a_batch() -> None:
    module, weights = pooled(flat)
    assert "may mix" in str(packing_of(main_function(run_passes(module, weights, CompactTokens()))))


def sums(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.reduce(rd.ReduceSum, b.apply(ew.Mul, x, b.constant(2.0)), [1])


def forwards(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.cumsum(x, 1)


def turned(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    return b.transpose(b.apply(ew.Add, x, b.reshape(b.cast(b.iota(SEQUENCE), f32), [SEQUENCE, 1])), [0, 2, 1])


@pytest.mark.parametrize("write", [sums, forwards, turned])
def test_what_looks_back_only(write: Write) -> None:
    module, weights = pooled(write)
    compact = run_passes(module, weights, CompactTokens())
    assert packing_of(main_function(compact)) == GOOD
    random = np.random.default_rng(1)
    x, mask = random.normal(size=(2, 9, 8)).astype(np.float32), np.ones((2, 9), np.int64)
    alone = evaluate(compact, {"x": x[:1, :4], "mask": mask[:1, :4]}, weights)
    x[0, 4:], mask[0, 4:] = 0, 0
    together = evaluate(compact, {"x": x, "mask": mask}, weights)
    for name, array in alone.items():
        own = together[name][:1]
        own = own[tuple(slice(size) for size in array.shape)]
        assert np.array_equal(own, array), name


def test_masks_that_zeros_do_not_hide() -> None:
    def inverted(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        return b.apply(ew.Sub, b.constant(1), mask)

    module, weights = pooled(forwards, inverted)
    found = packing_of(main_function(run_passes(module, weights, CompactTokens())))
    assert "zeros in the inputs are not" in str(found)


def test_masks_that_ones_hide() -> None:
    def two(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        return b.cast(b.apply(ew.Equal, mask, b.constant(2)), i64)

    module, weights = pooled(forwards, two)
    found = packing_of(main_function(run_passes(module, weights, CompactTokens())))
    assert "hide the first token where the mask is 1" in str(found)


def test_masks_of_more_than_one_input() -> None:
    def both(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        part = b.reshape(b.slice(x, [0, 0, 0], [BATCH, SEQUENCE, 1], [1, 1, 1]), sizes(mask))
        return b.apply(ew.Mul, b.cast(mask, f32), part)

    module, weights = pooled(forwards, both)
    found = packing_of(main_function(run_passes(module, weights, CompactTokens())))
    assert "more than one input" in str(found)


@pytest.mark.parametrize("limit", [0.5, -0.5])
def test_sums_that_leave_out_what_zeros_are_not(limit: float) -> None:
    """Two factors: the first tells which tokens are kept, the second makes padding 0 whatever the first says."""

    def twice(b: Builder, y: SSAValue, x: SSAValue, mask: SSAValue) -> SSAValue:
        normed = b.layer_norm(y, b.constant(np.ones(3, np.float32)), b.constant(np.ones(3, np.float32)), 1e-12)
        part = b.reshape(b.slice(x, [0, 0, 0], [BATCH, SEQUENCE, 1], [1, 1, 1]), [BATCH, SEQUENCE])
        chosen, shown = (
            b.reshape(b.cast(each, f32), [BATCH, SEQUENCE, 1])
            for each in (b.apply(ew.Less, part, b.constant(limit)), mask)
        )
        return b.apply(ew.Mul, b.apply(ew.Mul, chosen, normed), shown)

    module, weights = pooled(forwards, total=twice)
    found = packing_of(main_function(run_passes(module, weights, CompactTokens())))
    if limit < 0:
        assert found == GOOD
    else:
        assert "not what its sums over tokens leave out" in str(found)
