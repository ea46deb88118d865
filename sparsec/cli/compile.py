"""`sparsec compile MODEL -o OUT.so`."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from rich.console import Console

from sparsec.cli.arguments import add_compilation, add_model, compilation_options
from sparsec.errors import OptionError

KINDS = {"so": ".so", "obj": ".o", "asm": ".s", "llvm": ".ll", "mlir": ".mlir"}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage]
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compile",
        help="compile a model to a shared library",
        description="Compile an ONNX model or a .spc page. A shared library comes with a C header beside it.",
    )
    add_model(parser, "an .onnx or .spc file")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="what to write (default: MODEL.so)")
    parser.add_argument("--emit", choices=list(KINDS), help="what to make (default: by the output's suffix, else so)")
    add_compilation(parser)
    group = parser.add_argument_group("looking inside")
    group.add_argument("--dump-ir", type=Path, metavar="DIR", help="write the IR after every pass, one file each")
    group.add_argument("--print-ir-after", metavar="STAGE", help="print the IR after a stage or a pass")
    group.add_argument("--stop-after", metavar="STAGE", help="stop after a stage or a pass; nothing is written")
    group.add_argument("--time-passes", action="store_true", help="print how long each pass took")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    from sparsec import api  # the compiler is only imported when something is compiled
    from sparsec.options import Options

    model: Path = chosen.model
    kind = chosen.emit or _kind_of(chosen.output)
    output: Path = chosen.output or Path(model.with_suffix(KINDS[kind]).name)
    if output.suffix == ".h":
        raise OptionError(f"{output}: a header is written beside the library; name the library itself, e.g. -o model.so")
    choices = {"prefix": _identifier(output.name.partition(".")[0]), **compilation_options(chosen)}
    options = Options.of(**choices, dump_ir=chosen.dump_ir)
    console = Console(stderr=True)
    inspection = api.Inspection(
        print_after=chosen.print_ir_after, stop_after=chosen.stop_after, time_passes=chosen.time_passes
    )
    begin = time.perf_counter()
    with console.status(f"compiling {model.name}") as status:
        result = api.emit(model, kind, options, inspection, lambda step: status.update(f"{model.name}: {step}"))
        if result is None:
            return 0
        summary = result.write(output)
    seconds = time.perf_counter() - begin
    if chosen.json:
        print(json.dumps({**summary, "seconds": round(seconds, 3)}))
    else:
        files = ", ".join(f"{name} ({size / 1e6:.2f} MB)" for name, size in summary["files"].items())
        origin = "from the cache" if summary["cached"] else f"for {', '.join(summary['targets'])}"
        console.print(f"wrote {files} {origin} in {seconds:.2f} s", highlight=False)
    return 0


def _kind_of(output: Path | None) -> str:
    suffix = output.suffix if output else ".so"
    kinds = {suffix: kind for kind, suffix in KINDS.items()}
    if suffix not in kinds:
        raise OptionError(f"{output}: cannot tell what to make from this suffix; use one of {', '.join(kinds)} or --emit")
    return kinds[suffix]


def _identifier(name: str) -> str:
    text = "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in name)
    return text if text and not text[0].isdigit() else f"model_{text}"
