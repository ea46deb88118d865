"""The numpy meaning of products, normalisation and reductions, and of the ops with bodies built on them.

Sums of f32 products are exact to rounding: they are summed in f64 and rounded once, so that the reference does not
depend on an order that kernels are free to choose. Every other float sum is an `interleaved_sum`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import numpy as np
from xdsl.ir import Operation

from sparsec import elementary
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import sparse
from sparsec.dialects.encoding import element_of, to_numpy
from sparsec.dialects.nn_attention import Attention, AttentionOp
from sparsec.dialects.nn_tokens import PackedAttention
from sparsec.reference_elementwise import NUMPY, maximum, minimum
from sparsec.reference_scope import Meaning, Scope
from sparsec.weights import Array


def product(lhs: Array, rhs: Array) -> Array:
    """`lhs @ rhs`: f32 for f32 operands, else exact i32 (which wraps).

    Integers go through the narrowest float type that holds every partial sum exactly: numpy's own integer product is
    60 times slower.
    """
    if lhs.dtype == np.float32:
        return np.matmul(lhs.astype(np.float64), rhs.astype(np.float64)).astype(np.float32)
    bound = _magnitude(lhs) * _magnitude(rhs) * lhs.shape[-1]
    if bound < 2**24:
        return np.matmul(lhs.astype(np.float32), rhs.astype(np.float32)).astype(np.int32)
    if bound < 2**53:
        return np.matmul(lhs.astype(np.float64), rhs.astype(np.float64)).astype(np.int64).astype(np.int32)
    return np.matmul(lhs.astype(np.int64), rhs.astype(np.int64)).astype(np.int32)


def _magnitude(x: Array) -> int:
    return max(abs(int(x.min())), abs(int(x.max()))) if x.size else 0


def interleaved_sum(x: Array) -> Array:
    """The sum over axis 0 in the dtype of `x`: element i goes to partial sum i mod 4; then `(s0 + s2) + (s1 + s3)`.

    Each partial sum runs in index order, starting from +0. For integers the order makes no difference.
    """
    zero = np.zeros((1, *x.shape[1:]), x.dtype)
    parts = [np.add.accumulate(np.concatenate([zero, x[part::4]]), axis=0, dtype=x.dtype)[-1] for part in range(4)]
    return (parts[0] + parts[2]) + (parts[1] + parts[3])


def softmax_first(x: Array) -> Array:
    """Softmax over axis 0: `e = exp_of_non_positive(x - max); e * (1 / sum(e))`."""
    exponential = elementary.exp_of_non_positive(NUMPY, x - x.max(axis=0, initial=-np.inf))
    return exponential * (np.float32(1) / interleaved_sum(exponential))


def _softmax(x: Array, axis: int) -> Array:
    moved = np.ascontiguousarray(np.moveaxis(np.asarray(x, np.float32), axis, 0))
    return np.moveaxis(softmax_first(moved), 0, axis).astype(x.dtype)


def layer_norm(
    x: Array, scale: Array, bias: Array, epsilon: float, *, divide: bool = False, uncentred: bool = False
) -> Array:
    """Over the last axis: `d = x - sum(x) * (1/K); d * (1 / sqrt(sum(d * d) * (1/K) + epsilon)) * scale + bias`.

    With `divide`, `d / sqrt(...) * scale + bias`; with `uncentred`, `d = x`.
    """
    channels_first = np.ascontiguousarray(np.moveaxis(x, -1, 0))
    share = np.float32(1) / np.float32(x.shape[-1])
    centred = channels_first if uncentred else channels_first - interleaved_sum(channels_first) * share
    variance = interleaved_sum(centred * centred) * share
    deviation = np.sqrt(variance + np.float32(epsilon))
    normal = centred / deviation if divide else centred * (np.float32(1) / deviation)
    return np.moveaxis(normal, 0, -1) * scale + bias


def reduced_first(x: Array, axes: Sequence[int]) -> Array:
    """`x` with its reduced elements flattened in row-major order into axis 0."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    moved = x.transpose([*axes, *kept])
    return np.ascontiguousarray(moved).reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes) :])


def _reduce(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op, x = cast(rd.ReduceOp, op), operands[0]
    elements = reduced_first(x, op.axis_values)
    match op:
        case rd.ReduceSum():
            result = interleaved_sum(elements)
        case rd.ReduceMean():
            result = interleaved_sum(elements) * (x.dtype.type(1) / x.dtype.type(elements.shape[0]))
        case rd.ReduceProd():
            result = np.multiply.reduce(elements, axis=0, dtype=x.dtype)
        case rd.ArgMax():
            result = elements.argmax(axis=0).astype(np.int64)
        case _:
            result = elements[0]
            for element in elements[1:]:
                result = maximum(result, element) if isinstance(op, rd.ReduceMax) else minimum(result, element)
    return [np.expand_dims(result, op.axis_values) if op.keepdims else result]


def _matmul(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [product(operands[0], operands[1])]


def _linear(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [product(operands[0], operands[1].T)]


def _softmax_op(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [_softmax(operands[0], cast(rd.Softmax, op).axis.value.data)]


def _layer_norm(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op = cast(rd.LayerNorm, op)
    x, scale, bias = operands
    return [_normalised(op, x, scale, bias)]


def _normalised(op: rd.LayerNorm | sparse.LayerNorm, x: Array, scale: Array, bias: Array) -> Array:
    flags = {"divide": op.divide is not None, "uncentred": op.uncentred is not None}
    return layer_norm(x, scale, bias, op.epsilon.value.data, **flags)


def _attention(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [_attended(cast(AttentionOp, op), operands[:3], operands[3:], scope)]


def _packed_attention(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op = cast(PackedAttention, op)
    offsets, (q, k, v), extras = operands[0], operands[1:4], operands[4:]
    kind = to_numpy(element_of(op.result.type))
    results = [np.zeros((0, v.shape[1]) if op.are_queries_packed else (0, q.shape[1], v.shape[1]), kind)]
    for sequence, (begin, end) in enumerate(pairwise(offsets)):
        queries = q[None, begin:end] if op.are_queries_packed else q[sequence : sequence + 1]
        own = [
            _of_sequence(extra, sequence, queries.shape[1], end - begin) if op.is_read_by_scores(number) else extra
            for number, extra in enumerate(extras)
        ]
        attended = _attended(op, [queries, k[None, begin:end], v[None, begin:end]], own, scope)
        results.append(attended[0] if op.are_queries_packed else attended)
    return [np.concatenate(results)]


def _of_sequence(extra: Array, sequence: int, queries: int, keys: int) -> Array:
    """The part of `[batch, heads, queries, keys]`, each perhaps 1, that belongs to the first tokens of a sequence."""
    extra = extra.reshape((1,) * (4 - extra.ndim) + extra.shape)
    extra = extra if extra.shape[0] == 1 else extra[sequence : sequence + 1]
    extra = extra if extra.shape[2] == 1 else extra[:, :, :queries]
    return extra if extra.shape[3] == 1 else extra[..., :keys]


def _attended(op: AttentionOp, qkv: Sequence[Array], extras: Sequence[Array], scope: Scope) -> Array:
    """`[batch, queries, hidden]` of q, k and v of rank 3."""
    heads = op.heads.value.data

    def split(x: Array, zero: int) -> Array:
        """`[batch, tokens, hidden]` to `[batch, heads, tokens, hidden / heads]`, zero point taken off."""
        batch, tokens, hidden = x.shape
        shifted = x if x.dtype == np.float32 else x.astype(np.int32) - np.int32(zero)
        return shifted.reshape(batch, tokens, heads, hidden // heads).transpose(0, 2, 1, 3)

    q, k, v = (split(x, op.zero(name)) for x, name in zip(qkv, "qkv", strict=True))
    accumulated = product(q, k.transpose(0, 1, 3, 2))
    (score,) = scope.run_body(op.score, [accumulated, *extras])
    probability = _softmax(np.broadcast_to(score, accumulated.shape), -1)
    (weight,) = scope.run_body(op.weight, [probability, *extras])
    weight = np.broadcast_to(weight, accumulated.shape)
    if weight.dtype != np.float32:
        weight = weight.astype(np.int32) - np.int32(op.zero("w"))
    mixed = product(weight, v).transpose(0, 2, 1, 3)
    merged = np.ascontiguousarray(mixed).reshape(qkv[0].shape[:2] + qkv[2].shape[2:])
    (output,) = scope.run_body(op.output, [merged, *extras])
    return np.broadcast_to(output, merged.shape)


def _sparse_matmul(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    x, weight, *extras = operands
    accumulated = product(x, weight.T)
    outputs = scope.run_body(cast(sparse.MatMul, op).body, [accumulated, *extras])
    return [np.broadcast_to(output, accumulated.shape) for output in outputs]


def _sparse_layer_norm(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op = cast(sparse.LayerNorm, op)
    x, scale, bias, *extras = operands
    normal = _normalised(op, x, scale, bias)
    return [np.broadcast_to(output, x.shape) for output in scope.run_body(op.body, [normal, *extras])]


def _map(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    return [np.broadcast_to(output, shape) for output in scope.run_body(cast(sparse.Map, op).body, operands)]


MEANING: dict[type[Operation], Meaning] = {
    pr.Linear: _linear,
    pr.MatMul: _matmul,
    rd.Softmax: _softmax_op,
    rd.LayerNorm: _layer_norm,
    rd.ReduceSum: _reduce,
    rd.ReduceMean: _reduce,
    rd.ReduceMax: _reduce,
    rd.ReduceMin: _reduce,
    rd.ReduceProd: _reduce,
    rd.ArgMax: _reduce,
    Attention: _attention,
    PackedAttention: _packed_attention,
    sparse.MatMul: _sparse_matmul,
    sparse.LayerNorm: _sparse_layer_norm,
    sparse.Map: _map,
}
