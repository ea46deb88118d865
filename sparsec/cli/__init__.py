"""The `sparsec` command: one small file per subcommand.

Exit codes: 0 done, 2 a mistake or something that sparsec lacks, 70 a bug in sparsec, 130 interrupted.

Nothing is imported here that takes time: whoever presses Ctrl-C meanwhile would get a traceback.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING

from sparsec import __version__

if TYPE_CHECKING:
    import argparse

COMMANDS = ("compile", "run", "info", "explain", "bench", "opt")
"""Each is a module of this package."""

_EPILOG = """\
examples:
  sparsec compile model.onnx -o model.so       a shared library, and model.h for C programs
  sparsec run model.so --dim batch=2           run it on generated inputs
  sparsec info model.onnx                      its inputs, outputs, and the blocks in its weights
  sparsec explain model.onnx                   what it spends its time on, and what would help

`sparsec COMMAND --help` explains a command. Exit codes: 0 done, 2 a mistake, 70 a bug in sparsec, 130 interrupted.
Compiled models are kept in ~/.cache/sparsec; SPARSEC_CACHE_DIR, SPARSEC_CACHE=off and SPARSEC_CACHE_SIZE (megabytes)
change that.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Raises:
        SystemExit: by argparse, with 0 after help and 2 for arguments that it does not know.
    """
    from sparsec.cli.console import guarded

    _print_any_name()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given and given[0] == "opt":
        from sparsec.cli import opt

        return guarded(lambda: opt.main(given[1:]))
    chosen = new_parser(given[:1] if given and given[0] in COMMANDS else COMMANDS).parse_args(given)
    return guarded(lambda: int(chosen.execute(chosen)))


def _print_any_name() -> None:
    """Print what the terminal's encoding lacks as an escape: files and models may be called anything."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def entry() -> int:
    """`main` as a process of its own: what is left behind is not searched for garbage, which takes 0.7 s after a large
    model was compiled."""
    try:
        code = main()
    except KeyboardInterrupt:  # before the command began, which says so itself
        code = 130
    gc.freeze()
    return code


def new_parser(known: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of these commands but `opt`, which has one of its own; no other command is imported."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="sparsec",
        description="Compile neural networks with block-sparse weights to native code for CPUs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sparsec {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in known:
        import_module(f"sparsec.cli.{name}").register(commands)
    return parser
