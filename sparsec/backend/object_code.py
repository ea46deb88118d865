"""From the llvm dialect to object code: one module per target goes in, one object with everything comes out."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

from xdsl.backend.llvm.convert import convert_module
from xdsl.dialects.builtin import ModuleOp

from sparsec.backend.descriptor import descriptor_text, exported_names
from sparsec.backend.llvm_binding import TRIPLE
from sparsec.backend.worker_client import WORKER
from sparsec.errors import CompilerBug
from sparsec.options import Options
from sparsec.runtime.signature import Signature
from sparsec.target import CpuTarget

_SHARED = "output_shapes"
"""The generated function that is the same for every target: each module has one, the linker keeps one."""


def emit_ir(module: ModuleOp, target: CpuTarget) -> str:
    """The LLVM text of one target's code.

    Args:
        module: [llvm] form; it defines `execute_<target>`, `arena_size_<target>`, `scratch_size_<target>` and
            `output_shapes`, and whatever these call.
        target: whose features the functions may use.

    Raises:
        CompilerBug: the module has an op that cannot be turned into LLVM, or lacks one of those functions.
    """
    try:
        converted: Any = convert_module(module, fallback_target_triple=TRIPLE)
    except NotImplementedError as error:
        raise CompilerBug(f"the [llvm] form cannot be emitted: {error}") from error
    entries = {f"{kind}_{target.name}" for kind in ("execute", "arena_size", "scratch_size")} | {_SHARED}
    attributes = ["nounwind", f'"target-cpu"="{target.llvm_cpu}"']
    if target.features:
        attributes.append(f'"target-features"="{target.llvm_features}"')
    defined: set[str] = set()
    for function in converted.functions:
        if function.is_declaration:
            continue
        defined.add(function.name)
        if function.name == _SHARED:
            function.linkage = "linkonce_odr"
        elif function.name not in entries:
            function.linkage = "internal"
        own = ["noinline", *attributes] if function.name != _SHARED else ["nounwind"]
        for attribute in own:
            set.add(function.attributes, attribute)  # its own `add` refuses texts
    if missing := sorted(entries - defined):
        raise CompilerBug(f"the [llvm] form lacks {', '.join(missing)}")
    return str(converted)


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
