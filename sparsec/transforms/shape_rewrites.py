"""Rewrites of `canonicalise-graph` about ops that only move data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from sparsec.builder import Builder, constant_value
from sparsec.dialects.encoding import i8, sizes_of, tensor, ui8
from sparsec.dialects.nn_elementwise import Dequantize, ElementwiseOp, QuantisationOp
from sparsec.dialects.nn_products import MatMul
from sparsec.dialects.nn_reductions import ReduceOp
from sparsec.dialects.nn_structure import Broadcast, Concat, Gather, GatherElements, Reshape, Slice, Transpose
from sparsec.dialects.tensor_op import element, integers, normalise_axis, sizes
from sparsec.dims import Size, broadcast
from sparsec.transforms.matching import before_broadcast, depends_on_symbols, folded, is_constant, made_by, replace
from sparsec.transforms.straight_line import only_user
from sparsec.weights import WeightStore


@dataclass
class MergeReshapes(RewritePattern):
    """reshape(reshape(x)) -> reshape(x); reshape(x) to its own shape -> x"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Reshape, rewriter: PatternRewriter, /) -> None:
        if sizes(op.operand) == sizes(op.result):
            replace(rewriter, op, op.operand)
        elif (inner := made_by(op.operand, Reshape)) is not None:
            replace(rewriter, op, Builder.before(self.weights, op).reshape(inner.operand, sizes(op.result)))


@dataclass
class MergeTransposes(RewritePattern):
    """transpose(transpose(x)) -> transpose(x); one that only moves axes of size 1 -> reshape(x)"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Transpose, rewriter: PatternRewriter, /) -> None:
        permutation = integers(op.permutation)
        builder = Builder.before(self.weights, op)
        moved = [axis for axis in permutation if sizes(op.operand)[axis] != 1]
        if moved == sorted(moved):
            replace(rewriter, op, builder.reshape(op.operand, sizes(op.result)))
        elif (inner := made_by(op.operand, Transpose)) is not None:
            first = integers(inner.permutation)
            replace(rewriter, op, builder.transpose(inner.operand, [first[axis] for axis in permutation]))


@dataclass
class TransposeQuantisedConstant(RewritePattern):
    """transpose(dequantize(constant, s, z)) -> dequantize(transpose(constant), s, z), the axis moved along"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Transpose, rewriter: PatternRewriter, /) -> None:
        inner = made_by(op.operand, Dequantize)
        if inner is None:
            return
        array = constant_value(inner.operand, self.weights)
        if array is None:
            return
        permutation = integers(op.permutation)
        axis = inner.axis_value
        if axis is not None:
            axis = permutation.index(normalise_axis(axis, array.ndim, inner))
        builder = Builder.before(self.weights, op)
        moved = builder.constant(array.transpose(permutation))
        replace(rewriter, op, builder.dequantize(moved, inner.scale, inner.zero_point, axis))


@dataclass
class MoveBytes(RewritePattern):
    """move(dequantize(q, s, z), ...) -> dequantize(move(q, ...), s, z) with one scale: products find the bytes.

    A weight is moved at once. A constant of which the program takes some rows is a table of embeddings, and stays one.
    """

    weights: WeightStore

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, Reshape | Transpose | Slice | Gather | Concat):
            return
        moved = list(op.parts) if isinstance(op, Concat) else [op.operand]
        made = [inner for value in moved if (inner := made_by(value, Dequantize)) is not None]
        if len(made) < len(moved) or not _are_alike(made):
            return
        is_table = any(is_constant(inner.operand) for inner in made)
        if is_table and (isinstance(op, Gather) or depends_on_symbols(op)):
            return
        builder = Builder.before(self.weights, op)
        operands = [*(inner.operand for inner in made), *op.operands[len(moved) :]]
        types = [tensor(element(made[0].operand), sizes(op.result))]
        move = builder.create(type(op), operands, op.properties, result_types=types)
        replace(rewriter, op, builder.dequantize(folded(move, builder), made[0].scale, made[0].zero_point))


def _are_alike(made: Sequence[Dequantize]) -> bool:
    """Whether these are bytes of one kind, all with the same single scale and zero point."""
    kinds = {(element(inner.operand), element(inner.result), inner.scale, inner.zero_point) for inner in made}
    return len(kinds) == 1 and has_one_scale(made[0]) and element(made[0].operand) in (i8, ui8)


def has_one_scale(op: QuantisationOp) -> bool:
    """Whether scale and zero point are single numbers."""
    return all(set(sizes(parameter)) <= {1} for parameter in (op.scale, op.zero_point))


@dataclass
class DropIdentityMoves(RewritePattern):
    """broadcast(x) to its own shape -> x; slice of everything -> x; concat(x) -> x"""

    def match_and_rewrite(self, op: object, rewriter: PatternRewriter, /) -> None:
        if isinstance(op, Broadcast) and sizes(op.operand) == sizes(op.result):
            replace(rewriter, op, op.operand)
        elif isinstance(op, Concat) and len(op.parts) == 1:
            replace(rewriter, op, op.parts[0])
        elif isinstance(op, Slice) and takes_everything(op):
            replace(rewriter, op, op.operand)


def takes_everything(op: Slice) -> bool:
    """Whether a slice is its operand."""
    same_shape = sizes(op.operand) == sizes(op.result)
    return same_shape and set(op.start_sizes) <= {0} and set(integers(op.steps)) <= {1}


@dataclass
class MergeBroadcasts(RewritePattern):
    """broadcast(broadcast(x)) -> broadcast(x)"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Broadcast, rewriter: PatternRewriter, /) -> None:
        if (inner := made_by(op.operand, Broadcast)) is not None:
            replace(rewriter, op, Builder.before(self.weights, op).broadcast(inner.operand, sizes(op.result)))


@dataclass
class SinkBroadcasts(RewritePattern):
    """f(broadcast(x), y) -> f(x, y), broadcast afterwards where the shape needs it, for elementwise f"""

    weights: WeightStore

    def match_and_rewrite(self, op: object, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, ElementwiseOp) or len(op.results) != 1:
            return
        if isinstance(op, QuantisationOp) and not has_one_scale(op):
            return  # the axis of the scales counts the axes of the broadcast operand
        narrow = [before_broadcast(operand) for operand in op.operands]
        if all(a is b for a, b in zip(narrow, op.operands, strict=True)):
            return
        builder = Builder.before(self.weights, op)
        result = builder.create(type(op), narrow, dict(op.properties)).results[0]
        replace(rewriter, op, builder.broadcast(result, sizes_of(op.result_types[0])))


@dataclass
class TransposeBeforeBroadcast(RewritePattern):
    """transpose(broadcast(x)) -> broadcast(transpose(x))"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Transpose, rewriter: PatternRewriter, /) -> None:
        if (inner := made_by(op.operand, Broadcast)) is None:
            return
        builder = Builder.before(self.weights, op)
        given = sizes(inner.operand)
        full = builder.reshape(inner.operand, (*[1] * (len(op.permutation) - len(given)), *given))
        replace(rewriter, op, builder.broadcast(builder.transpose(full, integers(op.permutation)), sizes(op.result)))


@dataclass
class TransposeBeforePicking(RewritePattern):
    """transpose(gather_elements(matmul(a, b), i)) -> gather_elements(matmul(transpose(b), transpose(a)), transpose(i))

    For scores by relative positions, of which there are as many as attention has: operands are smaller, and split heads
    are transposed anyway. Only where the last two axes change places.
    """

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Transpose, rewriter: PatternRewriter, /) -> None:
        permutation, picked = integers(op.permutation), made_by(op.operand, GatherElements)
        rank = len(permutation)
        if picked is None or permutation != (*range(rank - 2), rank - 1, rank - 2) or only_user(op.operand) is not op:
            return
        product = made_by(picked.operand, MatMul)
        if product is None or len(sizes(product.lhs)) != rank or len(sizes(product.rhs)) != rank:
            return
        builder = Builder.before(self.weights, op)
        rows, columns, indices = (
            builder.transpose(value, permutation) for value in (product.rhs, product.lhs, picked.indices)
        )
        axis = permutation[normalise_axis(picked.axis.value.data, rank, picked)]
        replace(rewriter, op, builder.gather_elements(builder.matmul(rows, columns), indices, axis))


@dataclass
class ReshapeBeforeBroadcast(RewritePattern):
    """reshape(broadcast(x)) -> broadcast(reshape(x)) when the reshape only adds or drops axes of size 1"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Reshape, rewriter: PatternRewriter, /) -> None:
        inner = made_by(op.operand, Broadcast)
        if inner is None:
            return
        wide, wanted = sizes(op.operand), sizes(op.result)
        if [size for size in wide if size != 1] != [size for size in wanted if size != 1]:
            return
        given = (*[1] * (len(wide) - len(sizes(inner.operand))), *sizes(inner.operand))
        kept = iter([small for small, size in zip(given, wide, strict=True) if size != 1])
        narrow: list[Size] = [1 if size == 1 else next(kept) for size in wanted]
        if broadcast(narrow, wanted) != wanted:
            return
        builder = Builder.before(self.weights, op)
        replace(rewriter, op, builder.broadcast(builder.reshape(inner.operand, narrow), wanted))


@dataclass
class ReduceBeforeBroadcast(RewritePattern):
    """reduce(broadcast(x)) -> broadcast(reduce(x)) when the reduced axes are not those that were broadcast"""

    weights: WeightStore

    def match_and_rewrite(self, op: object, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, ReduceOp) or (inner := made_by(op.operand, Broadcast)) is None:
            return
        given, wide = sizes(inner.operand), sizes(op.operand)
        if len(given) != len(wide) or any(given[axis] != wide[axis] for axis in op.axis_values):
            return
        builder = Builder.before(self.weights, op)
        reduced = builder.create(type(op), [inner.operand], dict(op.properties)).results[0]
        replace(rewriter, op, builder.broadcast(reduced, sizes(op.result)))


@dataclass
class KeepReducedAxes(RewritePattern):
    """reshape(reduce(x)) -> reduce(x) that keeps the axes which the reshape puts back; if nothing else reads it"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Reshape, rewriter: PatternRewriter, /) -> None:
        reduction = op.operand.owner
        if not isinstance(reduction, ReduceOp) or only_user(op.operand) is not op:
            return
        axes = reduction.axis_values
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(sizes(reduction.operand)))
        if reduction.keepdims is None and sizes(op.result) == kept:
            builder = Builder.before(self.weights, op)
            builder.source = Builder.before(self.weights, reduction).source
            replace(rewriter, op, builder.reduce(type(reduction), reduction.operand, axes, keepdims=True))
