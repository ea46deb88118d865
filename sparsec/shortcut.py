"""Finds what a model file was compiled to before, without reading the model and without importing the compiler.

The cache knows compiled models by their graphs. Beside them it keeps, under the bytes of a file and the options, the
key of the graph that the file was read to.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from sparsec import __version__
from sparsec.backend.cache import Cache
from sparsec.options import Options
from sparsec.target import host_core

if TYPE_CHECKING:
    from sparsec.backend.artifact import Artifact

_PIECE = 1 << 20
_ELSEWHERE = b"location"
"""A key of every tensor whose numbers lie in another file."""


@cache
def compiler_digest() -> str:
    """The hash of the compiler's own code and of what it computes with: none finds what another one has made."""
    folder = Path(__file__).parent
    versions = [__version__, *(version(package) for package in ("llvmlite", "numpy", "xdsl"))]
    hasher = hashlib.sha256(" ".join(versions).encode())
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".lark", ".ll")):
        hasher.update(path.read_bytes())
    return hasher.hexdigest()


def choices(options: Options, stem: str) -> list[str]:
    """What a compiled model depends on beside its graph and the times that were measured.

    Args:
        stem: the name of the model without its ending.
    """
    return [
        compiler_digest(),
        options.c_prefix(stem),
        host_core(),
        options.expected_sizes,
        options.unroll,
        str(options.code_budget),
        options.padding,
        *(repr(target) for target in options.cpu_targets()),
    ]


def digest_of(file: BinaryIO) -> str | None:
    """The hash of an ONNX file, or None if its numbers may lie in other files.

    Each piece is hashed while the next one is read and looked through; the hash is of what was looked through.
    """
    hasher, seam = hashlib.sha256(), b""
    with ThreadPoolExecutor(1) as beside:
        hashed = beside.submit(hasher.update, b"")
        while piece := file.read(_PIECE):
            seen = seam + piece
            if _ELSEWHERE in seen:
                return None
            seam = seen[1 - len(_ELSEWHERE) :]
            hashed.result()
            hashed = beside.submit(hasher.update, piece)
        hashed.result()
    return hasher.hexdigest()


def digest_of_bytes(content: bytes) -> str | None:
    """`digest_of` a file that was read already."""
    return None if _ELSEWHERE in content else hashlib.sha256(content).hexdigest()


def find(model: object, options: Options) -> Artifact | None:
    """What the file was compiled to before, or None: then it must be read."""
    graph = find_graph(model, options)
    return find_artifact(graph, options) if graph is not None else None


def find_artifact(graph: bytes, options: Options) -> Artifact | None:
    """What the cache holds under the key of a graph."""
    found = Cache.of(options).get(graph)
    if found is None:
        return None
    from sparsec.backend.artifact import Artifact  # numpy comes with it

    return Artifact.from_bytes(found)


def find_graph(model: object, options: Options) -> bytes | None:
    """The key of the graph that the file was read to before, or None: then it must be read."""
    if not isinstance(model, str | os.PathLike) or not _may_be_kept(options):
        return None
    digest = None
    try:
        path = Path(os.fspath(cast("str | os.PathLike[str]", model)))
        if path.suffix == ".onnx":
            with path.open("rb", buffering=0) as file:
                digest = digest_of(file)
    except (OSError, ValueError, TypeError):  # reading it says what is wrong
        return None
    return Cache.of(options).get(_file_key(path.name, digest, options)) if digest is not None else None


def remember(name: str, digest: str | None, options: Options, graph: bytes) -> None:
    """Note the key of the graph that a file was read to.

    Args:
        name: of the file.
        digest: of the very bytes that were read (the file may hold others by now), None if they are not all.
    """
    if digest is not None and _may_be_kept(options):
        Cache.of(options).put(_file_key(name, digest, options), graph)


def _may_be_kept(options: Options) -> bool:
    """Whether an artifact is all that is asked for; the IR and tuning need the model itself."""
    return options.cache and options.dump_ir is None and not options.tune


def key_of(*texts: str) -> bytes:
    """A key of the cache for texts, of which some name files: those may hold any bytes."""
    return "\0".join(texts).encode("utf-8", "surrogateescape")


def _file_key(name: str, digest: str, options: Options) -> bytes:
    return key_of("file", *choices(options, Path(name).stem), name, digest)
