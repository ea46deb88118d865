"""Softmax, LogSoftmax, LayerNormalization, LpNormalization and their kin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dims import product
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.activations import number, require_float
from sparsec.frontend.onnx_ops.elementwise import apply
from sparsec.frontend.onnx_ops.shapes import reshaped
from sparsec.frontend.onnx_values import Value, shape_of


def _softmax(call: Call) -> Value:
    require_float(call)
    shape = call.shape(0)
    if call.opset >= 13:
        return call.build.softmax(call.data(0), call.axis(call.integer("axis", -1), len(shape)))
    axis = call.axis(call.integer("axis", 1), len(shape))
    if all(size == 1 for size in shape[axis + 1 :]):
        return call.build.softmax(call.data(0), axis)
    # Before opset 13 everything from the axis on is one distribution.
    flat = call.build.reshape(call.data(0), [product(shape[:axis]), product(shape[axis:])])
    return call.build.reshape(call.build.softmax(flat, 1), shape)


def _log_softmax(call: Call) -> Value:
    """`d - log(sum(exp(d)))` with `d = x - max(x)`."""
    require_float(call)
    build, shape = call.build, call.shape(0)
    axis = call.axis(call.integer("axis", -1 if call.opset >= 13 else 1), len(shape))
    flattened = call.opset < 13 and any(size != 1 for size in shape[axis + 1 :])
    x = call.data(0)
    if flattened:
        x, axis = build.reshape(x, [product(shape[:axis]), product(shape[axis:])]), 1
    shifted = build.apply(ew.Sub, x, build.reduce(rd.ReduceMax, x, [axis], keepdims=True))
    total = build.reduce(rd.ReduceSum, build.apply(ew.Exp, shifted), [axis], keepdims=True)
    return build.reshape(build.apply(ew.Sub, shifted, build.apply(ew.Log, total)), shape)


def _layer_normalisation(call: Call) -> Sequence[Value]:
    """Axes before the last are folded into it: the same numbers are averaged."""
    require_float(call)
    call.integer("stash_type", 1)
    build, shape, epsilon = call.build, call.shape(0), call.number("epsilon", 1e-5)
    axis = call.axis(call.integer("axis", -1), len(shape))
    normalised = shape[axis:]
    channels = product(normalised)
    for index in (1, 2):
        if call.has(index):
            call.emitter.broadcast_shape(normalised, call.shape(index))
    parameters = [call.data(index) for index in (1, 2) if call.has(index)]
    if not call.has(2):
        if not isinstance(channels, int):
            raise Unsupported(f"it has no bias and {channels} channels; their number must not be dynamic")
        parameters.append(build.constant(np.zeros(channels, np.float32)))
    flat: list[Value] = []
    for parameter in parameters:
        if shape_of(parameter) != (channels,):
            parameter = build.reshape(build.broadcast(parameter, normalised), [channels])
        flat.append(parameter)
    scale, bias = (call.emitter.materialise(value) for value in flat)
    x = build.reshape(call.data(0), [*shape[:axis], channels])
    return [build.reshape(build.layer_norm(x, scale, bias, epsilon), shape)]


def _batch_normalisation(call: Call) -> Value:
    """Inference: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, channels on axis 1."""
    require_float(call)
    if call.flag("training_mode"):
        raise Unsupported("it computes statistics (training mode); export the model for inference")
    call.number("momentum", 0.9)
    ones = [1] * (len(call.shape(0)) - 2)
    scale, bias, mean, variance = (
        reshaped(call, call.value(index), [*call.shape(index), *ones]) for index in (1, 2, 3, 4)
    )
    deviation = apply(call, ew.Sqrt, apply(call, ew.Add, variance, number(call, call.number("epsilon", 1e-5))))
    normal = apply(call, ew.Div, apply(call, ew.Sub, call.value(0), mean), deviation)
    return apply(call, ew.Add, apply(call, ew.Mul, normal, scale), bias)


def _rms_normalisation(call: Call) -> Value:
    """`x * (1 / sqrt(mean(x^2) + epsilon)) * scale`"""
    require_float(call)
    call.integer("stash_type", 1)
    build: Builder = call.build
    shape = call.shape(0)
    axis, x = call.axis(call.integer("axis", -1), len(shape)), call.data(0)
    mean = build.reduce(rd.ReduceMean, build.apply(ew.Mul, x, x), list(range(axis, len(shape))), keepdims=True)
    root = build.apply(ew.Sqrt, build.apply(ew.Add, mean, build.constant(call.number("epsilon", 1e-5))))
    normal = build.apply(ew.Mul, x, build.apply(ew.Reciprocal, root))
    return apply(call, ew.Mul, normal, call.value(1))


def _lp_normalisation(call: Call) -> Value:
    """`x / norm(x)`, and 0 where the norm is 0."""
    require_float(call)
    build, x = call.build, call.data(0)
    axis, order = call.axis(call.integer("axis", -1), len(call.shape(0))), call.integer("p", 2)
    if order not in (1, 2):
        raise Unsupported(f"p = {order} is not supported; only 1 and 2 are")
    powers = build.apply(ew.Abs, x) if order == 1 else build.apply(ew.Mul, x, x)
    norm = build.reduce(rd.ReduceSum, powers, [axis], keepdims=True)
    norm = norm if order == 1 else build.apply(ew.Sqrt, norm)
    zero = call.emitter.materialise(number(call, 0))
    return build.apply(ew.Where, build.apply(ew.Equal, norm, zero), zero, build.apply(ew.Div, x, norm))


NORMALISATION: dict[str, Translate] = {
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "LayerNormalization": _layer_normalisation,
    "BatchNormalization": _batch_normalisation,
    "RMSNormalization": _rms_normalisation,
    "SimplifiedLayerNormalization": _rms_normalisation,  # onnxruntime's optimiser puts it into ONNX's own domain
    "LpNormalization": _lp_normalisation,
}
