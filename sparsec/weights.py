"""Where the numbers live: digest -> array. The IR only names digests, so that it stays small."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import CompilerBug

Array = NDArray[Any]
T = TypeVar("T")


class WeightStore:
    """Constant arrays by content digest. Arrays may be memory maps; they are never written to."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}
        self._derived: dict[tuple[str, Callable[[Array], Any]], Any] = {}

    def put(self, array: Array) -> str:
        """Keep `array` (any shape and numeric dtype) and return its digest, 16 hex digits of SHA-256."""
        array = np.ascontiguousarray(array).reshape(array.shape)
        digest = digest_of(array)
        self._arrays.setdefault(digest, array)
        return digest

    def get(self, digest: str) -> Array:
        """The array of a digest.

        Raises:
            CompilerBug: the digest is unknown, e.g. IR text was parsed without its weights.
        """
        if digest not in self._arrays:
            raise CompilerBug(f"no weight with digest {digest}: was this IR parsed without its weights?")
        return self._arrays[digest]

    def derived(self, digest: str, derive: Callable[[Array], T]) -> T:
        """`derive(array)`, worked out once for each array and function."""
        key = digest, derive
        if key not in self._derived:
            self._derived[key] = derive(self.get(digest))
        return self._derived[key]

    def __contains__(self, digest: str) -> bool:
        return digest in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)


def digest_of(array: Array) -> str:
    """16 hex digits over dtype, shape and bytes; equal arrays have equal digests."""
    hasher = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    hasher.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data if array.size else b"")
    return hasher.hexdigest()[:16]
