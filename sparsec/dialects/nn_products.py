"""Ops of `nn` that multiply: by a weight, and two tensors."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import f32, i32
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure

from sparsec.dialects.encoding import element_of, tensor
from sparsec.dialects.tensor_op import TensorOp, sizes, written
from sparsec.dims import broadcast
from sparsec.errors import ShapeError


class ProductOp(TensorOp):
    """A matrix product: f32 by f32 gives f32 (fused multiply-add, any order), i32 by i32 gives i32 (exact)."""

    traits = traits_def(Pure())

    def require_elements(self) -> Attribute:
        """The common element type, f32 or i32."""
        left, right = (element_of(operand.type) for operand in self.operands)
        if left != right or left not in (f32, i32):
            raise ShapeError(f"{self.name} multiplies f32 by f32 or i32 by i32, got {left} and {right}")
        return left


@irdl_op_definition
class Linear(ProductOp):
    """`x[..., in] @ transpose(w[out, in])`: the product with a weight, without bias."""

    name = "nn.linear"
    x = operand_def()
    weight = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        x, weight = sizes(self.x), sizes(self.weight)
        if not x or len(weight) != 2 or x[-1] != weight[1]:
            raise ShapeError(
                f"nn.linear of {written(x)} with a weight {written(weight)}: expected [..., in] and [out, in]"
            )
        return [tensor(self.require_elements(), [*x[:-1], weight[0]])]


@irdl_op_definition
class MatMul(ProductOp):
    """numpy's `lhs @ rhs` (ONNX MatMul)."""

    name = "nn.matmul"
    lhs = operand_def()
    rhs = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        lhs, rhs = sizes(self.lhs), sizes(self.rhs)
        if not lhs or not rhs or lhs[-1] != rhs[-2 if len(rhs) > 1 else 0]:
            raise ShapeError(f"nn.matmul of {written(lhs)} and {written(rhs)}: the inner sizes differ")
        batch = broadcast(lhs[:-2], rhs[:-2])
        return [tensor(self.require_elements(), [*batch, *lhs[-2:-1], *(rhs[-1:] if len(rhs) > 1 else ())])]


PRODUCTS: tuple[type[TensorOp], ...] = (
    Linear,
    MatMul,
)
