"""Vectors made and rearranged, on top of values, memory and loops.

The unit is 16 lanes of 32 bits; LLVM splits it where registers are narrower.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import llvm
from xdsl.dialects import vector as vector_dialect
from xdsl.dialects.builtin import IntegerType, i1, i32, i64
from xdsl.ir import Attribute

from sparsec.lowering.kernels.control import ControlEmitter
from sparsec.lowering.kernels.values import (
    Operand,
    Value,
    element_of,
    is_float,
    lane_order,
    lanes_of,
    mangled,
    size_of,
    vector_of,
)
from sparsec.target import best_row

LANES = 16


class LaneEmitter(ControlEmitter):
    """Adds to `ControlEmitter` what moves lanes and computes nothing."""

    def has(self, *features: str) -> bool:
        """Whether the function may use all these target features."""
        return self.features.issuperset(features)

    @property
    def register_tile(self) -> int:
        """The tokens whose sums for 4 or 6 output rows the target keeps in registers, see `CpuTarget`."""
        return best_row(self.features).register_tile

    @property
    def row_tile(self) -> int:
        """The tokens whose sums for one output row fill half of the target's registers."""
        return best_row(self.features).row_tile

    @property
    def vector_bytes(self) -> int:
        """The bytes of a vector register."""
        return best_row(self.features).vector_bits // 8

    @property
    def multiplies_in_pairs(self) -> bool:
        """Whether the target multiplies bytes where pairs of products fit 16 bits, and only there, see `CpuTarget`."""
        return best_row(self.features).multiplies_in_pairs

    # Making and rearranging vectors

    def broadcast(self, scalar: Value, lanes: int = LANES) -> Value:
        """The scalar in every lane."""
        return self.make(vector_dialect.BroadcastOp, [scalar], vector_of(scalar.type, lanes))

    def load_broadcast(self, element: Attribute, base: Value, byte_offset: Operand = 0, lanes: int = LANES) -> Value:
        """Load a scalar into every lane."""
        return self.broadcast(self.load(element, base, byte_offset), lanes)

    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        """The lanes with these numbers of a and b laid end to end; -1 leaves a lane undefined."""
        result_type = vector_of(element_of(a.type), len(lanes))
        return self.make(llvm.ShuffleVectorOp, [a, b], lane_order(tuple(lanes)), result_type)

    def slice(self, a: Value, start: int, count: int) -> Value:
        """`count` lanes of a from `start` on."""
        return a if count == lanes_of(a.type) else self.shuffle(a, a, range(start, start + count))

    def split(self, a: Value, count: int) -> list[Value]:
        """a in pieces of `count` lanes, first lanes first."""
        return [self.slice(a, start, count) for start in range(0, lanes_of(a.type), count)]

    def concat(self, pieces: Sequence[Value]) -> Value:
        """Vectors of equal types laid end to end; their number is a power of two."""
        if len(pieces) == 1:
            return pieces[0]
        pairs = zip(pieces[::2], pieces[1::2], strict=True)
        return self.concat([self.shuffle(a, b, range(2 * lanes_of(a.type))) for a, b in pairs])

    def extract(self, a: Value, lane: int) -> Value:
        """One lane as a scalar."""
        return self.make(vector_dialect.ExtractOp, [a], (lane,), element_of(a.type))

    def replace_lane(self, a: Value, scalar: Value, lane: int) -> Value:
        """a with one lane replaced."""
        return self.make(llvm.InsertElementOp, [a, scalar, self.i32(lane)])

    def unpack(self, a: Value, b: Value, high: bool) -> Value:
        """Interleave the low or high halves of each 128-bit part of a and b, as `vpunpckl*` and `vpunpckh*` do."""
        lanes = lanes_of(a.type)
        part = 16 // size_of(element_of(a.type))
        start = part // 2 if high else 0
        order = [
            side + base + start + i for base in range(0, lanes, part) for i in range(part // 2) for side in (0, lanes)
        ]
        return self.shuffle(a, b, order)

    def iota(self, lanes: int = LANES) -> Value:
        """The i32 vector 0, 1, 2, ..."""
        return self.constant_vector(range(lanes), i32)

    # Tails

    def tail_mask(self, count: Value, lanes: int = LANES) -> Value:
        """The mask that is set in the first `count` lanes (i64, not negative; more than `lanes` sets them all)."""
        limit = self.truncate(self.minimum(count, lanes), i32)
        return self.less(self.iota(lanes), self.broadcast(limit, lanes))

    def load_masked(self, value_type: Attribute, base: Value, byte_offset: Operand, mask: Value) -> Value:
        """Load only the lanes whose mask is set, never touching the memory of the others; those become 0."""
        address, align = self.offset(base, byte_offset), self.i32(size_of(element_of(value_type)))
        name = f"llvm.masked.load.{mangled(value_type)}.p0"
        return self.intrinsic(name, [address, align, mask, self.constant(0, value_type)], value_type)

    def store_masked(self, value: Value, base: Value, byte_offset: Operand, mask: Value) -> None:
        """Store only the lanes whose mask is set, never touching the memory of the others."""
        address, align = self.offset(base, byte_offset), self.i32(size_of(element_of(value.type)))
        self.intrinsic_store(f"llvm.masked.store.{mangled(value.type)}.p0", [value, address, align, mask])

    def gather(self, element: Attribute, base: Value, indices: Value, scale: int = 4) -> Value:
        """Load one 32-bit element per lane from `base + scale * index` (signed i32 or i64; scale: 1, 2, 4 or 8)."""
        lanes, wide = lanes_of(indices.type), element_of(indices.type) == i64
        result_type = vector_of(element, lanes)
        if self.has("avx512f") and lanes == 16 and wide:  # one instruction takes 8 indices of 64 bits
            return self.concat([self.gather(element, base, half, scale) for half in self.split(indices, 8)])
        if self.has("avx512f") and lanes == (8 if wide else 16):
            kind = ("q" if wide else "d") + ("ps" if is_float(element) else "pi")
            name = f"llvm.x86.avx512.mask.gather.{kind}.512"
            everywhere = self.constant(1, vector_of(i1, lanes))
            arguments = [self.constant(0, result_type), base, indices, everywhere, self.i32(scale)]
            return self.intrinsic(name, arguments, result_type)
        gathered = self.constant(0, result_type)
        for lane in range(lanes):
            index = self.extract(indices, lane)
            byte_offset = self.mul(index if wide else self.sign_extend(index, i64), scale)
            gathered = self.replace_lane(gathered, self.load(element, base, byte_offset), lane)
        return gathered

    def piecewise(self, name: str, arguments: Sequence[Value], lanes: int, element: IntegerType) -> Value:
        """Call an intrinsic whose first operand has `lanes` lanes on the pieces of longer vectors."""
        count = lanes_of(arguments[0].type) // lanes
        pieces = zip(*(self.split(argument, lanes_of(argument.type) // count) for argument in arguments), strict=True)
        results: list[Value] = []
        for piece in pieces:
            # as wide as the first operand: conversions keep the width, packs and pair products trade lanes for bits
            result_type = vector_of(element, size_of(piece[0].type) // size_of(element))
            results.append(self.intrinsic(name, list(piece), result_type))
        return self.concat(results)
