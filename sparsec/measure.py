"""Times the kernels of a program on this machine, each alone: the code that would run, called again and again.

Used by tuning and by the benchmarks. Calls that share a function are made in turn, each with its own buffers and
weights, so a kernel with many calls does not find its weights in the first-level cache.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from sparsec import pipeline
from sparsec.backend.jit import aligned
from sparsec.backend.object_code import emit_ir
from sparsec.backend.repeats import Repeats
from sparsec.context import CompilerContext
from sparsec.dialects import kernel
from sparsec.dialects.encoding import Tensor, element_of, layout_of, sizes_of, tile_channels, to_numpy
from sparsec.dims import Size
from sparsec.errors import CompilerBug, TargetError
from sparsec.lowering.kernels_to_loops import distinct_kernels, kernel_key, shared_of
from sparsec.schedule import TILE
from sparsec.target import CpuTarget, runnable_targets

RUN_SECONDS = 3e-4
"""How long one timed run should take: much longer than a clock tick, much shorter than a time slice."""


def require_runnable(target: CpuTarget) -> None:
    """Refuse to measure what this machine cannot run.

    Raises:
        TargetError: it cannot.
    """
    names = [each.name for each in runnable_targets()]
    if target.name not in names:
        raise TargetError(
            f"kernels for {target.name} cannot be measured here: this machine runs only {', '.join(names)}; "
            f"give one of these as the target, or measure on a machine with {target.name}"
        )


@dataclass(frozen=True)
class MeasuredKernel:
    """One distinct kernel function.

    Attributes:
        op: the first call of it.
        function: the name of the function that repeats it.
        sets: the address of the argument array of each call.
    """

    op: kernel.KernelOp
    function: str
    sets: NDArray[np.int64]


class MeasuredProgram:
    """The kernels of a program, loaded and ready to be timed.

    Args:
        module: [kernels] form; it stays as it is.
        context: holds its weights.
        target: a CPU that this machine can run.
        sizes: the values of the symbolic dimensions.
    """

    def __init__(self, module: ModuleOp, context: CompilerContext, target: CpuTarget, sizes: Mapping[str, int]):
        program = next((op for op in module.ops if isinstance(op, kernel.Program)), None)
        if program is None:
            raise CompilerBug("only a module in [kernels] form can be measured")
        if any(isinstance(op, kernel.TokenIndex) for op in program.body.block.ops):
            raise CompilerBug("kernels whose sizes are worked out in a run cannot be measured alone: keep the padding")
        self._memory = _Memory(program, context, sizes)
        self._order: list[tuple[str, int]] = []
        self.kernels = self._find_kernels(program, target)
        code = module.clone()
        pipeline.finish(pipeline.run(code, context, pipeline.code_stages(target, measured=True)))
        scratch = f"scratch_size_{target.name}"
        exports = [found.function for found in self.kernels]
        symbols = [sizes[symbol.data] for symbol in program.symbols]
        text = emit_ir(code, target, frozenset([*exports, scratch]))
        self._repeats = Repeats(text, exports, symbols, scratch)

    def _find_kernels(self, program: kernel.Program, target: CpuTarget) -> list[MeasuredKernel]:
        calls = [op for op in program.body.block.ops if isinstance(op, kernel.KernelOp)]
        keys = {op: kernel_key(op, target) for op in calls}
        distinct = distinct_kernels(keys)
        functions = {key: f"repeat_{number}_{target.name}" for number, key in enumerate(distinct)}
        sets: dict[str, list[int]] = {key: [] for key in functions}
        for op, key in keys.items():
            sets[key].append(self._memory.arguments(op))
            self._order.append((functions[key], sets[key][-1]))
        return [MeasuredKernel(op, functions[key], np.array(sets[key], np.int64)) for key, op in distinct.items()]

    def turns(self, measured: MeasuredKernel, seconds: float = RUN_SECONDS) -> int:
        """How many turns make a run of about so many seconds."""
        return self._repeats.turns_for(measured.function, measured.sets, seconds)

    def run(self, measured: MeasuredKernel, turns: int) -> float:
        """Seconds of one call, the mean of one run of `turns` turns."""
        return self._repeats.run(measured.function, measured.sets, turns)

    def seconds(self, measured: MeasuredKernel, runs: int = 7) -> float:
        """Seconds of one call: the least of several runs."""
        turns = self.turns(measured)
        return min(self.run(measured, turns) for _ in range(runs))

    def median_seconds(self, measured: MeasuredKernel, runs: int = 7) -> float:
        """Seconds of one call: the median of several runs."""
        turns = self.turns(measured)
        return statistics.median(self.run(measured, turns) for _ in range(runs))

    def seconds_in_order(self) -> list[float]:
        """Seconds of each call of the program, made once each in its order.

        Every kernel finds in the caches what the kernels before it have left there, as in an inference.
        """
        return self._repeats.run_in_order(self._order)


class _Memory:
    """Every buffer of a program in memory of this process, filled with numbers that are harmless as floats too."""

    def __init__(self, program: kernel.Program, context: CompilerContext, sizes: Mapping[str, int]):
        self._sizes = sizes
        self._weights = aligned(context.weights.get(program.weights.data))
        self._buffers: dict[tuple[type, int], NDArray[np.uint8]] = {}
        self._kept: list[NDArray[np.int64]] = []
        self._symbols = np.array([*(sizes[symbol.data] for symbol in program.symbols), 0], np.int64)
        self._status = np.zeros(16, np.int32)
        needs: dict[tuple[type, int], int] = {}
        for op in program.body.block.ops:
            if isinstance(op, kernel.PlaceOp) and not isinstance(op, kernel.Weights):
                key = type(op), op.index_value
                needs[key] = max(needs.get(key, 0), self._bytes(kernel.tensor_of(op.buffer)))
        generator = np.random.default_rng(0)
        for key, size in needs.items():
            numbers = generator.uniform(0.1, 1.9, -(-size // 4) + 64).astype(np.float32)
            self._buffers[key] = aligned(numbers.view(np.uint8))

    def _size(self, size: Size) -> int:
        return size if isinstance(size, int) else size.evaluate(self._sizes)

    def _bytes(self, tensor: Tensor) -> int:
        sizes = [self._size(size) for size in sizes_of(tensor)]
        width = to_numpy(element_of(tensor)).itemsize
        if (layout := layout_of(tensor)) is not None:
            return -(-prod(sizes[:-1]) // TILE) * TILE * self._size(tile_channels(sizes[-1], layout)) * width
        return prod(sizes) * width

    def _address(self, value: SSAValue) -> int:
        owner = value.owner
        if isinstance(owner, kernel.Weights):
            return self._weights.ctypes.data + owner.index_value
        if not isinstance(owner, kernel.PlaceOp):
            raise CompilerBug(f"a kernel reads what {owner} makes, which is no place in memory")
        return self._buffers[type(owner), owner.index_value].ctypes.data

    def arguments(self, op: kernel.KernelOp) -> int:
        """The address of a call's argument array, as `frame.py` describes it."""
        numbers = np.array([self._size(size) for size in shared_of(op).numbers.values()], np.int64)
        addresses = [self._address(operand) for operand in op.operands]
        rest = [known.ctypes.data for known in (self._status, self._symbols, numbers)]
        places = np.array([*addresses, *rest], np.int64)
        self._kept += [numbers, places]
        return self._kept[-1].ctypes.data
