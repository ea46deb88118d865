"""Reshapes move behind elementwise work, so that it can be fused with what comes before."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.nn_structure import Reshape
from sparsec.dims import Size, product
from sparsec.transforms.bodies import replace
from sparsec.transforms.straight_line import erase_dead, function_blocks
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class SinkReshapes(ModulePass):
    """`add(reshape(x), y)` -> `reshape(add(x, reshape(y)))`, where channels stay the last axis; exact.

    Exporters that flatten `[batch, sequence, K]` to `[batch*sequence, K]` around a product hide it from its bias,
    activation and residual otherwise. Such reshapes move no data, wherever they stand. With single numbers as the only
    other operands, any reshape goes: `exp(reshape(x))` -> `reshape(exp(x))`.
    """

    name = "sink-reshapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in list(block.ops):
                if isinstance(inner, ew.ElementwiseOp):
                    _sink(inner, weights)
            erase_dead(block)


def _sink(op: ew.ElementwiseOp, weights: WeightStore) -> None:
    shape = sizes_of(op.results[0].type)
    source = next((found for operand in op.operands if (found := _regrouped(operand, shape)) is not None), None)
    if source is None or not all(_can_follow(operand, shape) for operand in op.operands):
        source = _before_reshape(op, shape)
    if source is None:
        return
    inner, properties = sizes_of(source.type), dict(op.properties)
    if isinstance(op, ew.QuantisationOp) and op.axis_value is not None:
        if op.axis_value not in (-1, len(shape) - 1) or inner[-1:] != shape[-1:]:
            return
        properties["axis"] = IntegerAttr(-1, i64)
    builder = Builder.before(weights, op)
    operands = [_regroup(operand, shape, inner, builder) for operand in op.operands]
    replace(op, [builder.reshape(builder.create(type(op), operands, properties).results[0], shape)])


def _regrouped(value: SSAValue, shape: tuple[Size, ...]) -> SSAValue | None:
    """`x` when `value` is `reshape(x)` of full size that only regroups the leading axes."""
    op = value.owner
    if not isinstance(op, Reshape) or sizes_of(value.type) != shape or len(shape) < 2:
        return None
    given = sizes_of(op.operand.type)
    return op.operand if len(given) > 1 and isinstance(shape[-1], int) and given[-1] == shape[-1] else None


def _before_reshape(op: ew.ElementwiseOp, shape: tuple[Size, ...]) -> SSAValue | None:
    """`x` when `op` reads `reshape(x)`, of full size, and single numbers."""
    tensors = [operand for operand in op.operands if product(sizes_of(operand.type)) != 1]
    if len(tensors) != 1 or sizes_of(tensors[0].type) != shape or not isinstance(tensors[0].owner, Reshape):
        return None
    return tensors[0].owner.operand


def _can_follow(operand: SSAValue, shape: tuple[Size, ...]) -> bool:
    """Whether an operand has a meaning for tokens in other groups: a number, a value per channel, or of full size."""
    sizes = sizes_of(operand.type)
    return sizes == shape or product(sizes) == 1 or (sizes[-1] == shape[-1] and product(sizes[:-1]) == 1)


def _regroup(operand: SSAValue, shape: tuple[Size, ...], wanted: tuple[Size, ...], builder: Builder) -> SSAValue:
    sizes = sizes_of(operand.type)
    if sizes == shape:
        source = operand.owner.operand if isinstance(operand.owner, Reshape) else operand
        return source if sizes_of(source.type) == wanted else builder.reshape(operand, wanted)
    return builder.reshape(operand, () if product(sizes) == 1 else sizes[-1:]) if len(sizes) > 1 else operand
