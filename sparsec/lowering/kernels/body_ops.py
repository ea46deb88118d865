"""What each elementwise nn op is in instructions: one table row each, for scalars and for any number of lanes.

Operands come as `elements.py` carries them and so do the results; `reference_elementwise.py` says what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xdsl.dialects import arith, llvm
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, f32, f64, i1, i8, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from sparsec import elementary
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import is_float, ui8
from sparsec.dialects.nn_structure import Constant
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.elements import widen
from sparsec.lowering.kernels.values import element_of, lanes_of, mangled, vector_of
from sparsec.lowering.kernels.vector import Emitter, Value

Row = Callable[[Emitter, Any, Sequence[Value]], Value]
"""`(emitter, op, operands) -> result`."""


def convert(e: Emitter, op: type[Operation], a: Value, element: Attribute) -> Value:
    """Apply a conversion op lane by lane."""
    lanes = lanes_of(a.type)
    result_type = element if lanes == 1 else vector_of(element, lanes)
    return e.result(op.create(operands=[a], result_types=[result_type]))


def wrap(e: Emitter, a: Value, element: Attribute) -> Value:
    """The value that an element of this type keeps of an i32 lane."""
    if element == ui8:
        return e.both(a, 0xFF)
    if element in (i8, i16):
        unused = 24 if element == i8 else 16
        return e.shift_right(e.shift_left(a, unused), unused)
    return a


def constant_number(value: SSAValue) -> int | float | None:
    """The number that a body's value is known to be, if it is a constant."""
    if isinstance(value.owner, Constant):
        attribute = value.owner.value
        if isinstance(attribute, IntegerAttr | FloatAttr):
            return attribute.value.data
    return None


def emit_constant(e: Emitter, op: Constant, value_type: Attribute) -> Value:
    """A body's constant in the carried type."""
    value = constant_number(op.result)
    if value is None:
        raise CompilerBug(f"a body has a constant that is no number: {op}")
    return e.constant(int(bool(value)) if element_of(value_type) == i1 else value, value_type)


def _operand_element(op: Operation) -> Attribute:
    return op.operands[-1].type


# Floats


def _single(e: Emitter, function: Callable[..., Value], operands: Sequence[Value]) -> Value:
    """A function of f32, on f64 by way of f32."""
    if element_of(operands[0].type) != f64:
        return function(e, *operands)
    narrow = [convert(e, llvm.FPTruncOp, operand, f32) for operand in operands]
    return convert(e, llvm.FPExtOp, function(e, *narrow), f64)


def _elementary(function: Callable[..., Value]) -> Row:
    return lambda e, op, operands: _single(e, function, operands)


def _power(e: Emitter, op: ew.Pow, operands: Sequence[Value]) -> Value:
    exponent = constant_number(op.rhs)
    if exponent is None:
        return _single(e, elementary.power, operands)

    def power(m: Emitter, x: Value) -> Value:
        return elementary.power_constant(m, x, float(exponent))

    return _single(e, power, operands[:1])


def _round_f64(e: Emitter, x: Value) -> Value:
    """To nearest even, by adding a number so large that no bits are left for a fraction."""
    magnitude = e.intrinsic(f"llvm.fabs.{mangled(x.type)}", [x], x.type)
    large = e.constant(2.0**52, x.type)
    rounded = e.sub(e.add(magnitude, large), large)
    signed = e.intrinsic(f"llvm.copysign.{mangled(x.type)}", [rounded, x], x.type)
    return e.select(e.less(magnitude, large), signed, x)


def _floor_f64(e: Emitter, x: Value) -> Value:
    rounded = _round_f64(e, x)
    lower = e.select(e.greater(rounded, x), e.sub(rounded, e.constant(1.0, x.type)), rounded)
    return e.intrinsic(f"llvm.copysign.{mangled(x.type)}", [lower, x], x.type)


def _negate_f64(e: Emitter, x: Value) -> Value:
    return e.result(arith.NegfOp.create(operands=[x], result_types=[x.type]))


def _rounding(single: Callable[..., Value], double: Callable[[Emitter, Value], Value]) -> Row:
    def row(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
        (x,) = operands
        return double(e, x) if element_of(x.type) == f64 else single(e, x)

    return row


def _sqrt(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.sqrt(operands[0])


def _reciprocal(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.div(e.constant(1.0, operands[0].type), operands[0])


def _is_nan(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    (x,) = operands
    return e.is_nan(x) if is_float(_operand_element(op)) else e.compare("ne", x, x)


# Floats and integers


def _negate(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    (x,), element = operands, _operand_element(op)
    if is_float(element):
        return _negate_f64(e, x) if element == f64 else elementary.negate(e, x)
    return wrap(e, e.sub(0, x), element)


def _absolute(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    (x,), element = operands, _operand_element(op)
    if is_float(element):
        return e.intrinsic(f"llvm.fabs.{mangled(x.type)}", [x], x.type)
    return wrap(e, e.maximum(x, e.sub(0, x)), element)


def _sign(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    """-1, 0 or 1; NaN stays NaN."""
    (x,) = operands
    if element_of(x.type) == f32:
        return elementary.sign(e, x)
    zero, one = e.constant(0, x.type), e.constant(1, x.type)
    result = e.select(e.less(x, zero), e.constant(-1, x.type), e.select(e.equal(x, zero), zero, x))
    return e.select(e.greater(x, zero), one, result)


def _relu(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.maximum(e.constant(0, operands[0].type), operands[0])


def _wrapping(function: Callable[[Emitter, Value, Value], Value]) -> Row:
    def row(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
        return wrap(e, function(e, *operands), _operand_element(op))

    return row


def _add(e: Emitter, a: Value, b: Value) -> Value:
    return e.either(a, b) if element_of(a.type) == i1 else e.add(a, b)


def _mul(e: Emitter, a: Value, b: Value) -> Value:
    return e.both(a, b) if element_of(a.type) == i1 else e.mul(a, b)


def _divide(e: Emitter, a: Value, b: Value) -> Value:
    """The quotient; of integers towards zero, 0 where b is 0, and nothing traps."""
    if is_float(element_of(a.type)):
        return e.div(a, b)
    zero, minus = e.equal(b, 0), e.equal(b, -1)
    quotient = e.signed_div(a, e.select(e.either(zero, minus), 1, b))
    return e.select(minus, e.sub(0, a), e.select(zero, 0, quotient))


def _modulo(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    a, b = operands
    if is_float(_operand_element(op)):
        raise CompilerBug("nn.mod of floats reached a kernel: it takes integers")
    zero = e.equal(b, 0)
    rest = e.signed_rem(a, e.select(e.either(zero, e.equal(b, -1)), 1, b))
    other_sign = e.less(e.differ(rest, b), 0)
    moved = e.select(e.both(other_sign, e.compare("ne", rest, 0)), e.add(rest, b), rest)
    return e.select(zero, 0, moved)


def _maximum(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    a, b = operands
    return e.either(a, b) if _operand_element(op) == i1 else e.maximum(a, b)


def _minimum(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    a, b = operands
    return e.both(a, b) if _operand_element(op) == i1 else e.minimum(a, b)


# Comparing and choosing


def _comparison(for_floats: str, for_integers: str, for_booleans: str) -> Row:
    def row(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
        element = _operand_element(op)
        chosen = for_booleans if element == i1 else for_floats if is_float(element) else for_integers
        return e.compare(chosen, operands[0], operands[1])

    return row


def _not(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.negate_mask(operands[0])


def _and(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.both(operands[0], operands[1])


def _or(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.either(operands[0], operands[1])


def _xor(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.differ(operands[0], operands[1])


def _where(e: Emitter, op: Operation, operands: Sequence[Value]) -> Value:
    return e.select(operands[0], operands[1], operands[2])


# Casts


def _float_to_int(e: Emitter, x: Value, wide: Attribute) -> Value:
    """Towards zero; what does not fit, and NaN, gives the lowest integer."""
    limit = 2.0 ** (63 if wide == i64 else 31)
    result_type = wide if lanes_of(x.type) == 1 else vector_of(wide, lanes_of(x.type))
    truncated = e.intrinsic(f"llvm.fptosi.sat.{mangled(result_type)}.{mangled(x.type)}", [x], result_type)
    low, high = e.constant(-limit, x.type), e.constant(limit, x.type)
    inside = e.both(e.greater_equal(x, low), e.less(x, high))
    return e.select(inside, truncated, -int(limit))


def cast(e: Emitter, x: Value, source: Attribute, target: Attribute) -> Value:
    """Another element type, as ONNX Cast has it."""
    if source == target:
        return x
    if target == i1:
        return e.compare("une" if is_float(source) else "ne", x, e.constant(0, x.type))
    if source == i1:
        x, source = e.zero_extend(x, i32), i32
    if is_float(source):
        if is_float(target):
            return convert(e, llvm.FPExtOp if target == f64 else llvm.FPTruncOp, x, target)
        return wrap(e, _float_to_int(e, x, i64 if target == i64 else i32), target)
    if is_float(target):
        return convert(e, llvm.SIToFPOp, x, target)
    if target == i64:
        return e.sign_extend(x, i64)
    return wrap(e, e.truncate(x, i32) if source == i64 else x, target)


def _cast(e: Emitter, op: ew.Cast, operands: Sequence[Value]) -> Value:
    return cast(e, operands[0], _operand_element(op), op.to)


def _dequantize(e: Emitter, op: ew.Dequantize, operands: Sequence[Value]) -> Value:
    q, scale, zero = operands
    centred = q if constant_number(op.zero_point) == 0 else e.sub(q, zero)
    values = convert(e, llvm.SIToFPOp, centred, element_of(scale.type))
    return values if constant_number(op.scale) == 1.0 else e.mul(values, scale)


def _lookup(e: Emitter, op: ew.Lookup, operands: Sequence[Value]) -> Value:
    """Of scalars; `body.py` keeps the tables that vectors are looked up in."""
    x, table = operands
    return widen(e, e.load(i8, table, e.zero_extend(e.both(x, 0xFF), i64)), op.result.type)


TABLE: Mapping[type[ew.ElementwiseOp], Row] = {
    ew.Neg: _negate,
    ew.Abs: _absolute,
    ew.Sign: _sign,
    ew.Not: _not,
    ew.Exp: _elementary(elementary.exp),
    ew.Log: _elementary(elementary.log),
    ew.Sqrt: _sqrt,
    ew.Reciprocal: _reciprocal,
    ew.Sin: _elementary(elementary.sin),
    ew.Cos: _elementary(elementary.cos),
    ew.Erf: _elementary(elementary.erf),
    ew.Tanh: _elementary(elementary.tanh),
    ew.Sigmoid: _elementary(elementary.sigmoid),
    ew.Relu: _relu,
    ew.Gelu: _elementary(elementary.gelu),
    ew.GeluTanh: _elementary(elementary.gelu_tanh),
    ew.Floor: _rounding(elementary.floor, _floor_f64),
    ew.Ceil: _rounding(elementary.ceil, lambda e, x: _negate_f64(e, _floor_f64(e, _negate_f64(e, x)))),
    ew.Round: _rounding(elementary.round_even, _round_f64),
    ew.IsNaN: _is_nan,
    ew.Add: _wrapping(_add),
    ew.Sub: _wrapping(lambda e, a, b: e.sub(a, b)),
    ew.Mul: _wrapping(_mul),
    ew.Div: _wrapping(_divide),
    ew.Mod: _modulo,
    ew.Pow: _power,
    ew.Maximum: _maximum,
    ew.Minimum: _minimum,
    ew.Equal: _comparison("oeq", "eq", "eq"),
    ew.NotEqual: _comparison("une", "ne", "ne"),
    ew.Less: _comparison("olt", "slt", "ult"),
    ew.LessEqual: _comparison("ole", "sle", "ule"),
    ew.Greater: _comparison("ogt", "sgt", "ugt"),
    ew.GreaterEqual: _comparison("oge", "sge", "uge"),
    ew.And: _and,
    ew.Or: _or,
    ew.Xor: _xor,
    ew.Where: _where,
    ew.Cast: _cast,
    ew.Dequantize: _dequantize,
    ew.Lookup: _lookup,
}
"""Every elementwise op but `nn.quantize`, whose parameters `body.py` prepares."""
