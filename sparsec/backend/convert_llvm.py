"""[llvm] to LLVM IR text, op by op: one row of a table for each.

xDSL has a translation, too. It drops linkage and target features, refuses ops outside its `llvm` dialect, and builds
the objects of `llvmlite.ir` first, which takes three times as long.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    VectorType,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from sparsec.dialects import lanes
from sparsec.errors import CompilerBug
from sparsec.identity_cache import by_identity


@dataclass(frozen=True)
class Heading:
    """What a function is to the linker and to LLVM: `internal`, `external`, ..., and its attributes."""

    linkage: str
    attributes: tuple[str, ...]


def own_heading(function: llvm.FuncOp) -> Heading:
    """The linkage of the op, and the features that it names."""
    features = function.attributes.get(lanes.FEATURES)
    names = features.data if isinstance(features, StringAttr) else ""
    allowed = [f'"target-features"="{names}"'] if names else []
    return Heading(function.linkage.linkage.data, ("nounwind", *allowed))


def convert_module(module: ModuleOp, triple: str, heading_of: Callable[[llvm.FuncOp], Heading] = own_heading) -> str:
    """The LLVM IR text of a module in [llvm] form.

    Args:
        heading_of: is asked for every function that has a body.

    Raises:
        CompilerBug: the module contains an op, a type or a constant that [llvm] does not allow.
    """
    texts: list[str] = []
    declared: dict[str, str] = {}
    for op in module.ops:
        if isinstance(op, llvm.GlobalOp):
            texts.append(_global(op))
        elif not isinstance(op, llvm.FuncOp):
            raise CompilerBug(f"{op.name} is not allowed at the top of an [llvm] module")
        elif op.body.blocks:
            texts.append(_Function(declared).text(op, heading_of(op)))
        else:
            types = ", ".join(map(_type, op.function_type.inputs))
            texts.append(f"declare {_type(op.function_type.output)} {_symbol(op.sym_name)}({types}) nounwind")
    return "\n".join([f'target triple = "{triple}"', *texts, *declared.values(), ""])


def _symbol(name: StringAttr) -> str:
    return f'@"{name.data}"'


def _global(op: llvm.GlobalOp) -> str:
    kind = "global" if op.constant is None else "constant"
    value = op.value
    if isinstance(value, StringAttr):
        initial = ' c"' + "".join(f"\\{byte:02x}" for byte in value.data.encode()) + '"'
    else:
        initial = "" if value is None else " " + _constant(value)
    return f"{_symbol(op.sym_name)} = {op.linkage.linkage.data} {kind} {_type(op.global_type)}{initial}"


# Types and constants


@by_identity
def _type(attribute: Attribute) -> str:
    match attribute:
        case IntegerType():
            return f"i{attribute.width.data}"
        case Float32Type():
            return "float"
        case Float64Type():
            return "double"
        case llvm.LLVMPointerType():
            return "ptr"
        case llvm.LLVMVoidType():
            return "void"
        case VectorType():
            (count,) = attribute.get_shape()
            return f"<{count} x {_type(attribute.element_type)}>"
        case llvm.LLVMArrayType():
            return f"[{attribute.size.data} x {_type(attribute.type)}]"
        case _:
            raise CompilerBug(f"{attribute} is no type of [llvm]")


def _number(value: float, element: Attribute) -> str:
    """A number of a scalar type. LLVM takes floats as the bits of a double."""
    if isinstance(element, IntegerType):
        return str(int(value) & 1 if element == i1 else int(value))
    if isinstance(element, Float32Type):
        (value,) = struct.unpack("<f", struct.pack("<f", value))
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016x}"


def _vector(element: str, numbers: Sequence[str]) -> str:
    if len(set(numbers)) == 1:
        return f"splat ({element} {numbers[0]})"
    return f"<{', '.join([f'{element} {number}' for number in numbers])}>"


@lru_cache(4096)
def _constant(value: Attribute) -> str:
    match value:
        case IntegerAttr() | FloatAttr():
            return _number(value.value.data, cast(Attribute, value.type))
        case DenseIntOrFPElementsAttr():
            element = cast(Attribute, value.get_element_type())
            return _vector(_type(element), [_number(cast(float, number), element) for number in value.get_values()])
        case _:
            raise CompilerBug(f"{value} is no constant of [llvm]")


# Functions

References = Mapping[SSAValue, str]
Row = Callable[[Any, References], str]
"""An op and how its operands are spelled -> the instruction, without the name of its result."""


class _Function:
    """Writes one function.

    Args:
        declared: the declarations of the intrinsics that are called, by name; this function adds its own.
    """

    def __init__(self, declared: dict[str, str]):
        self._declared = declared
        self._values: dict[SSAValue, str] = {}
        self._blocks: dict[Block, str] = {}
        self._incoming: dict[Block, list[tuple[str, Sequence[SSAValue]]]] = {}

    def text(self, op: llvm.FuncOp, heading: Heading) -> str:
        """The definition."""
        blocks = list(op.body.blocks)
        for block in blocks:  # names first: phis and branches look ahead
            self._name(block)
        noalias = ["llvm.noalias" in attribute.data for attribute in op.arg_attrs or ()] or [False] * len(
            blocks[0].args
        )
        arguments = ", ".join(
            f"{_type(argument.type)}{' noalias' if alone else ''} {self._values[argument]}"
            for argument, alone in zip(blocks[0].args, noalias, strict=True)
        )
        linkage = "" if heading.linkage == "external" else f"{heading.linkage} "
        result = _type(op.function_type.output)
        lines = [f"define {linkage}{result} {_symbol(op.sym_name)}({arguments}) {' '.join(heading.attributes)} {{"]
        for block in blocks:
            self._write(block, lines, is_entry=block is blocks[0])
        return "\n".join([*lines, "}"])

    def _name(self, block: Block) -> None:
        values = self._values
        label = self._blocks[block] = f"b{len(self._blocks)}"
        for argument in block.args:
            values[argument] = f"%v{len(values)}"
        for op in block.ops:
            if type(op) in TABLE:
                for result in op.results:
                    values[result] = f"%v{len(values)}"
                continue
            match op:
                case llvm.ConstantOp():
                    values[op.result] = _constant(op.value)
                case llvm.UndefOp():
                    values[op.res] = "undef"
                case llvm.AddressOfOp():
                    values[op.result] = _symbol(op.global_name.root_reference)
                case llvm.BrOp():
                    self._incoming.setdefault(op.successor, []).append((label, op.arguments))
                case llvm.CondBrOp():
                    self._incoming.setdefault(op.then_block, []).append((label, op.then_arguments))
                    self._incoming.setdefault(op.else_block, []).append((label, op.else_arguments))
                case _:
                    for result in op.results:
                        values[result] = f"%v{len(values)}"

    def _write(self, block: Block, lines: list[str], *, is_entry: bool) -> None:
        values = self._values
        lines.append(f"{self._blocks[block]}:")
        for number, argument in enumerate(() if is_entry else block.args):
            sources = [f"[{values[given[number]]}, %{label}]" for label, given in self._incoming.get(block, [])]
            lines.append(f"  {values[argument]} = phi {_type(argument.type)} {', '.join(sources)}")
        for op in block.ops:
            row = TABLE.get(type(op))
            if row is not None:
                text = row(op, values)
            elif isinstance(op, _INLINE):
                continue
            elif isinstance(op, llvm.CallIntrinsicOp):
                text = self._intrinsic(op)
            else:
                text = self._branch(op)
            lines.append(f"  {values[op.results[0]]} = {text}" if op.results else f"  {text}")

    def _intrinsic(self, op: llvm.CallIntrinsicOp) -> str:
        name, result = _symbol(op.intrin), _type(op.results[0].type) if op.results else "void"
        types = [_type(argument.type) for argument in op.operands]
        self._declared.setdefault(name, f"declare {result} {name}({', '.join(types)})")
        return _call(name, result, types, op, self._values)

    def _branch(self, op: Operation) -> str:
        match op:
            case llvm.BrOp():
                return f"br label %{self._blocks[op.successor]}"
            case llvm.CondBrOp():
                then, otherwise = self._blocks[op.then_block], self._blocks[op.else_block]
                return f"br i1 {self._values[op.cond]}, label %{then}, label %{otherwise}"
            case _:
                raise CompilerBug(f"{op.name} is no op of [llvm]")


_INLINE = (llvm.ConstantOp, llvm.UndefOp, llvm.AddressOfOp)
"""Ops that are written where their results are used."""


# Rows of the table


def _flags(op: Operation) -> str:
    """The words between the name of an instruction and its type."""
    words: list[str] = []
    for name, value in op.properties.items():
        match value:
            case IntegerAttr() if name == "overflowFlags":
                words += [flag.value for flag in llvm.OverflowAttr.from_int(value.value.data).data]
            case llvm.OverflowAttr() | llvm.FastMathAttr():
                words += [flag.value for flag in value.data]
            case UnitAttr():
                words.append({"isExact": "exact", "isDisjoint": "disjoint", "nonNeg": "nneg"}[name])
            case _:
                raise CompilerBug(f"{op.name} with {name} is no op of [llvm]")
    return "".join(f" {word}" for word in words)


def _operands(op: Operation, values: References) -> str:
    """Operands of one type."""
    a, b = op.operands
    return f"{_type(a.type)} {values[a]}, {values[b]}"


def _typed(op: Operation, values: References) -> str:
    """Operands of several types."""
    return ", ".join([f"{_type(operand.type)} {values[operand]}" for operand in op.operands])


def _binary(name: str) -> Row:
    return lambda op, values: f"{name}{_flags(op)} {_operands(op, values)}"


def _cast(name: str) -> Row:
    return lambda op, values: f"{name}{_flags(op)} {_typed(op, values)} to {_type(op.results[0].type)}"


def _call(name: str, result: str, types: Sequence[str], op: Operation, values: References) -> str:
    arguments = [f"{kind} {values[operand]}" for kind, operand in zip(types, op.operands, strict=True)]
    return f"call {result} {name}({', '.join(arguments)})"


def _call_function(op: llvm.CallOp, values: References) -> str:
    callee = op.callee
    if not isinstance(callee, SymbolRefAttr):
        raise CompilerBug("a call in [llvm] names its function")
    result = _type(op.results[0].type) if op.results else "void"
    return _call(_symbol(callee.root_reference), result, [_type(each.type) for each in op.operands], op, values)


def _alignment(op: Operation) -> str:
    value = op.properties.get("alignment")
    return f", align {value.value.data}" if isinstance(value, IntegerAttr) else ""


def _alloca(op: llvm.AllocaOp, values: References) -> str:
    return f"alloca {_type(op.elem_type)}, {_typed(op, values)}{_alignment(op)}"


def _load(op: llvm.LoadOp, values: References) -> str:
    return f"load {_type(op.results[0].type)}, {_typed(op, values)}{_alignment(op)}"


def _store(op: llvm.StoreOp, values: References) -> str:
    return f"store {_typed(op, values)}{_alignment(op)}"


def _element_pointer(op: llvm.GEPOp, values: References) -> str:
    base, *indices = op.operands
    rest = iter([f"{_type(index.type)} {values[index]}" for index in indices])
    steps = [
        next(rest) if step == llvm.GEP_USE_SSA_VAL else f"i32 {step}" for step in op.rawConstantIndices.get_values()
    ]
    inbounds = " inbounds" if op.inbounds is not None else ""
    return f"getelementptr{inbounds} {_type(op.elem_type)}, ptr {values[base]}, {', '.join(steps)}"


def _return(op: llvm.ReturnOp, values: References) -> str:
    return f"ret {_typed(op, values) or 'void'}"


def _compare_integers(op: llvm.ICmpOp, values: References) -> str:
    return f"icmp {llvm.ICmpPredicateFlag.from_int(op.predicate.value.data).value} {_operands(op, values)}"


def _compare_floats(op: llvm.FCmpOp, values: References) -> str:
    return f"fcmp {llvm.FCmpPredicateFlag.from_int(op.predicate.value.data).value} {_operands(op, values)}"


def _compare_lanes(op: lanes.CompareOp, values: References) -> str:
    return f"fcmp {op.predicate.data} {_operands(op, values)}"


def _select(op: Operation, values: References) -> str:
    return f"select {_typed(op, values)}"


@by_identity
def _shuffle_mask(order: DenseArrayBase[IntegerType]) -> str:
    lanes = [str(lane) if lane >= 0 else "poison" for lane in order.get_values()]
    return f"<{len(lanes)} x i32> {_vector('i32', lanes)}"


def _shuffle(op: llvm.ShuffleVectorOp, values: References) -> str:
    return f"shufflevector {_typed(op, values)}, {_shuffle_mask(op.mask)}"


TABLE: dict[type[Operation], Row] = {
    llvm.AddOp: _binary("add"),
    llvm.SubOp: _binary("sub"),
    llvm.MulOp: _binary("mul"),
    llvm.UDivOp: _binary("udiv"),
    llvm.SDivOp: _binary("sdiv"),
    llvm.URemOp: _binary("urem"),
    llvm.SRemOp: _binary("srem"),
    llvm.AndOp: _binary("and"),
    llvm.OrOp: _binary("or"),
    llvm.XOrOp: _binary("xor"),
    llvm.ShlOp: _binary("shl"),
    llvm.LShrOp: _binary("lshr"),
    llvm.AShrOp: _binary("ashr"),
    llvm.FAddOp: _binary("fadd"),
    llvm.FSubOp: _binary("fsub"),
    llvm.FMulOp: _binary("fmul"),
    llvm.FDivOp: _binary("fdiv"),
    llvm.FNegOp: lambda op, values: f"fneg{_flags(op)} {_typed(op, values)}",
    llvm.TruncOp: _cast("trunc"),
    llvm.ZExtOp: _cast("zext"),
    llvm.SExtOp: _cast("sext"),
    llvm.BitcastOp: _cast("bitcast"),
    llvm.SIToFPOp: _cast("sitofp"),
    llvm.FPExtOp: _cast("fpext"),
    llvm.FPTruncOp: _cast("fptrunc"),
    llvm.ICmpOp: _compare_integers,
    llvm.FCmpOp: _compare_floats,
    llvm.SelectOp: _select,
    llvm.CallOp: _call_function,
    llvm.ReturnOp: _return,
    llvm.AllocaOp: _alloca,
    llvm.LoadOp: _load,
    llvm.StoreOp: _store,
    llvm.GEPOp: _element_pointer,
    llvm.InsertElementOp: lambda op, values: f"insertelement {_typed(op, values)}",
    llvm.ShuffleVectorOp: _shuffle,
    lanes.CompareOp: _compare_lanes,
    lanes.SelectOp: _select,
}
