"""Products with constants in every spelling of a weight, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of
from sparsec.dialects.sparse import SCHEDULE_HINT
from sparsec.schedule import Dataflow, Schedule
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from tests.transforms.graphs import SIZES, elementwise_graph
from tests.transforms.passes import count, require_same, run_passes

RANDOM = np.random.default_rng(11)
FLOATS = RANDOM.normal(size=(8, 6)).astype(np.float32)
BYTES = RANDOM.integers(-128, 128, size=(8, 6)).astype(np.int8)
SCALES = RANDOM.uniform(0.01, 0.1, size=6).astype(np.float32)
ZEROS = RANDOM.integers(-5, 5, size=6).astype(np.int8)


def per_channel(builder: Builder) -> SSAValue:
    """A weight [in, out] with a scale per output channel."""
    return builder.dequantize(builder.constant(BYTES), builder.constant(SCALES), builder.constant(ZEROS), 1)


def per_tensor(builder: Builder) -> SSAValue:
    """A weight with one scale."""
    return builder.dequantize(builder.constant(BYTES), builder.constant(0.25), builder.constant(np.int8(3)))


def scaled(builder: Builder) -> SSAValue:
    """A weight made of bytes by a cast and a product with a vector."""
    wide = builder.cast(builder.constant(BYTES), element_of(builder.constant(0.5).type))
    return builder.apply(ew.Mul, wide, builder.constant(SCALES))


def transposed(builder: Builder) -> SSAValue:
    """A weight [out, in], as torch keeps it, behind a transpose."""
    return builder.transpose(builder.constant(np.ascontiguousarray(FLOATS.T)), [1, 0])


WEIGHTS: list[Callable[[Builder], SSAValue]] = [
    per_channel,
    per_tensor,
    scaled,
    transposed,
    lambda builder: builder.constant(FLOATS),
]


@pytest.mark.parametrize("weight", WEIGHTS, ids=["per_channel", "per_tensor", "scaled", "transposed", "floats"])
def test_weights_become_out_by_in(weight: Callable[[Builder], SSAValue]) -> None:
    module, weights = elementwise_graph(lambda builder, x: builder.matmul(x, weight(builder)))
    after = run_passes(module, weights, CanonicaliseGraph(), MatmulToLinear())
    assert count(after, pr.Linear) == 1 and count(after, pr.MatMul) == count(after, st.Transpose) == 0
    require_same(module, after, weights, SIZES)


def test_integer_products_get_a_constant_weight() -> None:
    def write(builder: Builder, x: SSAValue) -> SSAValue:
        zero = builder.constant(np.uint8(7))
        q = builder.quantize(x, builder.constant(0.05), zero)
        left = builder.apply(ew.Sub, builder.cast(q, i32), builder.cast(zero, i32))
        right = builder.apply(
            ew.Sub, builder.cast(builder.constant(BYTES), i32), builder.cast(builder.constant(ZEROS), i32)
        )
        return builder.matmul(left, right)

    module, weights = elementwise_graph(write)
    after = run_passes(module, weights, MatmulToLinear())
    (linear,) = [op for op in after.walk() if isinstance(op, pr.Linear)]
    assert isinstance(linear.weight.owner, st.Constant)
    require_same(module, after, weights, SIZES)


def test_a_computed_operand_stays_a_product() -> None:
    def write(builder: Builder, x: SSAValue) -> SSAValue:
        return builder.matmul(x, builder.transpose(x, [0, 2, 1]))

    module, weights = elementwise_graph(write)
    assert count(run_passes(module, weights, MatmulToLinear()), pr.MatMul) == 1


def test_a_schedule_given_by_hand_stays_on_the_weight() -> None:
    schedule = Schedule(Dataflow.DENSE_ROWS)
    module, weights = elementwise_graph(lambda builder, x: builder.matmul(x, builder.weight(FLOATS, None, schedule)))
    after = run_passes(module, weights, MatmulToLinear())
    (linear,) = [op for op in after.walk() if isinstance(op, pr.Linear)]
    assert isinstance(linear.weight.owner, st.Constant) and SCHEDULE_HINT in linear.weight.owner.attributes
