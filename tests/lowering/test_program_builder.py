"""What a program says of all its weights together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import i64

from benchmarks.layers import Layer, exact
from sparsec import pipeline
from sparsec.api import new_context
from sparsec.builder import begin_module
from sparsec.dialects import kernel
from sparsec.dialects.encoding import tensor, ui8
from sparsec.lowering import program_builder
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
    pipeline.finish(pipeline.run(module, context, pipeline.stages("x86_64")))
    return [op for op in module.walk() if isinstance(op, kernel.MatMul)]


def test_weights_that_caches_keep_are_not_cold() -> None:
    assert [op.cold for op in matmuls_of()] == [None]


def test_more_weights_than_caches_keep_are_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_builder, "KEPT_BYTES", 64)
    assert [op.cold is not None for op in matmuls_of()] == [True]


def test_a_large_table_makes_no_weight_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_builder, "KEPT_BYTES", 4096)
    assert [op.cold for op in matmuls_of(rows_of_table=1000)] == [None]


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
