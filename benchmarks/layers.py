"""One layer, `u8 = requantise(u8 x weight + bias)`, compiled like any model and timed alone.

A program of several such layers on the same input is built, each with weights of its own: its kernel calls are what is
timed, one after the other, so that a call does not find its weights in the first-level cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import SSAValue

import sparsec
from sparsec import pipeline
from sparsec.api import new_context
from sparsec.builder import Builder, begin_module
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor, ui8
from sparsec.measure import MeasuredKernel, MeasuredProgram
from sparsec.schedule import Schedule
from sparsec.target import CpuTarget, host_core
from sparsec.weights import WeightStore

ROTATING_BYTES = 512 << 10
"""How much packed weight is rotated through: ten times a first-level cache."""

X_SCALE, W_SCALE, Y_SCALE = np.float32(2**-6), np.float32(2**-9), np.float32(0.05)


@dataclass(frozen=True)
class Layer:
    """Shape and pattern of a layer.

    Attributes:
        rows, columns: of the weight `[out, in]`.
        tokens: of the activations.
        block: what is pruned as a whole, rows x columns; `(2, 4)` with `two_of_four` means 2 of every 4 in a row.
        sparsity: share of the blocks that are zero.
    """

    rows: int
    columns: int
    tokens: int
    block: tuple[int, int] = (4, 1)
    sparsity: float = 0.9
    two_of_four: bool = False

    def weight(self, seed: int) -> NDArray[np.int8]:
        """Random s8 weights, pruned."""
        random = np.random.default_rng(seed)
        weight = random.integers(-127, 128, (self.rows, self.columns)).astype(np.int8)
        weight[weight == 0] = 1
        return weight * self.kept(random)

    def kept(self, random: np.random.Generator) -> NDArray[np.bool_]:
        """Which weights are not pruned."""
        if self.two_of_four:
            order = random.random((self.rows, -(-self.columns // 4), 4)).argsort(axis=2)
            return (order < 2).reshape(self.rows, -1)[:, : self.columns]
        rows, columns = self.block
        grid = random.random((-(-self.rows // rows), -(-self.columns // columns))) >= self.sparsity
        return grid.repeat(rows, 0).repeat(columns, 1)[: self.rows, : self.columns]

    def reference(self, x: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        """The layer in numpy: exact sums, then the float32 steps of the reference."""
        sums = (x.astype(np.float64) - 128) @ self.weight(seed).T.astype(np.float64) + self.bias(seed)
        multiplier = X_SCALE * W_SCALE * (np.float32(1) / Y_SCALE)
        return np.clip(np.rint(sums.astype(np.float32) * multiplier) + 128, 0, 255).astype(np.uint8)

    def bias(self, seed: int) -> NDArray[np.int32]:
        """A random integer bias."""
        return np.random.default_rng(seed + 1).integers(-9999, 9999, self.rows).astype(np.int32)

    def emit(self, b: Builder, x: SSAValue, seed: int, schedule: Schedule | None) -> SSAValue:
        """The layer as a quantised model spells it."""
        weight = b.weight(self.weight(seed), schedule=schedule)
        scaled = b.dequantize(weight, b.constant(W_SCALE), b.constant(np.int8(0)))
        real = b.dequantize(x, b.constant(X_SCALE), b.constant(np.uint8(128)))
        bias = b.dequantize(b.constant(self.bias(seed)), b.constant(X_SCALE * W_SCALE), b.constant(np.int32(0)))
        y = b.apply(ew.Add, b.linear(real, scaled), bias)
        return b.quantize(y, b.constant(Y_SCALE), b.constant(np.uint8(128)))


class TimedLayer:
    """A layer, compiled for a target and loaded.

    Attributes:
        schedule: the one given or chosen.
        nonzeros: weights that are not zero, the mean over all copies.
        layout: of the activations, for people.
    """

    def __init__(self, layer: Layer, target: CpuTarget, schedule: Schedule | None = None, copies: int | None = None):
        self.layer = layer
        dense = layer.rows * layer.columns
        if copies is None:
            copies = max(2, min(8, round(ROTATING_BYTES / (1.5 * dense * max(0.02, 1 - layer.sparsity)))))
        weights = WeightStore()
        b, values, finish = begin_module(weights, [("x", tensor(ui8, [layer.tokens, layer.columns]))])
        outputs = [(f"y{seed}", layer.emit(b, values["x"], seed, schedule)) for seed in range(copies)]
        module, context = finish(outputs), new_context(weights)
        pipeline.finish(pipeline.run(module, context, pipeline.stages(target.name, host_core())))
        self.program = MeasuredProgram(module, context, target, {})
        products = [found for found in self.program.kernels if isinstance(found.op, kernel.MatMul)]
        self.kernel: MeasuredKernel = max(products, key=lambda found: len(found.sets))
        op = self.kernel.op
        assert isinstance(op, kernel.MatMul)
        self.schedule = op.schedule.schedule
        self.nonzeros = float(np.mean([np.count_nonzero(layer.weight(seed)) for seed in range(copies)]))
        self._turns = self.program.turns(self.kernel)

    @property
    def products(self) -> float:
        """Multiplications with weights that are not zero."""
        return self.nonzeros * self.layer.tokens

    def run(self) -> float:
        """Seconds of one call, the mean of one short run."""
        return self.program.run(self.kernel, self._turns)


def exact(layer: Layer, schedule: Schedule | None = None, targets: str = "host") -> bool:
    """Whether the compiled layer gives the same bytes as numpy on full-range random activations."""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [layer.tokens, layer.columns]))])
    module = finish([("y", layer.emit(b, values["x"], 0, schedule))])
    program = sparsec.compile(module, weights=weights, targets=targets, cache=False)
    x = np.random.default_rng(layer.tokens).integers(0, 256, (layer.tokens, layer.columns)).astype(np.uint8)
    return bool((program(x)[0] == layer.reference(x, 0)).all())


def interleaved(timers: list[Callable[[], float]], runs: int) -> list[float]:
    """The least of several runs of each, taken in turns so that whatever the machine does hits all of them."""
    best = [float("inf")] * len(timers)
    for _ in range(runs):
        for number, timer in enumerate(timers):
            best[number] = min(best[number], timer())
    return best
