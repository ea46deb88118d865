"""Softmax, layer normalisation and the like against onnxruntime."""

import pytest

from tests.frontend.onnx_models import Const, Row, case_name, cases, draw, require_agreement

X = draw(2, 3, 5)
SCALE, BIAS = Const(draw(5)), Const(draw(5, seed=1))

ROWS = [
    *(Row(f"{op}-last", op, [X], {"axis": -1}) for op in ("Softmax", "LogSoftmax")),
    *(Row(f"{op}-middle", op, [X], {"axis": 1}) for op in ("Softmax", "LogSoftmax")),
    *(Row(f"{op}-default", op, [X]) for op in ("Softmax", "LogSoftmax")),
    *(Row(f"{op}-flattens", op, [X], {"axis": 1}, opset=11) for op in ("Softmax", "LogSoftmax")),
    *(Row(f"{op}-flattens-all", op, [X], {"axis": 0}, opset=12) for op in ("Softmax", "LogSoftmax")),
    *(Row(f"{op}-old-default", op, [draw(4, 7)], opset=11) for op in ("Softmax", "LogSoftmax")),
    Row("LayerNormalization", "LayerNormalization", [X, SCALE, BIAS], {"epsilon": 1e-12}),
    Row("LayerNormalization-no-bias", "LayerNormalization", [X, SCALE]),
    Row("LayerNormalization-axis-1", "LayerNormalization", [X, Const(draw(3, 5)), Const(draw(3, 5))], {"axis": 1}),
    Row("BatchNormalization", "BatchNormalization", [draw(4, 5), SCALE, BIAS, BIAS, Const(abs(draw(5)) + 1)]),
    Row(
        "BatchNormalization-3d",
        "BatchNormalization",
        [draw(4, 5, 3), SCALE, BIAS, BIAS, Const(abs(draw(5)) + 1)],
        {"epsilon": 0.25},
    ),
    Row("RMSNormalization", "RMSNormalization", [X, SCALE], opset=23),
    *(Row(f"LpNormalization-{p}", "LpNormalization", [X], {"p": p, "axis": 1}) for p in (1, 2)),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())
