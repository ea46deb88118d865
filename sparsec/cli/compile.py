"""`sparsec compile MODEL -o OUT.so`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sparsec.cli.arguments import add_compilation, add_model, compilation_options
from sparsec.errors import OptionError

if TYPE_CHECKING:
    from sparsec.pipeline import Step

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

    kind = chosen.emit or _kind_of(chosen.output)
    output: Path = chosen.output or Path(chosen.model.with_suffix(KINDS[kind]).name)
    if not output.parent.is_dir():
        raise OptionError(f"{output}: the folder {output.parent} does not exist; make it first")
    options = Options.of(**compilation_options(chosen))
    if options.prefix is None:
        options = options.with_(prefix=options.c_prefix(output.stem))
    inspection = Inspection(chosen)
    begin = time.perf_counter()
    with Console(stderr=True).status(f"reading {chosen.model.name}") as status:

        def watch(steps: Iterator[Step], target: str) -> Iterator[Step]:
            for step in inspection.watch(steps, target):
                status.update(
                    f"compiling {chosen.model.name}: [{step.stage}] {step.pass_name} {target}".replace("[", r"\[")
                )
                yield step

        source = api.read(chosen.model)
        if inspection.stops:
            api.lower(source, options.cpu_targets(), watch)
            return inspection.finish()
        summary: dict[str, Any] = {"model": str(chosen.model), "targets": [t.name for t in options.cpu_targets()]}
        if kind in ("so", "obj"):
            built = api.build(source, options, watch, fresh=inspection.looks)
            files = api.write_library(built, output, options, relocatable=kind == "obj")
            summary["cached"] = built.cached
        else:
            text = api.emit_text(source, kind, options, watch)
            files = {output.name: write_bytes(output, text or b"")}
    summary |= {"files": files, "seconds": round(time.perf_counter() - begin, 3)}
    inspection.finish()
    _report(summary, as_json=chosen.json)
    return 0


class Inspection:
    """What `--dump-ir`, `--print-ir-after`, `--stop-after` and `--time-passes` ask for.

    Raises:
        OptionError: there is no stage or pass of that name.
    """

    def __init__(self, chosen: argparse.Namespace):
        from sparsec import debug

        self._debug = debug
        self._folder: Path | None = chosen.dump_ir
        self._shown, self._last = (
            debug.require_name(name) if name else None for name in (chosen.print_ir_after, chosen.stop_after)
        )
        self._times = debug.Times() if chosen.time_passes else None

    @property
    def stops(self) -> bool:
        """Whether nothing is to be written."""
        return self._last is not None

    @property
    def looks(self) -> bool:
        """Whether the passes must really run, rather than the result come from the cache."""
        return any((self._folder, self._shown, self._last, self._times))

    def watch(self, steps: Iterator[Step], target: str) -> Iterator[Step]:
        """Look at the steps as they pass by."""
        if self._folder:
            steps = self._debug.dump(steps, self._folder, f"_{target}" if target else "")
        if self._shown:
            steps = self._debug.show(steps, self._shown)
        if self._times:
            steps = self._times.watch(steps)
        return self._debug.stop_after(steps, self._last) if self._last else steps

    def finish(self) -> int:
        """Print what was collected."""
        if self._times:
            self._times.print(Console(stderr=True))
        return 0


def write_bytes(path: Path, content: bytes) -> int:
    """Write a file, all or nothing; returns its size.

    Raises:
        OptionError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OptionError(f"cannot write {path}: {error.strerror or error}") from error
    return len(content)


def _report(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary))
        return
    files = ", ".join(f"{name} ({size / 1e6:.2f} MB)" for name, size in summary["files"].items())
    origin = "from the cache" if summary.get("cached") else f"for {', '.join(summary['targets'])}"
    Console(stderr=True).print(f"wrote {files} {origin} in {summary['seconds']:.2f} s", highlight=False)


def _kind_of(output: Path | None) -> str:
    suffix = output.suffix if output else ".so"
    kinds = {suffix: kind for kind, suffix in KINDS.items()}
    if suffix not in kinds:
        raise OptionError(
            f"{output}: cannot tell what to make from this suffix; use one of {', '.join(kinds)} or --emit"
        )
    return kinds[suffix]
