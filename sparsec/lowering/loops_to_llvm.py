"""[loops] to [llvm]: structured loops become branches, every other op is one row of a table.

What remains are `llvm` ops and the two ops of the `lanes` dialect (vector compare and select), for which xDSL's `llvm`
dialect has no spelling. All loop bounds are i64. Floating point ops carry no fast-math flags: the numbers of a model do
not depend on what LLVM finds convenient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects import arith, func, llvm, scf, vector
from xdsl.dialects.builtin import FunctionType, IntegerAttr, ModuleOp, i32, i64
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.values import element_of, lane_order, lanes_of, mangled, vector_of
from sparsec.lowering.make_op import Build, intrinsic_call, make_op

Row = Callable[[Any], Sequence[Operation]]


@dataclass(frozen=True)
class LoopsToLlvm(ModulePass):
    """Lower `func`, `scf`, `arith` and `vector` to the llvm dialect."""

    name = "loops-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for operation in list(op.ops):
            if isinstance(operation, func.FuncOp):
                _lower_function(operation)


def _lower_function(function: func.FuncOp) -> None:
    region = function.detach_region(function.body)
    declared = not region.blocks
    is_private = function.sym_visibility is not None and function.sym_visibility.data == "private"
    linkage = llvm.LinkageAttr("internal" if is_private and not declared else "external")
    lowered = llvm.FuncOp(
        function.sym_name,
        _lower_function_type(function.function_type),
        linkage=linkage,
        body=region,
        other_props={"arg_attrs": function.arg_attrs},
        extra_attrs=function.attributes,
    )
    Rewriter.replace_op(function, lowered)
    _lower_region(region)


def _lower_function_type(function_type: FunctionType) -> llvm.LLVMFunctionType:
    outputs = function_type.outputs.data
    if len(outputs) > 1:
        raise CompilerBug(f"a function in [loops] returns at most one value, not {len(outputs)}")
    return llvm.LLVMFunctionType(function_type.inputs.data, outputs[0] if outputs else llvm.LLVMVoidType())


def _lower_region(region: Region) -> None:
    """Flatten the control flow of a function body, then rewrite its straight-line ops."""
    block = region.first_block
    while block is not None:
        for op in list(block.ops):
            row = TABLE.get(type(op))
            if row is not None:
                _replace(op, row(op))
            elif isinstance(op, scf.ForOp):
                _lower_for(op)
                break
            elif isinstance(op, scf.IfOp):
                _lower_if(op)
                break
            elif op.dialect_name() not in ("llvm", "lanes"):
                raise CompilerBug(f"{op.name} has no row in loops-to-llvm")
        block = block.next_block


def _replace(op: Operation, replacement: Sequence[Operation]) -> None:
    Rewriter.replace_op(op, list(replacement), list(replacement[-1].results))


def _split_for_results(op: Operation) -> tuple[Block, Block]:
    """Cut the block before `op`; the second half takes the results of `op` as block arguments and loses `op`."""
    before = op.parent_block()
    if before is None:
        raise CompilerBug(f"{op.name} is in no block")
    after = before.split_before(op, arg_types=op.result_types)
    for old, new in zip(op.results, after.args, strict=True):
        old.replace_all_uses_with(new)
    return before, after


def _take_block(region: Region, before: Block) -> Block:
    """Move the only block of a region in front of another block."""
    block = region.detach_block(region.block)
    parent = before.parent_region()
    if parent is None:
        raise CompilerBug("a block of [loops] is in no region")
    parent.insert_block_before(block, before)
    return block


def _take_yielded(block: Block) -> list[SSAValue]:
    """Erase the `scf.yield` that ends the block and return what it yielded."""
    yielded = block.last_op
    if not isinstance(yielded, scf.YieldOp):
        raise CompilerBug("a region of [loops] does not end in scf.yield")
    values = list(yielded.operands)
    Rewriter.erase_op(yielded)
    return values


def _lower_for(loop: scf.ForOp) -> None:
    """`for i = low to high` -> `if low < high: do { ... } while (i += step) < high`: one branch per turn."""
    low, high, step, carried = loop.lb, loop.ub, loop.step, list(loop.iter_args)
    if low.type != i64:
        raise CompilerBug(f"loops count in i64, not {low.type}")
    before, after = _split_for_results(loop)
    body = _take_block(loop.body, after)
    next_values = _take_yielded(body)
    after.erase_op(loop)

    enter = llvm.ICmpOp(low, high, _predicate("slt"))
    before.add_ops([enter, llvm.CondBrOp(enter, body, [low, *carried], after, carried)])
    stepped = llvm.AddOp(body.args[0], step, overflow=llvm.OverflowAttr([llvm.OverflowFlag.NO_SIGNED_WRAP]))
    again = llvm.ICmpOp(stepped.res, high, _predicate("slt"))
    repeat = llvm.CondBrOp(again, body, [stepped.res, *next_values], after, next_values)
    body.add_ops([stepped, again, repeat])


def _lower_if(branch: scf.IfOp) -> None:
    condition = branch.cond
    before, after = _split_for_results(branch)
    then = _take_block(branch.true_region, after)
    then.add_op(llvm.BrOp(after, *_take_yielded(then)))
    otherwise = after
    if branch.false_region.blocks:
        otherwise = _take_block(branch.false_region, after)
        otherwise.add_op(llvm.BrOp(after, *_take_yielded(otherwise)))
    after.erase_op(branch)
    before.add_op(llvm.CondBrOp(condition, then, [], otherwise, []))


_ZERO = IntegerAttr(0, i32)


def _predicate(name: str) -> IntegerAttr[Any]:
    return IntegerAttr(llvm.ICmpPredicateFlag(name).to_int(), i64)


# Rows of the table: an op of [loops] -> ops whose last result replaces it


def _same(target: Build) -> Row:
    return lambda op: [make_op(target, op.operands)]


def _cast(target: Build) -> Row:
    return lambda op: [make_op(target, op.operands, op.results[0].type)]


def _intrinsic(name: str) -> Row:
    def row(op: Operation) -> Sequence[Operation]:
        result_type = op.results[0].type
        return [make_op(intrinsic_call(f"{name}.{mangled(result_type)}", result_type), op.operands)]

    return row


def _lower_broadcast(op: vector.BroadcastOp) -> Sequence[Operation]:
    spread_type = op.results[0].type
    undefined = make_op(llvm.UndefOp, (), spread_type)
    zero = make_op(llvm.ConstantOp, (), _ZERO, i32)
    first = make_op(llvm.InsertElementOp, [undefined.results[0], op.operands[0], zero.results[0]])
    order = lane_order((0,) * lanes_of(spread_type))
    spread = make_op(llvm.ShuffleVectorOp, [first.results[0], undefined.results[0]], order, spread_type)
    return [undefined, zero, first, spread]


def _lower_extract(op: vector.ExtractOp) -> Sequence[Operation]:
    """The llvm dialect has no extractelement: shuffle out a vector of one lane and reinterpret it as its element."""
    positions = op.static_position.get_values()
    if len(positions) != 1 or op.dynamic_position:
        raise CompilerBug("vector.extract in [loops] takes one static lane")
    one_lane = vector_of(element_of(op.vector.type), 1)
    single = make_op(llvm.ShuffleVectorOp, [op.vector, op.vector], lane_order((positions[0],)), one_lane)
    return [single, make_op(llvm.BitcastOp, single.results, op.result.type)]


def _lower_call(op: func.CallOp) -> Sequence[Operation]:
    result_types = op.result_types
    return [llvm.CallOp(op.callee, *op.arguments, return_type=result_types[0] if result_types else None)]


def _lower_return(op: func.ReturnOp) -> Sequence[Operation]:
    return [llvm.ReturnOp(op.arguments[0] if op.arguments else None)]


def _lower_constant(op: arith.ConstantOp) -> Sequence[Operation]:
    return [make_op(llvm.ConstantOp, (), op.value, op.result.type)]


def _lower_compare(op: arith.CmpiOp) -> Sequence[Operation]:
    return [make_op(llvm.ICmpOp, op.operands, op.predicate)]


def _lower_float_compare(op: arith.CmpfOp) -> Sequence[Operation]:
    return [make_op(llvm.FCmpOp, op.operands, op.predicate)]


TABLE: dict[type[Operation], Row] = {
    func.CallOp: _lower_call,
    func.ReturnOp: _lower_return,
    arith.ConstantOp: _lower_constant,
    arith.AddiOp: _same(llvm.AddOp),
    arith.SubiOp: _same(llvm.SubOp),
    arith.MuliOp: _same(llvm.MulOp),
    arith.DivUIOp: _same(llvm.UDivOp),
    arith.DivSIOp: _same(llvm.SDivOp),
    arith.RemUIOp: _same(llvm.URemOp),
    arith.RemSIOp: _same(llvm.SRemOp),
    arith.AndIOp: _same(llvm.AndOp),
    arith.OrIOp: _same(llvm.OrOp),
    arith.XOrIOp: _same(llvm.XOrOp),
    arith.ShLIOp: _same(llvm.ShlOp),
    arith.ShRUIOp: _same(llvm.LShrOp),
    arith.ShRSIOp: _same(llvm.AShrOp),
    arith.MinSIOp: _intrinsic("llvm.smin"),
    arith.MaxSIOp: _intrinsic("llvm.smax"),
    arith.MinUIOp: _intrinsic("llvm.umin"),
    arith.MaxUIOp: _intrinsic("llvm.umax"),
    arith.AddfOp: _same(llvm.FAddOp),
    arith.SubfOp: _same(llvm.FSubOp),
    arith.MulfOp: _same(llvm.FMulOp),
    arith.DivfOp: _same(llvm.FDivOp),
    arith.NegfOp: _same(llvm.FNegOp),
    arith.CmpiOp: _lower_compare,
    arith.CmpfOp: _lower_float_compare,
    arith.SelectOp: _same(llvm.SelectOp),
    arith.ExtUIOp: _cast(llvm.ZExtOp),
    arith.ExtSIOp: _cast(llvm.SExtOp),
    arith.TruncIOp: _cast(llvm.TruncOp),
    arith.SIToFPOp: _cast(llvm.SIToFPOp),
    arith.BitcastOp: _cast(llvm.BitcastOp),
    vector.BitcastOp: _cast(llvm.BitcastOp),
    vector.BroadcastOp: _lower_broadcast,
    vector.ExtractOp: _lower_extract,
}
