"""Matrix products of floats: MatMul and Gemm. Products of integers are in `quantised`."""

from __future__ import annotations

from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.nn_structure import Constant
from sparsec.errors import ModelError, ShapeError
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.activations import number
from sparsec.frontend.onnx_ops.elementwise import apply
from sparsec.frontend.onnx_values import Value


def multiplied(call: Call, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
    """numpy's `lhs @ rhs`; sizes that must be equal are made so.

    Raises:
        SymbolsMustAgree, ShapeError: they are not.
    """
    left, right = sizes_of(lhs.type), sizes_of(rhs.type)
    if not left or not right:
        raise ShapeError(f"{call.build.source}: a matrix product of a scalar")
    call.emitter.require_equal(left[-1], right[-2 if len(right) > 1 else 0], "the inner sizes of a matrix product")
    call.emitter.broadcast_shape(left[:-2], right[:-2])
    return call.build.matmul(lhs, rhs)


def _matmul(call: Call) -> Value:
    for index in (0, 1):
        if call.dtype(index).name != "float32":
            raise Unsupported(f"it multiplies {call.dtype(index).name}; use float32, or MatMulInteger for integers")
    return multiplied(call, call.data(0), call.data(1))


def is_weight(value: SSAValue) -> bool:
    """A constant, or one that is dequantised."""
    op = value.owner
    return isinstance(op, Constant) or (isinstance(op, ew.Dequantize) and isinstance(op.operand.owner, Constant))


def general_product(call: Call, a: SSAValue, b: SSAValue, *, transpose_a: bool, transpose_b: bool) -> SSAValue:
    """`a' @ b'` of matrices; a weight that the file keeps as `[out, in]` stays so."""
    build: Builder = call.build
    if len(sizes_of(a.type)) != 2 or len(sizes_of(b.type)) != 2:
        raise ModelError(f"{call.node.title}: {call.node.op_type} multiplies matrices of rank 2")
    a = build.transpose(a, [1, 0]) if transpose_a else a
    if transpose_b and is_weight(b):
        call.emitter.require_equal(sizes_of(a.type)[1], sizes_of(b.type)[1], "the inner sizes of a matrix product")
        return build.linear(a, b)
    return multiplied(call, a, build.transpose(b, [1, 0]) if transpose_b else b)


def _gemm(call: Call) -> Value:
    """`alpha * a' @ b' + beta * c`"""
    for index in (0, 1):
        if call.dtype(index).name != "float32":
            raise Unsupported(f"it multiplies {call.dtype(index).name}; only float32 is supported")
    transposed = {"transpose_a": call.flag("transA"), "transpose_b": call.flag("transB")}
    result: Value = general_product(call, call.data(0), call.data(1), **transposed)
    alpha, beta = call.number("alpha", 1.0), call.number("beta", 1.0)
    if alpha != 1:
        result = apply(call, ew.Mul, result, number(call, alpha))
    if not call.has(2) or beta == 0:
        return result
    bias = call.value(2)
    return apply(call, ew.Add, result, bias if beta == 1 else apply(call, ew.Mul, bias, number(call, beta)))


PRODUCTS: dict[str, Translate] = {"MatMul": _matmul, "Gemm": _gemm}
