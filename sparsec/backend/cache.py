"""Keeps compiled models on disk, found again by what they were made of.

A file is named by the hash of its key and starts with the hash of its content, so that half a file is no hit. A cache
must never be the reason that a compilation fails: a folder that cannot be read or written is a cache that has nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sparsec.options import Options

_SUFFIX = ".sparsec"
_DIGEST_SIZE = hashlib.sha256().digest_size
_PIECE = 1 << 18
"""Bytes that are hashed while they are in the second-level cache."""


@contextlib.contextmanager
def writing_whole(path: Path) -> Generator[BinaryIO, None, None]:
    """A file to write, and its folder if need be: other processes see all of it when the block has ended well, or
    nothing.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix="new-")
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        os.replace(name, path)
    finally:
        with contextlib.suppress(OSError):  # on a full disk the half file must not stay; else it has moved
            os.unlink(name)


@dataclass(frozen=True)
class Cache:
    """A folder of compiled models.

    Args:
        folder: made when first needed.
        limit: bytes that the files may take; the least recently used ones go first.
        enabled: a cache that is not keeps and finds nothing.
    """

    folder: Path
    limit: int
    enabled: bool = True

    @staticmethod
    def of(options: Options) -> Cache:
        """The cache that the options describe."""
        return Cache(options.cache_dir / "models", options.cache_size << 20, options.cache)

    def get(self, key: bytes) -> bytes | None:
        """What was put under this key, or None. A damaged file is removed."""
        if not self.enabled:
            return None
        path = self._path(key)
        try:
            with path.open("rb") as file:
                digest, content = file.read(_DIGEST_SIZE), file.read()
        except OSError:
            return None
        return content if self._is_whole(path, hashlib.sha256(content).digest() == digest) else None

    def get_file(self, key: bytes, target: Path) -> bool:
        """Write what was put under this key to a file. False if there was nothing; then the file is worth nothing.

        Raises:
            OSError: the file cannot be written.
        """
        if not self.enabled:
            return False
        path, hasher = self._path(key), hashlib.sha256()
        try:
            source = path.open("rb")
        except OSError:
            return False
        with source, target.open("wb") as file:
            digest = _read(source, _DIGEST_SIZE)
            while piece := _read(source, _PIECE):
                hasher.update(piece)
                file.write(piece)
        if digest is None or piece is None:
            return False
        return self._is_whole(path, hasher.digest() == digest)

    def put(self, key: bytes, *parts: bytes | memoryview) -> bool:
        """Keep these bytes, one part after the other, under this key. Returns whether that worked."""
        return self._put(key, parts, sum(map(len, parts)))

    def put_file(self, key: bytes, source: Path) -> bool:
        """Keep the content of a file under this key. Returns whether that worked."""
        try:
            with source.open("rb") as file:
                pieces = iter(lambda: file.read(_PIECE), b"")
                return self._put(key, pieces, source.stat().st_size)
        except OSError:
            return False

    def _put(self, key: bytes, pieces: Iterable[bytes | memoryview], size: int) -> bool:
        if not self.enabled or size + _DIGEST_SIZE > self.limit:
            return False
        hasher = hashlib.sha256()
        try:
            with writing_whole(self._path(key)) as file:
                file.write(bytes(_DIGEST_SIZE))
                for piece in pieces:
                    hasher.update(piece)
                    file.write(piece)
                file.seek(0)
                file.write(hasher.digest())
            self._evict()
        except OSError:
            return False
        return True

    def _is_whole(self, path: Path, whole: bool) -> bool:
        """Note that a file was of use, or remove it."""
        with contextlib.suppress(OSError):  # a read-only cache still serves
            if whole:
                os.utime(path)  # now it is the most recently used
            else:
                path.unlink(missing_ok=True)
        return whole

    def clear(self) -> None:
        """Forget everything."""
        for _, _, path in self._files():
            path.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(size for _, size, _ in self._files())

    def _path(self, key: bytes) -> Path:
        return self.folder / (hashlib.sha256(key).hexdigest() + _SUFFIX)

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Time of last use, size and path of every kept file; those that vanish meanwhile are left out."""
        for path in self.folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                yield status.st_mtime_ns, status.st_size, path

    def _evict(self) -> None:
        files = sorted(self._files())
        excess = sum(size for _, size, _ in files) - self.limit
        for _, size, path in files:
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size


def _read(file: BinaryIO, count: int) -> bytes | None:
    """So many bytes, fewer at the end; None if the file cannot be read now."""
    try:
        return file.read(count)
    except OSError:
        return None
