"""The op RotaryEmbedding against onnx's own reference."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from sparsec.errors import ModelError
from tests.frontend.onnx_models import Array, Row, case_name, cases, draw, meaning

X, FLAT = draw(2, 3, 5, 8), draw(2, 5, 24)
PLACES = np.asarray([[0, 1, 2, 3, 4], [6, 0, 3, 3, 1]])
TABLES: list[Array] = [draw(7, 4), draw(7, 4, seed=1), PLACES]
OWN: list[Array] = [draw(2, 5, 4), draw(2, 5, 4, seed=1)]
SHORT: list[Array] = [draw(7, 2), draw(7, 2, seed=1), PLACES]

ROWS = [
    Row("places", "RotaryEmbedding", [X, *TABLES], opset=23, symbolic=False),
    Row("own-angles", "RotaryEmbedding", [X, *OWN], opset=23, symbolic=False),
    Row("three-axes", "RotaryEmbedding", [FLAT, *TABLES], {"num_heads": 3}, opset=23, symbolic=False),
    Row("interleaved", "RotaryEmbedding", [X, *TABLES], {"interleaved": 1}, opset=23, symbolic=False),
    Row("part", "RotaryEmbedding", [X, *SHORT], {"rotary_embedding_dim": 4}, opset=23, symbolic=False),
    Row(
        "interleaved-part-of-three-axes", "RotaryEmbedding", [FLAT, *SHORT],
        {"num_heads": 3, "rotary_embedding_dim": 4, "interleaved": 1}, opset=23, symbolic=False,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    model = row.model(symbolic=symbolic)
    (found,), wanted = meaning(model, row.feed()), ReferenceEvaluator(model).run(None, row.feed())
    np.testing.assert_array_equal(found, np.asarray(wanted[0]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Row("few-angles", "RotaryEmbedding", [X, *SHORT], opset=23), "2 cosines for each token, expected 4"),
        (Row("sines", "RotaryEmbedding", [X, TABLES[0], draw(7, 1), PLACES], opset=23), "1 sines for each token, expe"),
        (
            Row("odd", "RotaryEmbedding", [X, *TABLES], {"rotary_embedding_dim": 3}, opset=23),
            "it rotates 3 of 8 channels; expected an even number",
        ),
        (Row("no-heads", "RotaryEmbedding", [FLAT, *TABLES], opset=23), "num_heads is 0, for 24 channels"),
        (Row("rank", "RotaryEmbedding", [draw(5, 8), *TABLES], opset=23), r"it rotates \[5, 8\]; expected \[batch, h"),
        (Row("no-places", "RotaryEmbedding", [X, *TABLES[:2]], opset=23), "not one row for each token"),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_what_does_not_fit(row: Row, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        meaning(row.model(symbolic=False), row.feed())
