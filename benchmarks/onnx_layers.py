"""Which tensors of an ONNX file are the results of its layers, and how to see them from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import onnx
from onnx import helper, numpy_helper

Array = np.ndarray

_PASSED_THROUGH = {"Where": 2, "Cast": 0, "Identity": 0, "Dropout": 0}
"""What may lie between a softmax and the product with the values, and which input it hands on."""


@dataclass(frozen=True)
class Layer:
    """A layer of a float file.

    Attributes:
        name: for people, from its bias or weight; attention has neither and is called after the linears before it.
        kind: `linear` (with its bias), `attention` (the product with the values) or `layer norm`.
        tensor: its result, a float32 tensor.
    """

    name: str
    kind: str
    tensor: str


class _Graph:
    def __init__(self, graph: onnx.GraphProto):
        self.producers = {output: node for node in graph.node for output in node.output}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)
        self.constants = {tensor.name for tensor in graph.initializer}
        self.constants |= {node.output[0] for node in graph.node if node.op_type == "Constant"}
        self.outputs = {value.name for value in graph.output}

    def is_op(self, name: str, *op_types: str) -> bool:
        node = self.producers.get(name)
        return node is not None and node.op_type in op_types

    def split_constant(self, node: onnx.NodeProto) -> tuple[str, str] | None:
        """The other operand and the constant one of a node with two, or None."""
        if len(node.input) != 2 or sum(name in self.constants for name in node.input) != 1:
            return None
        left, right = node.input
        return (right, left) if left in self.constants else (left, right)

    def linear(self, node: onnx.NodeProto) -> Layer | None:
        """`x @ weight` or `x @ weight + bias`."""
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] not in self.constants:
            return None
        named, tensor = (node.input[2] if len(node.input) == 3 else node.input[1]), node.output[0]
        followers = self.consumers.get(tensor, [])
        if len(followers) == 1 and followers[0].op_type == "Add" and tensor not in self.outputs:
            addition = self.split_constant(followers[0])
            if addition is not None:
                named, tensor = addition[1], followers[0].output[0]
        return Layer(_parameter(named), "linear", tensor)

    def layer_norm(self, node: onnx.NodeProto) -> Layer | None:
        """The op, or `Add(Mul(Div(...), weight), bias)`, the end of what older exporters write."""
        if node.op_type == "LayerNormalization":
            return Layer(_parameter(node.input[1]), "layer norm", node.output[0])
        addition = self.split_constant(node) if node.op_type == "Add" else None
        if addition is None or not self.is_op(addition[0], "Mul"):
            return None
        product = self.split_constant(self.producers[addition[0]])
        if product is None or not self.is_op(product[0], "Div"):
            return None
        return Layer(_parameter(addition[1]), "layer norm", node.output[0])

    def is_attention(self, node: onnx.NodeProto) -> bool:
        if node.op_type == "Attention":
            return True
        return node.op_type == "MatMul" and self._comes_from_softmax(node.input[0])

    def _comes_from_softmax(self, name: str) -> bool:
        while (node := self.producers.get(name)) is not None and node.op_type in _PASSED_THROUGH:
            name = node.input[_PASSED_THROUGH[node.op_type]]
        return node is not None and node.op_type == "Softmax"


def _parameter(name: str) -> str:
    """`encoder.query.bias` -> `encoder.query`."""
    return name.removesuffix(".bias").removesuffix(".weight")


def _common(names: Sequence[Sequence[str]]) -> int:
    """How many parts at the front all names share; the last part of each is never among them."""
    first = min(names, key=len, default=())
    shared = (all(name[place] == first[place] for name in names) for place in range(len(first) - 1))
    return len(list(takewhile(bool, shared)))


def layers_of(model: onnx.ModelProto) -> list[Layer]:
    """The layers of a float file, in its order; what their names have in common at the front is left out."""
    graph = _Graph(model.graph)
    found: list[Layer] = []
    for node in model.graph.node:
        layer = graph.linear(node) or graph.layer_norm(node)
        if layer is None and graph.is_attention(node):
            linears = [each.name for each in found if each.kind == "linear"]
            layer = Layer(linears[-1].rpartition(".")[0] if linears else "", "attention", node.output[0])
        if layer is not None:
            found.append(layer)
    cut = _common([layer.name.split(".") for layer in found])
    return [Layer(".".join(layer.name.split(".")[cut:]), layer.kind, layer.tensor) for layer in found]


def with_outputs(model: onnx.ModelProto, tensors: Iterable[str]) -> onnx.ModelProto:
    """A copy that also gives these float32 tensors, behind the outputs that it has."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    known = {value.name for value in model.graph.output}
    for name in dict.fromkeys(tensors):
        if name not in known:
            result.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return result


def computed_in(model: onnx.ModelProto) -> set[str]:
    """The names of all tensors that nodes of the file compute."""
    return {name for node in model.graph.node for name in node.output}


def foreign_weights(quantised: onnx.ModelProto, model: onnx.ModelProto) -> Iterator[tuple[str, float]]:
    """Weights of a float file that are not those of the quantised file, as onnxruntime's quantiser names them.

    Yields:
        the name, and the largest difference in quanta, which is at most 1 where they are the same.
    """
    stored = {tensor.name: tensor for tensor in quantised.graph.initializer}
    for tensor in model.graph.initializer:
        parts = [stored.get(f"{tensor.name}_{part}") for part in ("quantized", "scale", "zero_point")]
        if any(part is None or part.data_type == onnx.TensorProto.INT32 for part in parts):
            continue  # not quantised, or a bias
        quanta = _quanta(numpy_helper.to_array(tensor), *(numpy_helper.to_array(part) for part in parts if part))
        if quanta > 1:
            yield tensor.name, quanta


def _quanta(weight: Array, values: Array, scale: Array, zero: Array) -> float:
    """The largest difference between a weight and its quantised values, whichever axis the scales belong to."""
    if values.shape != weight.shape:
        return float("inf")
    exact = values.astype(np.float64)
    found = [float("inf")]
    for axis in range(weight.ndim) if scale.size > 1 else [0]:
        if scale.size in (1, weight.shape[axis]):
            shape = [scale.size if each == axis else 1 for each in range(weight.ndim)]
            steps = weight / scale.reshape(shape) - (exact - zero.reshape(shape))
            found.append(float(np.abs(steps).max(initial=0.0)))
    return min(found)
