"""`sparsec bench`: the distribution of the latency."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparsec.cli.bench_instances import LARGEST_BATCH, Load, search
from tests.cli.command import done
from tests.cli.command import sparsec as run
from tests.fixtures import FIXTURES


def test_figures(compiled: Path) -> None:
    arguments = (
        "bench",
        compiled / "layer.so",
        "--runs",
        "7",
        "--warm-up",
        "0",
        "--dim",
        "tokens=65",
        "--threads",
        "2",
    )
    facts = json.loads(done(*arguments, "--json").out)
    figures = facts["milliseconds"]
    assert 0 < figures["min"] <= figures["p50"] <= figures["p90"] <= figures["p99"] <= figures["max"]
    assert (facts["runs"], facts["threads"], facts["inputs"]) == (7, 2, {"x": [65, 16]})
    out = done(*arguments).out
    assert "7 runs, 2 threads" in out and "p99" in out and "x 65x16" in out


@pytest.mark.parametrize("wrong", [("--runs", "0"), ("--runs", "-1"), ("--warm-up", "-1"), ("--threads", "0")])
def test_senseless_numbers(wrong: tuple[str, str], compiled: Path) -> None:
    result = run("bench", compiled / "layer.so", *wrong)
    assert result.code == 2 and result.err.startswith("error: ") and result.out == ""


MODEL = FIXTURES / "mlp_qdqn_s8_channel_80.onnx"


def test_other_engines_take_turns() -> None:
    arguments = ("bench", MODEL, "--vs", "onnxruntime", "--runs", "12", "--dim", "batch=3", "--threads", "1")
    facts = json.loads(done(*arguments, "--json").out)
    ours, theirs = facts["engines"]["sparsec"], facts["engines"]["onnxruntime"]
    assert ours["ratio"] == 1 and theirs["ratio"] == pytest.approx(theirs["median_ms"] / ours["median_ms"])
    assert theirs["runs"] == 20 and theirs["cosine"] > 0.999 and theirs["engine"].startswith("onnxruntime ")
    assert facts["failures"] == {} and facts["inputs"]["features"][0] == 3
    out = done(*arguments).out
    assert "1 thread on the same core" in out and "onnxruntime" in out and MODEL.name in out


def test_an_engine_that_refuses_the_model_is_named_and_the_others_are_shown(folder: Path) -> None:
    (folder / "other.onnx").write_bytes(b"no model")
    out = done("bench", MODEL, "--vs", "onnxruntime=other.onnx,onnxruntime", "--runs", "2").out
    assert "onnxruntime did not run other.onnx: " in out and "sparsec" in out


@pytest.mark.parametrize(
    ("vs", "message"),
    [
        ("tvm", "there is no engine 'tvm'; the engines are: onnxruntime, openvino, torch, deepsparse"),
        ("torch", f"torch runs .pt2 files, and not {MODEL}; give it one: --vs torch=FILE"),
        ("onnxruntime=none.onnx", "none.onnx does not exist"),
        ("onnxruntime@none/python", "install it with `none/python -m pip install onnxruntime`, or name the Python of"),
    ],
)
def test_engines_that_cannot_run_are_refused_at_once(vs: str, message: str) -> None:
    result = run("bench", MODEL, "--vs", vs)
    assert result.code == 2 and message in result.err and result.out == ""


def test_instances(compiled: Path) -> None:
    arguments = ("bench", compiled / "layer.so", "--instances", "1", "--runs", "5")
    (load,) = json.loads(done(*arguments, "--json").out)["loads"]
    assert load["batch"] == 1 and 0 < load["p50"] <= load["p99"] and load["throughput"] > 0
    (load,) = json.loads(done(*arguments, "--dim", "tokens=7", "--json").out)["loads"]
    assert load["batch"] == 7
    assert "1 instance, a core each" in done(*arguments).out
    assert "no batch stays within 1e-06 ms" in done(*arguments, "--latency-bound", "0.000001").out


def test_the_largest_batch_within_the_bound_is_found() -> None:
    tried: list[int] = []

    def measure(batch: int) -> Load:
        tried.append(batch)
        return Load(batch, batch, batch, 1000 - batch)

    loads = search(measure, 11.0)
    assert [load.batch for load in loads] == sorted(tried) == [1, 2, 4, 8, 10, 11, 12, 16]
    assert [load.batch for load in search(measure, None)] == [1]
    assert [load.batch for load in search(measure, 0.5)] == [1]
    assert max(load.batch for load in search(measure, 1e9)) == LARGEST_BATCH


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--instances", "0"), "--instances 0: expected 1 to "),
        (("--instances", "999"), "--instances 999: expected 1 to "),
        (("--latency-bound", "5"), "--latency-bound is for --instances N"),
        (("--instances", "1", "--latency-bound", "0"), "--latency-bound 0: expected a number of milliseconds above 0"),
        (("--instances", "1", "--latency-bound", "nan"), "expected a number of milliseconds above 0"),
        (("--instances", "1", "--threads", "2"), "--instances go with neither --vs nor --threads"),
    ],
)
def test_senseless_instances(wrong: tuple[str, ...], message: str, compiled: Path) -> None:
    result = run("bench", compiled / "layer.so", *wrong)
    assert result.code == 2 and message in result.err and result.out == ""
