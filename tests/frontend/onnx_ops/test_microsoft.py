"""Ops of com.microsoft against onnxruntime."""

import numpy as np
import pytest

from tests.frontend.onnx_models import (
    Const,
    Row,
    case_name,
    cases,
    draw,
    f32,
    require_agreement,
    require_one_step,
    s8,
    u8,
)

X = draw(3, 6)
U8 = draw(3, 6, dtype=np.uint8)
W8 = (draw(6, 5, dtype=np.uint8) - 128).astype(np.int8)

REQUANTISING = [
    *(
        Row(
            f"QLinear{op}",
            f"QLinear{op}",
            [U8, f32(0.1), u8(121), U8.copy(), f32(0.2), u8(3), f32(1.03), u8(99)],
            domain="com.microsoft",
        )
        for op in ("Add", "Mul")
    ),
    Row(
        "QLinearWhere",
        "QLinearWhere",
        [draw(3, 1, dtype=np.bool_), U8, f32(0.1), u8(121), Const(U8[:1].copy()), f32(0.2), u8(3), f32(0.15), u8(99)],
        domain="com.microsoft",
    ),
    Row("QLinearSigmoid", "QLinearSigmoid", [U8, f32(0.1), u8(121), f32(1 / 255), u8(0)], domain="com.microsoft"),
    Row(
        "QLinearLeakyRelu",
        "QLinearLeakyRelu",
        [U8, f32(0.1), u8(121), f32(0.1), u8(9)],
        {"alpha": 0.5},
        domain="com.microsoft",
    ),
    Row(
        "QLinearSoftmax",
        "QLinearSoftmax",
        [U8, f32(0.1), u8(121), f32(1 / 256), u8(0)],
        {"opset": 13, "axis": -1},
        domain="com.microsoft",
        symbolic=False,
    ),
    Row(
        "QLinearConcat",
        "QLinearConcat",
        [f32(0.2), u8(9), U8, f32(0.1), u8(121), U8[:1].copy(), f32(0.3), u8(7)],
        {"axis": 0},
        domain="com.microsoft",
    ),
    Row(
        "QGemm",
        "QGemm",
        [U8, f32(0.1), u8(121), Const(W8), f32(0.2), s8(0), None, f32(5), u8(99)],
        domain="com.microsoft",
    ),
    Row(
        "QGemm-out-in",
        "QGemm",
        [
            U8,
            f32(0.1),
            u8(121),
            Const(W8.T.copy()),
            f32(0.1, 0.2, 0.3, 0.4, 0.5),
            s8(0, 0, 0, 0, 0),
            Const(100 * np.arange(5, dtype=np.int32)),
            f32(5),
            u8(99),
        ],
        {"transB": 1, "alpha": 0.5},
        domain="com.microsoft",
    ),
]

FLOAT = [
    Row(
        "QGemm-float",
        "QGemm",
        [U8, f32(0.1), u8(121), Const(W8), f32(0.2), s8(0), Const(np.arange(5, dtype=np.int32))],
        domain="com.microsoft",
    ),
    Row(
        "DynamicQuantizeMatMul",
        "DynamicQuantizeMatMul",
        [X, Const(W8), f32(0.2), s8(0), Const(draw(5))],
        domain="com.microsoft",
    ),
    Row(
        "MatMulIntegerToFloat",
        "MatMulIntegerToFloat",
        [U8, Const(W8), f32(0.1), f32(0.1, 0.2, 0.3, 0.4, 0.5), u8(121), s8(0, 0, 0, 0, 0), Const(draw(5))],
        domain="com.microsoft",
    ),
    *(Row(f"{op}", op, [X], domain="com.microsoft") for op in ("Gelu", "FastGelu", "QuickGelu")),
    Row("BiasGelu", "BiasGelu", [X, Const(draw(6))], domain="com.microsoft"),
    Row("FastGelu-bias", "FastGelu", [X, Const(draw(6))], domain="com.microsoft"),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(FLOAT), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


@pytest.mark.parametrize(("row", "symbolic"), cases(REQUANTISING), ids=case_name)
def test_requantising_row(row: Row, symbolic: bool) -> None:
    require_one_step(row.model(symbolic=symbolic), row.feed())
