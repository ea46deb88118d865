"""How elements of each type are carried in registers, loaded and stored.

Integers narrower than 32 bits are carried in i32 lanes that hold their value, booleans as i1 (masks when there are many
lanes), i64 and floats as they are. In memory a boolean is one byte, 0 or 1. One lane is a scalar, not a vector.
A table is carried as a pointer to it.
"""

from __future__ import annotations

from xdsl.dialects.builtin import Float16Type, IntegerType, i1, i8, i16, i32, i64
from xdsl.ir import Attribute

from sparsec.dialects.encoding import TableType, is_float, to_numpy, ui8
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, lanes_of, pointer, size_of, vector_of

_BY_BYTES = {1: i8, 2: i16, 4: i32, 8: i64}


def bytes_of(element: Attribute) -> int:
    """Bytes that one element takes in memory."""
    return to_numpy(element).itemsize


def raw(element: Attribute) -> IntegerType:
    """The integer type as wide as an element in memory, for moving elements without looking at them."""
    return _BY_BYTES[bytes_of(element)]


def memory_type(element: Attribute) -> Attribute:
    """The type under which one element is loaded and stored."""
    return element if is_float(element) else raw(element)


def carried(element: Attribute, lanes: int = 1) -> Attribute:
    """The type that carries `lanes` elements in registers."""
    if isinstance(element, Float16Type):
        raise CompilerBug("kernels do not compute with f16: a pass before should have cast it to f32")
    scalar = pointer if isinstance(element, TableType) else i32 if element in (i8, ui8, i16) else element
    return scalar if lanes == 1 else vector_of(scalar, lanes)


def widen(e: Emitter, loaded: Value, element: Attribute) -> Value:
    """From how elements lie in memory to how they are carried."""
    if element == i1:
        return e.compare("ne", loaded, 0)
    if element == ui8:
        return e.zero_extend(loaded, i32)
    if element in (i8, i16):
        return e.sign_extend(loaded, i32)
    carried(element)
    return loaded


def narrow(e: Emitter, value: Value, element: Attribute) -> Value:
    """From how elements are carried to how they lie in memory. Vectors of bytes saturate."""
    if element == i1:
        return e.zero_extend(value, i8)
    if element in (i8, ui8):
        return e.narrow(value, signed=element == i8) if lanes_of(value.type) % LANES == 0 else e.truncate(value, i8)
    return e.truncate(value, i16) if element == i16 else value


def load(e: Emitter, element: Attribute, base: Value, byte_offset: Operand = 0, lanes: int = 1) -> Value:
    """Load `lanes` elements that lie side by side."""
    if isinstance(element, TableType):
        return e.offset(base, byte_offset)
    memory = memory_type(element)
    return widen(e, e.load(memory if lanes == 1 else vector_of(memory, lanes), base, byte_offset), element)


def store(e: Emitter, value: Value, element: Attribute, base: Value, byte_offset: Operand = 0) -> None:
    """Store elements side by side."""
    e.store(narrow(e, value, element), base, byte_offset)


def gather(e: Emitter, memory: Attribute, base: Value, indices: Value) -> Value:
    """Load one element of a memory type per lane, from where `indices` (i64) say; not widened."""
    width = size_of(memory)
    if width == 4:
        return e.gather(memory, base, indices)
    loaded = e.constant(0, vector_of(memory, lanes_of(indices.type)))
    for lane in range(lanes_of(indices.type)):
        at = e.mul(e.extract(indices, lane), width)
        loaded = e.replace_lane(loaded, e.load(memory, base, at), lane)
    return loaded


def unread(e: Emitter, element: Attribute, place: Value) -> Value:
    """What stands for a scalar that nobody reads."""
    return place if isinstance(element, TableType) else e.constant(0, carried(element))
