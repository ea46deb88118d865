"""kernel.map over shapes, broadcasts and layouts, with guards around all memory."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.lowering.kernels.maps import MAP
from tests.lowering.kernels.run_kernel import Compiled, assert_same, body_reference, buffer, kernel_op

Sizes = tuple[str | int, ...]

BODY = """(%x : f32, %y : f32, %z : ui8) {
  %g = nn.gelu %x : f32
  %a = nn.add %g, %y : f32
  %c = nn.constant 0.1 : f32
  %q = nn.quantize %a, %c, %z : (f32, f32, ui8) -> ui8
  sparse.yield %q, %a : ui8, f32
}"""


@cache
def compiled(x: Sizes, y: Sizes, z: Sizes, out: Sizes, tiled: tuple[bool, bool]) -> Compiled:
    ins = [buffer("float32", x, tiled[0]), buffer("float32", y, tiled[1]), buffer("uint8", z)]
    outs = [buffer(dtype, out, tiled[0]) for dtype in ("uint8", "float32")]
    return Compiled(kernel_op("map", ins, outs, body=BODY), MAP, ("b", "s"))


def check(x: Sizes, y: Sizes, z: Sizes, tiled: tuple[bool, bool], b: int, s: int) -> None:
    rank = max(map(len, (x, y, z)))
    full = [(*[1] * (rank - len(shape)), *shape) for shape in (x, y, z)]
    out = tuple(next((size for size in sizes if size != 1), 1) for sizes in zip(*full, strict=True))
    kernel = compiled(x, y, z, out, tiled)
    random = np.random.default_rng(b * 100 + s)
    value = {"b": b, "s": s}
    shapes = [[value.get(size, size) for size in shape] for shape in (x, y, z)]  # pyright: ignore
    arrays = [(random.normal(size=shape) * 5).astype(np.float32) for shape in shapes[:2]]
    arrays.append(random.integers(0, 256, shapes[2], np.uint8))
    outs = kernel(*arrays, b=b, s=s)
    expected = body_reference(kernel.op, arrays, np.broadcast_shapes(*(a.shape for a in arrays)))
    for one, other in zip(outs, expected, strict=True):
        assert_same(one, other)


POINTS = [(1, 1), (1, 13), (1, 64), (3, 43), (2, 65), (0, 5)]
OPERANDS: list[Sizes] = [
    (), (1,), (21,), (1, 1, 21), ("s", 1), ("b", "s", 1), ("b", 1, 1), ("s", 21), (1, "s", 21), ("b", 1, 21),
    ("b", "s", 21),
]  # fmt: skip


@pytest.mark.parametrize("y", OPERANDS, ids=str)
def test_tiles(y: Sizes) -> None:
    for b, s in POINTS:
        check(("b", "s", 21), y, (), (True, False), b, s)
        check(("b", "s", 21), ("b", "s", 21), y, (True, True), b, s)


@pytest.mark.parametrize("channels", [1, 5, 16])
def test_channels_of_tiles(channels: int) -> None:
    for b, s in POINTS[:4]:
        check(("b", "s", channels), (channels,), ("b", "s", 1), (True, False), b, s)


@pytest.mark.parametrize("y", OPERANDS, ids=str)
def test_rows(y: Sizes) -> None:
    for b, s in POINTS:
        check(("b", "s", 21), y, (), (False, False), b, s)
        check(("b", "s", 1), (21,), y, (False, False), b, s)


def test_long_row_is_split() -> None:
    check(("b", "s", 21), ("b", "s", 21), (1,), (False, False), 7, 71)


def test_scalars() -> None:
    check((), (), (), (False, False), 1, 1)


sizes = st.sampled_from([1, 1, 2, 3, 17, "b", "s"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(sizes, max_size=4),
    st.data(),
    st.integers(0, 5),
    st.integers(1, 40),
)
def test_any_broadcast(shape: list[str | int], data: st.DataObject, b: int, s: int) -> None:
    """Each operand drops leading axes and replaces some axes by 1."""
    operands: list[Sizes] = []
    for _ in range(3):
        kept = shape[data.draw(st.integers(0, len(shape))) :]
        operands.append(tuple(data.draw(st.sampled_from([size, 1])) for size in kept))
    check(operands[0], operands[1], operands[2], (False, False), b, s)
