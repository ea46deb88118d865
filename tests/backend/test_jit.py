"""Loading into this process; and, since both take the same path, shared libraries: calls, errors, threads, fork."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from sparsec.backend import jit
from sparsec.backend.artifact import Artifact
from sparsec.errors import InputError, OptionError, TargetError
from sparsec.options import Options
from sparsec.runtime.program import Program
from sparsec.target import TARGETS, CpuTarget, host
from tests.backend import toy
from tests.backend.toy import SIGNATURE, toy_artifact

FILLER = np.zeros(3, np.float32)


def test_call(program: Program, x: np.ndarray):
    y, length = program(x, b=2 * x)
    np.testing.assert_array_equal(y, (x + 2 * x) + np.float32(1))
    assert length == 1000 and length.shape == () and length.dtype == np.int64
    assert program.signature == SIGNATURE
    assert program.metadata == {"made by": "hand"}
    assert program.targets == tuple(TARGETS) and program.target == host().name
    assert repr(program) == "<Program (x: float32[n], b: float32[n]) -> (y: float32[n], length: int64[])>"


def test_run_by_name_in_the_order_asked_for(program: Program, x: np.ndarray):
    length, y = program.run(["length", "y"], {"b": x, "x": x})
    assert length == 1000 and y.shape == (1000,)
    assert [array.shape for array in program.run(None, {"b": x, "x": x})] == [(1000,), ()]


@pytest.mark.parametrize("size", [0, 1, 2, 7, 63])
def test_sizes(program: Program, size: int):
    x = np.arange(size, dtype=np.float32)
    y, length = program(x, x)
    np.testing.assert_array_equal(y, x + x + 1)
    assert length == size


def test_arrays_that_are_not_contiguous_or_not_native(program: Program, x: np.ndarray):
    y, _ = program(x[::-2], x[::2].astype(">f4"))
    np.testing.assert_array_equal(y, (x[::-2] + x[::2]) + np.float32(1))


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((FILLER,), {}, "no array is given for 'b'; the inputs are: x, b"),
        ((FILLER, FILLER, FILLER), {}, "3 arrays are given, the model has 2 inputs: x, b"),
        ((FILLER, FILLER), {"b": FILLER}, "input 'b' is given twice, by position and by name"),
        ((FILLER, FILLER), {"c": FILLER}, "there is no input 'c'; the inputs are: x, b"),
        ((np.zeros(3), FILLER), {}, "input 'x' is float64, expected float32; convert it with .astype('float32')"),
        ((np.zeros((2, 3), np.float32), FILLER), {}, "input 'x' has shape [2, 3] (rank 2), expected [n] (rank 1)"),
        ((np.float32(1), FILLER), {}, "input 'x' has shape [] (rank 0), expected [n] (rank 1)"),
        ((np.zeros([1] * 9, np.float32), FILLER), {}, "expected [n] (rank 1)"),
        (([[1.0], [1.0, 2.0]], FILLER), {}, "input 'x' is not an array"),
        (
            (FILLER, np.zeros(4, np.float32)),
            {},
            "input 'b': dimension 0 ('n') is 4, but input 'x' has n = 3",
        ),
        ((np.full(4, -2000, np.float32), np.zeros(4, np.float32)), {}, "input 'x' has a value below -1000"),
    ],
)
def test_wrong_arguments(program: Program, arguments: tuple, named: dict, message: str):
    with pytest.raises(InputError) as caught:
        program(*arguments, **named)
    assert message in str(caught.value)


def test_wrong_output_name(program: Program, x: np.ndarray):
    with pytest.raises(InputError, match="there is no output 'z'; the outputs are: y, length"):
        program.run(["z"], {"x": x, "b": x})


def test_it_works_after_an_error(program: Program, x: np.ndarray):
    with pytest.raises(InputError):
        program(x, x[:3])
    np.testing.assert_array_equal(program(x, x)[0], x + x + np.float32(1))


def test_thread_counts_give_equal_bytes(program: Program):
    x = np.random.default_rng(0).standard_normal(100_003).astype(np.float32)
    results = []
    for threads in (1, 2, 3, 4, 1):
        program.threads = threads
        assert program.threads == threads
        results += [program(x, x)[0].tobytes() for _ in range(20)]
    assert len(set(results)) == 1


@pytest.mark.parametrize("count", [0, -1, 1025])
def test_impossible_thread_counts(program: Program, count: int):
    with pytest.raises(InputError, match=f"{count} threads asked for, expected 1 to 1024"):
        program.threads = count
    assert 1 <= program.threads <= 1024


def test_many_python_threads_share_one_program(program: Program):
    program.threads = 2
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for size in range(seed, 3000, 97):
                x = np.full(size, seed, np.float32)
                np.testing.assert_array_equal(program(x, x)[0], x + x + 1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_forked_child_gets_threads_of_its_own(program: Program, x: np.ndarray):
    program.threads = 3
    expected = program(x, x)[0].tobytes()
    child = os.fork()
    if child == 0:
        os._exit(0 if program(x, x)[0].tobytes() == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert program(x, x)[0].tobytes() == expected


def test_refusal_names_what_the_cpu_lacks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sparsec.target.FEATURE_BITS", {"hyperspace": 63, "avx512vnni": 13})
    target = CpuTarget("future", "x86-64", ("hyperspace",), 1, 128, False, 16, {})
    monkeypatch.setattr(CpuTarget, "llvm_features", "")
    artifact = toy_artifact([target], prefix="future")
    with pytest.raises(TargetError, match="future cannot run here: this CPU lacks feature-63, which this model was "):
        jit.load(artifact, Options())


def test_weights_at_any_address():
    for start in range(3):
        room = np.zeros(400, np.uint8)
        room[start : start + 300] = np.arange(300) % 251
        moved = jit.aligned(room[start : start + 300])
        assert moved.ctypes.data % 64 == 0 and (moved[:300] == room[start : start + 300]).all()
    assert jit.aligned(np.zeros(0, np.uint8)).size > 0


def test_options_give_the_threads(artifact: Artifact):
    assert jit.load(artifact, Options(threads=2)).threads == 2
    with pytest.raises(OptionError, match="option threads is 0, expected 1 to 1024"):
        Options(threads=0)


def test_programs_are_unloaded_one_by_one(artifact: Artifact, x: np.ndarray):
    kept = jit.load(artifact, Options(threads=2))
    for _ in range(10):
        jit.load(artifact, Options(threads=2))(x, x)
    np.testing.assert_array_equal(kept(x, x)[0], x + x + np.float32(1))


def test_leaving_python_while_a_daemon_thread_is_inside():
    code = f"""
import sys, threading
sys.path.insert(0, {str(toy.__file__).rpartition("/tests/")[0]!r})
import numpy as np
from sparsec.backend import jit
from sparsec.options import Options
from tests.backend.toy import toy_artifact
program = jit.load(toy_artifact(), Options(threads=2))
x = np.zeros(1_000_000, np.float32)
started = threading.Event()
def work():
    while True:
        program(x, x)
        started.set()
threading.Thread(target=work, daemon=True).start()
started.wait()
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
