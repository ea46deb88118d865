"""The vocabulary of kernels: `Emitter`, with the vector units of the target on top of values, memory and loops.

The unit is 16 lanes of 32 bits; LLVM splits it where registers are narrower. Methods whose best instructions differ
between targets look at `features`; all of them give the same bits on every target, except `fma`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, StringAttr, f32, i8, i16, i32, i64
from xdsl.ir import Attribute, Block, Region

from sparsec import elementary
from sparsec.dialects.lanes import FEATURES
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.lanes import LANES, LaneEmitter
from sparsec.lowering.kernels.values import (
    Operand,
    Value,
    element_of,
    is_float,
    lanes_of,
    mangled,
    pointer,
    size_of,
    vector_of,
)

__all__ = [
    "KERNEL_ARGUMENTS", "LANES", "Emitter", "Operand", "Value", "build_function", "element_of",
    "is_float", "lanes_of", "pointer", "size_of", "vector_of",
]  # fmt: skip

f32x16 = vector_of(f32, 16)
i32x16 = vector_of(i32, 16)
u8x16 = vector_of(i8, 16)
u8x64 = vector_of(i8, 64)
KERNEL_ARGUMENTS = (pointer, i64, i64, pointer)
"""The arguments of every micro-kernel: args, begin, end, scratch."""


class Emitter(LaneEmitter):
    """Adds the vector units of the target to `LaneEmitter`."""

    # Tables

    def pick(self, table: Sequence[float], index: Value) -> Value:
        """`table[index mod len(table)]` of a table of 16 or 32 f32 constants; i32 indices, one or 8 n lanes of them."""
        lanes = lanes_of(index.type)
        if lanes % LANES == 0 and self.has("avx512f"):
            parts = [self.constant_vector(table[at : at + LANES], f32) for at in range(0, len(table), LANES)]
            return self.concat([self._permute_floats(parts, piece) for piece in self.split(index, LANES)])
        if lanes % 32 == 0 and self.has("avx2"):
            return self.concat([self._pick_bytewise(table, piece) for piece in self.split(index, 32)])
        if lanes % 8 == 0 and self.has("avx2"):
            return self.concat([self._pick8(table, piece) for piece in self.split(index, 8)])
        memory = self.stack(4 * len(table))
        self.store(self.constant_vector(table, f32), memory)
        index = self.both(index, len(table) - 1)
        if lanes == 1:
            return self.load(f32, memory, self.mul(self.zero_extend(index, i64), 4))
        return self.gather(f32, memory, index)

    def _permute_floats(self, parts: Sequence[Value], index: Value) -> Value:
        if len(parts) == 1:
            return self.intrinsic("llvm.x86.avx512.permvar.sf.512", [parts[0], index], f32x16)
        return self.intrinsic("llvm.x86.avx512.vpermi2var.ps.512", [parts[0], index, parts[1]], f32x16)

    def _pick8(self, table: Sequence[float], index: Value) -> Value:
        rows = [self.constant_vector(table[start : start + 8], f32) for start in range(0, len(table), 8)]
        found = [self.intrinsic("llvm.x86.avx2.permps", [row, index], row.type) for row in rows]
        for bit in range(3, len(table).bit_length() - 1):
            upper = self.less(self.shift_left(index, 31 - bit), 0)  # the bit as a sign, which blends look at
            found = [self.select(upper, b, a) for a, b in zip(found[::2], found[1::2], strict=True)]
        return found[0]

    def _pick_bytewise(self, table: Sequence[float], index: Value) -> Value:
        """Of 32 lanes: Zen starts two `pshufb` per cycle, but one `vpermps`. (Older Intel cores one of either.)"""
        a, b, c, d = self.split(self.both(index, len(table) - 1), 8)
        low = self.pack(self.pack(a, b, signed=True), self.pack(c, d, signed=True), signed=False)
        numbers = np.array(table, np.float32).view(np.uint8).reshape(len(table), 4)
        first, second, third, fourth = (self._pick_byte(numbers[:, place].tolist(), low) for place in range(4))
        found: list[Value] = []
        for half in (False, True):
            lower, upper = self.unpack(first, second, half), self.unpack(third, fourth, half)
            words = self.reinterpret(lower, i16), self.reinterpret(upper, i16)
            found += [self.reinterpret(self.unpack(words[0], words[1], part), f32) for part in (False, True)]
        return self.concat(found)

    def _pick_byte(self, numbers: Sequence[int], index: Value) -> Value:
        """`numbers[index[i]]` of 16 or 32 bytes."""
        if len(set(numbers)) == 1:
            return self.constant(numbers[0], index.type)
        name = "llvm.x86.avx2.pshuf.b"
        first = self.intrinsic(name, [self.constant_vector([*numbers[:16]] * 2, i8), index], index.type)
        if len(numbers) == 16:
            return first
        differences = [a ^ b for a, b in zip(numbers[:16], numbers[16:], strict=True)]
        beyond = self.sub(index, 16)  # where it is negative `pshufb` gives 0
        second = self.intrinsic(name, [self.constant_vector(differences * 2, i8), beyond], index.type)
        return self.differ(first, second)

    # Tables of 256 bytes

    def load_table(self, base: Value) -> tuple[Value, ...]:
        """A table as `look_up` takes it, best made outside of loops."""
        if self.has("avx512vbmi"):
            return tuple(self.load(u8x64, base, start) for start in range(0, 256, 64))
        width = self._shuffle_width()
        if not width:
            return (base,)
        parts = [self.load(u8x16, base, start) for start in range(0, 256, 16)]
        rows = [self.shuffle(part, part, [*range(16)] * (width // 16)) for part in parts]
        # differences: looking a byte up in all rows up to its own adds them up to that row
        return tuple(rows[i] if i % 8 == 0 else self.differ(rows[i], rows[i - 1]) for i in range(16))

    def look_up(self, table: Sequence[Value], a: Value) -> Value:
        """`table[a[i]]` for 16, 32 or 64 bytes, taken as unsigned."""
        width = 64 if self.has("avx512vbmi") else self._shuffle_width()
        if not width:
            return self._look_up_one_by_one(table[0], a)
        lanes = lanes_of(a.type)
        if lanes < width:  # with zeros, which costs nothing
            padded = self.shuffle(a, self.constant(0, a.type), [*range(lanes), *[lanes] * (width - lanes)])
            return self.slice(self.look_up(table, padded), 0, lanes)
        permuted = self.has("avx512vbmi")
        pieces = self.split(a, width)
        return self.concat([(self._permute if permuted else self._shuffle_rows)(table, piece) for piece in pieces])

    def _permute(self, table: Sequence[Value], a: Value) -> Value:
        name = "llvm.x86.avx512.vpermi2var.qi.512"
        low, high = (self.intrinsic(name, [table[i], a, table[i + 1]], a.type) for i in (0, 2))
        return self.select(self.less(a, 0), high, low)

    def _shuffle_width(self) -> int:
        """Bytes that one `pshufb` takes, 0 where there is none."""
        return 64 if self.has("avx512bw") else 32 if self.has("avx2") else 0

    def _shuffle_rows(self, table: Sequence[Value], a: Value) -> Value:
        """`pshufb` gives 0 where the index is negative, so a byte takes part in rows up to its own."""
        lanes = lanes_of(a.type)
        name = "llvm.x86.avx512.pshuf.b.512" if lanes == 64 else "llvm.x86.avx2.pshuf.b"
        total: Value | None = None
        for first in (0, 8):
            index = a if first == 0 else self.differ(a, -128)
            for row in range(first, first + 8):
                if row > first:
                    index = self.intrinsic(f"llvm.ssub.sat.v{lanes}i8", [index, self.like(index, 16)], a.type)
                found = self.intrinsic(name, [table[row], index], a.type)
                total = found if total is None else self.differ(total, found)
        assert total is not None
        return total

    def _look_up_one_by_one(self, base: Value, a: Value) -> Value:
        result = self.constant(0, a.type)
        for lane in range(lanes_of(a.type)):
            index = self.zero_extend(self.extract(a, lane), i64)
            result = self.replace_lane(result, self.load(i8, base, index), lane)
        return result

    # Machine arithmetic

    def sqrt(self, a: Value) -> Value:
        """The square root, rounded correctly."""
        return self.intrinsic(f"llvm.sqrt.{mangled(a.type)}", [a], a.type)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a * b + c: fused where the target can, else rounded twice. For f32 matrix products."""
        if self.has("fma") or self.has("avx512f"):
            return self.intrinsic(f"llvm.fma.{mangled(a.type)}", [a, b, c], a.type)
        return self.add(self.mul(a, b), c)

    def round_to_int(self, a: Value) -> Value:
        """f32 to i32, to nearest even; NaN and what does not fit become -2**31."""
        lanes = lanes_of(a.type)
        if lanes == 1:
            padded = self.replace_lane(self.constant(0, vector_of(f32, 4)), a, 0)
            return self.intrinsic("llvm.x86.sse.cvtss2si", [padded], i32)
        if lanes % LANES == 0 and self.has("avx512f"):
            return self._unmasked("cvtps2dq", a, [], i32x16)
        wide = lanes % 8 == 0 and self.has("avx")
        name = "llvm.x86.avx.cvt.ps2dq.256" if wide else "llvm.x86.sse2.cvtps2dq"
        return self.piecewise(name, [a], 8 if wide else 4, i32)

    def magnitude_up_to(self, a: Value, limit: float) -> Value:
        """The smaller of |a| and the limit of f32, the limit for NaN; in one step where the target can (`vrangeps`)."""
        if lanes_of(a.type) % LANES == 0 and self.has("avx512dq"):
            return self._unmasked("range.ps", a, [self.constant(limit, f32x16), self.i32(0b1010)], f32x16)
        return elementary.minimum(self, elementary.absolute(self, a), limit)

    def from_nearest(self, a: Value) -> Value:
        """`a - to_float(round_to_int(a))` of f32, in one step where the target can (`vreduceps`)."""
        if lanes_of(a.type) % LANES == 0 and self.has("avx512dq"):
            return self._unmasked("reduce.ps", a, [self.i32(0)], f32x16)
        return self.sub(a, self.to_float(self.round_to_int(a)))

    def _unmasked(self, name: str, a: Value, others: Sequence[Value], result: Attribute) -> Value:
        """An AVX-512 intrinsic that knows masks and rounding modes, on every 16 lanes of a: all lanes, as always."""
        rest = [*others, self.constant(0, result), self.constant(-1, i16), self.i32(4)]
        full_name = f"llvm.x86.avx512.mask.{name}.512"
        return self.concat([self.intrinsic(full_name, [part, *rest], result) for part in self.split(a, LANES)])

    def multiplies_bytes(self, pairs_fit: bool) -> bool:
        """Whether `dot4` takes bytes as they are. If not, it widens both operands to 16 bits every time."""
        return self.has("avx512vnni") or self.has("avxvnni") or (pairs_fit and self.has("avx2"))

    def dot4(self, accumulator: Value, unsigned: Value, signed: Value, *, pairs_fit: bool = False) -> Value:
        """`accumulator[i] + sum(unsigned[4i+j] * signed[4i+j] for j in 0..3)`, exact.

        Args:
            accumulator: i32x16
            unsigned: u8x64
            signed: s8x64
            pairs_fit: `unsigned[2i] * signed[2i] + unsigned[2i+1] * signed[2i+1]` is known to fit into i16
        """
        operands = [accumulator, unsigned, signed]
        if self.has("avx512vnni"):
            return self.piecewise("llvm.x86.avx512.vpdpbusd.512", operands, 16, i32)
        if self.has("avxvnni"):  # the name covers both encodings; without AVX-512, LLVM chooses the one of AVX-VNNI
            return self.piecewise("llvm.x86.avx512.vpdpbusd.256", operands, 8, i32)
        if pairs_fit and self.has("avx2"):
            pairs = self.piecewise("llvm.x86.avx2.pmadd.ub.sw", [unsigned, signed], 32, i16)
            return self.add(accumulator, self.multiply_pairs(pairs, self.like(pairs, 1)))
        wide_unsigned, wide_signed = self.reinterpret(unsigned, i16), self.reinterpret(signed, i16)
        even = self.multiply_pairs(self.both(wide_unsigned, 0xFF), self.shift_right(self.shift_left(wide_signed, 8), 8))
        odd = self.multiply_pairs(self.shift_right(wide_unsigned, 8, signed=False), self.shift_right(wide_signed, 8))
        return self.add(self.add(accumulator, even), odd)

    def dot4_couple(self, accumulator: Value, first: tuple[Value, Value], second: tuple[Value, Value]) -> Value:
        """`accumulator[i]` plus two dot products as of `dot4`, on AVX2, where every sum of two neighbouring products of
        the first and the two at the same place of the second is known to fit into i16."""
        each = [self.piecewise("llvm.x86.avx2.pmadd.ub.sw", [*pair], 32, i16) for pair in (first, second)]
        pairs = self.add(*each)
        return self.add(accumulator, self.multiply_pairs(pairs, self.like(pairs, 1)))

    def multiply_pairs(self, a: Value, b: Value) -> Value:
        """`a[2i] * b[2i] + a[2i+1] * b[2i+1]` of signed i16 lanes, as i32 lanes (`pmaddwd`); exact."""
        if lanes_of(a.type) % 32 == 0 and self.has("avx512bw"):
            return self.piecewise("llvm.x86.avx512.pmaddw.d.512", [a, b], 32, i32)
        if lanes_of(a.type) % 16 == 0 and self.has("avx2"):
            return self.piecewise("llvm.x86.avx2.pmadd.wd", [a, b], 16, i32)
        return self.piecewise("llvm.x86.sse2.pmadd.wd", [a, b], 8, i32)

    def pack(self, a: Value, b: Value, signed: bool) -> Value:
        """Halve the width of the lanes with saturation; each 128-bit part holds lanes of a, then of b (`vpack*`).

        i32 lanes are packed to signed i16 only; signed i16 lanes to i8 or u8.
        """
        source = element_of(a.type)
        if source == i32 and not signed:
            raise CompilerBug("packing i32 lanes to u16 has no instruction in SSE2")
        target = i16 if source == i32 else i8
        kind = "packssdw" if source == i32 else "packsswb" if signed else "packuswb"
        per_part = 16 // size_of(source)
        if self.has("avx512bw") and size_of(a.type) == 64:
            return self.piecewise(f"llvm.x86.avx512.{kind}.512", [a, b], 4 * per_part, target)
        if self.has("avx2") and size_of(a.type) % 32 == 0:
            return self.piecewise(f"llvm.x86.avx2.{kind}", [a, b], 2 * per_part, target)
        return self.piecewise(f"llvm.x86.sse2.{kind}.128", [a, b], per_part, target)

    def pick_bytes(self, low: Value, high: Value, indices: Value) -> Value:
        """`table[indices[i] % 128]` for each of 64 bytes, of a table of two times 64 (`vpermi2b`)."""
        if self.has("avx512vbmi"):
            return self.intrinsic("llvm.x86.avx512.vpermi2var.qi.512", [low, indices, high], low.type)
        memory = self.stack(256)
        for place, part in enumerate((low, high, self.both(indices, 127))):
            self.store(part, memory, 64 * place, align=64)

        def pick(lane: Value, _: tuple[Value, ...]) -> None:
            at = self.load_extended(i8, self.offset(memory, lane), 128, i64)
            self.store(self.load(i8, memory, at), self.offset(memory, lane), 192)

        self.for_loop(0, 64, pick)
        return self.load(low.type, memory, 192, align=64)

    def add_saturating(self, a: Value, b: Value) -> Value:
        """`a + b` of signed lanes, saturated (`vpadds*`)."""
        return self.intrinsic(f"llvm.sadd.sat.{mangled(a.type)}", [a, b], a.type)

    def narrow(self, a: Value, signed: bool) -> Value:
        """i32 to s8 or u8 with saturation, 16 n lanes in order."""
        if lanes_of(a.type) > LANES:
            return self.concat([self.narrow(piece, signed) for piece in self.split(a, LANES)])
        if self.has("avx512f"):
            name = "llvm.x86.avx512.mask.pmovs.db.512" if signed else "llvm.x86.avx512.mask.pmovus.db.512"
            clamped = a if signed else self.maximum(a, 0)
            return self.intrinsic(name, [clamped, self.constant(0, u8x16), self.constant(-1, i16)], u8x16)
        low, high = (self.pack(*self.split(half, 4), signed=True) for half in self.split(a, 8))
        return self.pack(low, high, signed)


def build_function(
    name: str,
    features: frozenset[str],
    body: Callable[[Emitter, tuple[Value, ...]], Sequence[Value] | None],
    inputs: Sequence[Attribute] = KERNEL_ARGUMENTS,
    outputs: Sequence[Attribute] = (),
) -> func.FuncOp:
    """Build a function in [loops] form; `body` emits it and returns its results.

    The features are recorded in the attribute `sparsec.features`, so that the back end allows LLVM to use them.
    """
    block = Block(arg_types=inputs)
    emitter = Emitter(block, features)
    results = tuple(body(emitter, tuple(block.args)) or ())
    emitter.insert(func.ReturnOp(*results))
    function = func.FuncOp(name, FunctionType.from_lists(list(inputs), list(outputs)), Region(block))
    function.attributes[FEATURES] = StringAttr(",".join(f"+{feature}" for feature in sorted(features)))
    return function
