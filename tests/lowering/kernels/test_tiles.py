"""Moving between rows and tiles: the square that is turned at a time."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import IntegerType
from xdsl.dialects.func import FuncOp

from sparsec.lowering.kernels.tiles import transpose
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, build_function, pointer, vector_of
from tests.native import AVX2, Native, assembly, each_target


def _square(width: int, features: frozenset[str]) -> FuncOp:
    """A function that turns a square of elements of `width` bits."""
    row = LANES * width // 8

    def body(e: Emitter, arguments: tuple[Value, ...]) -> None:
        given, made = arguments
        rows = [e.load(vector_of(IntegerType(width), LANES), given, row * number) for number in range(LANES)]
        for number, vector in enumerate(transpose(e, rows)):
            e.store(vector, made, row * number)

    return build_function("square", features, body, (pointer, pointer))


@pytest.mark.parametrize("width", [8, 16, 32, 64])
@each_target
def test_squares_are_transposed(features: frozenset[str], width: int) -> None:
    given = np.arange(LANES * LANES).astype(f"uint{width}").reshape(LANES, LANES)
    made = np.zeros_like(given)
    Native(_square(width, features)).call("square", given, made)
    np.testing.assert_array_equal(made, given.T)


def test_no_shuffle_takes_more_than_one_instruction() -> None:
    lines = assembly([_square(32, AVX2)]).splitlines()
    shuffles = [line for line in lines if line.strip().startswith(("vunpck", "vperm", "vshuf", "vblend", "vinsert"))]
    assert 0 < len(shuffles) <= 4 * 2 * LANES  # four turns of 16 vectors of two registers
