"""Lowering for several targets in two processes: the same code as in one, whatever happens to the other process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

import sparsec
from sparsec import api, pipeline, variants
from sparsec.context import CompilerContext
from sparsec.errors import CodegenError, CompilerBug
from sparsec.options import Options
from sparsec.packer import Packer, Packing
from sparsec.packing import Bytes
from sparsec.pipeline import Step
from sparsec.target import TARGETS, CpuTarget
from sparsec.variants import Assistant, lower_variants
from sparsec.weights import Array
from tests.fixtures import FIXTURES

ALL = tuple(TARGETS.values())
PAGE = "model small(a: f32[batch, n]) -> (b: f32[batch, n]) {\n  b = relu(a) + a\n}\n"


@pytest.fixture(autouse=True)
def two_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model."""
    path = tmp_path_factory.mktemp("variants") / "two.spc"
    path.write_text(PAGE)
    return path


@pytest.fixture(scope="module")
def kernels(page: Path) -> tuple[ModuleOp, CompilerContext]:
    """The model in [kernels] form."""
    source = api.read(page)
    pipeline.finish(
        pipeline.run(source.module, source.context, api.stages_for(api.signature_of(source), ALL, Options()))
    )
    return source.module, source.context


def slowed(seconds: float):
    """A watch that gives the other process time."""

    def watch(steps: Iterator[Step], target: str) -> Iterator[Step]:
        time.sleep(seconds)
        return steps

    return watch


def lower(kernels: tuple[ModuleOp, CompilerContext], assistant: Assistant | None, wait: float = 0.0) -> list[str]:
    """The texts, after a check that each was handed out once."""
    taken: dict[str, str] = {}

    def take(target: CpuTarget, text: str) -> None:
        assert target.name not in taken
        taken[target.name] = text

    texts = lower_variants(*kernels, ALL, 7, slowed(wait), take, assistant)
    assert texts is not None and texts == [taken[target.name] for target in ALL]
    return texts


def test_two_processes_make_what_one_makes(kernels: tuple[ModuleOp, CompilerContext]) -> None:
    alone = lower(kernels, None)
    by_hand: list[str] = []

    def watch(steps: Iterator[Step], target: str) -> Iterator[Step]:
        by_hand.append(target)
        time.sleep(1.5)
        return steps

    with Assistant(ALL, wanted=True) as assistant:
        texts = lower_variants(*kernels, ALL, 7, watch, lambda target, text: None, assistant)
    assert texts == alone and by_hand[0] == "x86_64" and 1 <= len(by_hand) < len(ALL)


def test_objects_do_not_depend_on_who_made_them(page: Path) -> None:
    options = Options.of(targets="all", cache=False)
    together = api.build(api.read(page), options).artifact
    alone = api.build(api.read(page), options, fresh=True).artifact
    assert together.objects == alone.objects and len(alone.objects) == len(ALL) + 1


@pytest.mark.parametrize("module", ["sparsec.nothing", "zipfile"])
def test_another_process_that_does_not_work(kernels: tuple[ModuleOp, CompilerContext], module: str) -> None:
    with Assistant(ALL, wanted=True, module=module) as assistant:
        assert lower(kernels, assistant, wait=0.1) == lower(kernels, None)


def test_a_small_model_does_not_wait_for_it(kernels: tuple[ModuleOp, CompilerContext]) -> None:
    with Assistant(ALL, wanted=True, module="tests.sleeps") as assistant:
        begin = time.monotonic()
        lower(kernels, assistant)
        assert time.monotonic() - begin < 600


@pytest.mark.parametrize("cpus", [{0}, {0, 1}])
def test_when_there_is_another_process(monkeypatch: pytest.MonkeyPatch, cpus: set[int]) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: cpus)
    started: list[str] = []
    monkeypatch.setattr(variants.Worker, "start", lambda self: started.append("start"))
    for targets, wanted in ((ALL, True), (ALL[:1], True), (ALL, False)):
        with Assistant(targets, wanted):
            pass
    assert len(started) == (len(cpus) > 1)


def test_a_mistake_of_the_compiler_reaches_the_caller(
    kernels: tuple[ModuleOp, CompilerContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> str:
        raise CompilerBug("[loops] nothing works today")

    monkeypatch.setattr(variants, "emit_ir", fail)
    with Assistant(ALL, wanted=True) as assistant, pytest.raises(sparsec.CompilerBug, match="nothing works today"):
        lower(kernels, assistant)


@pytest.mark.parametrize("failure", [OSError("no process"), MemoryError(), CodegenError("died")])
@pytest.mark.parametrize("when", ["at once", "later"])
def test_another_process_that_cannot_be_asked(
    kernels: tuple[ModuleOp, CompilerContext], monkeypatch: pytest.MonkeyPatch, failure: Exception, when: str
) -> None:
    asked: list[str] = []

    def ask(self: variants.Worker, header: dict[str, str], *more: object) -> bytes:
        asked.append(header["kind"])
        if when == "at once" or header["kind"] != variants.READY:
            raise failure
        return b""

    monkeypatch.setattr(variants.Worker, "ask", ask)
    with Assistant(ALL, wanted=True) as assistant:
        assert lower(kernels, assistant, wait=0.1) == lower(kernels, None)
    assert asked[0] == variants.READY and len(asked) == (1 if when == "at once" else 2)


def test_weights_are_packed_in_both_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[str] = []
    packed = threading.Event()
    pack, take = variants._Beside.pack, Packer.pack  # pyright: ignore

    def counting(self: variants._Beside, packing: Packing, weight: Array) -> Bytes:  # pyright: ignore
        result = pack(self, packing, weight)
        there.append(packing.digest)
        packed.set()
        return result

    def waiting(self: Packer, packing: Packing, weight: Array) -> Bytes:
        assert packed.wait(60)
        return take(self, packing, weight)

    model, options = FIXTURES / "mlp_qdq_u8_tensor_80.onnx", Options.of(targets="all", cache=False)
    alone = api.build(api.read(model), options, fresh=True).artifact
    monkeypatch.setattr(variants._Beside, "pack", counting)  # pyright: ignore
    monkeypatch.setattr(Packer, "pack", waiting)
    together = api.build(api.read(model), options).artifact
    assert there and together.weights.tobytes() == alone.weights.tobytes() and together.objects == alone.objects


def test_a_watch_that_stops(kernels: tuple[ModuleOp, CompilerContext]) -> None:
    def watch(steps: Iterator[Step], target: str) -> Iterator[Step]:
        yield next(steps)

    with Assistant(ALL, wanted=True) as assistant:
        assert lower_variants(*kernels, ALL, 7, watch, lambda target, text: None, assistant) is None
