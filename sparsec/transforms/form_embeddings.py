"""Rows of tables and the elementwise work that puts them together become one op: the embeddings of a Transformer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, Region, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_structure as st
from sparsec.dialects.body import TILE_ELEMENTS
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.dialects.requirements import Requirement, requirements_of, set_requirements
from sparsec.dialects.sparse import Embedding, Map
from sparsec.dialects.tensor_op import integers, normalise_axis, where_of
from sparsec.dims import Size, is_number, is_per_channel, product
from sparsec.transforms.straight_line import erase_dead, only_user
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class FormEmbeddings(ModulePass):
    """`map(gather(words, ids), gather(kinds, types), positions)` -> `sparse.embedding` of all three.

    Rows of constant tables that nobody else reads need not be written before they are added up, nor turned into tiles
    one by one. What is constant or broadcast over sequences (positions) is a table, too, whose indices count the
    tokens; one that is cut from a longer table is read there. A table alone stays a gather, which can write rows, too.
    """

    name = "form-embeddings"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for function in op.ops:
            if isinstance(function, FuncOp):
                forming = _Forming(function, weights)
                for inner in list(function.body.block.ops):
                    if isinstance(inner, Map):
                        forming.apply(inner)
                erase_dead(function.body.block)


@dataclass(frozen=True)
class _Rows:
    """A table `[entries, K]`, the indices of its rows, and the node that reads them."""

    table: SSAValue
    indices: SSAValue
    node: str


@dataclass(frozen=True)
class _Forming:
    function: FuncOp
    weights: WeightStore

    def apply(self, op: Map) -> None:
        """Replace a map that reads rows of several tables, and else numbers, by channel or not."""
        shape = sizes_of(op.outputs[0].type)
        if not shape or not isinstance(shape[-1], int):
            return
        numbers = [number for number, value in enumerate(op.inputs) if not _is_extra(value, shape[-1])]
        rows = [op.inputs[number] for number in numbers]
        if any(_channels(value) != shape[-1:] for value in rows):
            return
        if len(rows) < 2 or not any(_is_looked_up(value, op) for value in rows):
            return
        if not all(_is_looked_up(value, op) or _is_broadcast(value, shape) or _is_known(value) for value in rows):
            return
        if any(element_of(value.type) not in TILE_ELEMENTS for value in (*rows, *op.outputs)):
            return
        builder = Builder.before(self.weights, op)
        found = [self._rows(value, shape[:-1], Builder.before(self.weights, op)) for value in rows]
        extras = [number for number in range(len(op.inputs)) if number not in numbers]
        inputs = [*(each.table for each in found), *(each.indices for each in found)]
        inputs += [op.inputs[number] for number in extras]
        tables = ArrayAttr([StringAttr(each.node) for each in found])
        body = _with_arguments(op.body, [*numbers, *extras])
        new = builder.create(Embedding, inputs, {"tables": tables}, regions=[body])
        for old, result in zip(op.outputs, new.results, strict=True):
            old.replace_all_uses_with(result)
        op.detach()
        op.erase()

    def _rows(self, value: SSAValue, lead: tuple[Size, ...], b: Builder) -> _Rows:
        """Where the rows of an operand come from; the indices have the shape `lead`."""
        gather, node = _lookup(value), _node(value)
        if gather is not None:
            rows = _Rows(gather.operand, gather.indices, node)
        else:
            *around, channels = sizes_of(value.type)
            count = product(around)
            rows = _Rows(b.reshape(value, [count, channels]), b.reshape(b.iota(count), around), node)
        while (source := self._read_at_source(rows, b)) is not None:
            rows = source
        around = sizes_of(rows.indices.type)
        return rows if around == lead else _Rows(rows.table, b.broadcast(rows.indices, lead), rows.node)

    def _read_at_source(self, rows: _Rows, b: Builder) -> _Rows | None:
        """The same rows where the table has them from: another table, or a longer one that it is the beginning of.

        Of another table, indices that nobody picks are no longer looked at, so that wrong ones among them do no harm.
        """
        entries, channels = sizes_of(rows.table.type)
        view = _behind_reshapes(rows.table)
        if (gather := _lookup(view)) is not None:
            b.source = rows.node  # an index that is outside of the rows is one of this node
            flat = b.reshape(gather.indices, [entries])
            return _Rows(gather.operand, b.gather(flat, rows.indices, 0), _node(view))
        if isinstance(view.owner, st.Slice) and _begins(view.owner) and _counts(rows.indices, entries):
            longer = view.owner.operand
            count = product(sizes_of(longer.type)[:-1])
            self._require(entries, count, _node(view))
            return _Rows(b.reshape(longer, [count, channels]), rows.indices, rows.node)
        return None

    def _require(self, lower: Size, upper: Size, node: str) -> None:
        """What the slice has seen to."""
        required = [*requirements_of(self.function), Requirement(lower, upper, node)]
        set_requirements(self.function, list(dict.fromkeys(required)))


def _is_extra(value: SSAValue, channels: int) -> bool:
    return is_number(sizes_of(value.type)) or is_per_channel(sizes_of(value.type), channels)


def _is_broadcast(value: SSAValue, shape: Sequence[Size]) -> bool:
    """Whether rows of all channels are there for some of the axes before only."""
    return sizes_of(value.type) != tuple(shape)


def _is_looked_up(value: SSAValue, reader: Map) -> bool:
    """Whether these are rows of a constant table that only `reader` wants."""
    gather = _lookup(value)
    while gather is not None:
        if _is_known(gather.operand):
            return only_user(value) is reader
        gather = _lookup(_whole(gather.operand))
    return False


def _is_known(rows: SSAValue) -> bool:
    """Whether these are rows of a constant, as positions of a model for one sequence of known length are."""
    return isinstance(_whole(rows).owner, st.Constant)


def _whole(rows: SSAValue) -> SSAValue:
    """What rows are cut from, if from anything, whatever the axes that number them."""
    rows = _behind_reshapes(rows)
    return rows.owner.operand if isinstance(rows.owner, st.Slice) else rows


def _lookup(value: SSAValue) -> st.Gather | None:
    """The gather of whole rows `[entries, K]` that makes a value."""
    owner = value.owner
    if not isinstance(owner, st.Gather) or len(sizes_of(owner.operand.type)) != 2:
        return None
    return owner if normalise_axis(owner.axis.value.data, 2, owner) == 0 else None


def _behind_reshapes(rows: SSAValue) -> SSAValue:
    """The same rows, whatever the axes that number them."""
    while isinstance(rows.owner, st.Reshape) and _channels(rows.owner.operand) == _channels(rows):
        rows = rows.owner.operand
    return rows


def _channels(rows: SSAValue) -> tuple[Size, ...]:
    return sizes_of(rows.type)[-1:]


def _begins(op: st.Slice) -> bool:
    """Whether a slice takes the first rows of a table, of which one axis counts the rows."""
    given, kept = sizes_of(op.operand.type), sizes_of(op.result.type)
    starts_at_zero = all(start == 0 for start in op.start_sizes) and set(integers(op.steps)) == {1}
    return starts_at_zero and given[-1:] == kept[-1:] and sum(size != 1 for size in given[:-1]) == 1


def _counts(indices: SSAValue, entries: Size) -> bool:
    """Whether indices are some of 0, 1, .. `entries` - 1 by how they are made."""
    while isinstance(indices.owner, st.Gather | st.Reshape | st.Broadcast):
        indices = indices.owner.operand
    iota = indices.owner
    if not isinstance(iota, st.Iota) or sizes_of(iota.result.type) != (entries,):
        return False
    return iota.start.value.data == 0 and iota.step.value.data == 1


def _with_arguments(body: Region, order: Sequence[int]) -> Region:
    """A copy of a body that takes its arguments in another order."""
    copy = body.clone()
    given = list(copy.block.args)
    for number in order:
        given[number].replace_all_uses_with(copy.block.insert_arg(given[number].type, len(copy.block.args)))
    for argument in given:
        copy.block.erase_arg(argument)
    return copy


def _node(value: SSAValue) -> str:
    """The node of the file that makes a value, as messages name it."""
    return where_of(value.owner) if isinstance(value.owner, Operation) else "an embedding"
