"""From the llvm dialect to text, objects and assembly."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from xdsl.dialects.builtin import ModuleOp

from sparsec.backend.descriptor import exported_names
from sparsec.backend.object_code import ObjectCode, emit, emit_ir
from sparsec.backend.worker_client import WORKER, Worker, WorkerDied
from sparsec.errors import CodegenError, CompilerBug
from sparsec.options import Options
from sparsec.target import TARGETS
from tests.backend.toy import SIGNATURE, toy_artifact, toy_module

ALL = tuple(TARGETS.values())


def definitions(text: str) -> dict[str, str]:
    """Name of every defined function -> the line that defines it."""
    return {match[1]: match[0] for match in re.finditer(r"^define [^@]*@\"?([\w.]+)\"?\(.*$", text, re.MULTILINE)}


def test_linkage_and_target_of_every_function():
    lines = definitions(emit_ir(toy_module(TARGETS["avx512vnni"]), TARGETS["avx512vnni"]))
    assert set(lines) == {
        "kernel", "execute_avx512vnni", "arena_size_avx512vnni", "scratch_size_avx512vnni", "output_shapes"
    }  # fmt: skip
    assert lines["kernel"].startswith("define internal ") and lines["output_shapes"].startswith("define linkonce_odr ")
    assert lines["execute_avx512vnni"].startswith("define void ")
    for name in ("kernel", "execute_avx512vnni"):
        assert "noinline nounwind" in lines[name]
        assert '"target-cpu"="x86-64-v3"' in lines[name] and "+avx512vnni" in lines[name]
    assert "target-cpu" not in lines["output_shapes"]


def test_a_module_without_an_entry_is_a_bug():
    module = toy_module(TARGETS["avx2"])
    with pytest.raises(CompilerBug, match="form lacks arena_size_x86_64, execute_x86_64, scratch_size_x86_64"):
        emit_ir(module, TARGETS["x86_64"])
    with pytest.raises(CompilerBug):
        emit_ir(ModuleOp([]), TARGETS["x86_64"])


@pytest.mark.parametrize("kind", ["llvm", "assembly"])
def test_all_targets_lie_side_by_side(kind: str):
    texts = [emit_ir(toy_module(target), target) for target in ALL]
    text = emit(kind, texts, SIGNATURE, "toy", ALL, Options()).decode()
    for target in ALL:
        assert f"execute_{target.name}" in text
    if kind == "llvm":
        shown = {name for name, line in definitions(text).items() if "internal" not in line}
        aliases = set(re.findall(r"^@(\w+) = alias", text, re.MULTILINE))
        assert shown | aliases == {
            "sparsec_entry", "toy_abi_version", "toy_create", "toy_destroy", "toy_get_threads", "toy_last_error",
            "toy_metadata", "toy_output_shapes", "toy_profile", "toy_run", "toy_set_parallel", "toy_set_pinning",
            "toy_set_profiling", "toy_set_threads", "toy_variant",
        }  # fmt: skip
        assert sum(name.startswith("kernel") for name in definitions(text)) == len(ALL)
        assert sum(name.startswith("output_shapes") for name in definitions(text)) == 1
    else:
        assert "vaddss" in text and re.search(r"\taddss", text)


def test_objects_are_the_same_every_time():
    assert toy_artifact(ALL).objects == toy_artifact(ALL).objects


def test_an_object_per_target_and_one_more(tmp_path: Path):
    """What they share has a name that no other model has, and nobody outside sees."""
    objects = toy_artifact(ALL).objects
    assert len(objects) == len(ALL) + 1
    shared = {f"toy.{kind}_{target.name}" for kind in ("execute", "arena_size", "scratch_size") for target in ALL}
    defined: list[str] = []
    for number, code in enumerate(objects):
        path = tmp_path / f"{number}.o"
        path.write_bytes(code)
        lines = subprocess.run(["readelf", "-sW", path], capture_output=True, text=True, check=True).stdout.splitlines()
        rows = [line.split() for line in lines if " GLOBAL " in line or " WEAK " in line]
        defined += [row[-1] for row in rows if row[-3] == "HIDDEN" or (row[-3] == "DEFAULT" and row[-2] != "UND")]
        public = {row[-1] for row in rows if row[-3] == "DEFAULT" and row[-2] != "UND"}
        assert public == (set() if number < len(ALL) else set(exported_names("toy")))
    assert shared | {"toy.output_shapes", "toy.sparsec_parallel"} <= set(defined)


@pytest.fixture
def cpus(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many CPUs as the test says."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(request.param)))


def objects_of(code: ObjectCode) -> tuple[bytes, ...]:
    """All objects of the toy."""
    for target in ALL:
        code.add(target, emit_ir(toy_module(target), target))
    return code.finish(SIGNATURE)


@pytest.mark.parametrize("cpus", [1], indirect=True)
def test_one_cpu_has_one_worker(cpus: None):
    with ObjectCode("toy", ALL, Options()) as code:
        assert code._second is None
        assert len(objects_of(code)) == len(ALL) + 1


@pytest.mark.parametrize("cpus", [2], indirect=True)
def test_two_workers_make_the_same_objects_and_the_second_one_ends(cpus: None, monkeypatch: pytest.MonkeyPatch):
    with ObjectCode("toy", ALL, Options()) as code:
        second = code._second
        assert second is not None and second.pid is not None
        found = objects_of(code)
    assert second.pid is None
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    with ObjectCode("toy", ALL, Options()) as code:
        assert objects_of(code) == found


@pytest.mark.parametrize("cpus", [2], indirect=True)
def test_the_first_worker_does_what_the_second_one_died_of(cpus: None, monkeypatch: pytest.MonkeyPatch):
    asked: list[Worker] = []
    request = Worker.request

    def dying(self: Worker, *arguments: Any) -> bytes:
        asked.append(self)
        if self is not WORKER:
            raise WorkerDied("out of memory")
        return request(self, *arguments)

    monkeypatch.setattr(Worker, "request", dying)
    with ObjectCode("toy", ALL, Options()) as code:
        assert len(objects_of(code)) == len(ALL) + 1
    assert any(worker is not WORKER for worker in asked)


@pytest.mark.parametrize("cpus", [2], indirect=True)
def test_a_second_worker_that_cannot_start_is_done_without(cpus: None, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Worker) -> None:
        raise OSError(12, "Cannot allocate memory")

    WORKER.start()
    monkeypatch.setattr(Worker, "start", refuse)
    with ObjectCode("toy", ALL, Options()) as code:
        assert len(objects_of(code)) == len(ALL) + 1


@pytest.mark.parametrize("cpus", [2], indirect=True)
def test_an_error_ends_the_second_worker(cpus: None):
    with pytest.raises(ZeroDivisionError), ObjectCode("toy", ALL, Options()) as code:
        second = code._second
        raise ZeroDivisionError
    assert second is not None and second.pid is None


def test_code_that_llvm_refuses():
    with ObjectCode("toy", ALL, Options()) as code:
        for target in ALL:
            code.add(target, "define nonsense")
        with pytest.raises(CodegenError, match="LLVM refused the generated code"):
            code.finish(SIGNATURE)
