"""The numpy meaning of constants and of the ops that move data about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from xdsl.ir import Operation

from sparsec.builder import constant_value
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects import sparse
from sparsec.dialects.encoding import element_of, to_numpy
from sparsec.dialects.nn_tokens import TokenIndex
from sparsec.dialects.tensor_op import integers, where_of
from sparsec.dims import evaluate, parse_size
from sparsec.errors import CompilerBug, InputError
from sparsec.reference_elementwise import maximum, minimum, quantize_with
from sparsec.reference_scope import Meaning, Scope
from sparsec.weights import Array


def _constant(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    value = constant_value(op.results[0], scope.weights)
    if value is None:
        raise CompilerBug("a constant without a value")
    return [value]


def _dimension(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [np.asarray(evaluate(parse_size(cast(st.Dimension, op).size.data), scope.symbols), np.int64)]


def _iota(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op = cast(st.Iota, op)
    (length,) = scope.shape(op.result.type)
    values = op.start.value.data + np.arange(length, dtype=np.int64) * op.step.value.data
    return [values.astype(to_numpy(element_of(op.result.type)))]


def _require_range(where: str, indices: Array, extent: int | Array) -> None:
    if ((indices < -np.asarray(extent)) | (indices >= extent)).any():
        low, high = indices.min(), indices.max()
        raise InputError(
            f"{where}: indices from {low} to {high}, "
            f"but there are only {extent} entries: check the ids given to the model"
        )


def _gather(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    data, indices = operands
    axis = cast(st.Gather, op).axis.value.data
    _require_range(where_of(op), indices, data.shape[axis])
    return [np.take(data, np.where(indices < 0, indices + data.shape[axis], indices), axis=axis)]


def _embedding(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op = cast(sparse.Embedding, op)
    count = len(op.tables)
    rows: list[Array] = []
    for node, table, indices in zip(op.tables, operands[:count], operands[count : 2 * count], strict=True):
        _require_range(node.data, indices, len(table))
        rows.append(table[indices])
    outputs = scope.run_body(op.body, [*rows, *operands[2 * count :]])
    return [np.broadcast_to(output, rows[0].shape) for output in outputs]


def _gather_nd(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    data, indices = operands
    batch_dims = cast(st.GatherND, op).batch_dims.value.data
    depth = indices.shape[-1]
    for place in range(depth):
        _require_range(where_of(op), indices[..., place], data.shape[batch_dims + place])
    batch = np.indices(indices.shape[:batch_dims], sparse=True)
    batch = [places.reshape(places.shape + (1,) * (indices.ndim - 1 - batch_dims)) for places in batch]
    return [data[(*batch, *(indices[..., place] for place in range(depth)))]]


def _gather_elements(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    data, indices = operands
    axis = cast(st.GatherElements, op).axis.value.data
    _require_range(where_of(op), indices, data.shape[axis])
    return [np.take_along_axis(data, indices.astype(np.int64), axis)]


def _transpose(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    permutation = integers(cast(st.Transpose, op).permutation)
    return [operands[0].transpose(permutation)]


def _reshape(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [np.reshape(operands[0], scope.shape(op.results[0].type))]


def _broadcast(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [np.broadcast_to(operands[0], scope.shape(op.results[0].type))]


def _concat(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return [np.concatenate(operands, axis=cast(st.Concat, op).axis.value.data)]


def _slice(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op, x = cast(st.Slice, op), operands[0]
    for axis, (start, step, length) in enumerate(
        zip(op.start_sizes, integers(op.steps), scope.shape(op.result.type), strict=True)
    ):
        places = evaluate(start, scope.symbols) + np.arange(length) * step
        if length and (places.min() < 0 or places.max() >= x.shape[axis]):
            raise InputError(
                f"a slice takes the places {places.min()} to {places.max()} of an axis of {x.shape[axis]}: "
                "the input is longer than the model allows"
            )
        x = np.take(x, places, axis=axis)
    return [x]


def _trilu(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op = cast(st.Trilu, op)
    return [(np.triu if op.upper else np.tril)(operands[0], op.k.value.data)]


def _cumsum(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    op, x = cast(rd.CumSum, op), operands[0]
    axis = op.axis.value.data
    ordered = np.flip(x, axis) if op.reverse else x
    total = np.add.accumulate(ordered, axis=axis, dtype=x.dtype)
    if op.exclusive:
        zeros = np.zeros_like(np.take(total, [0], axis=axis))
        total = np.concatenate([zeros, np.take(total, range(total.shape[axis] - 1), axis=axis)], axis=axis)
    return [np.flip(total, axis) if op.reverse else total]


def _dynamic_quantize(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    x, zero = operands[0], np.zeros((), np.float32)
    low, high = minimum(x.min(initial=np.inf), zero), maximum(x.max(initial=-np.inf), zero)
    scale = ((high - low) / np.float32(255)).astype(np.float32)
    scale = np.where(scale == 0, np.float32(1), scale)
    point = np.rint(minimum(maximum(-low / scale, zero), np.asarray(255, np.float32))).astype(np.uint8)
    return [quantize_with(x, np.float32(1) / scale, point), scale, point]


def _token_index(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    needed, seen = operands
    batch, sequence = needed.shape
    lengths: list[int] = []
    kept = np.zeros((batch, sequence), np.bool_)
    for row in range(batch):
        wanted = np.flatnonzero(needed[row])
        last = int(wanted[-1]) + 1 if wanted.size else 0
        lengths.append(last if seen[row, :1].any() else sequence)
        kept[row, : lengths[-1]] = True
    rows = np.flatnonzero(kept)
    places = np.full((batch, sequence), -1, np.int64)
    places[kept] = np.arange(rows.size)
    scope.symbols[cast(TokenIndex, op).tokens.data] = rows.size
    return [np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), rows.astype(np.int64), places]


def _same(op: Operation, operands: Sequence[Array], scope: Scope) -> Sequence[Array]:
    return operands


MEANING: dict[type[Operation], Meaning] = {
    st.Constant: _constant,
    st.Dimension: _dimension,
    st.Iota: _iota,
    rd.CumSum: _cumsum,
    st.Gather: _gather,
    sparse.Embedding: _embedding,
    st.GatherND: _gather_nd,
    st.GatherElements: _gather_elements,
    st.Transpose: _transpose,
    st.Reshape: _reshape,
    st.Broadcast: _broadcast,
    st.Concat: _concat,
    st.Slice: _slice,
    st.Trilu: _trilu,
    rd.DynamicQuantize: _dynamic_quantize,
    TokenIndex: _token_index,
    sparse.ConvertLayout: _same,
}
