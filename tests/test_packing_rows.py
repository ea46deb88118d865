"""What the streams of the token-major kernels hold, read back by a plain walk over the bytes."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.errors import CompilerBug
from sparsec.packing import pack_weight
from sparsec.packing_rows import RowsLayout, aligned_size, fits_rows, pack_rows, windows_of
from sparsec.schedule import WINDOW, Dataflow, Schedule

ROW_FLOWS = tuple(dataflow for dataflow in Dataflow if dataflow.is_token_major)
SCHEDULES = [Schedule(flow, tile, rows) for flow in ROW_FLOWS for tile in flow.tiles for rows in flow.row_counts]
DWORDS, WINDOWS = Schedule(Dataflow.GATHER_DWORDS, 4, 16), Schedule(Dataflow.PERMUTE_WINDOWS, 3, 16)


class Walk:
    """Reads a stream from its begin to its end, part by part, each at a multiple of 64 bytes."""

    def __init__(self, stream: bytes):
        self.stream, self.at = stream, 0

    def part(self, count: int, code: str) -> np.ndarray:
        """`count` little-endian numbers, and the padding behind them, which must be zero."""
        assert self.at % 64 == 0
        size = count * struct.calcsize(code)
        values = np.array(struct.unpack_from(f"<{count}{code}", self.stream, self.at), np.int64)
        end = self.at + aligned_size(size)
        assert not any(self.stream[self.at + size : end])
        self.at = end
        return values


def unpack(packed: np.ndarray, layout: RowsLayout) -> np.ndarray:
    """The matrix, rows padded to whole blocks, that a kernel sees: the sum of what all entries contribute.

    Nothing may reach beyond the last channel: a kernel loads what an entry covers whether weights are zero or not.
    """
    walk, schedule = Walk(packed.tobytes()), layout.schedule
    height, columns = schedule.rows, layout.columns
    dense = np.zeros((layout.blocks * height, columns), np.int64)
    if schedule.dataflow is Dataflow.DENSE_DWORDS:
        weights = walk.part(dense.shape[0] * layout.dwords * 4, "b").reshape(layout.blocks, layout.dwords, height, 4)
        for dword in range(layout.dwords):
            start = layout.dword_start(dword)
            assert 0 <= start <= columns - 4
            for block in range(layout.blocks):
                dense[block * height : (block + 1) * height, start : start + 4] += weights[block, dword]
        assert walk.at == aligned_size(dense.shape[0] * layout.dwords * 4) == len(packed)
        return dense
    first = walk.part(layout.blocks + 1, "I")
    assert first[0] == 0 and walk.at == layout.offsets_at
    entries = int(first[-1])
    offsets = walk.part(entries, "H" if layout.offset_size == 2 else "I")
    assert all(begin <= end and (end - begin) % layout.sets == 0 for begin, end in pairwise(first))
    if schedule.dataflow is Dataflow.GATHER_DWORDS:
        assert not entries or offsets.max() <= columns - 4
        weights = walk.part(entries * height * 4, "b").reshape(entries, height, 4)
        for block in range(layout.blocks):
            for entry in range(first[block], first[block + 1]):
                rows = slice(block * height, (block + 1) * height)
                dense[rows, offsets[entry] : offsets[entry] + 4] += weights[entry]
    else:
        assert not entries or offsets.max() <= columns - WINDOW
        indices = walk.part(entries * 64, "B").reshape(entries, 4, 16)
        weights = walk.part(entries * 256, "b").reshape(entries, 4, 4, 16)
        assert not entries or indices.max() < WINDOW
        for block in range(layout.blocks):
            for entry in range(first[block], first[block + 1]):
                for group in range(4):
                    rows = slice(16 * block + 4 * group, 16 * block + 4 * group + 4)
                    for place, index in enumerate(indices[entry, group]):
                        dense[rows, offsets[entry] + index] += weights[entry, group, :, place]
    assert walk.at == len(packed)
    return dense


def check(weight: np.ndarray, schedule: Schedule) -> RowsLayout:
    """Pack and read back."""
    layout = RowsLayout(*weight.shape, schedule)
    packed = pack_rows(weight, schedule)
    assert packed.dtype == np.uint8
    np.testing.assert_array_equal(packed, pack_weight(weight, schedule))
    seen = unpack(packed, layout)
    np.testing.assert_array_equal(seen[: layout.rows], weight)
    assert not seen[layout.rows :].any()
    return layout


def drawn(rows: int, columns: int, density: float, block: tuple[int, int], seed: int) -> np.ndarray:
    """s8 over its whole range, pruned in blocks, with an empty and a full row."""
    random = np.random.default_rng(seed)
    kept = random.random((-(-rows // block[0]), -(-columns // block[1]))) < density
    mask = kept.repeat(block[0], axis=0).repeat(block[1], axis=1)[:rows, :columns]
    weight = np.where(mask, random.integers(-128, 128, (rows, columns)), 0).astype(np.int8)
    if rows > 2:
        weight[1], weight[rows // 2] = 0, -128
    return weight


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(SCHEDULES),
    st.sampled_from([1, 4, 15, 16, 17, 33, 65]),
    st.sampled_from([4, 5, 6, 7, 127, 128, 129, 191, 192, 200, 263]),
    st.floats(0, 1),
    st.sampled_from([(4, 1), (16, 4), (1, 1), (1, 4)]),
    st.integers(0, 99),
)
def test_the_streams_hold_the_matrix(
    schedule: Schedule, rows: int, columns: int, density: float, block: tuple[int, int], seed: int
) -> None:
    weight = drawn(rows, columns, density, block, seed)
    if fits_rows(columns, schedule.dataflow):
        check(weight, schedule)
    else:
        with pytest.raises(CompilerBug, match=f"permute_windows needs more than {columns} input channels"):
            pack_rows(weight, schedule)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: f"{s.dataflow}-{s.tile}-{s.rows}")
@pytest.mark.parametrize("fill", [0, 1, -128])
def test_every_schedule_holds_nothing_and_everything(schedule: Schedule, fill: int) -> None:
    for rows, columns in ((1, 128), (17, 129), (16, 200)):
        check(np.full((rows, columns), fill, np.int8), schedule)


@pytest.mark.parametrize(("columns", "size"), [(65536, 2), (65537, 4), (65543, 4)])
@pytest.mark.parametrize(
    "schedule", [DWORDS, Schedule(Dataflow.DENSE_DWORDS, 8, 16), WINDOWS], ids=lambda s: s.dataflow
)
def test_offsets_grow_before_they_overflow(columns: int, size: int, schedule: Schedule) -> None:
    weight = np.zeros((1, columns), np.int8)
    weight[0, [0, 5, columns // 2, *range(columns - 6, columns)]] = [1, -128, 3, 4, 5, 6, 7, 8, 127]
    assert check(weight, schedule).offset_size == size


def test_an_empty_weight_has_no_entries() -> None:
    for schedule in (DWORDS, WINDOWS):
        packed = pack_rows(np.zeros((20, 200), np.int8), schedule)
        assert len(packed) == 64 and not packed.any()


def test_only_stored_blocks_take_space() -> None:
    weight = np.zeros((17, 200), np.int8)
    weight[3, 9] = weight[15, 10] = weight[0, 198] = 1  # two blocks of 16x4, padded for the sets that take turns
    assert RowsLayout(17, 200, DWORDS).sets == 2
    assert len(pack_rows(weight, DWORDS)) == 64 + 64 + 2 * 64
    weight[0, 100] = 1
    assert len(pack_rows(weight, DWORDS)) == 64 + 64 + 4 * 64


@pytest.mark.parametrize(
    ("tile", "rows", "sets"), [(1, 16, 8), (3, 16, 2), (8, 16, 1), (1, 64, 2), (2, 32, 2), (5, 64, 1)]
)
def test_as_many_sets_take_turns_as_the_multipliers_need(tile: int, rows: int, sets: int) -> None:
    assert RowsLayout(64, 64, Schedule(Dataflow.GATHER_DWORDS, tile, rows)).sets == sets
    assert RowsLayout(64, 640, Schedule(Dataflow.PERMUTE_WINDOWS, min(tile, 4), 16)).sets == 1


@settings(deadline=None)
@given(st.data(), st.sampled_from([128, 129, 191, 192, 300, 1000]), st.integers(1, 4))
def test_windows_cover_every_column_once_in_order(data: st.DataObject, columns: int, groups: int) -> None:
    drawn_columns = st.lists(st.integers(0, columns - 1), max_size=columns, unique=True)
    given_groups = [np.array(sorted(data.draw(drawn_columns)), np.int64) for _ in range(groups)]
    found: list[list[int]] = [[] for _ in range(groups)]
    for start, parts in windows_of(given_groups, columns):
        assert 0 <= start <= columns - WINDOW and (start % 64 == 0 or start == columns - WINDOW)
        assert len(parts) == groups and any(len(part) for part in parts)
        for held, part in zip(found, parts, strict=True):
            assert len(part) <= 16 and all(start <= column < start + WINDOW for column in part)
            held += part.tolist()
    assert found == [group.tolist() for group in given_groups]


def test_windows_of_nothing() -> None:
    assert list(windows_of([], 128)) == []
    assert list(windows_of([np.zeros(0, np.int64)] * 4, 128)) == []


@pytest.mark.parametrize(
    ("weight", "schedule", "message"),
    [
        (np.zeros((4, 3), np.int8), DWORDS, "gather_dwords needs more than 3 input channels"),
        (np.zeros((4, 127), np.int8), WINDOWS, "permute_windows needs more than 127 input channels"),
        (np.full((4, 128), 128, np.int16), WINDOWS, "permute_windows packs s8"),
        (np.full((4, 128), 200, np.uint8), DWORDS, "gather_dwords packs s8"),
        (np.zeros((4, 128), np.float32), DWORDS, "gather_dwords packs s8"),
    ],
)
def test_what_does_not_fit_is_refused(weight: np.ndarray, schedule: Schedule, message: str) -> None:
    with pytest.raises(CompilerBug, match=message):
        pack_weight(weight, schedule)


def test_wider_integers_that_hold_bytes_are_packed() -> None:
    weight = drawn(17, 130, 0.5, (4, 1), 0)
    for schedule in (DWORDS, WINDOWS):
        np.testing.assert_array_equal(pack_weight(weight.astype(np.int16), schedule), pack_rows(weight, schedule))
