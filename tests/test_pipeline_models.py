"""Models that users bring, from ONNX to [scheduled]: the numbers stay, and what should be bytes is bytes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute

from sparsec import debug
from sparsec.context import CompilerContext
from sparsec.dialects.encoding import blocks_of, element_of, ui8
from sparsec.dialects.nn_attention import AttentionOp
from sparsec.dialects.sparse import ConvertLayout, Map, MatMul
from sparsec.frontend.onnx_model import read_onnx
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES
from tests.fixtures.inputs import draw_inputs
from tests.transforms.passes import context_of, understood

FLOAT = ("bert_ts_tf438_eager_op14", "bert_dynamo_tf5_sdpa_op18", "mpnet_dynamo_tf5_eager_op18",
         "roberta_ts_tf438_eager_op13", "albert_ts_tf457_sdpa_op17", "distilbert_qa_dynamo_tf5_sdpa_op18",
         "mlp_ts_tf438_eager_op11")  # fmt: skip
ALL_BYTES = ("bert_qdq_u8_channel_90", "bert_qdq_u8_tensor_80", "bert_qdq_s8_symmetric_80", "bert_qdq_u8_weights_u8_80",
             "bert_qdqn_u8_channel_90", "bert_qdqa_u8_tensor_80", "bert_mmi_u8_channel_90", "bert_mmi_s8_tensor_80",
             "bert_qop_s8_symmetric_80", "minilm_qdq_u8_channel_80")  # fmt: skip
BYTE_PRODUCTS = ("bert_qdqw_u8_channel_90", "bert_dyn_s8_channel_90", "bert_dyn_weights_u8_80",
                 "mlp_qdq_u8_channel_90", "mlp_qop_u8_tensor_80", "mlp_dyn_s8_channel_90")  # fmt: skip


def lowered(name: str) -> tuple[ModuleOp, CompilerContext]:
    """The [scheduled] module of a fixture, each pass checked on the way."""
    model = onnx.load(FIXTURES / f"{name}.onnx")
    context = context_of(WeightStore())
    module = understood(read_onnx(FIXTURES / f"{name}.onnx", context.weights), context.weights)
    inputs = draw_inputs(model, {"batch": 2, "sequence": 7}, seed=3)
    for difference in debug.compare(module, context, inputs):
        allowed = 1e-5 if difference.step.pass_name == "legalise-quantisation" else 0.0
        assert max(difference.largest.values()) <= allowed, (difference.step.pass_name, difference.largest)
    return module, context


def multiplied(module: ModuleOp) -> set[Attribute]:
    """The element types of what products and attention multiply, weights aside."""
    products = [op.x for op in module.walk() if isinstance(op, MatMul)]
    attention = [value for op in module.walk() if isinstance(op, AttentionOp) for value in (op.q, op.k, op.v)]
    assert products and attention
    return {element_of(value.type) for value in (*products, *attention)}


@pytest.mark.parametrize("name", FLOAT)
def test_float_models_keep_their_numbers(name: str) -> None:
    lowered(name)


@pytest.mark.parametrize("name", ALL_BYTES)
def test_every_product_of_a_quantised_model_is_of_bytes(name: str) -> None:
    module, _ = lowered(name)
    assert multiplied(module) == {ui8}
    require_fused(module)


@pytest.mark.parametrize("name", BYTE_PRODUCTS)
def test_every_product_with_a_quantised_weight_is_of_bytes(name: str) -> None:
    module, _ = lowered(name)
    assert {element_of(op.x.type) for op in module.walk() if isinstance(op, MatMul)} == {ui8}
    require_fused(module)


def require_fused(module: ModuleOp) -> None:
    """Bias, scale and activation are in bodies, no layout is converted in the middle, blocks are known."""
    products = [op for op in module.walk() if isinstance(op, MatMul)]
    for product in products:
        assert len(list(product.body.block.ops)) > 2
    pruned = [product for product in products if blocks_of(product.weight.type) is not None]
    assert len(pruned) >= len(products) - 1  # only the classifier is too small to be pruned
    readers = {use.operation for product in products for result in product.results for use in result.uses}
    assert not any(isinstance(reader, Map) for reader in readers)
    converted = [op.operand for op in module.walk() if isinstance(op, ConvertLayout)]
    assert sum("sequence" in str(value.type) or "tokens" in str(value.type) for value in converted) <= 2
    assert len(converted) <= 3  # one more where the last layer works on one token of each sequence


def test_a_static_batch_and_sequence_work_too() -> None:
    module, context = lowered("bert_static_dynamo_tf5_sdpa_op18")
    model = onnx.load(FIXTURES / "bert_static_dynamo_tf5_sdpa_op18.onnx")
    outputs = evaluate(module, draw_inputs(model, {}, seed=1), context.weights)
    assert all(np.isfinite(array).all() for array in outputs.values())
