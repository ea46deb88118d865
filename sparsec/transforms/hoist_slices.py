"""Computes only what is looked at: a slice of a result becomes the result of slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8, i32
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, sizes_of, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.tensor_op import TensorOp, integers, normalise_axis
from sparsec.dims import Size
from sparsec.transforms.canonicalise_graph import share_common
from sparsec.transforms.channel_parts import channels_of, is_part_of_linear, rows_of_weight
from sparsec.transforms.matching import folded
from sparsec.transforms.straight_line import erase_dead, erase_unread, function_blocks
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class HoistSlices(ModulePass):
    """`slice(f(x))` -> `f(slice(x))` where nothing else reads `f(x)`, or others read other channels of a product.

    A classifier reads the first token of each sequence. So what the last layer computes for other tokens is dropped:
    norms, products and queries; keys and values are needed of all tokens. A product for Q, K and V, or for a unit and
    its gate, becomes one for each, whose results nobody has to take apart. Exact, to the bit.
    """

    name = "hoist-slices"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            share_common(block)
            erase_dead(block)  # who is read by nobody is no reader
            changed = True
            while changed:
                share_common(block, st.Slice)  # equal slices are one reader
                slices = [inner for inner in block.ops if isinstance(inner, st.Slice)]
                changed = any([_hoist(inner, weights) for inner in slices if inner.parent is block])
            share_common(block)
            erase_dead(block)


@dataclass(frozen=True)
class _Cut:
    """What a slice does to each axis.

    Attributes:
        starts, steps: of the slice.
        before, after: sizes.
    """

    starts: tuple[Size, ...]
    steps: tuple[int, ...]
    before: tuple[Size, ...]
    after: tuple[Size, ...]

    @staticmethod
    def of(op: st.Slice) -> _Cut:
        return _Cut(op.start_sizes, tuple(integers(op.steps)), sizes_of(op.operand.type), sizes_of(op.result.type))

    @property
    def axes(self) -> set[int]:
        """Those that change."""
        axes = zip(self.starts, self.steps, self.before, self.after, strict=True)
        return {axis for axis, (start, step, *sizes) in enumerate(axes) if (start, step) != (0, 1) or len({*sizes}) > 1}

    def without(self, axis: int) -> _Cut:
        """The same, but for one axis, which stays whole."""
        starts, steps, after = list(self.starts), list(self.steps), list(self.after)
        starts[axis], steps[axis], after[axis] = 0, 1, self.before[axis]
        return _Cut(tuple(starts), tuple(steps), self.before, tuple(after))

    def moved(self, places: Sequence[int | None], shape: tuple[Size, ...]) -> _Cut:
        """What is cut of an operand of this shape whose axes are at these places of the result; None: nowhere."""
        kept = [
            (0, 1, size) if at is None else (self.starts[at], self.steps[at], self.after[at])
            for at, size in zip(places, shape, strict=True)
        ]
        starts, steps, after = zip(*kept, strict=True)
        return _Cut(starts, steps, shape, after)

    def on(self, b: Builder, value: SSAValue) -> SSAValue:
        """The part of an operand that broadcasts to the sliced shape; axes of size 1 stay."""
        shape = sizes_of(value.type)
        missing = len(self.before) - len(shape)
        cut = [axis for axis in self.axes if axis >= missing and shape[axis - missing] == self.before[axis]]
        if not cut:
            return value
        full: list[tuple[Size, int, Size]] = [(0, 1, size) for size in shape]
        for axis in cut:
            full[axis - missing] = (self.starts[axis], self.steps[axis], self.after[axis])
        starts, steps, sizes = zip(*full, strict=True)
        part = b.slice(value, starts, sizes, steps).owner
        assert isinstance(part, Operation)
        return folded(part, b)


def _hoist(op: st.Slice, weights: WeightStore) -> bool:
    """Slice the operands of the op whose result is sliced. Returns whether that could be done."""
    producer, cut = op.operand.owner, _Cut.of(op)
    if not isinstance(producer, TensorOp) or not cut.axes:
        return False
    if not _is_only_reader(op, producer) and not is_part_of_linear(op):
        return False
    builder = Builder.before(weights, op)
    builder.source = Builder.before(weights, producer).source
    operands = _sliced(producer, cut, builder) or _of_channels(producer, op, builder)
    if operands is None:
        return False
    regions = [region.clone() for region in producer.regions]
    types = [op.result.type] if isinstance(producer, st.Reshape) else None
    new = builder.create(type(producer), operands, dict(producer.properties), result_types=types, regions=regions)
    op.result.replace_all_uses_with(new.results[0])
    erase_unread(op)
    return True


def _of_channels(producer: TensorOp, op: st.Slice, b: Builder) -> Sequence[SSAValue] | None:
    """The operands of a linear that computes only the channels that are read of it; None for anything else."""
    rows = channels_of(op)
    if rows is None or not isinstance(producer, pr.Linear):
        return None
    weight = rows_of_weight(producer.weight, rows, b)
    return [producer.x, weight] if weight is not None else None


def _is_only_reader(op: st.Slice, producer: Operation) -> bool:
    """Whether the whole result is needed by nobody, or costs nothing."""
    return _stands_for_bytes(producer) or all(use.operation is op for use in op.operand.uses)


def _stands_for_bytes(op: object) -> bool:
    """Whether an op only spells that bytes are multiplied: with a scale, or in wider integers less a zero point."""
    match op:
        case ew.Cast():
            return element_of(op.operand.type) in (ui8, i8)
        case ew.Sub():
            return element_of(op.result.type) == i32 and _stands_for_bytes(op.lhs.owner)
        case _:
            return isinstance(op, ew.Dequantize)


def _sliced(producer: TensorOp, cut: _Cut, b: Builder) -> Sequence[SSAValue] | None:
    """The operands of which the sliced result is made; None if it needs more of them than a slice."""
    channels = len(cut.before) - 1
    match producer:
        case ew.QuantisationOp(axis_value=int(axis)) if normalise_axis(axis, channels + 1, producer) in cut.axes:
            return None
        case ew.QuantisationOp():
            return [cut.on(b, producer.operand), producer.scale, producer.zero_point]
        case ew.ElementwiseOp():
            return [cut.on(b, operand) for operand in producer.operands]
        case pr.Linear() | rd.LayerNorm() if channels not in cut.axes:
            x, *others = producer.operands
            return [cut.on(b, x), *others]
        case rd.Softmax() if normalise_axis(producer.axis.value.data, channels + 1, producer) not in cut.axes:
            return [cut.on(b, producer.operand)]
        case pr.MatMul() if len(sizes_of(producer.lhs.type)) == len(sizes_of(producer.rhs.type)) == channels + 1:
            return [cut.without(channels).on(b, producer.lhs), cut.without(channels - 1).on(b, producer.rhs)]
        case st.GatherElements():
            picked = normalise_axis(producer.axis.value.data, channels + 1, producer)
            return [cut.without(picked).on(b, producer.operand), cut.on(b, producer.indices)]
        case st.Transpose():
            permutation = integers(producer.permutation)
            places = [permutation.index(axis) for axis in range(channels + 1)]
            return [cut.moved(places, sizes_of(producer.operand.type)).on(b, producer.operand)]
        case st.Reshape():
            places = _places(sizes_of(producer.operand.type), cut.before)
            if not cut.axes <= {*places}:
                return None
            return [cut.moved(places, sizes_of(producer.operand.type)).on(b, producer.operand)]
        case Attention() if cut.axes == {1}:
            extras = [_of_queries(producer, number, cut, b) for number in range(len(producer.extras))]
            return [cut.on(b, producer.q), producer.k, producer.v, *extras]
        case _:
            return None


def _places(given: tuple[Size, ...], wanted: tuple[Size, ...]) -> list[int | None]:
    """Which axis of a reshape's result each axis of its operand is, where they are the same up to one of the ends."""
    places: list[int | None] = [None] * len(given)
    for axis, (size, same) in enumerate(zip(given, wanted, strict=False)):
        if size != same:
            break
        places[axis] = axis
    for back in range(1, min(len(given), len(wanted)) + 1):
        if given[-back] != wanted[-back] or places[-back] is not None:
            break
        places[-back] = len(wanted) - back
    return places


def _of_queries(attention: Attention, number: int, cut: _Cut, b: Builder) -> SSAValue:
    """An extra of `[batch, heads, queries, keys]` for some queries."""
    extra = attention.extras[number]
    shape = sizes_of(extra.type)
    if len(shape) < 2 or shape[-2] == 1 or not attention.is_read_by_scores(number):
        return extra
    starts: list[Size] = [0] * len(shape)
    steps = [1] * len(shape)
    starts[-2], steps[-2] = cut.starts[1], cut.steps[1]
    return b.slice(extra, starts, [*shape[:-2], cut.after[1], shape[-1]], steps)
