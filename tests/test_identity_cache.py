"""Functions of objects are called once for each object, also after the cache has started over."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerType

from sparsec.identity_cache import LIMIT, by_identity


def test_once_for_each_object() -> None:
    seen: list[IntegerType] = []

    @by_identity
    def width(kind: IntegerType) -> int:
        seen.append(kind)
        return kind.width.data

    first, second = IntegerType(8), IntegerType(8)
    assert [width(kind) for kind in (first, second, first, second)] == [8] * 4
    assert [id(kind) for kind in seen] == [id(first), id(second)]


def test_an_object_that_is_gone_is_never_taken_for_another() -> None:
    """Python gives a new object the id of one that has died, unless the cache keeps that alive."""
    width = by_identity(lambda kind: kind.width.data)
    for bits in range(1, 3 * LIMIT):
        assert width(IntegerType(bits)) == bits
