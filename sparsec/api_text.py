"""The code of a model as text, for people: no pipeline but the one that makes libraries."""

from __future__ import annotations

from pathlib import Path

from sparsec.api import Source, Watch, lower, silent, unwatched
from sparsec.backend.object_code import Made
from sparsec.backend.object_code import emit as emit_code
from sparsec.errors import CompilerBug
from sparsec.options import Options

_TEXT_KINDS = {"asm": "assembly", "llvm": "llvm"}


def emit_text(source: Source, kind: str, options: Options, watch: Watch = unwatched, made: Made = silent) -> bytes:
    """The code as text: `asm`, `llvm`, or `mlir`, which is the [kernels] module.

    Args:
        made: hears of the code of each target; the text as a whole is the only object.

    Raises:
        CodegenError: LLVM failed.
    """
    targets = options.cpu_targets()
    lowered = lower(source, targets, options, watch, lambda target, text: made("llvm", target.name))
    if lowered is None:
        raise CompilerBug("the compilation was stopped before there was code")
    if kind == "mlir":
        return (str(source.module) + "\n").encode()
    prefix = options.c_prefix(Path(source.name).stem)
    code = emit_code(_TEXT_KINDS[kind], lowered.texts, lowered.signature, prefix, targets, options)
    made("object", "")
    return code
