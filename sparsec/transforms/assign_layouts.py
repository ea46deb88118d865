"""Chooses for every activation whether it lies in feature-major tiles or row-major, and converts at the borders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_structure as st
from sparsec.dialects.body import TILE_ELEMENTS
from sparsec.dialects.encoding import Layout, element_of, layout_of, sizes_of, to_numpy, with_layout
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import Map, MatMul
from sparsec.dialects.tensor_op import normalise_axis
from sparsec.dims import Size
from sparsec.transforms.straight_line import function_blocks
from sparsec.weights import WeightStore

FLEXIBLE = (Map, st.DynamicQuantize, st.Reshape, st.Gather, st.Slice)
"""Ops that can write tiles or rows, whichever is cheaper around them. Slices read either, too."""

ROUNDS = 4
"""How often a choice is looked at again after its neighbours have chosen; two are enough in practice."""


@dataclass(frozen=True)
class AssignLayouts(ModulePass):
    """Types get `layout = tiled` where that is best; `sparse.convert_layout` stands wherever a reader wants the other.

    Products with weights, attention and layer normalisation read and write tiles. Maps, reshapes that only regroup
    tokens, gathers from tables and slices take the layout that needs the fewest bytes converted around them.
    Everything else is row-major, and so are constants, operands that broadcast, inputs and outputs of the model.
    """

    name = "assign-layouts"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for block in function_blocks(op):
            _convert(block, _choose(block), weights_of(ctx))


def is_tileable(shape: tuple[Size, ...]) -> bool:
    """Whether a tensor of this shape can lie in tiles: tokens along the leading axes, a known number of channels."""
    return len(shape) >= 2 and isinstance(shape[-1], int)


def insists_on_tiles(op: Operation) -> bool:
    """Whether the kernels of `op` exist for tiles only."""
    return isinstance(op, MatMul | Attention) or (
        isinstance(op, st.LayerNorm) and is_tileable(sizes_of(op.result.type))
    )


def may_write_tiles(op: Operation) -> bool:
    """Whether `op` is one of those that can do either."""
    if not isinstance(op, FLEXIBLE) or not is_tileable(sizes_of(op.results[0].type)):
        return False
    if not all(element_of(value.type) in TILE_ELEMENTS for value in (*tiled_operands(op), *tiled_results(op))):
        return False
    if isinstance(op, st.Reshape):
        given, wanted = sizes_of(op.operand.type), sizes_of(op.result.type)
        return is_tileable(given) and given[-1] == wanted[-1]
    if isinstance(op, st.Gather):
        data = sizes_of(op.operand.type)
        return len(data) == 2 and normalise_axis(op.axis.value.data, len(data), op) == 0
    return True


def tiled_operands(op: Operation) -> list[SSAValue]:
    """The operands that `op` reads as tiles when it works on tiles."""
    match op:
        case MatMul():
            shape = sizes_of(op.outputs[0].type)
            return [op.x, *(extra for extra in op.extras if sizes_of(extra.type) == shape and not _is_constant(extra))]
        case Attention():
            return [op.q, op.k, op.v]
        case st.LayerNorm() | st.Reshape() | st.DynamicQuantize():
            return [op.operands[0]]
        case Map():
            shape = sizes_of(op.outputs[0].type)
            return [value for value in op.inputs if sizes_of(value.type) == shape and not _is_constant(value)]
        case _:
            return []


def tiled_results(op: Operation) -> list[SSAValue]:
    """The results that `op` writes as tiles when it works on tiles."""
    return [op.quantised] if isinstance(op, st.DynamicQuantize) else list(op.results)


def _is_constant(value: SSAValue) -> bool:
    return isinstance(value.owner, st.Constant)


@dataclass
class _Choice:
    """Which ops work on tiles."""

    tiled: set[Operation] = field(default_factory=set[Operation])

    def is_tiled(self, value: SSAValue) -> bool:
        """Whether `value` lies in tiles."""
        owner = value.owner
        return isinstance(owner, Operation) and owner in self.tiled and value in tiled_results(owner)

    def wants(self, reader: Operation, value: SSAValue) -> Layout | Literal["any"] | None:
        """The layout in which `reader` wants `value`; "any" if it does not care."""
        if reader in self.tiled and value in tiled_operands(reader):
            return Layout.TILED
        return "any" if isinstance(reader, st.Slice) else None

    def converted_bytes(self, op: Operation, tiled: bool) -> int:
        """Bytes per channel and token that must be converted around `op` if it works on tiles, or if it does not.

        A conversion that somebody else needs anyway is free.
        """
        mine = Layout.TILED if tiled else None
        total = 0
        for value in tiled_operands(op):
            elsewhere = [self.wants(use.operation, value) for use in value.uses if use.operation is not op]
            if self.is_tiled(value) != tiled and mine not in elsewhere:
                total += _width(value)
        for value in tiled_results(op):
            other = None if tiled else Layout.TILED
            if any(self.wants(use.operation, value) == other for use in value.uses):
                total += _width(value)
        return total


def _width(value: SSAValue) -> int:
    return to_numpy(element_of(value.type)).itemsize  # pyright: ignore[reportUnknownMemberType]


def _choose(block: Block) -> _Choice:
    """Begin with tiles wherever possible; ops leave, one by one, where rows need no more conversions."""
    flexible = [op for op in block.ops if may_write_tiles(op)]
    choice = _Choice({*flexible, *(op for op in block.ops if insists_on_tiles(op))})
    for round_number in range(ROUNDS):
        before = set(choice.tiled)
        for op in flexible if round_number % 2 == 0 else reversed(flexible):
            rows, tiles = choice.converted_bytes(op, False), choice.converted_bytes(op, True)
            if tiles < rows:
                choice.tiled.add(op)
            else:
                choice.tiled.discard(op)
        if choice.tiled == before:
            break
    return choice


def _convert(block: Block, choice: _Choice, weights: WeightStore) -> None:
    """Write the layouts into the types and insert the conversions, each shared by all that come after it."""
    converted: dict[tuple[SSAValue, Layout | None], SSAValue] = {}
    for op in list(block.ops):
        for index, value in enumerate(list(op.operands)):
            wanted = choice.wants(op, value)
            if wanted == "any" or wanted == layout_of(value.type):
                continue
            key = value, wanted
            if key not in converted:
                converted[key] = Builder.before(weights, op).convert_layout(value, wanted)
            op.operands[index] = converted[key]
        if op in choice.tiled:
            for result in tiled_results(op):
                Rewriter.replace_value_with_new_type(result, with_layout(result.type, Layout.TILED))
