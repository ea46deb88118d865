"""[llvm] to LLVM IR text: xDSL's translation op by op, plus what it leaves out.

xDSL's `convert_module` drops linkage and target features and refuses ops outside its `llvm` dialect, so functions are
walked here: linkage, target features and the two vector ops of the `lanes` dialect are added.
"""

from __future__ import annotations

import importlib
from typing import Any

from xdsl.backend.llvm.convert_op import convert_op, create_constant
from xdsl.backend.llvm.convert_type import convert_type
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, SSAValue

from sparsec.dialects import lanes
from sparsec.errors import CompilerBug

Converted = Any
"""An object of llvmlite, which carries no type information."""
_SYMBOLS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

Values = dict[SSAValue, Converted]
Blocks = dict[Block, Converted]

ir: Converted = importlib.import_module("llvmlite.ir")


def convert_module(module: ModuleOp, triple: str) -> Converted:
    """Translate a module in [llvm] form to an `llvmlite.ir.Module`; `str()` of it is LLVM IR text.

    Raises:
        CompilerBug: the module contains an op that [llvm] does not allow.
    """
    converted = ir.Module()
    converted.triple = triple
    functions: list[llvm.FuncOp] = []
    for op in module.ops:
        if isinstance(op, llvm.FuncOp):
            functions.append(op)
        elif isinstance(op, llvm.GlobalOp):
            _convert_global(op, converted)
        else:
            raise CompilerBug(f"{op.name} is not allowed at the top of an [llvm] module")
    for function in functions:
        _declare(function, converted)
    for function in functions:
        _define(function, converted)
    return converted


def _convert_global(op: llvm.GlobalOp, module: Converted) -> None:
    variable = ir.GlobalVariable(module, convert_type(op.global_type), name=op.sym_name.data)
    variable.linkage = op.linkage.linkage.data
    variable.global_constant = op.constant is not None
    if isinstance(op.value, StringAttr):
        raw = bytearray(op.value.data.encode())
        variable.initializer = ir.Constant(ir.ArrayType(ir.IntType(8), len(raw)), raw)
    elif op.value is not None:
        variable.initializer = create_constant(op.global_type, op.value)


def _declare(op: llvm.FuncOp, module: Converted) -> None:
    function_type = convert_type(op.function_type)
    function = ir.Function(module, function_type, name=op.sym_name.data)
    if op.linkage.linkage.data != "external":
        function.linkage = op.linkage.linkage.data
    attributes = ["nounwind"]
    features = op.attributes.get(lanes.FEATURES)
    if isinstance(features, StringAttr) and features.data:
        attributes.append(f'"target-features"="{features.data}"')
    set[str].update(function.attributes, attributes)  # its own add() refuses attributes that carry a value
    for argument, attribute in zip(function.args, op.arg_attrs or (), strict=bool(op.arg_attrs)):
        if "llvm.noalias" in attribute.data:
            argument.add_attribute("noalias")


def _define(op: llvm.FuncOp, module: Converted) -> None:
    if not op.body.blocks:
        return
    function = module.get_global(op.sym_name.data)
    blocks: Blocks = {}
    values: Values = dict(zip(op.body.blocks[0].args, function.args, strict=True))
    for block in op.body.blocks:
        blocks[block] = function.append_basic_block(name=block.name_hint or "")
    for block in list(op.body.blocks)[1:]:
        builder = ir.IRBuilder(blocks[block])
        for argument in block.args:
            values[argument] = builder.phi(convert_type(argument.type))
    for block in op.body.blocks:
        builder = ir.IRBuilder(blocks[block])
        builder.position_at_end(blocks[block])
        for inner in block.ops:
            _convert(inner, builder, values, blocks)


def _convert(op: Operation, builder: Converted, values: Values, blocks: Blocks) -> None:
    match op:
        case lanes.CompareOp():
            predicate = op.predicate.data
            compare = builder.fcmp_ordered if predicate in lanes.ORDERED else builder.fcmp_unordered
            symbol = _SYMBOLS.get(predicate[1:], predicate)
            values[op.mask] = compare(symbol, values[op.lhs], values[op.rhs])
        case lanes.SelectOp():
            values[op.result] = builder.select(values[op.mask], values[op.lhs], values[op.rhs])
        case llvm.AllocaOp():
            convert_op(op, builder, values, blocks)
            values[op.res].type = ir.PointerType()  # llvmlite types it, and then refuses to store anything else there
        case _:
            convert_op(op, builder, values, blocks)
