"""What pages become: the ops, where they say they come from, and what quantised names mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr

from sparsec.errors import DslError
from sparsec.frontend.dsl import read_dsl
from sparsec.reference import evaluate
from sparsec.weights import Array, WeightStore


def read(text: str) -> tuple[ModuleOp, WeightStore]:
    store = WeightStore()
    module = read_dsl(text, store)
    module.verify()
    return module, store


def run(text: str, **inputs: Array) -> dict[str, Array]:
    module, store = read(text)
    return evaluate(module, inputs, store)


def ops(text: str) -> list[str]:
    """Names of the ops of the main function, without constants and the return."""
    names = [op.name for op in read(text)[0].body.block.first_op.body.block.ops]
    return [name.removeprefix("nn.") for name in names if name not in ("nn.constant", "func.return")]


def test_ops_say_which_line_they_come_from(tmp_path: Path) -> None:
    page = tmp_path / "layer.spc"
    page.write_text("model m(x: f32[batch]) -> (y) {\n  h = exp(x)\n  y = tanh(\n    h\n  )\n}\n")
    module = read_dsl(page, WeightStore())
    sources = [op.attributes["source"] for op in module.walk() if op.name in ("nn.exp", "nn.tanh")]
    assert sources == [StringAttr("layer.spc:2"), StringAttr("layer.spc:3")]


def test_inputs_and_outputs_keep_their_names_and_order() -> None:
    module, _ = read("model m(b: f32[n], a: i64[n]) -> (z, y) { y = b z = a }")
    main = module.body.block.first_op
    assert [str(name.data) for name in main.attributes["input_names"]] == ["b", "a"]
    assert [str(name.data) for name in main.attributes["output_names"]] == ["z", "y"]


def test_an_int8_layer_is_written_as_onnx_writes_it() -> None:
    text = """
    weight w: i8[8, 16] random(seed = 1) quantized(scale = 0.1)
    model m(x: u8[batch, 16] quantized(scale = 0.02, zero = 128)) -> (y) {
      y = quantize(relu(linear(x, w)), u8, scale = 0.5)
    }"""
    assert ops(text) == ["dequantize", "dequantize", "linear", "relu", "quantize"]


def test_a_quantised_value_is_dequantised_once() -> None:
    text = "model m(x: u8[4] quantized(scale = 0.5)) -> (y) { y = x + x * 2 }"
    assert ops(text) == ["dequantize", "mul", "add"]


def test_moves_keep_one_scale_but_not_one_per_channel() -> None:
    one = "model m(x: u8[n, 2] quantized(scale = 0.5)) -> (y) { y = reshape(x, [2 * n]) }"
    assert ops(one) == ["reshape"]
    many = "model m(x: u8[n, 2] quantized(scale = [0.5, 1])) -> (y) { y = reshape(x, [2 * n]) }"
    assert ops(many) == ["dequantize", "reshape"]


def test_integers_multiply_exactly() -> None:
    text = "weight w: i8[1, 8] = -128\nmodel m(x: u8[n, 8]) -> (y) { y = linear(x, w) }"
    y = run(text, x=np.full((2, 8), 255, np.uint8))["y"]
    assert y.dtype == np.int32
    np.testing.assert_array_equal(y, [[-128 * 255 * 8]] * 2)


def test_functions_see_parameters_weights_and_dimensions_only() -> None:
    text = "fn f(a) { return a * w + batch }\nweight w: f32 = 2\nmodel m(x: f32[batch]) -> (y) { y = f(a = x) }"
    np.testing.assert_array_equal(run(text, x=np.ones(3, np.float32))["y"], [5, 5, 5])
    with pytest.raises(DslError, match="there is no `hidden` here"):
        read("fn f(a) { return hidden }\nmodel m(x: f32[2]) -> (y) { hidden = x y = f(x) }")


def test_names_are_assigned_again() -> None:
    text = "model m(x: f32[2]) -> (x) { x = x + 1 x = x * 2 }"
    np.testing.assert_array_equal(run(text, x=np.zeros(2, np.float32))["x"], [2, 2])


def test_clause_words_are_ordinary_names_elsewhere() -> None:
    text = """
    fn blocks(mask, from) { schedule = mask + from return schedule }
    model random(weight: f32[2], mask: f32[2]) -> (quantized) {
      model = blocks(mask, from = weight)
      stored = model
      fn = stored[:] random = fn
      quantized = random
    }"""
    np.testing.assert_array_equal(run(text, weight=np.ones(2, np.float32), mask=np.ones(2, np.float32))["quantized"], 2)


def test_numbers_take_the_type_of_their_tensor() -> None:
    text = """
    model m(f: f32[2], n: i64[2], u: u8[2]) -> (a, b, c, d) {
      a = f + 1
      b = where(n > 0, n, -1)
      c = maximum(3, u)
      d = cast(1.9, i32)
    }"""
    results = run(text, f=np.zeros(2, np.float32), n=np.array([-5, 5]), u=np.array([1, 9], np.uint8))
    assert {name: (array.dtype.name, array.tolist()) for name, array in results.items()} == {
        "a": ("float32", [1, 1]),
        "b": ("int64", [-1, 5]),
        "c": ("uint8", [3, 9]),
        "d": ("int32", 1),
    }


@pytest.mark.parametrize("mask", ["i64[batch, sequence]", "bool[batch, 1, sequence, sequence]", "f32[sequence]"])
def test_attention_masks(mask: str) -> None:
    text = f"model m(x: f32[batch, sequence, 4], m: {mask}) -> (y) {{ y = attention(x, x, x, m, heads = 2) }}"
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    first_only = {
        "i": np.array([[1, 0, 0]] * 2, np.int64),
        "b": np.array([[[[True, False, False]] * 3]] * 2),
        "f": np.array([0, -1e30, -1e30], np.float32),
    }[mask[0]]
    # A query that may only look at the first key gets the first value.
    np.testing.assert_allclose(run(text, x=x, m=first_only)["y"], np.repeat(x[:, :1], 3, axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("attention(x, x, x, iota(7), heads = 2)", "does not broadcast to the scores"),
        ("attention(x, x, x, heads = 3)", "3 heads do not divide 4 channels"),
        ("attention(x, x, x, 2)", "needs `heads`"),
        ("attention(x, x, x, 2, 3)", "`?heads`?.* must be named|too many arguments; heads"),
        ("softmax(axis = 1, x)", "cannot follow one with a name"),
        ("softmax(x, x = x)", "`x` is given twice"),
        ("softmax(x, 1, 2)", r"too many arguments: softmax\(x, axis = -1\)"),
        ("softmax(x, 1.5)", "expected a whole number, got the number 1.5"),
        ("softmax(cast(x, i32))", "works on f32, got i32"),
        ("reshape(x, [sequence / 2])", "expected a size"),
        ("reshape(x, 4)", "expected a list of sizes"),
        ("split(x, [1, 2])", "do not add up to 4"),
        ("x @ 2", "numbers multiply with"),
        ("x @ cast(x, i32)", "both are f32"),
        ("x // 2", "`//` divides sizes"),
        ("x and x", "`and` works on bool, got f32"),
        ("not x", "`not` works on bool"),
        ("-(x > 0)", "did you mean `not`"),
        ("x % 2", "works on i32 and i64"),
        ("x + true", "true is no f32"),
        ("[1, [2]] + x", "differ in length"),
        ("x[x]", "write gather"),
        ("quantize(x, u8, scale = -1)", "a scale is a positive number, got -1"),
        ("quantize(x, i32, scale = 1)", "makes u8 or i8, not i32"),
        ("quantize(x, u8, scale = [1, 2])", "2 scales or zero points for 4 channels"),
        ("dequantize(x)", "has no scale"),
    ],
)
def test_refusals(expression: str, message: str) -> None:
    with pytest.raises(DslError, match=message):
        read(f"model m(x: f32[batch, sequence, 4]) -> (y) {{ y = {expression} }}")
