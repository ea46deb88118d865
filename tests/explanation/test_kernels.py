"""Predictions of kernels beside products: more work takes more, products of bytes less than those of floats."""

from __future__ import annotations

import pytest

from sparsec import pipeline
from sparsec.api import new_context
from sparsec.dialects import kernel
from sparsec.explanation.kernels import CALL, Machine, attention_cycles, is_integer_product, kind_of, predicted
from sparsec.frontend.onnx_model import read_onnx
from sparsec.target import AMD, TARGETS
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES
from tests.transforms.passes import understood


def calls_of(name: str) -> list[kernel.KernelOp]:
    """The kernel calls of a fixture."""
    weights = WeightStore()
    module, context = understood(read_onnx(FIXTURES / f"{name}.onnx", weights), weights), new_context(weights)
    pipeline.finish(pipeline.run(module, context, pipeline.stages(padding="keep"), thorough=False))
    return [op for op in module.walk() if isinstance(op, kernel.KernelOp)]


def machine(sequence: int, target: str = "avx512vnni") -> Machine:
    """One sequence of this length."""
    return Machine(TARGETS[target], TARGETS[target].ports_of(AMD), {"batch": 1, "sequence": sequence})


@pytest.mark.parametrize(
    "name", ["bert_qdqw_u8_channel_90", "bert_dyn_s8_channel_90", "bert_causal_ts_tf457_sdpa_op14"]
)
def test_every_call_has_a_kind_and_a_prediction_that_grows(name: str) -> None:
    for op in calls_of(name):
        assert kind_of(op)
        if not isinstance(op, kernel.MatMul):
            short, long = (predicted(op, machine(sequence)) for sequence in (16, 512))
            assert CALL <= short <= long


def test_attention_of_bytes_is_cheaper_than_of_floats() -> None:
    (floats,) = {
        type(op): op for op in calls_of("bert_qdqw_u8_channel_90") if isinstance(op, kernel.Attention)
    }.values()
    (integers,) = {
        type(op): op for op in calls_of("bert_qdq_u8_channel_90") if isinstance(op, kernel.Attention)
    }.values()
    assert not is_integer_product(floats, False) and is_integer_product(integers, True)
    m = machine(128)
    now, then = attention_cycles(floats, m), attention_cycles(floats, m, integer=True)
    assert then.scores == now.scores / 4 and then.outputs == now.outputs / 4 and then.softmax == now.softmax
    assert now.total == pytest.approx(now.scores + now.outputs + now.softmax + now.rest)


def test_kinds_of_a_dynamically_quantised_model() -> None:
    kinds = {kind_of(op) for op in calls_of("bert_dyn_s8_channel_90")}
    assert {"int8 products", "attention", "layer norms", "dynamic quantisation", "embeddings and gathers"} <= kinds
