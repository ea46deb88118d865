"""The elementwise steps between the products of attention, read from the graph and written as bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Attribute, Region, SSAValue

from sparsec.builder import Builder, constant_value
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of
from sparsec.dialects.tensor_op import sizes
from sparsec.dims import Size, broadcast
from sparsec.errors import ShapeError
from sparsec.transforms.matching import before_broadcast, scalar_of
from sparsec.transforms.shape_rewrites import has_one_scale
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class Steps:
    """Elementwise ops from one value to another.

    Attributes:
        start: where they begin; nothing but them uses it.
        end: what they make.
        ops: in order.
        extras: tensors that they read besides, broadcasts taken off.
        moved: values that are others of these with their axes moved, by which the body need not care.
    """

    start: SSAValue
    end: SSAValue
    ops: tuple[ew.ElementwiseOp, ...]
    extras: tuple[SSAValue, ...] = ()
    moved: Mapping[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def unmoved(self, value: SSAValue) -> SSAValue:
        """The value before its axes were moved."""
        while value in self.moved:
            value = self.moved[value]
        return value


def steps_between(start: SSAValue, end: SSAValue, weights: WeightStore) -> Steps | None:
    """The elementwise ops that make `end` from `start`.

    None when something else lies between, when something else uses a value on the way, or when an operand does not
    broadcast to the shape of `start`.
    """
    ops: dict[ew.ElementwiseOp, None] = {}
    extras: dict[SSAValue, None] = {}

    def depends(value: SSAValue) -> bool:
        return value is start or (isinstance(value.owner, ew.ElementwiseOp) and value.owner in inside)

    inside = _ops_after(start)
    if not depends(end):
        return None

    def visit(value: SSAValue) -> None:
        if value is start:
            return
        op = value.owner
        assert isinstance(op, ew.ElementwiseOp)
        for operand in op.operands:
            if depends(operand):
                visit(operand)
            elif scalar_of(operand, weights) is None:
                extras[before_broadcast(operand)] = None
        ops[op] = None

    visit(end)
    if not all(_is_per_tensor(op) for op in ops) or not all(_fits(extra, start) for extra in extras):
        return None
    outside = [
        use.operation
        for value in (start, *(op.results[0] for op in ops))
        for use in value.uses
        if value is not end and use.operation not in ops
    ]
    return None if outside else Steps(start, end, tuple(ops), tuple(extras))


def _ops_after(start: SSAValue) -> set[ew.ElementwiseOp]:
    """The elementwise ops that depend on `start` through elementwise ops only."""
    found: set[ew.ElementwiseOp] = set()
    pending = [start]
    while pending:
        for use in pending.pop().uses:
            op = use.operation
            if isinstance(op, ew.ElementwiseOp) and op not in found and sizes(op.results[0]) == sizes(start):
                found.add(op)
                pending.append(op.results[0])
    return found


def _is_per_tensor(op: ew.ElementwiseOp) -> bool:
    return not isinstance(op, ew.QuantisationOp) or has_one_scale(op)


def _fits(extra: SSAValue, start: SSAValue) -> bool:
    try:
        return broadcast(sizes(extra), sizes(start)) == sizes(start)
    except ShapeError:
        return False


def write_body(steps: Steps, extras: Sequence[SSAValue], start_type: Attribute, builder: Builder) -> Region:
    """The steps as a body over `(start, extras...)`; single numbers become constants in it."""

    def write(inner: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        known = {steps.start: arguments[0], **dict(zip(extras, arguments[1:], strict=True))}
        for op in steps.ops:
            operands = [_read(steps.unmoved(operand), known, inner) for operand in op.operands]
            properties = {name: attribute for name, attribute in op.properties.items() if name != "axis"}
            known[op.results[0]] = inner.create(type(op), operands, properties).results[0]
        return [known[steps.unmoved(steps.end)]]

    return builder.body([start_type, *(extra.type for extra in extras)], write)


def _read(value: SSAValue, known: dict[SSAValue, SSAValue], inner: Builder) -> SSAValue:
    if value in known:
        return known[value]
    array = constant_value(value, inner.weights)
    if array is not None and array.size == 1:
        return inner.scalar(array.item(), element_of(value.type))
    return known[before_broadcast(value)]


def aligned_to_heads(extra: SSAValue, rank: int, builder: Builder) -> SSAValue:
    """An operand of the scores with an axis for heads, when the scores had none (`rank` 3)."""
    shape = sizes(extra)
    if rank == 4 or len(shape) < 3:
        return extra
    with_heads: tuple[Size, ...] = (shape[0], 1, *shape[1:])
    return builder.reshape(extra, with_heads)
