"""What leaving padding out gains: `python -m benchmarks.padding [MODEL.onnx] [--batch 8] [--sequence 128]`.

Run from the root of the repository; needs the `test` extra. Compiles the model twice, as it is by default and with
`--padding keep`, and runs both in turns, on one core, on sequences of random length, 8 tokens to all of them, padded
behind. Says how many of the tokens are real, what that share promises, what is gained, and whether all outputs are the
same bytes. Without a model, BERT-Mini with random weights, 90 % pruned, in int8.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx

import sparsec
from benchmarks.report import machine, markdown_table
from tests.fixtures.bert_mini import bert_mini


def inputs_of(program: sparsec.Program, batch: int, sequence: int, seed: int) -> tuple[dict[str, np.ndarray], float]:
    """Arrays for each input, and the share of tokens that are real."""
    random = np.random.default_rng(seed)
    lengths = random.integers(8, sequence + 1, batch)
    mask = (np.arange(sequence) < lengths[:, None]).astype(np.int64)
    feed: dict[str, np.ndarray] = {}
    for info in program.inputs:
        if "mask" in info.name:
            feed[info.name] = mask.astype(info.dtype)
        elif "type" in info.name:
            feed[info.name] = np.zeros_like(mask).astype(info.dtype)
        else:
            feed[info.name] = (random.integers(1, 1000, mask.shape) * mask).astype(info.dtype)
    return feed, float(mask.mean())


def main() -> None:
    """Compile, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = arguments.model
        if path is None:
            path = Path(name) / "bert_mini_90_qdqn.onnx"
            onnx.save(bert_mini("qdqn", 0.9), path)
        programs = [sparsec.compile(path, padding=padding, threads=1) for padding in ("keep", "exact")]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows: list[list[str]] = []
    for seed in range(3):
        feed, share = inputs_of(programs[0], arguments.batch, arguments.sequence, seed)
        times: list[list[float]] = [[], []]
        for number in range(arguments.rounds + 3):
            for program, seconds in zip(programs, times, strict=True):
                start = time.perf_counter()
                program.run(None, feed)
                if number >= 3:
                    seconds.append(time.perf_counter() - start)
        kept, compact = (statistics.median(seconds) * 1e3 for seconds in times)
        results = [program.run(None, feed) for program in programs]
        same = all(a.tobytes() == b.tobytes() for a, b in zip(*results, strict=True))
        gain, promised = kept / compact, 1 / share
        figures = [f"{100 * share:.0f} %", f"{kept:.2f}", f"{compact:.2f}", f"{gain:.2f}x", f"{promised:.2f}x"]
        rows.append([*figures, f"{gain / promised:.2f}", "yes" if same else "NO"])
    print(f"{path.stem}, batch {arguments.batch}, sequence {arguments.sequence}, one thread, {machine()}\n")
    titles = ["real tokens", "all, ms", "real ones, ms", "gain", "promised", "gain / promised", "same bytes"]
    print(markdown_table(titles, rows))


if __name__ == "__main__":
    main()
