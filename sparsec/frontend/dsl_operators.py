"""Operators: known numbers are computed with at once, sizes exactly, tensors through ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import f32, i1, i32, i64
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of
from sparsec.dims import Dim, Size
from sparsec.errors import ShapeError
from sparsec.frontend.dsl_dtypes import dtype_name
from sparsec.frontend.dsl_values import Emitter, Number, Tensor, Value, describe

MAX_WHOLE = 2**63 - 1
"""Whole numbers that are known while compiling stay within 64 bits, like those of tensors."""

_MAX_DEGREE, _MAX_TERMS = 8, 64

_TENSOR_OPS: dict[str, type[ew.ElementwiseOp]] = {
    "+": ew.Add,
    "-": ew.Sub,
    "*": ew.Mul,
    "/": ew.Div,
    "%": ew.Mod,
    "**": ew.Pow,
    "==": ew.Equal,
    "!=": ew.NotEqual,
    "<": ew.Less,
    "<=": ew.LessEqual,
    ">": ew.Greater,
    ">=": ew.GreaterEqual,
    "and": ew.And,
    "or": ew.Or,
}

_NUMBER_OPS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

_LOGICAL: dict[str, Callable[[bool, bool], bool]] = {"and": lambda a, b: a and b, "or": lambda a, b: a or b}
_SIZE_OPS = ("+", "-", "*", "//")


def binary(emitter: Emitter, sign: str, lhs: Value, rhs: Value) -> Value:
    """`lhs sign rhs`.

    Raises:
        ShapeError: the operator does not take such operands.
    """
    if sign == "@":
        return matmul(emitter, lhs, rhs)
    if isinstance(lhs, Number) and isinstance(rhs, Number):
        return _numbers(sign, lhs, rhs)
    if _is_size(lhs) and _is_size(rhs) and sign in _SIZE_OPS:
        return _sizes(sign, lhs, rhs)
    if sign == "//":
        raise ShapeError("`//` divides sizes and numbers; tensors divide with `/`")
    if not isinstance(lhs, Tensor) and not isinstance(rhs, Tensor) and sign in ("/", "**"):
        lhs, rhs = (Tensor(emitter.tensor(value, f32)) for value in (lhs, rhs))
    return Tensor(elementwise(emitter, _TENSOR_OPS[sign], f"`{sign}`", lhs, rhs))


def elementwise(emitter: Emitter, op: type[ew.ElementwiseOp], what: str, lhs: Value, rhs: Value) -> SSAValue:
    """A binary elementwise op on values of one element type, checked in the language's words."""
    left, right = emitter.unify([lhs, rhs], what)
    element = element_of(left.type)
    name = dtype_name(element)
    if issubclass(op, ew.LogicalOp) and element != i1:
        raise ShapeError(f"{what} works on bool, got {name}: compare first, as in `x != 0`")
    if not issubclass(op, ew.LogicalOp | ew.Equal | ew.NotEqual) and element == i1:
        raise ShapeError(f"{what} does not work on bool: write cast(..., i32) or cast(..., f32) first")
    if op is ew.Mod and element not in (i32, i64):
        raise ShapeError(f"{what} works on i32 and i64, got {name}")
    if op is ew.Pow and element != f32:
        raise ShapeError(f"{what} works on f32, got {name}: write cast(..., f32) first")
    return emitter.builder.apply(op, left, right)


def unary(emitter: Emitter, sign: str, operand: Value) -> Value:
    """`-x` or `not x`.

    Raises:
        ShapeError: the operator does not take such an operand.
    """
    if sign == "not":
        if isinstance(operand, bool):
            return not operand
        if isinstance(operand, Tensor) and operand.element == i1:
            return Tensor(emitter.builder.apply(ew.Not, operand.value))
        raise ShapeError(f"`not` works on bool, got {describe(operand)}")
    if isinstance(operand, bool) or (isinstance(operand, Tensor) and operand.element == i1):
        raise ShapeError("`-` does not work on bool: did you mean `not`?")
    if isinstance(operand, int | float):
        return -operand
    if isinstance(operand, Dim):
        return operand * -1
    return Tensor(emitter.builder.apply(ew.Neg, emitter.tensor(operand)))


def matmul(emitter: Emitter, lhs: Value, rhs: Value) -> Tensor:
    """numpy's matrix product."""
    left, right = _factors(emitter, lhs, rhs, "`@`")
    return Tensor(emitter.builder.matmul(left, right))


def linear(emitter: Emitter, x: Tensor, weight: Tensor) -> Tensor:
    """`x[..., in]` by `weight[out, in]`."""
    left, right = _factors(emitter, x, weight, "linear")
    return Tensor(emitter.builder.linear(left, right))


def _factors(emitter: Emitter, lhs: Value, rhs: Value, what: str) -> tuple[SSAValue, SSAValue]:
    """Operands of a product: real ones as f32; plain integers as i32, so that the sum is exact."""
    if not isinstance(lhs, Tensor) or not isinstance(rhs, Tensor):
        other = rhs if isinstance(lhs, Tensor) else lhs
        raise ShapeError(f"{what} multiplies tensors, got {describe(other)}; numbers multiply with `*`")
    left, right = emitter.real(lhs), emitter.real(rhs)
    elements = [element_of(value.type) for value in (left, right)]
    if elements == [f32, f32]:
        return left, right
    names = " and ".join(map(dtype_name, elements))
    if f32 in elements or i1 in elements:
        raise ShapeError(f"{what} of {names}: both are f32 (or quantized), or both are integers")
    if i64 in elements:
        raise ShapeError(f"{what} of {names}: integers multiply as i8, u8 or i32")
    return emitter.builder.cast(left, i32), emitter.builder.cast(right, i32)


def _is_size(value: Value) -> bool:
    return isinstance(value, Dim) or (isinstance(value, int) and not isinstance(value, bool))


def _numbers(sign: str, lhs: Number, rhs: Number) -> Number:
    if sign in _LOGICAL:
        if not isinstance(lhs, bool) or not isinstance(rhs, bool):
            raise ShapeError(f"`{sign}` works on true and false, got {describe(lhs)} and {describe(rhs)}")
        return _LOGICAL[sign](lhs, rhs)
    if sign == "**" and abs(rhs) > 64 and isinstance(lhs, int) and isinstance(rhs, int):
        lhs = float(lhs)  # the exact power could fill the memory
    try:
        result = _NUMBER_OPS[sign](lhs, rhs)
    except ZeroDivisionError:
        raise ShapeError("division by zero") from None
    except OverflowError:
        raise ShapeError(f"the result of `{sign}` is too large") from None
    if isinstance(result, complex):
        raise ShapeError(f"{lhs} {sign} {rhs} is not a real number")
    if isinstance(result, int) and abs(result) > MAX_WHOLE:
        raise ShapeError(f"the result of `{sign}` does not fit in 64 bits")
    return result


def _sizes(sign: str, lhs: Any, rhs: Any) -> Size:
    if sign == "//" and rhs == 0:
        raise ShapeError("division by zero")
    if sign == "//" and isinstance(lhs, int):
        raise ShapeError(f"`{lhs}` is not divisible by `{rhs}`")
    result: Size = _NUMBER_OPS[sign](lhs, rhs)
    if isinstance(result, Dim):
        degree = max(len(monomial) for monomial, _ in result.terms)
        largest = max(abs(coefficient) for _, coefficient in result.terms)
        if degree > _MAX_DEGREE or len(result.terms) > _MAX_TERMS or largest > MAX_WHOLE:
            raise ShapeError("this size grows beyond anything a tensor can have")
    return result
