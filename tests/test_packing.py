"""What the packed streams hold, read back by a plain walk over the bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.errors import CompilerBug
from sparsec.packing import WeightLayout, fits_int8, pack_weight, pairs_cannot_saturate
from sparsec.schedule import Dataflow, Schedule


def unpack(packed: np.ndarray, layout: WeightLayout) -> np.ndarray:
    """The matrix, rows padded to whole groups, that a kernel sees: the sum of what all entries contribute."""
    stream = packed.tobytes()
    dense = np.zeros((4 * layout.groups, layout.columns + 3), np.float64)
    for group in range(layout.groups):
        first, last = group * layout.dense_entries, (group + 1) * layout.dense_entries
        if layout.is_gathered:
            first, last = struct.unpack_from("<2I", stream, 4 * group)
        for entry in range(first, last):
            at = layout.entries_at + entry * layout.entry_size
            count = 4 if layout.is_quads else 1
            if layout.is_gathered:
                offsets = struct.unpack_from(f"<{count}{'H' if layout.offset_size == 2 else 'I'}", stream, at)
                columns = [offset * 8 // 64 if layout.is_quads else offset // 256 for offset in offsets]
            else:
                columns = [(entry - first) * count + i for i in range(count)]
            values = np.frombuffer(
                stream, np.int8 if layout.is_quads else np.float32, 4 * count, at + layout.weights_at
            )
            for index, column in enumerate(columns):
                dense[4 * group : 4 * group + 4, column] += values.reshape(4, count)[:, index]
    assert not dense[:, layout.columns :].any()
    return dense[:, : layout.columns]


def check(weight: np.ndarray, dataflow: Dataflow) -> WeightLayout:
    layout = WeightLayout(*weight.shape, dataflow)
    packed = pack_weight(weight, Schedule(dataflow))
    assert packed.dtype == np.uint8
    seen = unpack(packed, layout)
    np.testing.assert_array_equal(seen[: layout.rows], weight)
    assert not seen[layout.rows :].any()
    return layout


@settings(deadline=None)
@given(
    st.integers(1, 12), st.integers(1, 20), st.floats(0, 1), st.sampled_from([1, 4, 127, 255, 700]), st.integers(0, 99)
)
def test_quads_hold_the_matrix(rows: int, columns: int, density: float, size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    weight = random.integers(-size, size + 1, (rows, columns)).astype(np.int16) * (
        random.random((rows, columns)) < density
    )
    check(weight.astype(np.int16), Dataflow.GATHER_QUADS)
    if fits_int8(weight):
        check(weight.astype(np.int8), Dataflow.DENSE_QUADS)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 20), st.floats(0, 1), st.integers(0, 99))
def test_rows_hold_the_matrix(rows: int, columns: int, density: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    weight = random.normal(size=(rows, columns)) * (random.random((rows, columns)) < density)
    check(weight.astype(np.float32), Dataflow.GATHER_ROWS)
    check(weight.astype(np.float32), Dataflow.DENSE_ROWS)


def test_every_weight_beyond_s8_is_a_sum() -> None:
    check(np.arange(-255, 256, dtype=np.int16)[None, :], Dataflow.GATHER_QUADS)
    check(np.array([[32767, -32768]], np.int16), Dataflow.GATHER_QUADS)


@pytest.mark.parametrize(("columns", "size"), [(8192, 2), (8193, 4)])
def test_offsets_grow_before_they_overflow(columns: int, size: int) -> None:
    weight = np.zeros((4, columns), np.int8)
    weight[:, [0, columns - 2, columns - 1]] = 5
    assert check(weight, Dataflow.GATHER_QUADS).offset_size == size


def test_an_empty_group_has_one_quad() -> None:
    layout = check(np.zeros((5, 9), np.int8), Dataflow.GATHER_QUADS)
    packed = pack_weight(np.zeros((5, 9), np.int8), Schedule(Dataflow.GATHER_QUADS))
    assert struct.unpack_from("<3I", packed.tobytes()) == (0, 1, 2)
    assert len(packed) == layout.entries_at + 2 * layout.entry_size == 64 + 2 * 24


def test_only_stored_blocks_take_space() -> None:
    weight = np.zeros((8, 100), np.int8)
    weight[2, 7] = weight[3, 7] = weight[0, 50] = 1
    packed = pack_weight(weight, Schedule(Dataflow.GATHER_QUADS))
    assert len(packed) == 64 + 2 * 24


@pytest.mark.parametrize(("rows", "ahead"), [(1, 0), (4, 0), (6, 4)])
def test_blocks_of_six_rows_are_read_ahead(rows: int, ahead: int) -> None:
    schedule = Schedule(Dataflow.BLOCK_QUADS, rows=rows)
    layouts = [WeightLayout.of((rows, columns), schedule) for columns in (512, 516)]
    assert [layout.looks_ahead for layout in layouts] == [0, ahead]
    packed = pack_weight(np.ones((rows, 516), np.int8), schedule)
    entries = -(-129 // layouts[1].multiple) * layouts[1].multiple
    assert len(packed) == layouts[1].entries_at + (entries + ahead) * layouts[1].entry_size


def test_offsets_can_be_read_ahead_of_the_last_quad_of_a_wide_weight() -> None:
    narrow, wide = (check(np.ones((4, columns), np.int8), Dataflow.GATHER_QUADS) for columns in (512, 516))
    assert (narrow.looks_ahead, wide.looks_ahead) == (0, 8)
    packed = pack_weight(np.ones((4, 516), np.int8), Schedule(Dataflow.GATHER_QUADS))
    assert len(packed) == wide.entries_at + (516 // 4 + 8) * wide.entry_size
    assert not packed[-8 * wide.entry_size :].any()


@pytest.mark.parametrize(
    ("weight", "dataflow", "message"),
    [
        (np.full((4, 4), 200, np.int16), Dataflow.DENSE_QUADS, r"weights in \[200, 200\] do not fit dense_quads"),
        (np.zeros((4, 4), np.float32), Dataflow.GATHER_QUADS, "gather_quads packs integers, not float32"),
        (np.zeros((4, 4), np.int8), Dataflow.DENSE_ROWS, "dense_rows packs float32, not int8"),
        (np.zeros(4, np.int8), Dataflow.DENSE_QUADS, r"arrays of shape \(4,\)"),
    ],
)
def test_what_does_not_fit_is_refused(weight: np.ndarray, dataflow: Dataflow, message: str) -> None:
    with pytest.raises(CompilerBug, match=message):
        pack_weight(weight, Schedule(dataflow))


@pytest.mark.parametrize("dataflow", [Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS])
@pytest.mark.parametrize(
    ("row", "fits"),
    [
        ([0, 0, 0, 0, 0], True),
        ([64, -64, 127, 1, -128], True),
        ([64, 65, 0, 0, 0], False),
        ([64, -65, -100, 127, 0], True),
        ([-64, -64, 0, 0, 0], True),
        ([-64, -65, 0, 0, 0], False),
        ([-128, -1, 0, 0, 0], False),
        ([1, 2, 2, 127, 0], False),
        ([127, 0, 0, -128, 127], True),
        ([3, 127, 4, 5, 6], False),
        ([1, 126, 127, 1, 127], True),
    ],
)
def test_which_pairs_of_bytes_can_saturate(dataflow: Dataflow, row: list[int], fits: bool) -> None:
    weight = np.ones((6, 5), np.int8)  # no zero column: gathered and dense quads have the same neighbours
    weight[5] = row
    packed = pack_weight(weight, Schedule(dataflow))
    assert pairs_cannot_saturate(packed, WeightLayout(6, 5, dataflow)) is fits


def test_neighbours_are_those_of_the_packed_weight() -> None:
    weight = np.array([[100, 0, 0, 100], [0, 0, 0, 0]], np.int8)
    dense, gather = (Schedule(dataflow) for dataflow in (Dataflow.DENSE_QUADS, Dataflow.GATHER_QUADS))
    assert pairs_cannot_saturate(pack_weight(weight, dense), WeightLayout(2, 4, dense.dataflow))
    assert not pairs_cannot_saturate(pack_weight(weight, gather), WeightLayout(2, 4, gather.dataflow))


def test_no_pairs_cannot_saturate() -> None:
    schedule = Schedule(Dataflow.DENSE_QUADS)
    weight = np.zeros((0, 4), np.int8)
    assert pairs_cannot_saturate(pack_weight(weight, schedule), WeightLayout(0, 4, schedule.dataflow))
