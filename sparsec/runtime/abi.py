"""The C interface of compiled models, seen from Python: the ctypes side of runtime_abi.h and of `descriptor.py`."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from sparsec.errors import ModelError
from sparsec.runtime.signature import MAX_RANK, Signature

ABI_VERSION = 2

OK, BAD_ARGUMENT, BAD_DATA, NO_MEMORY, NO_THREADS, BUSY = range(6)
"""`enum sparsec_status`."""


class Tensor(ctypes.Structure):
    """`struct sparsec_tensor`."""

    data: int | None
    bytes: int
    dtype: int
    rank: int
    shape: Sequence[int]
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_int64),
        ("dtype", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.c_int64 * MAX_RANK),
    ]


class Span(ctypes.Structure):
    """`struct sparsec_span`."""

    call: int
    thread: int
    begin: int
    end: int
    items: int
    _fields_ = [
        ("call", ctypes.c_int32),
        ("thread", ctypes.c_int32),
        ("begin", ctypes.c_int64),
        ("end", ctypes.c_int64),
        ("items", ctypes.c_int64),
    ]


class Interface(ctypes.Structure):
    """The table that `sparsec_entry` returns; all pointers are functions of the model."""

    _fields_ = [
        ("abi_version", ctypes.c_int32),
        ("functions", ctypes.c_int32),
        ("create", ctypes.CFUNCTYPE(ctypes.c_void_p)),
        ("destroy", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("run", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
        ("output_shapes", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
        ("last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)),
        ("set_threads", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32)),
        ("get_threads", ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)),
        ("variant", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)),
        ("metadata", ctypes.CFUNCTYPE(ctypes.c_char_p)),
        ("set_pinning", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32)),
        ("set_parallel", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
        ("set_profiling", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32)),
        ("profile", ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)),
    ]


class Library:
    """A compiled model in memory, from a shared library or from the JIT.

    Args:
        entry: the address of `sparsec_entry`.
        name: what messages call it.
        owner: whatever must live as long as the code does.

    Raises:
        ModelError: the code was made for another version of this interface.
    """

    def __init__(self, entry: int, name: str, owner: object):
        address = ctypes.CFUNCTYPE(ctypes.c_void_p)(entry)()
        self.interface: Any = Interface.from_address(address)
        version = self.interface.abi_version
        if version != ABI_VERSION:
            raise ModelError(
                f"{name} has version {version} of the interface between models and sparsec, and this sparsec reads "
                f"version {ABI_VERSION}; compile the model again"
            )
        self.owner = owner
        self.name = name
        self.json: dict[str, Any] = json.loads(self.interface.metadata())
        self.signature = Signature.from_json(self.interface.metadata())


_File = tuple[int, int]
"""Device and inode."""

_names: dict[str, _File] = {}
"""The file that the dynamic loader knows by each name that was given to it."""

_uses: Counter[_File] = Counter()
"""How often each file is loaded, by whatever name."""

_turn = threading.RLock()
"""For these two. A library may be found to be garbage while one is looked up."""
os.register_at_fork(after_in_child=lambda: globals().update(_turn=threading.RLock()))

_dlclose = ctypes.CDLL(None).dlclose
_dlclose.argtypes = [ctypes.c_void_p]


def open_library(path: str | Path) -> Library:
    """Load a shared library that sparsec made.

    Raises:
        ModelError: there is no such file, it is no shared library, or sparsec did not make it.
    """
    path = Path(path)
    try:
        status = path.stat()
        with path.open("rb") as file:
            _require_whole(path, file.read(_ELF_HEADER.size), status.st_size)
        library = _opened(path.resolve(), (status.st_dev, status.st_ino))
    except OSError as error:
        raise ModelError(f"cannot load {path}: {error.strerror or error}") from error
    try:
        function = library["sparsec_entry"]  # as an attribute it would be kept, in a cycle with the library
    except AttributeError:
        raise ModelError(f"cannot load {path}: it is a shared library, but not one that sparsec made") from None
    entry = ctypes.cast(function, ctypes.c_void_p).value
    assert entry is not None
    return Library(entry, str(path), library)


def _opened(path: Path, file: _File) -> ctypes.CDLL:
    """A library that is unloaded when it dies."""
    name = _name_for(path, file)
    try:
        library = ctypes.CDLL(name)
    except OSError:
        _unload(None, file)
        raise
    # not at exit: a daemon thread may still be inside
    weakref.finalize(library, _unload, library._handle, file).atexit = False  # pyright: ignore[reportPrivateUsage]
    return library


_ELF_HEADER = struct.Struct("<16s HHI QQQ I HHHHHH")


def _require_whole(path: Path, header: bytes, size: int) -> None:
    """Refuse what is no shared library, and one that was cut off: mapping it would kill the process later.

    The table of sections, whose place the header names, is the last thing in the file.

    Raises:
        ModelError: with the reason.
    """
    if header[:4] != b"\x7fELF":
        raise ModelError(f"cannot load {path}: it is no shared library; `sparsec compile` makes one of a model")
    whole = _ELF_HEADER.size
    if len(header) == whole:
        fields = _ELF_HEADER.unpack(header)
        table, entry, count = fields[6], fields[11], fields[12]
        whole = table + entry * count
    if size < whole:
        raise ModelError(f"cannot load {path}: it has {size} bytes of at least {whole}; it was cut off, make it again")


def _name_for(path: Path, file: _File) -> str:
    """A spelling of the path by which the dynamic loader knows no other file, and one more use of the file: it compares
    names first, and would answer a model that was compiled again with the old one."""
    with _turn:
        _uses[file] += 1
        names = (f"{path.parent}{'/.' * number}/{path.name}" for number in count())
        return next(name for name in names if _names.setdefault(name, file) == file)


def _unload(handle: int | None, file: _File) -> None:
    """What a library leaves behind when nothing of it is in use any more. Its last contexts are gone by then."""
    with _turn:
        if handle is not None:
            _dlclose(handle)
        _uses[file] -= 1
        if not _uses[file]:  # until then the loader knows it by all its names
            del _uses[file]
            for name in [name for name, known in _names.items() if known == file]:
                del _names[name]
