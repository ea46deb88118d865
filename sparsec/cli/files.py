"""Files that commands write: checked before the work begins, complete or not there at all after it."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sparsec.errors import OptionError
from sparsec.runtime.replacing import why_unwritable


def require_writable(path: Path, *sources: Path) -> None:
    """Refuse a path that nothing can be written to, before minutes are spent on what should go there.

    Args:
        sources: files that are read, and must not be written over.

    Raises:
        OptionError: with the reason.
    """
    if (reason := why_unwritable(path)) is not None:
        raise OptionError(f"cannot write {path}: {reason}")
    for source in sources:
        if path.exists() and source.exists() and path.samefile(source):
            raise OptionError(f"cannot write {path}: it is the file that is read; give another name")
    if path.exists() and not path.is_file():
        return  # a pipe or a device
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def replacing(path: Path) -> Generator[Path, None, None]:
    """A path to write to. It becomes `path` when the block ends well, and vanishes when it does not.

    Raises:
        OptionError: the file cannot be written.
    """
    whole = path.exists() and not path.is_file()  # a pipe or a device is written to, not replaced
    temporary = path if whole else path.with_name(f".{path.name}.part")
    try:
        yield temporary
        if not whole:
            temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if not whole:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> int:
    """Write a file, all or nothing; returns its size.

    Raises:
        OptionError: it cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return len(content)


def _unwritable(path: Path, error: OSError) -> OptionError:
    return OptionError(f"cannot write {path}: {error.strerror or error}")
