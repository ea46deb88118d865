"""`sparsec explain MODEL`: what a model spends its time on, layer by layer, and what would help.

Layers come first and conclusions last: of a model with many layers, the end is what a terminal still shows.
"""

from __future__ import annotations

import argparse

from rich.table import Table
from rich.text import Text

from sparsec.cli.arguments import (
    Commands,
    add_command,
    add_compilation,
    add_dims,
    add_model,
    compilation_options,
    file_path,
    parse_dims,
)
from sparsec.cli.console import Output, is_short, new_table, print_table
from sparsec.cli.feeds import choose_sizes
from sparsec.cli.files import require_writable, write_bytes
from sparsec.cli.progress import Plan, progress
from sparsec.errors import ModelError, OptionError
from sparsec.explanation.report import SPARSITIES, LayerReport, Report

OTHERS = 3
"""How many dataflows that were not chosen are shown of a layer."""


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "explain",
        "say what a model spends its time on and what would help",
        "For each product with a weight: the pattern found, the schedule chosen and why, predicted cycles, what dense\n"
        "or more sparsity would cost. Then the work left in float32, the time by kind, and what would help most.\n"
        "What is explained is a run without padding. Nothing is run unless --measure is given.",
        "  sparsec explain model.onnx --dim batch=1 --dim sequence=128\n"
        "  sparsec explain model.onnx --expect batch=1 --expect sequence=128 --measure --json report.json",
    )
    add_model(parser, "an .onnx or .spc file")
    parser.add_argument("--measure", action="store_true", help="take the times of its kernels on this machine, too")
    parser.add_argument("--json", type=file_path, metavar="FILE", help="write all of it to a file")
    parser.add_argument("--csv", type=file_path, metavar="FILE", help="write the layers to a file, one row each")
    add_dims(parser)
    add_compilation(parser)
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    from sparsec import api, api_explain
    from sparsec.options import Options

    if chosen.model.suffix == ".so":
        raise ModelError(f"{chosen.model} is compiled already, and only code is left: explain the model it came from")
    for path in (chosen.json, chosen.csv):
        if path is not None:
            require_writable(path, chosen.model)
    if chosen.json is not None and chosen.csv is not None and chosen.json.resolve() == chosen.csv.resolve():
        raise OptionError(f"--json {chosen.json} --csv {chosen.csv}: this is one file; give each its own")
    given = parse_dims(chosen.dim)
    options = Options.of(**compilation_options(chosen))
    with progress(chosen.model) as shown:
        source = api.read(chosen.model)
        api.take_timings(source, options, shown.tell)
        inputs = api.signature_of(source).inputs
        expected = {name: size for name, size in options.expect if name not in given}
        sizes = {**choose_sizes(inputs, given), **expected}
        shown.expect(Plan.of(targets=0, objects=0))
        report = api_explain.explain_source(source, options, sizes, chosen.measure, shown)
    if chosen.json is not None:
        write_bytes(chosen.json, (report.to_json() + "\n").encode())
    if chosen.csv is not None:
        write_bytes(chosen.csv, report.to_csv().encode())
    print_report(report)
    return 0


def print_report(report: Report) -> None:
    """Show all of it on stdout."""
    console = Output()
    sizes = ", ".join(f"{name}={size}" for name, size in report.sizes.items())
    title = Text.assemble((report.model, "bold"), f" for {report.target}{', ' if sizes else ''}{sizes}: ")
    title.append(f"{_thousands(report.cycles)} thousand cycles predicted")
    if report.measured is not None and report.hertz is not None:
        title.append(f", {_thousands(report.measured)} measured, ")
        title.append(f"{report.measured / report.hertz * 1e3:.3f} ms at {report.hertz / 1e9:.2f} GHz")
    console.print(title)
    if report.layers:
        _print_layers(report, console)
    else:
        console.print("no product with a constant weight")
    _print_kinds(report, console)
    _print_islands(report, console)
    _print_advice(report, console)


def _print_layers(report: Report, console: Output) -> None:
    """Facts, what other patterns would take, and reasons. Long names are told once, the other tables have numbers."""
    names = [Text(layer.name) for layer in report.layers]
    short = all(is_short(console, name) for name in names)
    keys = names if short else [Text(str(number)) for number in range(1, len(names) + 1)]
    _print_schedules(report, console, names, [] if short else keys)
    key = "weight of" if short else "#"
    _print_patterns(report, console, key, keys)
    _print_reasons(report, console, key, keys)


def _print_schedules(report: Report, console: Output, names: list[Text], numbers: list[Text]) -> None:
    measured = ("measured", "ratio") if report.hertz is not None else ()
    right = ("#", "zero", "cycles", *measured, "stored", "padded", "tokens", "of bound")
    columns = ("weight of", "shape", "dtype", "blocks", "zero", "dataflow", *right[2:])
    key = "#" if numbers else "weight of"
    title = "weights, and how they are multiplied; thousands of cycles, predicted"
    table = new_table(*(["#"] if numbers else []), *columns, right=right, title=title)
    for row, (layer, name) in enumerate(zip(report.layers, names, strict=True)):
        blocks = "unstructured" if layer.unstructured else layer.blocks
        taken = [] if layer.measured is None else [_thousands(layer.measured), f"{layer.measured / layer.cycles:.2f}"]
        table.add_row(
            *numbers[row : row + 1], name, f"{layer.rows}x{layer.columns}", layer.dtype, blocks,
            f"{layer.sparsity:.1%}", layer.dataflow, _thousands(layer.cycles), *taken, f"{layer.stored}/{layer.total}",
            str(layer.padded), str(layer.tokens), f"{layer.share_of_bound:.0%}",
        )  # fmt: skip
    print_table(console, table, key)


def _print_patterns(report: Report, console: Output, key: str, keys: list[Text]) -> None:
    columns = ("dense", "even at", *(f"at {percent} %" for percent in SPARSITIES))
    title = "thousands of cycles if dense, and with so much pruned in 4x1 blocks; where that is even with dense"
    table = new_table(key, *columns, right=("#", *columns), title=title)
    for layer, name in zip(report.layers, keys, strict=True):
        even = "never" if layer.break_even is None else f"{layer.break_even:.0%}"
        table.add_row(name, _thousands(layer.dense), even, *(_pruned(layer, percent) for percent in SPARSITIES))
    print_table(console, table, key)


def _pruned(layer: LayerReport, percent: int) -> str:
    cycles = layer.pruned[percent]
    return f"{_thousands(cycles)} ({layer.cycles / cycles:.1f}x)"


def _print_reasons(report: Report, console: Output, key: str, keys: list[Text]) -> None:
    columns = ("because it is", "others")
    title = "why these dataflows; others with their thousands of cycles"
    table = new_table(key, "dataflow", *columns, right=("#",), prose=columns, title=title)
    for layer, name in zip(report.layers, keys, strict=True):
        table.add_row(name, layer.dataflow, layer.why, _others(layer))
    print_table(console, table, key)


def _others(layer: LayerReport) -> str:
    """The best dataflows that were not chosen, and what they would take."""
    others = [each for each in layer.alternatives if each.dataflow != layer.dataflow]
    return ", ".join(f"{each.dataflow} {_thousands(each.cycles)}" for each in others[:OTHERS])


def _print_kinds(report: Report, console: Output) -> None:
    measured = ("measured",) if report.hertz is not None else ()
    columns = ("calls", "cycles", "share", *measured)
    table = new_table("kind of work", *columns, right=columns, title="thousands of cycles by kind of work")
    for kind in report.kinds:
        taken = [_thousands(kind.measured)] if kind.measured is not None else []
        share = f"{kind.cycles / report.cycles:.1%}"
        table.add_row(kind.name, str(kind.calls), _thousands(kind.cycles), share, *taken)
    print_table(console, table, "kind of work")


def _print_islands(report: Report, console: Output) -> None:
    if not report.islands:
        return
    measured = ("measured",) if report.hertz is not None else ()
    right = ("times", "cycles", "share", *measured)
    title = "left in float32 between products of bytes, thousands of cycles"
    table = new_table("island", *right, "first at", "because", right=right, prose=("because",), title=title)
    for island in report.islands:
        taken = ["" if island.measured is None else _thousands(island.measured)] if measured else []
        share = f"{island.cycles / report.cycles:.1%}"
        table.add_row(
            island.name, str(island.count), _thousands(island.cycles), share, *taken, Text(island.first), island.why
        )
    print_table(console, table, "island")


def _print_advice(report: Report, console: Output) -> None:
    console.print(Text("what would help most", "italic"))
    numbered = Table.grid(padding=(0, 1, 0, 0))
    for number, advice in enumerate(report.advice, 1):
        numbered.add_row(f"{number}.", Text(advice.text, overflow="fold"))
    console.print(numbered if report.advice else "nothing that would save 1 % or more", soft_wrap=False)


def _thousands(cycles: float) -> str:
    return f"{cycles / 1e3:,.1f}"
