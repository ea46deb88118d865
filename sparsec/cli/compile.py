"""`sparsec compile MODEL -o OUT.so`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from sparsec.backend.shared_library import write, write_kept
from sparsec.cli.arguments import (
    Commands,
    add_command,
    add_compilation,
    add_json,
    add_model,
    compilation_options,
    file_path,
)
from sparsec.cli.files import require_writable, write_bytes
from sparsec.cli.info import size_text
from sparsec.cli.progress import Plan, progress
from sparsec.collector import collector_off
from sparsec.errors import OptionError
from sparsec.runtime.replacing import why_no_library

if TYPE_CHECKING:
    from sparsec.api import Source, Watch
    from sparsec.backend.object_code import Made
    from sparsec.debug import Times, Until
    from sparsec.options import Options
    from sparsec.pipeline import Step

KINDS = {"so": ".so", "obj": ".o", "asm": ".s", "llvm": ".ll", "mlir": ".mlir"}
"""What can be made, and the suffix of its file."""


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "compile",
        "compile a model to a shared library",
        "Compile an ONNX model or a .spc page. A shared library comes with a C header beside it.",
        "  sparsec compile model.onnx -o model.so --target avx512vnni,x86_64\n"
        "  sparsec compile model.onnx --emit asm -o model.s\n"
        "  sparsec compile model.onnx --dump-ir ir --time-passes\n"
        "  sparsec compile model.onnx --stop-after scheduled --print-ir-after scheduled\n\n"
        "Stages are file, input, graph, sparse, scheduled, kernels, loops, llvm; `sparsec opt --help` lists passes.",
    )
    add_model(parser, "an .onnx or .spc file")
    parser.add_argument(
        "-o", "--output", type=file_path, metavar="FILE", help="what to write (default: MODEL.so, here)"
    )
    parser.add_argument("--emit", choices=list(KINDS), help="what to make (default: by the output's suffix, else so)")
    add_compilation(parser)
    group = parser.add_argument_group("looking inside")
    group.add_argument("--dump-ir", type=file_path, metavar="DIR", help="write the IR after every pass, and weights")
    group.add_argument("--print-ir-after", metavar="STAGE", help="print the IR after a stage or a pass")
    group.add_argument("--stop-after", metavar="STAGE", help="stop after a stage or a pass; nothing is written")
    group.add_argument("--time-passes", action="store_true", help="print how long each pass took")
    add_json(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing, and show no progress on a terminal")
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    from sparsec.options import Options

    if chosen.model.suffix == ".so":
        from sparsec.runtime.check_arguments import compiled_already

        raise compiled_already(chosen.model)
    kind = chosen.emit or _kind_of(chosen.output)
    output: Path = chosen.output or Path(f"{chosen.model.stem}{KINDS[kind]}")
    options = Options.of(**compilation_options(chosen))
    if kind in ("so", "obj") and chosen.target is None:
        options = options.with_(targets=_library_targets(tuned=options.tune))
    inspection = Inspection(chosen)
    if not inspection.stops:
        _require_files(output, kind, chosen.model)
    if options.prefix is None:
        options = options.with_(prefix=options.c_prefix(output.stem))
    targets = [target.name for target in options.cpu_targets()]
    begin = time.perf_counter()
    if kind in ("so", "obj") and not inspection.looks and _find(chosen.model, output, options, kind == "obj"):
        _report(chosen, _with_header(output), targets, begin, cached=True)
        return 0
    with collector_off():
        from sparsec import api  # the compiler is only imported when something is compiled

    with progress(chosen.model, quiet=chosen.quiet or bool(chosen.print_ir_after)) as shown:

        def watch(steps: Iterator[Step], target: str) -> Iterator[Step]:
            return inspection.watch(shown(steps, target), target)

        with collector_off():
            source = api.read(chosen.model, watch=inspection.watch)
        if inspection.has_stopped:
            inspection.finish()
            return 0
        api.take_timings(source, options, shown.tell)
        plan = Plan.of(len(targets), _objects(kind, len(targets)))
        shown.expect(plan.until(chosen.stop_after) if inspection.stops else plan)
        if inspection.stops:
            api.lower(source, options.cpu_targets(), options, watch)
            inspection.finish()
            return 0
        with collector_off(ends=True):
            files, cached = _make(source, kind, output, options, watch, shown.made, fresh=inspection.looks)
    inspection.finish()
    _report(chosen, files, targets, begin, cached=cached)
    return 0


def _report(
    chosen: argparse.Namespace, files: dict[str, int], targets: list[str], begin: float, *, cached: bool
) -> None:
    """Say what was written and how long that took."""
    seconds = round(time.perf_counter() - begin, 3)
    if chosen.json:
        summary = {"model": str(chosen.model), "targets": targets, "cached": cached, "files": files, "seconds": seconds}
        print(json.dumps(summary))
    elif not chosen.quiet:
        written = ", ".join(f"{name} ({size_text(size)})" for name, size in files.items())
        origin = ", from the cache" if cached else ""
        Console(stderr=True, highlight=False).print(
            f"wrote {written} for {', '.join(targets)} in {seconds:.2f} s{origin}", markup=False, soft_wrap=True
        )


def _library_targets(*, tuned: bool) -> tuple[str, ...]:
    """What a library is made for if nobody says it: every CPU, or those whose times this one can measure."""
    from sparsec.target import runnable_targets

    return tuple(target.name for target in runnable_targets()) if tuned else ("all",)


def _objects(kind: str, targets: int) -> int:
    """How many pieces LLVM makes: one per target and the runtime, a text in one piece, or none."""
    return {"mlir": 0, "asm": 1, "llvm": 1}.get(kind, targets + 1)


def _make(
    source: Source, kind: str, output: Path, options: Options, watch: Watch, made: Made, *, fresh: bool
) -> tuple[dict[str, int], bool]:
    """Compile and write; returns the sizes of the files by path, and whether the code came from the cache."""
    from sparsec import api, api_text

    if kind not in ("so", "obj"):
        text = api_text.emit_text(source, kind, options, watch, made)
        return {str(output): write_bytes(output, text)}, False
    with api.building(source, options, watch, fresh=fresh, made=made) as built:
        write(built.artifact, output, options, kind == "obj", built.graph)
    return _with_header(output), built.cached


def _find(model: Path, output: Path, options: Options, relocatable: bool) -> bool:
    """Write what the file was compiled to before, without reading it. Returns whether there was something."""
    from sparsec import shortcut

    graph = shortcut.find_graph(model, options)
    if graph is None:
        return False
    if write_kept(graph, output, options, relocatable):
        return True
    found = shortcut.find_artifact(graph, options)
    if found is not None:
        write(found, output, options, relocatable, graph)
    return found is not None


def _with_header(library: Path) -> dict[str, int]:
    """The sizes of the two files in bytes, by path."""
    return {str(file): file.stat().st_size for file in (library, library.with_suffix(".h"))}


class Inspection:
    """What `--dump-ir`, `--print-ir-after`, `--stop-after` and `--time-passes` ask for.

    Raises:
        OptionError: there is no stage or pass of that name.
    """

    def __init__(self, chosen: argparse.Namespace):
        self._folder: Path | None = chosen.dump_ir
        self._shown: str | None = chosen.print_ir_after
        self._last: str | None = chosen.stop_after
        self._timed: bool = chosen.time_passes
        self._times: Times | None = None
        self._until: Until | None = None
        if self.looks:
            from sparsec import debug  # the compiler comes with it

            self._debug = debug
            self._shown, self._last = (
                debug.require_name(name) if name is not None else None for name in (self._shown, self._last)
            )
            self._times = debug.Times() if self._timed else None
            self._until = debug.Until(self._last) if self._last else None

    @property
    def stops(self) -> bool:
        """Whether nothing is to be written."""
        return self._last is not None

    @property
    def has_stopped(self) -> bool:
        """Whether what was asked for has passed by."""
        return self._until is not None and self._until.passed

    @property
    def looks(self) -> bool:
        """Whether the passes must really run, rather than the result come from the cache."""
        return self._timed or any(given is not None for given in (self._folder, self._shown, self._last))

    def watch(self, steps: Iterator[Step], target: str) -> Iterator[Step]:
        """Look at the steps as they pass by."""
        if self._folder:
            steps = self._debug.dump(steps, self._folder, f"_{target}" if target else "")
        if self._shown:
            steps = self._debug.show(steps, self._shown)
        if self._times:
            steps = self._times.watch(steps)
        return self._until.watch(steps) if self._until else steps

    def finish(self) -> None:
        """Print what was collected."""
        if self._times:
            self._times.print(Console(stderr=True))


def _require_files(output: Path, kind: str, model: Path) -> None:
    """Refuse paths that cannot be written, before the work.

    Raises:
        OptionError: with the reason.
    """
    if output.suffix in KINDS.values() and output.suffix != KINDS[kind]:
        raise OptionError(
            f"cannot write {output}: --emit {kind} makes no such file; give a name such as {output.stem}{KINDS[kind]}"
        )
    require_writable(output, model)
    if kind in ("so", "obj"):
        if (reason := why_no_library(output)) is not None:
            raise OptionError(f"cannot write {output}: {reason}")
        require_writable(output.with_suffix(".h"), model)


def _kind_of(output: Path | None) -> str:
    suffix = output.suffix if output else ".so"
    kinds = {suffix: kind for kind, suffix in KINDS.items()}
    if suffix not in kinds:
        raise OptionError(
            f"{output}: cannot tell what to make from this suffix; use one of {', '.join(kinds)} or --emit"
        )
    return kinds[suffix]
