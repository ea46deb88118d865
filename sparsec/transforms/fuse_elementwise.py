"""What elementwise work is left becomes `sparse.map`, as few and as large as shapes and dependences allow."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.sparse import Map
from sparsec.transforms.bodies import absorb, has_room, size_of, wrap
from sparsec.transforms.straight_line import erase_dead, function_blocks, move_before, path_between, position_of


@dataclass(frozen=True)
class FuseElementwise(ModulePass):
    """`exp(add(a, b))` -> `sparse.map(a, b) { exp(a + b) }`; afterwards no elementwise op stands outside a body.

    Two maps become one when their results have the same shape, one reads the other or both read the same tensor of
    that shape, no other op must run between them, and their body has at most `MOST_OPS` ops. A small map that is
    broadcast by a large one (a mask) stays on its own: fused, it would be computed again for every element of the
    large one.
    """

    name = "fuse-elementwise"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in reversed(list(block.ops)):  # readers first, while what they repeat is not wrapped yet
                if isinstance(inner, ew.ElementwiseOp) and inner.parent is not None:
                    wrap(inner, weights)
            erase_dead(block)
            for inner in list(block.ops):
                if isinstance(inner, Map):
                    _merge(inner)


def _merge(op: Map) -> None:
    refused: set[Operation] = set()
    while (partner := _partner(op, refused)) is not None:
        outside = [value for value in op.inputs if value.owner is not partner]
        needed = path_between(partner, op).needed_by(outside)
        if needed is None or not has_room(partner, size_of(op)):
            refused.add(partner)
            continue
        move_before(needed, partner)
        merged = absorb(partner, op)
        assert isinstance(merged, Map)
        op = merged


def _partner(op: Map, refused: set[Operation]) -> Map | None:
    """The last map before `op` of the same shape that makes one of its inputs, or reads one of its full-size inputs."""
    shape = sizes_of(op.results[0].type)
    position = position_of(op)
    best: tuple[int, Map] | None = None
    for candidate in _related(op):
        if candidate is op or candidate in refused or sizes_of(candidate.results[0].type) != shape:
            continue
        place = position_of(candidate)
        if place < position and (best is None or place > best[0]):
            best = place, candidate
    return best[1] if best else None


def _related(op: Map) -> list[Map]:
    shape = sizes_of(op.results[0].type)
    owners = [value.owner for value in op.inputs]
    readers = [use.operation for value in op.inputs if sizes_of(value.type) == shape for use in value.uses]
    return [found for found in dict.fromkeys([*owners, *readers]) if isinstance(found, Map)]
