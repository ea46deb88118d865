"""BERT-Mini in int8: how long it compiles, and how long one inference takes beside onnxruntime on the dense file.

    python -m benchmarks.bert_mini [--batch 1] [--sequence 128] [--rounds 200]

Run from the root of the repository; needs the `test` extra, no torch. Everything is measured in one run: compilation
as the whole command in a fresh process, first with an empty cache and then again; inference on one core, in rounds in
which every contestant runs in turn, so that whatever else the machine does hits all of them. Ratios are what can be
compared between machines. Weights are random; 4x1 blocks (4 consecutive output channels x 1 input) are pruned.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import sparsec
from benchmarks.report import machine
from tests.fixtures.bert_mini import bert_mini, bert_mini_inputs

Feed = dict[str, np.ndarray]
# Row of the table: sparsity, kind, made and run by. onnxruntime gains nothing from zeros.
CONTESTANTS = {
    "onnxruntime, dense qdq": (0.0, "qdq", "onnxruntime"),
    "onnxruntime, dense dynamic": (0.0, "dyn", "onnxruntime"),
    "sparsec, dense qdq": (0.0, "qdq", "sparsec"),
    "sparsec, 80 % qdq": (0.8, "qdq", "sparsec"),
    "sparsec, 90 % qdq": (0.9, "qdq", "sparsec"),
}
BASELINE = "onnxruntime, dense qdq"


def compile_seconds(model: Path, library: Path, cache: Path) -> float:
    """Seconds that the whole command takes, from an empty process to the library on disk."""
    command = [sys.executable, "-m", "sparsec.cli", "compile", str(model), "-o", str(library)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SPARSEC_CACHE_DIR": str(cache)})
    return time.perf_counter() - start


def run_onnxruntime(path: Path) -> Callable[[Feed], object]:
    """The file in onnxruntime with all of its optimisations, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options)
    return lambda feed: session.run(None, feed)


def run_sparsec(path: Path) -> Callable[[Feed], object]:
    """The compiled library, on one thread."""
    program = sparsec.load(path)
    program.threads = 1
    return lambda feed: program.run(None, feed)


def measure(runs: dict[str, Callable[[Feed], object]], feed: Feed, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of `rounds` runs of each, in turns; 10 more rounds before them do not count."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 10):
        for name, run in runs.items():
            start = time.perf_counter()
            run(feed)
            if number >= 10:
                times[name].append((time.perf_counter() - start) * 1e3)
    return times


def main() -> None:
    """Build, compile, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    print(f"{machine()}\nsparsec {sparsec.__version__}, onnxruntime {onnxruntime.__version__}, one core\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs: dict[str, Callable[[Feed], object]] = {}
        print(f"{'compile to .so':32} {'cold, s':>9} {'cached, s':>9}")
        for title, (sparsity, kind, runner) in CONTESTANTS.items():
            path = folder / f"bert_mini_{round(sparsity * 100)}_{kind}.onnx"
            if not path.exists():
                onnx.save(bert_mini(kind, sparsity), path)
            if runner == "onnxruntime":
                runs[title] = run_onnxruntime(path)
                continue
            library = path.with_suffix(".so")
            cold, cached = (compile_seconds(path, library, folder / "cache") for _ in range(2))
            print(f"{title:32} {cold:9.2f} {cached:9.2f}")
            runs[title] = run_sparsec(library)
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        feed = bert_mini_inputs(arguments.batch, arguments.sequence, seed=0)
        times = measure(runs, feed, arguments.rounds)
    title = f"batch {arguments.batch}, sequence {arguments.sequence}"
    print(f"\n{title:32} {'min, ms':>9} {'median, ms':>10} {'ratio':>7}")
    for title, values in times.items():
        ratio = statistics.median(times[BASELINE]) / statistics.median(values)
        print(f"{title:32} {min(values):9.3f} {statistics.median(values):10.3f} {ratio:6.2f}x")


if __name__ == "__main__":
    main()
