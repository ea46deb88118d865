"""Activation functions against onnxruntime."""

import numpy as np
import pytest

from tests.frontend.onnx_models import Const, Row, case_name, cases, draw, require_agreement

X = 3 * draw(3, 7)
LOW, HIGH = Const(np.float32(-0.5)), Const(np.float32(1.5))

ROWS = [
    *(Row(op, op, [X]) for op in ("Tanh", "Sigmoid", "Relu", "HardSwish", "Softplus", "Softsign")),
    *(Row(op, op, [X]) for op in ("LeakyRelu", "Elu", "HardSigmoid", "Selu", "Celu", "ThresholdedRelu")),
    Row("Mish", "Mish", [X], opset=18),
    Row("Gelu", "Gelu", [X], opset=20),
    Row("Gelu-tanh", "Gelu", [X], {"approximate": "tanh"}, opset=20),
    Row("LeakyRelu-alpha", "LeakyRelu", [X], {"alpha": 0.3}),
    Row("Elu-alpha", "Elu", [X], {"alpha": 0.3}),
    Row("HardSigmoid-both", "HardSigmoid", [X], {"alpha": 0.4, "beta": 0.1}),
    Row("Celu-alpha", "Celu", [X], {"alpha": 2.0}),
    Row("PRelu", "PRelu", [X, Const(draw(7))]),
    Row("Clip", "Clip", [X, LOW, HIGH]),
    Row("Clip-low", "Clip", [X, LOW]),
    Row("Clip-empty-high", "Clip", [X, LOW, None]),
    Row("Clip-high", "Clip", [X, None, HIGH]),
    Row("Clip-nothing", "Clip", [X]),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())
