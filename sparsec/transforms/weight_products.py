"""How a product with a constant weight is written as `sparse.matmul`: tokens, centred weights, bodies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, IntAttr, i32
from xdsl.ir import SSAValue
from xdsl.rewriter import Rewriter

from sparsec.builder import Builder, constant_value
from sparsec.dialects.encoding import BlocksAttr, blocks_of, element_of, sizes_of, tensor, to_element
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import SCHEDULE_HINT
from sparsec.weights import Array

BYTE = 255
"""The largest magnitude of an unsigned byte."""

INT32 = 2**31 - 1


def as_tokens(x: SSAValue, builder: Builder) -> SSAValue:
    """`x`, or a single vector seen as one token: `sparse.matmul` works on tokens."""
    shape = sizes_of(x.type)
    return builder.reshape(x, (1, *shape)) if len(shape) == 1 else x


def centred_weight(matrix: Array, zero: Array) -> Array | None:
    """`matrix - zero` as i8 if that holds it, else as i16; None when it lies outside [-255, 255].

    `zero` is 0-d or one per row of `matrix[out, in]`.
    """
    if matrix.dtype == np.int8 and not zero.any():
        return matrix
    wide = np.int32 if matrix.dtype.itemsize == 1 else np.int64
    centred = matrix.astype(wide) - zero.reshape(-1, 1).astype(wide)
    low, high = (int(centred.min()), int(centred.max())) if centred.size else (0, 0)
    if low >= -128 and high <= 127:
        return centred.astype(np.int8)
    return centred.astype(np.int16) if low >= -BYTE and high <= BYTE else None


def constant_like(array: Array, source: SSAValue, builder: Builder) -> SSAValue:
    """A constant with the blocks and hints of the constant `source`; `source` itself if it holds just that."""
    assert isinstance(source.owner, Constant)
    known = constant_value(source, builder.weights)
    if known is array or (known is not None and known.dtype == array.dtype and np.array_equal(known, array)):
        return source
    value = builder.constant(array)
    assert isinstance(value.owner, Constant)
    if SCHEDULE_HINT in source.owner.attributes:
        value.owner.attributes[SCHEDULE_HINT] = source.owner.attributes[SCHEDULE_HINT]
    blocks = blocks_of(source.type)
    if blocks is None:
        return value
    bits = ArrayAttr([IntAttr(array.dtype.itemsize * 8)])
    blocks = BlocksAttr(blocks.rows, blocks.columns, blocks.stored, blocks.total, bits, blocks.pattern)
    return Rewriter.replace_value_with_new_type(
        value, tensor(element_of(value.type), sizes_of(value.type), blocks=blocks)
    )


def sums_of_rows(matrix: Array) -> tuple[Array, Array]:
    """The int64 sum of each row of integers, and that of their magnitudes."""
    if matrix.dtype != np.int8 or matrix.shape[1] >= 2**31 // BYTE:
        return matrix.sum(axis=1, dtype=np.int64), np.abs(matrix.astype(np.int64)).sum(axis=1)
    magnitudes = np.abs(matrix).view(np.uint8)  # |-128| is 128 there
    return tuple(each.sum(axis=1, dtype=np.int32).astype(np.int64) for each in (matrix, magnitudes))  # half the time


def fits_accumulator(centred: Array, correction: Array | int = 0) -> bool:
    """Whether no sum of bytes times a row of weights within [-255, 255], plus the correction, can leave i32."""
    worst = sums_of_rows(centred)[1] * BYTE + np.abs(correction)
    return not worst.size or int(worst.max()) <= INT32


Value = Array | SSAValue
"""Something a body reads: a constant, or an operand."""


def emit_product(
    builder: Builder,
    x: SSAValue,
    weight: SSAValue,
    values: Sequence[Value],
    write: Callable[[Builder, SSAValue, Sequence[SSAValue]], SSAValue],
) -> SSAValue:
    """`sparse.matmul(x, weight)` with the body `write(builder, accumulator, values)`.

    Constants of one number stand in the body; longer ones and operands become extras.
    """
    extras = [
        value if isinstance(value, SSAValue) else builder.constant(value)
        for value in values
        if isinstance(value, SSAValue) or value.size > 1
    ]

    def body(inner: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        others = iter(arguments[1:])
        read = [
            next(others) if isinstance(value, SSAValue) or value.size > 1 else _scalar(inner, value) for value in values
        ]
        return [write(inner, arguments[0], read)]

    region = builder.body([i32, *(extra.type for extra in extras)], body)
    return builder.sparse_matmul(x, weight, extras, region)[0]


def _scalar(inner: Builder, value: Array) -> SSAValue:
    return inner.scalar(value.item(), to_element(value.dtype))


def same_everywhere(array: Array) -> Array:
    """The array as one number if all its elements agree."""
    return array.reshape(-1)[:1].reshape(()) if array.size and bool((array == array.flat[0]).all()) else array
