"""Products with a constant matrix become `nn.linear` with a weight `[out, in]`."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i32
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from sparsec.builder import Builder, constant_value
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.nn_products import MatMul
from sparsec.dialects.nn_structure import Constant, Transpose
from sparsec.dialects.sparse import SCHEDULE_HINT
from sparsec.dialects.tensor_op import element, integers, normalise_axis, sizes
from sparsec.reference import evaluate_op
from sparsec.transforms.matching import apply_rewrites, made_by, replace
from sparsec.weights import Array, WeightStore


@dataclass(frozen=True)
class MatmulToLinear(ModulePass):
    """`matmul(x, w)` -> `linear(x, transpose(w))` where w is a matrix made of constants only.

    The transpose is carried through the dequantisation of a weight down to the constant, so that the weight stays
    bytes. Weights of integer products (bytes minus zero points, as i32) are computed: there the bytes are easily found
    again. `matmul(x, transpose(w))` needs no transposed copy.
    """

    name = "matmul-to-linear"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rewrites(op, [MultiplyByConstant(weights_of(ctx))])


@dataclass
class MultiplyByConstant(RewritePattern):
    """matmul(x[..., in], w[in, out]) -> linear(x, transpose(w)[out, in]) for constant w"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MatMul, rewriter: PatternRewriter, /) -> None:
        if len(sizes(op.rhs)) != 2 or not is_made_of_constants(op.rhs):
            return
        builder = Builder.before(self.weights, op)
        if element(op.rhs) == i32:
            weight = builder.constant(evaluated(op.rhs, self.weights).T)
        else:
            weight = transposed(op.rhs, builder)
        replace(rewriter, op, builder.linear(op.lhs, weight))


def is_made_of_constants(value: SSAValue) -> bool:
    """Whether a matrix is an elementwise function of constants, possibly transposed: a weight."""
    op = value.owner
    if isinstance(op, Constant):
        return True
    if isinstance(op, ew.ElementwiseOp | Transpose):
        return all(is_made_of_constants(operand) for operand in op.operands)
    return False


def evaluated(value: SSAValue, weights: WeightStore) -> Array:
    """The number behind each element of what `is_made_of_constants`."""
    op = value.owner
    assert isinstance(op, Operation)
    operands = [evaluated(operand, weights) for operand in op.operands]
    return evaluate_op(op, operands, weights=weights)[0]


def transposed(value: SSAValue, builder: Builder) -> SSAValue:
    """The transpose of what `is_made_of_constants`, new constants included; vectors become columns.

    A scalar or vector is first seen as the matrix that it broadcasts to.
    """
    rank = len(sizes(value))
    if rank == 0:
        return value
    if (array := constant_value(value, builder.weights)) is not None:
        moved = builder.constant(array.reshape(-1, 1) if rank == 1 else array.T)
        _keep_hint(value.owner, moved.owner)
        return moved
    op = value.owner
    if (inner := made_by(value, Transpose)) is not None:
        return inner.operand if integers(inner.permutation) == (1, 0) else transposed(inner.operand, builder)
    assert isinstance(op, ew.ElementwiseOp)
    if not isinstance(op, ew.QuantisationOp):
        operands = [transposed(operand, builder) for operand in op.operands]
        return builder.create(type(op), operands, dict(op.properties)).results[0]
    parameters = op.scale, op.zero_point
    axis = op.axis_value
    if axis is not None:
        axis = rank - 1 - normalise_axis(axis, rank, op) if rank == 2 else 0
    operand = transposed(op.operand, builder)
    if isinstance(op, ew.Quantize):
        return builder.quantize(operand, *parameters, axis)
    return builder.dequantize(operand, *parameters, axis)


def _keep_hint(old: object, new: object) -> None:
    if isinstance(old, Operation) and isinstance(new, Operation) and SCHEDULE_HINT in old.attributes:
        new.attributes[SCHEDULE_HINT] = old.attributes[SCHEDULE_HINT]
