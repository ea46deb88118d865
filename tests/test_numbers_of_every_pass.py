"""The reference computes the same numbers from the IR after every pass, from what was read down to [scheduled].

Bit for bit, with one exception. Legalising quantisation turns a float product into an integer one with a multiplier:
there at most one element in a thousand of a requantised tensor may change, by one quantum.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draws
from xdsl.dialects.builtin import ModuleOp, i8
from xdsl.ir import Attribute

from sparsec.builder import begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor, to_numpy, ui8
from sparsec.frontend.onnx_model import read_onnx
from sparsec.pipeline import PIPELINE
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.transforms.formulas import written
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES, layer_norm_of
from tests.transforms.passes import Arrays, context_of, draw_inputs, require_close, understood
from tests.transforms.test_graph_stage import FILES, is_quantised, stem
from tests.transforms.test_random_graphs import ACTIVATIONS, models

STAGES = PIPELINE[: [stage.name for stage in PIPELINE].index("scheduled") + 1]
LEGALISE = "legalise-quantisation"

LEGALISED = 0.02
"""How far the outputs of a quantised file may move across that pass, relative to the largest: a rounding that falls the
other way goes on through the layers behind."""


def outputs_by_pass(
    module: ModuleOp, weights: WeightStore, inputs: Arrays, without: str = ""
) -> Iterator[tuple[str, dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """`(pass, outputs before, outputs after)` for each pass but `without` that changes anything.

    The form of each stage is checked.
    """
    before, text = evaluate(understood(module, weights), inputs, weights), str(module)
    for stage in STAGES:
        for step in stage.passes:
            if step.name == without:
                continue
            step.apply(context_of(weights), module)
            if (changed := str(module)) == text:
                continue
            module.verify()
            after = evaluate(module, inputs, weights)
            yield step.name, before, after
            before, text = after, changed
        stage.ensures(module)


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_real_files(path: Path) -> None:
    weights = WeightStore()
    inputs = draw_inputs_of(path)
    for name, before, after in outputs_by_pass(read_onnx(path, weights), weights, inputs):
        for output, expected in before.items():
            tolerance = LEGALISED if name == LEGALISE and is_quantised(path) else 0.0
            require_close(after[output], expected, tolerance * np.abs(expected).max(), f"{name}: {output}")


def draw_inputs_of(path: Path) -> Arrays:
    """Inputs of an ONNX file."""
    from tests.fixtures import inputs

    return inputs.draw_inputs(onnx.load(path, load_external_data=False), {"batch": 3, "sequence": 9}, seed=8)


@settings(max_examples=60, deadline=None)
@given(models())
def test_random_models_in_floats(model: tuple[ModuleOp, WeightStore]) -> None:
    module, weights = model
    for name, before, after in outputs_by_pass(module, weights, draw_inputs(module, SIZES), without=LEGALISE):
        for output, expected in before.items():
            require_close(after[output], expected, 0.0, f"{name}: {output}")


@draws.composite
def quantised_layers(draw: draws.DrawFn) -> tuple[ModuleOp, WeightStore]:
    """Requantised products of one quantised input, in the ways in which files spell their parameters.

    Before that, perhaps a layer normalisation and an activation, as exporters spell them.
    """
    random = np.random.default_rng(draw(draws.integers(0, 2**32 - 1)))
    weights = WeightStore()
    element: Attribute = draw(draws.sampled_from([ui8, i8]))
    inputs, out = draw(draws.integers(1, 70)), draw(draws.integers(1, 20))
    builder, values, finish = begin_module(weights, [("x", tensor(element, [BATCH, SEQUENCE, inputs]))])

    def parameters(of: Attribute) -> tuple[float, np.ndarray]:
        limits = np.iinfo(to_numpy(of))
        return float(random.uniform(0.005, 0.1)), np.asarray(random.integers(limits.min, limits.max + 1), to_numpy(of))

    scale, zero = parameters(element)
    x = builder.dequantize(values["x"], builder.constant(scale), builder.constant(zero))
    kind: Attribute = draw(draws.sampled_from([i8, ui8]))
    matrix = random.integers(0, 256, size=(out, inputs)).astype(to_numpy(kind))
    matrix[random.random(matrix.shape) < draw(draws.sampled_from([0.0, 0.9]))] = 0
    if kind == i8 and draw(draws.booleans()):
        spread = random.uniform(0.001, 0.02, size=out).astype(np.float32)
        zeros = np.zeros(out, np.int8)
        weight = builder.dequantize(builder.constant(matrix), builder.constant(spread), builder.constant(zeros), 0)
    else:
        spread, point = parameters(kind)
        weight = builder.dequantize(builder.constant(matrix), builder.constant(spread / 10), builder.constant(point))
    y = builder.linear(x, weight)
    if draw(draws.booleans()):
        y = builder.apply(ew.Add, y, builder.constant(random.normal(size=out).astype(np.float32)))
    scale = random.uniform(0.005, 0.1) * inputs**0.5
    if draw(draws.booleans()):
        y = layer_norm_of(builder, y, divide=draw(draws.sampled_from(["div", "reciprocal", "power"])))
        scale = random.uniform(0.01, 0.05)
    if draw(draws.booleans()):
        y = written(draw(draws.sampled_from(ACTIVATIONS)))(builder, y)
    result: Attribute = draw(draws.sampled_from([ui8, i8]))
    _, zero = parameters(result)
    return finish([("y", builder.quantize(y, builder.constant(scale), builder.constant(zero)))]), weights


@settings(max_examples=80, deadline=None)
@given(quantised_layers())
def test_quantised_layers(layer: tuple[ModuleOp, WeightStore]) -> None:
    module, weights = layer
    inputs = draw_inputs(module, {"batch": 4, "sequence": 17})
    for name, before, after in outputs_by_pass(module, weights, inputs):
        if name != LEGALISE:
            require_close(after["y"], before["y"], 0.0, name)
            continue
        moved = np.abs(after["y"].astype(int) - before["y"].astype(int))
        assert moved.max() <= 1
        assert np.count_nonzero(moved) <= max(1, moved.size // 1000)
