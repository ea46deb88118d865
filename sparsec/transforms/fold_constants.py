"""Compute at compile time what depends on constants only, with the reference's arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from sparsec.builder import INLINE_LIMIT, Builder, constant_value
from sparsec.context import weights_of
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_elementwise import Dequantize
from sparsec.dialects.nn_structure import Broadcast, Constant
from sparsec.dialects.tensor_op import TensorOp
from sparsec.dims import product
from sparsec.errors import InputError
from sparsec.reference import evaluate_op
from sparsec.transforms.matching import apply_rewrites, depends_on_symbols, is_constant, replace
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class FoldConstants(ModulePass):
    """Replace ops whose operands are all constants by a constant.

    A fold never makes the program larger: beyond `small_bytes` the results may not take more bytes than the operands.
    So an `nn.broadcast` stays an `nn.broadcast`. A dequantised constant stays one, however small: products read its
    bytes. Only single numbers that are no matrices are folded.
    """

    name = "fold-constants"
    small_bytes: int = 4096

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rewrites(op, [Fold(weights_of(ctx), self.small_bytes)])


@dataclass
class Fold(RewritePattern):
    """op(constants...) -> constant"""

    weights: WeightStore
    small_bytes: int

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, TensorOp) or isinstance(op, Constant | Attention) or not op.operands:
            return
        if not all(is_constant(operand) for operand in op.operands) or not self._is_worth_it(op):
            return
        arrays = [constant_value(operand, self.weights) for operand in op.operands]
        try:
            results = evaluate_op(op, [array for array in arrays if array is not None], weights=self.weights)
        except InputError:
            return  # an index out of range in a branch that is perhaps never taken: the program reports it when it runs
        builder = Builder.before(self.weights, op)
        replace(rewriter, op, *(builder.constant(result) for result in results))

    def _is_worth_it(self, op: TensorOp) -> bool:
        if op.parent_block() is None or not op.results or depends_on_symbols(op):
            return False
        made = [_bytes(result) for result in op.results]
        if any(size is None for size in made):
            return False
        total = sum(size for size in made if size is not None)
        if isinstance(op, Dequantize):
            shape = sizes_of(op.operand.type)
            return product(shape) == 1 and len(shape) != 2
        if isinstance(op, Broadcast):
            return total <= INLINE_LIMIT * 8
        given = sum(_bytes(operand) or 0 for operand in op.operands)
        return total <= max(self.small_bytes, given)


def _bytes(value: SSAValue) -> int | None:
    """How many bytes a value takes; None when that depends on symbols."""
    total = to_numpy(element_of(value.type)).itemsize
    for size in sizes_of(value.type):
        if not isinstance(size, int):
            return None
        total *= size
    return total
