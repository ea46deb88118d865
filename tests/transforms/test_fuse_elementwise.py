"""Elementwise work that follows no product becomes maps: few, large, and none larger than its inputs ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32, i64
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of, tensor
from sparsec.dialects.sparse import Map
from sparsec.dims import Size
from sparsec.transforms.bodies import MOST_OPS, size_of
from sparsec.transforms.fuse_elementwise import NEAR, FuseElementwise
from sparsec.weights import WeightStore
from tests.transforms.drawn_models import fake_quantised
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES
from tests.transforms.passes import require_same, run_passes

Write = Callable[[Builder, SSAValue, SSAValue], SSAValue | list[SSAValue]]
FULL: tuple[Size, ...] = (BATCH, SEQUENCE, 8)


def maps(write: Write) -> list[Map]:
    """The maps of `y = write(x, mask)` after fusion, which must not change a number."""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, FULL)), ("mask", tensor(i64, [BATCH, SEQUENCE]))])
    written = write(b, values["x"], values["mask"])
    module = finish([(f"y{i}", y) for i, y in enumerate(written if isinstance(written, list) else [written])])
    after = run_passes(module, weights, FuseElementwise())
    require_same(module, after, weights, SIZES)
    require_none_outside(after)
    return [op for op in after.walk() if isinstance(op, Map)]


def require_none_outside(module: ModuleOp) -> None:
    """No elementwise op works on tensors."""
    for op in module.walk():
        assert not isinstance(op, ew.ElementwiseOp) or isinstance(op.parent_op(), Map), op.name


def diamond(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    """Two ways from x to y."""
    return b.apply(ew.Mul, b.apply(ew.Exp, x), b.apply(ew.Neg, x))


def siblings(b: Builder, x: SSAValue, mask: SSAValue) -> list[SSAValue]:
    """Two readers of x."""
    return [b.apply(ew.Exp, x), b.apply(ew.Neg, x)]


def pair(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    """dequantize(quantize(x))"""
    return fake_quantised(b, x, "u8", 0.05, 9)


def per_channel(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    """Scales along an axis in the middle."""
    scale = b.constant(np.array([0.1, 0.2, 0.3, 0.4], np.float32))
    tall = b.reshape(x, [BATCH, SEQUENCE, 4, 2])
    return b.quantize(tall, scale, b.constant(np.zeros(4, np.int8)), 2)


def rank_of_a_constant(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    """A single number that adds an axis."""
    return b.apply(ew.Add, x, b.constant(np.ones((1, 1, 1, 1), np.float32)))


def rank_of_an_exponent(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    """A power that is spelled by multiplications, since its exponent is known."""
    return b.apply(ew.Pow, x, b.constant(np.full((1, 1, 1, 1), 3, np.float32)))


def numbers(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
    """Arithmetic on sizes."""
    return b.apply(ew.Mul, b.dimension(SEQUENCE), b.constant(3))


@pytest.mark.parametrize(
    "write", [diamond, siblings, pair, per_channel, rank_of_a_constant, rank_of_an_exponent, numbers]
)
def test_one_map(write: Write) -> None:
    assert len(maps(write)) == 1


def test_a_mask_is_not_computed_for_every_element_it_is_broadcast_to() -> None:
    def write(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        wide = b.reshape(b.cast(mask, f32), [BATCH, SEQUENCE, 1])
        return b.apply(ew.Mul, x, b.apply(ew.Exp, wide))

    assert [sizes_of(each.outputs[0].type)[-1] for each in maps(write)] == [SEQUENCE, 1, 8]


def test_a_value_per_channel_is_computed_where_it_is_used() -> None:
    def write(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        scale = b.constant(np.arange(8, dtype=np.float32))
        number = b.cast(b.dimension(SEQUENCE), f32)
        return b.apply(ew.Mul, x, b.apply(ew.Mul, number, scale))

    assert [sizes_of(each.outputs[0].type) for each in maps(write)] == [(), FULL]


def test_another_op_in_between_keeps_maps_apart() -> None:
    def write(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        first = b.apply(ew.Exp, x)
        return b.apply(ew.Add, first, b.apply(ew.Neg, b.softmax(first, -1)))

    assert len(maps(write)) == 2


def test_independent_chains_meet_in_one_map() -> None:
    def write(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        left = b.apply(ew.Exp, b.softmax(x, -1))
        right = b.apply(ew.Neg, b.softmax(x, 1))
        return b.apply(ew.Add, left, right)

    assert len(maps(write)) == 1


def test_a_long_chain_is_cut() -> None:
    def write(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        for _ in range(2 * MOST_OPS + 3):
            x = b.apply(ew.Tanh, x)
        return x

    assert [size_of(each) for each in maps(write)] == [MOST_OPS, MOST_OPS, 3]


def test_many_readers_of_one_tensor_are_few_maps_and_soon_found() -> None:
    """As many as a mixture has: a walk over all of them for each of them took a minute for 400 branches."""

    def write(b: Builder, x: SSAValue, mask: SSAValue) -> SSAValue:
        branches = [b.apply(ew.Exp, b.apply(ew.Mul, x, b.scalar(float(number), f32))) for number in range(200)]
        return b.concat(branches, 1)

    assert len(maps(write)) == -(-400 // MOST_OPS)


def test_maps_far_apart_stay_apart() -> None:
    def write(b: Builder, x: SSAValue, mask: SSAValue) -> list[SSAValue]:
        first, y = b.apply(ew.Exp, x), b.softmax(x, -1)
        for _ in range(NEAR):
            y = b.softmax(y, -1)
        return [first, y, b.apply(ew.Neg, x)]

    assert len(maps(write)) == 2
