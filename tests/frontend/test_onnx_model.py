"""Whole models: every fixture means what onnxruntime computes; symbols, functions, branches."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from sparsec.dims import Dim
from sparsec.errors import InputError, ModelError, OptionError, ShapeError
from sparsec.frontend.onnx_model import read_onnx
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES
from tests.fixtures.inputs import draw_inputs
from tests.frontend.onnx_models import build, draw, expected, meaning, read, require_agreement

DAMAGED = {"truncated", "unsupported", "mlp_external_outside", "mlp_external_short"}
FILES = sorted(path for path in FIXTURES.glob("*.onnx") if path.stem not in DAMAGED)
SIZES = ((1, 1), (2, 7), (3, 33), (1, 64))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    """One module per file serves every size, with padding masks.

    In files that quantise activations, two float sums that differ in the last bit may round to different quanta.
    """
    weights = WeightStore()
    module = read_onnx(path, weights)
    module.verify()
    model = onnx.load(path)
    quantises = any(node.op_type in ("QuantizeLinear", "DynamicQuantizeLinear") for node in model.graph.node)
    tolerance = 2e-2 if quantises else 1e-4
    for batch, sequence in SIZES:
        feed = draw_inputs(model, {"batch": batch, "sequence": sequence}, seed=sequence)
        found = evaluate(module, feed, weights)
        for value, wanted in zip(model.graph.output, expected(model, feed), strict=True):
            assert found[value.name].dtype == wanted.dtype
            assert found[value.name].shape == wanted.shape
            assert np.abs(found[value.name] - wanted).max() <= tolerance * np.abs(wanted).max()


def test_masks_of_current_exporters_stay_small() -> None:
    """`And(True, GreaterOrEqual(positions, 0))` and "gather everything" leave the padding mask itself."""
    for stem in ("bert_ts_tf5_sdpa_op14", "bert_dynamo_tf5_sdpa_op18", "bert_dynamo_tf5_eager_op20"):
        module = str(read_onnx(FIXTURES / f"{stem}.onnx", WeightStore()))
        assert "nn.gather_nd" not in module
        assert "nn.iota" not in module
        assert "nn.broadcast" not in module


def test_too_many_positions_are_an_error_when_run() -> None:
    path = FIXTURES / "bert_ts_tf438_eager_op14.onnx"
    weights = WeightStore()
    module = read_onnx(path, weights)
    feed = draw_inputs(onnx.load(path), {"batch": 1, "sequence": 65}, seed=0)
    with pytest.raises(InputError):
        evaluate(module, feed, weights)


def add(a: tuple[Any, ...], b: tuple[Any, ...]) -> onnx.ModelProto:
    """`a + b` of floats of these shapes."""
    node = helper.make_node("Add", ["a", "b"], ["y"], name="sum")
    return build([node], {"a": (np.float32, a), "b": (np.float32, b)}, ["y"])


def signature(model: onnx.ModelProto, **dims: int | str) -> str:
    """Types of the inputs and results, as printed."""
    text = str(read(model, dims)[0])
    return text.split("@main(")[1].split(" attributes")[0].replace("#sparse.tesa", "")


def test_symbols_that_must_agree_become_one() -> None:
    model = add(("batch", "sequence"), ("batch_1", "sequence"))
    assert "batch_1" not in signature(model)
    require_agreement(model, {"a": draw(2, 3), "b": draw(2, 3, seed=1)})
    assert "tensor<?x7xf32, <dims = [n, _]>>" in signature(add(("n", "m"), (7,)))


def test_unnamed_dimensions_get_names() -> None:
    text = signature(add((None, 4), ("a b", 4)))
    assert "dims = [a_dim0, _]" in text
    model = add((None, 4), (1, 4))
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    assert "dims = [a_dim0, _]" in signature(model)


def test_names_of_dimensions_are_made_fit() -> None:
    text = signature(add(("2 x", "2-x", "ok"), (1, 1, 1)))
    assert "dims = [d_2_x, d_2_x_, ok]" in text


def test_dims_can_be_fixed_and_renamed() -> None:
    model = add(("n", "m"), (1, "m"))
    assert "dims = [_, tokens]" in signature(model, n=2, m="tokens")
    assert "tensor<2x3xf32>" in signature(model, n=2, m=3)
    for name, given in (("k", 1), ("n", 0), ("n", "a b")):
        with pytest.raises(OptionError):
            read(model, {name: given})


def test_sizes_that_cannot_agree() -> None:
    with pytest.raises(ShapeError, match=r"sum: .* but are 3 and 4"):
        read(add((2, 3), (2, 4)))
    nodes = [
        helper.make_node("Concat", ["a", "one"], ["longer"], axis=0, name="longer"),
        helper.make_node("Add", ["longer", "a"], ["y"], name="sum"),
    ]
    model = build(nodes, {"a": (np.float32, ["n"])}, ["y"], {"one": np.ones(1, np.float32)})
    with pytest.raises(ShapeError, match=r"sum: .*n \+ 1 and n.*name the input dimensions alike"):
        read(model)


def test_sizes_that_cannot_agree_once_symbols_became_one() -> None:
    nodes = [
        helper.make_node("Add", ["a", "b"], ["sum"], name="sum"),
        helper.make_node("Concat", ["b", "b"], ["twice"], axis=0, name="twice"),
        helper.make_node("Add", ["twice", "sum"], ["y"], name="end"),
    ]
    model = build(nodes, {"a": (np.float32, ["n"]), "b": (np.float32, ["m"])}, ["y"])
    with pytest.raises(ShapeError, match=r"end: .*2\*n and n.*m was taken to be n: sum: sizes"):
        read(model)


def branch(name: str, op_type: str) -> onnx.GraphProto:
    """A branch that applies an op to `x`, which lies outside."""
    node = helper.make_node(op_type, ["x", "c"], [name])
    constant = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.float32(3)))
    return helper.make_graph([constant, node], name, [], [onnx.ValueInfoProto(name=name)])


def test_branch_of_known_condition() -> None:
    """The condition follows from a size: is the sequence empty?"""
    nodes = [
        helper.make_node("Size", ["x"], ["n"]),
        helper.make_node("Greater", ["n", "zero"], ["some"]),
        helper.make_node("If", ["some"], ["y"], then_branch=branch("a", "Add"), else_branch=branch("b", "Mul")),
    ]
    model = build(nodes, {"x": (np.float32, ["s", 2])}, ["y"], {"zero": np.asarray(0)})
    require_agreement(model, {"x": draw(3, 2)})


def test_functions_are_read_in_place() -> None:
    scaled = helper.make_node("LeakyRelu", ["x"], ["r"])
    scaled.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    inner = helper.make_function(
        "local",
        "Inner",
        ["x", "bias"],
        ["y"],
        [scaled, helper.make_node("Add", ["r", "bias"], ["y"])],
        [helper.make_opsetid("", 17)],
        attribute_protos=[helper.make_attribute("slope", 0.5)],
    )
    outer = helper.make_function(
        "local",
        "Outer",
        ["x", "bias"],
        ["y", "z"],
        [
            helper.make_node("Inner", ["x", "bias"], ["y"], domain="local"),
            helper.make_node("Inner", ["x", "bias"], ["z"], domain="local", slope=0.25),
        ],
        [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)],
    )
    node = helper.make_node("Outer", ["x", "b"], ["y", "z"], domain="local", name="call")
    model = build([node], {"x": (np.float32, ["n", 3])}, ["y", "z"], {"b": draw(3)}, functions=[inner, outer])
    require_agreement(model, {"x": draw(4, 3)})
    assert "call/Inner that makes z/LeakyRelu that makes r" in str(read(model)[0])


def test_recursive_function_is_refused() -> None:
    body = [helper.make_node("Loopy", ["x"], ["y"], domain="local")]
    loopy = helper.make_function("local", "Loopy", ["x"], ["y"], body, [helper.make_opsetid("local", 1)])
    node = helper.make_node("Loopy", ["x"], ["y"], domain="local")
    with pytest.raises(ModelError, match="nested more than"):
        read(build([node], {"x": (np.float32, ["n"])}, ["y"], functions=[loopy]))


def test_outputs_may_be_inputs_or_constants() -> None:
    nodes = [helper.make_node("Identity", ["x"], ["same"]), helper.make_node("Shape", ["x"], ["size"])]
    model = build(nodes, {"x": (np.float32, ["n", 3])}, ["x", "same", "w", "size"], {"w": draw(2)})
    found = meaning(model, {"x": draw(4, 3)})
    assert found[3].tolist() == [4, 3]
    np.testing.assert_array_equal(found[0], found[1])


def test_initialisers_may_be_listed_as_inputs() -> None:
    node = helper.make_node("Add", ["x", "w"], ["y"])
    model = build([node], {"x": (np.float32, ["n", 3]), "w": (np.float32, [3])}, ["y"], {"w": draw(3)})
    assert "%w" not in str(read(model)[0])
    require_agreement(model, {"x": draw(4, 3)})


def test_opsets_out_of_range() -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    for opset in (8, 10, 999):
        with pytest.raises(ModelError, match=f"opset {opset}"):
            read(build([node], {"x": (np.float32, [1])}, ["y"], opset=opset))


def test_values_are_made_once_and_before_use() -> None:
    relu, again = helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["y"])
    inputs = {"x": (np.float32, [1])}
    with pytest.raises(ModelError, match="made twice"):
        read(build([relu, again], inputs, ["y"]))
    cycle = [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
    with pytest.raises(ModelError, match="cycle"):
        read(build(cycle, inputs, ["b"]))
    with pytest.raises(ModelError, match="made by no node"):
        read(build([relu], inputs, ["z"]))


def test_source_names_the_node() -> None:
    node = helper.make_node("Relu", ["x"], ["y"], name="activation")
    assert 'source = "activation"' in str(read(build([node], {"x": (np.float32, [1])}, ["y"]))[0])


def test_symbolic_sizes_reach_the_outputs() -> None:
    nodes = [helper.make_node("Concat", ["x", "x", "w"], ["y"], axis=0)]
    module, _ = read(build(nodes, {"x": (np.float32, ["n", 3])}, ["y"], {"w": draw(1, 3)}))
    assert str(Dim.symbol("n") * 2 + 1) == "2*n + 1"
    assert 'dims = ["2*n + 1", _]' in str(module)
