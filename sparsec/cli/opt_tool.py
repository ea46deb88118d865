"""xDSL's optimiser driver with the dialects and passes of sparsec: parse, verify, transform and print .mlir files."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from sparsec.context import CompilerContext
from sparsec.dialects import all_dialects
from sparsec.errors import SparsecError
from sparsec.pipeline import all_passes


class OptTool(xDSLOptMain):
    """The tool behind `sparsec opt`. Weights are not part of IR files: passes that need them say so."""

    @staticmethod
    def start(arguments: Sequence[str]) -> int:
        """Run the tool; returns the exit code."""
        try:
            OptTool("sparsec opt: run passes on IR files", arguments).run()
        except (SparsecError, DiagnosticException, ParseError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        return 0

    def register_all_dialects(self) -> None:
        """Ours and those that the later stages use."""
        self.ctx = CompilerContext()
        for dialect in all_dialects():
            self.ctx.load_dialect(dialect)

    def register_all_passes(self) -> None:
        """Every pass of the pipeline, by its name, and canonicalisation."""
        for pass_class in all_passes():
            self.register_pass(pass_class.name, _factory(pass_class))


def _factory(pass_class: type[ModulePass]):
    return lambda: pass_class
