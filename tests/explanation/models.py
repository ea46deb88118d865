"""Small models of which a test knows what is to be said, and the question that tests ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from sparsec.api import new_context
from sparsec.explanation.explain import Question, explain
from sparsec.explanation.report import Report
from sparsec.frontend.dsl import read_dsl
from sparsec.schedule import CODE_BUDGET
from sparsec.target import AMD, TARGETS
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES
from tests.fixtures.bert_mini import SKELETONS, bert_mini_inputs
from tests.fixtures.prune import prune_blocks
from tests.fixtures.quantise import quantise
from tests.fixtures.skeleton import read_skeleton

TARGET = "avx512vnni"
PATTERNS = (((4, 1), 0.9), ((1, 1), 0.9), ((1, 1), 0.0), ((4, 1), 0.5))
"""Blocks and sparsity of the weights of each layer of the mixed model."""


def mixed_bert_mini() -> onnx.ModelProto:
    """BERT-Mini with a different pattern in each of its 4 layers; products with weights are quantised."""
    model = read_skeleton(FIXTURES / f"{SKELETONS[1]}.skeleton")
    arrays = {tensor.name: tensor for tensor in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in arrays]
    for number, node in enumerate(products):
        block, sparsity = PATTERNS[min(number // 6, len(PATTERNS) - 1)]
        tensor = arrays[node.input[1]]
        weight = prune_blocks(numpy_helper.to_array(tensor).T, block, sparsity)
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(weight.T), tensor.name))
    return quantise(model, "qdqw", [bert_mini_inputs(1, 128, 0)])


def question(sizes: Mapping[str, int], **changes: object) -> Question:
    """About one target and one core, whatever this machine is; the sizes are expected."""
    facts = {"target": TARGETS[TARGET], "core": AMD, "sizes": sizes, "expect": sizes, "unroll": "never",
             "budget": CODE_BUDGET, "measure": False}  # fmt: skip
    return Question(**(facts | changes))  # pyright: ignore[reportArgumentType]


def explained(page: str | Path, sizes: Mapping[str, int], **changes: object) -> Report:
    """The report on a page."""
    weights = WeightStore()
    module, context = read_dsl(page, weights), new_context(weights)
    return explain("page", module, context, question(sizes, **changes), lambda steps: steps)
