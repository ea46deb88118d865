"""Measured times of schedules and what a choice makes of them: pure. `tune.py` takes the times.

Predictions are cycles, and so is the price of a conversion between layouts. Measured seconds of a product are brought
to the same scale by one factor for all its schedules, so that only their ratios come from the clock.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from itertools import chain

import numpy as np

from sparsec.cost import Product, interleaved_schedules, predicted_cycles, row_schedules, tiled_schedules
from sparsec.schedule import TILE, Schedule
from sparsec.target import CpuTarget, Ports

Timings = Mapping[str, Mapping[str, float]]
"""Seconds of one product by the text of its schedule, by the key of the product."""

MOST_TOKENS = 4 * TILE
"""More tokens than these are more of the same tiles."""

SLOWEST = 2.5
"""How much slower than the best a schedule may be predicted to be measured all the same."""


def product_key(product: Product, target: CpuTarget, core: str) -> str:
    """What layers have in common that share a figure. Counts of blocks are rounded to two digits."""
    kept = product.kept
    blocks = product.blocks or (1, 1)
    counted = {
        "stored": int(np.count_nonzero(kept.bitmap(*blocks))),
        "quads": kept.quads,
        "dwords": int(np.count_nonzero(kept.bitmap(16, 4))),
    }
    parts = [
        target.name,
        core,
        f"{kept.rows}x{kept.columns}",
        f"tokens={measured_tokens(product)}",
        ("wide" if product.wide else "int8") if product.integer else "fp32",
        f"blocks={blocks[0]}x{blocks[1]}" if product.blocks else "dense",
        *(f"{name}={float(f'{count:.1e}'):.0f}" for name, count in counted.items()),
    ]
    return " ".join(part for part in parts if part)


def measured_tokens(product: Product) -> int | None:
    """How many tokens stand for those of a product."""
    return None if product.tokens is None else min(product.tokens, MOST_TOKENS)


def schedule_text(schedule: Schedule) -> str:
    """A schedule as timings name it."""
    return f"{schedule.dataflow.value} tile={schedule.tile} rows={schedule.rows}"


def worth_measuring(product: Product, target: CpuTarget, ports: Ports) -> list[Schedule]:
    """The schedules that may turn out to be the best, the predicted best one first; none if there is no choice."""
    predicted = _predictions(product, target, ports)
    close = [schedule for schedule, cycles in predicted.items() if cycles <= SLOWEST * min(predicted.values())]
    return sorted(close, key=lambda schedule: predicted[schedule]) if len(close) > 1 else []


def tuned_cycles(
    product: Product, target: CpuTarget, ports: Ports, seconds: Mapping[str, float]
) -> dict[Schedule, float]:
    """What the measured schedules of a product cost.

    The factor from seconds is the middle one of those that the schedules predict, so that a single prediction that is
    far off does not make all of the product look cheap or dear beside the conversions around it.
    """
    predicted = _predictions(product, target, ports)
    taken = {schedule: seconds[text] for schedule in predicted if (text := schedule_text(schedule)) in seconds}
    if not taken:
        return {}
    factor = statistics.median_low(predicted[schedule] / time for schedule, time in taken.items())
    return {schedule: time * factor for schedule, time in taken.items()}


def _predictions(product: Product, target: CpuTarget, ports: Ports) -> dict[Schedule, float]:
    schedules = chain(tiled_schedules(product), interleaved_schedules(product), row_schedules(product))
    return {each: predicted_cycles(product.kept, each, target, ports, product.tokens) for each in schedules}
