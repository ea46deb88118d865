"""Every block shape, sparsity and number of tokens: is the layer exact, and is it ever slower than our dense kernel?

    python -m benchmarks.sweep [--rows 768] [--columns 768] [--json FILE] [--markdown FILE]

For each pattern the schedule is chosen as for any model, by predicted cycles. The result is compared with numpy, bit
for bit; then the chosen kernel is timed in turns with the best kernel for a dense weight of the same shape.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.progress import Progress

from benchmarks.layers import Layer, TimedLayer, exact, interleaved
from benchmarks.report import machine, markdown_table
from sparsec.target import host

BLOCKS = [(1, 1), (1, 4), (1, 8), (1, 16), (1, 32), (2, 1), (4, 1), (8, 1), (16, 1), (32, 1), (4, 4), (8, 4), (16, 4),
          (32, 4), (8, 8), (16, 16), (32, 32), (64, 64)]  # fmt: skip
SPARSITIES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
TOKENS = (1, 2, 7, 16, 31, 64, 100, 128, 384)
RUNS = 7


def layers(rows: int, columns: int, tokens: int) -> Iterator[tuple[str, Layer]]:
    """Every pattern, with its name."""
    for block in BLOCKS:
        for sparsity in SPARSITIES:
            yield f"{block[0]}x{block[1]}", Layer(rows, columns, tokens, block, sparsity)
    yield "2:4", Layer(rows, columns, tokens, (1, 1), 0.5, two_of_four=True)


def main() -> int:
    """Measure, print, and fail if anything is wrong or too slow."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=768)
    parser.add_argument("--columns", type=int, default=768)
    parser.add_argument("--tokens", type=int, nargs="+", default=list(TOKENS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    target = host()
    found: list[dict[str, object]] = []
    with Progress() as progress:
        bar = progress.add_task("layers", total=len(arguments.tokens) * (len(BLOCKS) * len(SPARSITIES) + 1))
        for tokens in arguments.tokens:
            dense = TimedLayer(Layer(arguments.rows, arguments.columns, tokens, (1, 1), 0.0), target, copies=2)
            for name, layer in layers(arguments.rows, arguments.columns, tokens):
                timed = TimedLayer(layer, target, copies=2)
                ratio = 1.0
                if timed.schedule != dense.schedule:
                    seconds, other = interleaved([timed.run, dense.run], RUNS)
                    ratio = seconds / other
                found.append(
                    {
                        "block": name, "sparsity": layer.sparsity, "tokens": tokens, "ratio": ratio,
                        "schedule": f"{timed.schedule.dataflow.value} {timed.schedule.tile}x{timed.schedule.rows}",
                        "exact": exact(layer),
                    }
                )  # fmt: skip
                if ratio > 1.05 or not found[-1]["exact"]:
                    progress.console.print(found[-1])
                progress.advance(bar)
    wrong = [row for row in found if not row["exact"]]
    slow = [row for row in found if float(row["ratio"]) > 1.05]  # pyright: ignore[reportArgumentType]
    title = f"Time of {arguments.rows}x{arguments.columns} int8 layers over that of our dense kernel, {machine()}"
    text = f"{title}\n\n{_table(found, arguments.tokens)}\n"
    print(f"{text}\n{len(found)} layers, {len(wrong)} wrong, {len(slow)} more than 5 % slower than dense")
    if arguments.markdown:
        arguments.markdown.write_text(text)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "layers": found}, indent=1))
    return 1 if wrong or slow else 0


def _table(found: list[dict[str, object]], tokens: list[int]) -> str:
    """A row for each block shape and sparsity, a column for each number of tokens."""
    rows: dict[tuple[object, object], dict[object, object]] = {}
    for row in found:
        rows.setdefault((row["block"], row["sparsity"]), {})[row["tokens"]] = row["ratio"]
    lines = [
        [str(block), f"{100 * float(str(sparsity)):.0f} %", *(f"{ratios[count]:.2f}" for count in tokens)]
        for (block, sparsity), ratios in rows.items()
    ]
    means = [f"{statistics.mean(float(str(ratios[count])) for ratios in rows.values()):.2f}" for count in tokens]
    return markdown_table(["block", "pruned", *(f"{count} tokens" for count in tokens)], [*lines, ["mean", "", *means]])


if __name__ == "__main__":
    np.seterr(all="raise")
    sys.exit(main())
