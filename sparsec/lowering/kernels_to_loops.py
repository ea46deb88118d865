"""[kernels] -> [loops]: one function per distinct kernel, and the functions that the C runtime calls.

For a target T the module defines `execute_T`, which calls the kernels in order by way of `calls_N_T`, `arena_size_T`,
`scratch_size_T` and `output_shapes`; the runtime provides `sparsec_parallel`, which splits a kernel's work items among
threads.

To be measured, the same kernels get a `repeat_N_T` each instead, which calls kernel number N again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i1, i64
from xdsl.dialects.func import FuncOp
from xdsl.dialects.llvm import FuncOp as LlvmFuncOp
from xdsl.dialects.llvm import LinkageAttr, LLVMFunctionType, LLVMVoidType
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from sparsec.dialects import kernel
from sparsec.dialects.encoding import Tensor
from sparsec.dims import parse_size
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import KERNELS
from sparsec.lowering.kernels.frame import KernelRow, Sizes
from sparsec.lowering.kernels.shared import Shared, all_in_full, spelled
from sparsec.lowering.kernels.vector import Emitter, Value, build_function, pointer
from sparsec.packing import ALIGNMENT
from sparsec.target import CpuTarget, find_target

PARALLEL = "sparsec_parallel"
_SYMBOLS_ONLY = (pointer,)
_EXECUTE = (pointer,) * 7
_CALLS = (pointer,) * 7
_REPEAT = (pointer, i64, i64, pointer, pointer)

CALLS_IN_A_FUNCTION = 64
"""How many kernels one function calls in turn: what LLVM takes for a block grows with the square of its length. 2000
calls in one function took it 8 s."""


@dataclass(frozen=True)
class KernelsToLoops(ModulePass):
    """Replace `kernel.program` by functions for one CPU target.

    Attributes:
        target: a row of `target.py`.
        measured: emit `repeat_N_T` functions for `measure.py` instead of those that the runtime calls.
    """

    name = "kernels-to-loops"

    target: str = "x86_64"
    measured: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        program = next((inner for inner in op.ops if isinstance(inner, kernel.Program)), None)
        if program is None:
            raise CompilerBug("kernels-to-loops found no program")
        emitter = ProgramEmitter(program, find_target(self.target), measured=self.measured)
        functions = emitter.repeats() if self.measured else emitter.functions()
        program.detach()
        op.body.block.add_ops(functions)
        program.erase()


class ProgramEmitter:
    """Emits the functions of one program for one target.

    Args:
        measured: kernels are to be measured: only calls with equal sizes share a function.
    """

    def __init__(self, program: kernel.Program, target: CpuTarget, *, measured: bool):
        self._target = target
        self._features = frozenset(target.features)
        self._ops = list(program.body.block.ops)
        self._calls = [op for op in self._ops if isinstance(op, kernel.KernelOp)]
        self._shared = {op: shared_of(op) for op in self._calls}
        types = {op: all_in_full(op).types if measured else self._shared[op].types for op in self._calls}
        self._keys = {op: _key(op, target, types[op]) for op in self._calls}
        self._distinct = distinct_kernels(self._keys)
        self._given = [symbol.data for symbol in program.symbols]
        self._bounds = {op.tokens.data: op.bound for op in self._calls if isinstance(op, kernel.TokenIndex)}
        self._symbols = [*self._given, *self._bounds]

    def _kernels(self) -> dict[str, tuple[kernel.KernelOp, FuncOp]]:
        """The distinct kernels: their keys, a call of each, and their functions."""
        return {
            key: (op, self._kernel(op, f"{op.name.removeprefix('kernel.')}_{number}_{self._target.name}"))
            for number, (key, op) in enumerate(self._distinct.items())
        }

    def repeats(self) -> list[Operation]:
        """The kernels, `repeat_N_T` for each, and `scratch_size_T`."""
        functions: list[Operation] = []
        for number, (op, function) in enumerate(self._kernels().values()):
            repeat = partial(self._repeat, op=op, name=function.sym_name.data)
            functions += [function, self._function(f"repeat_{number}", _REPEAT, repeat)]
        return [*functions, self._function("scratch_size", _SYMBOLS_ONLY, self._scratch_size, [i64])]

    def functions(self) -> list[Operation]:
        """Everything that the module defines and declares."""
        found = self._kernels()
        kernels: list[Operation] = [function for _, function in found.values()]
        names = {key: function.sym_name.data for key, (_, function) in found.items()}
        void = LLVMFunctionType([pointer, pointer, pointer, i64], LLVMVoidType())
        parallel = LlvmFuncOp(PARALLEL, void, LinkageAttr("external"))
        calls = [
            self._function(f"calls_{number}", _CALLS, partial(self._calls_of, ops=ops, names=names))
            for number, ops in enumerate(_batched(self._calls, CALLS_IN_A_FUNCTION))
        ]
        called = [function.sym_name.data for function in calls]
        execute = self._function("execute", _EXECUTE, partial(self._execute, called=called))
        arena = self._function("arena_size", _SYMBOLS_ONLY, self._arena_size, [i64])
        scratch = self._function("scratch_size", _SYMBOLS_ONLY, self._scratch_size, [i64])
        shapes = build_function("output_shapes", frozenset(), self._output_shapes, (pointer, pointer))
        return [*kernels, *calls, execute, arena, scratch, shapes, parallel]

    def _function(
        self,
        name: str,
        inputs: Sequence[Attribute],
        body: Callable[[Emitter, tuple[Value, ...]], Sequence[Value] | None],
        outputs: Sequence[Attribute] = (),
    ) -> FuncOp:
        return build_function(f"{name}_{self._target.name}", self._features, body, inputs, outputs)

    def _kernel(self, op: kernel.KernelOp, name: str) -> FuncOp:
        def body(e: Emitter, arguments: tuple[Value, ...]) -> None:
            _row(op).write(op, e, arguments, self._symbols)

        return build_function(name, self._features, body)

    def _repeat(self, e: Emitter, arguments: tuple[Value, ...], op: kernel.KernelOp, name: str) -> None:
        """Call a kernel `turns` times with each of `count` argument arrays."""
        sets, count, turns, scratch, symbols = arguments
        items = _row(op).items(op, e, Sizes(e, symbols, self._symbols))

        def once(index: Value, _: tuple[Value, ...]) -> None:
            e.call_function(name, [e.load(pointer, sets, e.mul(index, 8)), e.i64(0), items, scratch])

        def turn(_: Value, __: tuple[Value, ...]) -> None:
            e.for_loop(0, count, once)

        e.for_loop(0, turns, turn)

    # The functions that the runtime calls

    def _planned(self, e: Emitter, symbols: Value) -> Sizes:
        """The sizes that memory is planned for, from the symbols that the caller's arrays bind."""
        return Sizes(e, symbols, self._given, self._bounds)

    def _slot_sizes(self, e: Emitter, sizes: Sizes) -> dict[int, Value]:
        """The bytes of each arena slot, a multiple of the alignment."""
        held: dict[int, dict[Tensor, None]] = {}
        for op in self._ops:
            if isinstance(op, kernel.Arena):
                held.setdefault(op.index_value, {})[kernel.tensor_of(op.buffer)] = None
        result: dict[int, Value] = {}
        for slot in sorted(held):
            candidates = [sizes.bytes(tensor) for tensor in held[slot]]
            total = candidates[0]
            for other in candidates[1:]:
                total = e.maximum(total, other)
            result[slot] = e.mul(e.ceil_div(total, ALIGNMENT), ALIGNMENT)
        return result

    def _arena_size(self, e: Emitter, arguments: tuple[Value, ...]) -> Sequence[Value]:
        total = e.i64(0)
        for size in self._slot_sizes(e, self._planned(e, arguments[0])).values():
            total = e.add(total, size)
        return [total]

    def _scratch_size(self, e: Emitter, arguments: tuple[Value, ...]) -> Sequence[Value]:
        sizes = self._planned(e, arguments[0])
        largest = e.i64(0)
        sized = {op: "\n".join([self._keys[op], *all_in_full(op).types]) for op in self._calls}
        for op in distinct_kernels(sized).values():  # calls of one function may differ in what they need
            largest = e.maximum(largest, _row(op).scratch(op, e, sizes))
        return [largest]

    def _output_shapes(self, e: Emitter, arguments: tuple[Value, ...]) -> None:
        sizes, index = self._planned(e, arguments[0]), 0
        outputs = {op.index_value: op for op in self._ops if isinstance(op, kernel.Output)}
        for number in sorted(outputs):
            for size in kernel.buffer_sizes(outputs[number].buffer):
                e.store(sizes(size), arguments[1], 8 * index)
                index += 1

    def _execute(self, e: Emitter, arguments: tuple[Value, ...], called: Sequence[str]) -> None:
        given, inputs, outputs, arena, weights, pool, status = arguments
        symbols = self._writable_symbols(e, given)
        sizes = self._slot_sizes(e, self._planned(e, given))
        slots = e.stack(8 * (max(sizes, default=0) + 1))
        offset = e.i64(0)
        for slot, size in sizes.items():
            e.store(e.offset(arena, offset), slots, 8 * slot)
            offset = e.add(offset, size)

        def run() -> None:
            for name in called:
                e.call_function(name, [symbols, inputs, outputs, slots, weights, pool, status])

        requirements = [op for op in self._ops if isinstance(op, kernel.Require)]
        if requirements:
            refused = self._is_refused(e, Sizes(e, symbols, self._symbols), requirements, status)
            e.if_(refused, lambda: None, run)
        else:
            run()

    def _calls_of(
        self, e: Emitter, arguments: tuple[Value, ...], ops: Sequence[kernel.KernelOp], names: dict[str, str]
    ) -> None:
        """Call the kernels of some ops."""
        symbols, inputs, outputs, slots, weights, pool, status = arguments
        sizes = Sizes(e, symbols, self._symbols)
        most = max(len(op.operands) for op in ops)
        frame = e.stack(8 * (most + 3))
        numbers = e.stack(8 * max(len(self._shared[op].numbers) for op in ops))
        places_in_frame = [e.offset(frame, 8 * index) for index in range(most + 3)]

        def place(buffer: SSAValue) -> Value:
            match buffer.owner:
                case kernel.Input() as op:
                    return e.load(pointer, inputs, 8 * op.index_value)
                case kernel.Output() as op:
                    return e.load(pointer, outputs, 8 * op.index_value)
                case kernel.Arena() as op:
                    return e.load(pointer, slots, 8 * op.index_value)
                case kernel.Weights() as op:
                    return e.offset(weights, op.index_value)
                case owner:
                    raise CompilerBug(f"a kernel is called with what {owner} makes")

        for op in ops:
            for index, size in enumerate(self._shared[op].numbers.values()):
                e.store(sizes(size), numbers, 8 * index)
            pointers = [*(place(operand) for operand in op.operands), status, symbols, numbers]
            for value, position in zip(pointers, places_in_frame, strict=False):
                e.store(value, position)
            items = _row(op).items(op, e, sizes)
            e.call(PARALLEL, [pool, e.address_of(names[self._keys[op]]), frame, items])

    def _writable_symbols(self, e: Emitter, given: Value) -> Value:
        """The symbols of this run, with room for those that kernels work out."""
        if not self._bounds:
            return given
        symbols = e.stack(8 * len(self._symbols))
        for index in range(len(self._given)):
            e.store(e.load(i64, given, 8 * index), symbols, 8 * index)
        return symbols

    def _is_refused(self, e: Emitter, sizes: Sizes, requirements: Sequence[kernel.Require], status: Value) -> Value:
        """Whether the sizes break a requirement (i1); the message of the last broken one is then in the status word."""
        refused = e.constant(0, i1)
        message = e.i32(0)
        for op in requirements:
            broken = e.greater(sizes(parse_size(op.lower.data)), sizes(parse_size(op.upper.data)))
            message = e.select(broken, e.i32(op.message.value.data + 1), message)
            refused = e.either(refused, broken)
        e.store(message, status)
        return refused


def distinct_kernels(keys: Mapping[kernel.KernelOp, str]) -> dict[str, kernel.KernelOp]:
    """The first call of each key, in their order: functions are numbered like that."""
    found: dict[str, kernel.KernelOp] = {}
    for op, key in keys.items():
        found.setdefault(key, op)
    return found


def _batched(ops: Sequence[kernel.KernelOp], most: int) -> list[Sequence[kernel.KernelOp]]:
    """The ops in order, at most so many together."""
    return [ops[begin : begin + most] for begin in range(0, len(ops), most)]


def _row(op: kernel.KernelOp) -> KernelRow:
    row = KERNELS.get(type(op))
    if row is None:
        raise CompilerBug(f"{op.name} has no kernel")
    return row


def kernel_key(op: kernel.KernelOp, target: CpuTarget) -> str:
    """A text that is equal for calls with equal work: all but operands, sources and what the target does not
    use."""
    return _key(op, target, all_in_full(op).types)


def function_key(op: kernel.KernelOp, target: CpuTarget) -> str:
    """A text that is equal for calls that can share a function: their work may differ in some sizes."""
    return _key(op, target, shared_of(op).types)


def shared_of(op: kernel.KernelOp) -> Shared:
    """What other calls of the function of this one may differ in."""
    return _row(op).shared(op)


def _key(op: kernel.KernelOp, target: CpuTarget, types: Sequence[str]) -> str:
    unused = {"pairs_fit"} if target.multiplies_bytes else set[str]()
    properties = [f"{name}={spelled(op.properties[name])}" for name in sorted(op.properties) if name not in unused]
    return "\n".join([op.name, *types, *properties, *(_region_key(region) for region in op.regions)])


def _region_key(region: Region) -> str:
    numbers: dict[SSAValue, int] = {}
    for argument in region.block.args:
        numbers[argument] = len(numbers)
    lines = [", ".join(spelled(argument.type) for argument in region.block.args)]
    for inner in region.block.ops:
        operands = " ".join(str(numbers[operand]) for operand in inner.operands)
        properties = " ".join(f"{name}={spelled(inner.properties[name])}" for name in sorted(inner.properties))
        results = " ".join(spelled(result.type) for result in inner.results)
        lines.append(f"{inner.name} {operands} {properties} {results}")
        for result in inner.results:
            numbers[result] = len(numbers)
    return "\n".join(lines)
