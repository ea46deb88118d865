"""Elementwise ops against onnxruntime, and what is folded instead of becoming an op."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.frontend.onnx_models import Const, Row, build, case_name, cases, draw, read, require_agreement

X, Y = draw(3, 5), draw(3, 5, seed=1)
IX, JX = draw(3, 5, dtype=np.int64), draw(3, 5, seed=1, dtype=np.int64)
B, C = draw(3, 5, dtype=np.bool_), draw(3, 5, seed=1, dtype=np.bool_)
ODD = np.asarray([[np.nan, np.inf, -np.inf, 0.0, -0.0, 2.5, -2.5]], np.float32)
NONZERO = np.where(JX == 0, 3, JX)

ROWS = [
    *(Row(f"{op}-floats", op, [X, Y]) for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")),
    *(Row(f"{op}-ints", op, [IX, JX]) for op in ("Add", "Sub", "Mul", "Max", "Min")),
    *(Row(f"{op}-broadcast", op, [X, draw(5)]) for op in ("Add", "Sub", "Mul", "Div")),
    *(Row(f"{op}-outer", op, [draw(3, 1), draw(1, 7)]) for op in ("Add", "Mul")),
    *(Row(f"{op}-variadic", op, [X, Y, draw(5), draw(1, 1)]) for op in ("Max", "Min", "Sum", "Mean")),
    *(Row(f"{op}-one", op, [X]) for op in ("Max", "Min", "Sum", "Mean")),
    *(Row(f"{op}-int64", op, [IX, JX]) for op in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")),
    *(Row(f"{op}-nan", op, [ODD, ODD[:, ::-1].copy()]) for op in ("Equal", "Less", "GreaterOrEqual")),
    *(Row(op, op, [B, C]) for op in ("And", "Or", "Xor")),
    *(Row(op, op, [np.abs(X) + 0.1]) for op in ("Sqrt", "Reciprocal", "Log")),
    *(Row(op, op, [3 * X]) for op in ("Neg", "Abs", "Sign", "Exp", "Floor", "Ceil", "Round", "Erf", "Sin", "Cos")),
    Row("Div-ints", "Div", [IX, NONZERO]),
    Row("Mod", "Mod", [IX, NONZERO]),
    Row("Abs-ints", "Abs", [IX]),
    Row("Not", "Not", [B]),
    Row("IsNaN", "IsNaN", [ODD]),
    Row("IsInf", "IsInf", [ODD]),
    Row("IsInf-negative", "IsInf", [ODD], {"detect_positive": 0}),
    Row("Where", "Where", [B, X, draw(5)]),
    Row("Where-ints", "Where", [B[:, :1], IX, JX]),
    *(Row(f"Pow-{power}", "Pow", [X, Const(np.float32(power))]) for power in (1, 2, 3, 0.0)),
    Row("Pow-half", "Pow", [np.abs(X), Const(np.float32(0.5))]),
    Row("Pow-tensor", "Pow", [np.abs(X) + 0.1, Y]),
    Row("Pow-int64-exponent", "Pow", [X, Const(np.asarray(2))]),
    Row("Cast-to-int", "Cast", [3 * X], {"to": TensorProto.INT64}),
    Row("Cast-to-float", "Cast", [IX], {"to": TensorProto.FLOAT}),
    Row("Cast-to-bool", "Cast", [IX], {"to": TensorProto.BOOL}),
    Row("Cast-float-to-bool", "Cast", [np.round(X)], {"to": TensorProto.BOOL}),
    Row("Cast-from-bool", "Cast", [B], {"to": TensorProto.FLOAT}),
    Row("Cast-to-int32", "Cast", [IX], {"to": TensorProto.INT32}),
    Row("CastLike", "CastLike", [IX, X]),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


def test_constants_are_computed_while_reading() -> None:
    nodes = [
        helper.make_node("Div", ["one", "four"], ["quarter"]),
        helper.make_node("Sqrt", ["quarter"], ["half"]),
        helper.make_node("Mul", ["x", "half"], ["y"]),
    ]
    constants = {"one": np.float32(1), "four": np.asarray([4], np.float32)}
    module, _ = read(build(nodes, {"x": (np.float32, ["n", 3])}, ["y"], constants))
    assert str(module).count("nn.") == 2
    assert "dense<5.000000e-01>" in str(module)


def test_doubles_are_cast_while_reading() -> None:
    nodes = [
        helper.make_node("Cast", ["w"], ["narrow"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["x", "narrow"], ["y"]),
    ]
    for dtype in (np.float64, np.float16):
        model = build(nodes, {"x": (np.float32, ["n", 9])}, ["y"], {"w": np.arange(9).astype(dtype)})
        require_agreement(model, {"x": draw(4, 9)})


def test_masks_are_computed_before_their_broadcast() -> None:
    """`where(expand(mask), 0, -inf)` works on `batch * sequence` elements."""
    nodes = [
        helper.make_node("Expand", ["mask", "shape"], ["wide"]),
        helper.make_node("Where", ["wide", "zero", "low"], ["bias"]),
        helper.make_node("Add", ["scores", "bias"], ["y"]),
    ]
    inputs = {"mask": (np.bool_, ["b", 1, 1, "s"]), "scores": (np.float32, ["b", 2, "s", "s"])}
    constants = {"zero": np.float32(0), "low": np.float32(-1e9)}
    shape = helper.make_node("Shape", ["scores"], ["shape"])
    model = build([shape, *nodes], inputs, ["y"], constants)
    module, _ = read(model)
    assert "nn.broadcast" not in str(module)
    mask = draw(3, 1, 1, 4, dtype=np.bool_)
    require_agreement(model, {"mask": mask, "scores": draw(3, 2, 4, 4)})
