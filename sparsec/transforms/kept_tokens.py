"""Emits which tokens of each sequence count, from masks and factors: the operands of `nn.token_index`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from xdsl.dialects.builtin import f32, i1
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.transforms.hidden_keys import Mask
from sparsec.transforms.token_region import TokenRegion


def kept_tokens(b: Builder, region: TokenRegion) -> tuple[SSAValue, SSAValue]:
    """`needed` and `seen`, both `[batch, sequence]` of i1.

    A token is needed unless each attention hides its key from all queries, and each factor drops it. It is seen if
    no mask of any attention hides its key from any query.
    """
    masks = list(dict.fromkeys(mask for group in region.masks for mask in group))
    ends = {mask: _ends(b, mask) for mask in masks}
    factors = [b.reshape(factor.value, region.lead) for factor in region.factors]
    operands = [*(value for pair in ends.values() for value in pair), *factors]
    place = {mask: 2 * number for number, mask in enumerate(masks)}

    def body(inner: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        def hidden(mask: Mask) -> SSAValue:
            return inner.apply(ew.LessEqual, args[place[mask]], inner.scalar(mask.hidden, f32))

        def seen(mask: Mask) -> SSAValue:
            return inner.apply(ew.GreaterEqual, args[place[mask] + 1], inner.scalar(mask.seen, f32))

        groups = [_all(inner, ew.Or, [hidden(mask) for mask in group]) for group in region.masks]
        needed = [inner.apply(ew.Not, _all(inner, ew.And, groups))]
        for factor, argument in zip(region.factors, args[2 * len(masks) :], strict=True):
            needed.append(inner.apply(ew.NotEqual, argument, inner.scalar(factor.drops, argument.type)))
        return [_all(inner, ew.Or, needed), _all(inner, ew.And, [seen(mask) for mask in masks])]

    needed, seen = b.map(operands, b.body([element_of(value.type) for value in operands], body))
    return b.broadcast(needed, region.lead), b.broadcast(seen, region.lead)


def _all(b: Builder, op: type[ew.BinaryOp], values: Sequence[SSAValue]) -> SSAValue:
    return reduce(lambda left, right: b.apply(op, left, right), values)


def _ends(b: Builder, mask: Mask) -> tuple[SSAValue, SSAValue]:
    """The most and the least that is added to the scores of a key, `[batch, keys]`, each perhaps 1."""
    numbers = mask.value
    if mask.hides is not None:
        numbers = _as_numbers(b, mask.value, hides=mask.hides)
    shape = sizes_of(numbers.type)
    shape = (1,) * (4 - len(shape)) + shape
    whole = b.reshape(numbers, shape)
    if shape[1] == shape[2] == 1:
        flat = b.reshape(whole, [shape[0], shape[3]])
        return flat, flat
    return b.reduce(rd.ReduceMax, whole, [1, 2]), b.reduce(rd.ReduceMin, whole, [1, 2])


def _as_numbers(b: Builder, booleans: SSAValue, *, hides: bool) -> SSAValue:
    """-infinity where a key is hidden, 0 elsewhere."""

    def body(inner: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        choices = [inner.scalar(0.0, f32), inner.scalar(float("-inf"), f32)]
        return [inner.apply(ew.Where, args[0], *(reversed(choices) if hides else choices))]

    return b.map([booleans], b.body([i1], body))[0]
