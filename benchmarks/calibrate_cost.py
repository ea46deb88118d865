"""Predicted beside measured cycles of single layers, one line each: `python -m benchmarks.calibrate_cost [--fast]`.

For whoever changes a kernel or the constants of `sparsec/cost.py`. The last column is measured over predicted.
"""

from __future__ import annotations

import argparse

from benchmarks.layers import Layer, TimedLayer, interleaved
from benchmarks.limits import Limits
from sparsec.cost import predicted_cycles
from sparsec.kept import Kept
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import host, host_core


def schedules(tokens: int, block: tuple[int, int]) -> list[Schedule]:
    """Those that are tried for so many tokens and blocks of this shape."""
    width = 64 if tokens > 32 else 32 if tokens > 16 else 16
    found = [Schedule(Dataflow.DENSE_QUADS, width), Schedule(Dataflow.GATHER_QUADS, width)]
    if block[1] % 4 == 0:
        found += [Schedule(Dataflow.BLOCK_QUADS, width, rows) for rows in ((1, 4, 6) if block[0] < 4 else (4, 6))]
    if tokens <= 32:
        tile = min(tokens, 8)
        found += [Schedule(Dataflow.DENSE_DWORDS, tile, rows) for rows in ((16, 32) if tile > 4 else (16, 32, 64))]
        if block[0] >= 16 and block[1] >= 4:
            found += [Schedule(Dataflow.GATHER_DWORDS, tile, rows) for rows in (16, 32) if rows <= block[0]]
        found.append(Schedule(Dataflow.PERMUTE_WINDOWS, min(tile, 4), 16))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--fast", action="store_true", help="fewer shapes")
    arguments = parser.parse_args()
    target = host()
    ports, limits = target.ports_of(host_core()), Limits(target)
    shapes = (
        ((768, 768), (256, 256)) if arguments.fast else ((768, 768), (3072, 768), (768, 3072), (256, 256), (64, 64))
    )
    for rows, columns in shapes:
        for tokens in (1, 2, 4, 8, 16, 31, 64, 128):
            for block, sparsity in (((4, 1), 0.8), ((4, 1), 0.95), ((32, 4), 0.9), ((1, 4), 0.9), ((4, 4), 0.0)):
                layer = Layer(rows, columns, tokens, block, sparsity)
                kept = Kept(layer.weight(0))
                for schedule in schedules(tokens, block):
                    timed = TimedLayer(layer, target, schedule)
                    seconds, cycle = interleaved([timed.run, lambda: 1 / limits.clock.hertz()], 5)
                    predicted = predicted_cycles(kept, schedule, target, ports, tokens)
                    name = f"{schedule.dataflow.value} {schedule.tile} {schedule.rows}"
                    print(
                        f"{rows:5} {columns:5} {tokens:4} {block[0]:2}x{block[1]} {sparsity:4} {name:24} "
                        f"{predicted:10.0f} {seconds / cycle:10.0f} {seconds / cycle / predicted:6.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
