"""Attention of one head of one sequence at a time, all of it in scratch memory that stays in the cache.

Scores are held transposed, `[key][query]`, for as many queries at a time as registers hold (up to 64): the softmax
then runs down the keys with no horizontal reductions, and its sums take the keys in the order that the reference
demands.

* S = K Q is an outer-product walk like dataflow A: K is the broadcast operand, Q the streamed one.
* softmax over keys, then the `weight` body.
* O = V W likewise, V broadcast, W streamed.

Quantised operands are normalised on the way into scratch: q and w unsigned, k and v signed, which moves their zero
points by 128 where the file says otherwise. Sums are corrected exactly, in i32, for what zero points remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xdsl.dialects.builtin import f32, i8, i32, i64

from sparsec.dialects import kernel
from sparsec.dialects.body import yielded
from sparsec.dialects.encoding import ui8
from sparsec.dims import parse_size
from sparsec.elementary import exp_of_non_positive
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import attention_products as products
from sparsec.lowering.kernels import elements, sums
from sparsec.lowering.kernels.attention_extras import OutputBody, ScoreBody, TurnedExtras, extras_of, turned_areas
from sparsec.lowering.kernels.attention_fits import QuadLists, list_areas, list_values
from sparsec.lowering.kernels.attention_scratch import Areas, Tiles, clear, load_columns, store_columns
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.matmul import store_tile_rows
from sparsec.lowering.kernels.shared import QUERIES, by_query
from sparsec.lowering.kernels.token_order import WIDTHS, TokenOrder, pack_row
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.schedule import GROUP, TILE


class AttentionEmitter:
    """Emits one `kernel.attention`."""

    def __init__(self, op: kernel.Attention, e: Emitter, sizes: Sizes):
        self._op, self._e = op, e
        q, k, v = op.ins[:3]
        self._heads = op.heads.value.data
        self._query_element, self._value_element = kernel.buffer_element(q), kernel.buffer_element(v)
        self._weight_element = yielded(op.weight)[0].type
        self._out_element = kernel.buffer_element(op.outs[0])
        self._quantised_scores, self._quantised_values = self._query_element != f32, self._value_element != f32
        self._channels = _channels(q) // self._heads
        self._value_channels = _channels(v) // self._heads
        self._output_bytes = self._value_channels * TILE * elements.bytes_of(self._out_element)
        self._quads = -(-self._channels // 4)
        if op.sequence is not None:
            self._keys = sizes(parse_size(op.sequence.data))  # the most that a sequence can have
            self._batch = sizes(kernel.buffer_sizes(op.ins[4])[0] - 1)
        else:
            self._keys = sizes(kernel.buffer_sizes(k)[1])
            self._batch = sizes(kernel.buffer_sizes(q)[0])
        self._width = e.mul(e.ceil_div(self._keys, TILE), TILE)
        self._flips = {
            "q": self._query_element == i8,
            "k": kernel.buffer_element(k) == ui8,
            "w": self._weight_element == i8,
            "v": self._value_element == ui8,
        }

    def items(self) -> Value:
        """One work item per head of each sequence."""
        return self._e.mul(self._batch, self._heads)

    def areas(self) -> Areas:
        """The parts of the scratch memory."""
        e, width = self._e, self._width
        query_bytes, value_bytes = (1 if flag else 4 for flag in (self._quantised_scores, self._quantised_values))
        rows = 4 * self._quads
        streamed = e.maximum(width if self._quantised_values else e.i64(0), rows if self._quantised_scores else 0)
        groups = e.i64(-(-self._value_channels // GROUP))
        return Areas(
            e,
            {
                "keys": e.mul(width, rows * query_bytes),
                "packed": e.mul(width, rows if self._quantised_scores else 0),
                "key_sums": e.mul(width, 4),
                "values": e.mul(width, self._value_channels * value_bytes),
                "value_sums": e.i64(4 * self._value_channels),
                "queries": e.i64(rows * TILE * query_bytes),
                "scores": e.mul(width, 4 * TILE),
                "weights": e.mul(width, TILE if self._quantised_values else 0),
                "quads": e.mul(streamed, e.register_tile),
                **(list_areas(e, "key", e.div(width, GROUP), self._quads) if self._quantised_scores else {}),
                **(list_areas(e, "value", groups, e.div(width, 4)) if self._quantised_values else {}),
                **turned_areas(self._op, e, width),
                "output": e.i64(self._output_bytes),
            },
        )

    def emit(self, frame: Frame) -> None:
        """Loop over work items and tiles of queries."""
        e = self._e
        self._at = self.areas().pointers(frame.scratch)
        self._frame = frame
        self._own_queries = frame.numbers[QUERIES]
        self._zeros = {
            name: e.load(i32, frame.ins[3], 4 * index)
            for index, name in enumerate("qkwv")
            if self._op.is_corrected(name)
        }
        extras = extras_of(self._op, frame)
        self._turned = TurnedExtras(frame, extras, self._at)
        self._score = ScoreBody(self._op.score, frame, extras, self._turned)
        self._weight = ScoreBody(self._op.weight, frame, extras, self._turned)
        self._output = OutputBody(self._op.output, frame, extras, self._value_channels * self._heads)

        def item(number: Value, _: tuple[Value, ...]) -> None:
            batch, head = e.div(number, self._heads), e.rem(number, self._heads)
            self._find_sequence(batch)
            self._load_keys_and_values(head)
            step = e.register_tile
            e.for_loop(0, self._queries, lambda first, _: self._queries_from(batch, head, first), step=step)

        e.for_loop(frame.begin, frame.end, item)

    def _find_sequence(self, batch: Value) -> None:
        """Where the tokens of a sequence begin, and how many there are."""
        e, self._queries = self._e, self._own_queries
        self._first_query = e.mul(batch, self._queries)
        if self._op.sequence is None:
            self._first_key = e.mul(batch, self._keys)
            return
        offsets = e.offset(self._frame.ins[4], e.mul(batch, 8))
        self._first_key = e.load(i64, offsets)
        self._keys = e.sub(e.load(i64, offsets, 8), self._first_key)
        self._width = e.mul(e.ceil_div(self._keys, TILE), TILE)
        like_keys = e.less(self._own_queries, 0)
        self._queries = e.select(like_keys, self._keys, self._queries)
        self._first_query = e.select(like_keys, self._first_key, self._first_query)

    def _operand(self, index: int) -> Tiles:
        buffer = self._op.ins[index]
        element = kernel.buffer_element(buffer)
        return Tiles(self._frame.ins[index], f32 if element == f32 else i8, _channels(buffer))

    def _load_keys_and_values(self, head: Value) -> None:
        e, first = self._e, self._first_key
        keys, values = self._operand(1), self._operand(2)
        if self._quantised_scores and self._channels % 4:
            clear(e, self._at["keys"], e.mul(self._width, 4 * self._quads))
        load_columns(
            e, keys, e.mul(head, self._channels), self._channels, first, self._keys, self._at["keys"],
            e.mul(self._width, keys.width), flip=self._flips["k"],
        )  # fmt: skip
        if self._quantised_values:  # weights of keys beyond the last are garbage: their values must be zero
            clear(e, self._at["values"], e.mul(self._width, self._value_channels))
        load_columns(
            e, values, e.mul(head, self._value_channels), self._value_channels, first, self._keys, self._at["values"],
            e.mul(self._width, values.width), flip=self._flips["v"],
        )  # fmt: skip
        if self._quantised_scores:
            lists = self._key_lists = QuadLists.find(self._at, "key", self._quads, e.i64(self._quads))
            at = self._at
            products.pack_keys(e, at["keys"], at["packed"], at["key_sums"], 4 * self._quads, self._width, lists)
            products.repeat_last(e, self._at["key_sums"], 1, self._keys, self._width, i32)
            products.repeat_last(e, self._at["packed"], self._quads, self._keys, self._width, i32)
        else:
            products.repeat_last(e, self._at["keys"], self._channels, self._keys, self._width, i32)
        self._value_lists = QuadLists.find(self._at, "value", e.div(self._width, 4), e.ceil_div(self._keys, 4))
        list_values(e, self._value_lists, self._at["values"], self._value_channels, self._width)
        if self._quantised_values and "w" in self._zeros:
            products.sum_rows(e, self._at["values"], self._at["value_sums"], self._value_channels, self._width)

    def _queries_from(self, batch: Value, head: Value, first: Value) -> None:
        """As many queries as registers hold, or the last ones, at the width that they need."""
        e = self._e
        count = e.minimum(e.sub(self._queries, first), e.register_tile)
        token = e.add(self._first_query, first)
        self._turned.fill((batch, head), first, count, self._keys)
        self._query_rows = self._load_queries(e.mul(head, self._channels), token, count)

        def at(width: int) -> None:
            whole = partial(self._tile, width, (batch, head), first)
            if width == WIDTHS[-1]:
                whole()
            else:
                e.if_(e.greater(count, width // 2), whole, partial(at, width // 2))

        # lanes behind the last token of all are computed with, so they become zeros: denormal numbers take long
        end, output = e.add(token, count), self._at["output"]
        is_last = e.both(e.equal(batch, e.sub(self._batch, 1)), e.equal(e.add(first, count), self._queries))
        behind = e.select(is_last, e.minimum(e.sub(e.mul(e.ceil_div(end, LANES), LANES), end), e.sub(TILE, count)), 0)
        e.if_(e.greater(behind, 0), lambda: clear(e, output, e.i64(self._output_bytes)))
        at(e.register_tile)
        element = f32 if self._out_element == f32 else i8
        if elements.bytes_of(self._out_element) not in (1, 4):
            raise CompilerBug(f"kernel.attention cannot write {self._out_element}")
        target = Tiles(self._frame.outs[0], element if self._out_element != i32 else f32, _channels(self._op.outs[0]))
        channel, lanes = e.mul(head, self._value_channels), e.add(count, behind)
        store_columns(e, target, channel, self._value_channels, token, lanes, output)

    def _load_queries(self, channel: Value, token: Value, count: Value) -> Value:
        """Where these queries are, channels 64 elements apart: in their own tile if they lie in one, else copied."""
        e, tiles, scratch = self._e, self._operand(0), self._at["queries"]

        def copied() -> list[Value]:
            if not self._quantised_scores:  # what other kernels left may be denormal, a hundred times as slow
                clear(e, scratch, e.i64(4 * self._quads * TILE * tiles.width))
            stride = e.i64(TILE * tiles.width)
            load_columns(e, tiles, channel, self._channels, token, count, scratch, stride, flip=self._flips["q"])
            return [scratch]

        if self._flips["q"] or (self._quantised_scores and self._channels % 4):  # quads read further rows
            return copied()[0]
        own = e.offset(tiles.row(e, e.div(token, TILE), channel), e.mul(e.rem(token, TILE), tiles.width))
        (rows,) = e.if_(e.equal(e.rem(token, e.register_tile), 0), lambda: [own], copied)
        return rows

    def _tile(self, width: int, head: tuple[Value, Value], first: Value) -> None:
        order = TokenOrder(width, interleaved=self._quantised_scores)
        queries = self._lanes(order, first)
        highest = self._scores(order, head, queries)
        sums = self._softmax(order, head, queries, highest)
        self._outputs(TokenOrder(width, interleaved=True) if self._quantised_values else order, head, sums)

    def _lanes(self, order: TokenOrder, first: Value) -> list[Value]:
        """Which query each lane holds, i32; lanes beyond the last query hold the last."""
        e = self._e
        start, last = (e.broadcast(e.truncate(value, i32)) for value in (first, e.sub(self._queries, 1)))
        return [e.minimum(e.add(e.constant_vector(tokens, i32), start), last) for tokens in order.tokens]

    # Scores

    def _scores(self, order: TokenOrder, head: tuple[Value, Value], queries: Sequence[Value]) -> tuple[Value, ...]:
        """Fill in the scores; returns the highest one per query. Keys beyond the last, which fill its group, are the
        last one once more and change no maximum."""
        e = self._e
        quantised = self._quantised_scores
        keys = self._at["packed" if quantised else "keys"]
        correction = self._query_correction(order)
        steps = self._quads if quantised else self._channels
        streamed = self._streamed(order, self._query_rows, steps) if quantised else self._query_rows
        stride = e.mul(self._width, 4)

        def group(number: Value, highest: tuple[Value, ...]) -> Sequence[Value]:
            key = e.mul(number, GROUP)
            bases = [e.offset(keys, e.mul(e.add(key, row), 4)) for row in range(GROUP)]
            initial = [self._initial_score(e.add(key, row)) for row in range(GROUP)]
            if quantised:
                listed = self._key_lists.of(e, number) if self._key_lists is not None else None
                rows = products.quantised_product(e, order, streamed, steps, bases, stride, initial, listed)
            else:
                rows = products.float_product(e, order, streamed, steps, bases, stride, initial)
            for row, vectors in enumerate(rows):
                real = e.minimum(e.add(key, row), e.sub(self._keys, 1))
                centred = [e.sub(v, c) for v, c in zip(vectors, correction, strict=True)] if correction else vectors
                scores = self._score.apply(centred, order, head, real, queries)
                self._store_row("scores", e.add(key, row), scores)
                highest = tuple(e.maximum(s, m) for s, m in zip(scores, highest, strict=True))
            return highest

        lowest = e.constant(float("-inf"), vector_of(f32, LANES))
        return e.for_loop(0, e.ceil_div(self._keys, GROUP), group, [lowest] * order.vectors)

    def _streamed(self, order: TokenOrder, rows: Value, quads: Operand) -> Value:
        """The streamed operand of a quantised product, interleaved."""
        products.interleave_quads(self._e, order, rows, quads, self._at["quads"])
        return self._at["quads"]

    def _initial_score(self, key: Value) -> Value:
        """`channels * q_zero * k_zero - q_zero * sum(k)` of one key."""
        e = self._e
        if not self._quantised_scores:
            return e.f32(0.0)
        if "q" not in self._zeros:
            return e.i32(0)
        # channels * q_zero * k_zero - q_zero * sum(k) = q_zero * (channels * k_zero - sum(k))
        start = e.mul(self._zeros["k"], self._channels) if "k" in self._zeros else e.i32(0)
        return e.mul(e.sub(start, e.load(i32, self._at["key_sums"], e.mul(key, 4))), self._zeros["q"])

    def _query_correction(self, order: TokenOrder) -> list[Value]:
        """`k_zero * sum(q)` per query; nothing when that is zero."""
        if not self._quantised_scores or "k" not in self._zeros:
            return []
        sums = products.sum_stream(self._e, order, self._query_rows, self._channels)
        zero = self._e.broadcast(self._zeros["k"])
        return [self._e.mul(total, zero) for total in sums]

    def _row(self, area: str, key: Value) -> Value:
        return self._e.offset(self._at[area], self._e.mul(key, 4 * TILE))

    def _store_row(self, area: str, key: Value, vectors: Sequence[Value]) -> None:
        row = self._row(area, key)
        for index, vector in enumerate(vectors):
            self._e.store(vector, row, 64 * index)

    def _load_row(self, order: TokenOrder, key: Value) -> list[Value]:
        row = self._row("scores", key)
        return [self._e.load(vector_of(f32, LANES), row, 64 * index) for index in range(order.vectors)]

    # Softmax

    def _softmax(
        self, order: TokenOrder, head: tuple[Value, Value], queries: Sequence[Value], highest: Sequence[Value]
    ) -> list[Value]:
        """Turn scores into weights; returns `v_zero * sum(w)` per query, or nothing when that is zero."""
        e, count = self._e, order.vectors

        def exponentials(key: Value, rows: int) -> None:
            """Several rows at once, each step for all before the next: a CPU does not look far enough ahead."""
            scores = [vector for row in range(rows) for vector in self._load_row(order, e.add(key, row))]
            centred = e.sub(e.concat(scores), e.concat([*highest] * rows))
            flat = e.split(exp_of_non_positive(e, centred), LANES)
            for row in range(rows):
                self._store_row("scores", e.add(key, row), flat[row * count : (row + 1) * count])

        even = e.both(self._keys, -2)
        e.for_loop(0, even, lambda key, _: exponentials(key, 2), step=2)
        e.for_loop(even, self._keys, lambda key, _: exponentials(key, 1))
        # a loop of its own: there are no registers for exponentials beside the partial sums
        totals = sums.sum_over(e, self._keys, vector_of(f32, LANES), count, lambda key: self._load_row(order, key))
        inverse = [e.div(e.constant(1.0, total.type), total) for total in totals]
        summing = self._quantised_values and "v" in self._zeros

        def weigh(key: Value, state: tuple[Value, ...]) -> list[Value]:
            row = [e.mul(s, i) for s, i in zip(self._load_row(order, key), inverse, strict=True)]
            row = self._weight.apply(row, order, head, key, queries)
            if not self._quantised_values:
                self._store_row("scores", key, row)
                return []
            packed = pack_row(e, order, row, signed=self._flips["w"])
            e.store(e.differ(packed, -128) if self._flips["w"] else packed, self._at["weights"], e.mul(key, TILE))
            return []

        e.for_loop(0, self._keys, weigh)
        return self._weight_sums(TokenOrder(order.width, interleaved=True)) if summing else []

    def _weight_sums(self, order: TokenOrder) -> list[Value]:
        """`v_zero * sum(w)` per query, in the order of the second product."""
        zero = self._e.broadcast(self._zeros["v"])
        totals = products.sum_stream(self._e, order, self._at["weights"], self._keys)
        return [self._e.mul(total, zero) for total in totals]

    # Outputs

    def _outputs(self, order: TokenOrder, head: tuple[Value, Value], correction: Sequence[Value]) -> None:
        e = self._e
        full, rest = divmod(self._value_channels, GROUP)
        steps, streamed = e.ceil_div(self._keys, 4), self._at["scores"]
        if self._quantised_values:
            streamed = self._streamed(order, self._at["weights"], steps)

        def group(number: Value, rows: int) -> None:
            channel = e.mul(number, GROUP)
            width = e.mul(self._width, 1 if self._quantised_values else 4)
            bases = [e.offset(self._at["values"], e.mul(e.add(channel, row), width)) for row in range(rows)]
            initial = [self._initial_output(e.add(channel, row)) for row in range(rows)]
            if self._quantised_values:
                listed = self._value_lists.of(e, number) if self._value_lists is not None else None
                sums = products.quantised_product(e, order, streamed, steps, bases, 4, initial, listed)
            else:
                sums = products.float_product(e, order, streamed, self._keys, bases, 4, initial)
            for row, vectors in enumerate(sums):
                centred = [e.sub(v, c) for v, c in zip(vectors, correction, strict=True)] if correction else vectors
                here = e.add(channel, row)
                results = self._output.apply(centred, e.add(e.mul(head[1], self._value_channels), here))
                store_tile_rows(e, order, self._out_element, [results], self._at["output"], [here])

        e.for_loop(0, full, lambda number, _: group(number, GROUP))
        if rest:
            group(e.i64(full), rest)

    def _initial_output(self, channel: Value) -> Value:
        """`keys * w_zero * v_zero - w_zero * sum(v)`"""
        e = self._e
        if not self._quantised_values:
            return e.f32(0.0)
        if "w" not in self._zeros:
            return e.i32(0)
        start = e.mul(e.truncate(self._keys, i32), self._zeros["v"]) if "v" in self._zeros else e.i32(0)
        return e.mul(e.sub(start, e.load(i32, self._at["value_sums"], e.mul(channel, 4))), self._zeros["w"])


def _channels(buffer: Value) -> int:
    channels = kernel.buffer_sizes(buffer)[-1]
    if not isinstance(channels, int):
        raise CompilerBug(f"kernel.attention needs a known number of channels, got {channels}")
    return channels


def _emit(op: kernel.Attention, frame: Frame) -> None:
    AttentionEmitter(op, frame.e, frame.sizes).emit(frame)


ATTENTION = KernelRow(
    _emit,
    lambda op, e, sizes: AttentionEmitter(op, e, sizes).items(),
    lambda op, e, sizes: AttentionEmitter(op, e, sizes).areas().total,
    by_query,
)
