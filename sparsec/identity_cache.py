"""A cache that tells arguments apart as objects, not by what they are equal to.

xDSL's attributes are hashed by walking through all that they are made of, which took a tenth of the time of lowering.
Types are mostly handed on from op to op, so that few objects are asked for over and over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K")

LIMIT = 4096
"""Objects that a cache remembers and keeps alive; when there are more, it starts over."""


def by_identity(function: Callable[[K], T]) -> Callable[[K], T]:
    """`function`, a pure one of a constant object, called once for each object. Equal objects have equal results."""
    kept: dict[int, tuple[K, T]] = {}  # the object itself, too: while it lives, its id is nobody else's

    def cached(argument: K) -> T:
        found = kept.get(id(argument))
        if found is None:
            if len(kept) >= LIMIT:
                kept.clear()
            found = kept[id(argument)] = argument, function(argument)
        return found[1]

    return cached
