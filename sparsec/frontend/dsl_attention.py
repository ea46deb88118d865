"""`attention(q, k, v, mask, heads = 12)`: one op for all heads, its mask written into the body of the scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import f32, i1
from xdsl.ir import Attribute, SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.errors import ShapeError
from sparsec.frontend.dsl_signature import Floats, Numbers, Real, Whole
from sparsec.frontend.dsl_values import Emitter

_LOWEST = float(np.finfo(np.float32).min)
"""The score of a key that may not be attended: not -inf, so that a row without any key has no NaN."""


def attention(
    e: Emitter, q: Floats, k: Floats, v: Floats, mask: Numbers | None = None, *, heads: Whole, scale: Real | None = None
) -> SSAValue:
    """Scaled dot-product attention of `[batch, tokens, heads * size]` tensors.

    `mask` is added to the scores when it is f32; otherwise keys whose mask is 0 or false are left out. It broadcasts to
    `[batch, heads, queries, keys]`; `[batch, keys]` is understood. `scale` is `1 / sqrt(size)` unless given.
    """
    queries, keys = sizes_of(q.type), sizes_of(k.type)
    if len(queries) != 3 or len(keys) != 3:
        raise ShapeError(f"attention takes [batch, tokens, channels] tensors, q has {len(queries)} axes, k {len(keys)}")
    channels = queries[2]
    if heads < 1 or not isinstance(channels, int) or channels % heads:
        raise ShapeError(f"{heads} heads do not divide {channels} channels")
    if mask is not None:
        mask = _to_scores(e, mask, (queries[0], heads, queries[1], keys[1]))
    extras = [] if mask is None else [mask]
    factor = (channels // heads) ** -0.5 if scale is None else scale

    def score(b: Builder, arguments: Sequence[SSAValue]) -> list[SSAValue]:
        scaled = b.apply(ew.Mul, arguments[0], b.scalar(factor, f32))
        if len(arguments) == 1:
            return [scaled]
        if arguments[1].type == f32:
            return [b.apply(ew.Add, scaled, arguments[1])]
        return [b.apply(ew.Where, arguments[1], scaled, b.scalar(_LOWEST, f32))]

    def identity(b: Builder, arguments: Sequence[SSAValue]) -> list[SSAValue]:
        return [arguments[0]]

    types: list[Attribute] = [f32, *(extra.type for extra in extras)]
    bodies = (e.builder.body(types, score), e.builder.body(types, identity), e.builder.body(types, identity))
    return e.builder.attention((q, k, v), extras, heads, bodies)


def _to_scores(e: Emitter, mask: SSAValue, scores: tuple[object, ...]) -> SSAValue:
    """A mask as f32 or bool that broadcasts to the scores."""
    sizes = sizes_of(mask.type)
    if len(sizes) == 2 and sizes == (scores[0], scores[3]):
        mask = e.builder.reshape(mask, [sizes[0], 1, 1, sizes[1]])
    elif len(sizes) > 4 or not _fits(sizes, scores):
        written = ", ".join(map(str, scores))
        raise ShapeError(f"a mask [{', '.join(map(str, sizes))}] does not broadcast to the scores [{written}]")
    if element_of(mask.type) in (f32, i1):
        return mask
    zero = e.tensor(0, element_of(mask.type))
    return e.builder.apply(ew.NotEqual, mask, zero)


def _fits(sizes: Sequence[object], scores: Sequence[object]) -> bool:
    return all(size in (1, score) for size, score in zip(reversed(sizes), reversed(scores), strict=False))
