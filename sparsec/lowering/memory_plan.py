"""Which buffers may share memory: lifetimes in, slots of one arena out. Pure.

Sizes are symbolic, so buffers cannot be given fixed offsets. They are given *slots*: buffers that are never alive at
the same time may share one, and a slot is as large as its largest buffer once the symbols are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sparsec.dims import Size, evaluate

_NOMINAL = 97
"""The value that every symbol is given to compare sizes; any number that tells a square from a line will do."""


@dataclass(frozen=True)
class Lifetime:
    """When a buffer is needed.

    Attributes:
        first: number of the call that writes it.
        last: number of the last call that reads it.
        size: elements or bytes, in one unit for all buffers.
    """

    first: int
    last: int
    size: Size


def plan_slots(lifetimes: Sequence[Lifetime]) -> list[int]:
    """The slot of each buffer, numbered from 0; lifetimes that touch (one's last is the other's first) never share.

    Buffers are placed in the order in which they are written, each into the free slot whose size is nearest to its own:
    the smallest that is large enough, else the largest, else a new one.
    """
    slots: list[int] = [0] * len(lifetimes)
    busy_until: list[int] = []
    capacity: list[int] = []
    for index in sorted(range(len(lifetimes)), key=lambda i: (lifetimes[i].first, i)):
        lifetime = lifetimes[index]
        size = _nominal(lifetime.size)
        free = [slot for slot, last in enumerate(busy_until) if last < lifetime.first]
        if free:
            slot = min(free, key=lambda slot: (capacity[slot] < size, abs(capacity[slot] - size)))
            capacity[slot] = max(capacity[slot], size)
            busy_until[slot] = lifetime.last
        else:
            slot = len(busy_until)
            busy_until.append(lifetime.last)
            capacity.append(size)
        slots[index] = slot
    return slots


def _nominal(size: Size) -> int:
    return evaluate(size, dict.fromkeys(size.symbols, _NOMINAL)) if not isinstance(size, int) else size
