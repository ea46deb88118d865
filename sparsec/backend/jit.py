"""Loads an artifact into this process. Needs no linker and writes no file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparsec.backend import shared_library
from sparsec.backend.artifact import Artifact
from sparsec.backend.descriptor import ENTRY, weights_symbol
from sparsec.backend.llvm_binding import Binding, Jit, Tracker, create_machine, load_binding
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


def link(
    objects: Sequence[bytes], exports: Sequence[str], name: str, imports: Mapping[str, int] | None = None
) -> Tracker:
    """Load object code; the addresses of the exported symbols are found in what is returned, which keeps it loaded.

    Args:
        name: unique in this process.
        imports: addresses of symbols that the code uses, besides those of libc.

    Raises:
        CodegenError: the object cannot be loaded.
    """
    binding, jit = _engine()
    builder = binding.JITLibraryBuilder()
    for code in objects:
        builder.add_object_img(code)
    builder.add_current_process()  # libc
    for symbol, address in (imports or {}).items():
        builder.import_symbol(symbol, address)
    for symbol in exports:
        builder.export_symbol(symbol)
    try:
        return builder.link(jit, name)
    except RuntimeError as error:
        raise CodegenError(f"LLVM cannot load the generated code: {error}") from error


def load(artifact: Artifact, options: Options) -> Program:
    """A program from objects and weights.

    Args:
        artifact: its weights are used in place if they are aligned to 64 bytes, else copied once.
        options: `threads` and `pinned` count, and `linker` when the program is saved.

    Raises:
        TargetError: this CPU lacks what the model was compiled for.
        CodegenError: the object cannot be loaded.
    """
    weights = aligned(artifact.weights)
    imports = {weights_symbol(artifact.prefix): weights.ctypes.data}
    tracker = link(artifact.objects, [ENTRY], f"{artifact.prefix}.{next(_numbers)}", imports)
    library = Library(tracker[ENTRY], artifact.prefix, (tracker, weights))

    def save(path: Path) -> None:
        shared_library.write(artifact, path, options)

    return Program(library, save, options.threads, options.pinned)


def aligned(weights: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same bytes at an address that is a multiple of 64; none give some address too."""
    if weights.flags.c_contiguous and weights.ctypes.data % _ALIGNMENT == 0 and weights.size > 0:
        return weights
    room = np.zeros(weights.size + 2 * _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    room[start : start + weights.size] = weights.reshape(-1)
    return room[start:]
