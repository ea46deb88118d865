"""Links an artifact into a shared library that needs libc and nothing else. Uses whichever linker the machine has."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sparsec.backend.artifact import Artifact
from sparsec.backend.descriptor import weights_symbol
from sparsec.backend.header import header_text
from sparsec.backend.weights_object import write_weights_object
from sparsec.errors import LinkError
from sparsec.options import Options

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


def write(artifact: Artifact, path: Path, options: Options, relocatable: bool = False) -> None:
    """Write the shared library, and its C header beside it. What was at these paths stays until both are complete.

    Args:
        artifact: what to link.
        path: of the library; the header gets the ending `.h`.
        options: `linker` counts.
        relocatable: write an object file to be linked into other programs, weights inside, instead of a library.

    Raises:
        LinkError: no linker was found, it refused, or the files cannot be written.
    """
    if path.suffix == ".h":
        raise LinkError(f"cannot write {path}: that is the name of the header; give the library another suffix")
    try:
        with tempfile.TemporaryDirectory(prefix=".sparsec-", dir=path.parent) as folder:
            library, header = Path(folder, "library"), Path(folder, "header")
            header.write_text(header_text(artifact.signature, artifact.prefix, path.name))
            flags = ["-r"] if relocatable else ["-shared", *_FLAGS, "-soname", path.name]
            _link(artifact, library, flags, [] if relocatable else [str(_libc())], options.linker)
            library.chmod((0o666 if relocatable else 0o777) & ~_umask())
            os.replace(library, path)
            os.replace(header, path.with_suffix(".h"))
    except OSError as error:
        raise LinkError(f"cannot write {path}: {error.strerror or error}") from error


def write_with_header(artifact: Artifact, path: Path, options: Options, *, relocatable: bool = False) -> dict[str, int]:
    """`write`, and the sizes of the two files in bytes, by path.

    Raises:
        LinkError: no linker, or the files cannot be written.
    """
    write(artifact, path, options, relocatable)
    return {str(file): file.stat().st_size for file in (path, path.with_suffix(".h"))}


def _link(artifact: Artifact, output: Path, flags: list[str], libraries: list[str], linker: str | None) -> None:
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
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = Path(line.rstrip("\n").partition("/")[2])
            if path.name.startswith(("libc.so", "libc-", "ld-musl", "libc.musl")):
                return Path("/") / path
    raise LinkError("no C library is mapped into this Python: is it linked statically? Save models with another one")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
