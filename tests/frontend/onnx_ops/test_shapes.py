"""Ops about shapes: against onnxruntime, and what must stay symbolic."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.frontend.onnx_models import Array, Const, Row, build, case_name, cases, draw, ints, read, require_agreement

X = draw(2, 3, 4)

ROWS = [
    Row("Shape", "Shape", [X]),
    Row("Shape-part", "Shape", [X], {"start": 1, "end": -1}),
    Row("Shape-beyond", "Shape", [X], {"start": -9, "end": 9}),
    Row("Size", "Size", [X]),
    Row("Reshape", "Reshape", [X, ints(6, 4)], symbolic=False),
    Row("Reshape-rest", "Reshape", [X, ints(0, -1)]),
    Row("Reshape-copy", "Reshape", [X, ints(0, 0, 2, 2)], symbolic=False),
    Row("Reshape-flat", "Reshape", [X, ints(-1)]),
    Row("Flatten", "Flatten", [X], {"axis": 2}),
    Row("Flatten-all", "Flatten", [X], {"axis": 0}),
    Row("Flatten-negative", "Flatten", [X], {"axis": -1}),
    Row("Squeeze", "Squeeze", [draw(2, 1, 3, 1), ints(1)]),
    Row("Squeeze-all", "Squeeze", [draw(2, 1, 3, 1)]),
    Row("Squeeze-attribute", "Squeeze", [draw(2, 1, 3, 1)], {"axes": [-1]}, opset=11),
    Row("Unsqueeze", "Unsqueeze", [X, ints(0, -1)]),
    Row("Unsqueeze-attribute", "Unsqueeze", [X], {"axes": [1, 2]}, opset=11),
    Row("Expand", "Expand", [draw(3, 1), ints(2, 1, 4)]),
    Row("Expand-to-fewer", "Expand", [X, ints(1, 1)]),
    Row("ConstantOfShape", "ConstantOfShape", [ints(2, 3)]),
    Row("ConstantOfShape-value", "ConstantOfShape", [ints(2, 3)], {"value": numpy_helper.from_array(np.asarray([7]))}),
    Row("ConstantOfShape-big", "ConstantOfShape", [ints(200, 300)], {"value": numpy_helper.from_array(draw(1))}),
    Row("Range", "Range", [Const(np.asarray(2)), Const(np.asarray(11)), Const(np.asarray(3))]),
    Row("Range-down", "Range", [Const(np.asarray(5)), Const(np.asarray(-3)), Const(np.asarray(-2))]),
    Row("Range-floats", "Range", [Const(np.float32(0)), Const(np.float32(1)), Const(np.float32(0.25))]),
    Row("Identity", "Identity", [X]),
    Row("Dropout", "Dropout", [X], outputs=2),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


CONSTANTS = {
    "value": numpy_helper.from_array(draw(2, 3), "v"),
    "value_int": 7,
    "value_ints": [1, 2, 3],
    "value_float": 1.5,
    "value_floats": [0.5, 2.5],
}


@pytest.mark.parametrize("form", CONSTANTS)
def test_constant(form: str) -> None:
    node = helper.make_node("Constant", [], ["y"], **{form: CONSTANTS[form]})
    require_agreement(build([node], {}, ["y"]), {})


def dims_of(nodes: list[onnx.NodeProto], constants: dict[str, Array] | None = None, shape: str = "shape") -> str:
    """The type that x[batch, sequence, 32] has after a reshape to what the nodes compute."""
    nodes = [helper.make_node("Shape", ["x"], ["s"]), *nodes, helper.make_node("Reshape", ["x", shape], ["y"])]
    constants = {
        "0": np.asarray(0),
        "1": np.asarray(1),
        "[0]": np.asarray([0]),
        "[-1]": np.asarray([-1]),
        "[16]": np.asarray([16]),
        "[2]": np.asarray([2]),
    } | (constants or {})
    model = build(nodes, {"x": (np.float32, ["batch", "sequence", 32])}, ["y"], constants)
    require_agreement(model, {"x": draw(3, 5, 32)})
    require_agreement(model, {"x": draw(1, 1, 32)})
    module, _ = read(model)
    return str(module).split("-> ")[1].split(" attributes")[0]


def test_heads_are_split_symbolically() -> None:
    nodes = [
        helper.make_node("Gather", ["s", "0"], ["b"]),
        helper.make_node("Unsqueeze", ["b", "[0]"], ["b1"]),
        helper.make_node("Slice", ["s", "one", "two"], ["t1"]),
        helper.make_node("Concat", ["b1", "t1", "[-1]", "[16]"], ["shape"], axis=0),
    ]
    found = dims_of(nodes, {"one": np.asarray([1]), "two": np.asarray([2])})
    assert found == "tensor<?x?x2x16xf32, #sparse.tesa<dims = [batch, sequence, _, _]>>"


def test_a_size_is_never_minus_one() -> None:
    """`where(dims == -1, 1, dims)`, the way exporters spell the shape of an Expand."""
    nodes = [
        helper.make_node("Shape", ["s"], ["rank"]),
        helper.make_node("ConstantOfShape", ["rank"], ["ones"], value=numpy_helper.from_array(np.asarray([1]), "v")),
        helper.make_node("Mul", ["ones", "minus"], ["negative"]),
        helper.make_node("Equal", ["s", "negative"], ["unknown"]),
        helper.make_node("Where", ["unknown", "ones", "s"], ["shape"]),
    ]
    found = dims_of(nodes, {"minus": np.asarray(-1)})
    assert found == "tensor<?x?x32xf32, #sparse.tesa<dims = [batch, sequence, _]>>"


def test_sizes_pass_through_floats() -> None:
    """Old exporters divide sizes as floats and round."""
    nodes = [
        helper.make_node("Gather", ["s", "[2]"], ["h"]),
        helper.make_node("Cast", ["h"], ["hf"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["hf", "four"], ["quarter"]),
        helper.make_node("Floor", ["quarter"], ["floor"]),
        helper.make_node("Cast", ["floor"], ["d"], to=TensorProto.INT64),
        helper.make_node("Slice", ["s", "[0]", "[2]"], ["bs"]),
        helper.make_node("Concat", ["bs", "[-1]", "d"], ["shape"], axis=0),
    ]
    found = dims_of(nodes, {"four": np.float32(4)})
    assert found == "tensor<?x?x4x8xf32, #sparse.tesa<dims = [batch, sequence, _, _]>>"


def test_tokens_are_flattened_symbolically() -> None:
    nodes = [
        helper.make_node("ReduceProd", ["bs"], ["tokens"], keepdims=1),
        helper.make_node("Concat", ["tokens", "[16]", "[2]"], ["shape"], axis=0),
    ]
    nodes.insert(0, helper.make_node("Slice", ["s", "[0]", "[2]"], ["bs"]))
    assert dims_of(nodes) == 'tensor<?x16x2xf32, #sparse.tesa<dims = ["batch*sequence", _, _]>>'


def test_a_size_is_data_when_it_is_needed_as_data() -> None:
    """`x / sqrt(float(sequence))`: the number itself enters the computation."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], start=1, end=2),
        helper.make_node("Cast", ["s"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Sqrt", ["f"], ["r"]),
        helper.make_node("Div", ["x", "r"], ["y"]),
        helper.make_node("Range", ["zero", "n", "one"], ["positions"]),
        helper.make_node("Concat", ["s", "seven", "s"], ["mixed"], axis=0),
    ]
    nodes.insert(1, helper.make_node("Squeeze", ["s"], ["n"]))
    constants = {"zero": np.asarray(0), "one": np.asarray(1), "seven": np.asarray([7])}
    model = build(nodes, {"x": (np.float32, ["b", "s"])}, ["y", "positions", "mixed"], constants)
    require_agreement(model, {"x": draw(3, 5)})


def test_relative_positions() -> None:
    """MPNet's buckets: differences of index grids, compared and scaled as data."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], start=1, end=2),
        helper.make_node("Squeeze", ["s"], ["n"]),
        helper.make_node("Range", ["zero", "n", "one"], ["r"]),
        helper.make_node("Unsqueeze", ["r", "[1]"], ["rows"]),
        helper.make_node("Unsqueeze", ["r", "[0]"], ["columns"]),
        helper.make_node("Sub", ["columns", "rows"], ["d"]),
        helper.make_node("Neg", ["d"], ["n_d"]),
        helper.make_node("Less", ["n_d", "zero"], ["ahead"]),
        helper.make_node("Mul", ["n_d", "n"], ["scaled"]),
        helper.make_node("Where", ["ahead", "scaled", "n_d"], ["y"]),
    ]
    constants = {"zero": np.asarray(0), "one": np.asarray(1), "[0]": np.asarray([0]), "[1]": np.asarray([1])}
    model = build(nodes, {"x": (np.float32, ["b", "s"])}, ["y", "scaled"], constants)
    for length in (1, 2, 9):
        require_agreement(model, {"x": draw(2, length)})
