"""Masks, biases and other operands of the bodies of an attention, in every shape and element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from xdsl.dialects.builtin import f32
from xdsl.ir import Block, Region, SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import to_element, ui8
from sparsec.lowering.kernels.attention_extras import Extra, ScoreBody, TurnedExtras
from sparsec.lowering.kernels.frame import Frame, Sizes
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import Emitter, Value, build_function, pointer, vector_of
from tests.lowering.kernels.attentions import FEW_POINTS, Attention, Kind, real
from tests.native import AVX512, PORTABLE, Native, runnable

MASKS = [(), (1,), ("t",), ("s", 1), ("s", "t"), ("b", 1, 1, "t"), (1, 2, 1, 1), (1, 2, "s", "t"), ("b", 1, "s", "t"),
         ("b", 2, "s", "t"), ("b", 1, "s", 1)]  # fmt: skip


def test_masks_of_every_shape() -> None:
    def score(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        total = real(1e-4)(b, args)
        for mask in args[1 : 1 + len(MASKS)]:
            total = b.apply(ew.Add, total, mask)
        for mask in args[1 + len(MASKS) :]:
            total = b.apply(ew.Where, mask, total, b.apply(ew.Sub, total, b.scalar(1.0, f32)))
        return total

    def weight(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        chosen = b.apply(ew.Where, args[-1], args[0], b.apply(ew.Mul, args[0], b.scalar(0.5, f32)))
        return b.quantize(chosen, b.scalar(1 / 255, f32), b.scalar(0, ui8))

    extras = (*(("float32", mask) for mask in MASKS), *(("bool", mask) for mask in MASKS[4::4]))
    kind = Kind("uint8", "int8", "int8", score=score, weight=weight, zeros=(128, 1, 0, 2), extras=extras)
    Attention(kind).check(points=FEW_POINTS)


@pytest.mark.parametrize(
    "shapes",
    [
        {"int64": ("s", "t"), "int32": ("s", "t"), "uint8": ("s", 1), "int8": ("b", 1, 1, "t")},
        {"uint8": ("b", 1, "s", "t"), "int8": (2, "s", "t"), "bool": ("s", "t")},
    ],
)
def test_masks_of_every_element(shapes: dict[str, tuple[str | int, ...]]) -> None:
    def score(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        total = args[0]
        for arg in args[1:]:
            total = b.apply(ew.Sub, total, b.apply(ew.Mul, b.cast(arg, f32), b.scalar(1e-3, f32)))
        return total

    Attention(Kind(score=score, extras=tuple(shapes.items()))).check(points=[*FEW_POINTS, (1, 70, 33)])


@pytest.mark.parametrize("features", [PORTABLE, AVX512], ids=["portable", "avx512"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_masks_of_more_elements_than_32_bits_count(features: frozenset[str], dtype: str) -> None:
    element = to_element(np.dtype(dtype))
    block = Block(arg_types=[f32, element])
    cast = ew.Cast.create(operands=[block.args[1]], properties={"to": f32}, result_types=[f32])
    block.add_ops([cast, Yield(cast.results[0])])
    region = Region(block)
    # lanes hold the queries 2**21 and later of 2**12 keys each: the pointer is moved back for the mask to start there
    keys, first, key, width = 2**12, 2**21, 7, np.dtype(dtype).itemsize
    mask = np.random.default_rng(3).integers(0, 200, (16, keys)).astype(dtype)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        frame = Frame(e, (), (), e.i64(0), e.i64(1), args[0], Sizes(e, args[0], ()), args[0], {})
        start = e.offset(args[0], e.i64(-first * keys * width))
        extras = [Extra(1, start, element, (1, 1, first + 16, keys))]
        scores = ScoreBody(region, frame, extras, TurnedExtras(frame, extras, {}))
        queries = e.add(e.iota(), first)
        zeros = e.constant(0, vector_of(f32, 16))
        (row,) = scores.apply([zeros], TokenOrder(16, interleaved=False), (e.i64(0), e.i64(0)), e.i64(key), [queries])
        e.store(row, args[1])

    out = np.zeros(16, np.float32)
    if runnable(features):
        Native(build_function("f", features, body, (pointer, pointer))).call("f", mask, out)
        np.testing.assert_array_equal(out, mask[:, key])


def test_rows_that_are_wholly_masked() -> None:
    def score(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.apply(ew.Where, args[1], real(1e-4)(b, args), b.scalar(float("-inf"), f32))

    def weight(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        guarded = b.apply(ew.Where, b.apply(ew.IsNaN, args[0]), b.scalar(0.0, f32), args[0])
        return b.quantize(guarded, b.scalar(1 / 255, f32), b.scalar(0, ui8))

    kind = Kind("uint8", "int8", "int8", score=score, weight=weight, extras=(("bool", ("b", 1, "s", 1)),))
    Attention(kind).check(points=FEW_POINTS[1:])
