"""`benchmarks/accuracy.py`: the rule is applied to every output, and layers are found in all spellings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import sparsec
from benchmarks import accuracy
from benchmarks.onnx_layers import layers_of, with_outputs
from sparsec.options import child_environment
from tests.fixtures import FIXTURES
from tests.fixtures.inputs import draw_inputs
from tests.fixtures.prune import prune_model
from tests.fixtures.quantise import quantise

SIZES = {"batch": 4, "sequence": 16}
SMALL = ["--batch", "4", "--sequence", "16", "--calls", "2"]
LAYERS = 2
PER_LAYER = {"linear": 6, "attention": 1, "layer norm": 2}


def write_pair(folder: Path, source: str, kind: str) -> tuple[Path, Path]:
    """A pruned float model and what is quantised from it."""
    model = onnx.load(FIXTURES / f"{source}.onnx")
    prune_model(model, (4, 1), 0.8)
    calibration = [draw_inputs(model, SIZES, seed=seed) for seed in range(3)]
    onnx.save(model, folder / "float.onnx")
    onnx.save(quantise(model, kind, calibration), folder / "int8.onnx")
    return folder / "int8.onnx", folder / "float.onnx"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A BERT, as the benchmarks quantise it."""
    return write_pair(tmp_path_factory.mktemp("accuracy"), "bert_dynamo_tf5_sdpa_op18", "qdqn")


def test_the_report(pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = tmp_path / "a.json", tmp_path / "a.md"
    model, against = map(str, pair)
    code = accuracy.main([model, "--against", against, *SMALL, "--json", str(files[0]), "--markdown", str(files[1])])
    out = capsys.readouterr().out
    assert files[1].read_text() + "\n" == out
    assert len(re.findall(r"\| (?:no padding|padded) ", out)) == 2
    content = json.loads(files[0].read_text())
    assert code == (0 if not any(each["objections"] for each in content["rule"]) else 1)
    layers = content["layers"]
    kinds = [row["layer"]["kind"] for row in layers["rows"]]
    assert {kind: kinds.count(kind) for kind in PER_LAYER} == {
        "linear": 6 * LAYERS + 2,  # and the pooler and the classifier
        "attention": LAYERS,
        "layer norm": 2 * LAYERS + 1,  # and that of the embeddings
    }
    assert layers["missing"] == [] and layers["moved"] < 0.01
    for row in layers["rows"][1:]:
        assert 0 < row["sparsec"]["relative"] < 0.3 and row["sparsec"]["cosine"] > 0.95, row["layer"]
        assert row["sparsec"]["mean"] <= row["sparsec"]["maximum"]
        assert row["apart"] <= row["sparsec"]["relative"] + row["onnxruntime"]["relative"]


def test_without_a_float_file_only_the_rule_is_applied(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(accuracy, "objections", lambda found, optimised: ["it is Tuesday"])
    assert accuracy.main([str(pair[0]), *SMALL]) == accuracy.BROKEN
    out = capsys.readouterr().out
    assert out.count("does not hold: it is Tuesday") == 2 and "layer norm" not in out


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (FIXTURES / "roberta_ts_tf438_eager_op13.onnx", 64),  # it has 66 positions
        (FIXTURES / "bert_qop_u8_channel_90.onnx", 64),
        (FIXTURES.parent.parent / "examples" / "models" / "tiny_bert_90_int8.onnx", 256),
        (FIXTURES / "mlp_qdq_u8_tensor_80.onnx", accuracy.VOCABULARY),
    ],
)
def test_token_ids_are_those_that_the_model_knows(path: Path, count: int) -> None:
    assert accuracy.vocabulary_of(onnx.load(path)) == count


def test_what_makes_models_says_what_it_lacks() -> None:
    program = "import sys; sys.modules['torch'] = None; import benchmarks.build_models"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=child_environment())
    assert ran.returncode == 1
    assert ran.stderr == "error: models are made with torch: pip install -e '.[examples]'\n"


def test_other_weights_are_refused(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    dense = FIXTURES / "bert_dynamo_tf5_sdpa_op18.onnx"
    assert accuracy.main([str(pair[0]), "--against", str(dense), *SMALL]) == accuracy.MISTAKE
    captured = capsys.readouterr()
    assert captured.out == "" and "is not what the model was quantised from" in captured.err


@pytest.mark.parametrize("kind", ["qdq", "qdqw", "dyn", "mmi", "qop"])
def test_layers_are_found_in_every_spelling(kind: str, tmp_path: Path) -> None:
    model, against = (onnx.load(path) for path in write_pair(tmp_path, "bert_dynamo_tf5_sdpa_op18", kind))
    feed = draw_inputs(model, SIZES, seed=5)
    table = accuracy.compare_layers(model, sparsec.compile(model), against, feed, lambda text: None)
    found = {row.layer.tensor for row in table.rows} | {layer.tensor for layer in table.missing}
    assert found == {layer.tensor for layer in layers_of(against)}
    assert len(table.rows) > len(table.missing)
    assert all(row.sparsec.cosine > 0.9 for row in table.rows)


@pytest.mark.parametrize(
    "source", ["bert_ts_tf438_eager_op14", "distilbert_ts_tf438_eager_op12", "bert_dynamo_tf5_sdpa_op23"]
)
def test_layers_of_other_exports(source: str) -> None:
    layers = layers_of(onnx.load(FIXTURES / f"{source}.onnx"))
    kinds = [layer.kind for layer in layers]
    assert kinds.count("attention") == LAYERS and kinds.count("layer norm") == 2 * LAYERS + 1
    assert kinds.count("linear") >= 6 * LAYERS
    assert sum("attention" in layer.name for layer in layers) >= 5 * LAYERS


def test_outputs_inside_change_nothing_but_what_is_quantised_at_once(pair: tuple[Path, Path]) -> None:
    model, against = (onnx.load(path) for path in pair)
    feed = draw_inputs(model, SIZES, seed=9, full_rows=0)
    tensors = [layer.tensor for layer in layers_of(against) if layer.kind != "attention"]
    seen = sparsec.compile(with_outputs(model, tensors)).run(None, feed)
    (plain,) = sparsec.compile(model).run(None, feed)
    assert seen[0].tobytes() == plain.tobytes()


def test_errors() -> None:
    expected = np.array([3.0, 4.0], np.float32)
    same = accuracy.error_of(expected, expected)
    assert (same.maximum, same.mean, same.relative) == (0, 0, 0) and same.cosine == pytest.approx(1)
    found = accuracy.error_of(np.array([3.0, 3.0], np.float32), expected)
    assert (found.maximum, found.mean) == (1, 0.5)
    assert found.relative == pytest.approx(0.2) and found.cosine == pytest.approx(21 / (5 * 18**0.5))
