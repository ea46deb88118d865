"""From [kernels] to the LLVM text of several CPU targets, in this process and one beside it.

``python -m sparsec.variants`` is the process beside it. It gets the [kernels] module as text: a CPU's code depends on
nothing else. `backend/worker_client.py` talks to it.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from sparsec import pipeline
from sparsec.backend.object_code import emit_ir
from sparsec.backend.worker import work
from sparsec.backend.worker_client import Worker
from sparsec.collector import collector_off
from sparsec.context import CompilerContext
from sparsec.dialects import all_dialects
from sparsec.errors import CodegenError, CompilerBug
from sparsec.packer import Packing
from sparsec.packing import Bytes
from sparsec.pipeline import Step
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import CpuTarget, find_target
from sparsec.weights import Array

Watch = Callable[[Iterator[Step], str], Iterator[Step]]
"""Looks at each step of the pipeline as it passes by: printing, dumping, timing, stopping early.

The second argument is the target that the stages after [kernels] are run for, "" before.
"""

Take = Callable[[CpuTarget, str], None]
"""Gets the LLVM text of a target as soon as it is there."""


READY, PACK = "ready", "pack"
"""The request that is answered as soon as the compiler is loaded, and that to pack a weight; others name a target."""


class Assistant:
    """A process that packs some of the weights and lowers modules for some of the targets, if there are two CPUs and
    two targets.

    Args:
        targets: of the model.
        wanted: False for none.
        module: what `python -m` runs; tests give one of their own.
    """

    def __init__(self, targets: Sequence[CpuTarget], wanted: bool, module: str = "sparsec.variants"):
        useful = wanted and len(targets) > 1 and len(os.sched_getaffinity(0)) > 1
        self._worker = Worker(module, "the second half of the compiler") if useful else None

    def __enter__(self) -> Assistant:
        if self._worker is not None:
            with suppress(OSError):  # it can be done without
                self._worker.start()  # it loads the compiler while the caller runs the passes down to [kernels]
        return self

    def __exit__(self, *error: object) -> None:
        if self._worker is not None:
            self._worker.kill()  # nobody needs what it is at
            self._worker.stop()

    @contextmanager
    def packing(self, context: CompilerContext, time_limit: float = 300.0) -> Generator[None, None, None]:
        """While the block runs, passes with this context have weights packed there, too.

        Args:
            time_limit: seconds that one of them may take there.
        """
        context.elsewhere = None if self._worker is None else _Beside(self._worker, time_limit)
        try:
            yield
        finally:
            context.elsewhere = None

    def in_order(self, targets: Sequence[CpuTarget]) -> list[CpuTarget]:
        """The order to lower targets in: with two processes, those that take LLVM longest begin, so that none of them
        is left over at the end. The less a target does at a time, the longer it takes."""
        if self._worker is None:
            return list(targets)
        return sorted(targets, key=lambda target: (target.vector_bits, target.multiplies_bytes))

    @contextmanager
    def helping(
        self, module: ModuleOp, targets: deque[CpuTarget], take: Take, time_limit: float
    ) -> Generator[threading.Thread, None, None]:
        """While the block runs, a thread has targets of the queue lowered, too; one that fails is put back."""
        thread = threading.Thread(target=self._lower_some, args=(module, targets, take, time_limit))
        thread.start()
        try:
            yield thread
        finally:
            targets.clear()
            if self._worker is not None:
                self._worker.kill()  # small models are done before it has loaded the compiler
            thread.join()

    def _lower_some(self, module: ModuleOp, targets: deque[CpuTarget], take: Take, time_limit: float) -> None:
        worker = self._worker
        if worker is None:
            return
        failures = CodegenError, OSError, MemoryError
        try:
            _Beside(worker, time_limit).wait()
            text = str(module)
        except failures:
            return  # the caller does it all
        while True:
            try:
                target = targets.popleft()
            except IndexError:
                return
            try:
                take(target, worker.request(target.name, [text], (), time_limit).decode())
            except BaseException as failure:
                targets.appendleft(target)  # the caller lowers it, and meets what is wrong with the module, too
                if not isinstance(failure, failures):
                    raise
                return


def lower_variants(
    module: ModuleOp,
    context: CompilerContext,
    targets: Sequence[CpuTarget],
    passes: int,
    watch: Watch,
    take: Take,
    assistant: Assistant | None = None,
    time_limit: float = 300.0,
    *,
    thorough: bool = True,
) -> list[str] | None:
    """The LLVM text of each target, or None when the watch stops early.

    Args:
        module: in [kernels] form; it stays as it is.
        passes: how many passes it has seen.
        watch: sees the steps of the targets that this process lowers.
        take: is called from more than one thread.
        assistant: lowers some of the targets meanwhile.
        time_limit: seconds that the assistant may take for one of them.
        thorough: verify [loops] of the first target; the others differ in a few ops.
    """
    texts: dict[str, str] = {}

    def keep(target: CpuTarget, text: str) -> None:
        take(target, text)
        texts[target.name] = text

    helper = assistant or Assistant(targets, wanted=False)
    queue = deque(helper.in_order(targets))
    with collector_off(), helper.helping(module, queue, keep, time_limit) as thread:
        while len(texts) < len(targets):
            try:
                target = queue.popleft()
            except IndexError:
                thread.join()  # what could not be done is in the queue again
                if not queue and len(texts) < len(targets):
                    raise CompilerBug("a target got lost on its way to another process") from None
                continue
            text = _lower(module, context, target, passes, watch, verified=thorough and target is targets[0])
            if text is None:
                return None
            keep(target, text)
    return [texts[target.name] for target in targets]


def _lower(
    module: ModuleOp, context: CompilerContext, target: CpuTarget, passes: int, watch: Watch, *, verified: bool
) -> str | None:
    with collector_off():  # between passes, too: it looks at the whole module, and finds nothing
        copy = module.clone()
        stages = pipeline.code_stages(target, verified=verified)
        steps = watch(pipeline.run(copy, context, stages, passes), target.name)
        seen = [step.stage for step in steps]
        return emit_ir(copy, target) if seen and seen[-1] == "llvm" else None


@dataclass(frozen=True)
class _Beside:
    """The process of an assistant, as `packer.py` needs it."""

    worker: Worker
    time_limit: float

    def wait(self) -> None:
        self.worker.ask({"kind": READY}, [], self.time_limit)

    def pack(self, packing: Packing, weight: Array) -> Bytes:
        schedule = packing.schedule
        about = {"dtype": weight.dtype.str, "shape": weight.shape, "digest": packing.digest, "pairs": packing.pairs}
        chosen = {"dataflow": schedule.dataflow.value, "tile": schedule.tile, "rows": schedule.rows}
        header = {"kind": PACK, "weight": about, "schedule": chosen}
        return np.frombuffer(self.worker.ask(header, [weight.tobytes()], self.time_limit), np.uint8)


def _pack(about: dict[str, Any], chosen: dict[str, Any], content: bytes) -> bytes:
    schedule = Schedule(Dataflow(chosen["dataflow"]), chosen["tile"], chosen["rows"])
    weight = np.frombuffer(content, np.dtype(about["dtype"])).reshape(about["shape"])
    return Packing(about["digest"], schedule, about["pairs"]).of(weight).tobytes()


def respond(header: dict[str, Any], parts: Sequence[bytes]) -> bytes:
    """The LLVM text of a [kernels] module for the target that the request is named by; a packed weight for `PACK`;
    nothing for `READY`."""
    if header["kind"] == READY:
        return b""
    if header["kind"] == PACK:
        return _pack(header["weight"], header["schedule"], parts[0])
    module, context = _parsed(parts[0].decode())
    text = _lower(module, context, find_target(header["kind"]), 0, lambda steps, _: steps, verified=False)
    assert text is not None
    return text.encode()


@lru_cache(1)
def _parsed(text: str) -> tuple[ModuleOp, CompilerContext]:
    """The module of a request: the next one is likely to be about the same."""
    context = CompilerContext()
    for dialect in all_dialects():
        context.load_dialect(dialect)
    with collector_off():
        return Parser(context, text).parse_module(), context


if __name__ == "__main__":
    work(respond)
