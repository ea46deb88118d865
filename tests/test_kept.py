"""What a weight holds is counted as packing stores it."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.kept import Kept
from sparsec.packing import pack_weight
from sparsec.schedule import Dataflow, Schedule

ROW_FLOWS = tuple(flow for flow in Dataflow if flow.is_token_major)
TILE_FLOWS = tuple(flow for flow in Dataflow if not flow.is_token_major and flow is not Dataflow.BAKED_QUADS)


def matrix(density: float, shape: tuple[int, int] = (256, 256), block: tuple[int, int] = (4, 1), seed: int = 0):
    """Ones in random blocks, int8."""
    grid = -(-shape[0] // block[0]), -(-shape[1] // block[1])
    kept = np.random.default_rng(seed).random(grid) < density
    return kept.repeat(block[0], 0).repeat(block[1], 1)[: shape[0], : shape[1]].astype(np.int8)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 70), st.integers(128, 300), st.floats(0, 1), st.sampled_from([(4, 1), (16, 4), (1, 4), (1, 1)]),
    st.integers(0, 9),
)  # fmt: skip
def test_predictions_count_what_is_packed(
    rows: int, columns: int, density: float, block: tuple[int, int], seed: int
) -> None:
    weight = matrix(density, (rows, columns), block, seed)
    kept = Kept(weight)
    rows_of_tokens = [Schedule(flow, 3, height) for flow in ROW_FLOWS for height in flow.row_counts]
    tiles = [Schedule(flow, rows=height) for flow in TILE_FLOWS for height in flow.row_counts]
    for schedule in (*rows_of_tokens, *tiles):
        flow, groups = schedule.dataflow, -(-rows // schedule.rows)
        packed = pack_weight(weight if flow.is_integer else weight.astype(np.float32), schedule)
        if not flow.is_dense:
            (entries,) = struct.unpack_from("<I", packed.tobytes(), 4 * groups)
        else:
            entries = packed.size // (4 * schedule.rows)
        assert kept.steps(schedule) == entries, schedule


def test_what_is_multiplied_is_what_is_stored_and_what_pads_it() -> None:
    weight = np.zeros((8, 64), np.int8)
    weight[:4, :6] = 1  # 6 blocks of 4x1: two quads; the other group has one of zeros
    kept = Kept(weight)
    assert kept.nonzeros == 24
    assert kept.multiplied(Schedule(Dataflow.GATHER_QUADS)) == 3 * 16
    assert kept.multiplied(Schedule(Dataflow.DENSE_QUADS)) == weight.size
    assert kept.multiplied(Schedule(Dataflow.DENSE_ROWS)) == weight.size
    assert kept.multiplied(Schedule(Dataflow.DENSE_ROWS, rows=6)) == 12 * 64  # the second group has two rows
    assert kept.multiplied(Schedule(Dataflow.GATHER_ROWS)) == 24
