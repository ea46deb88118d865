"""Writes a library and its header, all or nothing."""

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
    if path.suffix == ".h":
        raise LinkError(f"cannot write {path}: that is the name of the header; give the library another suffix")
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
