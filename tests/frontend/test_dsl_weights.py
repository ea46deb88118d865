"""Weights of pages: seeds, files, masks, blocks, schedules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsec.dialects.encoding import blocks_of
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import SCHEDULE_HINT, ScheduleAttr
from sparsec.errors import DslError
from sparsec.frontend.dsl import read_dsl, read_weights
from sparsec.frontend.dsl_weights import random_weight
from sparsec.pattern import BlockPattern
from sparsec.schedule import Dataflow, Schedule
from sparsec.weights import Array, WeightStore


def weight(declaration: str, directory: Path | None = None) -> Array:
    """The numbers of `weight w: <declaration>`."""
    page = f"weight w: {declaration}\nmodel m(x: f32[batch]) -> (y) {{ y = x }}"
    return read_weights(page, directory=directory)["w"]


def constant(declaration: str, use: str = "linear(x, w)") -> Constant:
    """The constant that a weight becomes."""
    module = read_dsl(f"weight w: {declaration}\nmodel m(x: f32[batch, 8]) -> (y) {{ y = {use} }}", WeightStore())
    module.verify()
    return next(op for op in module.walk() if isinstance(op, Constant))


@given(
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.floats(0, 1),
    st.sampled_from([np.float32, np.int8, np.uint8, np.int32, np.int64]),
    st.sampled_from([0, 3]),
)
def test_random_prunes_exactly(
    shape: tuple[int, int], block: tuple[int, int], sparsity: float, dtype: type, zero: int
) -> None:
    array = random_weight(shape, np.dtype(dtype), seed=5, sparsity=sparsity, block=block, zero=zero)
    assert array.dtype == dtype and array.shape == shape
    pattern = BlockPattern.of(array, *block, zero)
    assert pattern.blocks == pattern.stored.size - round(sparsity * pattern.stored.size)


def test_random_is_repeatable_and_spread() -> None:
    first, same = weight("f32[64, 100] random(seed = 3)"), weight("f32[64, 100] random(seed = 3)")
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, weight("f32[64, 100] random(seed = 4)"))
    assert abs(first.std() - 0.1) < 0.005
    wide = weight("i8[100, 100] random(seed = 3)")
    assert (wide.min(), wide.max()) == (-127, 127) and np.all(wide != 0)


def test_pruned_values_are_the_zero_point() -> None:
    array = weight("u8[8, 8] blocks(4x1) random(seed = 1, sparsity = 0.5) quantized(scale = 0.1, zero = 100)")
    assert np.count_nonzero(array != 100) == 32


def test_literals() -> None:
    np.testing.assert_array_equal(weight("f32[2, 2] = [[1, -2.5], [inf, 125e-3]]"), [[1, -2.5], [np.inf, 0.125]])
    np.testing.assert_array_equal(weight("u8[3] = 7"), np.full(3, 7, np.uint8))
    np.testing.assert_array_equal(weight("bool[2] = [true, 0]"), [True, False])
    assert weight("f32 = 0.5").shape == ()


def test_masks_from_file_and_by_element(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w=np.ones((4, 4), np.float32), m=np.array([[1, 0], [0, 1]], np.uint8))
    blocks = weight('f32[4, 4] from "w.npz:w" blocks(2x2) mask "w.npz:m"', tmp_path)
    np.testing.assert_array_equal(blocks, np.kron(np.eye(2), np.ones((2, 2))))
    elements = weight("f32[2, 2] = 5 mask [[0, 1], [1, 0]]")
    np.testing.assert_array_equal(elements, [[0, 5], [5, 0]])
    np.savez(tmp_path / "w.npz", m=np.array([[2, 0], [0, 1]]))
    with pytest.raises(DslError, match="zeros and ones only"):
        weight('f32[4, 4] = 1 blocks(2x2) mask "w.npz:m"', tmp_path)
    with pytest.raises(DslError, match=r"in 4x1 blocks is \[1, 4\]"):
        weight('f32[4, 4] = 1 blocks(4x1) mask "w.npz:m"', tmp_path)


def test_blocks_may_be_cut_off_by_the_edge() -> None:
    array = weight("f32[5, 3] blocks(4x2) mask [[1, 0], [0, 1]] = 1")
    np.testing.assert_array_equal(array, np.array([[1, 1, 0]] * 4 + [[0, 0, 1]], np.float32))


def test_files_differ_from_their_declaration(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.zeros((2, 3)))
    with pytest.raises(DslError, match=r"holds a tensor \[2, 3\], declared is \[3, 2\]"):
        weight('f32[3, 2] from "w.npy"', tmp_path)
    with pytest.raises(DslError, match=r"holds float64, declared is f32: convert it with .astype\(np.float32\)"):
        weight('f32[2, 3] from "w.npy"', tmp_path)


def test_paths_are_relative_to_the_page(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "w.npy", np.ones(3, np.float32))
    page = tmp_path / "page.spc"
    page.write_text('weight w: f32[3] from "data/w.npy"\nmodel m(x: f32[3]) -> (y) { y = x + w }')
    np.testing.assert_array_equal(read_weights(page)["w"], np.ones(3))


def test_blocks_and_schedule_reach_the_constant() -> None:
    op = constant(
        "f32[4, 8] blocks(4x1) random(sparsity = 0.5) schedule(dataflow = gather_rows, tile = 16)",
    )
    blocks = blocks_of(op.result.type)
    assert blocks is not None and blocks.rows.data == 4 and blocks.density == 0.5
    hint = op.attributes[SCHEDULE_HINT]
    assert isinstance(hint, ScheduleAttr) and hint.schedule == Schedule(Dataflow.GATHER_ROWS, 16)


@pytest.mark.parametrize("dataflow", Dataflow)
def test_every_dataflow_has_defaults_and_takes_all_it_lists(dataflow: Dataflow) -> None:
    def schedule(more: str) -> object:
        kind = "i8" if dataflow.is_integer else "f32"
        page = f"{kind}[4, 8] random() quantized(scale = 1) " if dataflow.is_integer else f"{kind}[4, 8] random() "
        return constant(f"{page} schedule(dataflow = {dataflow}{more})").attributes[SCHEDULE_HINT]

    assert schedule("") == ScheduleAttr.of(Schedule(dataflow, dataflow.tiles[0], dataflow.row_counts[0]))
    for tile in dataflow.tiles:
        for rows in dataflow.row_counts:
            found = schedule(f", rows = {rows}, tile = {tile}")
            assert found == ScheduleAttr.of(Schedule(dataflow, tile, rows))


def test_without_clauses_nothing_is_recorded() -> None:
    op = constant("f32[4, 8] random(sparsity = 0.5)")
    assert blocks_of(op.result.type) is None and SCHEDULE_HINT not in op.attributes


def test_a_weight_is_one_constant_however_often_it_is_used() -> None:
    module = read_dsl(
        "weight w: f32[8, 8] random()\nmodel m(x: f32[b, 8]) -> (y) { y = linear(linear(x, w), w) }", WeightStore()
    )
    assert sum(isinstance(op, Constant) for op in module.walk()) == 1


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ("f32[4, 4] schedule(tile = 64) random()", "needs a dataflow"),
        ("f32[4, 4] schedule(dataflow = gather_quads) random()", "gather_quads walks i8 weights; this one is f32"),
        ("i8[4, 4] schedule(dataflow = dense_rows) random()", "dense_rows walks f32 weights; this one is i8"),
        (
            "f32[4, 4] schedule(dataflow = dense_rows, tile = 48) random()",
            "the tile of dense_rows is 64, 32 or 16, got 48",
        ),
        (
            "i8[4, 4] schedule(dataflow = gather_dwords, tile = 9) random()",
            "tile of gather_dwords is 8, .* 2 or 1, got 9",
        ),
        ("i8[4, 4] schedule(dataflow = permute_windows, tile = 8) random()", "permute_windows is 4, 3, 2 or 1, got 8"),
        ("i8[4, 4] schedule(dataflow = permute_windows, rows = 32) random()", "rows of permute_windows is 16, got 32"),
        ("i8[4, 4] schedule(dataflow = dense_dwords, rows = 4) random()", "dense_dwords is 32, 16 or 64, got 4"),
        ("i8[4, 4] schedule(dataflow = gather_quads, rows = 16) random()", "rows of gather_quads is 4, got 16"),
        ("i8[4, 4] schedule(dataflow = gather_dwords, rows = 0.5) random()", "expected a whole number"),
        ("i8[4, 4] schedule(dataflow = gather_dwords, rows = -16) random()", "got -16"),
        ("i8[4, 4] schedule(dataflow = gather_dwords, columns = 4) random()", "no option `columns`; options here are"),
        ("f32[4, 4] schedule(dataflow = gather_dwords) random()", "gather_dwords walks i8 weights; this one is f32"),
        ("f32[4] blocks(4x1) random()", "blocks need a matrix"),
        ("f32[4, 4] blocks(0x1) random()", "a block 0x1 does not fit"),
        ("f32[0] random()", "whole numbers, at least 1"),
        ("f32[n] random()", "whole numbers, at least 1"),
        ("f32[2] = [1, 2] = [1, 2]", "come from one place"),
        ("f32[2] = [[1], [2]]", "one level too deep"),
        ("f32[1, 2] = [1]", "level\\(s\\) short"),
        ("f32[9000, 9000] = 0", "too many to make up"),
        ("i8[1] = [0.5]", "not a whole number"),
        ("f32[1] = [-true]", "is not a number"),
        ("f32[1] = [1e39]", "beyond the largest f32"),
    ],
)
def test_refusals(declaration: str, message: str) -> None:
    with pytest.raises(DslError, match=message):
        weight(declaration)
