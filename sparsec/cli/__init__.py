"""The `sparsec` command: one small file per subcommand. A `SparsecError` is printed and exits with 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from sparsec import __version__
from sparsec.cli import bench, compile, info, opt, run
from sparsec.errors import CompilerBug, SparsecError

COMMANDS = (compile, run, info, bench, opt)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 2 a mistake or missing feature, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    errors = Console(stderr=True, highlight=False)
    if given and given[0] == "opt":
        return opt.main(given[1:])
    parser = argparse.ArgumentParser(
        prog="sparsec",
        description="Compile neural networks with block-sparse weights to native code for CPUs.",
        epilog="`sparsec COMMAND --help` explains a command; `sparsec opt --help` is the IR tool.",
    )
    parser.add_argument("--version", action="version", version=f"sparsec {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.register(commands)
    chosen = parser.parse_args(given)
    try:
        return int(chosen.execute(chosen))
    except CompilerBug as error:
        errors.print(f"[bold red]bug in sparsec[/]: {_escape(error)}\nPlease report it with the model that shows it.")
    except SparsecError as error:
        errors.print(f"[bold red]error[/]: {_escape(error)}", soft_wrap=True)
    except MemoryError:
        errors.print("[bold red]error[/]: not enough memory for inputs of these sizes")
    except KeyboardInterrupt:
        errors.print("interrupted")
        return 130
    except BrokenPipeError:
        return 0
    return 2


def _escape(error: Exception) -> str:
    return str(error).replace("[", r"\[")
