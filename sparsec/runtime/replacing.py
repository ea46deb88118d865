"""Writes a library and its header, all or nothing, and says why a file cannot be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sparsec.errors import LinkError


@contextmanager
def replacing(path: Path, mode: int = 0o777) -> Generator[tuple[Path, Path], None, None]:
    """Where to write the library and its header to. They move to `path` and beside it when the block ends well; a
    header that was not written leaves the one that is there.

    Args:
        mode: of the library, less what the user's mask takes away.

    Raises:
        LinkError: the files cannot be written.
    """
    if (reason := why_no_library(path)) is not None:
        raise LinkError(f"cannot write {path}: {reason}")
    try:
        with tempfile.TemporaryDirectory(prefix=".sparsec-", dir=path.parent) as folder:
            library, header = Path(folder, "library"), Path(folder, "header")
            yield library, header
            library.chmod(mode & ~_umask())
            os.replace(library, path)
            if header.exists():
                os.replace(header, path.with_suffix(".h"))
    except OSError as error:
        raise LinkError(f"cannot write {path}: {error.strerror or error}") from error


def why_unwritable(path: Path) -> str | None:
    """Why no file can be there, and what to do; None if one can."""
    if path.is_dir():
        return "it is a folder; give the name of a file in it"
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist; make it first"
    return None


def why_no_library(path: Path) -> str | None:
    """`why_unwritable` for a library, which has a header beside it."""
    if path.suffix == ".h":
        return "that is the name of the header; give the library another suffix"
    if reason := why_unwritable(path):
        return reason
    if path.exists() and not path.is_file():
        return "a library needs an ordinary file"
    return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
