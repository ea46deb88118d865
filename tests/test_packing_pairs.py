"""The order of blocks in which pairs of products fit 16 bits."""

from __future__ import annotations

import struct
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.packing import WeightLayout, pack_weight
from sparsec.packing_pairs import CLASS, fit_as_pairs, order_for_pairs
from sparsec.schedule import Dataflow, Schedule


@settings(deadline=None)
@given(st.lists(st.integers(0, 2 * CLASS + 5), max_size=6), st.sampled_from([1, 64, 100, 128]), st.integers(0, 99))
def test_groups_begin_with_pairs_that_fit(sizes: list[int], largest: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    values = random.integers(-largest, largest, (len(group), 4)).astype(np.int8)
    order = order_for_pairs(group, values)
    assert sorted(order) == list(range(len(group)))
    np.testing.assert_array_equal(group[order], group)
    for number, size in enumerate(sizes):
        mine = values[order[group == number]]
        fit = fit_as_pairs(mine[: size // 2 * 2 : 2], mine[1::2])
        paired = 2 * int(np.argmin([*fit, False]))
        alone = mine[paired:]
        assert not any(size <= CLASS and fit_as_pairs(a, b) for a, b in combinations(alone, 2))
        assert largest > 64 or len(alone) <= -(-size // CLASS)


def test_128_goes_with_0() -> None:
    values = np.array([[-128, 1, 1, 1], [127, 127, 127, 127], [0, 2, 2, 2]], np.int8)
    assert list(order_for_pairs(np.zeros(3, np.int64), values)) == [0, 2, 1]


def magnitudes(*numbers: int) -> np.ndarray:
    """Blocks with these weights in all rows."""
    return np.repeat(np.array(numbers, np.int8)[:, None], 4, axis=1)


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ((100, 28, 100, -28), (100, 28, 100, -28)),
        ((100, 100, 28, 28), (100, 28, 100, 28)),
        ((100, 100, 100, 1), (100, 1, 100, 100)),
        ((127, -128, 1, 0), (127, 1, -128, 0)),
        ((127, 127, 127), (127, 127, 127)),
        ((5,), (5,)),
        ((), ()),
    ],
)
def test_a_large_block_gets_a_small_neighbour(numbers: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    values = magnitudes(*numbers)
    order = order_for_pairs(np.zeros(len(numbers), np.int64), values)
    np.testing.assert_array_equal(values[order], magnitudes(*wanted))


def test_every_row_of_a_block_counts() -> None:
    values = np.array([[100, 1, 1, 1], [29, 1, 1, 1], [1, 1, 1, 28], [29, 1, 1, 127]], np.int8)
    order = order_for_pairs(np.zeros(4, np.int64), values)
    assert list(order) == [0, 2, 1, 3]


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize(
    "schedule",
    [Schedule(Dataflow.GATHER_QUADS), Schedule(Dataflow.BLOCK_QUADS, rows=4), Schedule(Dataflow.BLOCK_QUADS, rows=1)],
)
def test_the_table_says_where_pairs_stop_to_fit(schedule: Schedule, pairs: bool) -> None:
    random = np.random.default_rng(3)
    weight = random.integers(-128, 128, (41, 200)).astype(np.int8)
    weight[random.random(weight.shape) < 0.5] = 0
    weight[:4] = 0
    layout = WeightLayout.of((41, 200), schedule)
    packed = pack_weight(weight, schedule, pairs=pairs)
    first = struct.unpack_from(f"<{layout.groups + 1}I", packed.tobytes())
    unfit = struct.unpack_from(f"<{layout.groups}I", packed.tobytes(), layout.unfit_at)
    entries = packed[layout.entries_at :].reshape(-1, layout.entry_size)[:, layout.weights_at :].view(np.int8)
    magnitudes = np.abs(entries.astype(int))
    fits = (magnitudes[:, ::2] + magnitudes[:, 1::2] <= 128).all(axis=1)
    for begin, middle, end in zip(first, unfit, first[1:], strict=False):
        assert begin <= middle <= end and middle % layout.multiple == 0
        assert fits[begin:middle].all()
        assert middle == end or not fits[middle : middle + layout.multiple].all()
    assert unfit[0] == first[1]
    if pairs and layout.is_blocks:  # blocks are as they are, but those that fit come first
        fits &= magnitudes.any(axis=1)  # not what pads a group
        counts = [fits[begin:end].sum() // layout.multiple * layout.multiple for begin, end in pairwise(first)]
        assert counts == [middle - begin for begin, middle in zip(first, unfit, strict=False)]
    assert not pairs or (np.array(unfit[1:]) > np.array(first[1:-1])).any()


def test_pruned_weights_mostly_fit() -> None:
    random = np.random.default_rng(0)
    weight = random.standard_normal((64, 768)).astype(np.float32).reshape(16, 4, 768)
    size = np.abs(weight).sum(axis=1, keepdims=True)
    weight = (weight * (size > np.quantile(size, 0.9))).reshape(64, 768)
    quantised = np.rint(weight / np.abs(weight).max(axis=1, keepdims=True) * 127).astype(np.int8)
    layout = WeightLayout(64, 768, Dataflow.GATHER_QUADS)
    table = pack_weight(quantised, Schedule(layout.dataflow), pairs=True)[: 4 * 33].view(np.uint32).astype(int)
    first, unfit = table[:17], table[17:]
    assert (unfit - first[:-1]).sum() > 0.7 * first[-1]
