"""Files as Python values; whatever is done to a file, it is read or refused, never a crash."""

import random
from pathlib import Path

import onnx
import pytest
from onnx import AttributeProto, TensorProto, helper

from sparsec.errors import CompilerBug, ModelError, SparsecError
from sparsec.frontend.onnx_file import Reference, UnreadAttribute, read_file
from sparsec.frontend.onnx_model import read_onnx
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES

VICTIMS = ("mpnet_dynamo_tf5_eager_op18", "bert_qop_s8_symmetric_80", "mlp_sparse_initializer", "bert_dyn_s8_tensor_80")


def test_path_bytes_and_proto_are_alike() -> None:
    path = FIXTURES / "mlp_ts_tf438_eager_op11.onnx"
    data = path.read_bytes()
    for source in (path, str(path), data, onnx.load_model_from_string(data)):
        model = read_file(source)
        assert model.opsets[""] == 11
        assert model.graph.inputs[0].shape is not None
        assert model.graph.inputs[0].dtype == "float32"


def test_attributes() -> None:
    node = helper.make_node(
        "Op", ["a", ""], ["b"], domain="ai.onnx", i=3, f=0.5, s="text", ii=[1, 2], ff=[0.5], ss=["a"]
    )
    node.attribute.append(AttributeProto(name="r", ref_attr_name="outer", type=AttributeProto.INT))
    node.attribute.append(AttributeProto(name="t", type=AttributeProto.TYPE_PROTO))
    graph = helper.make_graph([node], "g", [], [onnx.ValueInfoProto(name="b")])
    (read,) = read_file(helper.make_model(graph)).graph.nodes
    assert (read.domain, read.inputs, read.outputs, read.title) == ("", ("a", ""), ("b",), "Op that makes b")
    assert read.attributes["i"] == 3
    assert read.attributes["s"] == "text"
    assert read.attributes["ii"] == (1, 2)
    assert read.attributes["ff"] == (0.5,)
    assert read.attributes["ss"] == ("a",)
    assert read.attributes["r"] == Reference("outer")
    assert read.attributes["t"] == UnreadAttribute("TYPE_PROTO")


def test_two_initialisers_of_one_name() -> None:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    graph = helper.make_graph([], "g", [], [onnx.ValueInfoProto(name="w")], [tensor, tensor])
    with pytest.raises(ModelError, match="two initialisers are called `w`"):
        read_file(helper.make_model(graph))


@pytest.mark.parametrize("data", [b"", b"hello", b"<html></html>", b"\x08\x07", b"PK\x03\x04" + bytes(100)])
def test_no_model(data: bytes) -> None:
    with pytest.raises(ModelError, match="given data"):
        read_file(data)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read .*No such file"):
        read_file(tmp_path / "missing.onnx")
    with pytest.raises(ModelError, match="cannot read"):
        read_file(tmp_path)


def require_orderly(source: bytes) -> None:
    """Read a model; only errors that are meant for the user may come out."""
    try:
        read_onnx(source, WeightStore())
    except CompilerBug:
        raise
    except SparsecError:
        return


@pytest.mark.parametrize("victim", VICTIMS)
def test_damaged_bytes(victim: str) -> None:
    data = (FIXTURES / f"{victim}.onnx").read_bytes()
    rng = random.Random(victim)
    for _ in range(40):
        damaged = bytearray(data[: rng.choice([len(data), rng.randrange(len(data))])])
        for _ in range(rng.choice([1, 3, 30])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        require_orderly(bytes(damaged))


@pytest.mark.parametrize("victim", VICTIMS)
def test_damaged_graph(victim: str) -> None:
    """Edges moved, ops exchanged, inputs dropped or added, sizes and attributes replaced by nonsense."""
    data = (FIXTURES / f"{victim}.onnx").read_bytes()
    rng = random.Random(victim)
    for _ in range(60):
        model = onnx.load_model_from_string(data)
        for _ in range(rng.choice([1, 2, 4])):
            damage(model.graph, rng)
        require_orderly(model.SerializeToString())


def damage(graph: onnx.GraphProto, rng: random.Random) -> None:
    """One random change."""
    node = rng.choice(graph.node)
    number = rng.choice([-1, 0, 1, 2, 3, 100, 2**40, -(2**63), 2**63 - 1])
    names = [name for other in graph.node for name in other.output] + [value.name for value in graph.input]
    match rng.randrange(8):
        case 0 if node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(names)
        case 1:
            node.op_type = rng.choice(graph.node).op_type
        case 2 if node.input:
            del node.input[rng.randrange(len(node.input))]
        case 3:
            node.input.append(rng.choice([*names, ""]))
        case 4 if node.attribute:
            attribute = rng.choice(node.attribute)
            if attribute.type == AttributeProto.INT:
                attribute.i = number
            else:
                attribute.type = rng.choice([AttributeProto.INTS, AttributeProto.STRING, AttributeProto.TENSOR])
        case 5 if graph.initializer:
            rng.choice(graph.initializer).dims.append(rng.choice([0, 1, 2, -1, 2**40]))
        case 6 if graph.initializer:
            rng.choice(graph.initializer).data_type = rng.randrange(25)
        case _:
            value = rng.choice(graph.input).type.tensor_type
            value.shape.dim.add().dim_value = number
