"""`sparsec bench MODEL --instances N --latency-bound MS`: throughput of processes, each on its own core."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sparsec.cli.arguments import parse_dims
from sparsec.cli.console import Output, new_table
from sparsec.cli.feeds import find_feed
from sparsec.engines import ADAPTERS, Engine, Failed
from sparsec.errors import OptionError
from sparsec.runtime.program import Program

LARGEST_BATCH = 256


@dataclass(frozen=True)
class Load:
    """What instances did at one batch, all of them running at once.

    Attributes:
        p50, p99: milliseconds of one call, over all instances.
        throughput: samples per second, all instances together.
    """

    batch: int
    p50: float
    p99: float
    throughput: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options --instances and --latency-bound."""
    parser.add_argument("--instances", type=int, metavar="N", help="run N processes at once, a core and a thread each")
    parser.add_argument(
        "--latency-bound",
        type=float,
        metavar="MS",
        help="with --instances: find the largest batch at which 99 %% of all calls take no longer",
    )


def check_arguments(chosen: argparse.Namespace) -> None:
    """Refuse what makes no sense, before anything is compiled.

    Raises:
        OptionError: says which option does not fit.
    """
    if chosen.instances is None:
        if chosen.latency_bound is not None:
            raise OptionError("--latency-bound is for --instances N: how many processes shall run at once?")
        return
    cores = len(os.sched_getaffinity(0))
    if not 1 <= chosen.instances <= cores:
        raise OptionError(f"--instances {chosen.instances}: expected 1 to {cores}, as many as cores may be used here")
    if chosen.latency_bound is not None and not chosen.latency_bound > 0:
        raise OptionError(f"--latency-bound {chosen.latency_bound:g}: expected a number of milliseconds above 0")
    if chosen.vs or (chosen.threads or 1) != 1:
        raise OptionError("--instances go with neither --vs nor --threads: each has one thread on its own core")


def execute(chosen: argparse.Namespace, program: Program) -> int:
    """Measure one batch, or look for the largest one within the bound.

    Raises:
        OptionError: an instance crashed.
        InputError: the model refuses generated inputs.
    """
    given = parse_dims(chosen.dim)
    name, fixed = _batch_dimension(program, given)
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        program.save(folder / "ours.so")
        cores = sorted(os.sched_getaffinity(0))[-chosen.instances :]
        engines = [resources.enter_context(Engine(ADAPTERS["sparsec"], [core])) for core in cores]

        def measure(batch: int) -> Load:
            sizes = {**given, name: batch} if name else given
            return measure_load(engines, folder / "ours.so", program, sizes, batch, chosen.runs)

        try:
            loads = [measure(fixed)] if fixed else search(measure, chosen.latency_bound)
        except Failed as reason:
            raise OptionError(f"an instance did not finish: {reason}") from reason
    _show(chosen, program, loads)
    return 0


def _batch_dimension(program: Program, given: dict[str, int]) -> tuple[str | None, int]:
    """The name of the dimension that comes first in all inputs, if any, and its size if that is fixed, or else 0."""
    firsts = {tensor.shape[0] for tensor in program.inputs if tensor.shape}
    first = firsts.pop() if len(firsts) == 1 else 1
    return (None, first) if isinstance(first, int) else (first, given.get(first, 0))


def measure_load(
    engines: list[Engine], path: Path, program: Program, sizes: dict[str, int], batch: int, runs: int
) -> Load:
    """Let all instances run at once.

    Raises:
        Failed: one does not run.
    """
    feed = find_feed(program, sizes)
    for engine in engines:
        engine.open(path, feed)
    for engine in engines:
        engine.start(runs)
    seconds = [engine.finish() for engine in engines]
    p50, p99 = (float(value) * 1e3 for value in np.percentile(np.concatenate(seconds), (50, 99)))
    throughput = sum(batch * len(times) / sum(times) for times in seconds)
    return Load(batch, p50, p99, throughput)


def search(measure: Callable[[int], Load], bound: float | None) -> list[Load]:
    """Batches by doubling until one exceeds the bound, then by halving the gap; in order of size."""
    loads = {1: measure(1)}
    if bound is None:
        return list(loads.values())
    low = 1
    while loads[low].p99 <= bound and low < LARGEST_BATCH:
        loads[2 * low] = measure(2 * low)
        low *= 2
    high, low = low, low // 2
    while low and high - low > 1 and loads[high].p99 > bound:
        middle = (low + high) // 2
        loads[middle] = measure(middle)
        low, high = (middle, high) if loads[middle].p99 <= bound else (low, middle)
    return [loads[batch] for batch in sorted(loads)]


def _show(chosen: argparse.Namespace, program: Program, loads: list[Load]) -> None:
    bound = chosen.latency_bound
    within = [load for load in loads if bound is None or load.p99 <= bound]
    best = max(within, key=lambda load: load.throughput, default=None)
    if chosen.json:
        facts = {"instances": chosen.instances, "latency_bound_ms": bound, "target": program.target}
        print(json.dumps({**facts, "loads": [asdict(load) for load in loads], "best": best and asdict(best)}))
        return
    right = ("batch", "p50, ms", "p99, ms", "samples/s")
    plural = "s" if chosen.instances > 1 else ""
    table = new_table(
        *right, "", right=right, title=f"{chosen.instances} instance{plural}, a core each, {program.target}"
    )
    for load in loads:
        mark = "best" if load is best and len(loads) > 1 else "" if load in within else "too late"
        figures = f"{load.p50:.3f}", f"{load.p99:.3f}", f"{load.throughput:.1f}"
        table.add_row(str(load.batch), *figures, mark)
    console = Output()
    console.print(table)
    if bound is not None:
        verdict = (
            f"{best.throughput:.1f} samples per second within {bound:g} ms, at batch {best.batch}"
            if best
            else f"no batch stays within {bound:g} ms: {loads[0].p99:.3f} ms at batch 1"
        )
        console.print(verdict, markup=False)
