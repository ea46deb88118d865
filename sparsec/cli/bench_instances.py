"""`sparsec bench MODEL --instances N --latency-bound MS`: throughput of processes, each on its own core."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sparsec.cli.arguments import parse_dims
from sparsec.cli.console import Output, new_table, print_table
from sparsec.cli.feeds import find_feed
from sparsec.engines import ADAPTERS, Engine, Failed
from sparsec.errors import OptionError
from sparsec.runtime.program import Program
from sparsec.runtime.signature import TensorInfo

LARGEST_BATCH = 256
TURN_SECONDS = 20.0
"""About how long instances run before they say what they measured: much less than anybody waits for an answer."""


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
    name, fixed = batch_dimension(program.inputs, given)
    loads: dict[int, Load] = {}
    failure: Failed | None = None
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        program.save(folder / "ours.so")
        cores = sorted(os.sched_getaffinity(0))[-chosen.instances :]
        try:
            engines = [resources.enter_context(Engine(ADAPTERS["sparsec"], [core])) for core in cores]

            def measure(batch: int) -> Load:
                sizes = {**given, name: batch} if name else given
                loads[batch] = measure_load(engines, folder / "ours.so", program, sizes, batch, chosen.runs)
                return loads[batch]

            if fixed:
                measure(fixed)
            else:
                search(measure, chosen.latency_bound)
        except Failed as reason:
            if not loads:
                raise OptionError(f"an instance did not finish: {reason}") from reason
            failure = reason
    _show(chosen, program, [loads[batch] for batch in sorted(loads)], failure)
    return 0


def batch_dimension(inputs: Sequence[TensorInfo], given: Mapping[str, int]) -> tuple[str | None, int]:
    """The name of the dimension that samples are counted along, if any, and its size if that is fixed, or else 0.

    It comes first in all inputs, or is the only one called batch that comes first in some.

    Raises:
        OptionError: it could be several.
    """
    firsts = {tensor.shape[0] for tensor in inputs if tensor.shape}
    batches = {first for first in firsts if isinstance(first, str) and "batch" in first.lower()}
    candidates = firsts if len(firsts) == 1 else batches
    if len(candidates) != 1 and any(isinstance(first, str) for first in firsts):
        names = ", ".join(sorted(str(first) for first in firsts))
        raise OptionError(f"--instances counts samples, and which dimension is the batch is not clear: {names}")
    first = candidates.pop() if candidates else 1
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
    seconds: list[list[float]] = [[] for _ in engines]
    turn, left = 1, runs
    while left:
        for engine in engines:
            engine.start(turn)
        for engine, times in zip(engines, seconds, strict=True):
            times += engine.finish()
        left -= turn
        longest = max(max(times) for times in seconds)
        turn = min(left, max(1, int(TURN_SECONDS / longest)))
    p50, p99 = (float(value) * 1e3 for value in np.percentile(np.concatenate(seconds), (50, 99)))
    throughput = sum(batch * len(times) / sum(times) for times in seconds)
    return Load(batch, p50, p99, throughput)


def search(measure: Callable[[int], Load], bound: float | None) -> None:
    """Measure batches by doubling until one exceeds the bound, then by halving the gap."""
    loads = {1: measure(1)}
    if bound is None:
        return
    low = 1
    while loads[low].p99 <= bound and low < LARGEST_BATCH:
        loads[2 * low] = measure(2 * low)
        low *= 2
    high, low = low, low // 2
    while low and high - low > 1 and loads[high].p99 > bound:
        middle = (low + high) // 2
        loads[middle] = measure(middle)
        low, high = (middle, high) if loads[middle].p99 <= bound else (low, middle)


def _show(chosen: argparse.Namespace, program: Program, loads: list[Load], failure: Failed | None) -> None:
    bound = chosen.latency_bound
    within = [load for load in loads if bound is None or load.p99 <= bound]
    best = max(within, key=lambda load: load.throughput, default=None)
    if chosen.json:
        stopped = None if failure is None else str(failure)
        facts = {"instances": chosen.instances, "latency_bound_ms": bound, "target": program.target, "failure": stopped}
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
    print_table(console, table, "batch")
    if failure is not None:
        console.print(f"then an instance did not finish: {failure}", markup=False)
    if bound is not None:
        verdict = (
            f"{best.throughput:.1f} samples per second within {bound:g} ms, at batch {best.batch}"
            if best
            else f"no batch stays within {bound:g} ms: {loads[0].p99:.3f} ms at batch 1"
        )
        console.print(verdict, markup=False)
