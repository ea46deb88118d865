"""From the llvm dialect to object code: one module per target goes in, one object with everything comes out."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from xdsl.dialects.builtin import ModuleOp

from sparsec.backend.convert_llvm import convert_module
from sparsec.backend.descriptor import descriptor_text, exported_names
from sparsec.backend.llvm_binding import TRIPLE
from sparsec.backend.worker_client import WORKER
from sparsec.errors import CompilerBug
from sparsec.options import Options
from sparsec.runtime.signature import Signature
from sparsec.target import CpuTarget

_SHARED = "output_shapes"
"""The generated function that is the same for every target: each module has one, the linker keeps one."""


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
        entries = frozenset({f"{kind}_{target.name}" for kind in ("execute", "arena_size", "scratch_size")} | {_SHARED})
    converted = convert_module(module, TRIPLE)
    defined: set[str] = set()
    for function in converted.functions:
        if function.is_declaration:
            continue
        defined.add(function.name)
        if function.name == _SHARED:
            function.linkage = "linkonce_odr"
        elif function.name not in entries:
            function.linkage = "internal"
        _set_target(function.attributes, None if function.name == _SHARED else target)
    if missing := sorted(entries - defined):
        raise CompilerBug(f"the [llvm] form lacks {', '.join(missing)}")
    return str(converted)


def _set_target(attributes: set[str], target: CpuTarget | None) -> None:
    """Fix the CPU of one function, baseline for None. Kernels stay calls: one copy of each, whoever calls it."""
    own = [] if target is None else [f'"target-cpu"="{target.llvm_cpu}"', f'"target-features"="{target.llvm_features}"']
    attributes -= {attribute for attribute in attributes if attribute.startswith('"target-')}
    set[str].update(attributes, {"noinline", "nounwind", *own})  # its own add() refuses values


def emit(
    kind: str,
    texts: Sequence[str],
    signature: Signature,
    prefix: str,
    targets: Sequence[CpuTarget],
    options: Options,
) -> bytes:
    """Link the targets' code, the runtime and the description of the model, in the worker process.

    Args:
        kind: `object`, `assembly` or `llvm`.
        texts: what `emit_ir` made, one for each of `targets`.
        signature: what the model takes and gives.
        prefix: what its C names start with.
        targets: best first.
        options: `time_limit` counts.

    Raises:
        CodegenError: LLVM refused the code, died, or took too long.
    """
    runtime = resources.files("sparsec.runtime").joinpath("runtime.ll").read_text()
    frame = runtime + descriptor_text(signature, prefix, targets)
    return WORKER.request(kind, [frame, *texts], exported_names(prefix), options.time_limit)
