"""Shared libraries as programs: what is saved of them, what is unloaded, what happens when files change."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import sparsec
from sparsec.errors import InputError, LinkError, SparsecError
from sparsec.runtime import program as programs
from sparsec.runtime.loading import load
from sparsec.runtime.program import Program

X = np.float32([[1, -2, 3]])


def write(path: Path, factor: int) -> Path:
    """A library that multiplies by a factor, and adds up if it is 0."""
    page = path.with_suffix(".spc")
    page.write_text(f"model scaled(a: f32[n, k]) -> (b: f32[n, k]) {{\n  b = relu(a) * {factor}.0\n}}\n")
    sparsec.compile(page, targets="x86_64").save(path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models."""
    folder = tmp_path_factory.mktemp("made")
    write(folder / "two.so", 2), write(folder / "three.so", 3)
    return folder


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    """A copy of the first."""
    for suffix in (".so", ".h"):
        shutil.copy(made / f"two{suffix}", tmp_path / f"model{suffix}")
    return tmp_path / "model.so"


def factor(program: Program) -> float:
    (result,) = program(X)
    return float(result[0, 0])


def mapped(folder: Path) -> set[str]:
    """The files of a folder that are mapped, by their inodes."""
    return {line.split()[4] for line in Path("/proc/self/maps").read_text().splitlines() if str(folder) in line}


def test_what_is_saved_is_what_was_loaded(library: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(library.parent)
    program = load("model.so")
    (library.parent / "elsewhere").mkdir()
    monkeypatch.chdir(library.parent / "elsewhere")
    program.save("copy.so")
    assert factor(load("copy.so")) == 2 and Path("copy.h").read_text() == library.with_suffix(".h").read_text()
    with pytest.raises(LinkError, match=r"cannot write copy.h: that is the name of the header"):
        program.save("copy.h")
    shutil.copy(made / "three.so", library.with_suffix(".new"))
    library.with_suffix(".new").replace(library)
    with pytest.raises(LinkError, match=r"cannot save late.so: .*model.so is not the file any more"):
        program.save("late.so")
    library.unlink()
    with pytest.raises(LinkError, match=r"is not the file any more"):
        program.save("late.so")
    assert not Path("late.so").exists() and not Path("late.h").exists() and factor(program) == 2


def test_many_save_to_one_path(library: Path) -> None:
    program, target = load(library), library.with_name("copy.so")
    with ThreadPoolExecutor(4) as beside:
        for saved in [beside.submit(program.save, target) for _ in range(40)]:
            saved.result()
    assert factor(load(target)) == 2 and not list(library.parent.glob(".*"))


def test_a_program_that_is_deleted_is_unloaded(library: Path) -> None:
    program, again = load(library), load(library)
    assert factor(program) == 2 and mapped(library.parent)
    del program
    gc.collect()
    assert factor(again) == 2 and mapped(library.parent)
    del again
    gc.collect()
    assert not mapped(library.parent)


def test_a_file_may_be_overwritten_once_nothing_is_loaded_from_it(library: Path, made: Path) -> None:
    for name, expected in (("three", 3), ("two", 2), ("three", 3)):
        library.write_bytes((made / f"{name}.so").read_bytes())
        assert factor(load(library)) == expected
        gc.collect()


def test_a_file_may_be_replaced_without_end(library: Path, made: Path) -> None:
    kept = load(library)
    for turn in range(40):
        shutil.copy(made / ("three.so" if turn % 2 == 0 else "two.so"), library.with_suffix(".new"))
        library.with_suffix(".new").replace(library)
        assert factor(load(library)) == 3 - turn % 2
        gc.collect()
    assert factor(kept) == 2 and len(mapped(library.parent)) == 1


def test_a_name_is_not_given_again_while_the_loader_knows_a_file_by_it(library: Path, made: Path) -> None:
    other = library.with_name("other.so")
    other.hardlink_to(library)
    kept, alias = load(library), load(other)
    assert factor(alias) == 2
    del alias
    gc.collect()
    shutil.copy(made / "three.so", library.with_suffix(".new"))
    library.with_suffix(".new").replace(other)  # the loader still knows the first file by this name, too
    assert factor(load(other)) == 3 and factor(kept) == 2
    del kept
    gc.collect()
    assert factor(load(library)) == 2 and factor(load(other)) == 3


def test_memory_of_a_burst_of_calls_is_given_back(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "MOST_IDLE", 2)
    program, ready = load(library), threading.Barrier(12)

    def call(context: programs._Context) -> None:  # pyright: ignore
        ready.wait(60)

    with ThreadPoolExecutor(12) as beside:
        for done in [beside.submit(program._with_context, call) for _ in range(12)]:  # pyright: ignore
            done.result()
    assert len(program._idle) == 2 and factor(program) == 2  # pyright: ignore


def test_programs_are_not_copied(library: Path) -> None:
    program = load(library)
    for use in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(SparsecError, match="cannot be pickled or copied: save it"):
            use(program)


@pytest.mark.parametrize("pinned", [None, "yes", 1])
def test_pinned_is_a_switch(library: Path, pinned: object) -> None:
    with pytest.raises(InputError, match=f"pinned is {pinned!r}, expected True or False"):
        load(library, pinned=pinned)  # pyright: ignore
    program = load(library)
    with pytest.raises(InputError, match="expected True or False"):
        program.pinned = pinned  # pyright: ignore
    assert program.pinned is False


def test_an_interrupted_profile_does_not_go_on(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, told = load(library), []
    (context,) = program._idle  # pyright: ignore

    class Interface:
        def set_profiling(self, handle: int, on: bool) -> int:
            told.append(on)
            if told == [True, False]:
                raise KeyboardInterrupt
            return real.set_profiling(handle, on)

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    real = context._interface
    monkeypatch.setattr(context, "_interface", Interface())
    with pytest.raises(KeyboardInterrupt):
        program.profile({"a": X})
    assert factor(program) == 2 and factor(program) == 2
    assert told == [True, False, False]


def test_empty_results_take_no_time(library: Path) -> None:
    (result,) = load(library)(np.empty((2**40, 0), np.float32))
    assert result.shape == (2**40, 0)


def test_a_fork_waits_for_other_threads_inside_llvm() -> None:
    import llvmlite.binding.ffi as ffi

    sparsec.compile(PAGE, cache=False)
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with ffi.lib._lock:
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(60)
    threading.Timer(0.3, leave.set).start()
    child = os.fork()
    if child == 0:
        os._exit(0 if ffi.lib._lock._lock.acquire(timeout=10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    thread.join()
    with ffi.lib._lock:
        pass


PAGE = Path(__file__).parent.parent / "fixtures" / "mlp_qdq_u8_tensor_80.onnx"
