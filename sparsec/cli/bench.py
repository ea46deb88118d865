"""`sparsec bench MODEL`: how long one inference takes, alone, beside other engines, or in several processes."""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from sparsec.cli import bench_instances, bench_versus
from sparsec.cli.arguments import (
    Commands,
    add_command,
    add_compilation,
    add_dims,
    add_json,
    add_model,
    add_threads,
    parse_dims,
)
from sparsec.cli.console import Output, new_table, print_table
from sparsec.cli.feeds import find_feed
from sparsec.cli.programs import open_program
from sparsec.errors import OptionError

_MOST_RUNS = 10_000_000
_WARM_UP = 5


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "bench",
        "measure the latency of a model",
        "Run a model again and again on generated inputs and print the distribution of its latency.\n"
        "With --vs, other engines take turns with it. With --instances, as many processes run at once, each on a core\n"
        "of its own, and batches grow as long as latencies stay within the bound.",
        "  sparsec bench model.so --dim batch=1 --dim sequence=128 --threads 2 --runs 1000\n"
        "  sparsec bench model.onnx --vs onnxruntime,openvino\n"
        "  sparsec bench model.onnx --vs openvino@/envs/openvino/bin/python,torch=model.pt2\n"
        "  sparsec bench model.so --instances 4 --latency-bound 10",
    )
    add_model(parser, "an .onnx, .spc or compiled .so file")
    parser.add_argument("--runs", type=int, default=100, metavar="N", help="counted runs (default: 100)")
    parser.add_argument("--warm-up", type=int, metavar="N", help="runs before the counted ones (default: 5)")
    bench_versus.add_arguments(parser)
    bench_instances.add_arguments(parser)
    add_dims(parser)
    add_threads(parser)
    add_compilation(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    sizes = parse_dims(chosen.dim)
    warm_up: int = _WARM_UP if chosen.warm_up is None else chosen.warm_up
    if not 1 <= chosen.runs <= _MOST_RUNS or warm_up < 0:
        raise OptionError(
            f"--runs {chosen.runs} --warm-up {warm_up}: expected 1 to {_MOST_RUNS} runs, and 0 or more before"
        )
    if (chosen.vs or chosen.instances is not None) and (chosen.warm_up is not None or chosen.pin):
        raise OptionError(
            "--warm-up and --pin are for a model alone: with --vs and --instances every process runs once more before "
            "each turn, and stays on its cores"
        )
    rivals = bench_versus.parse_rivals(chosen)
    bench_instances.check_arguments(chosen)
    program = open_program(chosen)
    if rivals:
        return bench_versus.execute(chosen, program, rivals)
    if chosen.instances is not None:
        return bench_instances.execute(chosen, program)
    feed = find_feed(program, sizes)
    for _ in range(warm_up):
        program.run(None, feed)
    milliseconds = np.empty(chosen.runs)
    for index in range(chosen.runs):
        begin = time.perf_counter()
        program.run(None, feed)
        milliseconds[index] = (time.perf_counter() - begin) * 1e3
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
    threads = f"{program.threads} thread{'s' if program.threads > 1 else ''}"
    title = f"latency in ms of {chosen.runs} runs, {threads}, {program.target}"
    table = new_table(*figures, right=tuple(figures), title=title)
    table.add_row(*(f"{value:.3f}" for value in figures.values()))
    console = Output()
    print_table(console, table, "min")
    lines = (f"{name} {'x'.join(map(str, shape)) or 'scalar'}" for name, shape in shapes.items())
    console.print(", ".join(lines), markup=False)
    return 0
