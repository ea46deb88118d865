"""Puts the blocks of a group of output rows in an order in which `pmaddubsw` multiplies as many as possible exactly.

That instruction of CPUs without VNNI multiplies bytes, adds up two products and saturates the sum to 16 bits. Whatever
the bytes are, a sum of such products is exact where the weights that are not negative add up to at most 128, and those
that are to at least -128: 255 times that is what 16 bits hold. For two weights it is enough that one is small, or that
their signs differ. If four fit, two sums of two can be added in 16 bits before they are widened, which is a quarter of
the multiplications less: dense weights take a tenth less time for it.

Weights that neighbour each other by chance often do not fit, but which of the blocks of a group are neighbours is free:
a large one goes well with a small one. Of weights that were pruned in 4x1 blocks by magnitude, nearly all find a
partner; of these pairs, a tenth (768 input channels, 90 % pruned) to three quarters (3072, 80 %) find another pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST_SUM = 32767 // 255
"""What weights of one sign may add up to."""

CLASS = 64
"""Blocks of a group among which partners are sought: more would find a few more, in time that grows with it. They are
consecutive, so that neighbours read input rows that are not far from each other."""

_COUPLED, _PAIRED, _ALONE = range(3)
"""In which order the blocks of a group lie."""

_AT_A_TIME = 1024
"""Classes whose tables stay in a cache."""

_LANES = np.uint64(0x0101_0101_0101_0101)
"""One in each of eight lanes of 8 bits: sums of half the weights are compared all at once."""
_OVER = np.uint64(0x80) * _LANES
_MARGIN = np.uint64(0x7F - LARGEST_SUM // 2) * _LANES

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Sums:
    """What weights of each sign add up to.

    Attributes:
        above: int16 [n, ...], the sums of those that are not negative.
        below: the sums of the negative ones, negated.
    """

    above: NDArray[np.int16]
    below: NDArray[np.int16]

    @staticmethod
    def of(weights: NDArray[np.int8]) -> Sums:
        """Of each of some s8."""
        wide = weights.astype(np.int16)
        return Sums(np.maximum(wide, 0), np.maximum(-wide, 0))

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.above + other.above, self.below + other.below)

    def __getitem__(self, some: Integers) -> Sums:
        return Sums(self.above[some], self.below[some])

    @property
    def fit(self) -> NDArray[np.bool_]:
        """bool [n]: whether all sums of products of weights with these sums fit 16 bits."""
        largest = _flat(np.maximum(self.above, self.below))
        return np.asarray(largest.max(axis=1, initial=0) <= LARGEST_SUM)

    @property
    def hardness(self) -> NDArray[np.int32]:
        """[n]: the larger, the fewer others fit."""
        total = _flat(self.above + self.below).astype(np.int32)
        return np.asarray((total * total).sum(axis=1, dtype=np.int32))

    @property
    def lanes(self) -> NDArray[np.uint64]:
        """[n, lanes of 8], half of each sum, rounded up, so 127 and 1 are no pair; 65 fits with none."""
        both = np.concatenate([_flat(self.above), _flat(self.below)], axis=1)
        halves = np.zeros((len(both), -(-both.shape[1] // 8) * 8), np.uint8)
        halves[:, : both.shape[1]] = (np.minimum(both, LARGEST_SUM + 1) + 1) // 2
        return halves.view(np.uint64)


def _flat(part: NDArray[np.int16]) -> NDArray[np.int16]:
    return part.reshape(len(part), math.prod(part.shape[1:]))


def order_for_pairs(group: Integers, values: NDArray[np.int8]) -> Integers:
    """An order of 4x1 blocks in which those of each group begin with quads that fit.

    Two consecutive quads of which the sums fit, too, come first: the first two weights of a row in both quads are four
    that fit, and so are the last two. Then follow pairs that fit, then what is left over.

    Args:
        group: [n], ascending.
        values: [n, 4], not all zero.

    Returns:
        [n] indices; pairs and what is left over keep the order that they had.
    """
    sums = Sums.of(values)
    place = np.arange(len(group))
    partner = find_partners(group, sums)
    one = np.flatnonzero(place < partner)
    other = partner[one]
    rank, leader, member = np.full(len(group), _ALONE), place.copy(), np.zeros(len(group), np.int64)
    for position, blocks in enumerate((one, other)):
        rank[blocks], leader[blocks], member[blocks] = _PAIRED, one, position
    # pairs that fit together are the same half of two quads
    pairs = find_partners(group[one], sums[one] + sums[other])
    first = np.flatnonzero(np.arange(len(one)) < pairs)
    owner = group[one[first]]
    count = np.bincount(owner)
    number = np.arange(len(first)) - (np.cumsum(count) - count)[owner]
    coupled = number < count[owner] // 2 * 2  # a couple of quads has two such sets of four blocks
    first, number = first[coupled], number[coupled]
    for quad, some in enumerate((first, pairs[first])):
        for position, blocks in enumerate((one[some], other[some])):
            rank[blocks], leader[blocks] = _COUPLED, number // 2
            member[blocks] = 4 * quad + 2 * (number % 2) + position
    return np.lexsort((member, leader, rank, group))


def order_for_couples(group: Integers, sums: Sums) -> Integers:
    """An order of entries in which those of each group begin with two and two whose sums fit together, then those that
    fit alone, then what is left over.

    Args:
        group: [n], ascending.
        sums: of each entry, those of the pairs of weights that are multiplied by one instruction.

    Returns:
        [n] indices.
    """
    place = np.arange(len(group))
    partner = find_partners(group, sums)
    rank = np.where(partner >= 0, _COUPLED, np.where(sums.fit, _PAIRED, _ALONE))
    leader = np.where(partner >= 0, np.minimum(place, partner), place)
    return np.lexsort((place, leader, rank, group))


def find_partners(group: Integers, sums: Sums) -> Integers:
    """For each block the one that it is paired with, -1 if it stays alone. The hardest block of each class chooses
    first, and takes the hardest that fits."""
    classes = _classes(group)
    counts = np.bincount(classes)
    place = np.arange(len(classes)) - (np.cumsum(counts) - counts)[classes]
    # tables with a row for each class
    shape = len(counts), int(counts.max(initial=0))
    index, hardness = np.full(shape, -1), np.full(shape, -1, np.int32)
    index[classes, place] = np.arange(len(classes))
    hardness[classes, place] = sums.hardness
    index = np.take_along_axis(index, np.argsort(-hardness, axis=1, kind="stable"), axis=1)
    lanes = np.moveaxis(sums.lanes[index], 2, 0)  # those of absent blocks do not matter
    partner = np.full(len(classes), -1)
    for start in range(0, len(counts), _AT_A_TIME):
        some = slice(start, start + _AT_A_TIME)
        _choose(index[some], lanes[:, some], partner)
    return partner


def _classes(group: Integers) -> Integers:
    """The class of each block, ascending: consecutive blocks of a group, about equally many in each."""
    counts = np.bincount(group)
    place = np.arange(len(group)) - (np.cumsum(counts) - counts)[group]
    size = -(-counts // np.maximum(1, -(-counts // CLASS)))
    changes = (np.diff(group, prepend=-1) != 0) | (place % size[group] == 0)
    return np.cumsum(changes) - 1


def _choose(index: Integers, lanes: NDArray[np.uint64], partner: Integers) -> None:
    """Find the partners of some classes, a row of the tables for each."""
    free, row, raised = index >= 0, np.arange(len(index)), lanes + _MARGIN
    for _ in range(index.shape[1]):
        hardest = free.argmax(axis=1)
        chooses = free[row, hardest]
        free[row, hardest] = False
        over = (raised[0] + lanes[0, row, hardest][:, None]) & _OVER
        for own, others in zip(lanes[1:], raised[1:], strict=True):
            over |= (others + own[row, hardest][:, None]) & _OVER
        fits = free & (over == 0)
        found = fits.argmax(axis=1)
        some = row[chooses & fits[row, found]]
        one, other = index[some, hardest[some]], index[some, found[some]]
        partner[one], partner[other] = other, one
        free[some, found[some]] = False
        if not free.any():
            break
        # the first of all has chosen or was chosen everywhere
        free, index = free[:, 1:], index[:, 1:]
        lanes, raised = lanes[:, :, 1:], raised[:, :, 1:]
