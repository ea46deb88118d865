"""Float sums in the order that the reference states: four partial sums, added up crosswise at the end.

Element i is added to partial sum i mod 4; the sum is `(s0 + s2) + (s1 + s3)`. That is more exact than one running sum,
and four additions are in flight at once. Because the end is symmetric, partial sums may be held rotated: every element
is added to the first of them, which then goes last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import Attribute

from sparsec.lowering.kernels.vector import Emitter, Value

PARTS = 4

Load = Callable[[Value], Sequence[Value]]
"""Emits the elements with one number, one for each of the sums that run side by side."""


def no_parts(e: Emitter, value_type: Attribute, count: int = 1) -> list[Value]:
    """The partial sums of `count` sums side by side, before the first element."""
    return [e.constant(0.0, value_type)] * (PARTS * count)


def add_rotating(e: Emitter, parts: Sequence[Value], elements: Sequence[Value]) -> list[Value]:
    """The partial sums after one more element of each sum."""
    count = len(elements)
    return [*parts[count:], *(e.add(part, element) for part, element in zip(parts[:count], elements, strict=True))]


def total(e: Emitter, parts: Sequence[Value]) -> list[Value]:
    """The sums."""
    count = len(parts) // PARTS
    first, second, third, fourth = (parts[part * count : (part + 1) * count] for part in range(PARTS))
    pairs = zip(first, second, third, fourth, strict=True)
    return [e.add(e.add(a, c), e.add(b, d)) for a, b, c, d in pairs]


def sum_over(e: Emitter, length: Value, value_type: Attribute, count: int, load: Load) -> list[Value]:
    """The sums of elements 0 to `length`, `count` of them side by side; four elements per turn of the loop."""
    whole = e.both(length, -PARTS)

    def four(k: Value, parts: tuple[Value, ...]) -> Sequence[Value]:
        added = list(parts)
        for part in range(PARTS):
            added = add_rotating(e, added, load(e.add(k, part)))
        return added

    parts = e.for_loop(0, whole, four, no_parts(e, value_type, count), step=PARTS)
    parts = e.for_loop(whole, length, lambda k, held: add_rotating(e, held, load(k)), parts)
    return total(e, parts)
