"""The first layer of the emitter that kernels write [loops] IR with: types, constants, arithmetic, conversions.

`control.ControlEmitter` adds memory and loops, `vector.Emitter` the vector units. Every method appends ops at the
current place and returns SSA values; one name serves scalars and vectors, integers and floats, and a plain Python
number may stand wherever another operand fixes the type. Sizes, offsets and loop counters are i64.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Sequence
from functools import cache, lru_cache
from typing import TypeGuard

from xdsl.dialects import arith, llvm, vector
from xdsl.dialects.builtin import (
    AnyFloat,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    VectorType,
    f32,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from sparsec.dialects import lanes
from sparsec.errors import CompilerBug
from sparsec.lowering.make_op import Build, make_op

Value = SSAValue
Operand = Value | int | float

pointer = llvm.LLVMPointerType()


def is_vector(value_type: Attribute) -> TypeGuard[VectorType[Attribute]]:
    """Whether values of this type have lanes. (xDSL's `isa` checks the element type too, and takes 30 us.)"""
    return isinstance(value_type, VectorType)


def is_integer(value_type: Attribute) -> TypeGuard[IntegerType]:
    """Whether values of this type are scalar integers."""
    return isinstance(value_type, IntegerType)


@cache
def vector_of(element: Attribute, lanes: int) -> VectorType[Attribute]:
    """The type of `lanes` elements side by side."""
    return VectorType(element, [lanes])


@lru_cache(1024)
def lane_order(lanes: tuple[int, ...]) -> DenseArrayBase[IntegerType]:
    """The lanes that a shuffle picks, as its attribute."""
    return DenseArrayBase.from_list(i32, lanes)


def element_of(value_type: Attribute) -> Attribute:
    """The element type of a vector type, or the scalar type itself."""
    return value_type.element_type if is_vector(value_type) else value_type


def lanes_of(value_type: Attribute) -> int:
    """How many lanes a vector type has; 1 for scalars."""
    return value_type.get_shape()[0] if is_vector(value_type) else 1


def size_of(value_type: Attribute) -> int:
    """Bytes that a value takes in memory (pointers: 8)."""
    element = element_of(value_type)
    if isinstance(element, llvm.LLVMPointerType):
        return 8
    if is_integer(element):
        return (element.width.data * lanes_of(value_type) + 7) // 8
    if isinstance(element, AnyFloat):
        return element.bitwidth // 8 * lanes_of(value_type)
    raise CompilerBug(f"kernels do not know the size of {value_type}")


def is_float(value_type: Attribute) -> bool:
    """Whether values of this type, or their elements, are floating point."""
    return isinstance(element_of(value_type), AnyFloat)


def mangled(value_type: Attribute) -> str:
    """How LLVM spells a type inside the name of an intrinsic: `v16f32`, `i64`, `p0`."""
    element = element_of(value_type)
    spelled = "p0" if isinstance(element, llvm.LLVMPointerType) else str(element)
    return f"v{lanes_of(value_type)}{spelled}" if is_vector(value_type) else spelled


def _key(value: float, element: Attribute) -> int | bytes:
    """What tells constants of a type apart: the bits of floats, the signed number that integers stand for."""
    if isinstance(element, Float32Type | Float64Type):
        return struct.pack("<d", value)
    if not is_integer(element):
        raise CompilerBug(f"there are no constants of type {element}")
    width = element.width.data
    low = int(value) & ((1 << width) - 1)
    return low - (1 << width) if width > 1 and low >> (width - 1) else low


@lru_cache(4096)
def _constant(
    keys: tuple[int | bytes, ...], value_type: Attribute
) -> IntegerAttr | FloatAttr | DenseIntOrFPElementsAttr:
    element = element_of(value_type)
    if isinstance(element, Float32Type | Float64Type):
        floats: list[float] = [struct.unpack("<d", key)[0] for key in keys if isinstance(key, bytes)]
        shape = VectorType(element, [len(floats)])
        return (
            DenseIntOrFPElementsAttr.from_list(shape, floats)
            if is_vector(value_type)
            else FloatAttr(floats[0], element)
        )
    assert is_integer(element)
    numbers = [key for key in keys if isinstance(key, int)]
    shape = VectorType(element, [len(numbers)])
    return (
        DenseIntOrFPElementsAttr.from_list(shape, numbers)
        if is_vector(value_type)
        else IntegerAttr(numbers[0], element)
    )


def _compare_lanes(a: Value, b: Value, predicate: str) -> Operation:
    return lanes.CompareOp(predicate, a, b)


def _compare_integer_lanes(a: Value, b: Value, predicate: str) -> Operation:
    return llvm.ICmpOp(a, b, IntegerAttr(llvm.ICmpPredicateFlag(predicate).to_int(), i64))


class ValueEmitter:
    """Appends [loops] ops to a function.

    Args:
        entry: the entry block of the function; constants and stack slots go to its head.
        features: LLVM names of the target features the function may use (`avx512vnni`, `fma`, ...).
    """

    def __init__(self, entry: Block, features: frozenset[str]):
        self.features = features
        self._entry = entry
        self._block = entry
        self._constants: dict[tuple[tuple[int | bytes, ...], Attribute], Value] = {}
        self._last_hoisted: Operation | None = None

    # Placing ops

    def at_top(self) -> bool:
        """Whether ops are being placed in the entry block, outside any loop or branch."""
        return self._block is self._entry

    def insert(self, op: Operation) -> Operation:
        """Append any op at the current place."""
        self._block.add_op(op)
        return op

    def result(self, op: Operation) -> Value:
        """Append an op with one result and return that result."""
        self._block.add_op(op)
        return op.results[0]

    def make(self, build: Build, operands: Sequence[Value], *others: Hashable) -> Value:
        """Append `build(*operands, *others)`, see `make_op`, and return its result."""
        return self.result(make_op(build, operands, *others))

    def _hoist(self, op: Operation) -> Value:
        if self._last_hoisted is not None:
            self._entry.insert_op_after(op, self._last_hoisted)
        elif (first := self._entry.first_op) is not None:
            self._entry.insert_op_before(op, first)
        else:
            self._entry.add_op(op)
        self._last_hoisted = op
        return op.results[0]

    # Constants

    def constant(self, value: Operand, value_type: Attribute) -> Value:
        """The constant of this type, one op per function; a vector constant has it in every lane."""
        if isinstance(value, SSAValue):
            raise CompilerBug("a constant is made of a Python number")
        element = element_of(value_type)
        if is_integer(value_type) and not isinstance(value, int):
            raise CompilerBug(f"{value!r} is no constant of type {value_type}")
        return self._deduplicated((_key(value, element),) * lanes_of(value_type), value_type)

    def constant_vector(self, values: Sequence[int | float], element: Attribute) -> Value:
        """The constant vector of these elements."""
        keys = tuple([_key(value, element) for value in values])
        return self._deduplicated(keys, vector_of(element, len(keys)))

    def _deduplicated(self, keys: tuple[int | bytes, ...], value_type: Attribute) -> Value:
        if (keys, value_type) not in self._constants:
            self._constants[keys, value_type] = self._hoist(arith.ConstantOp(_constant(keys, value_type)))
        return self._constants[keys, value_type]

    def like(self, a: Value, number: float) -> Value:
        """The constant that has the type of a."""
        return self.constant(number, a.type)

    def i64(self, value: int) -> Value:
        """An i64 constant."""
        return self.constant(value, i64)

    def i32(self, value: int) -> Value:
        """An i32 constant."""
        return self.constant(value, i32)

    def f32(self, value: float) -> Value:
        """An f32 constant."""
        return self.constant(value, f32)

    def _pair(self, a: Operand, b: Operand) -> tuple[Value, Value]:
        if isinstance(a, SSAValue):
            right = b if isinstance(b, SSAValue) else self.constant(b, a.type)
            if a.type != right.type:
                raise CompilerBug(f"operands of types {a.type} and {right.type} do not go together")
            return a, right
        if isinstance(b, SSAValue):
            return self.constant(a, b.type), b
        raise CompilerBug(f"one of the operands {a}, {b} must be a value: the other takes its type")

    # Arithmetic, on scalars and vectors, integers and floats alike

    def add(self, a: Operand, b: Operand) -> Value:
        """a + b"""
        if isinstance(a, SSAValue) and isinstance(b, int) and b == 0 and not is_float(a.type):
            return a
        x, y = self._pair(a, b)
        return self.make(arith.AddfOp if is_float(x.type) else arith.AddiOp, [x, y])

    def sub(self, a: Operand, b: Operand) -> Value:
        """a - b"""
        x, y = self._pair(a, b)
        return self.make(arith.SubfOp if is_float(x.type) else arith.SubiOp, [x, y])

    def mul(self, a: Operand, b: Operand) -> Value:
        """a * b"""
        if isinstance(a, SSAValue) and isinstance(b, int) and b == 1 and not is_float(a.type):
            return a
        x, y = self._pair(a, b)
        return self.make(arith.MulfOp if is_float(x.type) else arith.MuliOp, [x, y])

    def div(self, a: Operand, b: Operand) -> Value:
        """a / b; integers are sizes: unsigned, rounded down"""
        x, y = self._pair(a, b)
        return self.make(arith.DivfOp if is_float(x.type) else arith.DivUIOp, [x, y])

    def rem(self, a: Operand, b: Operand) -> Value:
        """The rest of the unsigned integer division a / b."""
        return self.make(arith.RemUIOp, self._pair(a, b))

    def signed_div(self, a: Operand, b: Operand) -> Value:
        """a / b of signed integers, rounded towards zero."""
        return self.make(arith.DivSIOp, self._pair(a, b))

    def signed_rem(self, a: Operand, b: Operand) -> Value:
        """The rest of `signed_div`; it has the sign of a."""
        return self.make(arith.RemSIOp, self._pair(a, b))

    def both(self, a: Operand, b: Operand) -> Value:
        """Bitwise and; of masks too."""
        return self.make(arith.AndIOp, self._pair(a, b))

    def either(self, a: Operand, b: Operand) -> Value:
        """Bitwise or; of masks too."""
        return self.make(arith.OrIOp, self._pair(a, b))

    def differ(self, a: Operand, b: Operand) -> Value:
        """Bitwise exclusive or; of masks too."""
        return self.make(arith.XOrIOp, self._pair(a, b))

    def negate_mask(self, mask: Value) -> Value:
        """True where the mask (i1 or a vector of i1) is false."""
        return self.differ(mask, 1)

    def shift_left(self, a: Value, b: Operand) -> Value:
        """a << b"""
        return self.make(arith.ShLIOp, self._pair(a, b))

    def shift_right(self, a: Value, b: Operand, signed: bool = True) -> Value:
        """a >> b, copying the sign bit or filling with zeros."""
        return self.make(arith.ShRSIOp if signed else arith.ShRUIOp, self._pair(a, b))

    def maximum(self, a: Operand, b: Operand) -> Value:
        """`a > b ? a : b`, for floats exactly that: b when either is NaN. Integers are signed."""
        x, y = self._pair(a, b)
        if is_float(x.type):
            return self.select(self.greater(x, y), x, y)
        return self.make(arith.MaxSIOp, [x, y])

    def minimum(self, a: Operand, b: Operand) -> Value:
        """`a < b ? a : b`, for floats exactly that: b when either is NaN. Integers are signed."""
        x, y = self._pair(a, b)
        if is_float(x.type):
            return self.select(self.less(x, y), x, y)
        return self.make(arith.MinSIOp, [x, y])

    def ceil_div(self, a: Value, b: int) -> Value:
        """The smallest integer >= a / b, for sizes."""
        return self.div(self.add(a, b - 1), b)

    # Comparing

    def compare(self, predicate: str, a: Operand, b: Operand) -> Value:
        """An i1, or a vector of them: LLVM's predicates (`slt`, `ult`, `eq`; for floats `olt`, `une`, `uno`)."""
        x, y = self._pair(a, b)
        if is_vector(x.type):
            return self.make(_compare_lanes if is_float(x.type) else _compare_integer_lanes, [x, y], predicate)
        return self.make(arith.CmpfOp if is_float(x.type) else arith.CmpiOp, [x, y], predicate)

    def _ordered(self, name: str, a: Operand, b: Operand) -> Value:
        x, y = self._pair(a, b)
        prefix = "o" if is_float(x.type) else "" if name in ("eq", "ne") else "s"
        return self.compare(prefix + name, x, y)

    def less(self, a: Operand, b: Operand) -> Value:
        """a < b; false when unordered; integers are signed"""
        return self._ordered("lt", a, b)

    def less_equal(self, a: Operand, b: Operand) -> Value:
        """a <= b; false when unordered; integers are signed"""
        return self._ordered("le", a, b)

    def greater(self, a: Operand, b: Operand) -> Value:
        """a > b; false when unordered; integers are signed"""
        return self._ordered("gt", a, b)

    def greater_equal(self, a: Operand, b: Operand) -> Value:
        """a >= b; false when unordered; integers are signed"""
        return self._ordered("ge", a, b)

    def equal(self, a: Operand, b: Operand) -> Value:
        """a == b; false when unordered"""
        return self._ordered("eq", a, b)

    def is_nan(self, a: Value) -> Value:
        """True where a is NaN."""
        return self.compare("uno", a, a)

    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        """`condition ? a : b`, lane by lane when the condition is a vector of i1."""
        x, y = self._pair(a, b)
        if is_vector(condition.type):
            return self.make(lanes.SelectOp, [condition, x, y])
        return self.make(arith.SelectOp, [condition, x, y])

    # Converting

    def zero_extend(self, a: Value, element: IntegerType) -> Value:
        """Unsigned widening to integers of this element type (bytes u8 -> i32, masks -> 0/1)."""
        return self._convert(llvm.ZExtOp, a, element)

    def sign_extend(self, a: Value, element: IntegerType) -> Value:
        """Signed widening to integers of this element type."""
        return self._convert(llvm.SExtOp, a, element)

    def truncate(self, a: Value, element: IntegerType) -> Value:
        """The low bits of a."""
        return self._convert(llvm.TruncOp, a, element)

    def to_float(self, a: Value) -> Value:
        """Signed integers to f32, rounded to nearest even."""
        return self._convert(llvm.SIToFPOp, a, f32)

    def reinterpret(self, a: Value, element: Attribute) -> Value:
        """The same bits as elements of another type; the number of lanes follows."""
        if not is_vector(a.type):
            return self.make(arith.BitcastOp, [a], element)
        return self.make(vector.BitcastOp, [a], vector_of(element, size_of(a.type) // size_of(element)))

    def bits(self, a: Value) -> Value:
        """The bits of f32 values as i32."""
        return self.reinterpret(a, i32)

    def from_bits(self, a: Value) -> Value:
        """The f32 values that have these bits."""
        return self.reinterpret(a, f32)

    def _convert(self, op: Callable[[Value, Attribute], Operation], a: Value, element: Attribute) -> Value:
        # llvm's conversions: those of arith verify for scalars only
        return self.make(op, [a], vector_of(element, lanes_of(a.type)) if is_vector(a.type) else element)
