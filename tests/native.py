"""Compiles [loops] functions inside the test process and calls them through ctypes.

The compiler itself generates code in a worker process; tests of kernels want the shortest way to machine code.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache

import llvmlite.binding as binding
import numpy as np
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from sparsec.backend.convert_llvm import convert_module
from sparsec.backend.llvm_binding import TRIPLE, create_machine, load_binding
from sparsec.backend.worker import generate
from sparsec.lowering.loops_to_llvm import LoopsToLlvm

PORTABLE: frozenset[str] = frozenset()
AVX2 = frozenset({"avx", "avx2", "fma"})
AVX512 = frozenset({"avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni"})


@cache
def _host_features() -> frozenset[str]:
    return frozenset(name for name, present in binding.get_host_cpu_features().items() if present)


def runnable(*feature_sets: frozenset[str]) -> list[frozenset[str]]:
    """Those feature sets that this machine can run."""
    return [features for features in feature_sets if features <= _host_features()]


ALL_TARGETS = runnable(PORTABLE, AVX2, AVX512)


def llvm_text(functions: Sequence[func.FuncOp]) -> str:
    """The functions as LLVM IR text, verified at [loops]; what comes after that, LLVM verifies."""
    module = ModuleOp(list(functions))
    module.verify()
    LoopsToLlvm().apply(Context(), module)
    return str(convert_module(module, TRIPLE))


def _generate(kind: str, functions: Sequence[func.FuncOp]) -> bytes:
    """Machine code, made as the worker makes it."""
    header = {"kind": kind, "exports": [function.sym_name.data for function in functions]}
    return generate(load_binding(), create_machine(load_binding()), header, [llvm_text(functions)])


def assembly(functions: Sequence[func.FuncOp]) -> str:
    """The functions as assembly text."""
    return _generate("assembly", functions).decode()


class Native:
    """Functions compiled to machine code. `call(name, *arguments)` takes arrays (passed as pointers) and ints."""

    def __init__(self, *functions: func.FuncOp):
        names = [function.sym_name.data for function in functions]
        self._jit = binding.create_lljit_compiler(create_machine(load_binding()))
        library = binding.JITLibraryBuilder().add_object_img(_generate("object", functions))
        for name in names:
            library = library.export_symbol(name)
        self._tracker = library.link(self._jit, "kernels")
        self._addresses = {name: self._tracker[name] for name in names}

    def call(self, name: str, *arguments: np.ndarray | int) -> None:
        """Call a function that returns nothing."""
        converted = [
            ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else ctypes.c_int64(a) for a in arguments
        ]
        ctypes.CFUNCTYPE(None, *(type(a) for a in converted))(self._addresses[name])(*converted)
