"""Rewrites of `canonicalise-graph` about batches and heads that share an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from sparsec.builder import Builder
from sparsec.dialects.nn_elementwise import ElementwiseOp, QuantisationOp
from sparsec.dialects.nn_products import MatMul
from sparsec.dialects.nn_reductions import Softmax
from sparsec.dialects.nn_structure import GatherElements, Reshape, Transpose
from sparsec.dialects.tensor_op import TensorOp, integers, normalise_axis, sizes
from sparsec.dims import Size, product
from sparsec.transforms.matching import made_by, replace
from sparsec.transforms.straight_line import only_user
from sparsec.weights import WeightStore

DEPTH = 12
"""More ops than this are between no two products of an attention."""


@dataclass
class SplitBatches(RewritePattern):
    """reshape(op(x[n, i, j], ...)) to [b, h, i, j] -> op(reshape(x) to [b, h, i, j], ...)

    For products whose heads were channels, and what lies between these: softmax, elementwise work, scores of relative
    positions. Attention that is written with heads merged into the batch (`bmm`), and with a view for its mask, is
    spelled with both apart then.
    """

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Reshape, rewriter: PatternRewriter, /) -> None:
        inner, batches = op.operand.owner, _batches(op.operand, op.result)
        if batches is None or only_user(op.operand) is not op:
            return
        if isinstance(inner, TensorOp) and _keeps_batches_apart(inner) and _has_heads(op.operand):
            done = _apart(inner, batches, Builder.before(self.weights, op))
            if done is not None:
                replace(rewriter, op, done)


@dataclass
class WorkBeforeMerging(RewritePattern):
    """op(reshape(x[b, h, i, j]) to [n, i, j], ...) -> reshape(op(x, ...)) to [n, i, j]

    For softmax, and products with values whose heads were channels.
    """

    weights: WeightStore

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, MatMul | Softmax) or not _keeps_batches_apart(op):
            return
        if isinstance(op, MatMul) and not _were_channels(op.rhs):
            return
        merged = made_by(op.operands[0], Reshape)
        batches = _batches(merged.result, merged.operand) if merged is not None else None
        if batches is None:
            return
        builder = Builder.before(self.weights, op)
        done = _apart(op, batches, builder)
        if done is not None:
            replace(rewriter, op, builder.reshape(done, sizes(op.result)))


def _batches(merged: SSAValue, apart: SSAValue) -> tuple[Size, ...] | None:
    """`(b, h)` when values are `[n, i, j]` and `[b, h, i, j]`."""
    given, wanted = sizes(merged), sizes(apart)
    is_view = len(given) == 3 and len(wanted) == 4 and given[1:] == wanted[2:]
    return wanted[:2] if is_view and product(wanted[:2]) == given[0] else None


def _joined_more(merged: SSAValue, apart: SSAValue) -> bool:
    """Whether `[n, i, j]` was on four axes and others of size 1, as repeated positions are."""
    given, wanted = sizes(merged), [size for size in sizes(apart) if size != 1]
    return len(given) == 3 and len(wanted) == 4 and [*given[1:]] == wanted[2:]


def _has_heads(value: SSAValue, depth: int = DEPTH) -> bool:
    """Whether a value on three axes follows from a product whose heads were channels, or was on four axes before."""
    op = value.owner
    if isinstance(op, Reshape):
        return _batches(value, op.operand) is not None or _joined_more(value, op.operand)
    if isinstance(op, MatMul) and _keeps_batches_apart(op):
        return _were_channels(op.lhs) or _were_channels(op.rhs)
    if not depth or not isinstance(op, Softmax | ElementwiseOp | Transpose | GatherElements):
        return False  # what is computed of an axis as a whole, such as a layer norm, is recognised as it is
    return any(_has_heads(operand, depth - 1) for operand in op.operands if len(sizes(operand)) == 3)


def _were_channels(value: SSAValue) -> bool:
    """Whether moves up to a value have split its channels: into heads, while windows and frames leave them whole."""
    for _ in range(DEPTH):
        op = value.owner
        if isinstance(op, Reshape) and sizes(op.operand)[-1:] != sizes(value)[-1:]:
            return True
        if not isinstance(op, Reshape | Transpose | ElementwiseOp):
            return False
        shape = sizes(value)
        value = next((operand for operand in op.operands if len(sizes(operand)) == len(shape)), op.operands[0])
    return False


def _apart(op: TensorOp, batches: Sequence[Size], builder: Builder) -> SSAValue | None:
    """The result of an op on three axes, computed on four; None where an operand is not of full size."""
    merged = sizes(op.results[0])[0]
    shapes = [_split(sizes(operand), merged, batches) for operand in op.operands]
    found = [shape for shape in shapes if shape is not None]
    if len(found) < len(shapes):
        return None
    operands = [builder.reshape(value, shape) for value, shape in zip(op.operands, found, strict=True)]
    match op:
        case Softmax():
            return builder.softmax(operands[0], -1)
        case Transpose():
            return builder.transpose(operands[0], (0, 1, 3, 2))
        case GatherElements():
            return builder.gather_elements(operands[0], operands[1], normalise_axis(op.axis.value.data, 3, op) + 1)
        case _:
            pass
    return builder.create(type(op), operands, op.properties).results[0]


def _keeps_batches_apart(op: TensorOp) -> bool:
    """Whether no number of a result depends on another element of the first of its three axes."""
    match op:
        case MatMul():
            return len(sizes(op.lhs)) == len(sizes(op.rhs)) == 3
        case Softmax():
            return len(sizes(op.operand)) == 3 and normalise_axis(op.axis.value.data, 3, op) == 2
        case Transpose():
            return integers(op.permutation) == (0, 2, 1)
        case GatherElements():
            return len(sizes(op.operand)) == 3 and normalise_axis(op.axis.value.data, 3, op) > 0
        case QuantisationOp():
            return op.axis_value is None
        case _:
            return isinstance(op, ElementwiseOp)


def _split(shape: tuple[Size, ...], merged: Size, batches: Sequence[Size]) -> tuple[Size, ...] | None:
    """The shape of an operand with its first axis split; None where that axis is neither of full size nor 1."""
    if len(shape) < 3:
        return shape
    if len(shape) > 3 or shape[0] not in (merged, 1):
        return None
    return (*batches, *shape[1:]) if shape[0] == merged else (1, *shape)
