"""Products whose channels are read in parts, each by somebody else: Q, K and V in one product, gated units."""

from __future__ import annotations

from itertools import pairwise

from xdsl.ir import Operation, SSAValue

from sparsec.builder import Builder, constant_value
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.nn_products import Linear
from sparsec.dialects.sparse import SCHEDULE_HINT
from sparsec.dialects.tensor_op import integers, normalise_axis

FEWEST = 16
"""Channels that are worth a product of their own: one of fewer takes about as long as one of all."""


def is_part_of_linear(op: st.Slice) -> bool:
    """Whether a slice takes channels of a linear, seen through elementwise work, that no other reader takes: then
    nothing is computed twice when each reader has a linear of its own."""
    found = [channels_of(use.operation) for use in op.operand.uses]
    parts = sorted((part for part in found if part is not None), key=lambda part: part.start)
    apart = all(first.stop <= second.start for first, second in pairwise(parts))
    large = all(len(part) >= FEWEST for part in parts)
    return len(parts) == len(found) and apart and large and _comes_from_linear(op.operand)


def channels_of(op: Operation) -> range | None:
    """The channels that `op` takes of its operand if it is a slice of nothing else, of known ones side by side."""
    if not isinstance(op, st.Slice):
        return None
    given, taken = sizes_of(op.operand.type), sizes_of(op.result.type)
    *starts, start = op.start_sizes
    whole = given[:-1] == taken[:-1] and all(each == 0 for each in starts) and set(integers(op.steps)) == {1}
    if not whole or not isinstance(start, int) or not isinstance(taken[-1], int):
        return None
    return range(start, start + taken[-1])


def _comes_from_linear(value: SSAValue) -> bool:
    op, shape = value.owner, sizes_of(value.type)
    while isinstance(op, ew.ElementwiseOp):
        whole = [operand for operand in op.operands if sizes_of(operand.type) == shape]
        per_channel = isinstance(op, ew.QuantisationOp) and op.axis_value is not None
        if per_channel or len(whole) != 1:
            return False
        others = (use.operation for use in whole[0].uses if use.operation is not op)
        if any(channels_of(other) is None for other in others):  # those were readers of `value` before
            return False
        op = whole[0].owner
    return isinstance(op, Linear)


def rows_of_weight(weight: SSAValue, rows: range, b: Builder) -> SSAValue | None:
    """Rows of a constant `[out, in]`, which may be dequantised; None where it is none, or has a schedule of its own."""
    op = weight.owner
    if isinstance(op, ew.Dequantize):
        part, scale, zero = rows_of_weight(op.operand, rows, b), op.scale, op.zero_point
        if op.axis_value is not None and normalise_axis(op.axis_value, 2, op) == 0:
            scale, zero = _entries(scale, rows, b), _entries(zero, rows, b)
        if part is None or scale is None or zero is None:
            return None
        return b.dequantize(part, scale, zero, op.axis_value)
    scheduled = isinstance(op, Operation) and SCHEDULE_HINT in op.attributes
    return None if scheduled else _entries(weight, rows, b)


def _entries(value: SSAValue, rows: range, b: Builder) -> SSAValue | None:
    """Some of a constant's entries on its first axis, or all if there is one for all."""
    array = constant_value(value, b.weights)
    if array is None:
        return None
    return value if array.size == 1 and array.ndim < 2 else b.constant(array[rows.start : rows.stop])
