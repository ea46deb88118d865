"""[scheduled] -> [kernels]: every op becomes kernel calls on buffers, constants are packed into one run of bytes.

Reshapes cost nothing here: they give a buffer a second type. Everything else writes into a buffer of its own
(destination passing); `memory_plan` then decides which buffers share memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.context import elsewhere_of, weights_of
from sparsec.dialects import kernel
from sparsec.dialects.encoding import as_tensor, sizes_of
from sparsec.dialects.requirements import requirements_of
from sparsec.dialects.tensor_op import where_of
from sparsec.errors import CompilerBug
from sparsec.lowering.calls import CALLS
from sparsec.lowering.program_builder import ProgramBuilder
from sparsec.packer import Elsewhere, Packer
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class NnToKernels(ModulePass):
    """Replace `func.func @main` by `kernel.program @main`.

    Args:
        pairs: pack weights for targets that multiply bytes only in pairs that fit 16 bits, too.
    """

    name = "nn-to-kernels"
    pairs: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        function = next((inner for inner in op.ops if isinstance(inner, FuncOp)), None)
        if function is None:
            raise CompilerBug("nn-to-kernels found no function to lower")
        program = lower_function(function, weights_of(ctx), self.pairs, elsewhere_of(ctx))
        function.detach()
        function.erase()
        op.body.block.add_op(program)


def lower_function(
    function: FuncOp, weights: WeightStore, pairs: bool = False, elsewhere: Elsewhere | None = None
) -> kernel.Program:
    """The program of a function in [scheduled] form; packed weights go to `weights`."""
    with Packer(elsewhere) as packer:
        builder = ProgramBuilder(weights, packer, pairs)
        builder.begin_packing(function.body.block.ops)
        return _lower_function(function, builder)


def _lower_function(function: FuncOp, builder: ProgramBuilder) -> kernel.Program:
    for index, argument in enumerate(function.body.block.args):
        builder.bind(argument, builder.place(kernel.Input, index, as_tensor(argument.type)))
    for lower, upper, where in requirements_of(function):
        builder.require(lower, upper, where)
    returned: Sequence[SSAValue] = ()
    for op in function.body.block.ops:
        if isinstance(op, ReturnOp):
            returned = tuple(op.arguments)
        else:
            _lower(op, builder)
    for index, value in enumerate(returned):
        builder.write_output(index, value)
    builder.plan()
    return builder.finish(_symbols(function))


def _lower(op: Operation, builder: ProgramBuilder) -> None:
    lower: Callable[[Operation, ProgramBuilder], None] | None = CALLS.get(type(op))
    if lower is None:
        raise CompilerBug(f"{op.name} reached nn-to-kernels; a pass before should have replaced it")
    for result in op.results:
        for size in sizes_of(result.type):
            builder.require(0, size, where_of(op))
    lower(op, builder)


def _symbols(function: FuncOp) -> tuple[str, ...]:
    """The symbols of the inputs' shapes in order of appearance."""
    names = [
        name
        for argument in function.body.block.args
        for size in sizes_of(argument.type)
        if not isinstance(size, int)
        for name in size.symbols
    ]
    return tuple(dict.fromkeys(names))
