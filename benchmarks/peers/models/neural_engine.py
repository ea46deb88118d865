"""Intel's neural engine (arXiv 2306.16601). The model is an ONNX file: `qdqn` on the classic graph of a BERT.

Its compiler takes Q/DQ around MatMul only, so that heads are made fp32 again, and needs one repair: where an op gets
the range of its output from a later quantisation, that is written over the range of its weight. Ops whose 4x1 blocks
are zero often enough are given to the sparse kernels, which want features first; the rest goes to oneDNN. It has no
mean over the tokens that are not padding, the head of sentence encoders: that one is numpy's here, and timed as well.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

COMPILER = "intel_extension_for_transformers.backends.neural_engine.compile"
SPARSE = 0.7
"""From this share of zero blocks on, sparse kernels are the faster ones."""

INPUTS = ("input_ids", "token_type_ids", "attention_mask")
"""In the engine's order."""


def open_model(path: str, threads: int, feed: dict[str, Any]) -> tuple[str, Callable[[], list[Any]]]:
    """See `sparsec/engines/adapters/__init__.py`."""
    importlib.import_module("neural_engine_py")
    package = importlib.import_module("intel_extension_for_transformers")
    compiler = importlib.import_module(COMPILER)
    repair(importlib.import_module(f"{COMPILER}.graph").Graph)
    with tempfile.TemporaryDirectory() as folder:
        copy = str(Path(folder) / "model.onnx")
        mean = write_for_engine(path, copy)
        graph = compiler.compile(copy)
    sparse = sparse_ops(graph)
    if sparse:
        graph.transpose_mode_int8(sparse)
    arrays = [np.ascontiguousarray(feed[name], np.int32) for name in INPUTS if name in feed]
    what = f"neural engine {package.__version__}, {len(sparse)} sparse products"

    def call() -> list[Any]:
        values = [np.asarray(value) for value in graph.inference(arrays).values()]
        return [mean_of_tokens(values[0], feed["attention_mask"])] if mean else values

    return what, call


def mean_of_tokens(tokens: Any, mask: Any) -> Any:
    """The mean over a sequence's tokens that are not padding, at length 1: `[batch, hidden]`."""
    share = mask.astype(np.float32)
    mean = share[:, None] @ tokens.reshape(*mask.shape, -1) / share.sum(1)[:, None, None]
    return mean[:, 0] / np.linalg.norm(mean[:, 0], axis=1, keepdims=True)


def repair(graph_class: Any) -> None:
    """Where the last two inputs of an op are replaced, by the range of its output, they are added instead."""
    change = graph_class.change_node_input_tensors

    def changed(self: Any, name: str, index: int, tensor: Any = None, mode: str = "modify") -> None:
        if mode == "modify" and index < 0:
            index, mode = len(self.get_node_by_name(name).input_tensors), "insert"
        change(self, name, index, tensor, mode)

    graph_class.change_node_input_tensors = changed


def write_for_engine(path: str, copy: str) -> bool:
    """Write the model with Gemms in fp32: inputs not quantised, weights dequantised. Whether a mean was cut off."""
    onnx = importlib.import_module("onnx")
    model = onnx.load(path)
    graph = model.graph
    producers = {output: node for node in graph.node for output in node.output}
    constants = {tensor.name: tensor for tensor in graph.initializer}

    def to_float(name: str) -> str:
        dequantise = producers.get(name)
        if dequantise is None or dequantise.op_type != "DequantizeLinear":
            return name
        quantised = dequantise.input[0]
        if quantised not in constants:
            return producers[quantised].input[0]
        value, scale, zero = (onnx.numpy_helper.to_array(constants[each]) for each in dequantise.input)
        axis = next((attribute.i for attribute in dequantise.attribute if attribute.name == "axis"), 1)
        shape = [1] * value.ndim
        if scale.size > 1:
            shape[axis] = -1
            scale, zero = scale.reshape(shape), zero.reshape(shape)
        real = (value.astype(np.float32) - zero.astype(np.float32)) * scale
        graph.initializer.append(onnx.numpy_helper.from_array(real.astype(np.float32), f"{name}_float"))
        return f"{name}_float"

    for node in graph.node:
        if node.op_type == "Gemm":
            node.input[:] = [to_float(name) for name in node.input]
    tokens = tokens_before_mean(graph)
    if tokens:
        shape = ["batch", "sequence", "hidden"]
        del graph.output[:]
        graph.output.append(onnx.helper.make_tensor_value_info(tokens, onnx.TensorProto.FLOAT, shape))
    remove_dead(graph)
    onnx.save(model, copy)
    return bool(tokens)


def tokens_before_mean(graph: Any) -> str | None:
    """What is multiplied with the expanded mask before it is summed up, if anything is."""
    expanded = {node.output[0] for node in graph.node if node.op_type == "Expand"}
    masks = {node.output[0] for node in graph.node if node.op_type == "Cast" and node.input[0] in expanded}
    for node in graph.node:
        if node.op_type == "Mul" and masks & set(node.input):
            return next(name for name in node.input if name not in masks)
    return None


def remove_dead(graph: Any) -> None:
    """Drop nodes and constants that nothing needs any more."""
    live, kept = {value.name for value in graph.output}, []
    for node in reversed(graph.node):
        if live & set(node.output):
            live |= set(node.input)
            kept.append(node)
    constants = [tensor for tensor in graph.initializer if tensor.name in live]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept[::-1])
    graph.initializer.extend(constants)


def sparse_ops(graph: Any) -> list[str]:
    """What `graph.get_sparse_nodes_name()` says, in milliseconds instead of minutes: the int8 products to transpose."""
    names = []
    for node in graph.nodes:
        if node.op_type != "InnerProduct" or node.attr.get("append_op") == "tanh":
            continue
        weight = node.input_tensors[1].data
        if not isinstance(weight, np.ndarray) or weight.dtype not in (np.int8, np.uint8) or weight.shape[1] % 4:
            continue
        blocks = weight.reshape(weight.shape[0], -1, 4).any(axis=2)
        if 1 - blocks.mean() >= SPARSE:
            names.append(node.name)
    return names
