"""In which lane a token sits while a kernel works on a row of a feature-major tile, and how to get it back in order.

The byte interleave of dataflow A leaves the tokens of a row permuted within its accumulators. `TokenOrder` names that
permutation; loads bring other operands into the same order and stores undo it, mostly for free: saturating packs to
bytes undo exactly what the unpacks did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8, i16, i32
from xdsl.ir import Attribute

from sparsec.lowering.kernels.vector import LANES, Emitter, Operand, Value, lanes_of, size_of, vector_of

WIDTHS = (64, 32, 16)
"""Tokens that a kernel may work on at a time."""


@dataclass(frozen=True)
class TokenOrder:
    """How the tokens of one row lie in `width / 16` vectors of 16 lanes.

    A row consists of 4 *quarters* of `width / 4` lanes, concatenated. If interleaved, quarter v holds the tokens
    16 l + 4 v + i, for each 128-bit part l and lane i < 4 of it; otherwise tokens are in order.
    """

    width: int
    interleaved: bool

    @property
    def vectors(self) -> int:
        """Vectors of 16 lanes per row."""
        return self.width // LANES

    @property
    def tokens(self) -> tuple[tuple[int, ...], ...]:
        """tokens[vector][lane]"""
        if self.interleaved:
            parts, quarters = range(self.width // 16), range(4)
            order = [16 * part + 4 * quarter + lane for quarter in quarters for part in parts for lane in range(4)]
        else:
            order = list(range(self.width))
        return tuple(tuple(order[start : start + LANES]) for start in range(0, self.width, LANES))

    @property
    def is_natural(self) -> bool:
        """Whether lanes are in token order anyway, as they always are for 16 tokens."""
        return not self.interleaved or self.width == LANES


def interleave(e: Emitter, rows: Sequence[Value], wanted: range | None = None) -> list[Value]:
    """4 rows of `width` bytes as width/16 vectors of 64 bytes: 16 tokens x 4 rows, tokens in interleaved order.

    Args:
        wanted: the numbers of the vectors that are made; all by default.
    """
    width = lanes_of(rows[0].type)
    if width < 64 and e.has("avx512vbmi") and (wanted is None or len(wanted) == width // LANES):
        return _permute(e, rows, TokenOrder(width, interleaved=True))
    a, b, c, d = rows
    quarters: list[Value] = []
    for high, halves in _wanted_quarters(width, wanted):
        ab, cd = e.reinterpret(e.unpack(a, b, high), i16), e.reinterpret(e.unpack(c, d, high), i16)
        quarters += [e.reinterpret(e.unpack(ab, cd, half), i8) for half in halves]
    return quarters_to_row(e, quarters)


def _wanted_quarters(width: int, wanted: range | None) -> list[tuple[bool, list[bool]]]:
    """Of each half of the bytes that are unpacked first, which halves of its words are."""
    found: list[tuple[bool, list[bool]]] = []
    for high in (False, True):
        halves = [half for half in (False, True) if wanted is None or (2 * high + half) * width // 64 in wanted]
        if halves:
            found.append((high, halves))
    return found


def _permute(e: Emitter, rows: Sequence[Value], order: TokenOrder) -> list[Value]:
    """The same by one permutation of bytes (`vperm*2b`) for each vector: narrow rows lie together in few registers."""
    wide = [e.concat(rows[start : start + 64 // order.width]) for start in range(0, 4, 64 // order.width)]
    lanes = [[order.width * row + token for token in tokens for row in range(4)] for tokens in order.tokens]
    return [e.shuffle(wide[0], wide[-1], vector) for vector in lanes]


def quarters_to_row(e: Emitter, quarters: Sequence[Value]) -> list[Value]:
    """Vectors of width/4 lanes (or width bytes), 4 for a whole row, as vectors of 16 (or 64)."""
    per_vector = 64 // size_of(quarters[0].type)
    return [e.concat(quarters[start : start + per_vector]) for start in range(0, len(quarters), per_vector)]


def row_to_quarters(e: Emitter, row: Sequence[Value]) -> list[Value]:
    """width/16 vectors of 16 lanes as 4 vectors of width/4 lanes."""
    return [quarter for vector in row for quarter in e.split(vector, 4 * len(row))]


def load_row(e: Emitter, order: TokenOrder, element: Attribute, base: Value, byte_offset: Operand = 0) -> list[Value]:
    """Load `width` consecutive f32 or i32 tokens into accumulator order."""
    start = e.offset(base, byte_offset)
    vector_type = vector_of(element, LANES)
    return from_token_order(e, order, [e.load(vector_type, start, 64 * i) for i in range(order.vectors)])


def store_row(e: Emitter, order: TokenOrder, row: Sequence[Value], base: Value, byte_offset: Operand = 0) -> None:
    """Store f32 or i32 accumulators as `width` consecutive tokens."""
    start = e.offset(base, byte_offset)
    for index, vector in enumerate(to_token_order(e, order, row)):
        e.store(vector, start, 64 * index)


def load_bytes(
    e: Emitter, order: TokenOrder, base: Value, byte_offset: Operand = 0, *, signed: bool = False
) -> list[Value]:
    """Load `width` consecutive u8 or s8 tokens as i32 in accumulator order."""
    data = e.load(vector_of(i8, order.width), base, byte_offset)
    if order.is_natural:
        return [e.sign_extend(v, i32) if signed else e.zero_extend(v, i32) for v in e.split(data, LANES)]
    halves = [e.reinterpret(e.unpack(data, data, high), i16) for high in (False, True)]
    quarters = [e.reinterpret(e.unpack(half, half, high), i32) for half in halves for high in (False, True)]
    # each lane holds its byte four times
    return [e.shift_right(vector, 24, signed=signed) for vector in quarters_to_row(e, quarters)]


@dataclass(frozen=True)
class ZeroPoint:
    """The zero point of a byte, spread over lanes of 32 bits and of 16 bits; whichever is not used costs nothing."""

    wide: Value
    narrow: Value

    @staticmethod
    def of(e: Emitter, zero: Value) -> ZeroPoint:
        """From an i32."""
        return ZeroPoint(e.broadcast(zero), e.broadcast(e.truncate(zero, i16), 2 * LANES))


def store_bytes(
    e: Emitter, order: TokenOrder, row: Sequence[Value], base: Value, byte_offset: Operand = 0, *, signed: bool = False
) -> None:
    """Store i32 accumulators, saturated to u8 or s8, as `width` consecutive tokens."""
    e.store(pack_row(e, order, row, signed=signed), base, byte_offset)


def pack_row(
    e: Emitter, order: TokenOrder, row: Sequence[Value], *, signed: bool = False, zero: ZeroPoint | None = None
) -> Value:
    """i32 accumulators, plus a zero point, saturated to u8 or s8, as one vector of `width` bytes in token order."""
    if order.is_natural:
        row = row if zero is None else [e.add(vector, zero.wide) for vector in row]
        return e.concat([e.narrow(vector, signed) for vector in row])
    return _pack(e, row_to_quarters(e, row), signed, zero)


def pack_rows(
    e: Emitter,
    order: TokenOrder,
    rows: Sequence[Sequence[Value]],
    *,
    signed: bool = False,
    zero: ZeroPoint | None = None,
) -> list[Value]:
    """`pack_row` of several rows. Where vectors have 512 bits, 64 bytes are packed at once, of several narrow rows."""
    together = 64 // order.width
    if (together == 1 and order.interleaved) or len(rows) % together or not e.has("avx512bw"):
        return [pack_row(e, order, row, signed=signed, zero=zero) for row in rows]
    # after packing, dword d of 128-bit part p holds 4 tokens: those of part p of vector d
    places: dict[tuple[int, int], int] = {}
    for vector in range(4):
        for part in range(4):
            first_token = order.tokens[vector % order.vectors][4 * part]
            places[vector // order.vectors, first_token] = 4 * part + vector
    wanted = [places[row, token] for row in range(together) for token in range(0, order.width, 4)]
    packed: list[Value] = []
    for start in range(0, len(rows), together):
        vectors = [vector for row in rows[start : start + together] for vector in row]
        dwords = e.reinterpret(_pack(e, vectors, signed, zero), i32)
        packed += e.split(e.reinterpret(e.shuffle(dwords, dwords, wanted), i8), order.width)
    return packed


def _pack(e: Emitter, vectors: Sequence[Value], signed: bool, zero: ZeroPoint | None) -> Value:
    """Four vectors of i32, plus a zero point, saturated to bytes: each 128-bit part holds those of each in turn."""
    first, second, third, fourth = vectors
    low, high = e.pack(first, second, signed=True), e.pack(third, fourth, signed=True)
    if zero is not None:
        narrow = e.slice(zero.narrow, 0, lanes_of(low.type))
        low, high = e.add_saturating(low, narrow), e.add_saturating(high, narrow)
    return e.pack(low, high, signed)


def to_token_order(e: Emitter, order: TokenOrder, row: Sequence[Value]) -> list[Value]:
    """Vectors of 16 lanes of 32 bits in accumulator order, rearranged to tokens 0..15, 16..31, ..."""
    if order.is_natural:
        return list(row)
    if order.width == 32:
        first, second = row
        return [_parts(e, first, second, parts) for parts in ((0, 2, 4, 6), (1, 3, 5, 7))]
    return _transpose_parts(e, row)


def from_token_order(e: Emitter, order: TokenOrder, row: Sequence[Value]) -> list[Value]:
    """The inverse of `to_token_order`."""
    if order.is_natural:
        return list(row)
    if order.width == 32:
        first, second = row
        return [_parts(e, first, second, parts) for parts in ((0, 4, 1, 5), (2, 6, 3, 7))]
    return _transpose_parts(e, row)


def _transpose_parts(e: Emitter, row: Sequence[Value]) -> list[Value]:
    """4 vectors of 4 128-bit parts, transposed; every shuffle takes two parts of each operand (`vshufi32x4`)."""
    a, b, c, d = row
    low, high = (0, 1, 4, 5), (2, 3, 6, 7)
    pairs = [(_parts(e, a, b, half), _parts(e, c, d, half)) for half in (low, high)]
    return [_parts(e, ab, cd, parts) for ab, cd in pairs for parts in ((0, 2, 4, 6), (1, 3, 5, 7))]


def _parts(e: Emitter, a: Value, b: Value, parts: Sequence[int]) -> Value:
    """The 128-bit parts with these numbers of a and b laid end to end."""
    return e.shuffle(a, b, [4 * part + lane for part in parts for lane in range(4)])
