"""Lookups that a body ends in are left to whoever stores its bytes: packed, four times as many fit into a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute, BlockArgument, Region

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield, yielded
from sparsec.lowering.kernels.elements import narrow
from sparsec.lowering.kernels.vector import Emitter, Value


@dataclass(frozen=True)
class LastLookup:
    """A lookup taken off the end of a body.

    Attributes:
        element: the type of the bytes that are looked up, which the body yields now.
        argument: the number of the table among the body's arguments.
    """

    element: Attribute
    argument: int


@dataclass(frozen=True)
class LoadedTable:
    """A table ready for `Emitter.look_up`, and the element type of the bytes that it takes."""

    element: Attribute
    parts: tuple[Value, ...]


def split_lookups(body: Region) -> tuple[Region, tuple[LastLookup | None, ...]]:
    """A copy of a body without the lookups at its end, and for each yielded value the one that was there."""
    copy = body.clone()
    last = copy.block.last_op
    assert isinstance(last, Yield)
    taken: list[LastLookup | None] = []
    for index, value in enumerate(yielded(copy)):
        if isinstance(op := value.owner, ew.Lookup) and isinstance(table := op.table, BlockArgument):
            last.operands[index] = op.operand
            taken.append(LastLookup(op.operand.type, table.index))
        else:
            taken.append(None)
    for op in reversed(list(copy.block.ops)):
        if isinstance(op, ew.Lookup) and op.result.first_use is None:
            op.detach()
            op.erase()
    return copy, tuple(taken)


def load_tables(
    e: Emitter, lookups: Sequence[LastLookup | None], arguments: Sequence[Value]
) -> list[LoadedTable | None]:
    """The tables of these lookups; `arguments` are where the body's arguments lie."""
    return [
        None if lookup is None else LoadedTable(lookup.element, e.load_table(arguments[lookup.argument]))
        for lookup in lookups
    ]


def narrow_or_look_up(e: Emitter, value: Value, element: Attribute, table: LoadedTable | None) -> Value:
    """16 lanes that a body yields, as they are stored."""
    return narrow(e, value, element) if table is None else e.look_up(table.parts, narrow(e, value, table.element))
