"""Signed bytes become unsigned ones without changing any number, wherever they come from and go to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32, i8, i32, i64
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, tensor
from sparsec.transforms.infer_shapes import InferShapes
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.transforms.unsigned_activations import UnsignedActivations
from sparsec.weights import WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES, AttentionSpelling, attention_graph
from tests.transforms.passes import context_of, require_same, run_passes

SCALE, ZERO = np.float32(0.05), np.int8(-7)


def quantised(b: Builder, x: SSAValue) -> SSAValue:
    """x as i8."""
    return b.quantize(x, b.constant(SCALE), b.constant(ZERO))


def real(b: Builder, q: SSAValue) -> SSAValue:
    """i8 as x."""
    return b.dequantize(q, b.constant(SCALE), b.constant(ZERO))


def moved(b: Builder, q: SSAValue) -> SSAValue:
    """Through every op that moves data."""
    q = b.transpose(b.reshape(q, (BATCH, SEQUENCE, 2, 4)), [0, 2, 1, 3])
    q = b.slice(q, [0, 0, 0, 1], (BATCH, 2, SEQUENCE, 2), [1, 1, 1, 2])
    q = b.concat([q, b.broadcast(b.constant(np.arange(4, dtype=np.int8).reshape(2, 1, 2)), (BATCH, 2, 1, 2))], 2)
    return b.gather(q, b.constant(np.array([1, 0, 1])), 3)


GRAPHS: dict[str, Callable[[Builder, SSAValue, SSAValue], SSAValue]] = {
    "quantised and dequantised": lambda b, x, q: real(b, quantised(b, x)),
    "moved": lambda b, x, q: real(b, moved(b, quantised(b, x))),
    "input dequantised": lambda b, x, q: real(b, q),
    "input moved": lambda b, x, q: real(b, moved(b, q)),
    "input as it is": lambda b, x, q: q,
    "output": lambda b, x, q: quantised(b, x),
    "moved output": lambda b, x, q: moved(b, quantised(b, x)),
    "both kinds of reader": lambda b, x, q: b.apply(
        ew.Add, b.cast(quantised(b, x), f32), real(b, b.apply(ew.Maximum, quantised(b, x), q))
    ),
    "integer": lambda b, x, q: b.apply(ew.Sub, b.cast(quantised(b, x), i32), b.cast(b.constant(ZERO), i32)),
    "table": lambda b, x, q: real(
        b, b.gather(b.constant(np.arange(-9, 9, dtype=np.int8).reshape(6, 3)), b.cast(b.cast(x, i32), i64), 0)
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_no_number_changes(name: str) -> None:
    weights = WeightStore()
    inputs = [("x", tensor(f32, [BATCH, SEQUENCE, 8])), ("q", tensor(i8, [BATCH, SEQUENCE, 8]))]
    builder, values, finish = begin_module(weights, inputs)
    module = finish([("y", GRAPHS[name](builder, values["x"], values["q"]))])
    after = run_passes(module, weights, UnsignedActivations())
    require_same(module, after, weights, SIZES)
    for op in after.walk() if not name.startswith("input") else ():
        if isinstance(op, ew.Quantize | st.Reshape | st.Transpose | st.Slice | st.Concat):
            assert element_of(op.results[0].type) != i8
        if isinstance(op, ew.Dequantize):
            assert element_of(op.operand.type) != i8


def test_weights_stay_signed() -> None:
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, 8]))])
    weight = builder.constant(np.random.default_rng(0).integers(-128, 128, (4, 8)).astype(np.int8))
    y = builder.linear(real(builder, quantised(builder, values["x"])), real(builder, weight))
    module = finish([("y", y)])
    after = run_passes(module, weights, UnsignedActivations())
    require_same(module, after, weights, SIZES)
    kinds = [str(element_of(op.operand.type)) for op in after.walk() if isinstance(op, ew.Dequantize)]
    assert sorted(kinds) == ["i8", "ui8"]


def test_zero_points_that_arrive_at_run_time_are_left_alone() -> None:
    weights = WeightStore()
    inputs = [("x", tensor(f32, [4, 8])), ("z", tensor(i8, []))]
    builder, values, finish = begin_module(weights, inputs)
    scale = builder.constant(SCALE)
    y = builder.dequantize(builder.quantize(values["x"], scale, values["z"]), scale, values["z"])
    module = finish([("y", y)])
    require_same(module, run_passes(module, weights, UnsignedActivations()), weights, {})


def with_types(module: ModuleOp, weights: WeightStore) -> ModuleOp:
    """The module with its result types inferred again."""
    InferShapes().apply(context_of(weights), module)
    return module


def test_bytes_quantised_inside_bodies() -> None:
    module, weights = attention_graph(AttentionSpelling(quantised="after"))
    for op in module.walk():
        if isinstance(op, ew.Quantize | ew.Dequantize):
            builder = Builder.before(weights, op)
            op.operands[2] = builder.constant(np.int8(-8))
    signed = with_types(module, weights)
    recognised = run_passes(signed, weights, MatmulToLinear(), RecogniseAttention())
    after = run_passes(recognised, weights, UnsignedActivations())
    assert all(element_of(op.result.type) != i8 for op in after.walk() if isinstance(op, ew.Quantize))
    require_same(recognised, after, weights, SIZES)
