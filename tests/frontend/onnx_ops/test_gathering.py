"""Gather and its kin against onnxruntime; indices that count up become slices."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.nn_structure import GatherElements
from tests.frontend.onnx_models import Const, Row, build, case_name, cases, draw, ints, read, require_agreement

X = draw(2, 4, 5)
INDICES = np.asarray([[1, 0, 3], [-1, 2, 0]])
PLACES = np.asarray([[[0, 1], [1, 3]], [[1, -1], [0, 0]]])

ROWS = [
    Row("Gather", "Gather", [X, INDICES], {"axis": 1}),
    Row("Gather-rows", "Gather", [Const(draw(9, 4)), INDICES]),
    Row("Gather-int32", "Gather", [X, INDICES.astype(np.int32)], {"axis": -2}),
    Row("Gather-first", "Gather", [X, Const(np.asarray(0))], {"axis": 1}),
    Row("Gather-last", "Gather", [X, Const(np.asarray(-1))], {"axis": 1}),
    Row("Gather-run", "Gather", [X, ints(1, 2, 3)], {"axis": 1}),
    Row("Gather-last-run", "Gather", [X, ints(-2, -1)], {"axis": 1}),
    Row("Gather-wrapping-run", "Gather", [X, ints(-1, 0, 1)], {"axis": 1}),
    Row("Gather-repeated", "Gather", [X, ints(2, 2, 2)], {"axis": 1}),
    Row("Gather-scattered", "Gather", [X, ints(3, 0, 2)], {"axis": 1}),
    Row("GatherElements", "GatherElements", [draw(2, 4), INDICES], {"axis": 1}),
    Row("GatherElements-rows", "GatherElements", [draw(4, 3), INDICES], {"axis": 0}),
    *(
        Row(
            f"GatherElements-of-constant-{rows}x{columns}",
            "GatherElements",
            [Const(X[0]), Const(INDICES[:rows, :columns])],
        )
        for rows, columns in ((2, 3), (1, 3), (2, 1))
    ),
    Row("GatherElements-inside", "GatherElements", [X, draw(2, 3, 5, dtype=np.int64) % 4], {"axis": 1}),
    Row("GatherElements-int32", "GatherElements", [X, draw(2, 4, 7, dtype=np.int64).astype(np.int32) % 5], {"axis": 2}),
    Row("GatherElements-part", "GatherElements", [draw(3, 4), INDICES], {"axis": 1}, symbolic=False),
    Row("GatherND", "GatherND", [X, PLACES], symbolic=False),
    Row("GatherND-whole", "GatherND", [X, Const(PLACES)]),
    Row("GatherND-batched", "GatherND", [X, Const(np.asarray([[1], [3]]))], {"batch_dims": 1}, symbolic=False),
    Row("NonZero", "NonZero", [Const(np.asarray([[0, 3], [1, 0]]))]),
    Row("ScatterND", "ScatterND", [Const(draw(4, 3)), Const(np.asarray([[2], [0]])), Const(draw(2, 3))]),
]


@pytest.mark.parametrize(("row", "symbolic"), cases(ROWS), ids=case_name)
def test_row(row: Row, symbolic: bool) -> None:
    require_agreement(row.model(symbolic=symbolic), row.feed())


def test_a_size_is_picked_by_number() -> None:
    nodes = [helper.make_node("Shape", ["x"], ["sizes"]), helper.make_node("GatherND", ["sizes", "first"], ["y"])]
    model = build(nodes, {"x": (np.float32, ["batch", 3])}, ["y"], {"first": np.asarray([0])})
    require_agreement(model, {"x": draw(2, 3)})


def test_positions_are_a_slice_of_their_table() -> None:
    """`table[position_ids[:, :sequence]]` with constant ids 0, 1, 2, ... needs no indices."""
    nodes = [
        helper.make_node("Shape", ["ids"], ["size"], start=1, end=2),
        helper.make_node("Slice", ["positions", "zero", "size", "one"], ["used"]),
        helper.make_node("Gather", ["table", "used"], ["y"]),
    ]
    constants = {
        "positions": np.arange(9)[None],
        "zero": np.asarray([0]),
        "one": np.asarray([1]),
        "table": draw(9, 4),
    }
    model = build(nodes, {"ids": (np.int64, ["b", "s"])}, ["y"], constants)
    module, _ = read(model)
    assert "nn.slice" in str(module)
    assert "nn.gather" not in str(module)
    for length in (1, 7, 9):
        require_agreement(model, {"ids": np.zeros((2, length), np.int64)})


@pytest.mark.parametrize("indices", [(1, "n", 5), (5,), (1, "n", 1)])
def test_expanded_indices_are_not_repeated(indices: tuple[int | str, ...]) -> None:
    """DeBERTa's relative positions are the same for all sequences and heads."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Expand", ["i", "shape"], ["wide"]),
        helper.make_node("GatherElements", ["x", "wide"], ["y"], axis=2),
    ]
    model = build(nodes, {"x": (np.float32, ["b", "n", 5]), "i": (np.int64, list(indices))}, ["y"], {})
    (op,) = [op for op in read(model)[0].walk() if isinstance(op, GatherElements)]
    assert sizes_of(op.indices.type)[0] == 1
    shape = [4 if size == "n" else int(size) for size in indices]
    require_agreement(model, {"x": draw(3, 4, 5), "i": draw(*shape, dtype=np.int64) % 5})


def _index(name: str, size: str) -> list[onnx.NodeProto]:
    """Nodes that make `name` count up to `size`, under the shape `<name>_shape`."""
    return [
        helper.make_node("Squeeze", [size], [f"{name}_size"]),
        helper.make_node("Range", ["start", f"{name}_size", "step"], [f"{name}_range"]),
        helper.make_node("Reshape", [f"{name}_range", f"{name}_shape"], [name]),
    ]


COUNTING = {"start": np.asarray(0), "step": np.asarray(1)}


def test_gathering_everything_is_a_reshape() -> None:
    """What transformers 5 does to a padding mask: `mask[b, k]` for all b and k."""
    nodes = [
        helper.make_node("Shape", ["mask"], ["rows"], start=0, end=1),
        helper.make_node("Shape", ["mask"], ["columns"], start=1, end=2),
        *_index("b", "rows"),
        *_index("k", "columns"),
        helper.make_node("Max", ["b", "k"], ["both"]),
        helper.make_node("Shape", ["both"], ["shape"]),
        helper.make_node("Expand", ["b", "shape"], ["b_wide"]),
        helper.make_node("Expand", ["k", "shape"], ["k_wide"]),
        helper.make_node("Unsqueeze", ["b_wide", "last"], ["b_last"]),
        helper.make_node("Unsqueeze", ["k_wide", "last"], ["k_last"]),
        helper.make_node("Concat", ["b_last", "k_last"], ["indices"], axis=-1),
        helper.make_node("GatherND", ["mask", "indices"], ["y"]),
    ]
    shapes = {"b_shape": np.asarray([-1, 1, 1, 1]), "k_shape": np.asarray([1, 1, 1, -1]), "last": np.asarray([-1])}
    model = build(nodes, {"mask": (np.bool_, ["b", "s"])}, ["y"], COUNTING | shapes)
    module, _ = read(model)
    assert "nn.gather_nd" not in str(module)
    require_agreement(model, {"mask": draw(3, 7, dtype=np.bool_)})
    require_agreement(model, {"mask": draw(1, 1, dtype=np.bool_)})


def test_nonzero_of_ones_is_a_range() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["n"], end=1),
        helper.make_node("ConstantOfShape", ["n"], ["ones"], value=numpy_helper.from_array(np.asarray([1]))),
        helper.make_node("NonZero", ["ones"], ["found"]),
        helper.make_node("Squeeze", ["found", "0"], ["y"]),
    ]
    model = build(nodes, {"x": (np.float32, ["n", 3])}, ["y"], {"0": np.asarray([0])})
    assert "nn.iota" in str(read(model)[0])
    require_agreement(model, {"x": draw(7, 3)})


def test_transposed_gathering_is_not_taken_for_everything() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["rows"], start=0, end=1),
        helper.make_node("Shape", ["x"], ["columns"], start=1, end=2),
        *_index("i", "rows"),
        *_index("j", "columns"),
        helper.make_node("Add", ["i", "j"], ["both"]),
        helper.make_node("Shape", ["both"], ["shape"]),
        helper.make_node("Expand", ["i", "shape"], ["i_wide"]),
        helper.make_node("Expand", ["j", "shape"], ["j_wide"]),
        helper.make_node("Unsqueeze", ["i_wide", "last"], ["i_last"]),
        helper.make_node("Unsqueeze", ["j_wide", "last"], ["j_last"]),
        helper.make_node("Concat", ["i_last", "j_last"], ["indices"], axis=-1),
        helper.make_node("GatherND", ["x", "indices"], ["y"]),
    ]
    shapes = {"i_shape": np.asarray([1, -1]), "j_shape": np.asarray([-1, 1]), "last": np.asarray([-1])}
    model = build(nodes, {"x": (np.float32, ["n", "m"])}, ["y"], COUNTING | shapes)
    require_agreement(model, {"x": draw(3, 5)})
