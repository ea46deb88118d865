"""Schedules follow the predicted cycles, which follow the pattern."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsec.cost import choose_schedule, dense_entries, gathered_entries, predicted_cycles, tile_for
from sparsec.packing import pack_weight
from sparsec.pattern import BlockPattern
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import TARGETS

TARGET = TARGETS["avx512vnni"]


def pattern(density: float, shape: tuple[int, int] = (256, 256), seed: int = 0) -> BlockPattern:
    """Random 4x1 blocks."""
    stored = np.random.default_rng(seed).random((-(-shape[0] // 4), shape[1])) < density
    return BlockPattern(4, 1, shape, stored)


@pytest.mark.parametrize("integer", [True, False])
def test_sparse_weights_are_gathered_and_dense_ones_are_not(integer: bool) -> None:
    sparse = choose_schedule(pattern(0.1), TARGET, None, integer=integer)
    dense = choose_schedule(pattern(1.0), TARGET, None, integer=integer)
    assert sparse.dataflow in (Dataflow.GATHER_QUADS, Dataflow.GATHER_ROWS) and not sparse.dataflow.is_dense
    assert dense.dataflow.is_dense
    assert sparse.dataflow.is_integer == dense.dataflow.is_integer == integer


def test_wide_weights_are_gathered_even_when_dense() -> None:
    assert choose_schedule(pattern(1.0), TARGET, 64, integer=True, wide=True) == Schedule(Dataflow.GATHER_QUADS, 64)


@pytest.mark.parametrize(("tokens", "tile"), [(1, 16), (16, 16), (17, 32), (32, 32), (33, 64), (64, 64), (500, 64)])
def test_the_tile_is_the_narrowest_that_holds_the_tokens(tokens: int, tile: int) -> None:
    assert tile_for(tokens) == tile


def test_unknown_tokens_take_full_tiles() -> None:
    assert tile_for(None) == 64


@given(st.floats(0, 1), st.floats(0, 1))
def test_fewer_blocks_never_cost_more(a: float, b: float) -> None:
    few, many = sorted((a, b))
    cycles = [predicted_cycles(pattern(density), Dataflow.GATHER_QUADS, TARGET, 128) for density in (few, many)]
    assert cycles[0] <= cycles[1]


def test_predictions_count_what_is_packed() -> None:
    one = pattern(0.3, (30, 70))
    matrix = np.repeat(one.stored, 4, axis=0)[:30].astype(np.int8)
    quads = pack_weight(matrix, Schedule(Dataflow.DENSE_QUADS)).size // 16
    assert dense_entries(one, Dataflow.DENSE_QUADS) == quads
    assert gathered_entries(one, Dataflow.GATHER_QUADS) < quads
    rows = pack_weight(matrix.astype(np.float32), Schedule(Dataflow.DENSE_ROWS)).size // 16
    assert dense_entries(one, Dataflow.DENSE_ROWS) == rows


def test_other_targets_are_slower() -> None:
    cycles = [predicted_cycles(pattern(0.5), Dataflow.DENSE_QUADS, target, 64) for target in TARGETS.values()]
    assert cycles == sorted(cycles)
