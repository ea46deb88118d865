"""Dataflow A: exact int8 products of gathered quads of input rows with groups of 4 output rows.

A row of a u8 tile has 64 tokens. Per quad: load 4 rows, interleave them to vectors of 16 tokens x 4 channels, broadcast
4 x 4 weights, and accumulate 4 rows x width/16 vectors. On AVX-512 with VNNI and 64 tokens that is 4 loads, 8 unpacks,
4 broadcasts and 16 `vpdpbusd`, which alone bound the time. Targets with fewer or narrower registers walk the tile in
pieces of a vector of bytes. Of such a piece they may hold the sums of a part only; then the quads are walked once per
part, for which all 4 rows are loaded, but only what belongs to the part is interleaved: 4 unpacks for 16 of 32 tokens,
where 16 loaded alone take 8 and what joins their halves. `pair_quads.py` has the core for targets that multiply bytes
where pairs of them fit 16 bits, `word_quads.py` the one without any proof. `sparsec/packing.py` defines the weight
stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32, i64

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.token_order import WIDTHS, TokenOrder, interleave
from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, vector_of
from sparsec.packing import WeightLayout
from sparsec.schedule import TILE

AHEAD = 2048
"""How many bytes ahead steps ask for weights: of quads where `QuadCore` says so, of blocks of several rows, in fp32.
What a CPU fetches by itself ends at each page."""
AHEAD_OF_GROUP = 4096
"""The same for all else, whose steps have no load to spare (one more in a quad would cost a sixth at 32 tokens): their
groups ask for lines before they begin. That costs 5 %, so only for cold weights: BERT-Base at 80 % and 32 tokens takes
30 % less."""
LINE = 64
"""Bytes of a cache line."""
Accumulators = list[list[Value]]
"""[row of the group][vector]; i32x16 or f32x16 in the core's `TokenOrder`."""
Initial = Callable[[Value], Value]
"""Output row (i64) -> the scalar its accumulators start from."""
Epilogue = Callable[[Value, Operand, Accumulators], None]
"""(first output row (i64), first token (i64), accumulators of a group's rows inside the matrix) -> store them."""
SumsOf = Callable[[Emitter, "Work", Operand, "Group"], Accumulators]
"""(emitter, work, first token (i64), group) -> the sums of its rows."""


@dataclass(frozen=True)
class Work:
    """A range of output rows of one tile, for a core to compute.

    Attributes:
        x: input row 0 of the tile, in the layout and element type that the core reads. Rows are read for the core's
            `width` tokens, even where fewer are meant.
        packed: the weight as `packing.pack_weight` laid it out.
        begin, end: groups of output rows, 0 <= begin < weight.groups and begin <= end <= weight.groups.
        initial: what sums start from.
        epilogue: what is done with them.
        first: the first token of the tile that is meant.
        tokens: up to which one, from there on; by default for the core's `width`.
        cold: the weight is in no cache, as in `kernel.matmul`.
    """

    x: Value
    packed: Value
    begin: Operand
    end: Operand
    initial: Initial
    epilogue: Epilogue
    tokens: Operand | None = None
    cold: bool = False
    first: Operand = 0


@dataclass(frozen=True)
class Group:
    """A group of output rows.

    Attributes:
        index: which one, i64.
        rows: how many output rows of it are inside the matrix.
        entries: the address of the weight's first entry.
        begin, end: where the group's entries are, in bytes from there, i64.
    """

    index: Value
    rows: int
    entries: Value
    begin: Value
    end: Value


@dataclass(frozen=True)
class QuadCore:
    """The int8 core for one weight.

    Attributes:
        weight: a layout of quads, gathered or dense.
        width: tokens of a row that are loaded at a time: 64, 32 or 16.
        part: tokens whose sums are in registers at a time, if these are fewer.
        signed_input: the tile holds s8. The kernel adds 128 to every byte, so accumulators come out too large by 128
            times the sum of the row's weights: `initial` must subtract that.
        pairs_fit: what `packing.pairs_cannot_saturate` says of the weight.
    """

    weight: WeightLayout
    width: int = TILE
    part: int = TILE
    signed_input: bool = False
    pairs_fit: bool = False

    def __post_init__(self) -> None:
        if self.width not in WIDTHS or self.part not in WIDTHS or not self.weight.is_quads:
            raise CompilerBug(f"no quads of {self.width} tokens with {self.weight.dataflow}")

    @property
    def order(self) -> TokenOrder:
        """Where tokens sit in the accumulators."""
        return TokenOrder(self.width, interleaved=True)

    def emit(self, e: Emitter, work: Work) -> None:
        """Compute all groups, `width` tokens at a time; input rows are 64 bytes apart."""
        emit_pieces(e, self.weight, work, self.width, self._group, asks=self._asks(work))

    def _asks(self, work: Work) -> bool:
        """Whether each quad asks ahead, instead of groups before they begin: where registers hold the sums of whole
        tiles, it has loads to spare, and with few tokens nothing takes as long as waiting for cold weights (a pruned
        BERT-Base takes 5 to 9 % less for up to 16 tokens on Granite Rapids)."""
        return self.width == TILE or (work.cold and self.width == LANES)

    def _group(self, e: Emitter, work: Work, token: Operand, group: Group) -> Accumulators:
        walk = self._gathered if self.weight.is_gathered else self._dense
        x = e.offset(work.x, token)
        return in_parts(
            parts(self.width, self.part),
            initial_sums(e, self.weight, work, group),
            lambda vectors, sums: walk(e, x, group, vectors, sums, asks=self._asks(work)),
        )

    def _gathered(
        self, e: Emitter, x: Value, group: Group, vectors: range, carried: Sequence[Value], *, asks: bool
    ) -> Sequence[Value]:
        size = self.weight.entry_size
        ahead = self.weight.looks_ahead * size if self.width == TILE else 0

        def quad(place: Value, sums: tuple[Value, ...]) -> list[Value]:
            at = e.offset(group.entries, place)
            if asks:
                e.prefetch(at, AHEAD)
            if ahead:
                for row in input_rows(e, self.weight, x, e.offset(at, ahead)):
                    e.prefetch(row, 0)
            rows = input_rows(e, self.weight, x, at)
            return self.step(e, rows, e.offset(at, self.weight.weights_at), sums, vectors)

        return e.for_loop(group.begin, group.end, quad, carried, step=size)

    def _dense(
        self, e: Emitter, x: Value, group: Group, vectors: range, carried: Sequence[Value], *, asks: bool
    ) -> Sequence[Value]:
        size, columns = self.weight.entry_size, self.weight.columns
        entry = e.offset(group.entries, group.begin)

        def quad(_: Value, state: tuple[Value, ...]) -> list[Value]:
            at, rows_at, *sums = state
            if asks:
                e.prefetch(at, AHEAD)
            rows = [e.offset(rows_at, TILE * i) for i in range(4)]
            return [e.offset(at, size), e.offset(rows_at, 4 * TILE), *self.step(e, rows, at, sums, vectors)]

        entry, rows_at, *sums = e.for_loop(0, columns // 4, quad, [entry, x, *carried])
        if columns % 4:
            # the last rows of the last quad have zero weights: read an existing row for them, not beyond the tile
            rows = [e.offset(rows_at, TILE * min(i, columns % 4 - 1)) for i in range(4)]
            sums = self.step(e, rows, entry, sums, vectors)
        return sums

    def step(
        self, e: Emitter, rows: Sequence[Value], weights: Value, sums: Sequence[Value], wanted: range | None = None
    ) -> list[Value]:
        """Accumulate one quad: 4 input rows (pointers) times s8 weights [output row][4].

        Args:
            wanted: the vectors of tokens that `sums` are of; all by default.
        """
        loaded = [e.load(vector_of(i8, self.width), row) for row in rows]
        vectors = interleave(e, [e.differ(row, -128) for row in loaded] if self.signed_input else loaded, wanted)
        result: list[Value] = []
        for index in range(len(sums) // len(vectors)):
            weight = e.reinterpret(e.load_broadcast(i32, weights, 4 * index), i8)
            for number, vector in enumerate(vectors):
                total = sums[index * len(vectors) + number]
                result.append(e.dot4(total, vector, weight, pairs_fit=self.pairs_fit))
        return result


@dataclass(frozen=True)
class Pieces:
    """How a kernel walks the tokens of a tile: `width` at a time from `first` up to `tokens`; None is one piece."""

    width: int
    tokens: Operand | None = None
    first: Operand = 0

    def walk(self, e: Emitter, piece: Callable[[Operand], None]) -> None:
        """Emit `piece` for the first token of each piece."""
        if self.tokens is None or (self.first == 0 and isinstance(self.tokens, int) and self.tokens <= self.width):
            piece(self.first)
        else:
            e.for_loop(self.first, self.tokens, lambda token, _: piece(token), step=self.width)


def emit_pieces(e: Emitter, weight: WeightLayout, work: Work, width: int, sums: SumsOf, *, asks: bool = False) -> None:
    """Compute all groups of some work, `width` tokens at a time.

    One group comes after the other, each for all tokens: its weights stay in the first-level cache. `asks` says that
    `sums` asks for later weights itself.
    """

    def rows(group: Group) -> None:
        def piece(token: Operand) -> None:
            found = sums(e, work, token, group)
            work.epilogue(e.mul(group.index, weight.group), token, found)

        if work.cold and not asks:
            later = e.offset(group.entries, AHEAD_OF_GROUP)
            e.for_loop(group.begin, group.end, lambda at, _: e.prefetch(later, at), step=LINE)
        Pieces(width, work.tokens, work.first).walk(e, piece)

    emit_groups(e, weight, work, rows)


def initial_sums(e: Emitter, weight: WeightLayout, work: Work, group: Group) -> list[Value]:
    """What the sums of each row of a group start from, for 16 tokens."""
    first = e.mul(group.index, weight.group)
    return [e.broadcast(work.initial(e.add(first, row))) for row in range(group.rows)]


def parts(width: int, part: int) -> list[range]:
    """The vectors of a row of `width` tokens whose sums are made together, if registers hold those of `part` tokens."""
    vectors = range(width // LANES)
    return [vectors[start : start + part // LANES] for start in range(0, len(vectors), part // LANES)]


def in_parts(
    parts: Sequence[range], starts: Sequence[Value], walk: Callable[[range, Sequence[Value]], Sequence[Value]]
) -> Accumulators:
    """The sums of all vectors; `walk` takes those of some, of one row after the other, over all quads."""
    rows: Accumulators = [[] for _ in starts]
    for vectors in parts:
        sums = walk(vectors, [start for start in starts for _ in vectors])
        for index, row in enumerate(rows):
            row += sums[index * len(vectors) : (index + 1) * len(vectors)]
    return rows


def input_rows(e: Emitter, weight: WeightLayout, x: Value, entry: Value) -> list[Value]:
    """Where the 4 input rows of a gathered quad lie."""
    element, size = (i16, 2) if weight.offset_size == 2 else (i32, 4)
    offsets = [e.load_extended(element, entry, size * i, i64) for i in range(4)]
    return [e.offset(x, e.shift_left(offset, 3)) for offset in offsets]


def first_unfit(e: Emitter, weight: WeightLayout, work: Work, group: Group) -> Value:
    """Where the first entry of a group lies that can saturate `pmaddubsw`, in bytes from the weight's first entry."""
    return _from_table(e, weight, work, group, weight.unfit_at)


def first_single(e: Emitter, weight: WeightLayout, work: Work, group: Group) -> Value:
    """Where a group's couples end, in bytes from the weight's first entry."""
    return _from_table(e, weight, work, group, weight.single_at)


def _from_table(e: Emitter, weight: WeightLayout, work: Work, group: Group, table: int) -> Value:
    entry = e.load_extended(i32, e.offset(work.packed, e.mul(group.index, 4)), table, i64)
    return e.mul(entry, weight.entry_size)


def emit_groups(e: Emitter, weight: WeightLayout, work: Work, rows: Callable[[Group], None]) -> None:
    """Loop over the groups of some work.

    The last group of a matrix whose rows are no multiple of a group's computes only its own. A group begins where the
    one before ended: a CPU that must guess how long that one is need not wait for the table of groups.
    """
    entries, full, rest = e.offset(work.packed, weight.entries_at), *divmod(weight.rows, weight.group)

    def begin_of(group: Operand) -> Value:
        if not weight.is_gathered:
            return e.mul(group, weight.dense_entries * weight.entry_size)
        return e.mul(e.load_extended(i32, work.packed, e.mul(group, 4), i64), weight.entry_size)

    def one(index: Value, begins: tuple[Value, ...]) -> list[Value]:
        end = begin_of(e.add(index, 1))
        rows(Group(index, weight.group, entries, begins[0], end))
        return [end]

    def last() -> None:
        rows(Group(e.i64(full), rest, entries, begin_of(e.i64(full)), begin_of(e.i64(full + 1))))

    end = work.end
    limit = e.minimum(end, full) if isinstance(end, Value) else min(int(end), full)
    e.for_loop(work.begin, limit, one, [begin_of(work.begin)])
    if rest and isinstance(end, Value):
        e.if_(e.greater(end, full), last)
    elif rest and isinstance(end, int) and end > full:
        last()
