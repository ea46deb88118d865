"""The verifiers of products with bodies: what kernels cannot do is refused where it is written, with its type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from xdsl.dialects.builtin import f32, f64, i32, i64
from xdsl.ir import Attribute, Block, Operation
from xdsl.utils.exceptions import VerifyException

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor, ui8
from sparsec.dims import Dim, Size, is_number, is_per_channel
from sparsec.weights import WeightStore

TOKENS = Dim.symbol("tokens")


def matmul(extra: tuple[Attribute, Sequence[Size]], result: Attribute) -> Operation:
    """A product of bytes whose body adds an operand and yields an element type."""
    block = Block(arg_types=[tensor(ui8, [TOKENS, 3]), tensor(*extra)])
    b = Builder(WeightStore(), block)
    body = b.body(
        [i32, extra[0]],
        lambda inner, args: [inner.cast(inner.apply(ew.Add, args[0], inner.cast(args[1], i32)), result)],
    )
    b.sparse_matmul(block.args[0], b.constant(np.ones((2, 3), np.int8)), block.args[1:], body)
    op = block.last_op
    assert op is not None
    return op


@pytest.mark.parametrize(
    ("extra", "result", "message"),
    [
        ((i32, [TOKENS, 2]), i64, "a body yields i64; tiles hold f32, i32, ui8, i8, i1"),
        ((i64, [TOKENS, 2]), f32, "xi64.* has no elements that tiles hold"),
        ((f64, [TOKENS, 1]), f32, "xf64.* has no elements that tiles hold"),
    ],
)
def test_products_refuse_what_tiles_cannot_hold(
    extra: tuple[Attribute, Sequence[Size]], result: Attribute, message: str
) -> None:
    with pytest.raises(VerifyException, match=message):
        matmul(extra, result).verify()


def test_numbers_by_channel_may_be_anything() -> None:
    for shape in ([], [1], [2], [1, 2], [1, 1]):
        matmul((i64, shape), f32).verify()


def attention(shape: Sequence[Size], body: str) -> Operation:
    """Attention of 2 heads of 3 channels that reads an operand in one of its bodies."""
    batch, queries, keys = (Dim.symbol(name) for name in ("batch", "queries", "keys"))
    kinds = [tensor(f32, [batch, queries, 6]), *(tensor(f32, [batch, keys, 6]) for _ in range(2)), tensor(f32, shape)]
    block = Block(arg_types=kinds)
    b = Builder(WeightStore(), block)

    def write(name: str):
        return b.body([f32, f32], lambda inner, args: [inner.apply(ew.Add, *args) if name == body else args[0]])

    q, k, v, extra = block.args
    b.attention((q, k, v), [extra], 2, (write("score"), write("weight"), write("output")))
    op = block.last_op
    assert op is not None
    return op


def test_attention_says_which_operands_fit_which_body() -> None:
    batch, queries, keys = (Dim.symbol(name) for name in ("batch", "queries", "keys"))
    for body in ("score", "weight"):
        for shape in ([], [keys], [queries, 1], [batch, 2, queries, keys]):
            attention(shape, body).verify()
        for shape in ([6], [batch, queries, keys], [3, 1, 1]):
            with pytest.raises(VerifyException, match="does not broadcast to the scores"):
                attention(shape, body).verify()
    for shape in ([], [1], [6], [1, 1, 6]):
        attention(shape, "output").verify()
    for shape in ([batch, queries, 6], [queries, 1], [keys]):
        with pytest.raises(VerifyException, match="neither a number nor one per channel"):
            attention(shape, "output").verify()


def test_shapes_of_numbers_and_channels() -> None:
    assert is_number([]) and is_number([1, 1]) and not is_number([2]) and not is_number([TOKENS])
    assert is_per_channel([5], 5) and is_per_channel([1, 1, 5], 5)
    assert not is_per_channel([], 5) and not is_per_channel([2, 5], 5) and not is_per_channel([1], 5)
