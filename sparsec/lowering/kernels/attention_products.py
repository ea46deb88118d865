"""The two products of attention: a few rows of a broadcast operand times a streamed operand in scratch memory.

The streamed operand is `[k][64 tokens]`, bytes or f32. Each group of rows reads all of it, so `interleave_quads`
prepares bytes: where unpacks take the ports of multiplies (Intel's AVX-512), products take two thirds of the time. Row
r of the broadcast operand is read at `bases[r] + step * stride`, where a step is a quad of four k or one k (f32).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import f32, i8, i16, i32
from xdsl.ir import Attribute

from sparsec.lowering.kernels.token_order import TokenOrder, interleave
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, size_of, vector_of
from sparsec.lowering.kernels.words import add_words, in_order, interleaved_words
from sparsec.schedule import GROUP, TILE

Rows = list[list[Value]]
Product = Callable[[Emitter, TokenOrder, Value, Operand, Sequence[Value], Operand, Sequence[Value]], Rows]
"""(emitter, order, streamed, steps, bases, stride, initial sum per row) -> accumulators [row][vector]"""


def in_words(e: Emitter) -> bool:
    """Whether quantised operands are widened to 16 bits in memory, rather than each time in registers: that of pairs
    nothing is known before the model runs, and registers hold 16 tokens, which `add_words` takes."""
    return e.multiplies_in_pairs


def quad_bytes(e: Emitter, width: int) -> int:
    """Bytes of an interleaved quad of so many tokens."""
    return 4 * width * (2 if in_words(e) else 1)


def interleave_quads(e: Emitter, order: TokenOrder, rows: Value, quads: Operand, target: Value) -> None:
    """Interleave quads of rows of bytes: vectors of 64 bytes, 16 tokens x 4 k in accumulator order or their words."""

    def quad(number: Value, _: tuple[Value, ...]) -> None:
        if in_words(e):
            vectors = interleaved_words(e, [e.offset(rows, e.add(e.mul(number, 4 * TILE), TILE * i)) for i in range(4)])
        else:
            vectors = load_quad(e, order, rows, number)
        start = e.offset(target, e.mul(number, quad_bytes(e, order.width)))
        for index, vector in enumerate(vectors):
            e.store(vector, start, 64 * index)

    e.for_loop(0, quads, quad)


def load_quad(e: Emitter, order: TokenOrder, rows: Value, quad: Value) -> list[Value]:
    """Quad number `quad` of rows of bytes, interleaved."""
    start = e.offset(rows, e.mul(quad, 4 * TILE))
    return interleave(e, [e.load(vector_of(i8, order.width), start, TILE * i) for i in range(4)])


def quantised_product(
    e: Emitter,
    order: TokenOrder,
    streamed: Value,
    steps: Operand,
    bases: Sequence[Value],
    stride: Operand,
    initial: Sequence[Value],
) -> Rows:
    """Exact i32 sums of s8 rows times interleaved quads, in accumulator order; `in_words`, rows are s16, too."""

    def load(number: Value, kind: Attribute, count: int) -> list[Value]:
        start = e.offset(streamed, e.mul(number, quad_bytes(e, order.width)))
        return [e.load(kind, start, 64 * index) for index in range(count)]

    def words(number: Value, sums: tuple[Value, ...]) -> list[Value]:
        pairs = load(number, vector_of(i16, 2 * LANES), 2)
        return add_words(e, pairs, [e.offset(base, e.mul(number, stride)) for base in bases], sums)

    if in_words(e):
        return [in_order(e, row) for row in _walk(e, order, steps, initial, words)]

    def quad(number: Value, sums: tuple[Value, ...]) -> list[Value]:
        vectors = load(number, vector_of(i8, 4 * LANES), order.vectors)
        result: list[Value] = []
        for row, base in enumerate(bases):
            weight = e.reinterpret(e.load_broadcast(i32, base, e.mul(number, stride)), i8)
            for index, vector in enumerate(vectors):
                result.append(e.dot4(sums[row * order.vectors + index], vector, weight))
        return result

    return _walk(e, order, steps, initial, quad)


def float_product(
    e: Emitter,
    order: TokenOrder,
    streamed: Value,
    steps: Operand,
    bases: Sequence[Value],
    stride: Operand,
    initial: Sequence[Value],
) -> Rows:
    """fp32 sums of f32 rows times streamed f32; tokens keep the order in which they are streamed."""

    def step(number: Value, sums: tuple[Value, ...]) -> list[Value]:
        at = e.mul(number, 4 * TILE)
        vectors = [e.load(vector_of(f32, LANES), streamed, e.add(at, 64 * i)) for i in range(order.vectors)]
        result: list[Value] = []
        for row, base in enumerate(bases):
            weight = e.load_broadcast(f32, base, e.mul(number, stride))
            for index, vector in enumerate(vectors):
                result.append(e.fma(vector, weight, sums[row * order.vectors + index]))
        return result

    return _walk(e, order, steps, initial, step)


def _walk(
    e: Emitter,
    order: TokenOrder,
    steps: Operand,
    initial: Sequence[Value],
    step: Callable[[Value, tuple[Value, ...]], list[Value]],
) -> Rows:
    starts = [e.broadcast(value) for value in initial for _ in range(order.vectors)]
    flat = e.for_loop(0, steps, step, starts)
    count = order.vectors
    return [list(flat[row * count : (row + 1) * count]) for row in range(len(initial))]


def pack_keys(e: Emitter, keys: Value, packed: Value, sums: Value, channels: int, width: Value) -> None:
    """`packed[q][key][i] = keys[4 q + i][key]` and `sums[key]` = the sum over channels, exact.

    Args:
        keys: s8 `[channels][width]`, channels a multiple of 4 (zeros beyond the real ones).
        width: keys, a multiple of 16.
        packed: s8, or s16 `in_words`.
        sums: i32[width].
    """
    ones = e.constant(1, vector_of(i8, 64))

    def chunk(key: Value, _: tuple[Value, ...]) -> None:
        def quad(number: Value, state: tuple[Value, ...]) -> list[Value]:
            base = e.offset(keys, e.add(e.mul(e.mul(number, 4), width), key))
            rows = [e.load(vector_of(i8, LANES), base, e.mul(width, i)) for i in range(4)]
            (vector,) = interleave(e, rows)
            stored = e.sign_extend(vector, i16) if in_words(e) else vector
            e.store(stored, packed, e.mul(e.add(e.mul(number, width), key), size_of(stored.type) // LANES))
            return [e.dot4(state[0], ones, vector, pairs_fit=True)]

        (total,) = e.for_loop(0, channels // 4, quad, [e.constant(0, vector_of(i32, LANES))])
        e.store(total, sums, e.mul(key, 4))

    e.for_loop(0, width, chunk, step=LANES)


def repeat_last(e: Emitter, rows: Value, count: int, keys: Value, width: Value, element: Attribute) -> None:
    """Make the 3 elements behind `row[keys - 1]` equal to it in each row of `width`, as far as there are so many.

    Nothing is done where there are no keys.
    """
    size = size_of(element)

    def row(number: Value, _: tuple[Value, ...]) -> None:
        base = e.offset(rows, e.mul(e.mul(number, width), size))
        last = e.load(element, base, e.mul(e.sub(keys, 1), size))
        for behind in range(GROUP - 1):
            e.store(last, base, e.mul(e.minimum(e.add(keys, behind), e.sub(width, 1)), size))

    e.for_loop(0, e.select(e.greater(keys, 0), e.i64(count), 0), row)


def widen(e: Emitter, values: Value, words: Value, size: Value) -> None:
    """s8 to s16; size is a multiple of 64."""

    def some(at: Value, _: tuple[Value, ...]) -> None:
        e.store(e.sign_extend(e.load(vector_of(i8, 64), values, at), i16), words, e.mul(at, 2))

    e.for_loop(0, size, some, step=64)


def sum_rows(e: Emitter, values: Value, sums: Value, rows: int, width: Value) -> None:
    """`sums[d]` = the sum of s8 `values[d][0..width)`; width is a multiple of 64."""
    ones = e.constant(1, vector_of(i8, 64))
    parts = e.stack(64)

    def row(d: Value, _: tuple[Value, ...]) -> None:
        base = e.offset(values, e.mul(d, width))

        def part(at: Value, state: tuple[Value, ...]) -> list[Value]:
            return [e.dot4(state[0], ones, e.load(vector_of(i8, 64), base, at), pairs_fit=True)]

        (total,) = e.for_loop(0, width, part, [e.constant(0, vector_of(i32, LANES))], step=64)
        e.store(total, parts)
        (whole,) = e.for_loop(
            0, LANES, lambda lane, state: [e.add(state[0], e.load(i32, parts, e.mul(lane, 4)))], [e.i32(0)]
        )
        e.store(whole, sums, e.mul(d, 4))

    e.for_loop(0, rows, row)


def sum_stream(e: Emitter, order: TokenOrder, rows: Value, channels: int) -> list[Value]:
    """Per token, in accumulator order, the exact sum of rows of u8 over the first `channels` of k."""
    sums = [e.constant(0, vector_of(i32, LANES))] * order.vectors
    ones = e.constant(1, vector_of(i8, 64))

    def quad(number: Value, state: tuple[Value, ...]) -> list[Value]:
        vectors = load_quad(e, order, rows, number)
        return [e.dot4(total, vector, ones, pairs_fit=True) for total, vector in zip(state, vectors, strict=True)]

    totals = list(e.for_loop(0, channels // 4, quad, sums))
    if channels % 4:
        some = e.constant_vector([1 if i % 4 < channels % 4 else 0 for i in range(64)], i8)
        vectors = load_quad(e, order, rows, e.i64(channels // 4))
        totals = [e.dot4(total, vector, some, pairs_fit=True) for total, vector in zip(totals, vectors, strict=True)]
    return totals
