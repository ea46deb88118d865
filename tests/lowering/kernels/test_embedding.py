"""kernel.embedding against numpy: any number of tables, bytes and floats, ugly sizes, with guards around all memory."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.lowering.kernels.embedding import EMBEDDING
from tests.lowering.kernels.run_kernel import Compiled, assert_same, body_reference, buffer, kernel_op

ENTRIES = (11, 3, 40)
MESSAGES = (4, 2, 7)

BODIES = {
    "sum": """(%x : f32, %y : f32, %z : f32, %s : f32, %c : f32) {
      %a = nn.add %x, %y : f32
      %b = nn.add %a, %z : f32
      %d = nn.mul %b, %s : f32
      %e = nn.add %d, %c : f32
      sparse.yield %e : f32
    }""",
    "bytes": """(%x : i8, %y : ui8, %z : f32, %s : f32, %c : f32) {
      %p = nn.constant 3 : i8
      %q = nn.constant 120 : ui8
      %a = nn.dequantize %x, %s, %p : (i8, f32, i8) -> f32
      %b = nn.dequantize %y, %s, %q : (ui8, f32, ui8) -> f32
      %d = nn.add %a, %b : f32
      %e = nn.add %d, %z : f32
      %f = nn.add %e, %c : f32
      %g = nn.quantize %f, %s, %q : (f32, f32, ui8) -> ui8
      %h = nn.greater %f, %c : (f32, f32) -> i1
      sparse.yield %g, %f, %h : ui8, f32, i1
    }""",
    "unread": """(%x : f32, %y : f32, %z : f32, %s : f32, %c : f32) {
      sparse.yield %y : f32
    }""",
}
DTYPES = {"sum": ["float32"] * 3, "bytes": ["int8", "uint8", "float32"], "unread": ["float32"] * 3}
OUTS = {"sum": ["float32"], "bytes": ["uint8", "float32", "bool"], "unread": ["float32"]}


@cache
def compiled(body: str, channels: int, index: str) -> Compiled:
    tables = [buffer(dtype, (entries, channels)) for dtype, entries in zip(DTYPES[body], ENTRIES, strict=True)]
    indices = [buffer(index, ("b", "s")) for _ in ENTRIES]
    extras = [buffer("float32", ()), buffer("float32", (channels,))]
    outs = [buffer(dtype, ("b", "s", channels), tiled=True) for dtype in OUTS[body]]
    messages = f"messages = array<i64: {', '.join(map(str, MESSAGES))}>"
    op = kernel_op("embedding", [*tables, *indices, *extras], outs, messages, BODIES[body])
    return Compiled(op, EMBEDDING, ("b", "s"))


def arrays(body: str, channels: int, index: str, b: int, s: int) -> list[np.ndarray]:
    random = np.random.default_rng(b * 1000 + s)

    def table(dtype: str, entries: int) -> np.ndarray:
        numbers = random.normal(size=(entries, channels)).astype(np.float32)
        return numbers if dtype == "float32" else (numbers * 60).astype(np.int64).astype(dtype)

    tables = [table(dtype, entries) for dtype, entries in zip(DTYPES[body], ENTRIES, strict=True)]
    indices = [random.integers(-entries, entries, (b, s)).astype(index) for entries in ENTRIES]
    return [*tables, *indices, np.float32(0.05).reshape(()), random.normal(size=channels).astype(np.float32)]


def check(body: str, channels: int, index: str, b: int, s: int) -> None:
    kernel, given_arrays = compiled(body, channels, index), arrays(body, channels, index, b, s)
    outs = kernel(*given_arrays, b=b, s=s)
    rows = [table[places] for table, places in zip(given_arrays[:3], given_arrays[3:6], strict=True)]
    expected = body_reference(kernel.op, [*rows, *given_arrays[6:]], (b, s, channels))
    for one, other in zip(outs, expected, strict=True):
        assert_same(one, other)
    assert kernel.status == 0


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("channels", [1, 16, 37])
def test_sizes(body: str, channels: int) -> None:
    for b, s in [(1, 1), (1, 13), (2, 64), (3, 43), (0, 5)]:
        check(body, channels, "int64", b, s)


@settings(max_examples=15, deadline=None)
@given(
    body=st.sampled_from(sorted(BODIES)),
    channels=st.sampled_from([2, 15, 17, 64]),
    index=st.sampled_from(["int32", "int64"]),
    b=st.integers(0, 5),
    s=st.integers(0, 70),
)
def test_drawn_sizes(body: str, channels: int, index: str, b: int, s: int) -> None:
    check(body, channels, index, b, s)


@pytest.mark.parametrize("table", range(3))
@pytest.mark.parametrize("far", [0, 2**62])
def test_an_index_that_is_out_of_range_is_reported_with_the_message_of_its_table(table: int, far: int) -> None:
    for wrong in (ENTRIES[table] + far, -ENTRIES[table] - 1 - far):
        kernel, given_arrays = compiled("sum", 37, "int64"), arrays("sum", 37, "int64", 2, 40)
        given_arrays[3 + table][1, 3] = wrong
        kernel(*given_arrays, b=2, s=40)
        assert kernel.status == MESSAGES[table] + 1
