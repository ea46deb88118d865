"""`sparsec bench MODEL`: how long one inference takes."""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from sparsec.cli.arguments import add_compilation, add_dims, add_model, add_threads, parse_dims
from sparsec.cli.feeds import generate_feed
from sparsec.cli.run import open_program
from sparsec.errors import OptionError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage]
    """Add the command to the parser."""
    parser = commands.add_parser(
        "bench",
        help="measure the latency of a model",
        description="Run a model again and again on generated inputs and print the distribution of its latency.",
    )
    add_model(parser, "an .onnx, .spc or compiled .so file")
    parser.add_argument("--runs", type=int, default=100, metavar="N", help="counted runs (default: 100)")
    parser.add_argument("--warm-up", type=int, default=5, metavar="N", help="runs before the counted ones (default: 5)")
    add_dims(parser)
    add_threads(parser)
    add_compilation(parser)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    if chosen.runs < 1 or chosen.warm_up < 0:
        raise OptionError(f"--runs {chosen.runs} --warm-up {chosen.warm_up}: at least one counted run, none negative")
    program = open_program(chosen)
    feed = generate_feed(program.inputs, parse_dims(chosen.dim))
    for _ in range(chosen.warm_up):
        program.run(None, feed)
    seconds = np.empty(chosen.runs)
    for index in range(chosen.runs):
        begin = time.perf_counter()
        program.run(None, feed)
        seconds[index] = time.perf_counter() - begin
    milliseconds = seconds * 1e3
    figures = {
        "min": float(milliseconds.min()),
        **{name: float(np.percentile(milliseconds, q)) for name, q in (("p50", 50), ("p90", 90), ("p99", 99))},
        "max": float(milliseconds.max()),
        "mean": float(milliseconds.mean()),
    }
    shapes = {name: list(value.shape) for name, value in feed.items()}
    if chosen.json:
        print(json.dumps({"milliseconds": figures, "runs": chosen.runs, "threads": program.threads,
                          "target": program.target, "inputs": shapes}))  # fmt: skip
        return 0
    table = Table(*figures, title=f"latency in ms, {chosen.runs} runs, {program.threads} thread(s), {program.target}")
    table.add_row(*(f"{value:.3f}" for value in figures.values()))
    console = Console()
    console.print(table)
    console.print(", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in shapes.items()), highlight=False)
    return 0
