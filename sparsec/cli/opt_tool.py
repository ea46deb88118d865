"""xDSL's optimiser driver with the dialects and passes of sparsec: parse, verify, transform and print .mlir files."""

from __future__ import annotations

import argparse
import difflib
import inspect
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from sparsec import __version__, pipeline
from sparsec.cli.files import replacing, require_writable
from sparsec.context import CompilerContext
from sparsec.debug import WEIGHTS
from sparsec.dialects import all_dialects
from sparsec.errors import CompilerBug, ModelError, OptionError
from sparsec.target import TARGETS
from sparsec.transforms.straight_line import require_order
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


class DumpedWeights(WeightStore):
    """The weights of an IR file: those in the file beside it that --dump-ir writes. Passes may add some.

    Attributes:
        folder: where the IR file is; None if it is piped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder: Path | None = None

    def get(self, digest: str) -> Array:
        """The array of a digest.

        Raises:
            ModelError: it was neither dumped nor made by a pass before.
        """
        if digest not in self:
            array = self._dumped(digest)
            if array is None or self.put(array) != digest:
                raise ModelError(
                    f"a pass needs the numbers of weight {digest}, and IR files hold only their digests: leave the "
                    f"file beside the {WEIGHTS} that --dump-ir wrote, or run the pass on the model, with `sparsec "
                    "compile MODEL --print-ir-after PASS`"
                )
        return super().get(digest)

    def _dumped(self, digest: str) -> Array | None:
        path = None if self.folder is None else self.folder / WEIGHTS
        if path is None or not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return arrays[digest] if digest in arrays.files else None
        except (ValueError, AttributeError, BadZipFile) as error:
            raise ModelError(f"{path} is no file of weights, or a broken one: {error}") from error


class OptTool(xDSLOptMain):
    """The tool behind `sparsec opt`."""

    _wrong_stage: str | None = None

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
        self._weights = DumpedWeights()
        self.ctx = CompilerContext(weights=self._weights)
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
        verify = self.pipeline.callback

        def look(before: ModulePass | None, module: ModuleOp, following: ModulePass | None) -> None:
            if verify is not None:
                verify(before, module, following)
            self._wrong_stage = _wrong_stage(module, following.name) if following is not None else None

        self.pipeline = replace(self.pipeline, callback=look)

    def apply_passes(self, prog: ModuleOp) -> None:
        """As xDSL does. A pass that fails on what no stage before it gives is the mistake of who called it.

        Raises:
            ModelError: with the stage that the pass takes.
        """
        try:
            super().apply_passes(prog)
        except Exception as error:  # whatever a pass stumbles over that was not made for this IR
            if self._wrong_stage is None:
                raise
            raise ModelError(f"{self.get_input_name()}: {self._wrong_stage}") from error

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        """Whatever the file is called, it is IR text."""
        self.args.frontend = "mlir"
        if self.args.input_file is not None:
            self._weights.folder = Path(self.args.input_file).parent
        chunks, kind = super().prepare_input()
        texts: list[tuple[IO[bytes], int]] = []
        for chunk, line in chunks:
            with chunk:
                text = chunk.read()
            self._require_whole_strings(text, line)
            texts.append((BytesIO(_with_bits_as_bytes(text)), line))
        return texts, kind

    def _require_whole_strings(self, text: bytes, first: int) -> None:
        """Refuse a string that does not end: xDSL would look for its end in exponentially many ways.

        Raises:
            ModelError: with the line.
        """
        for number, line in enumerate(text.split(b"\n"), first + 1):
            if b'"' in _STRINGS.sub(b"", line):
                raise ModelError(
                    f"{self.get_input_name()}, line {number}: a string does not end in its line, or has a backslash "
                    'before what is neither ", n, t, another one nor two hexadecimal digits'
                )

    def parse_chunk(self, chunk: IO[bytes], file_extension: str, start_offset: int = 0) -> ModuleOp | None:
        """As xDSL does, which also lets out what its attributes refuse, such as 256 for a ui8.

        Raises:
            ModelError: with what they say.
        """
        try:
            module = super().parse_chunk(chunk, file_extension, start_offset)
            if module is not None:
                require_order(module)
            return module
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            if isinstance(error, UnicodeDecodeError):
                raise
            raise ModelError(f"{self.get_input_name()} is no IR that sparsec knows: {error}") from error


_STRINGS = re.compile(rb'//.*|"(?:[^"\\\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"')
"""Comments, and strings as xDSL reads them."""

_BITS = re.compile(rb'dense<(?P<values>[^<>"]*\b0x[^<>"]*)>(?= : (?:vector|tensor)<(?:\d+x)*f(?P<width>16|32|64)\b)')
"""Values some of which are floats that have no digits, such as -infinity, and are spelled as bits."""


def _with_bits_as_bytes(text: bytes) -> bytes:
    """Floats in the spelling `"0x..."`, their bytes in the order of memory: xDSL prints `dense<0xff800000>`, and would
    read the bits as a number, 4286578688.0."""
    return _BITS.sub(_bytes_of, text)


def _bytes_of(literal: re.Match[bytes]) -> bytes:
    dtype = np.dtype(f"<f{int(literal['width']) // 8}")
    values = re.findall(rb"[^\[\], ]+", literal["values"])
    try:
        found = [
            int(value, 16).to_bytes(dtype.itemsize, "little")
            if value.startswith(b"0x")
            else dtype.type(float(value)).tobytes()
            for value in values
        ]
    except ValueError:
        return literal[0]  # the parser says what is wrong
    except OverflowError:
        raise ModelError(f"{literal[0].decode()} has more bits than an f{literal['width'].decode()}") from None
    return b'dense<"0x%s">' % b"".join(found).hex().encode()


def _wrong_stage(module: ModuleOp, name: str) -> str | None:
    """What to tell of a pass that begins a stage, if the module does not have the form in which the stage before ends;
    None if it has, or if the pass stands inside of a stage: forms say nothing about that."""
    for before, stage in pairwise((*pipeline.PIPELINE, *pipeline.code_stages(next(iter(TARGETS.values()))))):
        if stage.passes[0].name != name:
            continue
        try:
            before.ensures(module)
        except CompilerBug as error:
            last = before.passes[-1].name
            return (
                f"{name} takes IR as it is after {last}, and this is other IR: {error}; run the passes up to {last} "
                "before it, in the order of `sparsec opt --help`, or take the file that "
                "`sparsec compile MODEL --dump-ir DIR` writes there"
            )
    return None


def _factory(pass_class: type[ModulePass]):
    return lambda: pass_class
