"""Predicted cycles of a product with a weight, and the choice they lead to: pure functions over plain values.

The numbers were measured on one core with 512-bit units (two multiply instructions a cycle) and are used for ratios:
which dataflow is faster for a pattern, and from how many tokens on. They are not a promise of absolute time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsec.pattern import BlockPattern
from sparsec.schedule import TILE, Dataflow, Schedule
from sparsec.target import CpuTarget

CYCLES_PER_ENTRY: Mapping[Dataflow, float] = {
    Dataflow.DENSE_QUADS: 8.02,  # 16 vpdpbusd, two a cycle; loads and interleaving hide behind them
    Dataflow.GATHER_QUADS: 8.17,
    Dataflow.DENSE_ROWS: 8.16,  # 16 fused multiply-adds, two a cycle
    Dataflow.GATHER_ROWS: 8.7,
}
"""One entry of the packed weight on a tile of 64 tokens: a quad (4 x 4 weights) or one column of 4 weights."""

CYCLES_PER_GROUP = 25.0
"""The body behind 4 output rows x 64 tokens: requantisation and stores. The same for all dataflows."""

SHARE_OF_TILE: Mapping[int, float] = {64: 1.0, 32: 0.63, 16: 0.58}
"""What a narrower tile costs of a full one: loads of weights and offsets do not shrink with it."""


def predicted_cycles(pattern: BlockPattern, dataflow: Dataflow, target: CpuTarget, tokens: int | None) -> float:
    """Cycles of one product of `tokens` activations (64 if unknown) with a weight of this 4x1 pattern."""
    entries = dense_entries(pattern, dataflow) if dataflow.is_dense else gathered_entries(pattern, dataflow)
    groups = pattern.stored.shape[0]
    full, rest = divmod(tokens or TILE, TILE)
    tiles = full + (SHARE_OF_TILE[tile_for(rest)] if rest else 0.0)
    return tiles * (entries * CYCLES_PER_ENTRY[dataflow] + groups * CYCLES_PER_GROUP) * _slowdown(target, dataflow)


def choose_schedule(
    pattern: BlockPattern, target: CpuTarget, tokens: int | None, *, integer: bool, wide: bool = False
) -> Schedule:
    """The dataflow with the fewest predicted cycles, dense when it is not slower.

    Args:
        pattern: of the weight in 4x1 blocks, whatever blocks it was pruned in.
        tokens: how many there are, None if that is only known at run time.
        integer: bytes or fp32.
        wide: integer weights beyond s8; only gathered quads can hold them.
    """
    dense, gather = (
        (Dataflow.DENSE_QUADS, Dataflow.GATHER_QUADS) if integer else (Dataflow.DENSE_ROWS, Dataflow.GATHER_ROWS)
    )
    cycles = {dataflow: predicted_cycles(pattern, dataflow, target, tokens) for dataflow in (dense, gather)}
    best = gather if wide or cycles[gather] < cycles[dense] else dense
    return Schedule(best, tile_for(tokens))


def tile_for(tokens: int | None) -> int:
    """The narrowest tile that holds `tokens`, 64 when there are more or the number is unknown."""
    return next((tile for tile in sorted(SHARE_OF_TILE) if tokens and tokens <= tile), TILE)


def dense_entries(pattern: BlockPattern, dataflow: Dataflow) -> int:
    """Entries when nothing is skipped."""
    groups, inputs = pattern.stored.shape
    return groups * (-(-inputs // 4) if dataflow.is_integer else inputs)


def gathered_entries(pattern: BlockPattern, dataflow: Dataflow) -> int:
    """Entries when only stored blocks are visited; quads are padded, and each group has one at least."""
    blocks = np.count_nonzero(pattern.stored, axis=1)
    return int(np.maximum(-(-blocks // 4), 1).sum()) if dataflow.is_integer else int(blocks.sum())


def _slowdown(target: CpuTarget, dataflow: Dataflow) -> float:
    """Against 512-bit units with VNNI: narrower vectors, and bytes widened to 16 bits where there is no VNNI."""
    if target.has("avx512vnni"):
        return 1.0
    return 512 / target.vector_bits * (2.7 if dataflow.is_integer else 1.0)
