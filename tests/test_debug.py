"""Looking inside a compilation: each watch sees every step and hands it on."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from rich.console import Console
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.passes import ModulePass

from sparsec import debug, pipeline
from sparsec.builder import begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor
from sparsec.errors import OptionError
from sparsec.pipeline import PIPELINE
from sparsec.weights import WeightStore, digest_of
from tests.filecheck_item import parse
from tests.transforms.passes import context_of

FRONT = tuple(stage for stage in PIPELINE if stage.name in ("graph", "sparse", "scheduled"))
PASSES = [current.name for stage in FRONT for current in stage.passes]


def small_module() -> tuple[ModuleOp, WeightStore]:
    """y = gelu(x @ w)"""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [3, 8]))])
    weight = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    return finish([("y", b.apply(ew.Gelu, b.matmul(values["x"], b.constant(weight))))]), weights


def steps():
    """The steps of the small module."""
    module, weights = small_module()
    return pipeline.run(module, context_of(weights), FRONT)


def test_dump_writes_one_numbered_file_for_each_pass(tmp_path: Path) -> None:
    pipeline.finish(debug.dump(steps(), tmp_path / "ir"))
    files = sorted(path.name for path in (tmp_path / "ir").glob("*.mlir"))
    assert files == ["00_input.mlir", *(f"{i:02d}_{name}.mlir" for i, name in enumerate(PASSES, 1))]
    for name in files:
        parse((tmp_path / "ir" / name).read_text())
    with np.load(tmp_path / "ir" / debug.WEIGHTS) as arrays:
        assert arrays.files and all(digest_of(arrays[digest]) == digest for digest in arrays.files)


def test_dumped_weights_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    weights, path = WeightStore(), tmp_path / debug.WEIGHTS
    arrays = [np.arange(4, dtype=np.int8), np.float32(2.5), np.zeros((0, 3), np.uint8)]
    for array in arrays:
        digest = weights.put(np.asarray(array))
        debug.add_weights(path, weights, [digest, digest, *weights, "0123456789abcdef"])
    with np.load(path) as found:
        assert found.files == list(weights)
        assert all(digest_of(found[digest]) == digest for digest in weights)
    path.write_text("no archive")
    with pytest.raises(OptionError, match=r"weights\.npz: what is there is no \.npz file"):
        pipeline.finish(debug.dump(steps(), tmp_path))


def test_weights_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / debug.WEIGHTS
    for name in ("encoder.weight", "0123456789abcdef0", "0123456789ABCDEF"):
        np.savez(path, **{"0123456789abcdef": np.zeros(2), name: np.ones(3)})
        before = path.read_bytes()
        with pytest.raises(OptionError, match=rf"weights\.npz holds '{name}\.npy'.*remove it or give another folder"):
            pipeline.finish(debug.dump(steps(), tmp_path))
        assert path.read_bytes() == before


def test_a_dump_that_is_interrupted_leaves_whole_arrays_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights, path = WeightStore(), tmp_path / debug.WEIGHTS
    first, second = (weights.put(np.full(100, value, np.float32)) for value in (1, 2))
    debug.add_weights(path, weights, [first])

    def interrupted(file: io.BytesIO, array: np.ndarray, allow_pickle: bool) -> None:
        file.write(b"half of it")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(np.lib.format, "write_array", interrupted)
        debug.add_weights(path, weights, [second])
    with np.load(path) as found:
        assert found.files == [first]
    debug.add_weights(path, weights, [second])
    with np.load(path) as found:
        assert all(digest_of(found[digest]) == digest for digest in (first, second))


def test_the_files_of_several_targets_lie_side_by_side(tmp_path: Path) -> None:
    module, weights = small_module()
    for target in ("a", "b"):
        run = pipeline.run(module.clone(), context_of(weights), FRONT[:1], first=20)
        pipeline.finish(debug.dump(run, tmp_path, f"_{target}"))
    assert (tmp_path / "21_infer-shapes_a.mlir").exists() and (tmp_path / "21_infer-shapes_b.mlir").exists()
    assert len([*tmp_path.glob("*.mlir")]) == 2 * len(FRONT[0].passes), "the module as given was written before"


@pytest.mark.parametrize(("name", "text"), [("sparse", "sparse.matmul"), ("matmul-to-linear", "nn.linear")])
def test_show_prints_after_a_stage_or_a_pass(name: str, text: str) -> None:
    stream = io.StringIO()
    pipeline.finish(debug.show(steps(), name, stream))
    printed = stream.getvalue()
    assert printed.startswith("// [") and text in printed and printed.count("builtin.module") == 1


def test_stop_after_runs_nothing_more() -> None:
    until = debug.Until("graph")
    seen = [step.pass_name for step in until.watch(steps())]
    assert seen == ["", *(current.name for current in FRONT[0].passes)]
    assert [*until.watch(steps())] == [], "nor in the next run"


def test_times_are_a_table_with_a_total() -> None:
    times, stream = debug.Times(), io.StringIO()
    pipeline.finish(times.watch(steps()))
    times.print(Console(file=stream, width=100))
    assert all(name in stream.getvalue() for name in [*PASSES, "total", "scheduled"])


def test_names_are_those_of_stages_and_passes() -> None:
    assert debug.require_name("kernels") == "kernels" and debug.require_name("fuse-epilogues") == "fuse-epilogues"
    with pytest.raises(OptionError, match=r"no stage or pass 'fuse'.*fuse-epilogues"):
        debug.require_name("fuse")


@dataclass(frozen=True)
class ReluForGelu(ModulePass):
    """A wrong pass."""

    name: ClassVar[str] = "relu-for-gelu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Replace gelu by relu."""
        for inner in op.walk():
            if isinstance(inner, ew.Gelu):
                wrong = ew.Relu.create(operands=inner.operands, result_types=inner.result_types)
                assert inner.parent is not None
                inner.parent.insert_op_before(wrong, inner)
                inner.results[0].replace_all_uses_with(wrong.results[0])


def test_bisect_finds_the_pass_that_changes_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = {"x": np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)}
    module, weights = small_module()
    assert debug.bisect(module, context_of(weights), inputs) is None
    module, weights = small_module()
    graph = FRONT[0]
    wrong = replace(graph, passes=(*graph.passes[:2], ReluForGelu(), *graph.passes[2:]))
    found = debug.bisect(module, context_of(weights), inputs, stages=(wrong, *FRONT[1:]))
    assert found is not None and found.step.pass_name == "relu-for-gelu" and found.largest["y"] > 0.01


def test_the_distance_of_nan_and_infinity_to_themselves_is_none() -> None:
    array = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
    assert debug.distance(array, array) == 0
    assert debug.distance(array, array[::-1].copy()) == np.inf
    assert debug.distance(np.zeros(0, np.float32), np.zeros(0, np.float32)) == 0
