"""The op Attention (opset 23), written out: product, scale, mask, softmax, product."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.dims import Size
from sparsec.errors import ModelError
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.activations import require_float
from sparsec.frontend.onnx_ops.elementwise import apply
from sparsec.frontend.onnx_ops.products import multiplied
from sparsec.frontend.onnx_values import Known, Value


def _attention(call: Call) -> Value:
    """Inputs: q, k, v, mask, past key, past value, valid lengths.

    The first three are `[batch, heads, tokens, d]` or `[batch, tokens, heads * d]`, and so is the result.
    """
    require_float(call)
    for index, what in ((4, "a past key"), (5, "a past value"), (6, "lengths of padded keys")):
        if call.has(index):
            raise Unsupported(f"{what} is not supported; export the model without a cache")
    if call.number("softcap", 0.0):
        raise Unsupported("softcap is not supported; set it to 0")
    call.integer("qk_matmul_output_mode", 0)
    call.integer("softmax_precision", 1)
    flat = len(call.shape(0)) == 3
    q_heads, kv_heads = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    q, k, v = (_by_heads(call, index, heads) for index, heads in enumerate((q_heads, kv_heads, kv_heads)))
    heads, width = sizes_of(q.type)[1], sizes_of(q.type)[3]
    k, v = _repeated(call, k, heads), _repeated(call, v, heads)
    if not isinstance(width, int):
        raise Unsupported(f"its heads have the dynamic width {width}")
    scale = call.number("scale", float(1 / np.sqrt(width)))
    scores: Value = multiplied(call, q, call.build.transpose(k, [0, 1, 3, 2]))
    if scale != 1:
        scores = apply(call, ew.Mul, scores, Known.of(np.asarray(scale, np.float32)))
    masked = _masked(call, scores, sizes_of(q.type)[2], sizes_of(k.type)[2])
    weights: Value = call.build.softmax(call.emitter.materialise(masked), 3)
    if masked is not scores:  # a query that sees no key gets 0; spelled as exporters do, for the recogniser
        nothing = Known.of(np.asarray(0.0, np.float32))
        weights = apply(call, ew.Where, apply(call, ew.IsNaN, weights), nothing, weights)
    result = multiplied(call, call.emitter.materialise(weights), v)
    if not flat:
        return result
    batch, heads, tokens, width = sizes_of(result.type)
    return call.build.reshape(call.build.transpose(result, [0, 2, 1, 3]), [batch, tokens, heads * width])


def _by_heads(call: Call, index: int, heads: int) -> SSAValue:
    """An operand as `[batch, heads, tokens, d]`."""
    x, shape = call.data(index), call.shape(index)
    if len(shape) == 4:
        return x
    hidden = shape[-1]
    if len(shape) != 3 or heads < 1 or not isinstance(hidden, int) or hidden % heads:
        raise ModelError(f"{call.node.title}: {heads} heads of an operand {[str(size) for size in shape]}")
    return call.build.transpose(call.build.reshape(x, [*shape[:2], heads, hidden // heads]), [0, 2, 1, 3])


def _repeated(call: Call, x: SSAValue, heads: Size) -> SSAValue:
    """Keys or values with each head repeated, so that groups of query heads share them."""
    batch, given, tokens, width = sizes_of(x.type)
    if given == heads:
        return x
    if not (isinstance(given, int) and isinstance(heads, int)) or heads % given:
        raise ModelError(f"{call.node.title}: {heads} query heads for {given} key heads")
    wide = call.build.broadcast(
        call.build.reshape(x, [batch, given, 1, tokens, width]), [batch, given, heads // given, tokens, width]
    )
    return call.build.reshape(wide, [batch, heads, tokens, width])


def _masked(call: Call, scores: Value, queries: Size, keys: Size) -> Value:
    """The scores plus the mask; -infinity where a boolean mask is false, and above the diagonal when causal."""
    nothing, blocked = (Known.of(np.asarray(value, np.float32)) for value in (0.0, -np.inf))
    if call.flag("is_causal"):
        build = call.build
        row, column = build.reshape(build.iota(queries), [queries, 1]), build.iota(keys)
        allowed = build.apply(ew.GreaterEqual, row, column)
        scores = apply(call, ew.Add, scores, apply(call, ew.Where, allowed, nothing, blocked))
    if not call.has(3):
        return scores
    mask = call.value(3)
    if call.dtype(3).kind == "b":
        mask = apply(call, ew.Where, mask, nothing, blocked)
    return apply(call, ew.Add, scores, mask)


ATTENTION: dict[str, Translate] = {"Attention": _attention}
