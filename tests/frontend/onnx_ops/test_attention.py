"""The op Attention against onnx's own reference, since onnxruntime's needs other opsets for some forms."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from tests.frontend.onnx_models import Array, Row, case_name, cases, draw, meaning

Q, K, V = draw(2, 3, 4, 8), draw(2, 3, 5, 8), draw(2, 3, 5, 8, seed=1)
ALLOWED = draw(2, 1, 4, 5, dtype=np.bool_)
ALLOWED[..., 0] = True
FLAT: list[Array] = [draw(2, 4, 24), draw(2, 5, 24), draw(2, 5, 24, seed=1)]
GROUPED: list[Array] = [draw(2, 6, 4, 8), draw(2, 3, 5, 8), draw(2, 3, 5, 8, seed=1)]

ROWS = [
    Row("plain", "Attention", [Q, K, V], opset=23, symbolic=False),
    Row("scale", "Attention", [Q, K, V], {"scale": 0.25}, opset=23, symbolic=False),
    Row("boolean-mask", "Attention", [Q, K, V, ALLOWED], opset=23, symbolic=False),
    Row("float-mask", "Attention", [Q, K, V, draw(4, 5)], opset=23, symbolic=False),
    Row("causal", "Attention", [Q, K, V], {"is_causal": 1}, opset=23, symbolic=False),
    Row("three-axes", "Attention", FLAT, {"q_num_heads": 3, "kv_num_heads": 3}, opset=23, symbolic=False),
    Row("grouped", "Attention", GROUPED, opset=23, symbolic=False),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    model = row.model(symbolic=symbolic)
    (found,), wanted = meaning(model, row.feed()), ReferenceEvaluator(model).run(None, row.feed())
    np.testing.assert_allclose(found, np.asarray(wanted[0]), rtol=1e-5, atol=1e-5)


def test_a_query_that_sees_nothing_gets_zeros() -> None:
    allowed = ALLOWED.copy()
    allowed[1, :, 2] = False
    row = Row("nothing", "Attention", [Q, K, V, allowed], opset=23)
    (found,) = meaning(row.model(symbolic=False), row.feed())
    assert not found[1, :, 2].any()
    assert found[0].any()
