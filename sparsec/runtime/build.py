"""Turns runtime.c into runtime.ll: ``python -m sparsec.runtime.build [clang]``.

Only a person who changes the C files needs this, and clang (tested with clang 19): the text is kept in the repository,
so that compiling a model needs no C compiler. The text is made independent of the machine it was built on, and carries
the hash of its sources, which a test compares.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
TEXT = FOLDER / "runtime.ll"
SOURCES = (
    "runtime.c",
    "runtime_abi.h",
    "runtime_arguments.h",
    "runtime_cores.h",
    "runtime_cpu.h",
    "runtime_profile.h",
    "runtime_threads.h",
)

FLAGS = (
    "-Os",
    "-std=c11",
    "-D_GNU_SOURCE",
    "--target=x86_64-unknown-linux-gnu",
    "-march=x86-64",
    "-fPIC",
    "-fno-strict-aliasing",  # no TBAA metadata: it would be a third of the text
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-U_FORTIFY_SOURCE",
    "-Wall",
    "-Wextra",
    "-Werror",
)

# What ties the text to one machine or to one clang. The target is set by the backend, for all functions alike.
_MACHINE_LINES = re.compile(r"^(; ModuleID|source_filename|target |!llvm\.ident).*\n", re.MULTILINE)
_MACHINE_ATTRIBUTES = re.compile(
    r' "(target-cpu|target-features|tune-cpu|stack-protector-buffer-size|min-legal-vector-width)"="[^"]*"'
)
_CLANG_NAME = re.compile(r'^!\d+ = !\{!"[^"]*clang version[^"]*"\}\n', re.MULTILINE)


def sources_hash() -> str:
    """SHA-256 over the C files, in the order of `SOURCES`, as hex."""
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()


def recorded_hash() -> str:
    """The hash that runtime.ll carries in its first line."""
    return TEXT.read_text().partition("\n")[0].rpartition(" ")[2]


def build(clang: str) -> str:
    """The text of runtime.ll.

    Raises:
        subprocess.CalledProcessError: clang refused the sources; its reasons are on stderr.
    """
    command = [clang, *FLAGS, "-S", "-emit-llvm", "-o", "-", "runtime.c"]
    text = subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.PIPE, text=True).stdout
    for pattern in (_MACHINE_LINES, _MACHINE_ATTRIBUTES, _CLANG_NAME):
        text = pattern.sub("", text)
    return f"; made from runtime.c by `python -m sparsec.runtime.build`, sources sha256 {sources_hash()}\n{text}"


if __name__ == "__main__":
    TEXT.write_text(build(sys.argv[1] if len(sys.argv) > 1 else "clang-19"))
    print(f"wrote {TEXT}")
