"""Compares a compiled model with the reference on its [scheduled] module: same bits on every CPU and thread count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import Operation

import sparsec
from sparsec import pipeline
from sparsec.api import new_context
from sparsec.dialects import nn_products as pr
from sparsec.dialects.encoding import element_of
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import MatMul
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests import emulation
from tests.lowering.kernels.run_kernel import assert_same
from tests.transforms.passes import draw_inputs

RUNNABLE = tuple(target.name for target in emulation.targets())
"""The targets whose code this machine can run."""

EXTREMES = tuple(dict.fromkeys((RUNNABLE[0], RUNNABLE[-1])))
"""The best of them and the baseline."""

STAGES = tuple(stage for stage in pipeline.PIPELINE if stage.name != "kernels")

TOKENS = ((1, 1), (1, 13), (2, 8), (1, 17), (3, 21), (1, 64), (5, 13), (2, 64))
"""(batch, sequence): token counts on either side of 16, 32, 64 and 128; sequences that begin anywhere in a tile."""


def is_exact(module: ModuleOp) -> bool:
    """Whether a [scheduled] module has no product of floats."""
    return not any(_multiplies_floats(op) for op in module.walk())


def _multiplies_floats(op: Operation) -> bool:
    match op:
        case MatMul():
            return op.accumulator == f32
        case Attention():
            return f32 in (element_of(op.q.type), element_of(op.v.type))
        case pr.MatMul():
            return element_of(op.result.type) == f32
        case _:
            return False


class Exact:
    """An [input] module, compiled for every CPU at hand, beside its [scheduled] module.

    Attributes:
        scheduled: what the reference runs.
        exact: whether the bits must agree; otherwise floats may differ by rounding.
    """

    def __init__(self, module: ModuleOp, weights: WeightStore, targets: Sequence[str] = RUNNABLE):
        self._weights = weights
        self.scheduled = module.clone()
        pipeline.finish(pipeline.run(self.scheduled, new_context(weights), STAGES, thorough=False))
        self.exact = is_exact(self.scheduled)
        self._programs = [sparsec.compile(module, weights=weights, targets=target, cache=False) for target in targets]

    def check(self, tokens: Sequence[tuple[int, int]] = TOKENS, **symbols: int) -> None:
        """Compare at these sizes."""
        for batch, sequence in tokens:
            sizes = {"batch": batch, "sequence": sequence, **symbols}
            self.check_inputs(draw_inputs(self.scheduled, sizes, seed=batch + 7 * sequence))

    def check_inputs(self, inputs: Mapping[str, np.ndarray]) -> None:
        """Compare on these arrays."""
        expected = evaluate(self.scheduled, inputs, self._weights)
        for program in self._programs:
            whole: list[bytes] | None = None
            for threads in (1, 2, 3):
                program.threads = threads
                found = program.run(list(expected), inputs)
                data = [array.tobytes() for array in found]
                assert whole is None or data == whole, f"{threads} threads give other bytes on {program.target}"
                whole = data
                for array, wanted in zip(found, expected.values(), strict=True):
                    self._compare(array, wanted)

    def _compare(self, found: np.ndarray, expected: np.ndarray) -> None:
        if self.exact or expected.dtype.kind != "f":
            assert_same(found, expected)
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
