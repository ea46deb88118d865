"""Elementary functions as float32 steps, written once for every machine that can do arithmetic.

The functions take an `Arithmetic` and values it understands. `numpy_arithmetic.NumpyArithmetic` runs them on arrays
(that is what `reference.py` means by `exp`), and the emitter of `lowering/kernels/vector.py` is an `Arithmetic` too, so
kernels compute the very same bits. Nothing is fused: every step rounds to float32 once.

Coefficients come from `benchmarks/fit_elementary.py`. Errors stated are absolute maxima over all float32 arguments
against float64; one ulp at 1 is 1.2e-7. A NaN argument gives NaN unless a function says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sparsec.arithmetic import Arithmetic
from sparsec.elementary_tables import ERF_ROWS, GELU_ROWS, GELU_TANH_ROWS, ROOTS

V = TypeVar("V")


def polynomial(m: Arithmetic[V], x: V, coefficients: Sequence[V | float]) -> V:
    """`c[0] + c[1] x + c[2] x^2 + ...` by Horner's rule; at least two coefficients."""
    *lower, last = coefficients
    y = m.mul(x, last)
    for coefficient in reversed(lower[1:]):
        y = m.mul(m.add(y, coefficient), x)
    return m.add(y, lower[0])


# Signs, maxima and rounding

INFINITY = float("inf")
NAN = float("nan")
SIGN = -(2**31)
MAGNITUDE = 2**31 - 1
INTEGERS_FROM = 8388608.0  # 2**23: from here on every float32 is an integer


def maximum(m: Arithmetic[V], a: V | float, b: V | float) -> V:
    """`a > b ? a : b`: b when either is NaN."""
    return m.select(m.greater(a, b), a, b)


def minimum(m: Arithmetic[V], a: V | float, b: V | float) -> V:
    """`a < b ? a : b`: b when either is NaN."""
    return m.select(m.less(a, b), a, b)


def relu(m: Arithmetic[V], x: V) -> V:
    """`0 > x ? 0 : x`: keeps NaN and -0. Also for integers."""
    return maximum(m, 0, x)


def negate(m: Arithmetic[V], x: V) -> V:
    """-x of floats: flips the sign bit, of NaN too."""
    return m.from_bits(m.differ(m.bits(x), SIGN))


def absolute(m: Arithmetic[V], x: V) -> V:
    """|x| of floats: clears the sign bit."""
    return m.from_bits(m.both(m.bits(x), MAGNITUDE))


def copy_sign(m: Arithmetic[V], magnitude: V, sign: V) -> V:
    """The magnitude (not negative) with the sign bit of the other."""
    return m.from_bits(m.either(m.bits(magnitude), m.both(m.bits(sign), SIGN)))


def sign(m: Arithmetic[V], x: V) -> V:
    """-1, 0 or 1; NaN gives NaN."""
    positive = m.select(m.greater(x, 0.0), m.like(x, 1.0), x)
    return m.select(m.less(x, 0.0), -1.0, positive)


def round_even(m: Arithmetic[V], x: V) -> V:
    """The nearest integer as a float, ties to even; keeps NaN, infinities and the sign of zero."""
    rounded = copy_sign(m, absolute(m, m.to_float(m.round_to_int(x))), x)
    return m.select(m.less(absolute(m, x), INTEGERS_FROM), rounded, x)


def floor(m: Arithmetic[V], x: V) -> V:
    """The largest integer not above x."""
    rounded = round_even(m, x)
    return m.select(m.greater(rounded, x), m.sub(rounded, 1.0), rounded)


def ceil(m: Arithmetic[V], x: V) -> V:
    """The smallest integer not below x."""
    return negate(m, floor(m, negate(m, x)))


def truncate(m: Arithmetic[V], x: V) -> V:
    """x rounded towards zero."""
    return copy_sign(m, floor(m, absolute(m, x)), x)


# Exponentials

LOG2_E = 1.44269504
LN2_HIGH = 0.693359375  # ten bits: times an exponent it is exact
LN2_LOW = -2.12194440e-4
EXP_LOWEST = -87.3  # e^x stays a normal number
EXP_HIGHEST = 88.72283  # the last argument whose result is finite
STEPS_PER_UNIT = 46.1662413
ROOT_POLYNOMIAL = (1.0, 0.021661166101694107, 0.00023459622752852738)
"""2^(t / 32) for |t| <= 1/2."""
EXP = (0.49999994, 0.1666652113199234, 0.04166838899254799, 0.008368735201656818, 0.0013814500998705626)


def exp(m: Arithmetic[V], x: V) -> V:
    """e^x within 2 ulp. Arguments below -87.3 give 0 (there are no denormals), above 88.72283 infinity."""
    result = _exp_finite(m, minimum(m, EXP_HIGHEST, maximum(m, EXP_LOWEST, x)))
    result = m.select(m.less(x, EXP_LOWEST), 0.0, result)
    return m.select(m.greater(x, EXP_HIGHEST), INFINITY, result)


def exp_of_non_positive(m: Arithmetic[V], x: V) -> V:
    """e^x for x <= 0, as a softmax needs it: relative error below 2e-7 + 8e-8 |x|; 0 below -87.3. NaN stays NaN.

    e^x = 2^(n / 32) * 2^(t / 32) with n the integer next to 32 x log2(e): the first factor is put together from a table
    and an exponent. Taking n's share off rounds with x, not with t, so the error grows with |x| as the result vanishes.
    """
    scaled = m.mul(x, STEPS_PER_UNIT)
    n, t = m.round_to_int(scaled), m.from_nearest(scaled)
    # the low 5 bits of n, which choose the row, are taken off the rows' own bits
    power = m.from_bits(m.add(m.bits(m.pick(ROOTS, n)), m.shift_left(n, 18)))
    return m.select(m.less(x, EXP_LOWEST), 0.0, m.mul(power, polynomial(m, t, ROOT_POLYNOMIAL)))


def _exp_finite(m: Arithmetic[V], x: V) -> V:
    """e^x for arguments within [EXP_LOWEST, EXP_HIGHEST], or NaN."""
    exponent = m.round_to_int(m.mul(x, LOG2_E))
    whole = m.to_float(exponent)
    r = m.sub(m.sub(x, m.mul(whole, LN2_HIGH)), m.mul(whole, LN2_LOW))
    tail = m.mul(polynomial(m, r, EXP), m.mul(r, r))
    mantissa = m.add(m.add(tail, r), 1.0)
    # adding to the exponent field reaches 2**127 * 1.99, which multiplying by 2**128 could not
    return m.from_bits(m.add(m.bits(mantissa), m.shift_left(exponent, 23)))


def sigmoid(m: Arithmetic[V], x: V) -> V:
    """1 / (1 + e^-x), relative error below 3e-7 down to x = -87, constant 1.6e-38 below."""
    return m.div(1.0, m.add(_exp_finite(m, minimum(m, 87.0, maximum(m, -87.0, negate(m, x)))), 1.0))


SMALLEST_NORMAL = 1.17549435e-38
SQRT_HALF_BITS = 0x3F3504F3
LOG = (0.66666776, 0.3997757136821747, 0.29871007800102234)


def log(m: Arithmetic[V], x: V) -> V:
    """The natural logarithm within 2 ulp; 0 gives -infinity, negative numbers NaN, infinity infinity."""
    tiny = m.less(x, SMALLEST_NORMAL)
    bits = m.bits(m.select(tiny, m.mul(x, INTEGERS_FROM), x))
    # the exponent that brings the mantissa into [sqrt(1/2), sqrt(2))
    exponent = m.shift_right(m.sub(bits, SQRT_HALF_BITS), 23)
    mantissa = m.from_bits(m.sub(bits, m.shift_left(exponent, 23)))
    whole = m.sub(m.to_float(exponent), m.select(tiny, m.like(x, 23.0), 0.0))
    # log(1 + y) = 2 atanh(s) with s = y / (2 + y)
    y = m.sub(mantissa, 1.0)
    s = m.div(y, m.add(y, 2.0))
    square = m.mul(s, s)
    half = m.mul(m.mul(y, y), 0.5)
    tail = m.mul(s, m.add(half, m.mul(square, polynomial(m, square, LOG))))
    low = m.add(tail, m.mul(whole, LN2_LOW))
    result = m.add(m.add(m.sub(y, half), low), m.mul(whole, LN2_HIGH))
    result = m.select(m.less(x, INFINITY), result, x)
    result = m.select(m.equal(x, 0.0), -INFINITY, result)
    return m.select(m.less(x, 0.0), NAN, result)


# Sigmoidal functions, with the argument clamped where the result rounds to its limit

TANH_SATURATES = 9.1
TANH_P = (1.211363, 0.16191666, 0.004213897, 2.4642026e-05, 1.5756410e-08)
TANH_Q = (1.2113631, 0.5657039, 0.031267319, 0.00039471692, 9.2423659e-07)


def erf(m: Arithmetic[V], x: V) -> V:
    """The error function, absolute error below 1e-7, relative 3.3e-7; exactly -1 or 1 beyond 3.875."""
    return copy_sign(m, _by_rows(m, ERF_ROWS, minimum(m, LAST_ERF_ROW, absolute(m, m.mul(x, ERF_ROWS_PER_UNIT)))), x)


ERF_ROWS_PER_UNIT = 8.0
LAST_ERF_ROW = 31.0


def _by_rows(m: Arithmetic[V], rows: Sequence[Sequence[float]], x: V) -> V:
    """A function of x from 0 to the last row, by a polynomial of the distance to the nearest integer for each integer;
    `rows` has their coefficients, the constant ones first. Many short polynomials take fewer steps than a long one."""
    row, t = m.round_to_int(x), m.from_nearest(x)
    *lower, last = rows
    y = m.mul(m.pick(last, row), t)
    for coefficients in reversed(lower[1:]):  # picked when they are needed: kernels have no registers to keep them in
        y = m.mul(m.add(y, m.pick(coefficients, row)), t)
    return m.add(y, m.pick(lower[0], row))


def tanh(m: Arithmetic[V], x: V) -> V:
    """The hyperbolic tangent, absolute and relative error below 3.3e-7; exactly -1 or 1 beyond 9.1."""
    x = minimum(m, TANH_SATURATES, maximum(m, -TANH_SATURATES, x))
    square = m.mul(x, x)
    y = m.div(m.mul(x, polynomial(m, square, TANH_P)), polynomial(m, square, TANH_Q))
    return minimum(m, 1.0, maximum(m, -1.0, y))  # which it may miss by one ulp


GELU_ROWS_PER_UNIT = 2.75
LAST_GELU_ROW = 15.0


def gelu(m: Arithmetic[V], x: V) -> V:
    """`x / 2 (1 + erf(x / sqrt(2)))`, error below 7e-8 max(1, |x|), relative to the result below 2.8e-7 for |x| < 1;
    exactly x beyond 5.46 and 0 below -5.46, also for infinities. Zeros give 0."""
    return _gelu_by_rows(m, GELU_ROWS, x)


def gelu_tanh(m: Arithmetic[V], x: V) -> V:
    """`x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, error below 7e-8 max(1, |x|), relative to the
    result below 2.8e-7 for |x| < 1; exactly x beyond 5.46 and 0 below -5.46, also for infinities. Zeros give 0."""
    return _gelu_by_rows(m, GELU_TANH_ROWS, x)


def _gelu_by_rows(m: Arithmetic[V], rows: Sequence[Sequence[float]], x: V) -> V:
    """relu(x) and an even function that vanishes far from 0, of which the rows are."""
    return m.add(relu(m, x), _by_rows(m, rows, m.magnitude_up_to(m.mul(x, GELU_ROWS_PER_UNIT), LAST_GELU_ROW)))


# Powers


def power_constant(m: Arithmetic[V], x: V, exponent: float) -> V:
    """x ** exponent for an exponent known at compile time: multiplications and roots where they suffice."""
    if exponent < 0:
        return m.div(1.0, power_constant(m, x, -exponent))
    if exponent == 0:
        return m.like(x, 1.0)
    if exponent == 0.5:
        return m.sqrt(x)
    if exponent != int(exponent) or exponent > 64:
        return power(m, x, m.like(x, exponent))
    result: V | None = None
    square, remaining = x, int(exponent)
    while remaining:
        if remaining & 1:
            result = square if result is None else m.mul(result, square)
        remaining >>= 1
        if remaining:
            square = m.mul(square, square)
    return m.like(x, 1.0) if result is None else result


def power(m: Arithmetic[V], x: V, y: V) -> V:
    """x ** y as e^(y log|x|), relative error about 1e-7 (1 + |y log x|).

    Negative x needs an integer y (else NaN); 0 ** y is 0, 1 or infinity; x ** 0 is 1.
    """
    exponent = m.mul(y, log(m, absolute(m, x)))
    result = m.select(m.less(exponent, EXP_LOWEST), 0.0, exp(m, exponent))
    halves = m.mul(y, 0.5)
    odd = m.greater(absolute(m, m.sub(halves, round_even(m, halves))), 0.25)
    fractional = m.greater(absolute(m, m.sub(y, round_even(m, y))), 0.0)
    negative = m.less(x, 0.0)
    result = m.select(m.both(negative, odd), negate(m, result), result)
    result = m.select(m.both(negative, fractional), NAN, result)
    return m.select(m.equal(y, 0.0), 1.0, result)


# Circular functions

TWO_BY_PI = 0.6366197723675814
HALF_PI = (1.5703125, 4.825592041015625e-04, 1.2675908465098473e-06)
"""Pieces of pi / 2, the first two of 8 bits: their products with quadrant numbers up to 2**16 are exact."""
LARGEST_REMAINDER = 0.8  # pi / 4, and what rounding x * 2 / pi may add to it up to |x| = 1e5
SIN = (-0.16666655242443085, 0.00833215657621622, -0.00019514639279805124)
COS = (0.04166664555668831, -0.001388736185617745, 2.443771700200159e-05)


def sin(m: Arithmetic[V], x: V) -> V:
    """The sine, absolute error below 2e-7 for |x| <= 1e5; beyond, some number within [-1, 1]; NaN for infinities."""
    return _circular(m, x, 0)


def cos(m: Arithmetic[V], x: V) -> V:
    """The cosine, absolute error below 2e-7 for |x| <= 1e5; beyond, some number within [-1, 1]; NaN for infinities."""
    return _circular(m, x, 1)


def _circular(m: Arithmetic[V], x: V, quarter_turns: int) -> V:
    """sin(x + quarter_turns * pi / 2)"""
    quadrant = m.round_to_int(m.mul(x, TWO_BY_PI))
    whole = m.to_float(quadrant)
    r = x
    for piece in HALF_PI:
        r = m.sub(r, m.mul(whole, piece))
    r = minimum(m, LARGEST_REMAINDER, maximum(m, -LARGEST_REMAINDER, r))
    r = m.select(m.less(absolute(m, x), INFINITY), r, NAN)
    square = m.mul(r, r)
    sine = m.add(r, m.mul(m.mul(square, r), polynomial(m, square, SIN)))
    cosine = m.mul(m.mul(square, square), polynomial(m, square, COS))
    cosine = m.add(m.sub(cosine, m.mul(square, 0.5)), 1.0)
    turns = m.add(quadrant, quarter_turns)
    magnitude = m.select(m.equal(m.both(turns, 1), 0), sine, cosine)
    flip = m.shift_left(m.both(turns, 2), 30)
    return m.from_bits(m.differ(m.bits(magnitude), flip))


# Quantisation


def quantize(m: Arithmetic[V], x: V, inverse_scale: V | float, zero_point: V | int, lowest: int, highest: int) -> V:
    """`clip(rint(x * inverse_scale) + zero_point, lowest, highest)` as int32; NaN gives `lowest`.

    Clipping comes before rounding, which gives the same numbers and cannot overflow.

    Args:
        x: float32
        inverse_scale: 1 / scale, itself rounded to float32
        zero_point: int32, within [lowest, highest]
    """
    if isinstance(zero_point, int):
        low: V | float = float(lowest - zero_point)
        high: V | float = float(highest - zero_point)
    else:
        low = m.to_float(m.sub(lowest, zero_point))
        high = m.to_float(m.sub(highest, zero_point))
    clipped = minimum(m, maximum(m, m.mul(x, inverse_scale), low), high)
    return m.add(m.round_to_int(clipped), zero_point)


def dequantize(m: Arithmetic[V], q: V, scale: V | float, zero_point: V | int) -> V:
    """`float32(q - zero_point) * scale` of int32 q."""
    return m.mul(m.to_float(m.sub(q, zero_point)), scale)
