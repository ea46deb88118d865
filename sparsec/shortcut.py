"""Finds what a model file was compiled to before, without reading the model and without importing the compiler.

The cache knows compiled models by their graphs. Beside them it keeps, under the bytes of a file and the options, the
key of the graph that the file was read to.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import cast

from sparsec import __version__
from sparsec.backend.artifact import Artifact
from sparsec.backend.cache import Cache
from sparsec.options import Options
from sparsec.target import host_vendor


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
        host_vendor(),
        options.expected_sizes,
        options.unroll,
        str(options.code_budget),
        options.padding,
        *(repr(target) for target in options.cpu_targets()),
    ]


def find(model: object, options: Options) -> Artifact | None:
    """What the file was compiled to before, or None: then it must be read."""
    key = _file_key(model, options)
    kept = Cache.of(options)
    graph = kept.get(key) if key is not None else None
    found = kept.get(graph) if graph is not None else None
    return Artifact.from_bytes(found) if found is not None else None


def remember(model: Path, options: Options, graph: bytes) -> None:
    """Note the key of the graph that a file was read to."""
    if (key := _file_key(model, options)) is not None:
        Cache.of(options).put(key, graph)


def _file_key(model: object, options: Options) -> bytes | None:
    """The key of an ONNX file that is all there is to the model, or None; the IR and tuning need the model itself."""
    if not isinstance(model, str | os.PathLike) or options.dump_ir is not None or options.tune or not options.cache:
        return None
    path = Path(os.fspath(cast("str | os.PathLike[str]", model)))
    if path.suffix != ".onnx":
        return None
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(b"location") >= 0:  # a key of every tensor whose numbers lie in another file
                return None
            digest = hashlib.sha256(content).hexdigest()
    except (OSError, ValueError):  # no such file, or an empty one: reading it says what is wrong
        return None
    return "\0".join(["file", *choices(options, path.stem), path.name, digest]).encode()
