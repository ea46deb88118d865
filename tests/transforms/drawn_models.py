"""Small models drawn by hypothesis: the graphs that frontends make of quantised Transformers and MLPs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, f32, i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor
from sparsec.dims import Size
from sparsec.weights import WeightStore
from tests.fixtures.prune import prune_blocks
from tests.transforms.graphs import BATCH, SEQUENCE

BYTES = {"u8": np.uint8, "s8": np.int8}
ACTIVATIONS = {"gelu": ew.Gelu, "relu": ew.Relu, "tanh": ew.Tanh, "none": None}


@dataclass(frozen=True)
class LinearKind:
    """How a quantised linear is spelled.

    Attributes:
        spelling: "qdq", "dynamic" (DynamicQuantizeLinear + MatMulInteger), "integer" (MatMulInteger of a static
            quantisation), "weights" (only the weight is quantised) or "float".
        activation, weight: "u8" or "s8".
        per_channel: whether weights have a scale per output channel.
        bias: "none", "f32" or "i32" (with the scale of the accumulator).
        requantise: whether the sum is quantised and dequantised at once.
        blocks, sparsity: how the weight is pruned.
    """

    spelling: str
    activation: str
    weight: str
    per_channel: bool
    bias: str
    requantise: bool
    blocks: tuple[int, int]
    sparsity: float


linear_kinds = st.builds(
    LinearKind,
    st.sampled_from(["qdq", "qdq", "qdq", "dynamic", "integer", "weights", "float"]),
    st.sampled_from(["u8", "s8"]),
    st.sampled_from(["u8", "s8"]),
    st.booleans(),
    st.sampled_from(["none", "f32", "i32"]),
    st.booleans(),
    st.sampled_from([(4, 1), (1, 4), (4, 4), (1, 1)]),
    st.sampled_from([0.0, 0.5, 0.9]),
)


def fake_quantised(b: Builder, x: SSAValue, kind: str, scale: float, zero: int) -> SSAValue:
    """`dequantize(quantize(x))`; the zero point is given as for bytes without sign."""
    low = np.iinfo(BYTES[kind]).min
    parameters = b.constant(np.float32(scale)), b.constant(np.asarray(zero + low, BYTES[kind]))
    return b.dequantize(b.quantize(x, *parameters), *parameters)


def drawn_linear(b: Builder, x: SSAValue, out: int, kind: LinearKind, random: np.random.Generator) -> SSAValue:
    """A linear of x[..., in] with `out` channels, about as large as x, and its bias."""
    inputs = x.type.get_shape()[-1]  # pyright: ignore
    real = prune_blocks(random.normal(size=(out, inputs)).astype(np.float32), kind.blocks, kind.sparsity)
    scale = (np.abs(real).max(axis=1) if kind.per_channel else np.abs(real).max(keepdims=True)[0]) / 127 + 1e-3
    scale = scale.astype(np.float32)
    quantised = np.clip(np.rint(real / scale[:, None]), -127, 127).astype(np.int16)
    zeros = np.zeros_like(scale, np.int8)
    if kind.weight == "u8":
        shift = random.integers(100, 156) if not kind.per_channel else 128
        quantised, zeros = np.clip(quantised + shift, 0, 255), np.full_like(scale, shift, np.uint8)
    weight = b.constant(quantised.astype(BYTES[kind.weight]))
    step = np.float32(0.05)
    match kind.spelling:
        case "float":
            y = b.linear(x, b.constant(real))
        case "weights":
            y = b.linear(x, b.dequantize(weight, b.constant(scale), b.constant(zeros), 0))
        case "qdq":
            x = fake_quantised(b, x, kind.activation, float(step), int(random.integers(100, 150)))
            y = b.linear(x, b.dequantize(weight, b.constant(scale), b.constant(zeros), 0))
        case _:
            y = _integer_linear(b, x, quantised - zeros[:, None].astype(np.int16), scale, kind)
    return _ending(b, y, scale * step, kind, random)


def _integer_linear(b: Builder, x: SSAValue, centred: np.ndarray, scale: np.ndarray, kind: LinearKind) -> SSAValue:
    """`cast(linear(cast(q) - z, w)) * (s * t)`."""
    if kind.spelling == "dynamic":
        q, step, zero = b.dynamic_quantize(x)
    else:
        step, zero = b.constant(np.float32(0.05)), b.constant(np.asarray(5, BYTES[kind.activation]))
        q = b.quantize(x, step, zero)
    integers = b.apply(ew.Sub, b.cast(q, i32), b.cast(zero, i32))
    product = b.linear(integers, b.constant(centred.astype(np.int32)))
    return b.apply(ew.Mul, b.cast(product, f32), b.apply(ew.Mul, step, b.constant(scale)))


def _ending(b: Builder, y: SSAValue, step: np.ndarray, kind: LinearKind, random: np.random.Generator) -> SSAValue:
    out = y.type.get_shape()[-1]  # pyright: ignore
    if kind.bias == "f32":
        y = b.apply(ew.Add, y, b.constant(random.normal(size=out).astype(np.float32)))
    elif kind.bias == "i32":
        bias = b.constant(random.integers(-500, 500, out).astype(np.int32))
        axis = 0 if step.size > 1 else None
        y = b.apply(ew.Add, b.dequantize(bias, b.constant(step), b.constant(np.zeros_like(step, np.int32)), axis), y)
    return fake_quantised(b, y, kind.activation, 0.04, 120) if kind.requantise else y


@st.composite
def models(draw: st.DrawFn) -> tuple[ModuleOp, WeightStore]:
    """A few layers on `x[batch, sequence, 8]`: linear, activation, residual, layer norm, reshapes, several outputs."""
    weights = WeightStore()
    random = np.random.default_rng(draw(st.integers(0, 99)))
    b, inputs, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, 8]))])
    x, outputs = inputs["x"], []
    for _ in range(draw(st.integers(1, 3))):
        flat = draw(st.booleans())
        y = b.reshape(x, (BATCH * SEQUENCE, 8)) if flat else x
        wide = draw(st.sampled_from([8, 12]))
        y = _layer(b, y, wide, draw(linear_kinds), draw(st.sampled_from(sorted(ACTIVATIONS))), random)
        if wide != 8 or draw(st.booleans()):
            y = _layer(b, y, 8, draw(linear_kinds), "none", random)
        shape: tuple[Size, ...] = (BATCH, SEQUENCE, 8)
        y = b.reshape(y, shape)
        x = b.apply(ew.Add, *((x, y) if draw(st.booleans()) else (y, x))) if draw(st.booleans()) else y
        if draw(st.booleans()):
            parameters = (b.constant(random.normal(size=8).astype(np.float32)) for _ in range(2))
            x = b.layer_norm(x, *parameters, 1e-5)
        if draw(st.booleans()):
            outputs.append(x)
    return finish([(f"y{index}", value) for index, value in enumerate([*outputs, x])]), weights


def _layer(
    b: Builder, x: SSAValue, out: int, kind: LinearKind, activation: str, random: np.random.Generator
) -> SSAValue:
    y = drawn_linear(b, x, out, kind, random)
    op = ACTIVATIONS[activation]
    return b.apply(op, y) if op is not None else y
