"""Ops that move data against onnxruntime."""

import numpy as np
import pytest

from sparsec.errors import ModelError
from tests.frontend.onnx_models import Const, Row, case_name, cases, draw, ints, read, require_agreement

X = draw(2, 3, 5)
FAR = 2**63 - 1
FAR_32 = 2**31 - 1

ROWS = [
    Row("Transpose", "Transpose", [X], {"perm": [2, 0, 1]}),
    Row("Transpose-default", "Transpose", [X]),
    Row("Transpose-identity", "Transpose", [X], {"perm": [0, 1, 2]}),
    Row("Slice", "Slice", [X, ints(1), ints(3), ints(2)]),
    Row("Slice-first", "Slice", [X, ints(0), ints(1), ints(1)]),
    Row("Slice-all-axes", "Slice", [X, ints(0, 1, 1), ints(2, 3, 4)], symbolic=False),
    Row("Slice-last", "Slice", [X, ints(-1), ints(FAR), ints(1)]),
    Row("Slice-but-last", "Slice", [X, ints(0), ints(-1), ints(1)]),
    Row("Slice-far", "Slice", [X, ints(-FAR), ints(FAR), ints(-1)]),
    Row("Slice-far-32", "Slice", [X, ints(1, -1), ints(FAR_32, FAR_32), ints(1, 2)]),
    Row("Slice-reversed-32", "Slice", [X, ints(-1), ints(-FAR_32 - 1), ints(1), ints(-1)]),
    Row("Slice-nothing", "Slice", [X, ints(1, 1), ints(1, 2), ints(1, 2)]),
    Row("Slice-clamped", "Slice", [X, ints(-100), ints(100), ints(2)], symbolic=False),
    Row("Slice-reversed", "Slice", [X, ints(-1), ints(-FAR), ints(1), ints(-1)]),
    Row("Slice-steps", "Slice", [X, ints(0), ints(FAR), ints(2), ints(2)], symbolic=False),
    Row("Slice-back-steps", "Slice", [X, ints(4), ints(0), ints(2), ints(-2)], symbolic=False),
    Row("Split", "Split", [X, ints(1, 3, 1)], {"axis": -1}, outputs=3, symbolic=False),
    Row("Split-attribute", "Split", [X], {"axis": 1, "split": [2, 1]}, opset=11, outputs=2, symbolic=False),
    Row("Split-even", "Split", [draw(2, 6)], {"axis": 1}, outputs=3, symbolic=False),
    Row("Split-uneven", "Split", [draw(2, 7)], {"axis": 1, "num_outputs": 3}, opset=18, outputs=3, symbolic=False),
    Row("Concat", "Concat", [X, draw(2, 1, 5), draw(2, 4, 5)], {"axis": 1}),
    Row("Concat-constant", "Concat", [Const(draw(2, 1, 5)), X], {"axis": 1}),
    Row("Concat-one", "Concat", [X], {"axis": -1}),
    Row("Tile", "Tile", [X, ints(2, 1, 3)]),
    Row("Tile-ones", "Tile", [draw(1, 3), ints(4, 1)]),
    Row("Pad", "Pad", [X, ints(0, 1, 2, 1, 0, 3)]),
    Row("Pad-value", "Pad", [X, ints(0, 0, 1, 0, 0, 0), Const(np.float32(7))]),
    Row("Pad-crop", "Pad", [X, ints(0, 0, -1, 0, 0, -2)], symbolic=False),
    Row("Pad-axes", "Pad", [X, ints(1, 2), None, ints(-1)], opset=18),
    Row("Trilu-upper", "Trilu", [draw(2, 4, 5)]),
    Row("Trilu-lower", "Trilu", [draw(4, 5), Const(np.asarray(1))], {"upper": 0}),
    Row("Trilu-bool", "Trilu", [draw(4, 4, dtype=np.bool_), Const(np.asarray(-1))]),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


def test_too_few_elements_for_so_many_parts() -> None:
    row = Row("Split", "Split", [draw(2, 5)], {"axis": 1, "num_outputs": 4}, opset=18, outputs=4)
    with pytest.raises(ModelError, match="5 elements in parts of 2 are fewer than 4 parts"):
        read(row.model(symbolic=False))
