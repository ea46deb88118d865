"""What a program says of all its weights together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import f32, i8, i32, i64
from xdsl.ir import SSAValue

from benchmarks.layers import Layer, exact
from sparsec import pipeline
from sparsec.api import new_context
from sparsec.builder import begin_module
from sparsec.dialects import kernel
from sparsec.dialects.encoding import Layout, tensor, ui8
from sparsec.lowering import program_builder
from sparsec.lowering.nn_to_kernels import lower_function
from sparsec.reference import main_function
from sparsec.schedule import Dataflow, Schedule
from sparsec.weights import WeightStore
from tests.native import ALL_TARGETS, target_name


def matmuls_of(rows_of_table: int = 4) -> list[kernel.MatMul]:
    """The products of a program with one layer, whose weight takes some 300 bytes, and a table."""
    weights = WeightStore()
    layer = Layer(8, 30, 64, (4, 1), 0.5)
    inputs = [("x", tensor(ui8, [layer.tokens, layer.columns])), ("i", tensor(i64, [3]))]
    b, values, finish = begin_module(weights, inputs)
    table = b.constant(np.arange(rows_of_table * 4, dtype=np.float32).reshape(-1, 4))
    outputs = [("y", layer.emit(b, values["x"], 0, None)), ("z", b.gather(table, values["i"], 0))]
    module, context = finish(outputs), new_context(weights)
    pipeline.finish(pipeline.run(module, context, pipeline.stages("x86_64"), thorough=False))
    return [op for op in module.walk() if isinstance(op, kernel.MatMul)]


def test_weights_that_caches_keep_are_not_cold() -> None:
    assert [op.cold for op in matmuls_of()] == [None]


def test_more_weights_than_caches_keep_are_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_builder, "KEPT_BYTES", 64)
    assert [op.cold is not None for op in matmuls_of()] == [True]


def test_a_large_table_makes_no_weight_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_builder, "KEPT_BYTES", 4096)
    assert [op.cold for op in matmuls_of(rows_of_table=1000)] == [None]


ZEROS = st.sampled_from([0, 3])


@given(st.lists(st.tuples(ZEROS, ZEROS, ZEROS, ZEROS), min_size=1, max_size=5))
def test_zero_points_that_happen_to_be_zero_are_no_reason_for_a_function(layers: list[tuple[int, ...]]) -> None:
    calls = attentions_of(layers)
    names = [{name for name, zero in zip("qkwv", zeros, strict=True) if zero} for zeros in layers]
    usual = max(names, key=names.count)  # the first of equally frequent ones
    for call, own in zip(calls, names, strict=True):
        expected = usual if own < usual else own
        assert {name for name in "qkwv" if call.is_corrected(name)} == expected


def attentions_of(layers: list[tuple[int, ...]]) -> list[kernel.Attention]:
    """One call for each group of zero points of q, k, w and v."""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [(name, tensor(dtype, [1, 5, 8])) for name, dtype in QKV.items()])
    tiled = tuple(b.convert_layout(value, Layout.TILED) for value in values.values())
    score = b.body([i32], lambda b, args: [b.cast(args[0], f32)])
    weight = b.body([f32], lambda b, args: [b.quantize(args[0], b.scalar(0.01, f32), b.scalar(0, ui8))])
    output = b.body([i32], lambda b, args: [b.cast(args[0], f32)])
    outputs: list[tuple[str, SSAValue]] = []
    for number, zeros in enumerate(layers):
        bodies = score.clone(), weight.clone(), output.clone()
        y = b.attention(tiled, [], 2, bodies, dict(zip("qkwv", zeros, strict=True)))
        y._type = tensor(f32, [1, 5, 8], layout=Layout.TILED)  # pyright: ignore
        outputs.append((f"y{number}", b.convert_layout(y, None)))
    program = lower_function(main_function(finish(outputs)), weights)
    return [op for op in program.body.block.ops if isinstance(op, kernel.Attention)]


QKV = {"q": ui8, "k": i8, "v": i8}


@settings(deadline=None, max_examples=20)
@given(
    st.integers(1, 140),
    st.integers(1, 40),
    st.sampled_from([13, 40, 800]),
    st.sampled_from([0.0, 0.9, 1.0]),
    st.sampled_from([Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS, Dataflow.BLOCK_QUADS]),
    st.sampled_from([target_name(features) for features in ALL_TARGETS]),
)
def test_cold_weights_change_no_byte(
    tokens: int, rows: int, columns: int, sparsity: float, dataflow: Dataflow, target: str
) -> None:
    layer = Layer(rows, columns, tokens, (4, 1), sparsity)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program_builder, "KEPT_BYTES", 0)
        assert exact(layer, Schedule(dataflow), target)
