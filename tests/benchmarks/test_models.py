"""What of `benchmarks/models.py` needs no peer: tables, who is left out and why, what the neural engine is given."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest

from benchmarks import contest, models
from benchmarks.contest import CONTENDERS, NEURAL_ENGINE, Case, Contender, Contest, Models, Result
from benchmarks.peers.environments import ENVIRONMENTS
from sparsec.engines import ADAPTERS, Adapter, Failed
from tests.fixtures import FIXTURES
from tests.fixtures.exact_products import exact_session
from tests.fixtures.inputs import draw_inputs

OURS = Result("sparsec", "sparsec 1", "qdqn", 0.010, 0.02, 80, 1.0, 1.0, 1.0)
THEIRS = Result("openvino", "OpenVINO 2", "qdqn", 0.030, 0.01, 80, 0.99, 0.9999, 3.0)
OTHER = Result("torch", "torch 2", "pt2", 0.1, 0.01, 80, 0.6, 0.5, 10.0)
GONE = Result("deepsparse", "deepsparse", "", error="not installed: somewhere")
FAKE = """
import time
def open_model(path, threads, feed):
    pause = float(open(path).read())
    def call():
        time.sleep(pause)
        return [feed["x"]]
    return "fake 1", call
"""


def test_tables_and_who_is_missing() -> None:
    rows = [(Case("bert-base", 90), [OURS, THEIRS, OTHER, GONE]), (Case("bert-base", 0, 8), [OURS, GONE])]
    text = models.report(rows, ["openvino", "torch", "deepsparse"])
    assert "## batch 1, sequence 128, 1 thread\n" in text and "## batch 8, sequence 128, 1 thread\n" in text
    assert (
        "| bert-base 90 % | 10.00 ±2 %  | 3.00            | 10.00 (other outputs) (disturbed) | -                 |"
        in text
    )
    assert (
        "| bert-base 90 % | OpenVINO 2 | qdqn     | 30.00      | ±1.0 % | 80   | 99.0 %      | 0.99990 | 3.00  |"
        in text
    )
    assert text.count("- deepsparse: not installed: somewhere") == 2
    assert models.failures(rows) == ["- deepsparse: not installed: somewhere"]


def test_a_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    models.plot([(Case("bert-base", 90), [OURS, THEIRS, GONE])], tmp_path / "plot.svg")
    assert "bert-base 90 %" in (tmp_path / "plot.svg").read_text() or (tmp_path / "plot.svg").stat().st_size > 1000


def test_cases() -> None:
    chosen = SimpleNamespace(all=False, model=["bert-base:90", "mlp"], batch=[1, 8], sequence=[32], threads=[1])
    assert models.choose_cases(chosen) == [  # pyright: ignore
        Case(model, percent, batch, 32) for batch in (1, 8) for model, percent in (("bert-base", 90), ("mlp", 0))
    ]
    chosen.all = True
    assert len(models.choose_cases(chosen)) == 2 * len(models.SETTINGS)  # pyright: ignore


def test_only_the_fastest_spelling_counts_and_failures_have_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fake.py").write_text(FAKE)
    for spelling, content in (("qdqn", "0.001"), ("dyn", "0.02"), ("mmi", "no number")):
        (tmp_path / f"m_90_{spelling}.onnx").write_text(content)
    fake = Adapter("numpy", "numpy", script=tmp_path / "fake.py")
    ours = Contender(Adapter("sparsec", "sparsec", script=tmp_path / "fake.py"), "", ("qdqn",))
    monkeypatch.setattr(contest, "OURS", ours)
    monkeypatch.setattr(contest, "compile_ours", lambda path, case, folder: path)
    with Contest(Case("m", 90), Models(tmp_path), lambda text: None) as held:
        for contender in (ours, Contender(fake, "", ("mmi", "dyn", "qdqn")), Contender(ADAPTERS["torch"], "no", ())):
            monkeypatch.setattr(Contender, "missing", lambda self: "nowhere" if self.environment else None)
            held.invite(contender, {"x": np.float32([1, 2])})
        results = held.measure(2)
    assert [(result.engine, result.spelling, result.error) for result in results] == [
        ("sparsec", "qdqn", None), ("numpy", "qdqn", None), ("torch", "", "nowhere"),
    ]  # fmt: skip
    assert results[0].ratio == 1 and results[1].cosine == 1 and results[1].ratio is not None
    assert str(held.failures[0].error).startswith("ValueError: could not convert string")


def test_a_file_that_cannot_be_built_says_how_it_was_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Failed, match=r"bert_mini_90_qdqn.onnx cannot be built by `/bin/false -m benchmarks.build_mod"):
        Models(tmp_path).file(Case("bert-mini", 90), "qdqn")


def test_every_contender_has_an_adapter_and_an_environment() -> None:
    assert set(CONTENDERS) == {NEURAL_ENGINE.name, *ADAPTERS} - {"sparsec"}
    for contender in CONTENDERS.values():
        assert contender.adapter.script.exists() and contender.environment in ENVIRONMENTS


def test_the_neural_engine_is_given_heads_in_fp32(tmp_path: Path) -> None:
    adapter = runpy.run_path(str(NEURAL_ENGINE.script))
    path, copy = FIXTURES / "bert_qdqn_u8_channel_90.onnx", tmp_path / "copy.onnx"
    assert adapter["write_for_engine"](str(path), str(copy)) is False
    model = onnx.load(copy)
    made = {output: node.op_type for node in model.graph.node for output in node.output}
    gemms = [node for node in model.graph.node if node.op_type == "Gemm"]
    assert gemms and all(made.get(name) != "DequantizeLinear" for node in gemms for name in node.input)
    feed = draw_inputs(onnx.load(path), {"batch": 2, "sequence": 9}, seed=0)
    before, after = (exact_session(onnx.load(each)).run(None, feed)[0] for each in (path, copy))
    assert 0 < np.abs(after - before).max() < 0.05


def test_the_neural_engine_is_given_a_sentence_encoder_without_its_mean(tmp_path: Path) -> None:
    adapter = runpy.run_path(str(NEURAL_ENGINE.script))
    path, copy = FIXTURES / "minilm_ts_tf438_eager_op17.onnx", tmp_path / "copy.onnx"
    assert adapter["write_for_engine"](str(path), str(copy)) is True
    feed = draw_inputs(onnx.load(path), {"batch": 3, "sequence": 9}, seed=0)
    whole, tokens = (onnxruntime.InferenceSession(str(each)).run(None, feed)[0] for each in (path, copy))
    assert tokens.shape[:2] == (3, 9)
    np.testing.assert_allclose(adapter["mean_of_tokens"](tokens, feed["attention_mask"]), whole, rtol=0, atol=1e-6)


def test_sparse_products_are_those_with_enough_zero_blocks() -> None:
    def op(name: str, weight: np.ndarray | None, **attributes: str) -> SimpleNamespace:
        return SimpleNamespace(
            name=name, op_type="InnerProduct", attr=attributes, input_tensors=[None, SimpleNamespace(data=weight)]
        )

    dense = np.ones((10, 8), np.int8)
    sparse = dense.copy()
    sparse[2:] = 0
    graph = SimpleNamespace(
        nodes=[
            op("dense", dense), op("sparse", sparse), op("float", sparse.astype(np.float32)), op("activation", None),
            op("tanh", sparse, append_op="tanh"), op("narrow", sparse[:, :6]),
        ]
    )  # fmt: skip
    assert runpy.run_path(str(NEURAL_ENGINE.script))["sparse_ops"](graph) == ["sparse"]
