"""What a model that cannot be compiled is told: one golden text for each.

`python -m tests.frontend.test_onnx_errors` writes the golden texts anew; read the difference before committing it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import StringStringEntryProto, TensorProto, helper

from sparsec.errors import SparsecError, UnsupportedError
from sparsec.frontend.onnx_model import read_onnx
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES
from tests.frontend.onnx_models import build, draw

GOLDEN = Path(__file__).parent.parent / "golden" / "errors"
HALF = np.ones((3, 4), np.float16)
X = {"x": (np.float32, ["batch", 8])}


def _node(op_type: str, *inputs: str, domain: str = "", **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op_type, list(inputs), ["y"], name="the_node", domain=domain, **attributes)


def _simple(op_type: str, *inputs: str, opset: int = 17, domain: str = "", **attributes: object) -> onnx.ModelProto:
    """One node on `x[batch, 8]`; other inputs are constants."""
    constants = {
        "axes": np.asarray([1]),
        "four": np.asarray([4, 4]),
        "nine": np.asarray([9, 8]),
        "infinite": np.asarray(np.inf, np.float32),
        "scales": np.ones((2, 8), np.float32),
        "per_tensor": np.asarray(1, np.float32),
        "per_column": np.ones(8, np.float32),
        "bytes": np.ones((2, 8), np.int8),
        "zero": np.asarray(0, np.int8),
        "unsigned_zero": np.asarray(0, np.uint8),
        "w": draw(8, 4),
    }
    used = {name: constants[name] for name in inputs if name in constants}
    return build([_node(op_type, *inputs, domain=domain, **attributes)], X, ["y"], used, opset=opset)


def _run_time_shape() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["x"], ["size"], to=TensorProto.INT64, name="size"),
        helper.make_node("ReduceSum", ["size", "axes"], ["shape"], keepdims=0, name="sum"),
        _node("Reshape", "x", "shape"),
    ]
    return build(nodes, X, ["y"], {"axes": np.asarray([1])})


def _several() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Det", ["x"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="depends_on_first"),
        helper.make_node("TopK", ["b", "k"], ["c", "d"], name="second"),
        helper.make_node("Softmax", ["x"], ["e"], name="fine"),
        helper.make_node("SkipLayerNormalization", ["e", "e", "g"], ["f"], domain="com.microsoft", name="third"),
        helper.make_node("Clip", ["x"], ["h"], name="odd_attribute", extra=1),
    ]
    return build(nodes, X, ["d", "f", "h"], {"k": np.asarray([2]), "g": draw(8)})


def _if() -> onnx.ModelProto:
    branch = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "b", [], [onnx.ValueInfoProto(name="z")])
    nodes = [
        helper.make_node("ReduceMax", ["flag"], ["any"], keepdims=0),
        _node("If", "any", then_branch=branch, else_branch=branch),
    ]
    return build(nodes, X | {"flag": (np.bool_, [3])}, ["y"])


def _external(location: str, **entries: str) -> onnx.ModelProto:
    model = _simple("MatMul", "x", "w")
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        weight.external_data.append(StringStringEntryProto(key=key, value=value))
    return model


def _inputs() -> onnx.ModelProto:
    model = _simple("Add", "x", "x")
    model.graph.input.append(helper.make_tensor_value_info("half", TensorProto.FLOAT16, ["batch"]))
    model.graph.input.append(helper.make_tensor_value_info("unranked", TensorProto.FLOAT, None))
    model.graph.input.append(helper.make_tensor_sequence_value_info("sequence", TensorProto.FLOAT, None))
    return model


def _in_a_function() -> onnx.ModelProto:
    body = [helper.make_node("Det", ["a"], ["b"], name="inside")]
    function = helper.make_function("local", "F", ["a"], ["b"], body, [helper.make_opsetid("", 17)])
    return build([_node("F", "x", domain="local")], X, ["y"], functions=[function])


def _four_bits() -> onnx.ModelProto:
    """Five weights of 4 bits and one of 8."""
    nodes = [
        helper.make_node("DequantizeLinear", ["w" if place else "w8", "scale"], [f"y{place}"], name=f"weight_{place}")
        for place in range(6)
    ]
    model = build(nodes, X, [f"y{place}" for place in range(6)], {"scale": np.asarray(1, np.float32)}, opset=21)
    model.graph.initializer.append(helper.make_tensor("w", TensorProto.INT4, [2, 2], [1, 2, 3, 4]))
    model.graph.initializer.append(helper.make_tensor("w8", TensorProto.INT8, [2, 2], [1, 2, 3, 4]))
    return model


def _constant(array: onnx.TensorProto) -> onnx.ModelProto:
    return build([_node("Constant", value=array)], X, ["y"])


def _absent_output() -> onnx.ModelProto:
    nodes = [
        helper.make_node("LayerNormalization", ["x", "g"], ["y", "mean"], name="norm"),
        helper.make_node("Relu", ["mean"], ["z"], name="reads_it"),
    ]
    return build(nodes, X, ["mean", "z"], {"g": draw(8)})


Source = Callable[[], onnx.ModelProto | Path | bytes]
MODELS: dict[str, Source] = {
    "several_unsupported": _several,
    "convolution": lambda: _simple("Conv", "x", "w"),
    "unknown_domain": lambda: _simple("Magic", "x", domain="com.example"),
    "fused_by_onnxruntime": lambda: _simple("FusedGemm", "x", "w", domain="com.microsoft", activation="Tanh"),
    "four_bits": _four_bits,
    "constant_of_four_bits": lambda: _constant(helper.make_tensor("c", TensorProto.INT4, [2], [1, 2])),
    "constant_of_text": lambda: _constant(helper.make_tensor("c", TensorProto.STRING, [1], [b"text"])),
    "absent_output": _absent_output,
    "blocks_of_weights": lambda: _simple("MatMulNBits", "x", "w", domain="com.microsoft"),
    "unsupported_in_function": _in_a_function,
    "run_time_condition": _if,
    "run_time_shape": _run_time_shape,
    "float16_weight": lambda: build([_node("Gather", "w", "i")], {"i": (np.int64, ["n"])}, ["y"], {"w": HALF}),
    "cast_to_float16": lambda: _simple("Cast", "x", to=TensorProto.FLOAT16),
    "cast_to_string": lambda: _simple("Cast", "x", to=TensorProto.STRING),
    "scale_of_infinity": lambda: _simple("QuantizeLinear", "x", "infinite"),
    "dequantised_by_infinity": lambda: _simple("DequantizeLinear", "bytes", "infinite"),
    "output_dtype_and_zero_point": lambda: _simple(
        "QuantizeLinear", "x", "per_tensor", "unsigned_zero", opset=21, output_dtype=TensorProto.INT8
    ),
    "quantised_to_four_bits": lambda: _simple(
        "QuantizeLinear", "x", "per_tensor", opset=21, output_dtype=TensorProto.INT4
    ),
    "dequantised_to_float16": lambda: _simple(
        "DequantizeLinear", "bytes", "per_tensor", opset=23, output_dtype=TensorProto.FLOAT16
    ),
    "zero_point_of_another_shape": lambda: _simple("DequantizeLinear", "bytes", "per_column", "zero"),
    "zero_point_of_another_type": lambda: _simple("DequantizeLinear", "bytes", "per_tensor", "unsigned_zero"),
    "size_that_the_exporter_saw": lambda: _simple("Reshape", "x", "nine"),
    "blocked_quantisation": lambda: _simple("QuantizeLinear", "x", "scales", opset=21, block_size=2),
    "edge_padding": lambda: _simple("Pad", "x", "four", mode="edge"),
    "inputs": _inputs,
    "inner_sizes": lambda: build([_node("MatMul", "x", "w")], X, ["y"], {"w": draw(9, 4)}),
    "broadcast": lambda: build([_node("Add", "x", "w")], X, ["y"], {"w": draw(9)}),
    "reshape": lambda: _simple("Reshape", "x", "four"),
    "mixed_types": lambda: build([_node("Add", "x", "w")], X, ["y"], {"w": np.asarray([1])}),
    "bad_axis": lambda: _simple("Softmax", "x", axis=5),
    "missing_input": lambda: _simple("MatMul", "x"),
    "wrong_attribute": lambda: _simple("Softmax", "x", axis="one"),
    "old_opset": lambda: _simple("Relu", "x", opset=9),
    "cycle": lambda: build([_node("Add", "x", "y")], X, ["y"]),
    "external_outside": lambda: FIXTURES / "mlp_external_outside.onnx",
    "external_short": lambda: FIXTURES / "mlp_external_short.onnx",
    "external_absolute": lambda: _external("/etc/passwd"),
    "truncated": lambda: FIXTURES / "truncated.onnx",
    "no_model": lambda: b"this is no model at all",
    "missing_file": lambda: Path("no_such_model.onnx"),
    "unsupported_file": lambda: FIXTURES / "unsupported.onnx",
}


def complaint(name: str, directory: Path) -> str:
    """What is said about a model; models in memory are written to a file, so that they have a directory."""
    source = MODELS[name]()
    if isinstance(source, onnx.ModelProto):
        path = directory / "model.onnx"
        path.write_bytes(source.SerializeToString())
        source = path
    with pytest.raises(SparsecError) as caught:
        read_onnx(source, WeightStore())
    return f"{type(caught.value).__name__}: {caught.value}\n"


@pytest.mark.parametrize("name", MODELS)
def test_complaint(name: str, tmp_path: Path) -> None:
    assert complaint(name, tmp_path) == (GOLDEN / f"onnx_{name}.txt").read_text()


def test_every_golden_text_has_a_model() -> None:
    assert {path.stem for path in GOLDEN.glob("onnx_*.txt")} == {f"onnx_{name}" for name in MODELS}


def test_a_program_learns_every_node() -> None:
    """The message names three of them."""
    with pytest.raises(UnsupportedError) as caught:
        read_onnx(_four_bits(), WeightStore())
    assert [problem.split()[0] for problem in caught.value.problems] == [f"`weight_{place}`" for place in range(1, 6)]


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    for model_name in MODELS:
        with TemporaryDirectory() as scratch:
            (GOLDEN / f"onnx_{model_name}.txt").write_text(complaint(model_name, Path(scratch)))
