"""What of `benchmarks/peers` needs no peer: the layers that it draws, and how it puts up with peers that misbehave."""

from __future__ import annotations

import ast
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import ENVIRONMENTS, Peer
from benchmarks.peers.client import read_answer
from benchmarks.peers.environments import ADAPTERS, CannotInstall, install
from benchmarks.peers.layer import KINDS, Contestant, Layer, answer, chain, more_layers, time_calls

OWN = {"__init__", "__main__", "client", "environments", "layer"}
REQUEST = {"rows": 16, "columns": 8, "tokens": 4, "sparsity": 0.5, "runs": 2, "weights": 2}
HONEST = """
import sys
sys.path.insert(0, {folder!r})
from layer import Contestant, serve
import numpy as np

def contestants(layer):
    print("a library that talks")
    weights = [layer.weight(number).T.astype(np.float64) for number in range(layer.weights)]
    source = layer.activations().astype(np.float64)
    yield Contestant("numpy", [lambda w=w: source @ w for w in weights], lambda number: source @ weights[number])

serve(contestants, kinds=("fp32", "int8"))
"""


def fake_peer(folder: Path, script: str, limit: float = 60) -> Peer:
    """A peer whose adapter is this script and whose Python is ours."""
    (folder / "fake" / "bin").mkdir(parents=True, exist_ok=True)
    python = folder / "fake" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / "fake.py").write_text(script)
    return Peer("fake", folder, limit, adapters=folder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("block", [(4, 1), (1, 4), (4, 4), (1, 1)])
def test_a_weight_is_pruned_in_whole_blocks_and_nowhere_else(kind: str, block: tuple[int, int]) -> None:
    layer = Layer(16, 24, 3, kind, 0.75, block)
    blocks = layer.weight(1).reshape(16 // block[0], block[0], 24 // block[1], block[1]) != 0
    assert (blocks.all(axis=(1, 3)) == blocks.any(axis=(1, 3))).all()
    assert blocks.mean() == pytest.approx(0.25)
    assert (blocks.all(axis=(1, 3)) == layer.pattern(1)).all()


def test_a_layer_is_the_same_every_time_and_its_weights_differ() -> None:
    layer = Layer(16, 24, 3, seed=5)
    assert (layer.weight(0) == Layer(16, 24, 3, seed=5).weight(0)).all()
    assert (layer.weight(0) != layer.weight(1)).any()
    assert layer.weight(0).dtype == np.int8 and layer.activations().dtype == np.uint8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"rows": 6, "columns": 4, "tokens": 1}', "block 4x1 does not divide matrix 6x4"),
        ('{"rows": 8, "columns": 4, "tokens": 0}', "tokens 0 is not positive"),
        ('{"rows": 8, "columns": 4, "tokens": 1, "sparsity": 1}', r"sparsity 1 is not in \[0, 1\)"),
        ('{"rows": 8, "columns": 4, "tokens": 1, "speed": 1}', "unknown request speed"),
        ('{"rows": 8, "columns": 4, "tokens": 1, "kind": "fp32"}', "runs int8 layers, not fp32"),
    ],
)
def test_a_request_without_a_meaning_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layer.from_json(text, kinds=("int8",))


def test_results_are_checked_in_every_type() -> None:
    layer = Layer(16, 24, 3)
    exact = layer.product(0)
    quantised = np.clip(np.rint(exact * layer.scale), 0, 255).astype(np.uint8)
    assert 5 < quantised.std() < 120
    assert layer.check(0, exact.astype(np.int32)) == "equal to numpy"
    assert layer.check(0, quantised) == "equal to numpy"
    assert layer.check(0, np.where(quantised > 9, quantised - 1, quantised).astype(np.uint8)) == "within 1 of numpy"
    assert "of numpy" in layer.check(0, (exact * layer.scale).astype(np.float32))
    for wrong in (exact.astype(np.int32) + 1, quantised ^ 2, exact.astype(np.float32), np.full_like(exact, np.nan)):
        with pytest.raises(ArithmeticError, match="result differs from numpy by"):
            layer.check(0, wrong)


def test_all_weights_take_turns() -> None:
    turns: list[int] = []
    times = time_calls([lambda: turns.append(0), lambda: turns.append(1), lambda: turns.append(2)], runs=3)
    assert len(times) == 3 and turns == [0, 1, 2] * (len(turns) // 3)


def test_the_fastest_spelling_is_the_answer() -> None:
    layer = Layer(512, 512, 8, runs=2)
    product = layer.product(0).astype(np.int32)
    slow = Contestant("slow", [lambda: layer.product(0)], lambda number: product)
    fast = Contestant("fast", [lambda: None], lambda number: product, layers=4)
    assert answer(layer, [slow, fast])["what"] == "fast; equal to numpy"
    with pytest.raises(ValueError, match="refuses every spelling"):
        answer(layer, [])


def test_an_overhead_is_subtracted() -> None:
    def spend(milliseconds: float) -> None:
        end = time.perf_counter() + milliseconds / 1e3
        while time.perf_counter() < end:
            pass

    layer = Layer(16, 24, 3, runs=3)
    product = layer.product(0).astype(np.int32)
    contestant = Contestant("", [lambda: spend(3)], lambda number: product, layers=2, overhead=lambda: spend(1))
    assert answer(layer, [contestant])["seconds"] == pytest.approx(1e-3, rel=0.2)
    with pytest.raises(TimeoutError, match="2 layers are lost in the noise"):
        answer(layer, [replace(contestant, overhead=lambda: spend(4))])


def test_every_peer_has_an_adapter_that_needs_none_of_our_code() -> None:
    adapters = {path.stem: path for path in ADAPTERS.glob("*.py") if path.stem not in OWN}
    assert adapters.keys() == {name for name, environment in ENVIRONMENTS.items() if environment.layers}
    for path in (*adapters.values(), ADAPTERS / "layer.py"):
        tree = ast.parse(path.read_text(), feature_version=(3, 10))
        names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert not {name.partition(".")[0] for name in names} & {"sparsec", "benchmarks", "tests"}, path


def test_pins_are_exact() -> None:
    for name, environment in ENVIRONMENTS.items():
        assert all("==" in pin or "<" in pin for pin in environment.requirements), name


def test_a_peer_that_is_not_there_is_named_with_its_reason(tmp_path: Path) -> None:
    name = next(iter(ENVIRONMENTS))
    assert Peer(name, tmp_path).measure(REQUEST).error == f"not installed: python -m benchmarks.peers install {name}"
    assert (Peer("nobody", tmp_path).measure(REQUEST).error or "").startswith("no such peer; there are ")
    with pytest.raises(CannotInstall, match="no such peer"):
        install("nobody", tmp_path)


def test_an_honest_adapter(tmp_path: Path) -> None:
    with fake_peer(tmp_path, HONEST.format(folder=str(ADAPTERS))) as peer:
        measured = peer.measure(REQUEST)
        assert measured.error is None and measured.what == "numpy; equal to numpy"
        assert 0 < (measured.seconds or 0) <= (measured.median or 0)
        refused = peer.measure({**REQUEST, "rows": 15})
        assert refused.seconds is None and refused.error == "block 4x1 does not divide matrix 15x8"
        assert peer.measure(REQUEST).error is None


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("import nothing_like_it", "exit code 1: ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("import os; input(); os.abort()", "the adapter was ended by signal 6"),
        ("input(); print('Hello')", "the adapter answered 'Hello'"),
        ("input(); print('[1, 2]')", "the adapter answered '[1, 2]'"),
        ("input(); print('{}')", "the adapter answered {}"),
        ("import time; time.sleep(60)", "no answer after 0.5 s"),
    ],
)
def test_an_adapter_that_misbehaves(tmp_path: Path, script: str, error: str) -> None:
    with fake_peer(tmp_path, script, limit=0.5 if "sleep" in script else 60) as peer:
        for _ in range(2):
            measured = peer.measure(REQUEST)
            assert measured.seconds is None and error in (measured.error or "")


def test_a_peer_runs_again_after_it_died(tmp_path: Path) -> None:
    once = "import os, pathlib\nmark = pathlib.Path(__file__).with_name('mark')\n"
    once += "if not mark.exists():\n    mark.touch()\n    os._exit(3)\n"
    with fake_peer(tmp_path, once + HONEST.format(folder=str(ADAPTERS))) as peer:
        assert peer.measure(REQUEST).error == "the adapter ended with exit code 3"
        assert peer.measure(REQUEST).error is None


@pytest.mark.parametrize(
    "answer",
    [{}, {"seconds": None, "median": 1.0, "what": "", "error": None}, {"seconds": 0.1}],
)
def test_garbage_is_no_answer(answer: dict[str, object]) -> None:
    assert read_answer(answer) is None


def test_a_peer_has_one_thread_on_one_core(tmp_path: Path) -> None:
    script = "import json, os\ninput()\nwhat = f\"{len(os.sched_getaffinity(0))} {os.environ['OMP_NUM_THREADS']}\"\n"
    script += "print(json.dumps({'seconds': 1.0, 'median': 1.0, 'what': what, 'error': None}), flush=True)\n"
    with fake_peer(tmp_path, script) as peer:
        assert peer.measure(REQUEST).what == "1 1"


def test_a_library_that_a_peer_needs_is_loaded_first(tmp_path: Path) -> None:
    for name, environment in ENVIRONMENTS.items():
        variables = Peer(name, tmp_path).variables()
        loaded = str(tmp_path / name / "lib" / f"{name}_preload.so")
        assert environment.preload is None or variables["LD_PRELOAD"] == loaded
        assert environment.preload is None or (ADAPTERS / environment.preload).exists()


@pytest.mark.parametrize(("rows", "columns", "weights", "more"), [(8, 8, 3, 3), (8, 4, 3, 4), (8, 4, 4, 4)])
def test_a_chain_has_as_many_layers_as_transposes(rows: int, columns: int, weights: int, more: int) -> None:
    layer = Layer(rows, columns, 2, weights=weights)
    assert more_layers(layer) == more
    shapes = [(each.rows, each.columns) for each in chain(layer, 1 + more)]
    assert shapes[0] == (rows, columns)
    assert all(first[0] == second[1] for first, second in pairwise(shapes))
    assert shapes[1:].count((rows, columns)) == (more if rows == columns else more // 2)
