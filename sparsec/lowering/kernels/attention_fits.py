"""Which quads of attention's broadcast operands `pmaddubsw` multiplies exactly, for targets that have nothing better.

Keys and values are known when the model runs, and most pairs of them fit (`sparsec/packing_pairs.py` says when). So
each group of 4 rows has a list of its quads of k, those that fit first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32, i64

from sparsec.lowering.kernels.vector import Emitter, Operand, Value, vector_of
from sparsec.schedule import GROUP

_ENTRY = 4
"""Bytes of a quad's number and of a count."""


@dataclass(frozen=True)
class Listed:
    """The quads of one group of rows.

    Attributes:
        numbers: points to all of them, i32, those that fit first.
        fitting: how many fit, i64.
    """

    numbers: Value
    fitting: Value

    def number(self, e: Emitter, place: Value) -> Value:
        """The quad at a place of the list, i64."""
        return e.load_extended(i32, self.numbers, e.mul(place, _ENTRY), i64)


@dataclass(frozen=True)
class QuadLists:
    """The lists of all groups of rows.

    Attributes:
        lists: points to i32 [group][room].
        counts: points to i32 [group], of those that fit.
        room: the most quads that a group can have.
        quads: how many there are.
    """

    lists: Value
    counts: Value
    room: Operand
    quads: Value

    @staticmethod
    def find(areas: Mapping[str, Value], name: str, room: Operand, quads: Value) -> QuadLists | None:
        """Where `list_areas` made room, if it did."""
        if f"{name}_lists" not in areas:
            return None
        return QuadLists(areas[f"{name}_lists"], areas[f"{name}_counts"], room, quads)

    def of(self, e: Emitter, group: Value) -> Listed:
        """One group's, once it is complete."""
        return Listed(self._list(e, group), e.load_extended(i32, self.counts, e.mul(group, _ENTRY), i64))

    def finish(self, e: Emitter, group: Value, fitting: Value) -> None:
        """All quads of the group are added; so many fit."""
        e.store(e.truncate(fitting, i32), self.counts, e.mul(group, _ENTRY))

    def add(self, e: Emitter, group: Value, number: Value, fitting: Value, unfit: Value) -> Value:
        """Put a quad, one after the other, behind those that fit or, if `unfit` is not 0, before those that do not,
        which begin at the end of the list. Returns how many fit until now."""
        fits, back = e.equal(unfit, 0), e.sub(e.sub(self.quads, 1), e.sub(number, fitting))
        place = e.select(fits, fitting, back)
        e.store(e.truncate(number, i32), self._list(e, group), e.mul(place, _ENTRY))
        return e.add(fitting, e.zero_extend(fits, i64))

    def _list(self, e: Emitter, group: Value) -> Value:
        return e.offset(self.lists, e.mul(group, e.scaled(self.room, _ENTRY)))


def list_areas(e: Emitter, name: str, groups: Value, room: Operand) -> dict[str, Value]:
    """Bytes of scratch memory for lists of some groups, where the target needs them."""
    if not e.multiplies_in_pairs:
        return {}
    return {f"{name}_lists": e.mul(groups, e.scaled(room, _ENTRY)), f"{name}_counts": e.mul(groups, _ENTRY)}


def unfit_pairs(e: Emitter, values: Value) -> Value:
    """i16x32 that are 0 only where two neighbours of s8x64 fit: where their sum is s8."""
    words = e.reinterpret(values, i16)
    sums = e.add(e.shift_right(e.shift_left(words, 8), 8), e.shift_right(words, 8))
    return e.both(e.add(sums, 128), -256)


def list_values(e: Emitter, lists: QuadLists | None, values: Value, rows: int, width: Value) -> None:
    """List the quads of each group of 4 rows of s8 `values[row][width]`, if at all; width is a multiple of 64."""
    if lists is None:
        return
    flags = e.stack(64)

    def group(index: Value, _: tuple[Value, ...]) -> None:
        first = e.mul(index, GROUP)
        bases = [e.offset(values, e.mul(e.minimum(e.add(first, row), rows - 1), width)) for row in range(GROUP)]

        def chunk(start: Value, state: tuple[Value, ...]) -> Sequence[Value]:
            found = [unfit_pairs(e, e.load(vector_of(i8, 64), base, e.mul(start, 4))) for base in bases]
            e.store(e.either(e.either(found[0], found[1]), e.either(found[2], found[3])), flags)

            def quad(number: Value, state: tuple[Value, ...]) -> list[Value]:
                unfit = e.load_extended(i32, flags, e.mul(e.sub(number, start), 4), i64)
                return [lists.add(e, index, number, state[0], unfit)]

            return e.for_loop(start, e.minimum(e.add(start, 16), lists.quads), quad, state)

        (fitting,) = e.for_loop(0, lists.quads, chunk, [e.i64(0)], step=16)
        lists.finish(e, index, fitting)

    e.for_loop(0, -(-rows // GROUP), group)
