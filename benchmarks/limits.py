"""What this machine can do at most: the clock, and how many multiplications, loads and shuffles it starts per second.

Each limit is a loop of nothing but the instructions in question, generated as kernels are. Figures of kernels are
measured beside these in the same run, because the clock of a shared machine drifts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.dialects.builtin import ModuleOp, f32, i8, i32, i64

from sparsec.api import new_context
from sparsec.backend.object_code import emit_ir
from sparsec.backend.repeats import Repeats
from sparsec.clock import Clock
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, build_function, pointer, vector_of
from sparsec.lowering.loops_to_llvm import LoopsToLlvm
from sparsec.target import CpuTarget

_ARGUMENTS = (pointer, i64, i64, pointer, pointer)
_TURNS = 64
"""Turns of a limit's loop per call."""

Loop = Callable[[Emitter, Value], None]
"""Emits a loop; the value is memory: `MEMORY` bytes."""

MEMORY = 16 << 10
"""Bytes that the loops of loads walk through: half of a small first-level cache."""


def _chains(e: Emitter, memory: Value, start: Value, step: Callable[[Value], Value], count: int) -> None:
    def turn(_: Value, held: tuple[Value, ...]) -> list[Value]:
        return [step(value) for value in held]

    for number, value in enumerate(e.for_loop(0, _TURNS, turn, [start] * count)):
        e.store(value, memory, 64 * number)


def _byte_products(e: Emitter, memory: Value) -> None:
    """16 independent chains of dot products of bytes, 16 lanes of 4 each."""
    a, b = (e.load(vector_of(i8, 64), memory, 1024 + 64 * i) for i in range(2))
    start = e.load(vector_of(i32, LANES), memory)
    _chains(e, memory, start, lambda value: e.dot4(value, a, b), 16)


def _float_products(e: Emitter, memory: Value) -> None:
    """16 independent chains of fused multiply-adds of 16 floats."""
    a, b = (e.load(vector_of(f32, LANES), memory, 1024 + 64 * i) for i in range(2))
    _chains(e, memory, e.load(vector_of(f32, LANES), memory), lambda value: e.fma(value, a, b), 16)


def _loads(e: Emitter, memory: Value) -> None:
    """Loads of 64 bytes, summed up in 16 chains of maxima."""

    def turn(number: Value, held: tuple[Value, ...]) -> list[Value]:
        at = e.offset(memory, e.mul(e.both(number, MEMORY // 1024 - 1), 1024))
        return [
            e.maximum(value, e.load(vector_of(i32, LANES), at, 64 * index, align=64))
            for index, value in enumerate(held)
        ]

    held = e.for_loop(0, _TURNS, turn, [e.load(vector_of(i32, LANES), memory)] * 16)
    for number, value in enumerate(held):
        e.store(value, memory, 64 * number)


_LOOPS: dict[str, tuple[Loop, float]] = {
    "byte_products": (_byte_products, 16 * LANES * 4),
    "float_products": (_float_products, 16 * LANES),
    "loads": (_loads, 16 * 64),
}
"""The loop, and what one turn of it does: multiplications, bytes."""


class Limits:
    """The loops, loaded. `rate(name)` measures: products of bytes, products of floats or bytes per second."""

    def __init__(self, target: CpuTarget):
        self.clock = Clock(target, new_context())
        functions = [
            build_function(name, frozenset(target.features), self._repeated(loop), _ARGUMENTS)
            for name, (loop, _) in _LOOPS.items()
        ]
        module = ModuleOp(list(functions))
        module.verify()
        LoopsToLlvm().apply(new_context(), module)
        self._repeats = Repeats(emit_ir(module, target, frozenset(_LOOPS)), list(_LOOPS))
        self._memory = np.full(MEMORY // 4 + 1024, 1.0, np.float32)
        aligned = self._memory.ctypes.data + -self._memory.ctypes.data % 64
        self._sets = np.array([aligned], np.int64)
        self._turns = {name: self._repeats.turns_for(name, self._sets, 1e-4) for name in _LOOPS}

    @staticmethod
    def _repeated(loop: Loop) -> Callable[[Emitter, tuple[Value, ...]], None]:
        def body(e: Emitter, arguments: tuple[Value, ...]) -> None:
            sets, _, turns, _, _ = arguments
            memory = e.load(pointer, sets)
            e.for_loop(0, turns, lambda _, __: loop(e, memory))

        return body

    def rate(self, name: str, runs: int = 3) -> float:
        """How much of it the machine does per second just now: the best of a few runs of 0.1 ms."""
        seconds = min(self._repeats.run(name, self._sets, self._turns[name]) for _ in range(runs))
        return _LOOPS[name][1] * _TURNS / seconds

    def all(self) -> dict[str, float]:
        """Every rate, and the clock."""
        return {name: self.rate(name, 9) for name in _LOOPS} | {"clock": self.clock.hertz()}
