"""Programs without the compiler: what is imported, contexts that are busy, other versions of the interface."""

import ctypes
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import sparsec
from sparsec.backend import shared_library
from sparsec.errors import LinkError, ModelError
from sparsec.inference_session import InferenceSession, NodeArg
from sparsec.options import Options
from sparsec.runtime import abi
from sparsec.runtime.loading import load
from sparsec.runtime.program import Program
from tests.backend.toy import toy_artifact

ROOT = Path(sparsec.__file__).parent.parent


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runtime") / "toy.so"
    shared_library.write(toy_artifact(), path, Options())
    return path


def test_loading_imports_no_compiler(library: Path):
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy, sparsec
y, length = sparsec.load({str(library)!r})(numpy.ones(3, "float32"), numpy.ones(3, "float32"))
assert y.tolist() == [3, 3, 3]
assert sparsec.InferenceSession({str(library)!r}).get_inputs()[0].name == "x"
print([name for name in ("xdsl", "llvmlite", "onnx", "lark", "rich") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_the_front_door():
    assert sparsec.load is load and sparsec.Program is Program
    assert set(sparsec.__all__) <= set(dir(sparsec))
    with pytest.raises(AttributeError, match="module 'sparsec' has no attribute 'compiler'"):
        _ = sparsec.compiler  # pyright: ignore


def test_a_context_serves_one_thread_at_a_time(library: Path):
    interface = abi.open_library(library).interface
    context = interface.create()
    size = 1_000_000
    x, y, length = np.ones(size, np.float32), np.zeros(size, np.float32), np.zeros(1, np.int64)

    def tensor(array: np.ndarray, code: int, shape: tuple[int, ...]) -> abi.Tensor:
        return abi.Tensor(array.ctypes.data, array.nbytes, code, len(shape), (ctypes.c_int64 * 8)(*shape))

    inputs = (abi.Tensor * 2)(tensor(x, 1, (size,)), tensor(x, 1, (size,)))
    statuses: list[int] = []

    def work() -> None:
        outputs = (abi.Tensor * 2)(tensor(y, 1, (size,)), tensor(length, 7, ()))
        while abi.BUSY not in statuses and len(statuses) < 10_000:
            statuses.append(interface.run(context, inputs, outputs))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {abi.OK, abi.BUSY}
    interface.destroy(context)


def test_another_version_of_the_interface(library: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(abi, "ABI_VERSION", 3)
    with pytest.raises(ModelError, match=r"has version 2 of the interface between .* reads version 3; compile"):
        load(library)


def test_a_header_is_not_a_model(library: Path):
    with pytest.raises(ModelError, match="is a header; load the shared library beside it"):
        load(library.with_suffix(".h"))


def test_threads_at_load(library: Path):
    assert load(library, threads=2).threads == 2


def test_memory_that_is_not_there(tmp_path: Path):
    artifact = toy_artifact(arena=1 << 60)
    shared_library.write(artifact, tmp_path / "huge.so", Options())
    program = load(tmp_path / "huge.so")
    for _ in range(2):
        with pytest.raises(MemoryError, match="the intermediate results of a call with these shapes need 115292"):
            program(np.ones(3, np.float32), np.ones(3, np.float32))


def test_threads_that_the_system_refuses(library: Path):
    """Their stacks do not fit: an error, and fewer threads work."""
    code = f"""
import resource, sys
sys.path.insert(0, {str(ROOT)!r})
import numpy, sparsec
program = sparsec.load({str(library)!r}, threads=1024)
x = numpy.ones(100, "float32")
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
try:
    program(x, x)
except sparsec.SparsecError as error:
    print(error)
program.threads = 2
print(program(x, x)[0].sum())
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    expected = "cannot start 1024 threads: Resource temporarily unavailable; ask for fewer threads\n300.0\n"
    assert (result.stdout, result.stderr) == (expected, "")


def test_inference_session(library: Path):
    session = InferenceSession(library, providers=["CPUExecutionProvider"])
    assert session.get_inputs() == [NodeArg("x", "tensor(float)", ["n"]), NodeArg("b", "tensor(float)", ["n"])]
    assert session.get_outputs() == [NodeArg("y", "tensor(float)", ["n"]), NodeArg("length", "tensor(int64)", [])]
    assert session.get_providers() == ["CPUExecutionProvider"]
    x = np.ones(3, np.float32)
    y, length = session.run(None, {"x": x, "b": x})
    assert y.tolist() == [3, 3, 3] and length == 3
    assert [len(session.run(names, {"x": x, "b": x})) for names in ([], ["y"], ["length", "y"])] == [2, 1, 2]
    assert InferenceSession(session.program).program is session.program


def test_inference_session_obeys_the_number_of_threads(library: Path):
    class SessionOptions:
        intra_op_num_threads = 3

    assert InferenceSession(library, SessionOptions()).program.threads == 3
    assert InferenceSession(library, threads=2).program.threads == 2


@pytest.mark.parametrize("kept", [0.001, 0.1, 0.5, 0.99])
def test_a_library_that_was_cut_off(library: Path, tmp_path: Path, kept: float):
    data = library.read_bytes()
    cut = tmp_path / "cut.so"
    cut.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(ModelError, match="it was cut off, make it again"):
        load(cut)


def test_saving_a_loaded_library(library: Path, tmp_path: Path):
    copy = tmp_path / "a, b.so"
    load(library).save(copy)
    assert copy.read_bytes() == library.read_bytes() and copy.with_suffix(".h").exists()
    load(copy).save(copy)  # onto itself
    assert load(copy).inputs == load(library).inputs


def test_what_no_library_is_saved_to(library: Path, tmp_path: Path):
    program = load(library)
    model = tmp_path / "model.onnx"
    model.write_bytes(b"the only copy")
    with pytest.raises(LinkError, match=r"cannot save .*model.onnx: .*; give a name such as model.so"):
        program.save(model)
    assert model.read_bytes() == b"the only copy" and not model.with_suffix(".h").exists()
    for path, reason in (("zz", "give a name such as model.so"), ("nowhere/model.so", "does not exist; make it first")):
        with pytest.raises(LinkError, match=reason):
            program.save(tmp_path / path)
    (tmp_path / "folder.so").mkdir()
    with pytest.raises(LinkError, match="it is a folder; give the name of a file in it"):
        program.save(tmp_path / "folder.so")
    with pytest.raises(ModelError, match="a library is given by its path, not by ''"):
        program.save("")
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "folder.so"}
