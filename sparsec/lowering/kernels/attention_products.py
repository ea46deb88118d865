"""The two products of attention: a few rows of a broadcast operand times a streamed operand in scratch memory.

The streamed operand is `[k][64 tokens]`, bytes or f32. Each group of rows reads all of it, so `interleave_quads`
prepares bytes: where unpacks take the ports of multiplies (Intel's AVX-512), products take two thirds of the time. Row
r of the broadcast operand is read at `bases[r] + step * stride`, where a step is a quad of four k or one k (f32).
Targets that multiply bytes only where pairs of products fit 16 bits have lists of the quads that do
(`attention_fits.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import f32, i8, i32, i64
from xdsl.ir import Attribute

from sparsec.lowering.kernels.attention_fits import Listed, QuadLists, unfit_pairs
from sparsec.lowering.kernels.token_order import TokenOrder, interleave
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, size_of, vector_of
from sparsec.schedule import GROUP, TILE

Rows = list[list[Value]]


def interleave_quads(e: Emitter, order: TokenOrder, rows: Value, quads: Operand, target: Value) -> None:
    """Interleave quads of rows of bytes: vectors of 64 bytes, 16 tokens x 4 k in accumulator order."""

    def quad(number: Value, _: tuple[Value, ...]) -> None:
        start = e.offset(target, e.mul(number, 4 * order.width))
        for index, vector in enumerate(load_quad(e, order, rows, number)):
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
    listed: Listed | None = None,
) -> Rows:
    """Exact i32 sums of s8 rows times interleaved quads, in accumulator order.

    Args:
        streamed, steps: the quads and how many.
        bases, stride: where each row's quads begin, and bytes from one to the next.
        initial: what each row's sums start from.
        listed: the rows' quads by whether they fit, where that matters.

    Returns:
        accumulators [row][vector].
    """

    def quad(number: Value, sums: Sequence[Value], pairs_fit: bool = False) -> list[Value]:
        start = e.offset(streamed, e.mul(number, 4 * order.width))
        vectors = [e.load(vector_of(i8, 4 * LANES), start, 64 * index) for index in range(order.vectors)]
        result: list[Value] = []
        for row, base in enumerate(bases):
            weight = e.reinterpret(e.load_broadcast(i32, base, e.mul(number, stride)), i8)
            for index, vector in enumerate(vectors):
                result.append(e.dot4(sums[row * order.vectors + index], vector, weight, pairs_fit=pairs_fit))
        return result

    sums = _starts(e, order, initial)
    if listed is None:
        return _rows(order, e.for_loop(0, steps, quad, sums))
    sums = e.for_loop(0, listed.fitting, lambda at, sums: quad(listed.number(e, at), sums, True), sums)
    return _rows(order, e.for_loop(listed.fitting, steps, lambda at, sums: quad(listed.number(e, at), sums), sums))


def float_product(
    e: Emitter,
    order: TokenOrder,
    streamed: Value,
    steps: Operand,
    bases: Sequence[Value],
    stride: Operand,
    initial: Sequence[Value],
) -> Rows:
    """fp32 sums of f32 rows times streamed f32, as above; tokens keep the order in which they are streamed."""

    def step(number: Value, sums: tuple[Value, ...]) -> list[Value]:
        at = e.mul(number, 4 * TILE)
        vectors = [e.load(vector_of(f32, LANES), streamed, e.add(at, 64 * i)) for i in range(order.vectors)]
        result: list[Value] = []
        for row, base in enumerate(bases):
            weight = e.load_broadcast(f32, base, e.mul(number, stride))
            for index, vector in enumerate(vectors):
                result.append(e.fma(vector, weight, sums[row * order.vectors + index]))
        return result

    return _rows(order, e.for_loop(0, steps, step, _starts(e, order, initial)))


def _starts(e: Emitter, order: TokenOrder, initial: Sequence[Value]) -> list[Value]:
    return [e.broadcast(value) for value in initial for _ in range(order.vectors)]


def _rows(order: TokenOrder, flat: Sequence[Value]) -> Rows:
    return [list(flat[start : start + order.vectors]) for start in range(0, len(flat), order.vectors)]


def pack_keys(
    e: Emitter, keys: Value, packed: Value, sums: Value, channels: int, width: Value, lists: QuadLists | None = None
) -> None:
    """`packed[q][key][i] = keys[4 q + i][key]` and `sums[key]` = the sum over channels, exact.

    Args:
        keys: s8 `[channels][width]`, channels a multiple of 4 (zeros beyond the real ones).
        width: keys, a multiple of 16.
        packed: s8.
        sums: i32[width].
        lists: filled in for groups of 4 keys.
    """
    ones, flags = e.constant(1, vector_of(i8, 64)), e.stack(64)

    def list_quad(key: Value, number: Value, vector: Value, fitting: Sequence[Value]) -> list[Value]:
        """Of 4 groups of keys: how many quads of each fit."""
        if lists is None:
            return []
        e.store(unfit_pairs(e, vector), flags)
        unfit = [e.either(e.load(i64, flags, 16 * part), e.load(i64, flags, 16 * part + 8)) for part in range(4)]
        first = e.div(key, GROUP)
        return [lists.add(e, e.add(first, part), number, count, unfit[part]) for part, count in enumerate(fitting)]

    def chunk(key: Value, _: tuple[Value, ...]) -> None:
        def quad(number: Value, state: tuple[Value, ...]) -> list[Value]:
            base = e.offset(keys, e.add(e.mul(e.mul(number, 4), width), key))
            rows = [e.load(vector_of(i8, LANES), base, e.mul(width, i)) for i in range(4)]
            (vector,) = interleave(e, rows)
            e.store(vector, packed, e.mul(e.add(e.mul(number, width), key), 4))
            total = e.dot4(state[0], ones, vector, pairs_fit=True)
            return [total, *list_quad(key, number, vector, state[1:])]

        counts = [e.i64(0)] * (LANES // GROUP) if lists is not None else []
        total, *fitting = e.for_loop(0, channels // 4, quad, [e.constant(0, vector_of(i32, LANES)), *counts])
        e.store(total, sums, e.mul(key, 4))
        if lists is not None:
            for part, count in enumerate(fitting):
                lists.finish(e, e.add(e.div(key, GROUP), part), count)

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


def sum_stream(e: Emitter, order: TokenOrder, rows: Value, count: Operand) -> list[Value]:
    """Per token, in accumulator order, the exact sum of rows of u8 over the first `count` of k."""
    ones = e.constant(1, vector_of(i8, 64))

    def add(quad: Value, state: tuple[Value, ...], weights: Value = ones) -> list[Value]:
        vectors = load_quad(e, order, rows, quad)
        return [e.dot4(total, vector, weights, pairs_fit=True) for total, vector in zip(state, vectors, strict=True)]

    count = e.i64(count) if isinstance(count, int) else count
    full, rest = e.div(count, 4), e.truncate(e.rem(count, 4), i8)
    totals = e.for_loop(0, full, add, [e.constant(0, vector_of(i32, LANES))] * order.vectors)
    real = e.less(e.constant_vector([i % 4 for i in range(64)], i8), e.broadcast(rest, 64))
    some = e.select(real, ones, e.constant(0, vector_of(i8, 64)))
    return list(e.if_(e.greater(rest, 0), lambda: add(full, totals, some), lambda: totals))
