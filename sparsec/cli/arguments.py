"""Command-line arguments that several commands share."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from sparsec.dims import LARGEST
from sparsec.errors import OptionError

Commands = Any
"""What `add_subparsers` returns; argparse keeps the name of its class to itself."""


def add_command(
    commands: Commands, name: str, summary: str, description: str, examples: str
) -> argparse.ArgumentParser:
    """The parser of a new command.

    Args:
        summary: one line for `sparsec --help`.
        description: above the arguments in the command's own help.
        examples: below them.
    """
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def file_path(text: str) -> Path:
    """A path on the command line; `Path` itself takes no text for the current folder.

    Raises:
        argparse.ArgumentTypeError: nothing is given.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty text names no file; give a path, or leave the argument out")
    return Path(text)


def add_model(parser: argparse.ArgumentParser, what: str) -> None:
    """The positional argument MODEL."""
    parser.add_argument("model", metavar="MODEL", type=file_path, help=what)


def add_compilation(parser: argparse.ArgumentParser) -> None:
    """Options of the compiler."""
    group = parser.add_argument_group("compilation")
    group.add_argument(
        "--target",
        metavar="NAME[,NAME...]",
        help="CPUs to make code for: host, all, or names such as avx512vnni,x86_64; a model for several picks its code "
        "when it is loaded (default: all for a library, else host)",
    )
    group.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="NAME=SIZE",
        help="size that a dynamic dimension is expected to have, e.g. --expect batch=1 --expect sequence=128 "
        "(repeatable); code is chosen to be fast there and is right for all sizes",
    )
    group.add_argument(
        "--unroll",
        choices=("auto", "never", "always"),
        help="write the patterns of sparse weights into the code: faster for small layers of known sizes "
        "(default: auto, within --code-budget)",
    )
    group.add_argument(
        "--padding",
        choices=("exact", "zero", "keep"),
        help="tokens behind the end of a sequence are not computed where no output depends on them (exact, the "
        "default), also where only outputs at the same tokens do, which become 0 (zero); keep computes them all",
    )
    group.add_argument("--code-budget", type=int, metavar="BYTES", help="how much such code auto may make")
    group.add_argument(
        "--tune",
        action="store_true",
        help="measure on this machine how layers are best computed at the expected sizes, and remember it",
    )
    prefix = "what the C names of the model start with (default: the name of compile's output; in Python, MODEL's)"
    group.add_argument("--prefix", help=prefix)
    group.add_argument("--no-cache", action="store_true", help="compile afresh and keep nothing")
    group.add_argument("--linker", help="the linker to use (default: the first of cc, ld.lld, ld, zig)")
    group.add_argument("--time-limit", type=float, metavar="SECONDS", help="how long LLVM may take (default: 300)")


def compilation_options(chosen: argparse.Namespace) -> dict[str, Any]:
    """The options that `add_compilation` and `add_threads` read, as `sparsec.Options.of` takes them."""
    options: dict[str, Any] = {}
    for name in ("prefix", "linker", "time_limit", "threads", "unroll", "code_budget", "padding"):
        if getattr(chosen, name, None) is not None:
            options[name] = getattr(chosen, name)
    if getattr(chosen, "target", None) is not None:
        options["targets"] = tuple(name.strip() for name in chosen.target.split(","))
    if getattr(chosen, "no_cache", False):
        options["cache"] = False
    if getattr(chosen, "pin", False):
        options["pinned"] = True
    if getattr(chosen, "tune", False):
        options["tune"] = True
    if getattr(chosen, "expect", None):
        options["expect"] = parse_dims(chosen.expect, "--expect")
    return options


def refuse_compilation(chosen: argparse.Namespace) -> None:
    """For a model that is compiled already.

    Raises:
        OptionError: an option of the compiler is given.
    """
    given = [name for name in compilation_options(chosen) if name not in ("threads", "pinned")]
    if given:
        flags = {"targets": "--target", "cache": "--no-cache"}
        names = ", ".join(flags.get(name, f"--{name.replace('_', '-')}") for name in given)
        raise OptionError(f"{chosen.model} is compiled already: {names} cannot change it; give the model it came from")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Output for scripts."""
    parser.add_argument("--json", action="store_true", help="print JSON on stdout instead, one line")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """How many threads a program runs with."""
    parser.add_argument("--threads", type=int, metavar="N", help="threads to run with (default: one per physical core)")
    parser.add_argument("--pin", action="store_true", help="keep each of these threads on a core of its own")


def add_dims(parser: argparse.ArgumentParser) -> None:
    """Values of symbolic dimensions."""
    parser.add_argument(
        "--dim",
        action="append",
        default=[],
        metavar="NAME=SIZE",
        help="size of a dynamic dimension of generated inputs, e.g. --dim batch=8 --dim sequence=128 (repeatable; "
        "default: 1 for a first dimension, 128 for others)",
    )


def parse_dims(texts: list[str], flag: str = "--dim") -> dict[str, int]:
    """`["batch=8"]` to `{"batch": 8}`.

    Args:
        flag: what the texts were given to.

    Raises:
        OptionError: not of that form, or two sizes for one name.
    """
    sizes: dict[str, int] = {}
    for text in texts:
        name, _, size = text.partition("=")
        if not name.strip() or not re.fullmatch(r"0*[1-9][0-9]{0,8}", size):
            raise OptionError(f"{flag} {text}: expected NAME=SIZE with a size of 1 to {LARGEST}, e.g. {flag} batch=8")
        known = sizes.setdefault(name.strip(), int(size))
        if known != int(size):
            raise OptionError(f"{flag} {text}: {name.strip()} is {known} already; give one size")
    return sizes
