"""The session stands in for onnxruntime's: the same script runs on both and gets the same names, types and numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import sparsec
from tests.fixtures import FIXTURES
from tests.fixtures.inputs import draw_inputs

MODEL = FIXTURES / "bert_ts_tf5_sdpa_op14.onnx"
FEED = draw_inputs(onnx.load(MODEL), {"batch": 2, "sequence": 9}, seed=1)


def script(new_session: Callable[..., Any]) -> tuple[list[Any], list[Any], list[np.ndarray], list[np.ndarray]]:
    """What a user's script does with a session."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = new_session(str(MODEL), sess_options=options, providers=["CPUExecutionProvider"])
    inputs = [(node.name, node.type, node.shape) for node in session.get_inputs()]
    outputs = [(node.name, node.type, node.shape) for node in session.get_outputs()]
    last = [session.get_outputs()[-1].name]
    return inputs, outputs, session.run(None, FEED), session.run(last, FEED)


@pytest.fixture(scope="module")
def ours() -> sparsec.InferenceSession:
    """The fixture in a session."""
    return sparsec.InferenceSession(MODEL)


def test_one_script_for_both() -> None:
    inputs, outputs, values, last = script(sparsec.InferenceSession)
    their_inputs, their_outputs, their_values, their_last = script(onnxruntime.InferenceSession)
    assert inputs == their_inputs
    assert [node[:2] for node in outputs] == [node[:2] for node in their_outputs]
    assert len(last) == len(their_last) == 1
    for a, b in zip([*values, *last], [*their_values, *their_last], strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, atol=1e-4 * np.abs(b).max())


def test_sources(ours: sparsec.InferenceSession, tmp_path: Path) -> None:
    ours.program.save(tmp_path / "model.so")
    expected = ours.run([], FEED)
    for source in (MODEL.read_bytes(), tmp_path / "model.so", str(tmp_path / "model.so"), ours.program):
        for a, b in zip(sparsec.InferenceSession(source).run(None, FEED), expected, strict=True):
            assert a.tobytes() == b.tobytes()


def test_threads_and_providers(ours: sparsec.InferenceSession) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = sparsec.InferenceSession(MODEL, options, ["CPUExecutionProvider"], [{}])
    assert session.program.threads == 2 and ours.program.threads == sparsec.compile(MODEL).threads
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_a_script_with_our_names_only() -> None:
    options = sparsec.SessionOptions()
    options.intra_op_num_threads = 2
    options.graph_optimization_level = sparsec.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3  # pyright: ignore[reportAttributeAccessIssue] - onnxruntime has it
    options.execution_mode = sparsec.ExecutionMode.ORT_PARALLEL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_free_dimension_override_by_name("batch", 1)
    options.add_free_dimension_override_by_denotation("DATA_BATCH", 1)
    providers = ["CUDAExecutionProvider", *sparsec.get_available_providers()]
    session = sparsec.InferenceSession(MODEL, sess_options=options, providers=providers)
    assert session.program.threads == 2 and session.get_session_options() is options
    (name,) = [node.name for node in session.get_outputs()][:1]
    run_options = sparsec.RunOptions()
    run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    assert session.run([name], FEED, run_options=run_options)[0].size
    assert sparsec.get_available_providers() == ["CPUExecutionProvider"]
    assert sparsec.get_device() == "CPU"


def test_names_of_both() -> None:
    for mine in (*sparsec.GraphOptimizationLevel, *sparsec.ExecutionMode):
        assert int(getattr(getattr(onnxruntime, type(mine).__name__), mine.name)) == mine
    for ours in (sparsec.SessionOptions, sparsec.RunOptions):
        theirs = getattr(onnxruntime, ours.__name__)
        assert {name for name in dir(ours()) if not name.startswith("_")} <= set(dir(theirs))


@pytest.mark.parametrize("providers", [["CUDAExecutionProvider"], [("CUDAExecutionProvider", {})], "cuda"])
def test_other_providers_are_refused(providers: Any) -> None:
    with pytest.raises(sparsec.OptionError, match="sparsec runs models on the CPU only: leave providers out, or add"):
        sparsec.InferenceSession(MODEL, providers=providers)
    assert sparsec.InferenceSession(MODEL, providers=[]).get_providers() == ["CPUExecutionProvider"]
    options = sparsec.SessionOptions()
    options.intra_op_num_threads = "two"  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(sparsec.InputError, match="intra_op_num_threads is 'two', expected a whole number"):
        sparsec.InferenceSession(MODEL, options)


@pytest.mark.parametrize("providers", [5, 0, [()], [5], [(5, {})], ["CPUExecutionProvider", None]])
def test_what_names_no_provider(providers: Any) -> None:
    with pytest.raises(sparsec.OptionError) as caught:
        sparsec.InferenceSession(MODEL, providers=providers)
    assert str(caught.value).startswith(f"providers is {providers!r}, expected names such as 'CPUExecutionProvider'")


def test_mistakes(ours: sparsec.InferenceSession) -> None:
    with pytest.raises(sparsec.InputError, match="there is no output 'nothing'"):
        ours.run(["nothing"], FEED)
    with pytest.raises(sparsec.InputError, match="there is no input 'token'"):
        ours.run(None, FEED | {"token": np.ones(3)})
    with pytest.raises(sparsec.OptionError, match="there is no option 'thread'"):
        sparsec.InferenceSession(MODEL, thread=3)
    with pytest.raises(sparsec.ModelError):
        sparsec.InferenceSession(b"nothing")
    for compiled, what in (("x.so", "x.so is"), (ours.program, "the program is")):
        with pytest.raises(sparsec.OptionError, match=f"{what} compiled already: targets cannot change it"):
            sparsec.InferenceSession(compiled, targets="avx2")
