"""`sparsec bench`: the distribution of the latency."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sparsec.cli import bench_instances
from sparsec.cli.bench_instances import LARGEST_BATCH, Load, batch_dimension, measure_load, search
from sparsec.engines import ADAPTERS, Engine, Failed
from sparsec.errors import OptionError
from sparsec.runtime.loading import load
from sparsec.runtime.signature import TensorInfo
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


def test_the_python_of_another_environment_may_be_named_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    python = Path(sys.executable)
    monkeypatch.chdir(python.parent)
    vs = f"onnxruntime@./{python.name}"
    assert "onnxruntime" in done("bench", MODEL.absolute(), "--vs", vs, "--runs", "1", "--threads", "1").out


def test_an_engine_that_refuses_the_model_is_named_and_the_others_are_shown(folder: Path) -> None:
    (folder / "other.onnx").write_bytes(b"no model")
    out = done("bench", MODEL, "--vs", "onnxruntime=other.onnx,onnxruntime", "--runs", "2").out
    assert "onnxruntime did not run other.onnx: " in out and "sparsec" in out


@pytest.mark.parametrize(
    ("vs", "message"),
    [
        ("", "there is no engine ''; the engines are: onnxruntime"),
        ("tvm", "there is no engine 'tvm'; the engines are: onnxruntime, openvino, torch, deepsparse"),
        ("torch", f"torch runs .pt2 files, and not {MODEL}; give it one: --vs torch=FILE"),
        ("onnxruntime=none.onnx", "none.onnx does not exist"),
        ("onnxruntime@none/python", "none/python -m pip install onnxruntime`, or name the Python of"),
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
    def tried(bound: float | None) -> list[int]:
        batches: list[int] = []

        def measure(batch: int) -> Load:
            batches.append(batch)
            return Load(batch, batch, batch, 1000 - batch)

        search(measure, bound)
        return sorted(batches)

    assert tried(11.0) == [1, 2, 4, 8, 10, 11, 12, 16]
    assert tried(None) == tried(0.5) == [1]
    assert max(tried(1e9)) == LARGEST_BATCH


def test_what_was_measured_before_an_instance_failed_is_shown(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> Load:
        if arguments[-2] == most:
            raise Failed("no answer after 300 s")
        return measure_load(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(bench_instances, "measure_load", fail)
    arguments = ("bench", compiled / "layer.so", "--instances", "1", "--runs", "3", "--latency-bound", "1000")
    most = 4
    assert "then an instance did not finish: no answer after 300 s" in done(*arguments).out
    facts = json.loads(done(*arguments, "--json").out)
    assert [load["batch"] for load in facts["loads"]] == [1, 2] and "no answer" in facts["failure"]
    most = 1
    result = run(*arguments)
    assert result.code == 2 and "an instance did not finish: no answer" in result.err


def test_an_instance_that_cannot_be_started(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_instances.os, "sched_getaffinity", lambda pid: {10_000})  # pyright: ignore
    result = run("bench", compiled / "layer.so", "--instances", "1")
    assert result.code == 2 and "cannot be started" in result.err


def test_all_runs_are_made_in_turns_of_some_seconds(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    start = Engine.start
    monkeypatch.setattr(Engine, "start", lambda self, runs: (turns.append(runs), start(self, runs))[1])
    monkeypatch.setattr(bench_instances, "TURN_SECONDS", 0.0)
    program = load(compiled / "layer.so")
    with Engine(ADAPTERS["sparsec"], [0]) as engine:
        measure_load([engine], compiled / "layer.so", program, {"tokens": 2}, 2, 5)
    assert turns == [1] * 5


def test_which_dimension_is_the_batch() -> None:
    ids, causal = (
        TensorInfo("ids", "int64", ("batch", "sequence")),
        TensorInfo("m", "float32", ("sequence", "sequence")),
    )
    rows, fixed = TensorInfo("x", "float32", ("rows", 4)), TensorInfo("y", "float32", (3, 4))
    assert batch_dimension([ids], {}) == batch_dimension([ids, causal], {}) == ("batch", 0)
    assert batch_dimension([ids, causal], {"batch": 8}) == ("batch", 8)
    assert batch_dimension([rows], {}) == ("rows", 0)
    assert batch_dimension([fixed], {}) == (None, 3)
    with pytest.raises(OptionError, match="which dimension is the batch is not clear: rows, sequence"):
        batch_dimension([rows, causal], {})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--instances", "0"), "--instances 0: expected 1 to "),
        (("--instances", "999"), "--instances 999: expected 1 to "),
        (("--latency-bound", "5"), "--latency-bound is for --instances N"),
        (("--instances", "1", "--latency-bound", "0"), "--latency-bound 0: expected a number of milliseconds above 0"),
        (("--instances", "1", "--latency-bound", "nan"), "expected a number of milliseconds above 0"),
        (("--instances", "1", "--threads", "2"), "--instances go with neither --vs nor --threads"),
        (("--instances", "1", "--pin"), "--warm-up and --pin are for a model alone"),
        (("--vs", "onnxruntime", "--warm-up", "5"), "--warm-up and --pin are for a model alone"),
    ],
)
def test_senseless_instances(wrong: tuple[str, ...], message: str, compiled: Path) -> None:
    result = run("bench", compiled / "layer.so", *wrong)
    assert result.code == 2 and message in result.err and result.out == ""
