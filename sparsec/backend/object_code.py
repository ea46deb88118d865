"""From the llvm dialect to object code: one module per target goes in, one object for each comes out, and one more."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import resources

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp

from sparsec.backend.convert_llvm import Heading, convert_module
from sparsec.backend.descriptor import descriptor_text, exported_names
from sparsec.backend.llvm_binding import TRIPLE
from sparsec.backend.worker_client import WORKER, Worker, WorkerDied
from sparsec.errors import CompilerBug
from sparsec.options import Options
from sparsec.runtime.signature import Signature
from sparsec.target import CpuTarget

_ENTRIES = ("execute", "arena_size", "scratch_size")
"""The generated functions that the runtime calls; those of a target end in its name."""

_SHARED = "output_shapes"
"""The one that is the same for every target: each module has it, the first one's is used."""

_PARALLEL = "sparsec_parallel"
"""The function of the runtime that generated code calls."""

Made = Callable[[str, str], None]
"""Hears, from any thread, that the `llvm` or the `object` of a target is there; the last object is of none, ""."""


def emit_ir(module: ModuleOp, target: CpuTarget, entries: frozenset[str] | None = None) -> str:
    """The LLVM text of one target's code.

    Args:
        module: [llvm] form; it defines the entries and whatever they call.
        target: whose features the functions may use.
        entries: the functions that are called from outside; by default those that the runtime calls.

    Raises:
        CompilerBug: the module has an op that cannot be turned into LLVM, or lacks one of those functions.
    """
    if entries is None:
        entries = frozenset({f"{kind}_{target.name}" for kind in _ENTRIES} | {_SHARED})
    defined = {op.sym_name.data for op in module.ops if isinstance(op, llvm.FuncOp) and op.body.blocks}
    if missing := sorted(entries - defined):
        raise CompilerBug(f"the [llvm] form lacks {', '.join(missing)}")
    # Kernels stay calls: one copy of each, whoever calls it.
    baseline = "noinline", "nounwind"
    own = *baseline, f'"target-cpu"="{target.llvm_cpu}"', f'"target-features"="{target.llvm_features}"'

    def heading_of(function: llvm.FuncOp) -> Heading:
        name = function.sym_name.data
        if name == _SHARED:
            return Heading("linkonce_odr", baseline)
        return Heading("external" if name in entries else "internal", own)

    return convert_module(module, TRIPLE, heading_of)


def emit(
    kind: str,
    texts: Sequence[str],
    signature: Signature,
    prefix: str,
    targets: Sequence[CpuTarget],
    options: Options,
) -> bytes:
    """The targets' code, the runtime and the description of the model in one piece, made by the worker process.

    Args:
        kind: `assembly` or `llvm`.
        texts: what `emit_ir` made, one for each of `targets`.
        signature: what the model takes and gives.
        prefix: what its C names start with.
        targets: best first.
        options: `time_limit` counts.

    Raises:
        CodegenError: LLVM refused the code, died, or took too long.
    """
    return WORKER.request(
        kind, [_frame(signature, prefix, targets), *texts], exported_names(prefix), options.time_limit
    )


class ObjectCode:
    """Makes the object code of a model, an object per target and one for the runtime and the description. It is made by
    the worker process, and by a second one where there are several targets and CPUs, while the caller lowers the model
    for the next target. Without the second one the first does it all.

    Args:
        prefix: what the model's C names start with.
        targets: best first.
        options: `time_limit` counts.
        made: hears of all that is added, and of each object when it is there.
    """

    def __init__(
        self, prefix: str, targets: Sequence[CpuTarget], options: Options, made: Made = lambda stage, target: None
    ):
        self._prefix, self._targets, self._made = prefix, targets, made
        self._objects: dict[str, Future[bytes]] = {}
        self._second = Worker() if len(targets) > 1 and len(os.sched_getaffinity(0)) > 1 else None
        workers = [WORKER, self._second] if self._second is not None else [WORKER]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()  # a worker does one thing at a time
        for worker in workers:
            self._idle.put(worker)
        self._turns = ThreadPoolExecutor(len(workers))
        self._given_up = False  # whether nobody needs the objects any more
        self._time_limit = options.time_limit

    def __enter__(self) -> ObjectCode:
        if self._second is not None:
            with suppress(OSError):
                self._second.start()  # it loads LLVM while the caller runs the passes down to [kernels]
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is not None and self._second is not None:
            self._given_up = True
            self._second.kill()
        try:
            self._turns.shutdown(cancel_futures=True)
        finally:
            if self._second is not None:
                self._second.stop()

    def add(self, target: CpuTarget, text: str) -> None:
        """Begin with the code of one target, which `emit_ir` made. The order of the targets does not matter."""
        self._made("llvm", target.name)
        names = [f"{kind}_{target.name}" for kind in _ENTRIES]
        if target is self._targets[0]:
            names.append(_SHARED)
        self._objects[target.name] = self._request(target.name, text, names, ())

    def finish(self, signature: Signature) -> tuple[bytes, ...]:
        """All objects, after all targets were added.

        Raises:
            CodegenError: LLVM refused the code, died, or took too long.
        """
        names = [f"{kind}_{target.name}" for target in self._targets for kind in _ENTRIES]
        frame = _frame(signature, self._prefix, self._targets)
        last = self._request("", frame, [*names, _SHARED], exported_names(self._prefix))
        objects = [*(self._objects[target.name] for target in self._targets), last]
        return tuple(made.result() for made in objects)

    def _request(self, owner: str, text: str, names: Sequence[str], exports: Sequence[str]) -> Future[bytes]:
        """Ask for an object. These names, and what kernels call, get the prefix and a dot, which no C name has."""
        hidden = {name: f"{self._prefix}.{name}" for name in (*names, _PARALLEL)}

        def make() -> bytes:
            worker = self._idle.get()
            try:
                code = worker.request("object", [text], exports, self._time_limit, hidden)
            except (WorkerDied, OSError):
                if worker is WORKER or self._given_up:
                    raise
                code = WORKER.request("object", [text], exports, self._time_limit, hidden)
            finally:
                self._idle.put(worker)
            self._made("object", owner)
            return code

        return self._turns.submit(make)


def _frame(signature: Signature, prefix: str, targets: Sequence[CpuTarget]) -> str:
    """The runtime and the description of the model."""
    runtime = resources.files("sparsec.runtime").joinpath("runtime.ll").read_text()
    return runtime + descriptor_text(signature, prefix, targets)
