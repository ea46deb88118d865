"""Layer normalisation in every spelling becomes one op; what only looks like it stays."""

from __future__ import annotations

import itertools

import pytest
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_structure as st
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.recognise_layer_norm import RecogniseLayerNorm
from tests.transforms.graphs import SIZES, elementwise_graph, layer_norm_graph
from tests.transforms.passes import count, require_same, run_passes


@pytest.mark.parametrize("canonical", [False, True])
@pytest.mark.parametrize(
    ("square", "divide", "scale_first", "affine"),
    [*itertools.product(("pow", "mul"), ("div", "reciprocal"), (False, True), (True,)), ("pow", "div", False, False)],
)
def test_spellings(square: str, divide: str, scale_first: bool, affine: bool, canonical: bool) -> None:
    module, weights = layer_norm_graph(square=square, divide=divide, scale_first=scale_first, affine=affine)
    passes = [CanonicaliseGraph()] if canonical else []
    after = run_passes(module, weights, *passes, RecogniseLayerNorm())
    assert count(after, st.LayerNorm) == 1
    assert count(after, st.ReduceMean) == count(after, ew.Sqrt) == 0
    require_same(module, after, weights, SIZES, tolerance=1e-5)


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("other", ["mean", "epsilon"])
def test_what_only_looks_like_it_stays(axis: int, other: str) -> None:
    """Means over another axis, a variance of something else, or no epsilon."""

    def write(builder: Builder, x: SSAValue) -> SSAValue:
        mean = builder.reduce(st.ReduceMean, x, [axis], keepdims=True)
        centred = builder.apply(ew.Sub, x, mean)
        squared = builder.apply(ew.Mul, centred, x if other == "mean" else centred)
        variance = builder.reduce(st.ReduceMean, squared, [axis], keepdims=True)
        if other == "mean":
            variance = builder.apply(ew.Add, builder.apply(ew.Abs, variance), builder.constant(1e-5))
        return builder.apply(ew.Div, centred, builder.apply(ew.Sqrt, variance))

    module, weights = elementwise_graph(write)
    after = run_passes(module, weights, RecogniseLayerNorm())
    assert count(after, st.LayerNorm) == 0
    require_same(module, after, weights, SIZES)
