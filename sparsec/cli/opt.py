"""`sparsec opt`: xDSL's IR tool with our dialects and passes."""

from __future__ import annotations

from collections.abc import Sequence

from sparsec.cli.arguments import Commands


def register(commands: Commands) -> None:
    """Add the command to the help text; `main` is called before arguments are parsed."""
    commands.add_parser("opt", add_help=False, help="the IR tool: parse, verify, run passes on .mlir files")


def main(arguments: Sequence[str]) -> int:
    """Run xDSL's tool on its own arguments.

    Raises:
        SparsecError, OSError: what is wrong with them, or with the IR.
    """
    from sparsec.cli.opt_tool import start

    return start(arguments)
