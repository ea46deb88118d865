"""Shared libraries: what is in the file, a C program that uses it, linkers that are missing or fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sparsec.backend import jit, shared_library
from sparsec.backend.artifact import Artifact
from sparsec.errors import LinkError, ModelError
from sparsec.options import Options
from sparsec.runtime.loading import load
from tests.backend.toy import toy_artifact

HERE = Path(__file__).parent

EXPECTED = """\
abi: 1
shapes: 0 
y: rank 1 shape 5000 bytes 20000 dtype 1
run: 0 
length: rank 0 value 5000
no arrays: 1 the array of input tensors is NULL
no outputs: 1 the array of output tensors is NULL
input without data: 1 input 'x' has no buffer: data is NULL and 20000 bytes are needed
short input: 1 input 'b': the buffer has 19999 bytes, 20000 are needed
output without data: 1 output 'y' has no buffer: data is NULL and 20000 bytes are needed
short output: 1 output 'length': the buffer has 4 bytes, 8 are needed
dtype: 1 input 'x' is an unknown dtype, expected float32
rank: 1 input 'x' has shape (rank -3), expected [n] (rank 1)
negative: 1 input 'x': dimension 0 is -1, but sizes cannot be negative
huge: 1 input 'x' would have a negative size or more than 2^63 bytes: the model is not made for such inputs
huge shapes: 1 output 'y' would have a negative size or more than 2^63 bytes: the model is not made for such inputs
threads: 1 0 threads asked for, expected 1 to 1024
no context: 1 1 0
mode: 0 kept 1 same 1
threads agree: 1
run: 0 
"""


def run(*command: object) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


def symbols(path: Path) -> set[str]:
    """What the library shows, without what it takes from others."""
    return {line.split()[-1] for line in run("nm", "-D", "--defined-only", path).splitlines()}


def test_c_program(library: Path, tmp_path: Path):
    program = tmp_path / "program"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", f"-I{library.parent}"]
    run("cc", *flags, "-o", program, HERE / "embedded.c", library, f"-Wl,-rpath,{library.parent}")
    assert run(program, tmp_path / "y.bin") == EXPECTED
    indices = np.arange(5000, dtype=np.float32)
    y, _ = load(library)(np.float32(0.1) * indices, np.float32(1e-3) * indices)
    assert (tmp_path / "y.bin").read_bytes() == y.tobytes()


def test_header_is_c99_and_cpp(library: Path):
    header = library.with_suffix(".h")
    run("cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", header)
    run("cc", "-x", "c++", "-std=c++11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", header)


def test_what_the_library_shows_and_needs(library: Path):
    assert symbols(library) == {
        "sparsec_entry", "toy_abi_version", "toy_create", "toy_destroy", "toy_get_threads", "toy_last_error",
        "toy_metadata", "toy_output_shapes", "toy_profile", "toy_run", "toy_set_parallel", "toy_set_pinning",
        "toy_set_profiling", "toy_set_threads", "toy_variant",
    }  # fmt: skip
    dynamic = run("readelf", "-dW", library)
    assert [line.split()[-1] for line in dynamic.splitlines() if "NEEDED" in line] == ["[libc.so.6]"]
    assert "TEXTREL" not in dynamic
    segments = run("readelf", "-lW", library)
    assert not [line for line in segments.splitlines() if "LOAD" in line and "RWE" in line]


def test_weights_are_read_only_and_start_a_page(library: Path, weak_artifact: Artifact, tmp_path: Path):
    weights = np.arange(10_000, dtype=np.uint8)
    weights[:4] = np.array([2.5], np.float32).view(np.uint8)
    large = Artifact(weak_artifact.objects, weights, weak_artifact.signature, "toy")
    shared_library.write(large, tmp_path / "large.so", Options())
    raw = (tmp_path / "large.so").read_bytes()
    assert raw.index(weights.tobytes()) % 4096 == 0
    y, _ = load(tmp_path / "large.so")(np.ones(2, np.float32), np.ones(2, np.float32))
    np.testing.assert_array_equal(y, np.float32([4.5, 4.5]))


@pytest.mark.parametrize("linker", ["ld", "gcc", "/usr/bin/ld"])
def test_linkers(weak_artifact: Artifact, tmp_path: Path, linker: str):
    shared_library.write(weak_artifact, tmp_path / "toy.so", Options(linker=linker))
    y, _ = load(tmp_path / "toy.so")(np.ones(2, np.float32), np.ones(2, np.float32))
    np.testing.assert_array_equal(y, np.float32([4, 4]))
    assert symbols(tmp_path / "toy.so") >= {"toy_run", "sparsec_entry"}


def test_what_others_write_to_the_same_place_is_not_kept(
    weak_artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A second process compiles another model to the same file, right when the first one has moved its library."""
    options, path = Options(cache=True, cache_dir=tmp_path / "cache"), tmp_path / "toy.so"
    move = os.replace

    def replace(source: Path, target: Path) -> None:
        move(source, target)
        if Path(target).parent == tmp_path:
            Path(target).write_text("another")

    with monkeypatch.context() as context:
        context.setattr(os, "replace", replace)
        shared_library.write(weak_artifact, path, options, graph=b"graph")
    assert path.read_text() == path.with_suffix(".h").read_text() == "another"
    assert shared_library.write_kept(b"graph", path, options)
    assert load(path)(np.ones(2, np.float32), np.ones(2, np.float32))[1] == 2
    assert path.with_suffix(".h").read_text().startswith("/* toy.so")


def test_libraries_are_kept(weak_artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    options, path = Options(cache=True, cache_dir=tmp_path / "cache"), tmp_path / "toy.so"
    shared_library.write(weak_artifact, path, options, graph=b"graph")
    written = path.read_bytes(), path.with_suffix(".h").read_text()
    path.unlink()
    path.with_suffix(".h").unlink()
    for graph, name, other, relocatable in (
        (b"another", "toy.so", options, False),
        (b"graph", "toy.dll", options, False),  # another name in the file
        (b"graph", "toy.so", options, True),
        (b"graph", "toy.so", options.with_(linker="ld"), False),
        (b"graph", "toy.so", options.with_(cache=False), False),
    ):
        assert not shared_library.write_kept(graph, tmp_path / name, other, relocatable)
    assert [file.name for file in tmp_path.iterdir()] == ["cache"]
    monkeypatch.setenv("PATH", "")  # nothing is linked
    assert shared_library.write_kept(b"graph", path, options)
    assert (path.read_bytes(), path.with_suffix(".h").read_text()) == written and path.stat().st_mode & 0o100
    with pytest.raises(LinkError, match="cannot write"):
        shared_library.write_kept(b"graph", tmp_path / "missing" / "toy.so", options)
    path.write_text("older")
    largest = max((tmp_path / "cache" / "models").iterdir(), key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1])
    assert not shared_library.write_kept(b"graph", path, options) and path.read_text() == "older"


@pytest.mark.parametrize("name", ["cc", "ld.lld", "ld", "zig"])
def test_the_linkers_that_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    found = tmp_path / name
    found.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shared_library.find_linker() == ([str(found), "ld.lld"] if name == "zig" else [str(found)])


def test_the_package_of_zig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "ziglang.py").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    assert shared_library.find_linker() == [sys.executable, "-m", "ziglang", "ld.lld"]


def test_no_linker(weak_artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    program = jit.load(weak_artifact, Options())
    with pytest.raises(LinkError, match=r"no linker was found.*apt install gcc.*pip install ziglang"):
        program.save(tmp_path / "toy.so")
    with pytest.raises(LinkError, match="the linker 'mold' was not found"):
        shared_library.write(weak_artifact, tmp_path / "toy.so", Options(linker="mold"))
    assert list(tmp_path.iterdir()) == []


def test_a_linker_that_fails_leaves_what_was_there(weak_artifact: Artifact, tmp_path: Path):
    path = tmp_path / "toy.so"
    path.write_text("old")
    with pytest.raises(LinkError, match=r"the linker .*/false failed"):
        shared_library.write(weak_artifact, path, Options(linker=shutil.which("false")))
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist(weak_artifact: Artifact, tmp_path: Path):
    with pytest.raises(LinkError, match=r"cannot write .*/nowhere/toy.so: the folder .* does not exist"):
        shared_library.write(weak_artifact, tmp_path / "nowhere" / "toy.so", Options())


def test_saving_again_under_the_same_name_loads_the_new_model(
    artifact: Artifact, weak_artifact: Artifact, tmp_path: Path
):
    zeros = np.zeros(1, np.float32)
    path = tmp_path / "toy.so"
    jit.load(artifact, Options()).save(path)
    first = load(path)
    jit.load(weak_artifact, Options()).save(path)
    second = load(path)
    assert [float(program(zeros, zeros)[0][0]) for program in (first, second, load(path))] == [1, 2, 2]


def test_a_loaded_program_saves_a_copy(library: Path, tmp_path: Path):
    load(library).save(tmp_path / "copy.so")
    assert (tmp_path / "copy.so").read_bytes() == library.read_bytes()
    assert (tmp_path / "copy.h").read_text() == library.with_suffix(".h").read_text()


def test_linking_is_repeatable(artifact: Artifact, library: Path, tmp_path: Path):
    shared_library.write(artifact, tmp_path / "toy.so", Options())
    assert (tmp_path / "toy.so").read_bytes() == library.read_bytes()


def test_two_models_in_one_c_program(tmp_path: Path):
    """As objects: of each only its own names and the weak entry are global."""
    for prefix in ("one", "model"):
        shared_library.write(toy_artifact(prefix=prefix), tmp_path / f"{prefix}.o", Options(), relocatable=True)
    (tmp_path / "main.c").write_text(
        '#include "one.h"\n#include "model.h"\nint main(void) { return one_create() && model_create() ? 0 : 1; }\n'
    )
    run("cc", "-o", tmp_path / "main", tmp_path / "main.c", tmp_path / "one.o", tmp_path / "model.o")
    run(tmp_path / "main")


def test_files_that_are_no_models(tmp_path: Path):
    with pytest.raises(ModelError, match=r"cannot load .*/none.so: No such file"):
        load(tmp_path / "none.so")
    (tmp_path / "text.so").write_text("hello")
    with pytest.raises(ModelError, match=r"cannot load .*/text.so: .*"):
        load(tmp_path / "text.so")
    (tmp_path / "other.c").write_text("int other(void) { return 1; }")
    run("cc", "-shared", "-fPIC", "-o", tmp_path / "other.so", tmp_path / "other.c")
    with pytest.raises(ModelError, match="it is a shared library, but not one that sparsec made"):
        load(tmp_path / "other.so")


def test_names_that_linkers_and_headers_trip_over(tmp_path: Path):
    shared_library.write(toy_artifact(), tmp_path / "a,b.so", Options())
    assert (tmp_path / "a,b.so").exists()
    with pytest.raises(LinkError, match="that is the name of the header"):
        shared_library.write(toy_artifact(), tmp_path / "model.h", Options())
