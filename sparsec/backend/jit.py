"""Loads an artifact into this process. Needs no linker and writes no file."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparsec.backend import shared_library
from sparsec.backend.artifact import Artifact
from sparsec.backend.descriptor import ENTRY, weights_symbol
from sparsec.backend.llvm_binding import Binding, Jit, create_machine, load_binding
from sparsec.errors import CodegenError
from sparsec.options import Options
from sparsec.runtime.abi import Library
from sparsec.runtime.program import Program

_ALIGNMENT = 64
_numbers = itertools.count()


@cache
def _engine() -> tuple[Binding, Jit]:
    """LLVM's JIT, one for the process."""
    binding = load_binding()
    return binding, binding.create_lljit_compiler(create_machine(binding), use_jit_link=True)


def load(artifact: Artifact, options: Options) -> Program:
    """A program from object code and weights.

    Args:
        artifact: its weights are used in place if they are aligned to 64 bytes, else copied once.
        options: `threads` counts, and `linker` when the program is saved.

    Raises:
        TargetError: this CPU lacks what the model was compiled for.
        CodegenError: the object cannot be loaded.
    """
    binding, jit = _engine()
    weights = aligned(artifact.weights)
    builder = binding.JITLibraryBuilder()
    builder.add_object_img(artifact.object_code)
    builder.add_current_process()  # libc
    builder.import_symbol(weights_symbol(artifact.prefix), weights.ctypes.data)
    builder.export_symbol(ENTRY)
    try:
        tracker = builder.link(jit, f"{artifact.prefix}.{next(_numbers)}")
    except RuntimeError as error:
        raise CodegenError(f"LLVM cannot load the generated code: {error}") from error
    library = Library(tracker[ENTRY], artifact.prefix, (tracker, weights))

    def save(path: Path) -> None:
        shared_library.write(artifact, path, options)

    return Program(library, save, options.threads)


def aligned(weights: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same bytes at an address that is a multiple of 64; none give some address too."""
    if weights.flags.c_contiguous and weights.ctypes.data % _ALIGNMENT == 0 and weights.size > 0:
        return weights
    room = np.zeros(weights.size + 2 * _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    room[start : start + weights.size] = weights.reshape(-1)
    return room[start:]
