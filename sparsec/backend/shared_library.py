"""Links an artifact into a shared library that needs libc and nothing else. Uses whichever linker the machine has."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sparsec.backend.cache import Cache
from sparsec.backend.descriptor import weights_symbol
from sparsec.backend.header import header_text
from sparsec.errors import LinkError
from sparsec.options import Options
from sparsec.runtime.replacing import replacing

if TYPE_CHECKING:
    from sparsec.backend.artifact import Artifact

_DRIVERS = ("cc", "gcc", "clang")
"""Compilers that pass linker options on after `-Wl,`. The others are linkers."""

_FLAGS = (
    "--hash-style=gnu",
    "-z", "text",  # relocations in code are an error: pages are shared between processes
    "-z", "defs",  # so are undefined symbols: better here than when it is loaded
    "-z", "relro",
    "-z", "now",
    "-z", "noexecstack",
    "--build-id=none",
    "-s",
)  # fmt: skip


def write(
    artifact: Artifact, path: Path, options: Options, relocatable: bool = False, graph: bytes | None = None
) -> None:
    """Write the shared library, and its C header beside it. What was at these paths stays until both are complete.

    Args:
        artifact: what to link.
        path: of the library; the header gets the ending `.h`.
        options: `linker` counts.
        relocatable: write an object file to be linked into other programs, weights inside, instead of a library.
        graph: the key of the model's graph; with it, `write_kept` finds what was written in the cache.

    Raises:
        LinkError: no linker was found, it refused, or the files cannot be written.
    """
    with replacing(path, _mode(relocatable)) as (library, header):
        text = header_text(artifact.signature, artifact.prefix, path.name)
        header.write_bytes(text.encode("utf-8", "surrogateescape"))  # whatever the locale, and the file's name

        flags = ["-r"] if relocatable else ["-shared", *_FLAGS, "-soname", path.name]
        _link(artifact, library, flags, [] if relocatable else [str(_libc())], options.linker)
        cache = Cache.of(options)
        if graph is not None and cache.enabled:  # now: once they are where everybody writes, they may be others
            for file, key in zip((library, header), _keys(graph, path, options, relocatable), strict=True):
                cache.put_file(key, file)


def write_kept(graph: bytes, path: Path, options: Options, relocatable: bool = False) -> bool:
    """`write` what was kept of a model with this graph, if it was: nothing is linked, and nothing imported that links.

    Raises:
        LinkError: the files cannot be written.
    """
    cache = Cache.of(options)
    with suppress(_NotKept), replacing(path, _mode(relocatable)) as (library, header):
        of_library, of_header = _keys(graph, path, options, relocatable)
        if not cache.get_file(of_header, header) or not cache.get_file(of_library, library):
            raise _NotKept
        return True
    return False


class _NotKept(Exception):
    """Leaves the paths as they were."""


def _mode(relocatable: bool) -> int:
    """What one links is not run."""
    return 0o666 if relocatable else 0o777


def _keys(graph: bytes, path: Path, options: Options, relocatable: bool) -> tuple[bytes, bytes]:
    """What the two files depend on: they say what the library is called, and which libc it needs."""
    libc = "" if relocatable else str(_libc())
    own = "\0".join(["", path.name, libc, options.linker or "", "r" if relocatable else "shared"])
    key = graph + own.encode("utf-8", "surrogateescape")
    return key + b"\0library", key + b"\0header"


def _link(artifact: Artifact, output: Path, flags: list[str], libraries: list[str], linker: str | None) -> None:
    from sparsec.backend.weights_object import write_weights_object  # numpy comes with it

    objects = [output.with_name(f"code{number}.o") for number in range(len(artifact.objects))]
    for path, code in zip(objects, artifact.objects, strict=True):
        path.write_bytes(code)
    weights = output.with_name("weights.o")
    with weights.open("wb") as file:
        write_weights_object(file, artifact.weights, weights_symbol(artifact.prefix))
    command = find_linker(linker)
    if Path(command[0]).name.partition("-")[0] in _DRIVERS:
        mode, *others = flags
        # one word at a time: after -Wl, a comma in a file's name would divide it
        flags = ["-nostdlib", mode, *(word for flag in others for word in ("-Xlinker", flag))]
    line = [*command, *flags, "-o", str(output), *map(str, objects), str(weights), *libraries]
    result = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if result.returncode != 0:
        raise LinkError(f"the linker {command[0]} failed:\n{result.stderr.strip() or result.stdout.strip()}")


def find_linker(chosen: str | None = None) -> list[str]:
    """The command that links: `chosen`, or the first of `cc`, `ld.lld`, `ld` and `zig` on the PATH, or zig's package.

    Raises:
        LinkError: there is none; the message says what to install.
    """
    if chosen is not None:
        found = shutil.which(chosen)
        if found is None:
            raise LinkError(f"the linker {chosen!r} was not found; give a path, or leave the option linker out")
        return [found, "ld.lld"] if Path(found).name == "zig" else [found]
    for name in ("cc", "ld.lld", "ld", "zig"):
        if found := shutil.which(name):
            return [found, "ld.lld"] if name == "zig" else [found]
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "ld.lld"]
    raise LinkError(
        "no linker was found, and a shared library needs one: cc, ld.lld, ld and zig were looked for on the PATH. "
        "Install one, for example with `apt install gcc`, `apt install lld` or `pip install ziglang`; "
        "running a model from Python with sparsec.compile() needs none"
    )


def _libc() -> Path:
    """The C library that this process runs with: linking to the file itself needs no development package."""
    with open("/proc/self/maps", errors="surrogateescape") as maps:
        for line in maps:
            path = Path(line.rstrip("\n").partition("/")[2])
            if path.name.startswith(("libc.so", "libc-", "ld-musl", "libc.musl")):
                return Path("/") / path
    raise LinkError("no C library is mapped into this Python: is it linked statically? Save models with another one")
