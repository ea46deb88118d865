"""Compiles [loops] functions inside the test process and calls them through ctypes.

The compiler itself generates code in a worker process; tests of kernels want the shortest way to machine code.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache

import llvmlite.binding as binding
import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from sparsec.backend.convert_llvm import convert_module
from sparsec.backend.llvm_binding import TRIPLE, create_machine, load_binding
from sparsec.backend.worker import generate
from sparsec.lowering.loops_to_llvm import LoopsToLlvm
from sparsec.target import TARGETS, best_row
from tests import emulation

AVX512VBMI, AVX512, AVXVNNI, AVX2, PORTABLE = (
    frozenset(TARGETS[name].features) for name in ("avx512vbmi", "avx512vnni", "avxvnni", "avx2", "x86_64")
)
EVERY_TARGET = (PORTABLE, AVX2, AVXVNNI, AVX512, AVX512VBMI)


@cache
def _host_features() -> frozenset[str]:
    return frozenset(name for name, present in binding.get_host_cpu_features().items() if present)


def runnable(*feature_sets: frozenset[str]) -> list[frozenset[str]]:
    """Those feature sets that this machine can run, with or without emulation."""
    return [features for features in feature_sets if emulation.ON or features <= _host_features()]


ALL_TARGETS = runnable(*EVERY_TARGET)


def target_name(features: frozenset[str]) -> str:
    """The row of the table that has these features."""
    return best_row(features).name


each_target = pytest.mark.parametrize(
    "features",
    [
        pytest.param(
            features,
            id=target_name(features),
            marks=pytest.mark.skipif(not runnable(features), reason=f"this CPU cannot run {target_name(features)}"),
        )
        for features in EVERY_TARGET
    ],
)
"""Once for each row of the table; those that this machine cannot run are reported as skipped."""


def llvm_text(functions: Sequence[func.FuncOp]) -> str:
    """The functions as LLVM IR text, verified at [loops]; what comes after that, LLVM verifies."""
    module = ModuleOp(list(functions))
    module.verify()
    LoopsToLlvm().apply(Context(), module)
    return convert_module(module, TRIPLE)


def _generate(kind: str, functions: Sequence[func.FuncOp]) -> bytes:
    """Machine code, made as the worker makes it."""
    header = {"kind": kind, "exports": [function.sym_name.data for function in functions]}
    text = llvm_text(functions)
    if kind == "object" and emulation.ON:
        text = emulation.emulated(text)
    return generate(load_binding(), create_machine(load_binding()), header, [text])


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
