"""What must be true at the end of each stage. Each function is called as the stage is, and raises `CompilerBug`.

Types and bodies are checked by the verifiers of the ops. A form says what is left: which ops may still be there, and
which decisions have been taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from xdsl.dialects.builtin import DYNAMIC_INDEX, ArrayAttr, IndexType, MemRefType, ModuleOp, StringAttr, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

from sparsec.builder import INPUT_NAMES, OUTPUT_NAMES
from sparsec.dialects import kernel
from sparsec.dialects.encoding import Layout, TesaAttr, layout_of
from sparsec.dialects.nn_attention import AttentionOp
from sparsec.dialects.nn_elementwise import ElementwiseOp
from sparsec.dialects.nn_products import Linear
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import ConvertLayout, Embedding, LayerNorm, MatMul, layout_read_by
from sparsec.errors import CompilerBug


def graph(module: ModuleOp) -> None:
    """One function `main` of named inputs and outputs, of `nn` ops on row-major tensors with named sizes."""
    for op in _ops_of_main(module, "graph"):
        _require(op.name.startswith("nn."), op, "graph", "only nn ops live here")
        for value in (*op.operands, *op.results):
            if layout_of(value.type) is not None:
                raise _broken(op, "graph", f"{value.type} has a layout already")


def sparse(module: ModuleOp) -> None:
    """Products with weights are `sparse.matmul` of a constant, elementwise work is in bodies, nothing has a layout."""
    for op in _ops_of_main(module, "sparse"):
        _require_fused(op, "sparse")
        _require(not isinstance(op, ConvertLayout), op, "sparse", "layouts are not assigned yet")
        for value in (*op.operands, *op.results):
            if layout_of(value.type) is not None:
                raise _broken(op, "sparse", f"{value.type} has a layout already")


def scheduled(module: ModuleOp) -> None:
    """As [sparse], and every product has a schedule and works on its layout; inputs and outputs are row-major."""
    for op in _ops_of_main(module, "scheduled"):
        _require_fused(op, "scheduled")
        if isinstance(op, MatMul):
            _require(op.schedule is not None, op, "scheduled", "it has no schedule")
        if isinstance(op, AttentionOp):
            _require_layout(op, (op.q, op.k, op.v, *op.results), Layout.TILED)
        if isinstance(op, Embedding):
            _require_layout(op, op.results, Layout.TILED)
        if isinstance(op, LayerNorm):
            _require_layout(op, (op.x, *op.results), Layout.TILED)
        if isinstance(op, MatMul) and op.schedule is not None:
            given = layout_read_by(op.schedule.schedule.dataflow)
            _require_layout(op, [op.x], given)
            _require_layout(op, op.results, given and Layout.TILED)
    for value in _borders(_main(module, "scheduled")):
        if layout_of(value.type) is not None:
            raise CompilerBug(f"[scheduled] {value.type} is an input or output of the model and must be row-major")


def kernels(module: ModuleOp) -> None:
    """One `kernel.program` of places and kernel calls; every product has a schedule."""
    (program, *others) = list(module.ops) or [None]
    if not isinstance(program, kernel.Program) or others:
        names = ", ".join(op.name for op in module.ops) or "nothing"
        raise CompilerBug(f"[kernels] the module is one kernel.program, got {names}")
    for op in program.body.block.ops:
        _require(op.name.startswith("kernel."), op, "kernels", "only kernel ops live here")


LOOP_DIALECTS = frozenset({"func", "scf", "arith", "vector", "llvm", "lanes"})
LLVM_DIALECTS = frozenset({"llvm", "lanes"})


def loops(module: ModuleOp) -> None:
    """Functions of structured loops over pointers and vectors: no tensors, no memrefs, no index type."""
    _require_dialects(module, LOOP_DIALECTS, "loops")


def llvm(module: ModuleOp) -> None:
    """Functions of llvm ops, and the two vector ops that `backend` spells for them."""
    _require_dialects(module, LLVM_DIALECTS, "llvm")


FORMS: Mapping[str, Callable[[ModuleOp], None]] = {
    "graph": graph,
    "sparse": sparse,
    "scheduled": scheduled,
    "kernels": kernels,
    "loops": loops,
    "llvm": llvm,
}
"""The form of each stage, by its name."""


def _main(module: ModuleOp, stage: str) -> FuncOp:
    functions = [op for op in module.ops if isinstance(op, FuncOp)]
    if len(functions) != 1 or functions[0].sym_name.data != "main" or len(list(module.ops)) != 1:
        raise CompilerBug(f"[{stage}] the module is one function `main`, got {', '.join(op.name for op in module.ops)}")
    return functions[0]


def _ops_of_main(module: ModuleOp, stage: str) -> Iterator[Operation]:
    """The ops of the main function but its return, each with named sizes."""
    main = _main(module, stage)
    ends = main.body.block.last_op
    if not isinstance(ends, ReturnOp):
        raise CompilerBug(f"[{stage}] `main` does not end in func.return")
    counts = {INPUT_NAMES: len(main.body.block.args), OUTPUT_NAMES: len(ends.operands)}
    for attribute, count in counts.items():
        names = main.attributes.get(attribute)
        given = len(names) if isa(names, ArrayAttr[StringAttr]) else 0
        if given != count:
            raise CompilerBug(f"[{stage}] `main` has {count} values for {given} {attribute}")
    for op in main.body.block.ops:
        for result in op.results:
            if not _has_named_sizes(result.type):
                raise _broken(op, stage, f"{result.type} has a dynamic size without a name")
        if op is not ends:
            yield op


def _require_fused(op: Operation, stage: str) -> None:
    """What [sparse] and [scheduled] have in common."""
    known = op.name.startswith(("nn.", "sparse."))
    _require(known, op, stage, "only nn and sparse ops live here")
    _require(not isinstance(op, Linear), op, stage, "it should have become sparse.matmul")
    _require(not isinstance(op, ElementwiseOp), op, stage, "it should stand in the body of sparse.map or another op")
    if isinstance(op, MatMul):
        _require(isinstance(op.weight.owner, Constant), op, stage, "its weight is not a constant")


def _require_layout(op: Operation, values: Iterable[SSAValue], wanted: Layout | None) -> None:
    for value in values:
        names = [layout or "row-major" for layout in (layout_of(value.type), wanted)]
        if names[0] != names[1]:
            raise _broken(op, "scheduled", f"{value.type} is {names[0]}: its kernels want {names[1]}")


def _has_named_sizes(type: Attribute) -> bool:
    if not isinstance(type, TensorType) or DYNAMIC_INDEX not in type.get_shape():
        return True
    return isinstance(type.encoding, TesaAttr) and isinstance(type.encoding.dims, ArrayAttr)


def _borders(main: FuncOp) -> Iterator[SSAValue]:
    block: Block = main.body.block
    yield from block.args
    if block.last_op is not None:
        yield from block.last_op.operands


def _require_dialects(module: ModuleOp, dialects: frozenset[str], stage: str) -> None:
    allowed: set[type[Operation | Attribute]] = set()
    for op in module.walk():
        if type(op) not in allowed and op is not module:
            if op.dialect_name() not in dialects:
                raise CompilerBug(f"[{stage}] {op.name}: only {', '.join(sorted(dialects))} live here")
            allowed.add(type(op))
        for result in op.results:
            kind: Attribute = result.type
            if type(kind) not in allowed:
                if isinstance(kind, TensorType | MemRefType | IndexType):
                    raise CompilerBug(f"[{stage}] {op.name}: {result.type} has no place here")
                allowed.add(type(kind))


def _require(holds: bool, op: Operation, stage: str, why: str) -> None:
    if not holds:
        raise _broken(op, stage, why)


def _broken(op: Operation, stage: str, why: str) -> CompilerBug:
    """What to raise. Texts with types in them are only written then: spelling types took as long as all checks."""
    return CompilerBug(f"[{stage}] {op.name}: {why}")
