"""kernel.attention against the reference of nn.attention: bytes bit for bit, floats within rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects.builtin import f32, i8, i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import to_element, ui8
from sparsec.lowering.kernels.attention import ATTENTION
from sparsec.lowering.kernels.vector import Emitter, Value, build_function
from tests.lowering.kernels.attentions import FEW_POINTS, Attention, Kind, nothing, real, rounded, then
from tests.lowering.kernels.machine_code import Loop, innermost_loops
from tests.native import AVX2, AVX512, assembly


@pytest.mark.parametrize(
    ("elements", "zeros"),
    [
        (("uint8", "uint8", "uint8"), (200, 130, 3, 120)),
        (("uint8", "int8", "int8"), (7, -3, 0, 5)),
        (("int8", "uint8", "uint8"), (-128, 128, 1, 0)),
        (("uint8", "uint8", "int8"), (0, 9, 2, 0)),
    ],
)
def test_bytes(elements: tuple[str, str, str], zeros: tuple[int, int, int, int]) -> None:
    q, k, v = elements
    kind = Kind(
        q, k, v, zeros=zeros, score=real(1e-4), weight=rounded(1 / 100, zeros[2], i8 if q == "int8" else ui8),
        output=then(real(1 / 100), rounded(0.5, 100, ui8)),
    )  # fmt: skip
    Attention(kind).check()


def loops_of_bytes(features: frozenset[str]) -> list[Loop]:
    """The innermost loops of an attention with 64 channels, all in bytes."""
    op = Attention(Kind("uint8", "uint8", "uint8", 1, 64, 64, real(0.01), rounded(1 / 255, 0, ui8), real(0.1))).op

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        ATTENTION.write(op, e, args, ("b", "s", "t"))

    return innermost_loops(assembly([build_function("f", features, body)]))


def test_products_of_bytes_multiply_what_was_interleaved_before() -> None:
    loops = [loop for loop in loops_of_bytes(AVX512) if loop.count("vpdpbusd") == 16]
    assert len(loops) == 2 and not any(loop.count("vpunpck.*|vperm.*") for loop in loops)


class AtLimits(Attention):
    """Queries and weights mostly 255; keys and values whose neighbours add up to 128 in magnitude or just more."""

    def draw(self, b: int, s: int, t: int) -> dict[str, np.ndarray]:
        """Neighbours are channels of a key, and keys of a value."""
        arrays, random = super().draw(b, s, t), np.random.default_rng(b + s + t)
        arrays["q"] = np.where(random.random(arrays["q"].shape) < 0.9, 255, arrays["q"]).astype(np.uint8)
        for name, axis in (("k", 1), ("v", 2)):
            shape = arrays[name].shape
            of_neighbours = [1 if number == axis else size for number, size in enumerate(shape)]
            limits = random.choice([63, 64, 65, -64, -65], of_neighbours)
            fitting = np.where(random.random(shape) < 0.02, -128, random.integers(-64, 64, shape))
            arrays[name] = np.where(random.random(of_neighbours) < 0.3, fitting, limits).astype(np.int8)
        return arrays


@pytest.mark.parametrize("factor", [1e-6, 3e-5])  # scores of all keys alike, or such that each product is seen
def test_neighbouring_keys_and_values_at_the_limits_of_16_bits(factor: float) -> None:
    kind = Kind(
        "uint8", "int8", "int8", channels=14, value_channels=11, score=real(factor), weight=rounded(0.01, 250, ui8),
        zeros=(0, 0, 250, 0),
    )  # fmt: skip
    AtLimits(kind).check([(2, 3, 7), (3, 5, 6), (2, 17, 9), (4, 2, 12), (1, 16, 70)])


def test_bytes_are_multiplied_as_such_on_avx2_where_they_fit() -> None:
    loops = [loop for loop in loops_of_bytes(AVX2) if loop.count("vpmaddubsw") == 8]
    assert len(loops) == 2 and all(loop.count("vpmaddwd") == 8 for loop in loops)
    assert not any(loop.count("vpunpck.*") or loop.stack_traffic for loop in loops)


def test_bytes_that_are_looked_up() -> None:
    def looked_up(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.apply(ew.Lookup, args[0], b.table((np.arange(256) * 7 % 256).astype(np.uint8)))

    def back(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.dequantize(args[0], b.scalar(0.01, f32), b.scalar(3, ui8))

    byte = then(rounded(0.05, 100, ui8), looked_up)
    kind = Kind(
        "uint8", "int8", "int8", zeros=(7, -3, 3, 5), score=then(real(1e-4), then(byte, back)),
        weight=then(rounded(1 / 100, 3, ui8), looked_up), output=then(real(1 / 100), byte),
    )  # fmt: skip
    Attention(kind).check()


@pytest.mark.parametrize(("channels", "value_channels"), [(1, 1), (8, 12), (33, 16)])
def test_channels_of_a_head(channels: int, value_channels: int) -> None:
    kind = Kind(
        "uint8", "int8", "uint8", 3, channels, value_channels, real(1e-4), rounded(1 / 255, 0, ui8), nothing,
        zeros=(3, 4, 0, 6),
    )  # fmt: skip
    Attention(kind).check(points=[(2, 17, 5), (1, 64, 65)])


def test_floats() -> None:
    Attention(Kind()).check()


def test_scores_of_bytes_and_values_of_floats() -> None:
    Attention(Kind("uint8", "int8", score=real(1e-3), zeros=(3, 4, 0, 0))).check()


@pytest.mark.parametrize("zeros", [(3, 4, 0, 5), (200, 4, 0, 5)])
def test_groups_of_keys_that_are_not_full(zeros: tuple[int, int, int, int]) -> None:
    """Scores so far apart that a wrong maximum, of a key that does not exist, would show in the weights."""
    kind = Kind("uint8", "int8", "int8", channels=8, score=real(1e-2), weight=rounded(1 / 255, 0, ui8), zeros=zeros)
    Attention(kind).check([(8, 3, 1), (2, 17, 5), (1, 13, 62), (1, 3, 61)])


class HighKeys(Attention):
    """Every key is 127 in all channels, more than what lies in scratch memory behind the last one."""

    def draw(self, b: int, s: int, t: int) -> dict[str, np.ndarray]:
        arrays = super().draw(b, s, t)
        arrays["k"][:] = 127
        return arrays


def test_sums_of_keys_are_repeated_to_whole_groups() -> None:
    """A zero point of q counts them: too low a sum would be too high a score, of a key that does not exist."""
    weight = rounded(1 / 255, 0, ui8)
    HighKeys(Kind("uint8", "int8", "int8", channels=8, score=real(1e-2), weight=weight, zeros=(200, 4, 0, 5))).check(
        [(2, 3, 1), (1, 17, 5), (1, 13, 62)]
    )


def test_a_zero_point_that_happens_to_be_zero() -> None:
    """Layers share a function that corrects for what is not 0 in some of them."""
    for zeros in ((0, 0, 0, 0), (3, 0, 0, 5)):
        kind = Kind("uint8", "int8", "int8", score=real(1e-3), weight=rounded(1 / 100, zeros[2], ui8), zeros=zeros)
        Attention(replace(kind, corrected="qkwv")).check()


def test_scores_of_floats_and_values_of_bytes() -> None:
    # only weights that no rounding of the scores can move to another byte can be compared
    kind = Kind(v="uint8", score=lambda b, args: b.scalar(0.0, f32), weight=rounded(1 / 7, 0, ui8), zeros=(0, 0, 0, 9))
    Attention(kind).check()


@pytest.mark.parametrize("out", ["int32", "int8", "bool"])
def test_every_result_and_numbers_by_channel(out: str) -> None:
    def output(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        y = b.apply(ew.Add, b.apply(ew.Mul, b.cast(args[0], f32), args[1]), b.apply(ew.Mul, args[2], args[3]))
        match out:
            case "int32":
                return b.cast(b.apply(ew.Mul, y, b.scalar(0.5, f32)), i32)
            case "bool":
                return b.apply(ew.Less, y, b.scalar(0.0, f32))
            case _:
                return b.quantize(y, b.scalar(3.0, f32), b.scalar(1, to_element(np.dtype(out))))

    kind = Kind(
        "uint8", "int8", "uint8", score=real(1e-4), weight=rounded(1 / 255, 0, ui8), output=output,
        zeros=(3, 4, 0, 6), extras=(("float32", (6,)), ("float32", (1, 1, 6)), ("float32", (1,))),
    )  # fmt: skip
    Attention(kind).check(points=FEW_POINTS[1:])


def test_no_queries_and_no_keys() -> None:
    for kind in (Kind(), Kind("uint8", "int8", "int8", score=real(1e-3), weight=rounded(1 / 255, 0, ui8))):
        Attention(kind).check(points=[(0, 3, 3), (2, 0, 3), (1, 3, 0)])


@pytest.mark.parametrize(
    "kind", [Kind(), Kind("uint8", "int8", "int8", score=real(1e-3), weight=rounded(1 / 255, 0, ui8))]
)
def test_lanes_behind_the_last_token_are_zeros(kind: Kind) -> None:
    """Up to a whole vector: what was left there might be denormal, and products compute with it. The last sequence has
    computed three lanes more than it has queries."""
    attention = Attention(kind)
    attention.check(points=[(2, 13, 5)])
    (tiles,) = attention.native.tiles
    assert tiles.shape[0] == 1 and (tiles[0][:, 29:32] == 0).all()
