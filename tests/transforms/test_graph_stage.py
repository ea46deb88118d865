"""The [graph] stage on real files: all that can be recognised is, and every pass keeps every bit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.nn_attention import Attention
from sparsec.frontend.onnx_model import read_onnx
from sparsec.pipeline import PIPELINE
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES
from tests.fixtures.exact_products import exact_session
from tests.fixtures.inputs import draw_inputs
from tests.fixtures.quantise import KINDS
from tests.transforms.passes import context_of, count, require_close, understood

DAMAGED = {"truncated", "unsupported", "mlp_external_outside", "mlp_external_short"}
FILES = sorted(path for path in FIXTURES.glob("*.onnx") if path.stem not in DAMAGED)
(GRAPH,) = [stage for stage in PIPELINE if stage.name == "graph"]

LAYERS = 2
"""Every Transformer among the fixtures has two."""

EXTRA_GELUS = {"bert_causal": 1, "bert_lm": 1, "electra": 1}
"""Heads with an activation of their own."""


def stem(path: Path) -> str:
    """The name of a test case."""
    return path.stem


def is_quantised(path: Path) -> bool:
    """Whether onnxruntime's quantiser made the file."""
    return path.stem.split("_")[1] in KINDS


def evaluated_steps(path: Path) -> tuple[dict[str, int], list[tuple[str, dict[str, np.ndarray]]], list[np.ndarray]]:
    """Counts of ops after [graph]; the outputs as read and after each pass; what onnxruntime says."""
    weights, model = WeightStore(), onnx.load(path)
    inputs = draw_inputs(model, {"batch": 2, "sequence": 7}, seed=5)
    module = understood(read_onnx(path, weights), weights)
    steps = [("as read", evaluate(module, inputs, weights))]
    for step in GRAPH.passes:
        step.apply(context_of(weights), module)
        module.verify()
        steps.append((step.name, evaluate(module, inputs, weights)))
    GRAPH.ensures(module)
    classes = (Attention, rd.Softmax, pr.MatMul, rd.LayerNorm, ew.Gelu, ew.GeluTanh, ew.Erf, ew.Tanh, rd.ReduceMean)
    expected = exact_session(model).run(list(steps[0][1]), inputs)
    return {op.name: count(module, op) for op in classes}, steps, expected


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_real_files(path: Path) -> None:
    counts, steps, expected = evaluated_steps(path)

    for array, given in zip(expected, steps[0][1].values(), strict=True):
        assert np.abs(given - array).max() <= 1e-5 * np.abs(array).max()

    for (_, before), (name, after) in pairwise(steps):
        for output, array in before.items():
            require_close(after[output], array, 0.0, f"{name}: {output}")

    if path.stem.startswith("mlp"):
        assert counts["nn.gelu_tanh"] == counts["nn.layer_norm"] == 1
    else:
        family = next((name for name in EXTRA_GELUS if path.stem.startswith(name)), "")
        gelus = counts["nn.gelu"] + counts["nn.gelu_tanh"]
        assert counts["nn.attention"] == LAYERS
        assert gelus == LAYERS + EXTRA_GELUS.get(family, 0)
        assert counts["nn.layer_norm"] >= 2 * LAYERS + 1
        assert counts["nn.softmax"] == counts["nn.matmul"] == counts["nn.erf"] == counts["nn.reduce_mean"] == 0
