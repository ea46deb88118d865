"""What has the steps of GELU becomes one op, bit for bit; what rounds differently, or is not GELU, stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, f32, f64

from sparsec.builder import begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor
from sparsec.reference import evaluate
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.recognise_gelu import RecogniseGelu
from sparsec.weights import WeightStore
from tests.transforms.formulas import DIVIDED, MULTIPLIED, OTHER, TANH, Formula, written
from tests.transforms.graphs import SIZES, elementwise_graph
from tests.transforms.passes import count, require_close, require_same, run_passes


def recognised(module: ModuleOp, weights: WeightStore) -> ModuleOp:
    """The module after the pass, canonicalised before as it is in the pipeline."""
    return run_passes(module, weights, CanonicaliseGraph(), RecogniseGelu())


def recognised_formula(formula: Formula) -> ModuleOp:
    """The formula after the pass, which computes the same bits."""
    module, weights = elementwise_graph(written(formula))
    after = recognised(module, weights)
    require_same(module, after, weights, SIZES)
    return after


@pytest.mark.parametrize("spelling", MULTIPLIED)
def test_multiplied_by_the_root(spelling: str) -> None:
    after = recognised_formula(MULTIPLIED[spelling])
    assert [op.divide for op in after.walk() if isinstance(op, ew.Gelu)] == [None]
    assert count(after, ew.Erf) == 0


@pytest.mark.parametrize("spelling", DIVIDED)
def test_divided_by_the_root(spelling: str) -> None:
    after = recognised_formula(DIVIDED[spelling])
    assert [op.divide is not None for op in after.walk() if isinstance(op, ew.Gelu)] == [True]
    assert count(after, ew.Erf) == 0


@pytest.mark.parametrize("spelling", TANH)
def test_tanh_spellings(spelling: str) -> None:
    after = recognised_formula(TANH[spelling])
    assert count(after, ew.GeluTanh) == 1 and count(after, ew.Tanh) == 0


@pytest.mark.parametrize("spelling", OTHER)
def test_what_is_not_gelu_or_rounds_differently_stays(spelling: str) -> None:
    after = recognised_formula(OTHER[spelling])
    assert count(after, ew.Gelu) == count(after, ew.GeluTanh) == 0


def test_gelu_of_a_gelu() -> None:
    twice = DIVIDED["torchscript"]
    assert count(recognised_formula(lambda x: twice(twice(x))), ew.Gelu) == 2


def test_f64_stays() -> None:
    """The op computes in f32 whatever it is given."""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f64, [4]))])
    x = values["x"]
    half, root, one = (builder.constant(np.float64(number)) for number in (0.5, 0.7071067690849304, 1.0))
    curve = builder.apply(ew.Add, builder.apply(ew.Erf, builder.apply(ew.Mul, x, root)), one)
    module = finish([("y", builder.apply(ew.Mul, builder.apply(ew.Mul, x, half), curve))])
    assert count(recognised(module, weights), ew.Gelu) == 0


SPELLED = [*MULTIPLIED.values(), *DIVIDED.values(), *TANH.values()]
EVERY = [written(formula) for formula in SPELLED]


def every_spelling() -> tuple[ModuleOp, ModuleOp, WeightStore]:
    """A graph with an output for each spelling, before and after."""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f32, [4]))])
    module = finish([(f"y{place}", write(builder, values["x"])) for place, write in enumerate(EVERY)])
    after = recognised(module, weights)
    assert count(after, ew.Gelu) + count(after, ew.GeluTanh) == len(EVERY)
    return module, after, weights


BEFORE, AFTER, WEIGHTS = every_spelling()


@given(st.lists(st.floats(-(2.0**126), 2.0**126, width=32), min_size=4, max_size=4))
def test_no_bit_changes(numbers: list[float]) -> None:
    """Huge numbers too. Denormal results are let off: halving one rounds, so its place in a product counts. So it does
    where a spelling takes a quarter of x, up to twice the smallest normal result."""
    inputs = {"x": np.array(numbers, np.float32)}
    with np.errstate(all="ignore"):
        expected, given = evaluate(BEFORE, inputs, WEIGHTS), evaluate(AFTER, inputs, WEIGHTS)
    for (name, array), formula in zip(expected.items(), SPELLED, strict=True):
        limit = np.finfo(np.float32).smallest_normal * (2 if formula is MULTIPLIED["shared_half"] else 1)
        normal = ~(np.abs(array) < limit)
        require_close(given[name][normal], array[normal], 0.0, name)
