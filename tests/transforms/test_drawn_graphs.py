"""Fusion and layouts on drawn graphs: products, elementwise ops, reductions in any wiring keep their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import SSAValue

from sparsec import debug, pipeline
from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import element_of, sizes_of, tensor
from sparsec.dims import Size
from sparsec.weights import WeightStore
from tests.transforms.drawn_models import fake_quantised
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES, AttentionSpelling, attention_graph
from tests.transforms.passes import context_of, draw_inputs

FULL: tuple[Size, ...] = (BATCH, SEQUENCE, 8)
UNARY = (ew.Relu, ew.Neg, ew.Tanh, ew.Sigmoid)
BINARY = (ew.Add, ew.Sub, ew.Mul, ew.Maximum)
EXACT = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def step(draw: st.DrawFn, b: Builder, values: list[SSAValue], random: np.random.Generator) -> SSAValue:
    """One more value made from those there are; all are f32 `[batch, sequence, 8]`, or broadcast to it."""
    full = [value for value in values if sizes_of(value.type) == FULL]
    x = draw(st.sampled_from(full))
    match draw(st.sampled_from(["unary", "binary", "binary", "binary", "linear", "linear", "softmax", "narrow", "q"])):
        case "unary":
            return b.apply(draw(st.sampled_from(UNARY)), x)
        case "binary":
            pair = draw(st.permutations([x, draw(st.sampled_from(values))]))
            return b.apply(draw(st.sampled_from(BINARY)), *pair)
        case "linear":
            return b.linear(x, b.constant(random.normal(size=(8, 8)).astype(np.float32) / 3))
        case "softmax":
            return b.softmax(x, draw(st.sampled_from([1, 2])))
        case "narrow":
            return b.reduce(rd.ReduceMax, x, [draw(st.sampled_from([0, 1, 2]))], keepdims=True)
        case _:
            return fake_quantised(b, x, draw(st.sampled_from(["u8", "s8"])), 0.1, 120)


@st.composite
def drawn_graphs(draw: st.DrawFn) -> tuple[ModuleOp, WeightStore]:
    """Up to 12 ops and up to 3 outputs."""
    weights = WeightStore()
    random = np.random.default_rng(draw(st.integers(0, 9)))
    b, inputs, finish = begin_module(weights, [("x", tensor(f32, FULL)), ("v", tensor(f32, [8]))])
    values = [inputs["x"], inputs["v"], b.constant(random.normal(size=8).astype(np.float32)), b.constant(0.5)]
    for _ in range(draw(st.integers(1, 12))):
        values.append(step(draw, b, values, random))
    outputs = draw(st.lists(st.sampled_from(values[4:]), max_size=2))
    return finish([(f"y{i}", value) for i, value in enumerate([*outputs, values[-1]])]), weights


def require_exact(module: ModuleOp, weights: WeightStore, *, but: tuple[str, ...] = ()) -> None:
    """No pass down to [scheduled] changes an output."""
    inputs = draw_inputs(module, SIZES)
    for difference in debug.compare(module, context_of(weights), inputs):
        changed = difference.differs and difference.step.pass_name not in but
        assert not changed, (difference.step.pass_name, difference.largest)


@EXACT
@given(drawn_graphs())
def test_any_wiring_keeps_its_numbers(drawn: tuple[ModuleOp, WeightStore]) -> None:
    module, weights = drawn
    require_exact(module, weights, but=("legalise-quantisation",))


@pytest.mark.parametrize("mask", ["add", "where", "bias", "none"])
@pytest.mark.parametrize("quantised", ["none", "before", "after"])
def test_attention_keeps_its_numbers(quantised: str, mask: str) -> None:
    module, weights = attention_graph(AttentionSpelling(quantised=quantised, mask=mask))
    require_exact(module, weights, but=("legalise-quantisation",))


def test_half_precision_passes_through() -> None:
    weights = WeightStore()
    b, inputs, finish = begin_module(weights, [("x", tensor(f32, FULL))])
    narrow = b.cast(inputs["x"], element_of(b.constant(np.float16(1)).type))
    module = finish([("y", b.apply(ew.Mul, narrow, b.constant(np.float16(0.1))))])
    pipeline.finish(pipeline.run(module, context_of(weights), pipeline.PIPELINE[:3]))
