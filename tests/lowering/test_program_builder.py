"""What a program says of all its weights together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def matmuls_of(columns: int) -> list[kernel.MatMul]:
    """The products of a program with one layer."""
    weights = WeightStore()
    layer = Layer(8, columns, 64, (4, 1), 0.5)
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [layer.tokens, layer.columns]))])
    module, context = finish([("y", layer.emit(b, values["x"], 0, None))]), new_context(weights)
    pipeline.finish(pipeline.run(module, context, pipeline.stages("x86_64")))
    return [op for op in module.walk() if isinstance(op, kernel.MatMul)]


def test_weights_that_caches_keep_are_not_cold() -> None:
    assert [op.cold for op in matmuls_of(30)] == [None]


def test_more_weights_than_caches_keep_are_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_builder, "KEPT_BYTES", 64)
    assert [op.cold is not None for op in matmuls_of(30)] == [True]


@settings(deadline=None, max_examples=20)
@given(
    st.integers(1, 140),
    st.integers(1, 40),
    st.sampled_from([13, 40, 800]),
    st.sampled_from([0.0, 0.9, 1.0]),
    st.sampled_from([Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS]),
    st.sampled_from([target_name(features) for features in ALL_TARGETS]),
)
def test_cold_weights_change_no_byte(
    tokens: int, rows: int, columns: int, sparsity: float, dataflow: Dataflow, target: str
) -> None:
    layer = Layer(rows, columns, tokens, (4, 1), sparsity)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program_builder, "KEPT_BYTES", 0)
        assert exact(layer, Schedule(dataflow), target)
