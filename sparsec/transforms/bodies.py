"""Work on bodies: make one of an elementwise op, and put one body behind another."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from sparsec.builder import Builder, constant_value
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield, yielded
from sparsec.dialects.encoding import element_of, i8, sizes_of, tensor, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import LayerNorm, Map, MatMul
from sparsec.dialects.tensor_op import normalise_axis
from sparsec.dims import broadcast, product
from sparsec.transforms.straight_line import erase_dead
from sparsec.weights import Array, WeightStore

Fused = MatMul | LayerNorm | Map | Attention
"""The ops that can take more elementwise work behind their own."""

MOST_OPS = 64
"""How many ops fusion may gather in one body, constants aside: what a kernel costs to compile grows faster than them,
and so many steps per element hide the load and the store that another map takes."""


def has_room(op: Fused, ops: int = 1) -> bool:
    """Whether the body behind everything the op computes may take so many more ops."""
    return size_of(op) + ops <= MOST_OPS


def size_of(op: Fused) -> int:
    """How many ops the body behind everything the op computes has, constants and the terminator aside."""
    return sum(not isinstance(inner, Constant | Yield) for inner in output_region(op).block.ops)


def output_region(op: Fused) -> Region:
    """The body behind everything the op computes."""
    return op.output if isinstance(op, Attention) else op.body


def extras_of(op: Fused) -> tuple[SSAValue, ...]:
    """The operands that bodies see, in the order of their arguments."""
    return tuple(op.inputs if isinstance(op, Map) else op.extras)


def leading_arguments(op: Fused) -> int:
    """How many body arguments come before those of the extras: what the op itself makes."""
    return 0 if isinstance(op, Map) else 1


def scalar_constant(value: SSAValue, weights: WeightStore) -> Array | None:
    """The array behind a constant of one element, whatever its rank."""
    if isinstance(value.owner, Constant) and product(sizes_of(value.type)) == 1:
        return constant_value(value, weights)
    return None


def widens_bytes(value: SSAValue) -> ew.Dequantize | ew.Cast | None:
    """The op that makes `value` if it only widens a byte tensor: cheaper to repeat than to store."""
    op = value.owner
    if not isinstance(op, ew.Dequantize | ew.Cast) or element_of(op.operand.type) not in (ui8, i8):
        return None
    if sizes_of(op.operand.type) != sizes_of(value.type) or isinstance(op.operand.owner, Constant):
        return None
    parameters = op.operands[1:]
    return op if all(isinstance(parameter.owner, Constant) for parameter in parameters) else None


def repeated_in(op: Operation, operand: SSAValue) -> ew.ElementwiseOp | None:
    """The op that makes `operand` if it is cheaper for the body of `op` to repeat it than to store its result.

    That is so when it only widens bytes, or makes one number for each channel while `op` works on tokens.
    """
    wide = widens_bytes(operand)
    if wide is not None:
        return wide
    maker = operand.owner
    if not isinstance(maker, ew.ElementwiseOp) or isinstance(maker, ew.QuantisationOp):
        return None
    shape = sizes_of(operand.type)
    per_channel = len(shape) <= 1 and all(isinstance(size, int) for size in shape)
    return maker if per_channel and len(sizes_of(op.results[0].type)) > 1 else None


def wrap(op: ew.ElementwiseOp, weights: WeightStore) -> Map:
    """`y = f(a, 2.0, dequantize(q))` -> `y = sparse.map(a, q) { f(a, 2.0, dequantize(q)) }`, in place.

    Scalar constants move into the body, and so do operands that are `repeated_in` it.
    """
    builder = Builder.before(weights, op)
    repeated = {value: maker for value in op.operands if (maker := repeated_in(op, value)) is not None}
    operands = {source: _aligned_operands(source, builder) for source in (op, *repeated.values())}
    leaves = [value for value in operands[op] if value not in repeated]
    leaves += [value for maker in repeated.values() for value in operands[maker]]
    inputs = [value for value in dict.fromkeys(leaves) if scalar_constant(value, weights) is None]
    inputs = inputs or list(dict.fromkeys(leaves))
    given, wanted = list(inputs), sizes_of(op.results[0].type)
    if broadcast(*(sizes_of(value.type) for value in inputs)) != wanted:  # a constant that moves has a higher rank
        first = sizes_of(given[0].type)
        given[0] = builder.reshape(given[0], [*[1] * (len(wanted) - len(first)), *first])

    def write(inner: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        known = dict(zip(inputs, arguments, strict=True))

        def read(value: SSAValue) -> SSAValue:
            if value in known:
                return known[value]
            if value in repeated:
                return emit(repeated[value])
            constant = scalar_constant(value, weights)
            assert constant is not None
            return inner.scalar(constant.item(), element_of(value.type))

        def emit(source: ew.ElementwiseOp) -> SSAValue:
            properties = {name: value for name, value in source.properties.items() if name != "axis"}
            return inner.create(type(source), [read(value) for value in operands[source]], properties).results[0]

        return [emit(op)]

    body = builder.body([value.type for value in given], write)
    new = builder.create(Map, given, result_types=[op.results[0].type], regions=[body])
    assert isinstance(new, Map)
    replace(op, new.results)
    for maker in set(repeated.values()):
        if maker.results[0].first_use is None:
            maker.detach()
            maker.erase()
    return new


def _aligned_operands(op: ew.ElementwiseOp, builder: Builder) -> list[SSAValue]:
    """The operands of `op`, where parameters along an axis are reshaped so that plain broadcasting aligns them."""
    if not isinstance(op, ew.QuantisationOp):
        return list(op.operands)
    rank = len(sizes_of(op.operand.type))
    axis = rank - 1 if op.axis_value is None else normalise_axis(op.axis_value, rank, op)
    return [op.operand, *(_aligned(value, rank - 1 - axis, builder) for value in (op.scale, op.zero_point))]


def _aligned(value: SSAValue, trailing: int, builder: Builder) -> SSAValue:
    shape = sizes_of(value.type)
    if product(shape) == 1:
        return value if not shape or scalar_constant(value, builder.weights) is not None else builder.reshape(value, ())
    constant = constant_value(value, builder.weights)
    wanted = (*shape, *[1] * trailing)
    return builder.reshape(value, wanted) if constant is None else builder.constant(constant.reshape(wanted))  # pyright: ignore


def absorb(producer: Fused, consumer: Map) -> Fused:
    """Put the body of `consumer` behind that of `producer`; the new op stands where `producer` stood.

    ::

        r = matmul(x, w, e) { f(acc, e) }; y = map(r, a) { g(r, a) }  ->  y = matmul(x, w, e, a) { g(f(acc, e), a) }

    Results of `producer` that others use stay results. The caller has made sure that the operands of `consumer` are
    defined before `producer`, and that the shapes of both agree.
    """
    body = output_region(producer).block
    produced: dict[SSAValue, SSAValue] = dict(zip(producer.results, yielded(output_region(producer)), strict=True))
    extras = list(extras_of(producer))
    first = leading_arguments(producer)
    for operand in consumer.inputs:
        if operand not in produced and operand not in extras:
            extras.append(operand)
            for region in producer.regions:
                region.block.insert_arg(element_of(operand.type), len(region.block.args))
    arguments = [
        produced[operand] if operand in produced else body.args[first + extras.index(operand)]
        for operand in consumer.inputs
    ]
    appended = _inline(consumer.body, body, arguments)
    kept = [result for result in producer.results if any(use.operation is not consumer for use in result.uses)]
    live = [(result, value) for result, value in zip(consumer.results, appended, strict=True) if result.first_use]
    _set_yield(body, [*(produced[result] for result in kept), *(value for _, value in live)])
    simplify(output_region(producer))
    new = rebuild(producer, extras)
    for old, result in zip([*kept, *(result for result, _ in live)], new.results, strict=True):
        old.replace_all_uses_with(result)
    for op in (consumer, producer):
        op.detach()
        op.erase()
    return new


def rebuild(op: Fused, extras: Sequence[SSAValue]) -> Fused:
    """A new op before `op` with its bodies, those of `extras` that a body reads, and a result per yielded value."""
    first = leading_arguments(op)
    used = [
        index
        for index in range(len(extras))
        if any(region.block.args[first + index].first_use is not None for region in op.regions)
    ]
    for region in op.regions:
        for index in reversed(range(len(extras))):
            if index not in used:
                region.block.erase_arg(region.block.args[first + index])
    shape = sizes_of(op.results[0].type)
    new = type(op).create(
        operands=[*op.operands[: len(op.operands) - len(extras_of(op))], *(extras[index] for index in used)],
        result_types=[tensor(value.type, shape) for value in yielded(output_region(op))],
        properties=op.properties,
        attributes=op.attributes,
        regions=[op.detach_region(region) for region in list(op.regions)],
    )
    assert op.parent is not None
    op.parent.insert_op_before(new, op)
    return new


def _inline(body: Region, target: Block, arguments: Sequence[SSAValue]) -> list[SSAValue]:
    """Move the ops of `body` before the terminator of `target`; the values that it yielded."""
    values = list(yielded(body))
    last, end = body.block.last_op, target.last_op
    assert last is not None and end is not None
    arguments_of_block = dict(zip(body.block.args, arguments, strict=True))
    values = [arguments_of_block.get(value, value) if isinstance(value, BlockArgument) else value for value in values]
    last.detach()
    last.erase()
    Rewriter.inline_block(body.block, InsertPoint.before(end), arguments)
    body.add_block(Block([Yield()]))  # an erased op must still hold the region that its definition asks for
    return values


def _set_yield(block: Block, values: Sequence[SSAValue]) -> None:
    old = block.last_op
    assert isinstance(old, Yield)
    block.insert_op_before(Yield(*values), old)
    old.detach()
    old.erase()


def simplify(body: Region) -> None:
    """Make each value of a body once, undo `quantize(dequantize(q, s, z), s, z) -> q`, drop what nobody reads.

    Constants are the exception: each use gets one of its own, right before it, so that the bodies of two layers are
    the same but for their numbers, even where two numbers happen to be equal in one layer and not in the other.
    """
    known: dict[object, Operation] = {}
    for op in list(body.block.ops):
        if isinstance(op, Yield):
            continue
        same = quantised_again(op)
        if same is None:
            operands = tuple(_constant_or_value(operand) for operand in op.operands)
            first = known.setdefault((op.name, operands, _properties(op), op.results[0].type), op)
            same = None if first is op else first.results[0]
        if same is not None:
            replace(op, [same])
    erase_dead(body.block)
    for op in list(body.block.ops):
        for index, operand in enumerate(op.operands):
            if isinstance(constant := operand.owner, Constant):
                if operand.has_more_than_one_use():
                    constant = constant.clone()
                    op.operands[index] = constant.result
                else:
                    constant.detach()
                body.block.insert_op_before(constant, op)


def _constant_or_value(operand: SSAValue) -> object:
    return _properties(operand.owner) if isinstance(operand.owner, Constant) else operand


def _properties(op: Operation) -> tuple[tuple[str, Attribute], ...]:
    return tuple(sorted(op.properties.items(), key=lambda item: item[0]))


def quantised_again(op: Operation) -> SSAValue | None:
    """`q` when `op` is `quantize(dequantize(q, s, z), s, z)`, which changes nothing.

    `(q - z) * s * (1 / s)` is within two roundings of the integer `q - z`, so it rounds back to it.
    """
    if not isinstance(op, ew.Quantize) or not isinstance(inner := op.operand.owner, ew.Dequantize):
        return None
    if op.axis != inner.axis or element_of(inner.operand.type) != element_of(op.results[0].type):
        return None
    same = all(_equal(a, b) for a, b in zip(op.operands[1:], inner.operands[1:], strict=True))
    return inner.operand if same else None


def _equal(a: SSAValue, b: SSAValue) -> bool:
    if a is b:
        return True
    constants = a.owner, b.owner
    return (
        isinstance(constants[0], Constant)
        and isinstance(constants[1], Constant)
        and a.type == b.type
        and constants[0].properties == constants[1].properties
    )


def replace(op: Operation, values: Sequence[SSAValue]) -> None:
    """Give the users of `op` these values instead of its results, and erase it."""
    for result, value in zip(op.results, values, strict=True):
        result.replace_all_uses_with(value)
    op.detach()
    op.erase()
