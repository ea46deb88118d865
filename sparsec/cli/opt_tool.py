"""xDSL's optimiser driver with the dialects and passes of sparsec: parse, verify, transform and print .mlir files."""

from __future__ import annotations

import argparse
import difflib
import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from xdsl.passes import ModulePass
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from sparsec import __version__, pipeline
from sparsec.cli.files import replacing, require_writable
from sparsec.context import CompilerContext
from sparsec.dialects import all_dialects
from sparsec.errors import ModelError, OptionError
from sparsec.weights import Array, WeightStore


def start(arguments: Sequence[str]) -> int:
    """Run the tool.

    Raises:
        OptionError: the arguments.
        ModelError: the IR does not parse or verify, or a pass needs weights.
        OSError: a file cannot be read.
    """
    try:
        tool = OptTool("Parse, verify, transform and print IR files, such as those that --dump-ir writes.", arguments)
    except (ValueError, ArgSpecParseError) as error:
        raise OptionError(f"--passes: {error}") from error
    try:
        if tool.args.output_file is None:
            tool.run()
        else:
            output = Path(tool.args.output_file)
            require_writable(output)
            with replacing(output) as temporary:
                tool.args.output_file = os.fspath(temporary)
                tool.run()
    except (ParseError, UnicodeDecodeError) as error:
        raise ModelError(f"{tool.get_input_name()} is no IR that sparsec knows:\n{str(error).rstrip()}") from error
    except DiagnosticException as error:
        raise ModelError(f"{tool.get_input_name()}: {pipeline.innermost_message(error)}") from error
    return 0


class NoWeights(WeightStore):
    """The weights of an IR file: none. Passes may add some."""

    def get(self, digest: str) -> Array:
        """The array of a digest.

        Raises:
            ModelError: it was not made by a pass before.
        """
        if digest not in self:
            raise ModelError(
                f"a pass needs the numbers of weight {digest}, and IR files hold only their digests; run it on the "
                "model, with `sparsec compile MODEL --print-ir-after PASS`"
            )
        return super().get(digest)


class OptTool(xDSLOptMain):
    """The tool behind `sparsec opt`."""

    version_format = f"sparsec {__version__}, built on xdsl {{xdsl_version}}"

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        """xDSL's, under our name."""
        arg_parser.prog = "sparsec opt"
        arg_parser.formatter_class = argparse.RawDescriptionHelpFormatter
        lines = (f"  {each.name:<27} {inspect.getdoc(each) or ''}".splitlines()[0] for each in pipeline.all_passes())
        arg_parser.epilog = "\n".join(["passes, in the order of the compiler:", *lines])
        super().register_all_arguments(arg_parser)

    def register_all_dialects(self) -> None:
        """Ours and those that the later stages use."""
        self.ctx = CompilerContext(weights=NoWeights())
        for dialect in all_dialects():
            self.ctx.load_dialect(dialect)

    def register_all_passes(self) -> None:
        """Every pass of the pipeline, by its name."""
        for pass_class in pipeline.all_passes():
            self.register_pass(pass_class.name, _factory(pass_class))

    def register_all_targets(self) -> None:
        """IR text only."""
        from xdsl.targets.mlir import MLIRTarget

        self.available_targets["mlir"] = lambda: MLIRTarget

    def setup_pipeline(self) -> None:
        """As xDSL does, but an unknown pass is told which there are."""
        for name in (part.partition("{")[0].strip() for part in self.args.passes.split(",")):
            close = difflib.get_close_matches(name, list(self.available_passes), 1)
            if close and close[0] != name:
                raise ValueError(f"there is no pass {name!r}; did you mean {close[0]!r}?")
        super().setup_pipeline()

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        """Whatever the file is called, it is IR text."""
        self.args.frontend = "mlir"
        return super().prepare_input()


def _factory(pass_class: type[ModulePass]):
    return lambda: pass_class
