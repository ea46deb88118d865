"""`Arithmetic` on numpy arrays: float32, int32 and bool, with the corner cases of x86."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class NumpyArithmetic:
    """Float32 arithmetic on arrays of any broadcastable shapes; raises no floating point warnings."""

    def like(self, a: Array, number: float) -> Array:
        """The number in the dtype and shape of a."""
        return np.full_like(a, _wrapped(number, a.dtype))

    def add(self, a: Array | float, b: Array | float) -> Array:
        """a + b; integers wrap."""
        x, y = _pair(a, b)
        with np.errstate(all="ignore"):
            return np.add(x, y)

    def sub(self, a: Array | float, b: Array | float) -> Array:
        """a - b; integers wrap."""
        x, y = _pair(a, b)
        with np.errstate(all="ignore"):
            return np.subtract(x, y)

    def mul(self, a: Array | float, b: Array | float) -> Array:
        """a * b; integers wrap."""
        x, y = _pair(a, b)
        with np.errstate(all="ignore"):
            return np.multiply(x, y)

    def div(self, a: Array | float, b: Array | float) -> Array:
        """a / b of floats."""
        x, y = _pair(a, b)
        with np.errstate(all="ignore"):
            return np.divide(x, y)

    def sqrt(self, a: Array) -> Array:
        """The square root."""
        with np.errstate(all="ignore"):
            return np.sqrt(a)

    def less(self, a: Array | float, b: Array | float) -> Array:
        """a < b as a bool array; false with NaN."""
        x, y = _pair(a, b)
        with np.errstate(all="ignore"):
            return np.less(x, y)

    def greater(self, a: Array | float, b: Array | float) -> Array:
        """a > b as a bool array; false with NaN."""
        x, y = _pair(a, b)
        with np.errstate(all="ignore"):
            return np.greater(x, y)

    def equal(self, a: Array | float, b: Array | float) -> Array:
        """a == b as a bool array; false with NaN."""
        x, y = _pair(a, b)
        with np.errstate(all="ignore"):
            return np.equal(x, y)

    def is_nan(self, a: Array) -> Array:
        """Whether a is NaN."""
        return np.isnan(a)

    def select(self, mask: Array, a: Array | float, b: Array | float) -> Array:
        """a where the mask is true, else b."""
        x, y = _pair(a, b)
        return np.where(mask, x, y)

    def both(self, a: Array | float, b: Array | float) -> Array:
        """Bitwise and of integers or masks."""
        return np.bitwise_and(*_pair(a, b))

    def either(self, a: Array | float, b: Array | float) -> Array:
        """Bitwise or of integers or masks."""
        return np.bitwise_or(*_pair(a, b))

    def differ(self, a: Array | float, b: Array | float) -> Array:
        """Bitwise exclusive or of integers or masks."""
        return np.bitwise_xor(*_pair(a, b))

    def shift_left(self, a: Array, count: int) -> Array:
        """a << count"""
        return np.left_shift(a, a.dtype.type(count))

    def shift_right(self, a: Array, count: int) -> Array:
        """a >> count, copying the sign."""
        return np.right_shift(a, a.dtype.type(count))

    def round_to_int(self, a: Array) -> Array:
        """float32 to int32, to nearest even; NaN and what does not fit become -2**31."""
        with np.errstate(all="ignore"):
            rounded = np.rint(a)
            fits = (rounded >= -(2.0**31)) & (rounded < 2.0**31)
            return np.where(fits, rounded, np.float32(-(2.0**31))).astype(np.int32)

    def to_float(self, a: Array) -> Array:
        """int32 to float32, to nearest even."""
        return a.astype(np.float32)

    def magnitude_up_to(self, a: Array, limit: float) -> Array:
        """The smaller of |a| and the limit; the limit for NaN."""
        return np.fmin(np.abs(a), a.dtype.type(limit))

    def from_nearest(self, a: Array) -> Array:
        """`a - to_float(round_to_int(a))`"""
        return self.sub(a, self.to_float(self.round_to_int(a)))

    def pick(self, table: Sequence[float], index: Array) -> Array:
        """`table[index mod len(table)]` as float32."""
        return np.asarray(table, np.float32)[np.bitwise_and(index, len(table) - 1)]

    def bits(self, a: Array) -> Array:
        """The bits of float32 values as int32."""
        return a.view(np.int32)

    def from_bits(self, a: Array) -> Array:
        """The float32 values that have these bits."""
        return a.view(np.float32)


def _pair(a: Array | float, b: Array | float) -> tuple[Array, Array]:
    """Both operands as arrays or numpy scalars; a Python number takes the dtype of the other."""
    if isinstance(a, int | float):
        if isinstance(b, int | float):
            raise TypeError(f"one of the operands {a}, {b} must be an array")
        return _wrapped(a, b.dtype), b
    return a, _wrapped(b, a.dtype) if isinstance(b, int | float) else b


def _wrapped(number: float, dtype: np.dtype[Any]) -> Any:
    """The number as a scalar of this dtype; integers keep their low bits."""
    if dtype.kind == "i":
        bits = 8 * dtype.itemsize
        return dtype.type((int(number) + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1))
    with np.errstate(all="ignore"):
        return dtype.type(number)
