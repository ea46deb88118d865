"""Finding one tensor in a `.npy`, `.npz` or `.safetensors` file: shape and dtype first, its numbers on demand.

Nothing in a file is trusted: no pickles, and every offset and size is checked before it is used.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from math import prod
from pathlib import Path
from typing import Any, TypeGuard, cast

import numpy as np

from sparsec.errors import ModelError
from sparsec.weights import Array

_SPELLING = re.compile(r"(?P<file>.+\.(?P<kind>npy|npz|safetensors))(:(?P<name>.+))?", re.DOTALL)

_SAFETENSORS: dict[str, str] = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}
_MAX_HEADER = 100_000_000


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file.

    Attributes:
        shape, dtype: as the file declares them, in native byte order.
        load: reads (or maps) the numbers.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    load: Callable[[], Array]


def find_tensor(spelling: str, directory: Path) -> StoredTensor:
    """The tensor that `"file.npz:name"` means, relative to `directory`.

    Raises:
        ModelError: no such file or name, or the file is damaged.
    """
    match = _SPELLING.fullmatch(spelling)
    if match is None:
        raise ModelError(
            f'"{spelling}" names no tensor: expected "file.npy", "file.npz:name" or "file.safetensors:name"'
        )
    path = directory / match["file"]
    if not path.is_file():
        raise ModelError(f"there is no file {path}")
    try:
        return _FINDERS[match["kind"]](path, match["name"])
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError, TypeError, SyntaxError) as error:
        # What numpy's and zipfile's readers raise on damaged headers.
        raise ModelError(f"{path.name} is damaged: {error}") from None


def _npy(path: Path, name: str | None) -> StoredTensor:
    if name is not None:
        raise ModelError(f'{path.name} holds one array without a name: write "{path.name}" alone')
    array = cast(Array, np.load(path, mmap_mode="r", allow_pickle=False))
    return StoredTensor(array.shape, array.dtype.newbyteorder("="), lambda: _native(array))


def _npz(path: Path, name: str | None) -> StoredTensor:
    with zipfile.ZipFile(path) as archive:
        members = [member.removesuffix(".npy") for member in archive.namelist() if member.endswith(".npy")]
        name = _choose(path, name, members)
        with archive.open(f"{name}.npy") as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)

    def load() -> Array:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return _native(cast(Array, arrays[name]))
        except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
            raise ModelError(f"{path.name}: `{name}` is damaged: {error}") from None

    return StoredTensor(shape, dtype.newbyteorder("="), load)


def _safetensors(path: Path, name: str | None) -> StoredTensor:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _MAX_HEADER):
            raise ModelError(f"{path.name} is damaged: its header of {length} bytes does not fit in {size} bytes")
        header: object = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ModelError(f"{path.name} is damaged: its header is no table of tensors")
    table = cast("dict[str, object]", header)
    name = _choose(path, name, [key for key in table if key != "__metadata__"])
    dtype, shape, begin, end = _safetensors_entry(path, name, table[name])
    start = 8 + length
    if not 0 <= begin <= end <= size - start or end - begin != prod(shape) * dtype.itemsize:
        raise ModelError(
            f"{path.name} is damaged: `{name}`, {list(shape)} of {dtype}, "
            f"is said to lie at bytes {begin} to {end} of {size - start}"
        )
    return StoredTensor(shape, dtype, lambda: np.memmap(path, dtype, "r", start + begin, (prod(shape),)).reshape(shape))


def _safetensors_entry(path: Path, name: str, entry: object) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    fields = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
    shape, offsets, dtype = fields.get("shape"), fields.get("data_offsets"), fields.get("dtype")
    if isinstance(dtype, str) and dtype not in _SAFETENSORS:
        raise ModelError(f"{path.name}: `{name}` has dtype {dtype}; sparsec reads {', '.join(_SAFETENSORS)}")
    if not _whole_numbers(shape) or not _whole_numbers(offsets) or len(offsets) != 2 or not isinstance(dtype, str):
        raise ModelError(f"{path.name} is damaged: `{name}` lacks a dtype, a shape or two data_offsets")
    return np.dtype(_SAFETENSORS[dtype]), tuple(shape), offsets[0], offsets[1]


def _whole_numbers(value: object) -> TypeGuard[list[int]]:
    if not isinstance(value, list):
        return False
    return all(isinstance(item, int) and item >= 0 for item in cast("list[object]", value))


def _choose(path: Path, name: str | None, names: Iterable[str]) -> str:
    known = sorted(names)
    if name in known:
        return name
    if name is None and len(known) == 1:
        return known[0]
    shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    if name is None:
        raise ModelError(f'{path.name} holds {len(known)} tensors: write "{path.name}:name" with one of {shown}')
    close = get_close_matches(name, known, n=1)
    raise ModelError(
        f"{path.name} holds no tensor `{name}`" + (f"; did you mean `{close[0]}`?" if close else f"; it holds {shown}")
    )


def _native(array: Array) -> Array:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


_FINDERS: dict[str, Callable[[Path, str | None], StoredTensor]] = {
    "npy": _npy,
    "npz": _npz,
    "safetensors": _safetensors,
}
