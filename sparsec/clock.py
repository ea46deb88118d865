"""How fast this core's clock runs just now, by a loop whose cycles are known; the clock of a shared machine drifts.

It runs slower while wide vectors are multiplied, by a tenth with AVX-512 on some cores, and recovers within
microseconds. So the loop multiplies vectors, too, as kernels do, but not enough of them to take longer.
"""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import ModuleOp, f32, i64
from xdsl.dialects.func import FuncOp

from sparsec.backend.object_code import emit_ir
from sparsec.backend.repeats import Repeats
from sparsec.context import CompilerContext
from sparsec.lowering.kernels.vector import Emitter, Value, build_function, pointer, vector_of
from sparsec.lowering.loops_to_llvm import LoopsToLlvm
from sparsec.target import CpuTarget

_TURNS, _CHAIN = 64, 16
_CYCLES = 3 * _TURNS * _CHAIN
"""Dependent 64-bit multiplications take 3 cycles each on every x86-64 of the last fifteen years."""
_VECTORS = 2
"""How many vectors are multiplied beside each: a core can start one per cycle at least."""


class Clock:
    """The loop, loaded.

    Args:
        target: a CPU that this machine can run.
        context: any.
    """

    def __init__(self, target: CpuTarget, context: CompilerContext):
        module = ModuleOp([clock_function(target)])
        LoopsToLlvm().apply(context, module)
        self._repeats = Repeats(emit_ir(module, target, frozenset(["clock"])), ["clock"])
        self._memory = np.ones(8 * (2 + 3 * _VECTORS), np.int64)
        self._memory[8:16].view(np.float32)[:] = 0.5
        self._sets = np.array([self._memory.ctypes.data], np.int64)
        self._turns = self._repeats.turns_for("clock", self._sets, 1e-4)

    def hertz(self) -> float:
        """Cycles per second: the most of a few runs of 0.1 ms."""
        return _CYCLES / min(self._repeats.run("clock", self._sets, self._turns) for _ in range(3))


def clock_function(target: CpuTarget) -> FuncOp:
    """The loop, to be called as `Repeats` does."""
    return build_function("clock", frozenset(target.features), _repeated, (pointer, i64, i64, pointer, pointer))


def _repeated(e: Emitter, arguments: tuple[Value, ...]) -> None:
    sets, turns = arguments[0], arguments[2]
    memory = e.load(pointer, sets)
    vector = vector_of(f32, e.vector_bytes // 4)
    half = e.load(vector, memory, 64)  # not a constant: LLVM would add where it sees a product with 1

    def multiply(number: Value, held: tuple[Value, ...]) -> list[Value]:
        value, *sums = held
        for _ in range(_CHAIN):
            value = e.mul(value, value)
            used, sums = sums[:_VECTORS], sums[_VECTORS:]
            sums += [e.fma(half, each, half) for each in used]  # in turns, so that none waits for the one before
        return [value, *sums]

    def once(number: Value, held: tuple[Value, ...]) -> None:
        last, *sums = e.for_loop(0, _TURNS, multiply, [e.load(i64, memory), *[half] * (3 * _VECTORS)])
        e.store(last, memory)
        for place, each in enumerate(sums):
            e.store(each, memory, 64 * (2 + place))

    e.for_loop(0, turns, once)
