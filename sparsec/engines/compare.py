"""Engines beside each other: whether they say the same, and how long each one takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsec.engines.engine import Engine

UNDISTURBED = 0.97


@dataclass(frozen=True)
class Timing:
    """How long runs took, in seconds.

    Attributes:
        median: of all runs.
        spread: half of the way from the 10th to the 90th percentile, as a share of the median.
        runs: how many there were.
        share: of the time in which the engine had a core. With one thread, less than 1 means that somebody else ran
            there, and that the figures are worth nothing: short runs escape what long ones do not.
    """

    median: float
    spread: float
    runs: int
    share: float = 1.0

    @property
    def disturbed(self) -> bool:
        """Whether somebody else ran on the core."""
        return self.share < UNDISTURBED

    @staticmethod
    def of(seconds: Sequence[float], share: float = 1.0) -> Timing:
        """Of at least one run."""
        low, median, high = (float(value) for value in np.percentile(seconds, (10, 50, 90)))
        return Timing(median, (high - low) / 2 / median, len(seconds), share)


def cosine(ours: Sequence[NDArray[Any]], theirs: Sequence[NDArray[Any]]) -> float:
    """Of all outputs taken as one vector; not a number if they have other shapes, or are not finite."""
    if [value.shape for value in ours] != [value.shape for value in theirs]:
        return float("nan")
    a, b = (np.concatenate([np.ravel(v).astype(np.float64) for v in values]) for values in (ours, theirs))
    if np.array_equal(a, b):
        return 1.0
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def take_turns(
    engines: Mapping[str, Engine],
    rounds: int,
    runs: Mapping[str, int],
    tick: Callable[[int], None] = lambda number: None,
) -> dict[str, Timing]:
    """Run engines one after the other, round by round, so that whatever else the machine does hits all of them.

    Args:
        engines: with open models; whoever does not run sleeps.
        rounds: how often each has its turn.
        runs: counted ones in a turn, by the engine's name.
        tick: told the number of each round.

    Raises:
        Failed: an engine crashed.
    """
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    before = {name: (engine.wall, engine.cpu) for name, engine in engines.items()}
    for number in range(rounds):
        tick(number)
        for name, engine in engines.items():
            seconds[name] += engine.run(runs[name])
    timings: dict[str, Timing] = {}
    for name, engine in engines.items():
        wall, cpu = engine.wall - before[name][0], engine.cpu - before[name][1]
        timings[name] = Timing.of(seconds[name], cpu / wall if wall else 1.0)
    return timings
