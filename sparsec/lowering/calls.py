"""Which kernel calls each op of [scheduled] becomes: one small function per op and a table at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntegerAttr, StringAttr, UnitAttr, f32, i8, i32, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from sparsec.dialects import kernel, nn_attention, sparse
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as nn
from sparsec.dialects.body import Yield, yielded
from sparsec.dialects.encoding import as_tensor, element_of, layout_of, sizes_of, tensor, ui8
from sparsec.dialects.nn_tokens import PackedAttention, TokenIndex
from sparsec.dialects.tensor_op import integers, normalise_axis, where_of
from sparsec.dims import Size, is_number, is_per_channel
from sparsec.errors import CompilerBug
from sparsec.lowering.hoist_constants import hoist_constants
from sparsec.lowering.program_builder import ProgramBuilder
from sparsec.packing import WeightLayout, is_whole, pairs_cannot_saturate
from sparsec.packing_baked import bake, flatten
from sparsec.schedule import Dataflow


def _nothing(op: Operation, b: ProgramBuilder) -> None:
    """Constants are packed where they are used."""


def _reshape(op: nn.Reshape, b: ProgramBuilder) -> None:
    b.bind(op.result, b.alias(b.buffer(op.operand), as_tensor(op.result.type)))


def _convert_layout(op: sparse.ConvertLayout, b: ProgramBuilder) -> None:
    b.copy(b.buffer(op.operand), b.result(op.result), origin=op)


def _transpose(op: nn.Transpose, b: ProgramBuilder) -> None:
    permutation = integers(op.permutation)
    in_axes = [permutation.index(axis) for axis in range(len(permutation))]
    b.copy(b.buffer(op.operand), b.result(op.result), in_axes=in_axes, origin=op)


def _broadcast(op: nn.Broadcast, b: ProgramBuilder) -> None:
    source = b.buffer(op.operand)
    in_axes = _broadcast_axes(kernel.buffer_sizes(source), sizes_of(op.result.type))
    b.copy(source, b.result(op.result), in_axes=in_axes, origin=op)


def _slice(op: nn.Slice, b: ProgramBuilder) -> None:
    steps = integers(op.steps)
    extents, counts = sizes_of(op.operand.type), sizes_of(op.result.type)
    for extent, start, step, count in zip(extents, op.start_sizes, steps, counts, strict=True):
        last = start + (count - 1) * step
        high, low = (last, start) if step > 0 else (start, last)
        b.require(high + 1, extent, where_of(op))
        b.require(0, low, where_of(op))
    b.copy(b.buffer(op.operand), b.result(op.result), in_starts=op.start_sizes, in_steps=steps, origin=op)


def _concat(op: nn.Concat, b: ProgramBuilder) -> None:
    target = b.result(op.result)
    axis = normalise_axis(op.axis.value.data, len(sizes_of(op.result.type)), op)
    start: Size = 0
    for part in op.parts:
        shape = sizes_of(part.type)
        starts: list[Size] = [0] * len(shape)
        starts[axis] = start
        b.copy(b.buffer(part), target, sizes=shape, out_starts=starts, origin=op)
        start = start + shape[axis]


def _map(op: sparse.Map, b: ProgramBuilder) -> None:
    ins = [b.buffer(value) for value in op.inputs]
    bodies, constants = hoist_constants([op.body], b)
    b.call(kernel.Map, [*ins, *constants], [b.result(value) for value in op.outputs], op, regions=bodies)


def _sparse_matmul(op: sparse.MatMul, b: ProgramBuilder) -> None:
    if op.schedule is None:
        raise CompilerBug("sparse.matmul reached nn-to-kernels without a schedule")
    matrix = b.array(op.weight)
    schedule = op.schedule.schedule
    properties: dict[str, Attribute] = {"schedule": op.schedule}
    stream = b.pack(op)
    if stream is None:
        pieces, stream = bake(matrix)
        properties["pieces"] = DenseArrayBase.from_list(i64, flatten(pieces))
    else:
        layout = WeightLayout.of((matrix.shape[0], matrix.shape[1]), schedule)
        if schedule.dataflow is Dataflow.DENSE_QUADS and pairs_cannot_saturate(stream, layout):
            properties["pairs_fit"] = UnitAttr()
        if layout.is_blocks and is_whole(stream, layout):
            properties["whole"] = UnitAttr()
    weight = b.packed(stream)
    extras = [_broadcast_extra(op, value, b) for value in op.extras]
    bodies, constants = hoist_constants([op.body], b)
    outs = [b.result(value) for value in op.outputs]
    ins = [b.buffer(op.x), weight, *extras, *constants]
    b.call(kernel.MatMul, ins, outs, op, properties, bodies)


def _broadcast_extra(op: sparse.MatMul, value: SSAValue, b: ProgramBuilder) -> SSAValue:
    """An operand of the body as the kernel reads it: a scalar, one number per channel, or a tile like the output."""
    buffer, shape = b.buffer(value), sizes_of(op.outputs[0].type)
    given = sizes_of(value.type)
    layout, wanted = layout_of(value.type), layout_of(op.outputs[0].type)
    if layout is None and (is_number(given) or is_per_channel(given, shape[-1])):
        return buffer
    if layout == wanted and given == shape:
        return buffer
    whole = b.temporary(tensor(element_of(value.type), shape, layout=wanted))
    b.copy(buffer, whole, in_axes=_broadcast_axes(given, shape), origin=op)
    return whole


def _broadcast_axes(given: Sequence[Size], shape: Sequence[Size]) -> list[int]:
    """For each axis of a tensor, the axis of the broadcast shape that moves it, -1 where it stays."""
    offset = len(shape) - len(given)
    return [axis + offset if size == shape[axis + offset] else -1 for axis, size in enumerate(given)]


def _attention(op: nn_attention.AttentionOp, b: ProgramBuilder) -> None:
    # The kernel takes q and w as unsigned bytes, k and v as signed ones.
    element = {"q": op.q.type, "k": op.k.type, "w": yielded(op.weight)[0].type, "v": op.v.type}
    shift = {name: 128 if name in "qw" and element_of(type) == i8 else 0 for name, type in element.items()}
    shift |= {name: -128 for name in "kv" if element_of(element[name]) == ui8}
    zeros = {name: op.zero(name) + shift[name] for name in "qkwv"}
    corrected = [StringAttr(name) for name, zero in zeros.items() if zero]
    properties: dict[str, Attribute] = {"heads": op.heads}
    if corrected:
        properties["corrected"] = ArrayAttr(corrected)
    buffer = b.constant(np.asarray(list(zeros.values()), np.int32), tensor(i32, [4]))
    bodies, constants = hoist_constants(op.regions, b)
    ins = [*(b.buffer(value) for value in (op.q, op.k, op.v)), buffer]
    if isinstance(op, PackedAttention):
        properties["sequence"] = op.sequence
        ins.append(b.buffer(op.offsets))
    ins += [b.buffer(value) for value in op.extras]
    b.call(kernel.Attention, [*ins, *constants], [b.result(op.result)], op, properties, bodies)


def _token_index(op: TokenIndex, b: ProgramBuilder) -> None:
    b.bounds[op.tokens.data] = op.bound
    ins, outs = [b.buffer(op.needed), b.buffer(op.seen)], [b.result(value) for value in op.results]
    b.call(kernel.TokenIndex, ins, outs, op, {"tokens": op.tokens})


def _same(op_class: type[kernel.KernelOp], *names: str) -> Callable[[Any, ProgramBuilder], None]:
    """A call with the op's own operands, results and the properties of these names."""

    def lower(op: Operation, b: ProgramBuilder) -> None:
        ins = [b.buffer(value) for value in op.operands]
        outs = [b.result(value) for value in op.results]
        properties = {name: op.properties[name] for name in names if name in op.properties}
        b.call(op_class, ins, outs, op, properties)

    return lower


def _norm_properties(op: rd.LayerNorm | sparse.LayerNorm) -> dict[str, Attribute]:
    names = "epsilon", "divide", "uncentred"
    return {name: op.properties[name] for name in names if name in op.properties}


def _layer_norm(op: rd.LayerNorm, b: ProgramBuilder) -> None:
    body = Region(Block(arg_types=[f32]))
    body.block.add_op(Yield(*body.block.args))
    ins = [b.buffer(value) for value in op.operands]
    b.call(kernel.LayerNorm, ins, [b.result(op.result)], op, _norm_properties(op), [body])


def _sparse_layer_norm(op: sparse.LayerNorm, b: ProgramBuilder) -> None:
    bodies, constants = hoist_constants([op.body], b)
    ins = [*(b.buffer(value) for value in op.operands), *constants]
    b.call(kernel.LayerNorm, ins, [b.result(value) for value in op.outputs], op, _norm_properties(op), bodies)


def _softmax(op: rd.Softmax, b: ProgramBuilder) -> None:
    axis = normalise_axis(op.axis.value.data, len(sizes_of(op.operand.type)), op)
    b.call(kernel.Softmax, [b.buffer(op.operand)], [b.result(op.result)], op, {"axis": IntegerAttr(axis, i64)})


def _reduce(kind: str) -> Callable[[Any, ProgramBuilder], None]:
    def lower(op: rd.ReduceOp, b: ProgramBuilder) -> None:
        properties: dict[str, Attribute] = {
            "kind": StringAttr(kind),
            "axes": DenseArrayBase.from_list(i64, list(op.axis_values)),
        }
        b.call(kernel.Reduce, [b.buffer(op.operand)], [b.result(op.result)], op, properties)

    return lower


def _cumsum(op: rd.CumSum, b: ProgramBuilder) -> None:
    axis = normalise_axis(op.axis.value.data, len(sizes_of(op.operand.type)), op)
    flags = {name: op.properties[name] for name in ("exclusive", "reverse") if name in op.properties}
    properties: dict[str, Attribute] = {"axis": IntegerAttr(axis, i64), **flags}
    b.call(kernel.CumSum, [b.buffer(op.operand)], [b.result(op.result)], op, properties)


def _out_of_range(where: str, b: ProgramBuilder, extent: Size) -> IntegerAttr:
    return b.message(
        f"{where}: an index is outside [-{extent}, {extent}): check the ids given to this gather, and that no size is 0"
    )


def _pick(op_class: type[kernel.Gather] | type[kernel.GatherElements]) -> Callable[[Any, ProgramBuilder], None]:
    def call(op: nn.Gather | nn.GatherElements, b: ProgramBuilder) -> None:
        shape = sizes_of(op.operand.type)
        axis = normalise_axis(op.axis.value.data, len(shape), op)
        properties: dict[str, Attribute] = {
            "axis": IntegerAttr(axis, i64),
            "message": _out_of_range(where_of(op), b, shape[axis]),
        }
        ins = [b.buffer(op.operand), b.buffer(op.indices)]
        b.call(op_class, ins, [b.result(op.result)], op, properties)

    return call


def _embedding(op: sparse.Embedding, b: ProgramBuilder) -> None:
    entries = [sizes_of(table.type)[0] for table, _ in op.rows]
    messages = [_out_of_range(node.data, b, size).value.data for node, size in zip(op.tables, entries, strict=True)]
    ins = [b.buffer(value) for value in op.inputs]
    bodies, constants = hoist_constants([op.body], b)
    outs = [b.result(value) for value in op.outputs]
    properties: dict[str, Attribute] = {"messages": DenseArrayBase.from_list(i64, messages)}
    b.call(kernel.Embedding, [*ins, *constants], outs, op, properties, bodies)


def _gather_nd(op: nn.GatherND, b: ProgramBuilder) -> None:
    shape, batch = sizes_of(op.operand.type), op.batch_dims.value.data
    properties: dict[str, Attribute] = {
        "batch_dims": op.batch_dims,
        "message": _out_of_range(where_of(op), b, shape[batch]),
    }
    ins = [b.buffer(op.operand), b.buffer(op.indices)]
    b.call(kernel.GatherND, ins, [b.result(op.result)], op, properties)


def _matrix(buffer: SSAValue, b: ProgramBuilder, *, column: bool) -> SSAValue:
    """A vector seen as a matrix of one column or one row; anything else as it is."""
    sizes = kernel.buffer_sizes(buffer)
    if len(sizes) != 1:
        return buffer
    return b.alias(buffer, tensor(kernel.buffer_element(buffer), (*sizes, 1) if column else (1, *sizes)))


def _batch_matmul(op: pr.MatMul, b: ProgramBuilder) -> None:
    lhs, rhs = b.buffer(op.lhs), b.buffer(op.rhs)
    vectors = len(kernel.buffer_sizes(lhs)) == 1, len(kernel.buffer_sizes(rhs)) == 1
    out = b.result(op.result)
    shape = list(sizes_of(op.result.type))
    if vectors[0]:
        shape.insert(len(shape) - (not vectors[1]), 1)
    if vectors[1]:
        shape.append(1)
    target = b.alias(out, tensor(element_of(op.result.type), shape)) if any(vectors) else out
    ins = [_matrix(lhs, b, column=False), _matrix(rhs, b, column=True)]
    b.call(kernel.BatchMatMul, ins, [target], op)


def _linear(op: pr.Linear, b: ProgramBuilder) -> None:
    """A weight that is computed, not constant: transpose it and multiply."""
    out, inputs = sizes_of(op.weight.type)
    transposed = b.temporary(tensor(element_of(op.weight.type), [inputs, out]))
    b.copy(b.buffer(op.weight), transposed, in_axes=[1, 0], origin=op)
    x, y = b.buffer(op.x), b.result(op.result)
    if len(kernel.buffer_sizes(x)) == 1:
        y = _matrix(y, b, column=False)
    b.call(kernel.BatchMatMul, [_matrix(x, b, column=False), transposed], [y], op)


CALLS: Mapping[type[Operation], Callable[[Any, ProgramBuilder], None]] = {
    nn.Constant: _nothing,
    nn.Reshape: _reshape,
    sparse.ConvertLayout: _convert_layout,
    nn.Transpose: _transpose,
    nn.Broadcast: _broadcast,
    nn.Slice: _slice,
    nn.Concat: _concat,
    sparse.Map: _map,
    sparse.MatMul: _sparse_matmul,
    nn_attention.Attention: _attention,
    rd.LayerNorm: _layer_norm,
    sparse.LayerNorm: _sparse_layer_norm,
    rd.Softmax: _softmax,
    rd.ReduceSum: _reduce("sum"),
    rd.ReduceMean: _reduce("mean"),
    rd.ReduceMax: _reduce("max"),
    rd.ReduceMin: _reduce("min"),
    rd.ReduceProd: _reduce("prod"),
    rd.ArgMax: _reduce("arg_max"),
    rd.CumSum: _cumsum,
    nn.Gather: _pick(kernel.Gather),
    sparse.Embedding: _embedding,
    nn.GatherND: _gather_nd,
    nn.GatherElements: _pick(kernel.GatherElements),
    nn.Trilu: _same(kernel.Trilu, "k", "upper"),
    nn.Iota: _same(kernel.Iota, "start", "step"),
    nn.Dimension: _same(kernel.Dimension, "size"),
    pr.MatMul: _batch_matmul,
    pr.Linear: _linear,
    rd.DynamicQuantize: _same(kernel.DynamicQuantize),
    TokenIndex: _token_index,
    PackedAttention: _attention,
}
