"""Every elementwise op in a body against reference.py, bit for bit, in every element type it takes.

Each op is run on vectors, on vectors with scalars, and on scalars alone: bodies compute what follows from scalars once.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from xdsl.dialects.func import FuncOp

from sparsec.lowering.kernels.maps import MAP
from sparsec.lowering.kernels.vector import build_function
from tests.lowering.kernels.run_kernel import Compiled, assert_same, body_reference, buffer, kernel_op

WRITTEN = {
    "float32": "f32", "float64": "f64", "bool": "i1", "int8": "i8", "uint8": "ui8", "int16": "i16", "int32": "i32",
    "int64": "i64",
}  # fmt: skip
INTEGERS = ["int8", "uint8", "int16", "int32", "int64"]
FLOATS = ["float32", "float64"]
COUNT = 83


def values(dtype: str, seed: int) -> np.ndarray:
    """Numbers of all magnitudes, zeros, ones and the corners of the type, shuffled."""
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.random(COUNT) < 0.5
    if np.dtype(dtype).kind == "f":
        corners = [
            0.0,
            -0.0,
            1,
            -1,
            0.5,
            -0.5,
            1.5,
            2.5,
            -2.5,
            np.inf,
            -np.inf,
            np.nan,
            1e-40,
            3e38,
            -3e38,
            1e10,
            2**31,
        ]
        numbers = np.array([*corners, *random.normal(size=COUNT - len(corners)) * 10.0 ** random.integers(-3, 3)])
        with np.errstate(all="ignore"):
            return random.permutation(numbers).astype(dtype)
    limits = np.iinfo(dtype)
    corners = [0, 0, 1, limits.min, limits.max, limits.min + 1, limits.max - 1, *([] if dtype == "uint8" else [-1, -1])]
    wide = random.integers(limits.min, limits.max, COUNT - len(corners), dtype, endpoint=True)
    narrow = random.integers(0, 5, COUNT).astype(dtype)
    numbers = np.array([*corners, *wide], dtype)
    return random.permutation(np.where(random.random(COUNT) < 0.3, narrow, numbers))


def check(dtypes: list[str], *results: tuple[str, str]) -> None:
    """Each result is a dtype and text that computes `%r` from %a, %b...

    The operands are vectors, or the last one or all of them are scalars.
    """
    names = ["%" + letter for letter in "abc"[: len(dtypes)]]
    arguments = ", ".join(f"{name} : {WRITTEN[dtype]}" for name, dtype in zip(names, dtypes, strict=True))
    text = " ".join(re.sub(r"%([^abc])\b", rf"%\g<1>{i}", text) for i, (_, text) in enumerate(results))
    yielded = ", ".join(f"%r{i}" for i in range(len(results)))
    body = f"({arguments}) {{ {text} sparse.yield {yielded} : {', '.join(WRITTEN[dtype] for dtype, _ in results)} }}"
    for scalars in (0, 1, len(dtypes)) if len(dtypes) > 1 else (0, 1):
        shapes = [() if index >= len(dtypes) - scalars else (COUNT,) for index in range(len(dtypes))]
        out = () if scalars == len(dtypes) else (COUNT,)
        ins = [buffer(dtype, shape) for dtype, shape in zip(dtypes, shapes, strict=True)]
        op = kernel_op("map", ins, [buffer(dtype, out) for dtype, _ in results], body=body)
        compiled = Compiled(op, MAP)
        for turn in range(6 if scalars else 1):
            arrays = [values(dtype, 10 * turn + i) for i, dtype in enumerate(dtypes)]
            arrays = [a if shape else np.array(a[turn]) for a, shape in zip(arrays, shapes, strict=True)]
            for one, expected in zip(compiled(*arrays), body_reference(op, arrays, out), strict=True):
                assert_same(one, expected)


UNARY = [
    "exp", "log", "sqrt", "reciprocal", "sin", "cos", "erf", "tanh", "sigmoid", "gelu", "gelu_tanh", "floor",
    "ceil", "round",
]  # fmt: skip
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]


@pytest.mark.parametrize("dtype", FLOATS)
def test_unary(dtype: str) -> None:
    check([dtype], *((dtype, f"%r = nn.{name} %a : {WRITTEN[dtype]}") for name in UNARY))


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
def test_numeric_unary(dtype: str) -> None:
    check([dtype], *((dtype, f"%r = nn.{name} %a : {WRITTEN[dtype]}") for name in ["neg", "abs", "sign", "relu"]))


def test_not_and_is_nan() -> None:
    check(["bool"], ("bool", "%r = nn.not %a : i1"))
    for dtype in [*FLOATS, "int32"]:
        check([dtype], ("bool", f"%r = nn.is_nan %a : ({WRITTEN[dtype]}) -> i1"))


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
def test_binary(dtype: str) -> None:
    names = ["add", "sub", "mul", "div", "maximum", "minimum", *(["mod"] if dtype in INTEGERS else [])]
    check([dtype, dtype], *((dtype, f"%r = nn.{name} %a, %b : {WRITTEN[dtype]}") for name in names))


@pytest.mark.parametrize("dtype", FLOATS)
def test_power(dtype: str) -> None:
    element = WRITTEN[dtype]
    check([dtype, dtype], (dtype, f"%r = nn.pow %a, %b : {element}"))
    exponents = ["2.0", "3.0", "0.5", "-1.0", "1.7"]
    check(
        [dtype],
        *((dtype, f"%n = nn.constant {number} : {element} %r = nn.pow %a, %n : {element}") for number in exponents),
    )


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "bool"])
def test_comparison(dtype: str) -> None:
    types = f"({WRITTEN[dtype]}, {WRITTEN[dtype]}) -> i1"
    check([dtype, dtype], *(("bool", f"%r = nn.{name} %a, %b : {types}") for name in COMPARISONS))


def test_logical() -> None:
    names = ["and", "or", "xor", "maximum", "minimum", "add", "mul"]
    check(["bool", "bool"], *(("bool", f"%r = nn.{name} %a, %b : i1") for name in names))


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "bool"])
def test_where(dtype: str) -> None:
    element = WRITTEN[dtype]
    types = f"(i1, {element}, {element}) -> {element}"
    check(["bool", dtype, dtype], (dtype, f"%r = nn.where %a, %b, %c : {types}"))


@pytest.mark.parametrize("source", WRITTEN)
def test_cast(source: str) -> None:
    results = (
        (target, f"%r = nn.cast %a <to = {element}> : ({WRITTEN[source]}) -> {element}")
        for target, element in WRITTEN.items()
    )
    check([source], *results)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16"])
def test_quantize(dtype: str) -> None:
    element = WRITTEN[dtype]
    types = f"(f32, f32, {element}) -> {element}"
    check(["float32", "float32", dtype], (dtype, f"%r = nn.quantize %a, %b, %c : {types}"))
    one = f"%s = nn.constant 1.0 : f32 %z = nn.constant 5 : {element}"
    other = f"%s = nn.constant 0.3 : f32 %z = nn.constant 0 : {element}"
    # what is dequantized again must have been clipped
    back = f"%f = nn.dequantize %q, %s, %z : ({element}, f32, {element}) -> f32 %r = nn.add %f, %s : f32"
    check(
        ["float32"],
        (dtype, f"{one} %r = nn.quantize %a, %s, %z : {types}"),
        (dtype, f"{other} %r = nn.quantize %a, %s, %z : {types}"),
        ("float32", f"{one} %q = nn.quantize %a, %s, %z : {types} {back}"),
    )


@pytest.mark.parametrize("dtype", INTEGERS)
def test_dequantize(dtype: str) -> None:
    element = WRITTEN[dtype]
    types = f"({element}, f32, {element}) -> f32"
    check([dtype, "float32", dtype], ("float32", f"%r = nn.dequantize %a, %b, %c : {types}"))
    constants = f"%s = nn.constant 1.0 : f32 %z = nn.constant 0 : {element}"
    check([dtype], ("float32", f"{constants} %r = nn.dequantize %a, %s, %z : {types}"))


def function_of(arguments: str, text: str, ins: list[str]) -> FuncOp:
    """The function of a row-major map over vectors (`ins` with a trailing "[]") and scalars."""
    body = f"({arguments}) {{ {text} sparse.yield %r : ui8 }}"
    tensors = [buffer(name.removesuffix("[]"), ("b",) if name.endswith("[]") else ()) for name in ins]
    op = kernel_op("map", tensors, [buffer("uint8", ("b",))], body=body)
    return build_function("map", frozenset({"avx512f"}), lambda e, args: MAP.write(op, e, args, ("b",)))


def names_of(function: FuncOp, top: bool) -> list[str]:
    """The ops of the entry block, or those inside loops."""
    return [op.name for op in function.walk() if (op.parent_block() is function.body.block) == top]


def test_what_follows_from_scalars_is_computed_outside_the_loops() -> None:
    function = function_of(
        "%a : f32, %s : f32, %z : ui8",
        "%h = nn.constant 0.5 : f32 %t = nn.div %h, %s : f32 %r = nn.quantize %a, %t, %z : (f32, f32, ui8) -> ui8",
        ["float32[]", "float32", "uint8"],
    )
    assert names_of(function, top=True).count("arith.divf") == 2
    assert "arith.divf" not in names_of(function, top=False)


def test_a_quantize_that_is_stored_clips_only_above_and_a_scale_of_one_costs_nothing() -> None:
    text = "%s = nn.constant 1.0 : f32 %z = nn.constant 3 : ui8 %r = nn.quantize %a, %s, %z : (f32, f32, ui8) -> ui8"
    inside = names_of(function_of("%a : f32", text, ["float32[]"]), top=False)
    assert "arith.mulf" not in inside
    assert inside.count("lanes.select") == 1
