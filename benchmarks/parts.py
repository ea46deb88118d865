"""A model beside the sum of its kernels: `python -m benchmarks.parts MODEL.onnx [--batch 1] [--sequence 128]`.

Run from the root of the repository; needs the `test` extra. Every kernel of the model is timed alone and hot, again and
again with the arguments of all its calls in turn; the whole model is run in between, on one core and one thread. Their
ratio is what caches, gaps between kernels and the call itself add. Padding is kept, so that all sizes are known.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

import sparsec
from benchmarks.padding import inputs_of
from benchmarks.report import machine, markdown_table
from sparsec import api, pipeline
from sparsec.measure import MeasuredProgram
from sparsec.target import host, host_core

ROUNDS = 9


def kernels_of(path: Path, sizes: dict[str, int]) -> MeasuredProgram:
    """The kernels of a model, ready to be timed."""
    source = api.read(path)
    expect = ",".join(f"{name}={size}" for name, size in sizes.items())
    stages = pipeline.stages(host().name, host_core(), expect, padding="keep")
    pipeline.finish(pipeline.run(source.module, source.context, stages))
    return MeasuredProgram(source.module, source.context, host(), sizes)


def whole_of(program: sparsec.Program, feed: dict[str, np.ndarray], runs: int = 20) -> float:
    """Seconds of the fastest of some runs."""
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        program.run(None, feed)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Measure in turns, print Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--sequence", type=int, default=128)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sizes = {"batch": arguments.batch, "sequence": arguments.sequence}
    program = sparsec.compile(arguments.model, targets="host", padding="keep", expect=sizes, threads=1)
    feed, _ = inputs_of(program, arguments.batch, arguments.sequence, 0)
    feed = {name: np.ones_like(array) for name, array in feed.items()}
    parts = kernels_of(arguments.model, sizes)
    turns = [parts.turns(kernel) for kernel in parts.kernels]
    whole, alone = float("inf"), [float("inf")] * len(turns)
    for _ in range(ROUNDS):
        whole = min(whole, whole_of(program, feed))
        alone = [min(best, parts.run(*each)) for best, *each in zip(alone, parts.kernels, turns, strict=True)]
    kinds: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for kernel, seconds in zip(parts.kernels, alone, strict=True):
        kinds[kernel.op.name.removeprefix("kernel.")].append((len(kernel.sets), len(kernel.sets) * seconds))
    total = sum(seconds for found in kinds.values() for _, seconds in found)
    rows = [
        [name, str(len(found)), str(sum(calls for calls, _ in found)), f"{1e3 * sum(s for _, s in found):.3f}"]
        for name, found in sorted(kinds.items(), key=lambda item: -sum(seconds for _, seconds in item[1]))
    ]
    rows.append(["sum", str(len(turns)), str(sum(len(kernel.sets) for kernel in parts.kernels)), f"{1e3 * total:.3f}"])
    rows.append(["whole model", "", "", f"{1e3 * whole:.3f}"])
    rows.append(["whole / sum", "", "", f"{whole / total:.2f}"])
    print(f"{arguments.model.stem}, {sizes}, one thread, {machine()}\n")
    print(markdown_table(["kernel", "functions", "calls", "ms"], rows))


if __name__ == "__main__":
    main()
