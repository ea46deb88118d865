"""`sparsec run`: given and generated inputs, outputs, summaries."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import sparsec
from tests.cli.command import done
from tests.cli.command import sparsec as run
from tests.fixtures import FIXTURES


def draw(tokens: int) -> np.ndarray:
    """An input of the layer."""
    return np.random.default_rng(tokens).integers(0, 256, (tokens, 16)).astype(np.uint8)


@pytest.mark.parametrize("model", ["layer.spc", "layer.so"])
def test_arrays_in_arrays_out(model: str, compiled: Path, folder: Path) -> None:
    np.savez("in.npz", x=draw(70))
    result = done("run", compiled / model, "--inputs", "in.npz", "--outputs", "out.npz")
    with np.load("out.npz") as outputs:
        assert outputs.files == ["y"]
        np.testing.assert_array_equal(outputs["y"], sparsec.load(compiled / "layer.so")(draw(70))[0])
    assert "70x16" in result.out and "70x32" in result.out and "wrote out.npz" in result.out and result.err == ""
    assert {path.name for path in folder.iterdir()} == {"layer.spc", "in.npz", "out.npz"}


def test_generated_inputs_are_the_same_for_the_same_seed(compiled: Path) -> None:
    def mean(*more: str) -> float:
        return json.loads(done("run", compiled / "layer.so", "--json", "--dim", "tokens=9", *more).out)["outputs"]["y"][
            "mean"
        ]

    assert mean() == mean() == mean("--seed", "0") == mean("--threads", "2")
    assert mean("--seed", "1") != mean()


def test_json(compiled: Path) -> None:
    facts = json.loads(done("run", compiled / "layer.so", "--json", "--threads", "2", "--dim", "tokens=3").out)
    assert facts["threads"] == 2 and facts["seconds"] > 0
    assert facts["outputs"]["y"]["shape"] == [3, 32] and facts["outputs"]["y"]["dtype"] == "uint8"


def test_json_holds_numbers_that_json_does_not_have() -> None:
    Path("log.spc").write_text("model m(x: f32[n]) -> (y: f32[n]) {\n  y = sqrt(x)\n}\n")
    np.savez("in.npz", x=np.asarray([-1, np.inf], np.float32))

    def refuse(text: str) -> float:
        raise AssertionError(text)

    facts = json.loads(done("run", "log.spc", "--inputs", "in.npz", "--json").out, parse_constant=refuse)
    assert facts["outputs"]["y"]["min"] == "nan"


def test_sizes_that_nobody_gave(compiled: Path) -> None:
    assert "1x32" in done("run", compiled / "layer.so").out
    out = done("run", FIXTURES / "mlp_qdq_u8_tensor_80.onnx").out
    assert "output" in out


@pytest.mark.parametrize("width", [60, 80])
def test_names_and_numbers_are_whole_on_a_narrow_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsec.cli.console.PIPED", width)
    result = done("run", FIXTURES / "bert_qdq_u8_channel_90.onnx", "--dim", "sequence=48", "--outputs", "out.npz")
    words = set(result.out.split())
    assert {"input_ids", "attention_mask", "token_type_ids", "logits", "int64", "float32", "1x48", "1x3"} <= words
    with np.load("out.npz") as outputs:
        logits = outputs["logits"].astype(np.float64)
    assert {f"{value:.6g}" for value in (logits.min(), logits.mean(), logits.max())} <= words
    tables = [line for line in result.out.splitlines() if line.startswith(" ")]
    assert all(len(line) <= width for line in tables)


def test_integers_of_unknown_meaning() -> None:
    """A table of three rows: generated indices begin too large, and become smaller until the model takes them."""
    Path("table.spc").write_text(
        "weight words: f32[3, 4] random(seed = 1)\n\n"
        "model m(which: i64[n]) -> (y: f32[n, 4]) {\n  y = gather(words, which)\n}\n"
    )
    assert "50x4" in done("run", "table.spc", "--dim", "n=50").out
    assert "p50" in done("bench", "table.spc", "--dim", "n=50", "--runs", "2").out


def test_inputs_that_cannot_be_generated() -> None:
    Path("positions.spc").write_text(
        "weight positions: f32[8, 4] random(seed = 1)\n\n"
        "model m(x: f32[batch, n, 4]) -> (y: f32[batch, n, 4]) {\n  y = x + positions[:n]\n}\n"
    )
    result = run("run", "positions.spc")
    assert result.code == 2 and "n=128" in result.err and "--dim" in result.err and "--inputs" in result.err
    assert done("run", "positions.spc", "--dim", "n=8").code == 0


def test_profile(compiled: Path) -> None:
    out = done("run", compiled / "layer.so", "--dim", "tokens=300", "--threads", "2", "--profile", "--runs", "3").out
    assert "recorded runs: 3, " in out and "(between them)" in out and "matmul" in out and "busy" in out
    facts = json.loads(
        done("run", compiled / "layer.so", "--json", "--dim", "tokens=300", "--profile", "trace.json").out
    )
    assert len(facts["profile"]["runs"]) == 20
    operations = facts["profile"]["operations"]
    assert sum(operation["share"] for operation in operations) <= 1
    trace = json.loads(Path("trace.json").read_text())
    assert {event["name"] for event in trace["traceEvents"] if event["ph"] == "X"} == {
        "run", *(operation["kernel"] for operation in operations),
    }  # fmt: skip


def test_profile_of_a_page(compiled: Path) -> None:
    out = done("run", compiled / "layer.spc", "--dim", "tokens=30", "--profile=trace.json", "--runs", "1").out
    assert "recorded runs: 1, " in out and "wrote trace.json" in out


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--runs", "3"], "--runs counts the runs of --profile"),
        (["--profile", "--runs", "0"], "--runs 0: expected 1 to 10000"),
        (["--profile", "nowhere/trace.json"], "the folder nowhere does not exist"),
    ],
)
def test_mistakes_with_profiles(compiled: Path, wrong: list[str], message: str) -> None:
    result = run("run", compiled / "layer.so", *wrong)
    assert result.code == 2 and message in result.err


@pytest.mark.parametrize("flag", ["--profile", "--inputs", "--outputs"])
def test_an_empty_path(flag: str) -> None:
    result = run("run", "layer.spc", flag, "")
    assert result.code == 2 and f"argument {flag}: an empty text names no file" in result.err.replace(" [FILE]", "")


def test_a_model_behind_the_flag(compiled: Path) -> None:
    result = run("run", "--profile", compiled / "layer.so")
    assert result.code == 2 and "is a model: write it before --profile" in result.err
