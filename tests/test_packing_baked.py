"""Pieces and streams of baked weights, read back by a plain walk; and the blocks of interleaved tiles likewise."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.errors import CompilerBug
from sparsec.kept import Kept
from sparsec.packing import WeightLayout, pack_weight
from sparsec.packing_baked import bake, flatten, groups_at, unflatten
from sparsec.schedule import Dataflow, Schedule

SIZES = st.tuples(st.integers(1, 13), st.integers(1, 21), st.floats(0, 1), st.integers(0, 99))


def drawn(rows: int, columns: int, density: float, seed: int) -> np.ndarray:
    """s8 over the whole range, some columns of 4 rows empty."""
    random = np.random.default_rng(seed)
    kept = random.random((-(-rows // 4), columns)).repeat(4, 0)[:rows] < density
    return (random.integers(-128, 128, (rows, columns)) * kept).astype(np.int8)


@settings(deadline=None)
@given(SIZES)
def test_pieces_and_stream_hold_the_matrix(sizes: tuple[int, int, float, int]) -> None:
    weight = drawn(*sizes)
    pieces, stream = bake(weight)
    assert unflatten(flatten(pieces)) == pieces
    groups = -(-len(weight) // 4)
    order = struct.unpack_from(f"<{groups}I", stream.tobytes())
    assert sorted(order) == list(range(groups))
    seen = np.zeros((4 * groups, weight.shape[1]), np.int64)
    place, at = 0, groups_at(groups)
    for piece in pieces:
        for group in order[place : place + piece.count]:
            quads = stream[at : at + 16 * piece.quads].view(np.int8).reshape(piece.quads, 4, 4)
            for quad, columns in zip(quads, np.reshape(piece.columns, (-1, 4)), strict=True):
                for lane, column in enumerate(columns):
                    seen[4 * group : 4 * group + 4, column] += quad[:, lane]
            assert piece.rows == min(4, len(weight) - 4 * group)
            at += 16 * piece.quads
        place += piece.count
    assert at == stream.size
    np.testing.assert_array_equal(seen[: len(weight)], weight)
    assert not seen[len(weight) :].any()


def test_equal_groups_share_a_piece() -> None:
    kept = np.random.default_rng(0).random(40) < 0.3
    weight = np.where(kept, np.random.default_rng(1).integers(1, 9, (64, 40)), 0).astype(np.int8)
    pieces, _ = bake(weight)
    assert [piece.count for piece in pieces] == [16]
    assert pieces[0].quads == -(-np.count_nonzero(kept) // 4)


def test_an_empty_matrix_has_one_piece_without_quads() -> None:
    pieces, stream = bake(np.zeros((8, 5), np.int8))
    assert [(piece.count, piece.quads) for piece in pieces] == [(2, 0)] and stream.size == groups_at(2)


def test_wide_weights_cannot_be_baked() -> None:
    with pytest.raises(CompilerBug, match="only s8"):
        bake(np.array([[128]], np.int16))


@settings(deadline=None)
@given(SIZES, st.sampled_from([1, 4, 6]))
def test_blocks_hold_the_matrix(sizes: tuple[int, int, float, int], rows: int) -> None:
    weight = drawn(*sizes)
    schedule = Schedule(Dataflow.BLOCK_QUADS, 64, rows)
    layout = WeightLayout.of((weight.shape[0], weight.shape[1]), schedule)
    stream = pack_weight(weight, schedule).tobytes()
    seen = np.zeros((layout.groups * rows, layout.tile_columns), np.int64)
    entries = 0
    for group in range(layout.groups):
        first, last = struct.unpack_from("<2I", stream, 4 * group)
        assert (last - first) % layout.multiple == 0
        entries += last - first
        for entry in range(first, last):
            at = layout.entries_at + entry * layout.entry_size
            (dword,) = struct.unpack_from("<H", stream, at)
            block = np.frombuffer(stream, np.int8, 4 * rows, at + layout.weights_at).reshape(rows, 4)
            seen[rows * group : rows * (group + 1), 4 * dword : 4 * dword + 4] += block
    assert layout.entries_at + entries * layout.entry_size == len(stream)
    assert entries == Kept(weight).steps(schedule)
    np.testing.assert_array_equal(seen[: len(weight), : weight.shape[1]], weight)
    assert np.count_nonzero(seen) == np.count_nonzero(weight)


def test_code_is_counted_once_for_equal_patterns() -> None:
    different, same = drawn(64, 64, 0.2, 0), np.tile(drawn(4, 64, 0.2, 0), (16, 1))
    assert Kept(same).code_size(64) < Kept(different).code_size(64) / 8
    assert Kept(same).code_size(16) == Kept(same).code_size(64) // 4
