"""`sparsec opt`: xDSL's IR tool with our dialects and passes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage]
    """Add the command to the help text; `main` is called before arguments are parsed."""
    commands.add_parser("opt", add_help=False, help="the IR tool: parse, verify, run passes on .mlir files")


def main(arguments: Sequence[str]) -> int:
    """Run xDSL's tool on its own arguments."""
    from sparsec.cli.opt_tool import OptTool

    return OptTool.start(arguments)
