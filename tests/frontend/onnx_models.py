"""Small ONNX models for tests, and what onnxruntime makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from xdsl.dialects.builtin import ModuleOp

from sparsec.frontend.onnx_model import read_onnx
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.fixtures.exact_products import exact_session

Array = np.ndarray
Shape = Sequence[int | str | None]


def build(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[Any, Shape]],
    outputs: Sequence[str],
    constants: Mapping[str, Array] | None = None,
    *,
    opset: int = 17,
    functions: Sequence[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    """A model from nodes; inputs are (dtype, shape), outputs are left untyped."""
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape))
        for name, (dtype, shape) in inputs.items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "test",
        infos,
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    opsets += [helper.make_opsetid("local", 1)] if functions else []
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=10)


def read(model: onnx.ModelProto | bytes, dims: Mapping[str, int | str] | None = None) -> tuple[ModuleOp, WeightStore]:
    """The verified module of a model and its weights."""
    weights = WeightStore()
    module = read_onnx(model, weights, dims=dims)
    module.verify()
    return module, weights


def meaning(
    model: onnx.ModelProto, feed: Mapping[str, Array], dims: Mapping[str, int | str] | None = None
) -> list[Array]:
    """What the module of a model computes, by the reference."""
    module, weights = read(model, dims)
    results = evaluate(module, feed, weights)
    return [results[value.name] for value in model.graph.output]


def expected(model: onnx.ModelProto, feed: Mapping[str, Array]) -> list[Array]:
    """What onnxruntime computes without its optimiser, exactly."""
    return exact_session(model).run(None, dict(feed))


def require_agreement(model: onnx.ModelProto, feed: Mapping[str, Array], tolerance: float = 1e-5) -> None:
    """The module computes what onnxruntime does: same shapes, dtypes and numbers."""
    for found, wanted in zip(meaning(model, feed), expected(model, feed), strict=True):
        assert found.dtype == wanted.dtype
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


@dataclass(frozen=True)
class Const:
    """An operand that is an initialiser."""

    array: Array


def ints(*values: int) -> Const:
    """A constant vector of int64."""
    return Const(np.asarray(values, np.int64))


Operand = Array | Const | None


@dataclass(frozen=True)
class Row:
    """One node to test. Arrays are inputs of the graph, `Const`s initialisers, None an absent optional input."""

    name: str
    op_type: str
    operands: Sequence[Operand]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    opset: int = 17
    outputs: int = 1
    domain: str = ""
    symbolic: bool = True
    """Whether the row also makes sense when sizes are not known; sizes that are equal then share a symbol."""

    def model(self, *, symbolic: bool) -> onnx.ModelProto:
        """The model of this node."""
        names = [f"x{place}" if operand is not None else "" for place, operand in enumerate(self.operands)]
        outputs = [f"y{place}" for place in range(self.outputs)]
        node = helper.make_node(self.op_type, names, outputs, name="node", domain=self.domain, **self.attributes)
        inputs: dict[str, tuple[Any, Shape]] = {}
        for name, operand in zip(names, self.operands, strict=True):
            if isinstance(operand, np.ndarray):
                sizes = [f"d{size}" if symbolic and size > 1 else size for size in operand.shape]
                inputs[name] = operand.dtype, sizes
        constants = {
            name: operand.array
            for name, operand in zip(names, self.operands, strict=True)
            if isinstance(operand, Const)
        }
        return build([node], inputs, outputs, constants, opset=self.opset)

    def feed(self) -> dict[str, Array]:
        """The inputs of the graph."""
        return {f"x{place}": operand for place, operand in enumerate(self.operands) if isinstance(operand, np.ndarray)}


def cases(rows: Sequence[Row]) -> list[tuple[Row, bool]]:
    """Each row with known sizes, and with symbolic ones where that makes sense."""
    names = [row.name for row in rows]
    assert len(set(names)) == len(names), "two rows have one name"
    return [(row, symbolic) for row in rows for symbolic in (False, True) if row.symbolic or not symbolic]


def case_name(value: object) -> str:
    """The name of a test case in pytest's output."""
    return value.name if isinstance(value, Row) else "symbolic" if value else "static"


def draw(*shape: int, seed: int = 0, dtype: Any = np.float32) -> Array:
    """Random numbers: normal floats, small integers, or booleans."""
    rng = np.random.default_rng([seed, *shape])
    match np.dtype(dtype).kind:
        case "f":
            return rng.standard_normal(shape).astype(dtype)
        case "b":
            return rng.random(shape) < 0.5
        case "u":
            return rng.integers(0, 256, shape).astype(dtype)
        case _:
            return rng.integers(-9, 10, shape).astype(dtype)


def f32(*values: float) -> Const:
    """A scale: one number is a scalar."""
    return Const(np.asarray(values[0] if len(values) == 1 else values, np.float32))


def u8(*values: int) -> Const:
    """A zero point of uint8: one number is a scalar."""
    return Const(np.asarray(values[0] if len(values) == 1 else values, np.uint8))


def s8(*values: int) -> Const:
    """A zero point of int8: one number is a scalar."""
    return Const(np.asarray(values[0] if len(values) == 1 else values, np.int8))


def require_one_step(model: onnx.ModelProto, feed: Mapping[str, Array]) -> None:
    """As `require_agreement` for requantised results: onnxruntime multiplies an accumulator by one scale where the file
    says to dequantise first, so now and then a rounding falls the other way.
    """
    (found,), (wanted,) = meaning(model, feed), expected(model, feed)
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    distance = np.abs(found.astype(int) - wanted.astype(int))
    assert distance.max() <= 1
    assert distance.mean() <= 0.1
