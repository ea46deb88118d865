"""Small graphs in the spellings of exporters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr, f32, i1, i64
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import tensor
from sparsec.dialects.nn_tokens import TokenIndex
from sparsec.dialects.tensor_op import sizes
from sparsec.dims import Dim
from sparsec.weights import WeightStore

BATCH, SEQUENCE = Dim.symbol("batch"), Dim.symbol("sequence")
SIZES = {"batch": 2, "sequence": 5}


def elementwise_graph(
    write: Callable[[Builder, SSAValue], SSAValue], channels: int = 8
) -> tuple[ModuleOp, WeightStore]:
    """`y = write(x)` for an f32 `x[batch, sequence, channels]`."""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, channels]))])
    return finish([("y", write(builder, values["x"]))]), weights


@dataclass(frozen=True)
class AttentionSpelling:
    """What exporters do differently about attention.

    Attributes:
        scale: "scores" divides them, "q" multiplies q, "both" multiplies q and k by the square root.
        key: "split" transposes heads and then turns k, "direct" does it in one, "batched" turns it as [b*h, s, d].
        mask: "add" of [b,1,1,s], "where" on a boolean [b,1,s,s], "bias" of [1,h,s,s], or "none".
        nan_guard: whether NaN rows become zero.
        quantised: quantize and dequantize around both products, "before" or "after" heads are split, or "none".
        flat: whether projections work on [b*s, hidden].
    """

    scale: str = "scores"
    key: str = "split"
    mask: str = "add"
    nan_guard: bool = False
    quantised: str = "none"
    flat: bool = False


HEADS, CHANNELS = 2, 4
HIDDEN = HEADS * CHANNELS


def attention_graph(spelling: AttentionSpelling) -> tuple[ModuleOp, WeightStore]:
    """`y = attention(q, k, v)`, its inputs `x[batch, sequence, hidden]` and `mask[batch, sequence]` of i64."""
    weights = WeightStore()
    inputs = [("x", tensor(f32, [BATCH, SEQUENCE, HIDDEN])), ("mask", tensor(i64, [BATCH, SEQUENCE]))]
    builder, values, finish = begin_module(weights, inputs)
    random = np.random.default_rng(3)
    q, k, v = (_projected(builder, values["x"], random, spelling) for _ in range(3))
    split = (BATCH, SEQUENCE, HEADS, CHANNELS)
    if spelling.quantised == "before":
        q, k, v = (_fake_quantised(builder, x) for x in (q, k, v))
    if spelling.scale == "q":
        q = builder.apply(ew.Mul, q, builder.constant(0.5))
    q, v = (builder.transpose(builder.reshape(x, split), [0, 2, 1, 3]) for x in (q, v))
    k = _turned_key(builder, builder.reshape(k, split), spelling.key)
    if spelling.scale == "both":
        q, k = (builder.apply(ew.Mul, x, builder.constant(0.7071)) for x in (q, k))
    if spelling.quantised == "after":
        q, k, v = (_fake_quantised(builder, x) for x in (q, k, v))
    scores = builder.matmul(q, k)
    if spelling.scale == "scores":
        scores = builder.apply(ew.Div, scores, builder.constant(2.0))
    scores = _masked(builder, scores, values["mask"], spelling.mask)
    probability = builder.softmax(scores, -1)
    if spelling.nan_guard:
        is_nan = builder.apply(ew.IsNaN, probability)
        probability = builder.apply(ew.Where, is_nan, builder.constant(0.0), probability)
    if spelling.quantised != "none":
        probability = _fake_quantised(builder, probability, 1 / 255, 0)
    mixed = builder.matmul(probability, v)
    if spelling.quantised == "after":
        mixed = _fake_quantised(builder, mixed)
    merged = builder.reshape(builder.transpose(mixed, [0, 2, 1, 3]), (BATCH, SEQUENCE, HIDDEN))
    return finish([("y", merged)]), weights


def _projected(builder: Builder, x: SSAValue, random: np.random.Generator, spelling: AttentionSpelling) -> SSAValue:
    weight = builder.constant(random.normal(size=(HIDDEN, HIDDEN)).astype(np.float32))
    bias = builder.constant(random.normal(size=HIDDEN).astype(np.float32))
    if spelling.flat:
        x = builder.reshape(x, (BATCH * SEQUENCE, HIDDEN))
    return builder.apply(ew.Add, builder.matmul(x, weight), bias)


def _fake_quantised(builder: Builder, x: SSAValue, scale: float = 0.05, zero: int = 120) -> SSAValue:
    parameters = builder.constant(scale), builder.constant(np.uint8(zero))
    return builder.dequantize(builder.quantize(x, *parameters), *parameters)


def _turned_key(builder: Builder, key: SSAValue, spelling: str) -> SSAValue:
    if spelling == "direct":
        return builder.transpose(key, [0, 2, 3, 1])
    key = builder.transpose(key, [0, 2, 1, 3])
    if spelling == "split":
        return builder.transpose(key, [0, 1, 3, 2])
    turned = builder.transpose(builder.reshape(key, (BATCH * HEADS, SEQUENCE, CHANNELS)), [0, 2, 1])
    return builder.reshape(turned, (BATCH, HEADS, CHANNELS, SEQUENCE))


def _masked(builder: Builder, scores: SSAValue, mask: SSAValue, spelling: str) -> SSAValue:
    wide = builder.reshape(mask, (BATCH, 1, 1, SEQUENCE))
    if spelling == "add":
        inverted = builder.apply(ew.Sub, builder.constant(1.0), builder.cast(wide, f32))
        lowest = builder.constant(float(np.finfo(np.float32).min))
        return builder.apply(ew.Add, scores, builder.apply(ew.Mul, inverted, lowest))
    if spelling == "where":
        kept = builder.broadcast(builder.cast(wide, i1), (BATCH, 1, SEQUENCE, SEQUENCE))
        lowest = builder.constant(np.float32(-np.inf))
        return builder.apply(ew.Add, scores, builder.apply(ew.Where, kept, builder.constant(0.0), lowest))
    if spelling == "bias":
        places = builder.iota(SEQUENCE)
        distance = builder.apply(ew.Sub, builder.reshape(places, (SEQUENCE, 1)), builder.reshape(places, (1, SEQUENCE)))
        table = builder.constant(np.random.default_rng(5).normal(size=(64, HEADS)).astype(np.float32))
        taken = builder.gather(table, builder.apply(ew.Abs, distance), 0)
        bias = builder.reshape(builder.transpose(taken, [2, 0, 1]), (1, HEADS, SEQUENCE, SEQUENCE))
        return builder.apply(ew.Add, scores, builder.broadcast(bias, sizes(scores)))
    return scores


def _inverse_root(builder: Builder, x: SSAValue, spelling: str) -> SSAValue:
    if spelling == "power":
        return builder.apply(ew.Pow, x, builder.constant(-0.5))
    root = builder.apply(ew.Sqrt, x)
    return (
        builder.apply(ew.Div, builder.constant(1.0), root)
        if spelling == "one_by"
        else builder.apply(ew.Reciprocal, root)
    )


def layer_norm_of(
    builder: Builder,
    x: SSAValue,
    *,
    square: str = "pow",
    divide: str = "div",
    scale_first: bool = False,
    affine: bool = True,
    centred: bool = True,
) -> SSAValue:
    """Layer normalisation of `x[..., channels]`, spelled out, or RMS norm if it is not `centred`.

    Args:
        square: "pow" or "mul".
        divide: "div" by the deviation, or multiplied by 1 / it: a "reciprocal", "one_by" it, or a "power" of -0.5.
    """

    def mean(value: SSAValue) -> SSAValue:
        return builder.reduce(rd.ReduceMean, value, [-1], keepdims=True)

    first, again = (builder.apply(ew.Sub, x, mean(x)) if centred else x for _ in range(2))
    squared = (
        builder.apply(ew.Pow, again, builder.constant(2.0)) if square == "pow" else builder.apply(ew.Mul, again, first)
    )
    variance = builder.apply(ew.Add, mean(squared), builder.constant(1e-5))
    if divide == "div":
        normal = builder.apply(ew.Div, first, builder.apply(ew.Sqrt, variance))
    else:
        normal = builder.apply(ew.Mul, first, _inverse_root(builder, variance, divide))
    if not affine:
        return normal
    channels = sizes(x)[-1]
    scale, bias = (builder.constant(np.random.default_rng(i).normal(size=channels).astype(np.float32)) for i in (0, 1))
    scaled = builder.apply(ew.Mul, *((scale, normal) if scale_first else (normal, scale)))
    return builder.apply(ew.Add, *((bias, scaled) if scale_first else (scaled, bias)))


def token_index(builder: Builder, needed: SSAValue, seen: SSAValue, name: str = "tokens") -> Sequence[SSAValue]:
    """Offsets, rows and places of `nn.token_index`."""
    return builder.create(TokenIndex, [needed, seen], {"tokens": StringAttr(name)}).results
