"""An ONNX file as plain Python values: nothing above this layer sees protobuf messages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError
from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto

from sparsec.errors import ModelError
from sparsec.frontend.onnx_tensor import (
    UnreadTensor,
    dtype_of,
    read_sparse_tensor,
    read_tensor,
    require_text,
    type_name,
)
from sparsec.weights import Array

MAX_FILE_BYTES = (1 << 31) - 1
"""Protobuf messages end at 2 GiB; larger models keep their weights in external files."""


@dataclass(frozen=True)
class Reference:
    """An attribute of a node in a function that takes the value of the function's own attribute `name`."""

    name: str


@dataclass(frozen=True)
class UnreadAttribute:
    """An attribute of a kind that no supported op has."""

    kind: str


@dataclass(frozen=True)
class Node:
    """One node. Absent optional inputs and outputs are empty strings."""

    name: str
    op_type: str
    domain: str
    overload: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]

    @property
    def title(self) -> str:
        """The node's name, or a description when it has none."""
        return self.name or f"{self.op_type} that makes {', '.join(filter(None, self.outputs)) or 'nothing'}"


@dataclass(frozen=True)
class Input:
    """A graph input. `dtype` is None when it is no tensor or of an unread type; a size is None when it has no name."""

    name: str
    dtype: np.dtype[np.generic] | None
    type_name: str
    shape: tuple[int | str | None, ...] | None


@dataclass(frozen=True)
class Graph:
    """A graph or the branch of an `If`."""

    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    initialisers: Mapping[str, Array | UnreadTensor]
    nodes: tuple[Node, ...]


AttributeValue = (
    int
    | float
    | str
    | tuple[int, ...]
    | tuple[float, ...]
    | tuple[str, ...]
    | Array
    | UnreadTensor
    | Graph
    | Reference
    | UnreadAttribute
)


@dataclass(frozen=True)
class Function:
    """A model-local function; its body sees its inputs and attributes only."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    defaults: Mapping[str, AttributeValue]
    nodes: tuple[Node, ...]
    opsets: Mapping[str, int]


@dataclass(frozen=True)
class Model:
    """A whole file. Functions go by (domain, name, overload), opset versions by domain ("" is ONNX's own)."""

    graph: Graph
    opsets: Mapping[str, int]
    functions: Mapping[tuple[str, str, str], Function]


def read_content(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ModelError: it cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(f"`{path}` is larger than 2 GiB: no ONNX file can be, keep its weights as external data")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read `{path}`: {error.strerror or error}") from error


def read_file(source: str | os.PathLike[str] | bytes | ModelProto, path: Path | None = None) -> Model:
    """Read a model from a path, the bytes of a file, or an `onnx.ModelProto`.

    Args:
        path: where given bytes come from, if from a file.

    Raises:
        ModelError: the file cannot be read, is truncated or is no ONNX model.
    """
    if isinstance(source, ModelProto):
        return _model(source, None)
    if not isinstance(source, bytes):
        if not isinstance(source, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance] - users
            kinds = "a path, the bytes of an ONNX file or an onnx.ModelProto"
            raise ModelError(f"a model is {kinds}, and this is of type {type(source).__name__}")
        path = Path(source)
        source = read_content(path)
    if path is None:
        return _model(_parse(source, "the given data"), None)
    return _model(_parse(source, f"`{path.name}`"), path.parent)


def _parse(data: bytes, what: str) -> ModelProto:
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelError(
            f"{what} ({len(data)} bytes) is no ONNX model, or it is truncated or damaged: "
            "check that the download or export was complete"
        ) from error
    if not model.HasField("graph"):
        raise ModelError(f"{what} ({len(data)} bytes) holds no graph: it is no ONNX model, or it is truncated")
    return model


def _model(model: ModelProto, directory: Path | None) -> Model:
    functions = {
        (_domain(f.domain), require_text(f.name), require_text(f.overload)): _function(f, directory)
        for f in model.functions
    }
    return Model(_graph(model.graph, directory), _opsets(model.opset_import), functions)


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else require_text(domain)


def _opsets(imports: Iterable[OperatorSetIdProto]) -> dict[str, int]:
    return {_domain(opset.domain): opset.version for opset in imports}


def _graph(graph: GraphProto, directory: Path | None) -> Graph:
    initialisers: dict[str, Array | UnreadTensor] = {}
    named = [(require_text(tensor.name), tensor) for tensor in graph.initializer]
    sparse = [(require_text(tensor.values.name), tensor) for tensor in graph.sparse_initializer]
    for name, tensor in named:
        _put_once(initialisers, name, read_tensor(tensor, directory))
    for name, tensor in sparse:
        _put_once(initialisers, name, read_sparse_tensor(tensor, directory))
    return Graph(
        tuple(_input(value) for value in graph.input),
        tuple(require_text(value.name) for value in graph.output),
        initialisers,
        tuple(_node(node, directory) for node in graph.node),
    )


def _put_once(initialisers: dict[str, Array | UnreadTensor], name: str, array: Array | UnreadTensor) -> None:
    if name in initialisers:
        raise ModelError(f"two initialisers are called `{name}`: the file is damaged")
    initialisers[name] = array


def _input(value: ValueInfoProto) -> Input:
    name, kind = require_text(value.name), value.type.WhichOneof("value")
    if kind != "tensor_type":
        return Input(name, None, (kind or "unknown type").replace("_type", ""), None)
    tensor = value.type.tensor_type
    shape = None
    if tensor.HasField("shape"):
        shape = tuple(
            dim.dim_value if dim.HasField("dim_value") else (require_text(dim.dim_param) or None)
            for dim in tensor.shape.dim
        )
    return Input(name, dtype_of(tensor.elem_type), type_name(tensor.elem_type), shape)


def _node(node: NodeProto, directory: Path | None) -> Node:
    return Node(
        require_text(node.name),
        require_text(node.op_type),
        _domain(node.domain),
        require_text(node.overload),
        tuple(map(require_text, node.input)),
        tuple(map(require_text, node.output)),
        _attributes(node.attribute, node.name, directory),
    )


def _function(function: FunctionProto, directory: Path | None) -> Function:
    return Function(
        tuple(map(require_text, function.input)),
        tuple(map(require_text, function.output)),
        _attributes(function.attribute_proto, function.name, directory),
        tuple(_node(node, directory) for node in function.node),
        _opsets(function.opset_import),
    )


def _attributes(attributes: Iterable[AttributeProto], owner: str, directory: Path | None) -> dict[str, AttributeValue]:
    return {require_text(attribute.name): _attribute(attribute, owner, directory) for attribute in attributes}


def _attribute(attribute: AttributeProto, owner: str, directory: Path | None) -> AttributeValue:
    if attribute.ref_attr_name:
        return Reference(require_text(attribute.ref_attr_name))
    match attribute.type:
        case AttributeProto.INT:
            return attribute.i
        case AttributeProto.FLOAT:
            return attribute.f
        case AttributeProto.STRING:
            return _text(attribute.s)
        case AttributeProto.INTS:
            return tuple(attribute.ints)
        case AttributeProto.FLOATS:
            return tuple(attribute.floats)
        case AttributeProto.STRINGS:
            return _texts(attribute.strings)
        case AttributeProto.TENSOR:
            return read_tensor(attribute.t, directory)
        case AttributeProto.SPARSE_TENSOR:
            return read_sparse_tensor(attribute.sparse_tensor, directory)
        case AttributeProto.GRAPH:
            return _graph(attribute.g, directory)
        case AttributeProto.UNDEFINED:
            raise ModelError(f"attribute `{attribute.name}` of `{owner}` has no type: the file is damaged")
        case other:
            return UnreadAttribute(AttributeProto.AttributeType.Name(other))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _texts(items: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(map(_text, items))
