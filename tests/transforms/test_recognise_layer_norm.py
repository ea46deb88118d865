"""Layer normalisation in the spellings of exporters becomes one op, bit for bit; what only looks like it stays."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pytest
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.tensor_op import sizes
from sparsec.reference import evaluate
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.recognise_layer_norm import RecogniseLayerNorm
from tests.transforms.graphs import SIZES, elementwise_graph, layer_norm_of
from tests.transforms.passes import count, require_close, require_same, run_passes


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("canonical", [False, True])
@pytest.mark.parametrize(
    ("square", "divide", "scale_first", "affine"),
    [
        *itertools.product(("pow", "mul"), ("div", "reciprocal", "one_by", "power"), (False, True), (True,)),
        ("pow", "div", False, False),
        ("mul", "reciprocal", False, False),
    ],
)
def test_spellings(square: str, divide: str, scale_first: bool, affine: bool, canonical: bool, centred: bool) -> None:
    chosen = {"square": square, "divide": divide, "scale_first": scale_first, "affine": affine, "centred": centred}
    spelling = partial(layer_norm_of, **chosen)  # pyright: ignore[reportArgumentType] - each is what it is called
    module, weights = elementwise_graph(spelling)
    passes = [CanonicaliseGraph()] if canonical or divide == "power" else []
    after = run_passes(module, weights, *passes, RecogniseLayerNorm())
    (norm,) = [op for op in after.walk() if isinstance(op, rd.LayerNorm)]
    assert (norm.divide is not None, norm.uncentred is None) == (divide == "div", centred)
    assert count(after, rd.ReduceMean) == count(after, ew.Sqrt) == 0
    require_same(module, after, weights, SIZES)


def test_zeros_keep_their_sign_where_there_is_no_bias() -> None:
    module, weights = elementwise_graph(partial(layer_norm_of, affine=False))
    after = run_passes(module, weights, RecogniseLayerNorm())
    inputs = {"x": np.full((1, 1, 8), 3, np.float32)}
    inputs["x"][0, 0, ::2] = np.nextafter(np.float32(3), np.float32(4))
    for _ in range(2):
        (expected,), (given,) = (evaluate(one, inputs, weights).values() for one in (module, after))
        require_close(given, expected, 0.0)
        inputs["x"] = -inputs["x"]


@pytest.mark.parametrize(("axis", "other", "found"), [(1, "mean", 0), (-1, "mean", 0), (1, "none", 0), (-1, "none", 1)])
def test_what_only_looks_like_it_stays(axis: int, other: str, found: int) -> None:
    """Means over another axis, or a variance of something else. Exporters drop an epsilon that is nearly nothing."""

    def write(builder: Builder, x: SSAValue) -> SSAValue:
        mean = builder.reduce(rd.ReduceMean, x, [axis], keepdims=True)
        centred = builder.apply(ew.Sub, x, mean)
        squared = builder.apply(ew.Mul, centred, x if other == "mean" else centred)
        variance = builder.reduce(rd.ReduceMean, squared, [axis], keepdims=True)
        if other == "mean":
            variance = builder.apply(ew.Add, builder.apply(ew.Abs, variance), builder.constant(1e-5))
        return builder.apply(ew.Div, centred, builder.apply(ew.Sqrt, variance))

    module, weights = elementwise_graph(write)
    after = run_passes(module, weights, RecogniseLayerNorm())
    assert count(after, rd.LayerNorm) == found
    require_same(module, after, weights, SIZES)


def test_a_variance_whose_axis_is_put_back_by_a_reshape() -> None:
    """As the newer exporter writes `x.var(-1, keepdim=True)`."""

    def write(builder: Builder, x: SSAValue) -> SSAValue:
        centred = builder.apply(ew.Sub, x, builder.reduce(rd.ReduceMean, x, [-1], keepdims=True))
        variance = builder.reduce(rd.ReduceMean, builder.apply(ew.Mul, centred, centred), [-1])
        kept = builder.reshape(variance, [*sizes(variance), 1])
        root = builder.apply(ew.Sqrt, builder.apply(ew.Add, kept, builder.constant(1e-5)))
        return builder.apply(ew.Div, centred, root)

    module, weights = elementwise_graph(write)
    after = run_passes(module, weights, CanonicaliseGraph(), RecogniseLayerNorm())
    assert count(after, rd.LayerNorm) == 1 and count(after, rd.ReduceMean) == 0
    require_same(module, after, weights, SIZES)


@pytest.mark.parametrize(("axis", "squared", "found"), [(-1, "x", 1), (1, "x", 0), (-1, "other", 0), (-1, "half", 0)])
def test_what_is_no_rms_norm_stays(axis: int, squared: str, found: int) -> None:
    """A mean over another axis, of other numbers, of x times something else."""

    def write(builder: Builder, x: SSAValue) -> SSAValue:
        other = builder.apply(ew.Abs, x)
        first, second = {"x": (x, x), "other": (other, other), "half": (x, other)}[squared]
        mean = builder.reduce(rd.ReduceMean, builder.apply(ew.Mul, first, second), [axis], keepdims=True)
        shifted = (
            builder.apply(ew.Add, builder.apply(ew.Abs, mean), builder.constant(1e-5)) if squared == "half" else mean
        )
        return builder.apply(ew.Div, x, builder.apply(ew.Sqrt, shifted))

    module, weights = elementwise_graph(write)
    after = run_passes(module, weights, RecogniseLayerNorm())
    assert count(after, rd.LayerNorm) == found
    require_same(module, after, weights, SIZES)
