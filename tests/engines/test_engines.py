"""Engines in processes of their own: what they answer, how they take turns, and what happens when they misbehave."""

from __future__ import annotations

import ast
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from sparsec.engines import ADAPTERS, Adapter, Engine, Failed, Timing, cosine, take_turns
from sparsec.engines.adapter import FOLDER
from sparsec.engines.engine import SERVE, can_import

HONEST = """
import os, sys
def open_model(path, threads, feed):
    print("a library that talks")
    text = open(path).read()
    if text == "refused":
        raise RuntimeError("no such op\\nand a long story")
    def call():
        with open(path + ".log", "a") as log:
            log.write(os.environ["OMP_NUM_THREADS"])
        return [feed["x"] + feed["y"], [float(len(os.sched_getaffinity(0))), float(threads)]]
    return "numpy " + text, call
"""
FEED = {"y": np.float32([1, 2]), "x": np.float32([3, 4])}


def adapter(folder: Path, script: str = HONEST, name: str = "numpy") -> Adapter:
    """An adapter with this script, in our Python."""
    (folder / "fake.py").write_text(script)
    (folder / "model.onnx").write_text("2.0")
    return Adapter(name, name, script=folder / "fake.py")


def test_a_model_is_opened_once_and_run_as_often_as_asked(tmp_path: Path) -> None:
    with Engine(adapter(tmp_path), [0]) as engine:
        engine.open(tmp_path / "model.onnx", FEED)
        assert engine.what == "numpy 2.0"
        assert [value.tolist() for value in engine.outputs] == [[4, 6], [1, 1]]
        seconds = engine.run(3)
    assert len(seconds) == 3 and min(seconds) > 0
    assert engine.wall == sum(seconds) and 0 < engine.cpu < 2 * engine.wall + 0.01
    assert (tmp_path / "model.onnx.log").read_text() == "1" * (1 + 1 + 3)


def test_a_refused_model_leaves_the_engine_alive(tmp_path: Path) -> None:
    with Engine(adapter(tmp_path), [0]) as engine:
        with pytest.raises(Failed, match=r"ValueError: no model is open"):
            engine.run(1)
        (tmp_path / "model.onnx").write_text("refused")
        with pytest.raises(Failed, match=r"^RuntimeError: no such op$"):
            engine.open(tmp_path / "model.onnx", FEED)
        (tmp_path / "model.onnx").write_text("3")
        engine.open(tmp_path / "model.onnx", FEED)
        assert engine.what == "numpy 3"


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("import nothing_like_it", "exit code 1: ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("def open_model(*_):\n    import os; os.abort()", "was ended by signal 6"),
        ("import time\ndef open_model(*_):\n    time.sleep(60)", "no answer after 2 s"),
    ],
)
def test_an_engine_that_misbehaves(tmp_path: Path, script: str, error: str) -> None:
    with Engine(adapter(tmp_path, script), [0]) as engine:
        with pytest.raises(Failed, match=error):
            engine.open(tmp_path / "model.onnx", FEED, limit=2 if "sleep" in script else 60)
        engine.close()


def test_what_is_not_there(tmp_path: Path) -> None:
    assert can_import(adapter(tmp_path))
    assert not can_import(adapter(tmp_path, name="nothing_like_it"))
    nowhere = Adapter("numpy", "numpy", python=tmp_path / "python", script=tmp_path / "fake.py")
    assert not can_import(nowhere)
    with pytest.raises(Failed, match="cannot be started: No such file"):
        Engine(nowhere, [0])


def test_turns(tmp_path: Path) -> None:
    order: list[str] = []

    class Noted(Engine):
        """Notes its runs instead of doing them."""

        def __init__(self, name: str) -> None:
            self.name = name

        def run(self, runs: int) -> list[float]:
            order.append(f"{self.name}{runs}")
            self.wall += runs
            self.cpu += runs / 2
            return [1.0] * runs

    timings = take_turns({"a": Noted("a"), "b": Noted("b")}, 2, {"a": 3, "b": 1})
    assert order == ["a3", "b1", "a3", "b1"]
    assert timings == {"a": Timing(1.0, 0.0, 6, 0.5), "b": Timing(1.0, 0.0, 2, 0.5)}
    assert timings["a"].disturbed and not Timing.of([1.0]).disturbed


def test_a_spread_is_half_of_the_middle_four_fifths() -> None:
    assert Timing.of([float(value) for value in range(11)]) == Timing(5.0, 0.8, 11)


def test_outputs_are_compared_whole() -> None:
    a = [np.float32([1, 0]), np.float32([[2]])]
    assert cosine(a, a) == 1.0
    assert cosine(a, [2 * value for value in a]) == pytest.approx(1.0)
    assert cosine(a, [np.float32([0, 1]), np.float32([[0]])]) == 0.0
    assert math.isnan(cosine(a, a[:1])) and math.isnan(cosine(a, [np.float32([1, 0]), np.float32([2])]))
    assert math.isnan(cosine(a, [np.float32([1, 0]), np.float32([[np.nan]])]))


def test_adapters_need_none_of_our_code_and_no_new_python() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == ADAPTERS.keys()
    for path in (*FOLDER.glob("*.py"), SERVE):
        tree = ast.parse(path.read_text(), feature_version=(3, 10))
        names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        tops = {name.partition(".")[0] for name in names}
        assert not tops - set(sys.stdlib_module_names) - {"numpy"}, path
