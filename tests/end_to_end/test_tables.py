"""Files whose quantiser brackets an activation: it becomes a table, on every CPU, and no bit changes by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sparsec
from sparsec import pipeline
from sparsec.api import new_context
from sparsec.dialects import nn_elementwise as ew
from sparsec.frontend.dsl import read_dsl
from sparsec.frontend.onnx_model import read_onnx
from sparsec.pipeline import PIPELINE, Stage
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.end_to_end.exactness import Exact
from tests.fixtures import FIXTURES
from tests.transforms.passes import count, understood

NAME = "tabulate-bytes"
FILES = {"bert_qdqa_u8_tensor_80": ew.Gelu, "mlp_qdq_u8_tensor_80": ew.Sigmoid, "mlp_qop_u8_channel_90": ew.Tanh}
PAGE = """
weight w: i8[48, 64] blocks(4x1) random(seed = 1, sparsity = 0.8) quantized(scale = 0.01)
model layer(x: u8[batch, 64] quantized(scale = 0.02, zero = 128)) -> (y) {
  h = quantize(linear(x, w), u8, scale = 0.02, zero = 100)
  y = quantize(gelu(h), i8, scale = 0.01, zero = -90)
}
"""


def without_tables() -> tuple[Stage, ...]:
    """The stages down to [sparse], but for the pass that makes tables."""
    stages = PIPELINE[: [stage.name for stage in PIPELINE].index("sparse") + 1]
    kept = [tuple(step for step in stage.passes if step.name != NAME) for stage in stages]
    return tuple(Stage(s.name, passes, s.ensures) for s, passes in zip(stages, kept, strict=True))


@pytest.mark.parametrize("name", FILES)
def test_activation_of_a_file_is_looked_up(name: str) -> None:
    weights = WeightStore()
    module = understood(read_onnx(FIXTURES / f"{name}.onnx", weights), weights)
    exact = Exact(module, weights)
    assert exact.exact
    assert count(exact.scheduled, ew.Lookup) > 0 and count(exact.scheduled, FILES[name]) == 0
    exact.check([(1, 1), (1, 13), (1, 64), (4, 25)])


def test_page_computes_the_same_without_a_table(tmp_path: Path) -> None:
    page = tmp_path / "layer.spc"
    page.write_text(PAGE)
    weights = WeightStore()
    module = read_dsl(page, weights)
    plain = module.clone()
    pipeline.finish(pipeline.run(plain, new_context(weights), without_tables()))
    assert count(plain, ew.Lookup) == 0 and count(plain, ew.Gelu) == 1
    program = sparsec.compile(page, cache=False)
    for tokens in (1, 13, 64, 100):
        x = np.random.default_rng(tokens).integers(0, 256, (tokens, 64)).astype(np.uint8)
        (y,) = program(x)
        expected = evaluate(plain, {"x": x}, weights)["y"]
        assert y.dtype == expected.dtype and y.tobytes() == expected.tobytes()
