"""Steps of products of bytes for CPUs without VNNI: 4 input rows of 16 tokens times weights of some output rows.

On AVX2, rows of 16 tokens are widened when they are loaded, which is free, and interleaved in words. That leaves the
tokens of sums in the order 0-3, 8-11, 4-7, 12-15, which `in_order` undoes. Of rows of 32 tokens, 16 are interleaved as
bytes are (`TokenOrder`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import i8, i16, i32

from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of

_SWAPPED = [*range(4), *range(8, 12), *range(4, 8), *range(12, 16)]


def in_order(e: Emitter, sums: Iterable[Value]) -> list[Value]:
    """Sums of the steps below of rows of 16 tokens with their tokens in order."""
    return [e.shuffle(total, total, _SWAPPED) for total in sums] if e.has("avx2") else list(sums)


def multiply_words(e: Emitter, rows: Sequence[Value], weights: Sequence[Value], sums: Sequence[Value]) -> list[Value]:
    """Accumulate one quad with 16-bit multiplications.

    Args:
        rows: pointers to 16 unsigned bytes of each of 4 input rows.
        weights: a pointer to `s16 w[4]` for each output row.
        sums: i32x16 for each output row.
    """
    return add_words(e, interleaved_words(e, rows), weights, sums)


def add_words(e: Emitter, pairs: Sequence[Value], weights: Sequence[Value], sums: Sequence[Value]) -> list[Value]:
    """The same with rows as `interleaved_words` gives them."""
    result = list(sums)
    for number, pair in enumerate(pairs):
        for row, base in enumerate(weights):
            weight = e.reinterpret(e.load_broadcast(i32, base, 4 * number), i16)
            result[row] = e.add(result[row], e.multiply_pairs(pair, weight))
    return result


def interleaved_bytes(e: Emitter, rows: Sequence[Value]) -> Value:
    """4 rows as u8x64 on AVX2, the four bytes of each token side by side, as sums have tokens."""
    a, b, c, d = _widened(e, rows)
    ab, cd = (e.either(low, e.shift_left(high, 8)) for low, high in ((a, b), (c, d)))
    return e.reinterpret(e.concat([e.unpack(ab, cd, high) for high in (False, True)]), i8)


def _widened(e: Emitter, rows: Sequence[Value]) -> list[Value]:
    return [e.zero_extend(e.load(vector_of(i8, LANES), row), i16) for row in rows]


def part_in_words(e: Emitter, rows: Sequence[Value], part: range) -> list[Value]:
    """The first two and the last two of 4 rows of 32 tokens as i16x32, as `interleave` has the tokens of `part`.

    Args:
        rows: pointers to 32 unsigned bytes of each of 4 input rows.
        part: the first or the second vector.
    """
    kind, high = vector_of(i8, 2 * LANES), part.start == 1
    a, b, c, d = (e.load(kind, row) for row in rows)
    pairs, zero = [e.unpack(a, b, high), e.unpack(c, d, high)], e.constant(0, kind)
    return [e.reinterpret(e.concat([e.unpack(pair, zero, half) for half in (False, True)]), i16) for pair in pairs]


def interleaved_words(e: Emitter, rows: Sequence[Value]) -> list[Value]:
    """The first two and the last two of 4 rows as i16x32, side by side token by token, as sums have tokens."""
    if e.has("avx2"):
        a, b, c, d = _widened(e, rows)
        return [e.concat([e.unpack(*pair, high) for high in (False, True)]) for pair in ((a, b), (c, d))]
    a, b, c, d = (e.load(vector_of(i8, LANES), row) for row in rows)
    pairs = ((a, b), (c, d))  # it is bytes that are interleaved: to widen them is an interleave, too
    return [e.concat([e.zero_extend(e.unpack(*pair, high), i16) for high in (False, True)]) for pair in pairs]
