"""sparsec turns neural networks whose weights are pruned in blocks into native code.

::

    program = sparsec.compile("model.onnx")      # or .spc, bytes, an onnx.ModelProto
    (logits,) = program(input_ids, attention_mask)
    program.save("model.so")                     # for C, and for sparsec.load
    program = sparsec.load("model.so")           # needs numpy only: no compiler is imported

What is named here is imported when it is first used, so that loading a compiled model stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sparsec.errors import (
    CodegenError,
    CompilerBug,
    DslError,
    InputError,
    LinkError,
    ModelError,
    OptionError,
    ShapeError,
    SparsecError,
    TargetError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from sparsec.api import compile
    from sparsec.api_explain import explain
    from sparsec.inference_session import (
        ExecutionMode,
        GraphOptimizationLevel,
        InferenceSession,
        RunOptions,
        SessionOptions,
        get_available_providers,
        get_device,
    )
    from sparsec.options import Options
    from sparsec.runtime.loading import load
    from sparsec.runtime.program import Program
    from sparsec.target import CpuTarget

__all__ = [
    "CodegenError", "CompilerBug", "CpuTarget", "DslError", "ExecutionMode", "GraphOptimizationLevel",
    "InferenceSession", "InputError", "LinkError", "ModelError", "OptionError", "Options", "Program", "RunOptions",
    "SessionOptions", "ShapeError", "SparsecError", "TargetError", "UnsupportedError", "compile", "explain",
    "get_available_providers", "get_device", "load",
]  # fmt: skip

__version__ = "0.1.0"

_HOMES = {
    "compile": "sparsec.api",
    "explain": "sparsec.api_explain",
    "load": "sparsec.runtime.loading",
    "Program": "sparsec.runtime.program",
    "ExecutionMode": "sparsec.inference_session",
    "GraphOptimizationLevel": "sparsec.inference_session",
    "InferenceSession": "sparsec.inference_session",
    "RunOptions": "sparsec.inference_session",
    "SessionOptions": "sparsec.inference_session",
    "get_available_providers": "sparsec.inference_session",
    "get_device": "sparsec.inference_session",
    "Options": "sparsec.options",
    "CpuTarget": "sparsec.target",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sparsec' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
