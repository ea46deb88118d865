"""Every f32 product with a constant weight becomes `sparse.matmul`."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.passes import ModulePass

from sparsec.builder import Builder, constant_value
from sparsec.context import weights_of
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.dialects.nn_products import Linear, MatMul
from sparsec.transforms.bodies import replace
from sparsec.transforms.matching import before_broadcast
from sparsec.transforms.straight_line import erase_dead, function_blocks
from sparsec.transforms.weight_products import as_tokens
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class FormSparseMatmuls(ModulePass):
    """`linear(x, w)` -> `sparse.matmul(x, w) { acc }` for f32 constants `w`; a single vector `x` becomes one token.

    With a weight that is computed, or integers that no weight kernel can hold, it is `matmul(x, transpose(w))`.
    Products of activations repeat no operand: `matmul(x, broadcast(y))` -> `matmul(x, y)`, as for relative positions.
    """

    name = "form-sparse-matmuls"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in list(block.ops):
                if isinstance(inner, Linear):
                    _form(inner, weights)
                elif isinstance(inner, MatMul):
                    _repeat_nothing(inner, weights)
            erase_dead(block)


def _form(linear: Linear, weights: WeightStore) -> None:
    builder = Builder.before(weights, linear)
    matrix = constant_value(linear.weight, weights)
    if matrix is None:
        replace(linear, [builder.matmul(linear.x, builder.transpose(linear.weight, [1, 0]))])
        return
    if element_of(linear.x.type) != f32:
        replace(linear, [builder.matmul(linear.x, builder.constant(matrix.T))])
        return
    body = builder.body([f32], lambda inner, arguments: arguments)
    (product,) = builder.sparse_matmul(as_tokens(linear.x, builder), linear.weight, [], body)
    replace(linear, [builder.reshape(product, sizes_of(linear.result.type))])


def _repeat_nothing(product: MatMul, weights: WeightStore) -> None:
    operands = [
        small if sizes_of(small.type)[-2:] == sizes_of(operand.type)[-2:] else operand
        for operand in product.operands
        for small in [before_broadcast(operand)]
    ]
    if operands == list(product.operands):
        return
    builder = Builder.before(weights, product)
    result = builder.matmul(*operands)
    replace(product, [builder.broadcast(result, sizes_of(product.result.type))])
