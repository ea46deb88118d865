"""Several sets of sums that take turns, where one set is so small that its sums would wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sparsec.lowering.kernels.vector import Emitter, Value

Place = TypeVar("Place")


class Sets:
    """Sets of integer sums; all but the first start at zero.

    Attributes:
        count: how many sets.
        start: the sums of all sets.
    """

    def __init__(self, e: Emitter, count: int, first: Sequence[Value]):
        self._e, self._size, self.count = e, len(first), count
        self.start = [*first, *(e.constant(0, value.type) for _ in range(count - 1) for value in first)]

    def step(
        self, emit: Callable[[Place, Sequence[Value]], list[Value]], places: Sequence[Place], held: Sequence[Value]
    ) -> list[Value]:
        """One step for each set: `emit(place, its sums)`."""
        return [value for place, part in zip(places, self._parts(held), strict=True) for value in emit(place, part)]

    def total(self, held: Sequence[Value]) -> list[Value]:
        """The sums over all sets."""
        first, *others = self._parts(held)
        for part in others:
            first = [self._e.add(one, other) for one, other in zip(first, part, strict=True)]
        return list(first)

    def _parts(self, held: Sequence[Value]) -> list[Sequence[Value]]:
        return [held[start : start + self._size] for start in range(0, len(held), self._size)]
