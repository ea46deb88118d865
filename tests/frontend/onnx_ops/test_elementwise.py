"""Elementwise ops against onnxruntime, and what is folded instead of becoming an op."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import sparsec
from sparsec.errors import InputError, UnsupportedError
from tests.frontend.onnx_models import Const, Row, build, case_name, cases, draw, meaning, read, require_agreement

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
    *(Row(f"Pow-integers-{e}", "Pow", [Const(np.asarray([1, 4, 9])), Const(np.asarray(e))]) for e in (0.5, -1, 3)),
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


def narrowed(to: int, *more: onnx.NodeProto, **constants: np.ndarray) -> onnx.ModelProto:
    """The shape of `x` cast to a type as `narrow`, `more` makes `last` of it, and that cast to int64."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"], name="shape"),
        helper.make_node("Cast", ["shape"], ["narrow"], to=to),
        *more,
        helper.make_node("Cast", ["last" if more else "narrow"], ["y"], to=TensorProto.INT64),
    ]
    return build(nodes, {"x": (np.bool_, ["batch", "sequence"])}, ["y"], constants)


@pytest.mark.parametrize("to", [TensorProto.INT8, TensorProto.UINT8])
def test_sizes_wrap_around_in_narrow_types(to: int) -> None:
    require_agreement(narrowed(to), {"x": np.zeros((1, 300), np.bool_)})


@pytest.mark.parametrize("factor", [2, 1 << 30, -(1 << 31)])
def test_products_of_sizes_wrap_around(factor: int) -> None:
    product = helper.make_node("Mul", ["narrow", "factor"], ["last"])
    model = narrowed(TensorProto.INT32, product, factor=np.full(2, factor, np.int32))
    require_agreement(model, {"x": np.zeros((1, 300), np.bool_)})
    assert ("nn.mul" in str(read(model)[0])) == (factor != 2)


@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_whole_powers_of_sizes(power: int) -> None:
    node = helper.make_node("Pow", ["narrow", "power"], ["last"])
    model = narrowed(TensorProto.INT64, node, power=np.asarray(power))
    require_agreement(model, {"x": np.zeros((2, 13), np.bool_)})


@pytest.mark.parametrize("power", [0.5, -1.0])
def test_other_powers_of_sizes_are_refused(power: float) -> None:
    node = helper.make_node("Pow", ["narrow", "power"], ["last"])
    with pytest.raises(UnsupportedError, match="a power of integers"):
        read(narrowed(TensorProto.INT64, node, power=np.asarray(power, np.float32)))


def test_products_of_sizes_that_do_not_fit_are_refused() -> None:
    product = helper.make_node("ReduceProd", ["narrow"], ["last"], name="count", keepdims=0)
    model = narrowed(TensorProto.INT32, product)
    assert "nn.reduce" not in str(read(model)[0])
    require_agreement(model, {"x": np.zeros((2, 3), np.bool_)})
    many = np.broadcast_to(np.bool_(True), (1 << 16, 1 << 15))  # takes no memory
    with pytest.raises(InputError, match=r"count: needs batch\*sequence <= 2147483647"):
        meaning(model, {"x": many})


@pytest.mark.parametrize("to", [TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32])
def test_index_grids_wrap_around(to: int) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["size"]),
        helper.make_node("Range", ["zero", "size", "one"], ["range"]),
        helper.make_node("Cast", ["range"], ["narrow"], to=to),
        helper.make_node("Mul", ["narrow", "narrow_factor"], ["more"]),
        helper.make_node("Cast", ["more"], ["y"], to=TensorProto.INT64),
    ]
    factor = np.asarray(100, helper.tensor_dtype_to_np_dtype(to))
    constants = {"zero": np.asarray(0), "one": np.asarray(1), "narrow_factor": factor}
    if to != TensorProto.INT32:  # onnxruntime multiplies no bytes
        nodes[-2:] = [helper.make_node("Cast", ["narrow"], ["y"], to=TensorProto.INT64)]
        del constants["narrow_factor"]
    model = build(nodes, {"x": (np.float32, [1, "sequence"])}, ["y"], constants)
    require_agreement(model, {"x": np.zeros((1, 300), np.float32)})


def test_answers_that_fail_for_empty_inputs_refuse_them() -> None:
    """`sequence > 0 ? 1 : 2` is decided while reading; `sequence >= 0` holds for 0 as well."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["size"]),
        helper.make_node("Greater", ["size", "zero"], ["some"], name="is_there"),
        helper.make_node("Where", ["some", "one", "two"], ["y"]),
    ]
    constants = {"zero": np.asarray(0), "one": np.asarray(1), "two": np.asarray(2)}
    inputs = {"x": (np.float32, ["batch", "sequence"])}
    model = build(nodes, inputs, ["y"], constants)
    require_agreement(model, {"x": np.zeros((0, 3), np.float32)})
    with pytest.raises(InputError, match="is_there: needs 1 <= sequence"):
        meaning(model, {"x": np.zeros((2, 0), np.float32)})
    program = sparsec.compile(model, targets="x86_64")
    (found,) = program(np.zeros((0, 3), np.float32))
    assert found == 1
    with pytest.raises(InputError, match="is_there: needs 1 <= sequence"):
        program(np.zeros((2, 0), np.float32))
    nodes[2] = helper.make_node("GreaterOrEqual", ["size", "zero"], ["some"])
    model = build(nodes, inputs, ["y"], constants)
    assert "required" not in str(read(model)[0])
