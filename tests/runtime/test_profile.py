"""Records of runs: sums, shares, the Chrome trace; and what a program records."""

import json
from pathlib import Path

import numpy as np
import pytest

from sparsec.backend import shared_library
from sparsec.errors import InputError
from sparsec.options import Options
from sparsec.runtime.loading import load
from sparsec.runtime.profile import RUN, Operation, Profile, Span
from sparsec.runtime.program import Program
from sparsec.runtime.signature import KernelCall
from tests.backend.toy import toy_artifact

CALLS = (KernelCall("matmul gather_quads", "fc1"), KernelCall("map", ""), KernelCall("copy", "never"))

PROFILE = Profile(
    CALLS,
    2,
    [
        Span(0, 0, 0, 1_000, 3_000, 5), Span(0, 0, 1, 1_500, 3_500, 3),
        Span(0, 1, 0, 4_000, 5_000, 1), Span(0, RUN, 0, 500, 5_500, 1),
        Span(1, 0, 0, 11_000, 12_000, 8), Span(1, 1, 0, 14_000, 15_000, 1), Span(1, RUN, 0, 10_500, 15_500, 1),
    ],
)  # fmt: skip


def test_sums():
    assert PROFILE.runs() == pytest.approx([5e-6, 5e-6])
    matmul, other = PROFILE.operations()
    assert (matmul.call, matmul.kernel, matmul.source, matmul.items, matmul.count) == (
        0,
        *vars(CALLS[0]).values(),
        8,
        2,
    )
    assert (matmul.total, matmul.median, matmul.share) == pytest.approx((3.5e-6, 1.75e-6, 0.35))
    assert matmul.busy == pytest.approx(5.0 / 7.0)
    assert other == Operation(1, "map", "", 1, 2, pytest.approx(2e-6), pytest.approx(1e-6), pytest.approx(0.2), 0.5)


def test_nothing_recorded():
    empty = Profile((), 1, [])
    assert (empty.runs(), empty.operations(), empty.chrome_trace()["traceEvents"]) == ([], [], [])


def test_chrome_trace():
    trace = json.loads(json.dumps(PROFILE.chrome_trace()))
    names = [event["args"]["name"] for event in trace["traceEvents"] if event["ph"] == "M"]
    assert names == ["thread 0", "thread 1"]
    first, *_, last = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert first == {
        "ph": "X", "name": "matmul gather_quads", "cat": "kernel", "pid": 0, "tid": 0, "ts": 0.5, "dur": 2.0,
        "args": {"source": "fc1", "run": 0, "call": 0, "items": 5},
    }  # fmt: skip
    assert (last["name"], last["cat"], last["dur"]) == ("run", "run", 5.0)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    path = tmp_path_factory.mktemp("profile") / "toy.so"
    shared_library.write(toy_artifact(), path, Options())
    return load(path)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("size", [1, 7, 200_000])
def test_a_program_says_who_did_what(program: Program, threads: int, size: int):
    program.threads = threads
    x = np.ones(size, np.float32)
    profile = program.profile({"x": x, "b": x}, runs=4, warm_up=1)
    assert (profile.calls, profile.threads) == ((KernelCall("add", "y"),), threads)
    for number in range(4):
        *work, run = [span for span in profile.spans if span.run == number]
        assert (run.call, run.thread) == (RUN, 0)
        assert {span.call for span in work} == {0} and sum(span.items for span in work) == size
        assert [span.thread for span in work] == sorted({span.thread for span in work}) and work[-1].thread < threads
        assert all(run.begin <= span.begin < span.end <= run.end for span in work)
    assert len(profile.runs()) == 4 and profile.operations()[0].items == size


def test_a_run_without_work(program: Program):
    x = np.ones(0, np.float32)
    profile = program.profile({"x": x, "b": x}, runs=2, warm_up=0)
    assert [span.call for span in profile.spans] == [RUN, RUN] and profile.operations() == []


def test_errors_leave_the_program_as_it_was(program: Program):
    program.threads = 2
    x = np.full(3, -2000, np.float32)
    with pytest.raises(InputError, match="below -1000"):
        program.profile({"x": x, "b": x})
    with pytest.raises(InputError, match="no array is given for 'b'"):
        program.profile({"x": x})
    x = np.ones(3, np.float32)
    for runs, warm_up, message in ((0, 0, "runs is 0, expected 1 or more"), (1, -1, "warm_up is -1, expected 0 or")):
        with pytest.raises(InputError, match=message):
            program.profile({"x": x, "b": x}, runs, warm_up)
    assert program(x, x)[0].tolist() == [3, 3, 3]
    assert len(program.profile({"x": x, "b": x}, runs=1).runs()) == 1


def test_the_calls_travel_with_the_library(tmp_path: Path, program: Program):
    program.save(tmp_path / "copy.so")
    assert load(tmp_path / "copy.so").signature.calls == (KernelCall("add", "y"),)
