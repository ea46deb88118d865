"""Loads programs from shared libraries. Needs numpy and ctypes, not the compiler."""

from __future__ import annotations

import shutil
from pathlib import Path

from sparsec.errors import LinkError, ModelError
from sparsec.runtime import abi
from sparsec.runtime.check_arguments import require_path
from sparsec.runtime.program import Program
from sparsec.runtime.replacing import replacing


def load(path: str | Path, threads: int | None = None, pinned: bool = False) -> Program:
    """A program from a shared library that sparsec made. Neither the compiler nor LLVM is imported.

    Args:
        path: of the library.
        threads: as for `Program`.
        pinned: as for `Program`.

    Raises:
        ModelError: the file does not exist or is no such library.
        TargetError: the CPU lacks what the model was compiled for.
    """
    given = require_path(path)
    if given.suffix == ".h":
        raise ModelError(f"{given} is a header; load the shared library beside it")
    source = given.absolute()  # the working directory may change
    loaded = _stamp(source)

    def copy(target: Path) -> None:
        if _stamp(source) != loaded:
            raise LinkError(
                f"cannot save {target}: {source} is not the file any more that this program was loaded from"
            )
        with replacing(target) as (library, header):  # what other processes have loaded from there stays theirs
            shutil.copy(source, library)
            if source.with_suffix(".h").exists():
                shutil.copy(source.with_suffix(".h"), header)

    return Program(abi.open_library(given), copy, threads, pinned)


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What changes when a file does; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
