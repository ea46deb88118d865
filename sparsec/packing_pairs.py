"""Puts the blocks of a group of output rows in an order in which pairs of them can be multiplied with `pmaddubsw`.

That instruction of CPUs without VNNI multiplies bytes, adds up two products and saturates the sum to 16 bits. It is
exact where 255 (|w0| + |w1|) <= 32767, that is |w0| + |w1| <= 128. Weights that neighbour each other by chance often do
not fit, but which of the blocks of a group are neighbours is free: a large one goes well with a small one. Of weights
that were pruned in 4x1 blocks by magnitude, 80 to 99 % find a partner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST_PAIR = 32767 // 255
"""What the magnitudes of two weights may add up to."""

CLASS = 96
"""Blocks of a group among which partners are sought: more would find a few percent more, in time that grows with it.
They are consecutive, so that neighbours read input rows that are not far from each other."""

_AT_A_TIME = 1024
"""Classes whose tables stay in a cache."""

_LANES = np.uint64(0x0001_0001_0001_0001)
"""One in each of four lanes of 16 bits: a block's magnitudes are compared all at once."""
_OVER = np.uint64(0x8000) * _LANES
_MARGIN = np.uint64(0x7FFF - LARGEST_PAIR) * _LANES

Integers = NDArray[np.int64]


def fit_as_pairs(first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether `pmaddubsw` is exact for two s8 blocks `[..., rows]` next to each other, whatever bytes they meet."""
    sums = np.abs(first.astype(np.int32)) + np.abs(second.astype(np.int32))
    return np.asarray((sums <= LARGEST_PAIR).all(axis=-1))


def order_for_pairs(group: Integers, values: NDArray[np.int8]) -> Integers:
    """An order of blocks in which those of each group begin with pairs that fit; what is left over follows.

    Args:
        group: [n], ascending.
        values: [n, 4], not all zero.

    Returns:
        [n] indices; pairs and what is left over keep the order that they had.
    """
    place = np.arange(len(group))
    partner = _partners(_classes(group), values)
    alone = partner < 0
    leader = np.where(alone, place, np.minimum(place, partner))
    return np.lexsort((place, leader, alone, group))


def _classes(group: Integers) -> Integers:
    """The class of each block, ascending: consecutive blocks of a group, about equally many in each."""
    counts = np.bincount(group)
    place = np.arange(len(group)) - (np.cumsum(counts) - counts)[group]
    size = -(-counts // np.maximum(1, -(-counts // CLASS)))
    changes = (np.diff(group, prepend=-1) != 0) | (place % size[group] == 0)
    return np.cumsum(changes) - 1


def _partners(classes: Integers, values: NDArray[np.int8]) -> Integers:
    """For each block the one that it is paired with, -1 if it stays alone. The hardest block of each class chooses
    first, and takes the hardest that fits."""
    magnitudes = np.abs(np.ascontiguousarray(values, np.int16))
    counts = np.bincount(classes)
    place = np.arange(len(classes)) - (np.cumsum(counts) - counts)[classes]
    # tables with a row for each class
    shape = len(counts), int(counts.max(initial=0))
    index, hardness = np.full(shape, -1), np.full(shape, -1, np.int32)
    index[classes, place] = np.arange(len(classes))
    hardness[classes, place] = (magnitudes.astype(np.int32) ** 2).sum(axis=1)
    index = np.take_along_axis(index, np.argsort(-hardness, axis=1, kind="stable"), axis=1)
    lanes = magnitudes.view(np.uint64)[index, 0]  # those of absent blocks do not matter
    partner = np.full(len(classes), -1)
    for start in range(0, len(counts), _AT_A_TIME):
        some = slice(start, start + _AT_A_TIME)
        _choose(index[some], lanes[some], partner)
    return partner


def _choose(index: Integers, lanes: NDArray[np.uint64], partner: Integers) -> None:
    """Find the partners of some classes, a row of the tables for each."""
    free, row, limits = index >= 0, np.arange(len(index)), lanes + _MARGIN
    for _ in range(index.shape[1]):
        hardest = free.argmax(axis=1)
        chooses = free[row, hardest]
        free[row, hardest] = False
        fits = free & ((limits + lanes[row, hardest][:, None]) & _OVER == 0)
        found = fits.argmax(axis=1)
        some = row[chooses & fits[row, found]]
        one, other = index[some, hardest[some]], index[some, found[some]]
        partner[one], partner[other] = other, one
        free[some, found[some]] = False
        # the first of all has chosen or was chosen everywhere
        free, index = free[:, 1:], index[:, 1:]
        lanes, limits = lanes[:, 1:], limits[:, 1:]
