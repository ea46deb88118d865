"""Quantised ops against onnxruntime: bit for bit where it divides by the scale as we do, else within one step."""

import numpy as np
import pytest
from onnx import helper

from sparsec.builder import constant_value
from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.nn_structure import Constant
from sparsec.errors import ShapeError
from tests.frontend.onnx_models import (
    Array,
    Const,
    Row,
    build,
    case_name,
    cases,
    draw,
    f32,
    read,
    require_agreement,
    require_one_step,
    s8,
    u8,
)

X = draw(3, 6)
U8, S8 = draw(3, 6, dtype=np.uint8), (draw(3, 6, dtype=np.uint8) - 128).astype(np.int8)
W8 = (draw(6, 5, dtype=np.uint8) - 128).astype(np.int8)


PER_COLUMN = Const(np.linspace(0.25, 2, 6, dtype=np.float32))

QUANTISE = [
    Row("u8", "QuantizeLinear", [X, f32(0.125), u8(121)]),
    Row("s8", "QuantizeLinear", [X, f32(0.125), s8(-3)]),
    Row(
        "vector-of-one", "QuantizeLinear", [X, Const(np.asarray([0.125], np.float32)), Const(np.asarray([3], np.uint8))]
    ),
    Row("vector-and-scalar", "QuantizeLinear", [X, Const(np.asarray([0.125], np.float32)), u8(3)]),
    Row("no-zero-point", "QuantizeLinear", [np.abs(X), f32(0.125)]),
    Row("per-channel", "QuantizeLinear", [X, PER_COLUMN, s8(0, 1, 2, 3, 4, 5)], {"axis": 1}),
    Row("saturates", "QuantizeLinear", [1000 * X, f32(0.125), u8(121)]),
    Row("opset-10-style", "QuantizeLinear", [X, f32(0.125), u8(121)], opset=11),
    Row("opset-21", "QuantizeLinear", [X, f32(0.125), s8(0)], opset=21),
    Row("dynamic", "DynamicQuantizeLinear", [X], outputs=3),
]

DEQUANTISE = [
    Row("dequantise-u8", "DequantizeLinear", [U8, f32(0.1), u8(121)]),
    Row("dequantise-s8", "DequantizeLinear", [S8, f32(0.1), s8(-3)]),
    Row("dequantise-by-zero", "DequantizeLinear", [S8, f32(0), s8(3)]),
    Row("dequantise-no-zero-point", "DequantizeLinear", [S8, f32(0.1)]),
    Row("dequantise-per-column", "DequantizeLinear", [Const(S8), PER_COLUMN, s8(0, 0, 0, 1, 2, 3)], {"axis": 1}),
    Row("dequantise-per-row", "DequantizeLinear", [Const(S8), f32(0.1, 0.2, 0.3)], {"axis": 0}),
    Row("dequantise-bias", "DequantizeLinear", [Const(np.arange(6, dtype=np.int32)), PER_COLUMN], {"axis": 0}),
    Row("MatMulInteger", "MatMulInteger", [U8, Const(W8), u8(121), s8(0)]),
    Row("MatMulInteger-columns", "MatMulInteger", [U8, Const(W8), u8(121), s8(1, 2, 3, 4, 5)]),
    Row("MatMulInteger-no-zero-points", "MatMulInteger", [U8, Const(W8)]),
    Row(
        "MatMulInteger-data",
        "MatMulInteger",
        [draw(2, 3, 6, dtype=np.uint8), draw(2, 6, 4, dtype=np.uint8), u8(3), u8(7)],
    ),
]

QLINEAR = [
    Row("QLinearMatMul", "QLinearMatMul", [U8, f32(0.1), u8(121), Const(W8), f32(0.2), s8(0), f32(5), u8(99)]),
    Row(
        "QLinearMatMul-columns",
        "QLinearMatMul",
        [S8, f32(0.1), s8(3), Const(W8), f32(0.1, 0.2, 0.3, 0.4, 0.5), s8(0, 0, 0, 0, 0), f32(5), s8(1)],
    ),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(QUANTISE + DEQUANTISE), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


@pytest.mark.parametrize(("row", "symbolic"), cases(QLINEAR), ids=case_name)
def test_requantising_row(row: Row, symbolic: bool) -> None:
    require_one_step(row.model(symbolic=symbolic), row.feed())


MISFITS = {
    "MatMulInteger": [U8, Const(W8), s8(0)],
    "QLinearMatMul": [U8, f32(0.1), s8(0), Const(W8), f32(0.2), s8(0), f32(5), u8(99)],
}


@pytest.mark.parametrize("op", MISFITS)
def test_zero_point_of_another_type(op: str) -> None:
    """As onnxruntime, which does not load such files."""
    with pytest.raises(ShapeError, match=r"its input `x0` is uint8 and the zero point `x\d` int8"):
        read(Row(op, op, MISFITS[op]).model(symbolic=False))


def test_output_of_another_type() -> None:
    """QLinearMatMul may make INT8 of UINT8: its types are independent."""
    row = Row("mixed", "QLinearMatMul", [U8, f32(0.1), u8(3), Const(W8), f32(0.2), s8(0), f32(5), s8(9)])
    assert "tensor<3x5xi8>" in str(read(row.model(symbolic=False))[0])


def test_quantised_weight_stays_quantised() -> None:
    """`dequantise(constant)` is never folded: sparsity and int8 live in the constant."""
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wf"], axis=1),
        helper.make_node("MatMul", ["x", "wf"], ["y"]),
    ]
    constants: dict[str, Array] = {"w": W8, "s": np.ones(5, np.float32), "z": np.zeros(5, np.int8)}
    module, _ = read(build(nodes, {"x": (np.float32, ["n", 6])}, ["y"], constants))
    assert "tensor<6x5xi8>" in str(module)
    assert "nn.dequantize" in str(module)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("stored", [False, True])
def test_a_constant_is_divided_by_its_scale(axis: int | None, stored: bool) -> None:
    """As torch's observers scale weights, the greatest numbers are 127.5 steps: products with inverses round down."""
    steps = np.float32([0.0123, 0.00777, 0.0301, 0.0049, 0.0555, 0.0211, 0.0178])[: 7 if axis is None else 6]
    w = np.float32([[-127.5, 3, -64], [127.5, 12, 5]]).repeat(3, axis=0)[:, [0, 1, 2, 0, 1, 2]]
    scale = steps[:1] if axis is None else steps
    w = w * (scale[:, None] if axis == 0 else scale)
    constants: dict[str, Array] = {"w": w, "s": scale, "z": np.zeros(scale.size, np.int8)}
    nodes = [
        helper.make_node("QuantizeLinear", ["v", "s", "z"], ["q"], axis=axis or 0),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["wf"], axis=axis or 0),
        helper.make_node("MatMul", ["x", "wf"], ["y"]),
    ]
    if stored:  # a file that stores bytes and quantises what they stand for once more
        constants |= {"b": np.clip(np.rint(w / 0.013), -128, 127).astype(np.int8), "t": np.float32(0.013)}
        w = constants["b"].astype(np.float32) * np.float32(0.013)
        nodes.insert(0, helper.make_node("DequantizeLinear", ["b", "t"], ["v"]))
    else:
        nodes.insert(0, helper.make_node("Identity", ["w"], ["v"]))
    module, weights = read(build(nodes, {"x": (np.float32, ["n", 6])}, ["y"], constants))
    assert "nn.quantize" not in str(module)
    divided = np.clip(np.rint(w / (scale[:, None] if axis == 0 else scale)), -128, 127).astype(np.int8)
    held = [op for op in module.walk() if isinstance(op, Constant) and sizes_of(op.result.type) == (6, 6)]
    assert any(np.array_equal(constant_value(op.result, weights), divided) for op in held)


def test_a_constant_in_bytes_is_a_number_that_is_known() -> None:
    """As quantisers leave the value of Pad."""
    nodes = [
        helper.make_node("QuantizeLinear", ["fill", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["f"]),
        helper.make_node("Pad", ["x", "pads", "f"], ["y"]),
    ]
    constants: dict[str, Array] = {
        "fill": np.asarray(0.7, np.float32),
        "pads": np.asarray([0, 1, 0, 2]),
        "s": np.asarray(0.5, np.float32),
        "z": np.asarray(3, np.uint8),
    }
    model = build(nodes, {"x": (np.float32, ["n", 6])}, ["y"], constants)
    require_agreement(model, {"x": X})
