"""What elementwise work is left becomes `sparse.map`, as few and as large as shapes and dependences allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.sparse import Map
from sparsec.transforms.bodies import MOST_OPS, absorb, size_of, wrap
from sparsec.transforms.straight_line import erase_dead, function_blocks, move_before

NEAR = 512
"""How many ops before a map its partner is looked for. All of them would take a time that grows with the square of the
model's length, and what two maps read together has left the caches when so much else runs between them."""


@dataclass(frozen=True)
class FuseElementwise(ModulePass):
    """`exp(add(a, b))` -> `sparse.map(a, b) { exp(a + b) }`; afterwards no elementwise op stands outside a body.

    Two maps become one when their results have the same shape, one reads the other or both read the same tensor of
    that shape, no other op must run between them, they are `NEAR`, and their body has at most `MOST_OPS` ops. A small
    map that is broadcast by a large one (a mask) stays on its own: fused, it would be computed again for every element
    of the large one.
    """

    name = "fuse-elementwise"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in reversed(list(block.ops)):  # readers first, while what they repeat is not wrapped yet
                if isinstance(inner, ew.ElementwiseOp) and inner.parent is not None:
                    wrap(inner, weights)
            erase_dead(block)
            ops_of: dict[Map, int] = {}
            for inner in list(block.ops):
                if isinstance(inner, Map):
                    _merge(inner, ops_of)


def _merge(op: Map, ops_of: dict[Map, int]) -> None:
    """Merge a map with those before it, whose `ops_of` bodies are known."""
    ops_of[op] = size_of(op)
    while (found := _partner(op, ops_of)) is not None:
        partner, needed = found
        move_before(needed, partner)
        merged = absorb(partner, op)
        assert isinstance(merged, Map)
        op = merged
        ops_of[op] = size_of(op)


def _partner(op: Map, ops_of: Mapping[Map, int]) -> tuple[Map, list[Operation]] | None:
    """The last map before `op` of the same shape that makes one of its inputs, or reads one of its full-size inputs,
    and has room for it; and the ops between them that `op` needs, in order."""
    shape = sizes_of(op.results[0].type)
    shared = {value for value in op.inputs if sizes_of(value.type) == shape}
    read = {value.owner for value in op.inputs}
    needed: list[Operation] = []
    behind: set[Operation | Block] = set()  # what `needed` reads: none of this may be fused with `op`
    place = op.prev_op
    for _ in range(NEAR):
        if place is None:
            return None
        if (
            isinstance(place, Map)
            and place not in behind
            and (place in read or not shared.isdisjoint(place.inputs))
            and sizes_of(place.results[0].type) == shape
            and ops_of[place] + ops_of[op] <= MOST_OPS
        ):
            return place, needed[::-1]
        if place in read or place in behind:
            needed.append(place)
            behind.update(operand.owner for operand in place.operands)
        place = place.prev_op
    return None
