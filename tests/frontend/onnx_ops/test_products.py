"""MatMul and Gemm against onnxruntime."""

import numpy as np
import pytest
from onnx import helper

from tests.frontend.onnx_models import Const, Row, build, case_name, cases, draw, read, require_agreement

A, W, BIAS = draw(3, 5), draw(5, 7), draw(7)

ROWS = [
    Row("MatMul", "MatMul", [A, Const(W)]),
    Row("MatMul-3d", "MatMul", [draw(2, 3, 5), Const(W)]),
    Row("MatMul-batched", "MatMul", [draw(2, 3, 4, 5), draw(2, 3, 5, 6)]),
    Row("MatMul-broadcast", "MatMul", [draw(2, 1, 4, 5), draw(3, 5, 6)]),
    Row("MatMul-vectors", "MatMul", [draw(5), draw(5, seed=1)]),
    Row("MatMul-vector-right", "MatMul", [draw(2, 3, 5), Const(draw(5))]),
    Row("MatMul-constant-left", "MatMul", [Const(draw(4, 3)), A]),
    Row("Gemm", "Gemm", [A, Const(W), Const(BIAS)]),
    Row("Gemm-no-bias", "Gemm", [A, Const(W)]),
    Row("Gemm-out-in", "Gemm", [A, Const(W.T.copy()), Const(BIAS)], {"transB": 1}),
    Row("Gemm-data-out-in", "Gemm", [A, draw(7, 5), Const(BIAS)], {"transB": 1}),
    Row("Gemm-transA", "Gemm", [A.T.copy(), Const(W), Const(BIAS)], {"transA": 1}),
    Row("Gemm-scaled", "Gemm", [A, Const(W), Const(draw(3, 1))], {"alpha": 0.5, "beta": -2.0}, symbolic=False),
    Row("Gemm-beta-zero", "Gemm", [A, Const(W), Const(BIAS)], {"beta": 0.0}),
    Row("Gemm-scalar-bias", "Gemm", [A, Const(W), Const(draw())]),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


def test_out_in_weight_is_not_transposed() -> None:
    node = helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)
    model = build([node], {"x": (np.float32, ["n", 5])}, ["y"], {"w": draw(7, 5)})
    module, _ = read(model)
    assert "nn.linear" in str(module)
    assert "nn.transpose" not in str(module)
