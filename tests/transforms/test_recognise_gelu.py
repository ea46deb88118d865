"""What exporters write for GELU becomes one op, with a smaller error; what has other steps, or is not GELU, stays."""

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
from sparsec.transforms.recognise_gelu import RecogniseGelu
from sparsec.weights import WeightStore
from tests.transforms.formulas import DIVIDED, MULTIPLIED, OTHER, TANH, Formula, written
from tests.transforms.graphs import SIZES, elementwise_graph
from tests.transforms.passes import count, require_same, run_passes

CLOSE = 4e-7
"""What a formula may differ from its op, for results up to 1 and relative to larger ones."""


def recognised(module: ModuleOp, weights: WeightStore) -> ModuleOp:
    """The module after the pass, which sees it as the frontend made it."""
    return run_passes(module, weights, RecogniseGelu())


def recognised_formula(formula: Formula, tolerance: float = 0.0) -> ModuleOp:
    """The formula after the pass, which computes the same numbers."""
    module, weights = elementwise_graph(written(formula))
    after = recognised(module, weights)
    require_same(module, after, weights, SIZES, tolerance=tolerance)
    return after


@pytest.mark.parametrize("formula", [*MULTIPLIED.values(), *DIVIDED.values()], ids=[*MULTIPLIED, *DIVIDED])
def test_erf_spellings(formula: Formula) -> None:
    after = recognised_formula(formula, 4 * CLOSE)
    assert count(after, ew.Gelu) == 1 and count(after, ew.Erf) == 0


@pytest.mark.parametrize("spelling", TANH)
def test_tanh_spellings(spelling: str) -> None:
    after = recognised_formula(TANH[spelling], 4 * CLOSE)
    assert count(after, ew.GeluTanh) == 1 and count(after, ew.Tanh) == 0


@pytest.mark.parametrize("spelling", OTHER)
def test_what_is_not_gelu_or_rounds_differently_stays(spelling: str) -> None:
    after = recognised_formula(OTHER[spelling])
    assert count(after, ew.Gelu) == count(after, ew.GeluTanh) == 0


def test_gelu_of_a_gelu() -> None:
    twice = DIVIDED["torchscript"]
    assert count(recognised_formula(lambda x: twice(twice(x)), 8 * CLOSE), ew.Gelu) == 2


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
def test_the_numbers_stay(numbers: list[float]) -> None:
    """Huge ones too."""
    inputs = {"x": np.array(numbers, np.float32)}
    with np.errstate(all="ignore"):
        expected, given = evaluate(BEFORE, inputs, WEIGHTS), evaluate(AFTER, inputs, WEIGHTS)
    for name, array in expected.items():
        assert np.all(np.abs(given[name] - array) <= CLOSE * np.maximum(1, np.abs(array)))
