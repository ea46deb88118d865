"""What elementary functions need from a machine: numpy arrays, vectors of a kernel, or a count of instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

V = TypeVar("V")


class Arithmetic(Protocol[V]):
    """What elementary functions need from a machine. Values are float32, int32 or masks, one or many lanes of them.

    Where a value and a Python number meet, the number takes the type of the value. Integers wrap around.
    """

    def like(self, a: V, number: float, /) -> V:
        """The number as a value of the same type and lanes as a."""
        ...

    def add(self, a: V | float, b: V | float, /) -> V: ...
    def sub(self, a: V | float, b: V | float, /) -> V: ...
    def mul(self, a: V | float, b: V | float, /) -> V: ...
    def div(self, a: V | float, b: V | float, /) -> V:
        """The quotient of floats, rounded correctly."""
        ...

    def sqrt(self, a: V, /) -> V: ...
    def less(self, a: V | float, b: V | float, /) -> V:
        """A mask; comparisons with NaN are false."""
        ...

    def greater(self, a: V | float, b: V | float, /) -> V: ...
    def equal(self, a: V | float, b: V | float, /) -> V: ...
    def is_nan(self, a: V, /) -> V: ...
    def select(self, mask: V, a: V | float, b: V | float, /) -> V:
        """a where the mask is set, else b; at least one of them is a value."""
        ...

    def both(self, a: V | float, b: V | float, /) -> V:
        """Bitwise and of integers or masks."""
        ...

    def either(self, a: V | float, b: V | float, /) -> V: ...
    def differ(self, a: V | float, b: V | float, /) -> V: ...
    def shift_left(self, a: V, count: int, /) -> V: ...
    def shift_right(self, a: V, count: int, /) -> V:
        """Arithmetic shift of integers: copies the sign."""
        ...

    def round_to_int(self, a: V, /) -> V:
        """The nearest int32, ties to even; NaN and what does not fit give -2**31 (`cvtps2dq`)."""
        ...

    def to_float(self, a: V, /) -> V:
        """int32 to the nearest float32."""
        ...

    def magnitude_up_to(self, a: V, limit: float, /) -> V:
        """The smaller of |a| and the limit; the limit for NaN."""
        ...

    def from_nearest(self, a: V, /) -> V:
        """`a - to_float(round_to_int(a))`, which is exact; where |a| is 2**31 or more, any number or NaN."""
        ...

    def pick(self, table: Sequence[float], index: V, /) -> V:
        """`table[index mod len(table)]` of a table of 16 or 32 float32 numbers and int32 indices."""
        ...

    def bits(self, a: V, /) -> V:
        """The bits of float32 values as int32."""
        ...

    def from_bits(self, a: V, /) -> V:
        """The float32 values that have these bits."""
        ...
