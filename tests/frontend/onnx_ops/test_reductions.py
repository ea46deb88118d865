"""Reductions against onnxruntime, with axes as attributes and as inputs."""

import numpy as np
import pytest

from tests.frontend.onnx_models import Const, Row, case_name, cases, draw, ints, require_agreement

X, IX = draw(2, 3, 5), draw(2, 3, 5, dtype=np.int64)
MANY = ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare")
AXIS = Const(np.asarray(1))

ROWS = [
    *(Row(f"{op}-attribute", op, [X], {"axes": [-1]}) for op in (*MANY, "ReduceLogSumExp")),
    *(Row(f"{op}-input", op, [X, ints(-1)], {"keepdims": 0}, opset=18) for op in (*MANY, "ReduceLogSumExp")),
    *(Row(f"{op}-all", op, [X]) for op in MANY),
    *(Row(f"{op}-two", op, [X], {"axes": [0, 2], "keepdims": 0}) for op in MANY),
    *(Row(f"{op}-ints", op, [IX], {"axes": [1]}) for op in ("ReduceMax", "ReduceMin")),
    Row("ReduceSum-attribute", "ReduceSum", [X], {"axes": [1]}, opset=11),
    Row("ReduceSum-input", "ReduceSum", [X, ints(1)], {"keepdims": 0}),
    Row("ReduceSum-ints", "ReduceSum", [IX, ints(1, 2)]),
    Row("ReduceSum-nothing", "ReduceSum", [X, ints()], {"noop_with_empty_axes": 1}),
    Row("ReduceSum-empty-axes", "ReduceSum", [X, ints()]),
    Row("ReduceLogSum", "ReduceLogSum", [np.abs(X)], {"axes": [1]}),
    Row("ArgMax", "ArgMax", [X], {"axis": 1}),
    Row("ArgMax-flat", "ArgMax", [X], {"axis": -1, "keepdims": 0}),
    Row("CumSum", "CumSum", [X, AXIS]),
    Row("CumSum-ints", "CumSum", [IX, Const(np.asarray(-1, np.int32))]),
    Row("CumSum-exclusive", "CumSum", [X, AXIS], {"exclusive": 1}),
    Row("CumSum-reverse", "CumSum", [X, AXIS], {"reverse": 1}),
    Row("CumSum-both", "CumSum", [X, AXIS], {"reverse": 1, "exclusive": 1}),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())
