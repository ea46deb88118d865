"""Attention whose operands are dequantised bytes multiplies the bytes; scales and zero points go into its bodies."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import IntegerAttr, f32, i32, i64
from xdsl.ir import Region, SSAValue
from xdsl.rewriter import InsertPoint

from sparsec.builder import Builder, constant_value
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import yielded
from sparsec.dialects.encoding import element_of, i8, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.transforms.bodies import absorb, replace, wrap
from sparsec.transforms.quantised_values import Quantised, combined, dequantised, parameters_of
from sparsec.transforms.straight_line import only_user
from sparsec.weights import WeightStore


def legalise_attention(attention: Attention, weights: WeightStore) -> None:
    """`attention(dequantize(q), dequantize(k), dequantize(v))` -> attention of bytes.

    ::

        score(acc)  -> score(cast(acc) * (s_q * s_k))
        weight(p)   -> quantize(p, s_w, z_w)              when it was dequantize(quantize(p, s_w, z_w))
        output(acc) -> output(cast(acc) * (s_w * s_v))

    The first product is done in bytes when q and k are quantised, the second one when v and the weights are. A
    quantisation of the result moves into the output body, and its scale into the multiplier.
    """
    q, k, v = (_bytes(operand, weights) for operand in (attention.q, attention.k, attention.v))
    if q is not None and k is not None and (scale := combined(q.step, k.step)) is not None:
        attention.operands[0], attention.operands[1] = q.value, k.value
        _set_zero(attention, "q", int(q.zero))
        _set_zero(attention, "k", int(k.zero))
        _scale_accumulator(attention.score, np.float32(scale), weights)
    weight = _bytes(yielded(attention.weight)[0], weights)
    if v is None or weight is None or (scale := combined(weight.step, v.step)) is None:
        return
    attention.operands[2] = v.value
    end = attention.weight.block.last_op
    assert end is not None
    end.operands[0] = weight.value
    _set_zero(attention, "w", int(weight.zero))
    _set_zero(attention, "v", int(v.zero))
    follower = only_user(attention.result)
    if isinstance(follower, ew.Quantize) and (known := parameters_of(follower, weights)) and known[2] is None:
        fused = absorb(attention, wrap(follower, weights))
        assert isinstance(fused, Attention)
        attention = fused
    _scale_accumulator(attention.output, np.float32(scale), weights)


def _bytes(value: SSAValue, weights: WeightStore) -> Quantised | None:
    found = dequantised(value, weights)
    return found if found is not None and found.axis is None and element_of(found.value.type) in (ui8, i8) else None


def _set_zero(attention: Attention, which: str, zero: int) -> None:
    if zero:
        attention.properties[f"{which}_zero"] = IntegerAttr(zero, i64)


def _scale_accumulator(body: Region, scale: np.float32, weights: WeightStore) -> None:
    """`(acc : f32) { f(acc) }` -> `(acc : i32) { f(cast(acc) * scale) }`; a quantize that comes first is folded in."""
    block = body.block
    old = block.args[0]
    accumulator = block.insert_arg(i32, 0)
    assert block.first_op is not None
    builder = Builder(weights, InsertPoint.before(block.first_op))
    real = builder.cast(accumulator, f32)
    follower = only_user(old)
    if isinstance(follower, ew.Quantize) and (known := parameters_of(follower, weights)) is not None:
        scale = scale * (np.float32(1) / np.float32(known[0]))
        scaled = builder.apply(ew.Mul, real, builder.scalar(float(scale), f32))
        zero = constant_value(follower.zero_point, weights)
        assert zero is not None
        quantised = builder.quantize(
            scaled, builder.scalar(1.0, f32), builder.scalar(zero.item(), element_of(follower.result.type))
        )
        replace(follower, [quantised])
    else:
        old.replace_all_uses_with(builder.apply(ew.Mul, real, builder.scalar(float(scale), f32)))
    block.erase_arg(old)
