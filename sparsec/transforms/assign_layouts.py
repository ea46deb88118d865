"""Chooses for every activation how it lies in memory, feature-major tiles or rows, and converts at the borders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from sparsec.builder import Builder
from sparsec.context import timings_of, weights_of
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.body import TILE_ELEMENTS
from sparsec.dialects.encoding import Layout, element_of, layout_of, sizes_of, to_numpy, with_layout
from sparsec.dialects.nn_attention import AttentionOp
from sparsec.dialects.nn_tokens import token_bounds
from sparsec.dialects.sparse import Embedding, LayerNorm, Map, MatMul
from sparsec.dialects.tensor_op import normalise_axis
from sparsec.dims import Size, product
from sparsec.errors import CompilerBug
from sparsec.schedule import TILE
from sparsec.transforms.scheduler import Scheduler
from sparsec.transforms.straight_line import function_blocks
from sparsec.weights import WeightStore

FLEXIBLE = (Map, rd.DynamicQuantize, st.Reshape, st.Gather, st.Slice)
"""Ops that can write tiles or rows, whichever is cheaper around them. Slices read either, too."""

ROUNDS = 4
"""How often a choice is looked at again after its neighbours have chosen; two are enough in practice."""

CYCLES_PER_BYTE: Mapping[tuple[Layout | None, Layout | str | None], float] = {
    (None, Layout.TILED): 0.25,
    (Layout.TILED, None): 0.25,
    (Layout.TILED, Layout.INTERLEAVED): 0.03,
}
"""What a conversion costs, for each byte of an activation; measured. Other conversions go through tiles."""


Wanted = Layout | Literal["any"] | None
"""The layout in which a reader wants a value: one, rows, or "any" if it does not care."""


@dataclass(frozen=True)
class AssignLayouts(ModulePass):
    """Types get `layout = ...` where that is best; `sparse.convert_layout` stands wherever a reader wants another one.

    Attention, layer normalisation and products of floats read and write tiles, embeddings write them. Products of bytes
    take the layout in which their best schedule and the conversions around it cost the fewest predicted cycles. So do
    maps, reshapes that only regroup tokens, gathers from tables and slices, which cost the same in tiles and in rows.
    Everything else is row-major, and so are constants, operands that broadcast, inputs and outputs of the model.
    """

    name = "assign-layouts"

    target: str = "avx512vbmi"
    core: str = ""
    expect: str = ""
    others: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        scheduler = Scheduler(
            weights, self.target, self.core, self.expect, self.others, timings_of(ctx), token_bounds(op)
        )
        for block in function_blocks(op):
            _convert(block, _choose(block, scheduler), weights)


def is_tileable(shape: tuple[Size, ...]) -> bool:
    """Whether a tensor of this shape can lie in tiles: tokens along the leading axes, a known number of channels."""
    return len(shape) >= 2 and isinstance(shape[-1], int)


def may_write_tiles(op: Operation) -> bool:
    """Whether `op` is one of those that can do either."""
    if not isinstance(op, FLEXIBLE) or not is_tileable(sizes_of(op.results[0].type)):
        return False
    read = [op.operands[place] for place in tiled_places(op)]
    if not all(element_of(value.type) in TILE_ELEMENTS for value in (*read, *tiled_results(op))):
        return False
    if isinstance(op, st.Reshape):
        given, wanted = sizes_of(op.operand.type), sizes_of(op.result.type)
        return is_tileable(given) and given[-1] == wanted[-1]
    if isinstance(op, st.Gather):
        data = sizes_of(op.operand.type)
        return len(data) == 2 and normalise_axis(op.axis.value.data, len(data), op) == 0
    return True


def tiled_places(op: Operation) -> list[int]:
    """Which operands `op` reads as tiles when it works on tiles, by number: the same value may be another one, too."""
    match op:
        case MatMul():
            return [0, *_of_its_shape(op, len(op.operands) - len(op.extras))]
        case AttentionOp():
            end = len(op.operands) - len(op.extras)
            return [end - 3, end - 2, end - 1]  # q, k and v, whatever comes before them
        case LayerNorm() | rd.LayerNorm() | st.Reshape() | rd.DynamicQuantize():
            return [0]
        case Map():
            return _of_its_shape(op, 0)
        case _:
            return []


def _of_its_shape(op: MatMul | Map, first: int) -> list[int]:
    shape = sizes_of(op.outputs[0].type)
    read = list(enumerate(op.operands))[first:]
    return [place for place, value in read if sizes_of(value.type) == shape and not _is_constant(value)]


def tiled_results(op: Operation) -> list[SSAValue]:
    """The results that `op` writes as tiles when it works on tiles."""
    return [op.quantised] if isinstance(op, rd.DynamicQuantize) else list(op.results)


def _picks_tokens(reader: Operation, value: SSAValue) -> bool:
    """Whether `reader` takes some tokens of `value` by number, which it can do from tiles, too, if it writes rows."""
    if not isinstance(reader, st.Gather) or value is not reader.operand:
        return False
    rank = len(sizes_of(value.type))
    first = normalise_axis(reader.axis.value.data, rank, reader) == 0
    return first and rank == 2 and len(sizes_of(reader.indices.type)) == 1


def _is_constant(value: SSAValue) -> bool:
    return isinstance(value.owner, st.Constant)


@dataclass
class _Choice:
    """The layout that each op works on, absent for those that know rows only.

    For a product it is that of `x`; its results, and what is added to them, are rows or tiles.
    """

    scheduler: Scheduler
    layouts: dict[Operation, Layout | None] = field(default_factory=dict[Operation, Layout | None])
    _counts: dict[SSAValue, Counter[Wanted]] = field(default_factory=dict[SSAValue, Counter[Wanted]])

    def put(self, op: Operation, layout: Layout | None) -> None:
        """Let an op work on a layout."""
        counted = [(place, value) for place, value in enumerate(op.operands) if value in self._counts]
        for place, value in counted:
            self._counts[value][self.wants(op, place)] -= 1
        self.layouts[op] = layout
        for place, value in counted:
            self._counts[value][self.wants(op, place)] += 1

    def wanted(self, value: SSAValue) -> Counter[Wanted]:
        """How many uses want `value` in each layout: kept, for many may read one value, and each asks about all."""
        if value not in self._counts:
            self._counts[value] = Counter(self.wants(use.operation, use.index) for use in value.uses)
        return self._counts[value]

    def written(self, value: SSAValue) -> Layout | None:
        """The layout in which `value` is made."""
        owner = value.owner
        if not isinstance(owner, Operation) or value not in tiled_results(owner):
            return None
        return Layout.TILED if self.layouts.get(owner) is not None else None

    def wants(self, reader: Operation, place: int) -> Wanted:
        """The layout in which `reader` wants its operand of this number; "any" if it does not care."""
        layout = self.layouts.get(reader)
        if layout is not None and place in tiled_places(reader):
            is_x = isinstance(reader, MatMul) and place == 0
            return layout if is_x else Layout.TILED
        picks = layout is None and _picks_tokens(reader, reader.operands[place])
        return "any" if picks or isinstance(reader, st.Slice) else None

    def cycles(self, op: Operation, layout: Layout | None) -> float:
        """What `op` and the conversions around it cost in a layout. A conversion that another op needs anyway is free.

        Raises:
            CompilerBug: a product has no schedule in this layout.
        """
        before = self.layouts.get(op)
        self.put(op, layout)
        total = 0.0
        if isinstance(op, MatMul):
            choice = self.scheduler.best(op, layout)
            if choice is None:
                raise CompilerBug(f"{op.name} has no schedule for {layout or 'rows'}")
            total += choice[1]
        asked: list[tuple[SSAValue, Wanted]] = [
            (value, self.wants(op, place)) for place, value in enumerate(op.operands)
        ]
        for value, mine in dict.fromkeys(asked[place] for place in tiled_places(op)):
            if mine != self.written(value) and self.wanted(value)[mine] == asked.count((value, mine)):
                total += self._conversion(value, self.written(value), mine)
        for value in tiled_results(op):
            total += self._conversions(value)
        self.put(op, before)
        return total

    def total(self, block: Block) -> float:
        """What all products and conversions cost."""
        products = (self.scheduler.best(op, self.layouts[op]) for op in block.ops if isinstance(op, MatMul))
        total = sum(choice[1] for choice in products if choice is not None)
        for value in (*block.args, *(result for op in block.ops for result in op.results)):
            total += self._conversions(value)
        return total

    def _conversions(self, value: SSAValue) -> float:
        """What all conversions of a value cost."""
        made = self.written(value)
        wanted = (layout for layout, uses in self.wanted(value).items() if uses)
        return sum(self._conversion(value, made, other) for other in wanted if other not in (made, "any"))

    def _conversion(self, value: SSAValue, made: Layout | None, wanted: Layout | str | None) -> float:
        *leading, channels = sizes_of(value.type)
        tokens = self.scheduler.tokens(product(leading))
        elements = float((TILE if tokens is None else tokens) * (self.scheduler.tokens(channels) or TILE))
        width = to_numpy(element_of(value.type)).itemsize  # pyright: ignore[reportUnknownMemberType]
        if (known := CYCLES_PER_BYTE.get((made, wanted))) is not None:
            return elements * width * known
        return self._conversion(value, made, Layout.TILED) + self._conversion(value, Layout.TILED, wanted)


def _candidates(op: Operation, scheduler: Scheduler) -> list[Layout | None]:
    """The layouts that `op` can work on; of equally good ones the first is taken."""
    if isinstance(op, MatMul):
        order = (Layout.TILED, Layout.INTERLEAVED, None)
        return [layout for layout in order if scheduler.best(op, layout) is not None]
    tileable = isinstance(op, rd.LayerNorm) and is_tileable(sizes_of(op.result.type))
    if tileable or isinstance(op, AttentionOp | LayerNorm | Embedding):
        return [Layout.TILED]
    return [None, Layout.TILED] if may_write_tiles(op) else []


def _choose(block: Block, scheduler: Scheduler) -> _Choice:
    """The cheaper of two: begin with tiles, or with rows, wherever possible; ops leave where something else is cheaper.

    A chain of ops that is best in rows would not leave the tiles, since whichever goes first needs conversions.
    """
    candidates = {op: found for op in block.ops if (found := _candidates(op, scheduler))}
    choices = [_improved(_Choice(scheduler, _begin(candidates, first)), candidates) for first in (Layout.TILED, None)]
    return min(choices, key=lambda choice: choice.total(block))


def _begin(candidates: Mapping[Operation, list[Layout | None]], first: Layout | None) -> dict[Operation, Layout | None]:
    """Each op in a layout, or in another one if it must."""
    return {op: first if first in found else found[0] for op, found in candidates.items()}


def _improved(choice: _Choice, candidates: Mapping[Operation, list[Layout | None]]) -> _Choice:
    """The same after ops have left, one by one."""
    flexible = [op for op, found in candidates.items() if len(found) > 1]
    for round_number in range(ROUNDS):
        before = dict(choice.layouts)
        for op in flexible if round_number % 2 == 0 else reversed(flexible):
            choice.put(op, min(candidates[op], key=lambda layout, op=op: choice.cycles(op, layout)))
        if choice.layouts == before:
            break
    return choice


def _convert(block: Block, choice: _Choice, weights: WeightStore) -> None:
    """Write the layouts into the types and insert the conversions, each shared by all that come after it."""
    converted: dict[tuple[SSAValue, Layout | None], SSAValue] = {}

    def convert(value: SSAValue, wanted: Layout | None, reader: Operation) -> SSAValue:
        if layout_of(value.type) == wanted:
            return value
        key = value, wanted
        if key not in converted:
            if wanted is Layout.INTERLEAVED and layout_of(value.type) is None:
                value = convert(value, Layout.TILED, reader)
            converted[key] = Builder.before(weights, reader).convert_layout(value, wanted)
        return converted[key]

    for op in list(block.ops):
        for index, value in enumerate(list(op.operands)):
            wanted = choice.wants(op, index)
            if wanted != "any":
                op.operands[index] = convert(value, wanted, op)
        if choice.layouts.get(op) is not None:
            for result in tiled_results(op):
                Rewriter.replace_value_with_new_type(result, with_layout(result.type, Layout.TILED))
