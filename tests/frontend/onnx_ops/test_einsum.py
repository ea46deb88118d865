"""Einsum against onnxruntime."""

import numpy as np
import pytest
from onnx import helper

from sparsec.errors import ModelError, ShapeError, UnsupportedError
from tests.frontend.onnx_models import Const, Row, build, case_name, cases, draw, read, require_agreement

Q, K = draw(2, 5, 3, 4), draw(2, 6, 3, 4)
ROWS = [
    Row(equation, "Einsum", operands, {"equation": equation})
    for equation, operands in [
        ("bqhd,bkhd->bhqk", [Q, K]),
        ("b i h d , b j h d -> b h i j", [Q, K]),
        ("bhlr,lrd->bhld", [draw(2, 3, 5, 6), draw(5, 6, 4)]),  # relative positions
        ("bhrd,lrd->bhlr", [draw(2, 3, 6, 4), draw(5, 6, 4)]),
        ("bld,dnh->blnh", [draw(2, 5, 8), Const(draw(8, 3, 4))]),
        ("blnh,nhd->bld", [draw(2, 5, 3, 4), Const(draw(3, 4, 8))]),
        ("i,j->ij", [draw(5), draw(3)]),
        ("ij,ij->ij", [draw(5, 3), draw(5, 3)]),
        ("ij,ij->", [draw(5, 3), draw(5, 3)]),
        ("ij,kj", [draw(5, 3), draw(4, 3)]),
        ("ij,jk->k", [draw(5, 3), draw(3, 2)]),
        ("ijk->kj", [draw(2, 3, 4)]),
        ("ij->ji", [draw(5, 3)]),
        ("...ij,...jk->...ik", [draw(2, 3, 4, 5), draw(2, 3, 5, 6)]),
        ("...d,de->...e", [draw(2, 3, 4), Const(draw(4, 5))]),
        ("...->...", [draw(2, 3)]),
    ]
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


@pytest.mark.parametrize(("equation", "names"), [("bld,dnh->blnh", ["x", "w"]), ("dnh,bld->blnh", ["w", "x"])])
def test_a_weight_stays_one(equation: str, names: list[str]) -> None:
    node = helper.make_node("Einsum", names, ["y"], equation=equation)
    module, _ = read(build([node], {"x": (np.float32, ["b", "l", 8])}, ["y"], {"w": draw(8, 3, 4)}))
    assert "nn.constant" in str(module) and "nn.transpose" not in str(module)
    assert str(module).count("nn.reshape") == 1  # of the result


@pytest.mark.parametrize(
    ("equation", "operands", "error", "text"),
    [
        ("ii->i", [draw(3, 3)], UnsupportedError, "takes a diagonal"),
        ("i,i,i->i", [draw(3)] * 3, UnsupportedError, "write it as products of two"),
        ("ij,jk->ik", [draw(3, 4)], ModelError, "2 terms for 1 operands"),
        ("ij->i", [draw(3)], ModelError, "does not name the 1 axes"),
        ("i->j", [draw(3)], ModelError, "letters that no operand has"),
        ("i,i->i", [draw(3).astype(np.int64)] * 2, UnsupportedError, "it takes int64; cast"),
        ("...i,...i->...", [draw(1, 3), draw(5, 3)], UnsupportedError, "an axis of `...` has 1 and 5"),
        ("ij,jk->ik", [draw(3, 4), draw(5, 6)], ShapeError, "sizes of axes `j`"),
    ],
)
def test_what_it_is_not_made_for(equation: str, operands: list[np.ndarray], error: type[Exception], text: str) -> None:
    names = [f"x{number}" for number in range(len(operands))]
    node = helper.make_node("Einsum", names, ["y"], equation=equation)
    inputs = {name: (array.dtype.type, list(array.shape)) for name, array in zip(names, operands, strict=True)}
    with pytest.raises(error, match=text):
        read(build([node], inputs, ["y"], {}))
