"""Kernels of a program are found, run alone and timed. How long they take is nobody's promise."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import sparsec
from sparsec import pipeline
from sparsec.api import new_context
from sparsec.context import CompilerContext
from sparsec.dialects import kernel
from sparsec.errors import CompilerBug
from sparsec.frontend.dsl import read_dsl
from sparsec.lowering.kernels_to_loops import kernel_key
from sparsec.measure import MeasuredProgram
from sparsec.target import host
from sparsec.weights import WeightStore

MACHINE = {"batch": 2, "sequence": 9}
LAYERS = """
weight a: i8[64, 64] blocks(4x1) random(seed = 1, sparsity = 0.5) quantized(scale = 0.01) {hint}
weight b: i8[64, 64] blocks(4x1) random(seed = 2, sparsity = 0.5) quantized(scale = 0.01) {hint}
weight c: i8[64, 64] blocks(4x1) random(seed = 3, sparsity = 0.5) quantized(scale = 0.01) {hint}
model layers(x: u8[batch, sequence, 64] quantized(scale = 0.02, zero = 128)) -> (y) {{
  h = quantize(linear(x, a), u8, scale = 0.05, zero = 128)
  h = quantize(linear(h, b), u8, scale = 0.05, zero = 128)
  y = quantize(linear(h, c), u8, scale = 0.05, zero = 128)
}}
"""
MIXED = """
weight table: f32[50, 32] random(seed = 1)
weight w: f32[96, 32] blocks(4x1) random(seed = 2, sparsity = 0.5)
weight ones: f32[32] = 1
model mixed(ids: i64[batch, sequence]) -> (y, z) {
  x = gather(table, ids, axis = 0)
  n = layer_norm(x, ones, ones, epsilon = 0.00001)
  y = softmax(linear(n, w), axis = -1)
  z = reduce_max(y, axes = [1])
}
"""


def lowered(page: str) -> tuple[ModuleOp, CompilerContext]:
    """The [kernels] module of a page."""
    weights = WeightStore()
    module, context = read_dsl(page, weights), new_context(weights)
    pipeline.finish(pipeline.run(module, context, thorough=False))
    return module, context


@pytest.mark.parametrize("hint", ["", "schedule(dataflow = gather_dwords)"])
def test_equal_calls_share_a_function(hint: str) -> None:
    module, context = lowered(LAYERS.format(hint=hint))
    before = str(module)
    program = MeasuredProgram(module, context, host(), MACHINE)
    assert str(module) == before
    products = [found for found in program.kernels if isinstance(found.op, kernel.MatMul)]
    assert sum(len(found.sets) for found in products) == 3
    assert sorted(len(found.sets) for found in products)[-1] >= 2
    calls = [op for op in module.walk() if isinstance(op, kernel.KernelOp)]
    assert len(program.kernels) == len({kernel_key(op, host()) for op in calls})
    assert sum(len(found.sets) for found in program.kernels) == len(calls)
    assert len({found.function for found in program.kernels}) == len(program.kernels)
    for found in products:
        assert len(set(found.sets.tolist())) == len(found.sets)


@pytest.mark.parametrize("page", [LAYERS.format(hint=""), MIXED], ids=["layers", "mixed"])
@pytest.mark.parametrize("sizes", [MACHINE, {"batch": 1, "sequence": 1}, {"batch": 3, "sequence": 70}], ids=str)
def test_every_kernel_runs(page: str, sizes: dict[str, int]) -> None:
    program = MeasuredProgram(*lowered(page), host(), sizes)
    assert program.kernels
    for found in program.kernels:
        assert program.run(found, 1) > 0
        assert program.turns(found, 1e-5) >= 1
        assert program.seconds(found, runs=2) > 0
        assert program.median_seconds(found, runs=3) > 0


def test_what_is_measured_is_what_runs() -> None:
    """Three products on rows share a function, so one turn of it is a run of the model."""
    page = LAYERS.format(hint="schedule(dataflow = dense_dwords)")
    program = MeasuredProgram(*lowered(page), host(), MACHINE)
    (found,) = program.kernels
    buffers = program._memory._buffers  # pyright: ignore[reportPrivateUsage]
    x = np.random.default_rng(0).integers(0, 256, (2, 9, 64)).astype(np.uint8)
    buffers[kernel.Input, 0][: x.size] = x.reshape(-1)
    program.run(found, 1)
    weights = WeightStore()
    (expected,) = sparsec.compile(read_dsl(page, weights), weights=weights, cache=False)(x)
    assert buffers[kernel.Output, 0][: x.size].tobytes() == expected.tobytes()


def test_only_kernels_are_measured() -> None:
    weights = WeightStore()
    module = read_dsl(MIXED, weights)
    with pytest.raises(CompilerBug, match=r"only a module in \[kernels\] form can be measured"):
        MeasuredProgram(module, new_context(weights), host(), MACHINE)


def test_numbers_in_buffers_are_harmless() -> None:
    program = MeasuredProgram(*lowered(MIXED), host(), MACHINE)
    buffers = program._memory._buffers  # pyright: ignore[reportPrivateUsage]
    for buffer in buffers.values():
        numbers = buffer[: buffer.size // 4 * 4].view(np.float32)
        assert np.all(np.isfinite(numbers)) and np.all((numbers == 0) | (np.abs(numbers) > 1e-3))
        assert buffer.ctypes.data % 64 == 0


def test_calls_are_timed_in_the_order_of_the_program() -> None:
    module, context = lowered(LAYERS.format(hint=""))
    program = MeasuredProgram(module, context, host(), MACHINE)
    calls = [op for op in module.walk() if isinstance(op, kernel.KernelOp)]
    seconds = program.seconds_in_order()
    assert len(seconds) == len(calls) and all(taken >= 0 for taken in seconds)
