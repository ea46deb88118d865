"""The order of blocks in which pairs of products fit 16 bits."""

from __future__ import annotations

import struct
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.packing import WeightLayout, pack_weight
from sparsec.packing_pairs import CLASS, Sums, order_for_couples, order_for_pairs
from sparsec.schedule import Dataflow, Schedule


def saturates(*weights: np.ndarray) -> bool:
    """Whether some sum of products of bytes with one weight of each block does not fit 16 bits."""
    together = np.stack(weights).astype(int)
    return bool(
        np.maximum(together, 0).sum(0).max() * 255 > 32767 or np.minimum(together, 0).sum(0).min() * 255 < -32768
    )


def quads_of(values: np.ndarray) -> list[np.ndarray]:
    """Blocks [n, 4] in fours, with zeros after the last."""
    padded = np.zeros((-(-len(values) // 4) * 4, 4), np.int8)
    padded[: len(values)] = values
    return [padded[start : start + 4] for start in range(0, len(padded), 4)]


def couples_of(values: np.ndarray) -> int:
    """How many couples of quads blocks of one group begin with."""
    quads, count = quads_of(values), 0
    while 2 * count + 1 < len(quads):
        one, other = quads[2 * count], quads[2 * count + 1]
        if any(saturates(one[i], one[i + 1], other[i], other[i + 1]) for i in (0, 2)):
            break
        count += 1
    return count


@settings(deadline=None)
@given(st.lists(st.integers(0, 2 * CLASS + 5), max_size=6), st.sampled_from([1, 32, 64, 100, 128]), st.integers(0, 99))
def test_groups_begin_with_couples_then_pairs_that_fit(sizes: list[int], largest: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    values = random.integers(-largest, largest, (len(group), 4)).astype(np.int8)
    order = order_for_pairs(group, values)
    assert sorted(order) == list(range(len(group)))
    np.testing.assert_array_equal(group[order], group)
    for number, size in enumerate(sizes):
        mine = values[order[group == number]]
        fit = [not saturates(*pair) for pair in zip(mine[::2], mine[1::2], strict=False)]
        alone = mine[2 * int(np.argmin([*fit, False])) :]
        # sums are halved and rounded up for the search
        near = [(a + 2 * np.sign(a), b) for a, b in combinations(alone.astype(int), 2)]
        assert not any(size <= CLASS and not saturates(*pair) for pair in near)
        assert largest > 64 or len(alone) <= -(-size // CLASS)
        if largest <= 32 and size <= CLASS:
            assert couples_of(mine) >= size // 8


def test_128_goes_with_0() -> None:
    values = np.array([[-128, -2, -1, -1], [-127, -127, -127, -127], [0, -2, -2, -2]], np.int8)
    assert list(order_for_pairs(np.zeros(3, np.int64), values)) == [0, 2, 1]


def in_all_rows(*numbers: int) -> np.ndarray:
    """Blocks with these weights in all rows."""
    return np.repeat(np.array(numbers, np.int8)[:, None], 4, axis=1)


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ((100, 28, 100, 28), (100, 28, 100, 28)),
        ((100, 100, 28, 28), (100, 28, 100, 28)),
        ((100, 100, 100, 1), (100, 1, 100, 100)),
        ((100, 110, -120, 100), (110, -120, 100, 100)),
        ((100, 110, -60, -120), (100, -60, 110, -120)),
        ((127, 128 - 256, -1, 1), (127, -128, -1, 1)),
        ((127, 127, 127), (127, 127, 127)),
        ((5,), (5,)),
        ((), ()),
    ],
)
def test_a_large_block_gets_a_small_or_an_opposite_neighbour(numbers: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    values = in_all_rows(*numbers)
    order = order_for_pairs(np.zeros(len(numbers), np.int64), values)
    np.testing.assert_array_equal(values[order], in_all_rows(*wanted))


def test_pairs_that_fit_together_are_the_same_half_of_two_quads() -> None:
    values = in_all_rows(60, 60, 4, 4, 50, 50, 14, 14)
    order = order_for_pairs(np.zeros(8, np.int64), values)
    first, second = quads_of(values[order])
    assert not any(saturates(first[i], first[i + 1], second[i], second[i + 1]) for i in (0, 2))
    assert couples_of(values[order]) == 1


def test_every_row_of_a_block_counts() -> None:
    values = np.array([[100, 1, 1, 1], [29, 1, 1, 1], [1, 1, 1, 28], [29, 1, 1, 127]], np.int8)
    order = order_for_pairs(np.zeros(4, np.int64), values)
    assert list(order) == [0, 2, 1, 3]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, CLASS), max_size=4), st.sampled_from([1, 40, 128]), st.integers(1, 5), st.integers(0, 99)
)
def test_entries_begin_with_couples(sizes: list[int], largest: int, rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    entries = random.integers(-largest, largest, (len(group), rows, 4)).astype(np.int8)
    each = Sums.of(entries)
    sums = Sums(*(part[..., ::2] + part[..., 1::2] for part in (each.above, each.below)))
    order = order_for_couples(group, sums)
    assert sorted(order) == list(range(len(group)))
    np.testing.assert_array_equal(group[order], group)
    for number in range(len(sizes)):
        mine = entries[order[group == number]]
        if largest == 1:
            assert not any(saturates(*one.reshape(-1, 2).T, *two.reshape(-1, 2).T) for one, two in pairwise(mine))
        wide = [saturates(entry[:, ::2].ravel(), entry[:, 1::2].ravel()) for entry in mine]
        assert wide == sorted(wide)


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize(
    "schedule",
    [Schedule(Dataflow.GATHER_QUADS), *(Schedule(Dataflow.BLOCK_QUADS, rows=rows) for rows in (6, 4, 1))],
)
@pytest.mark.parametrize("largest", [40, 128])
def test_the_tables_say_where_couples_end_and_pairs_stop_to_fit(schedule: Schedule, pairs: bool, largest: int) -> None:
    random = np.random.default_rng(3)
    weight = random.integers(-largest, largest, (41, 200)).astype(np.int8)
    weight[random.random(weight.shape) < 0.5] = 0
    weight[:6] = 0
    layout = WeightLayout.of((41, 200), schedule)
    packed = pack_weight(weight, schedule, pairs=pairs)
    first = struct.unpack_from(f"<{layout.groups + 1}I", packed.tobytes())
    unfit = struct.unpack_from(f"<{layout.groups}I", packed.tobytes(), layout.unfit_at)
    single = struct.unpack_from(f"<{layout.groups}I", packed.tobytes(), layout.single_at)
    entries = packed[layout.entries_at :].reshape(-1, layout.entry_size)[:, layout.weights_at :].view(np.int8)
    entries = entries.reshape(len(entries), -1, 2)
    wide = [saturates(*entry.T) for entry in entries]
    for begin, alone, middle, end in zip(first, single, unfit, first[1:], strict=False):
        assert begin <= alone <= middle <= end and middle % layout.multiple == 0 and (alone - begin) % 2 == 0
        assert not any(wide[begin:middle])
        assert middle == end or any(wide[middle : middle + layout.multiple])
        together = [saturates(*entries[at].T, *entries[at + 1].T) for at in range(begin, end - 1, 2)]
        expected = together.index(True) if True in together else len(together)
        assert alone == begin + (2 * expected if pairs else 0)
    assert unfit[0] == first[1]
    if pairs and largest == 40:
        assert sum(single) - sum(first[:-1]) > 0.8 * first[-1]


@pytest.mark.parametrize(
    ("shape", "kept", "share"), [((64, 768), 0.1, 0.03), ((64, 3072), 0.1, 0.3), ((64, 768), 0.2, 0.3)]
)
def test_pruned_weights_fit(shape: tuple[int, int], kept: float, share: float) -> None:
    rows, columns = shape
    random = np.random.default_rng(0)
    weight = random.standard_normal(shape).astype(np.float32).reshape(rows // 4, 4, columns)
    size = np.abs(weight).sum(axis=1, keepdims=True)
    weight = (weight * (size > np.quantile(size, 1 - kept))).reshape(shape)
    quantised = np.rint(weight / np.abs(weight).max(axis=1, keepdims=True) * 127).astype(np.int8)
    layout = WeightLayout(rows, columns, Dataflow.GATHER_QUADS)
    packed = pack_weight(quantised, Schedule(layout.dataflow), pairs=True)
    first, unfit, single = np.split(packed[: 4 * (3 * layout.groups + 1)].view(np.uint32).astype(int), [17, 33])
    assert (unfit - first[:-1]).sum() > 0.97 * first[-1]
    assert (single - first[:-1]).sum() > share * first[-1]
