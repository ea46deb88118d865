"""What can be said about symbolic sizes without knowing them.

Every symbol (batch, sequence, ...) is taken to be at least 1: `sequence == -1` is false, `sequence > 0` is true, and
`sequence == 64` is undecided. An answer that would not hold for 0 is recorded as a requirement, and so is the
assumption that a size fits an integer type; the program refuses inputs that break them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from sparsec.dims import Dim, Size, product
from sparsec.errors import ShapeError


class Undecided(Exception):
    """A question about sizes has no answer for all values of the symbols, or the result is no polynomial."""


Limits = tuple[Size, Size]
"""A requirement on the sizes: the first is at most the second."""

_recorded: ContextVar[dict[Limits, None] | None] = ContextVar("recorded", default=None)


@contextmanager
def recording() -> Generator[dict[Limits, None]]:
    """Collects the requirements of what is decided inside, in order; an outer recording does not see them."""
    found: dict[Limits, None] = {}
    token = _recorded.set(found)
    try:
        yield found
    finally:
        _recorded.reset(token)


def record(limits: Iterable[Limits]) -> None:
    """Pass requirements to the recording around, if there is one."""
    recorded = _recorded.get()
    if recorded is not None:
        recorded.update(dict.fromkeys(limits))


def bounds(size: Size, positive: Collection[str] | None = None) -> tuple[int | None, int | None]:
    """The smallest and largest value of a size; None where it is unbounded or not easily seen.

    Symbols in `positive` (None: all) are at least 1, the others at least 0.
    """
    if isinstance(size, int):
        return size, size
    # With s = 1 + t and t >= 0, a polynomial whose other coefficients are all >= 0 is smallest at t = 0.
    names = size.symbols if positive is None else [name for name in size.symbols if name in positive]
    shifted = size.substitute({name: Dim.symbol(name) + 1 for name in names})
    terms = dict(shifted.terms) if isinstance(shifted, Dim) else {(): shifted}
    constant = terms.pop((), 0)
    grows = all(coefficient >= 0 for coefficient in terms.values())
    falls = all(coefficient <= 0 for coefficient in terms.values())
    return (constant if grows else None), (constant if falls else None)


def is_less(a: Size, b: Size, positive: Collection[str] = ()) -> bool:
    """Whether `a < b`; the answer need not hold where a symbol in `positive` is 0.

    Raises:
        Undecided: it depends on the symbols.
    """

    def answer(low: int | None, high: int | None) -> bool | None:
        if low is not None and low >= 1:
            return True
        return False if high is not None and high <= 0 else None

    return _decided(b - a, positive, answer, f"whether {a} < {b} depends on the sizes")


def is_equal(a: Size, b: Size, positive: Collection[str] = ()) -> bool:
    """Whether `a == b`; the answer need not hold where a symbol in `positive` is 0.

    Raises:
        Undecided: it depends on the symbols.
    """

    def answer(low: int | None, high: int | None) -> bool | None:
        if low == high == 0:
            return True
        return False if (low is not None and low >= 1) or (high is not None and high <= -1) else None

    return _decided(b - a, positive, answer, f"whether {a} == {b} depends on the sizes")


def _decided(
    difference: Size,
    positive: Collection[str],
    answer: Callable[[int | None, int | None], bool | None],
    question: str,
) -> bool:
    for_all = answer(*bounds(difference, positive))
    if for_all is not None:
        return for_all
    usual = answer(*bounds(difference))
    if usual is None:
        raise Undecided(question)
    symbols = difference.symbols if isinstance(difference, Dim) else ()
    record((1, Dim.symbol(name)) for name in symbols if name not in positive)
    return usual


def vanishing(shape: Sequence[Size]) -> frozenset[str]:
    """The symbols that leave a tensor of this shape without elements when they are 0."""
    return frozenset(
        name for size in shape if isinstance(size, Dim) for name in size.symbols if size.substitute({name: 0}) == 0
    )


SMALL_COEFFICIENTS = 1 << 16
"""Sizes with larger coefficients than this in all are computed with when the program runs, in their own type."""


def in_type(size: Size, dtype: np.dtype[np.generic]) -> Size:
    """The size as an integer type holds it. Numbers wrap around; that a symbolic size fits is recorded if it may not.

    Raises:
        Undecided: what a symbolic size wraps to in this type is no polynomial.
    """
    if dtype.kind not in "iu":
        return size
    bits = 8 * dtype.itemsize
    least = 0 if dtype.kind == "u" else -(1 << (bits - 1))
    most = least + (1 << bits) - 1
    if isinstance(size, int):
        return (size - least) % (1 << bits) + least
    coefficients = [abs(coefficient) for _, coefficient in size.terms]
    if dtype == np.int64:
        if max(coefficients) > most:
            raise Undecided(f"{size} has more digits than int64")
        return size
    if dtype.itemsize < 4 or sum(coefficients) > SMALL_COEFFICIENTS:
        raise Undecided(f"{size} may wrap around in {dtype.name}")
    if dtype.itemsize == 4 and not _is_plain(size):
        record([(size, most)])
    if not _is_plain(-size) or dtype.kind == "u":
        record([(least, size)])
    return size


def _is_plain(size: Size) -> bool:
    """Whether it is at most one size of a tensor, which is below 2^31."""
    if isinstance(size, int):
        return size < 1 << 31
    rises = [(symbols, coefficient) for symbols, coefficient in size.terms if coefficient > 0]
    return not rises or (len(rises) == 1 and len(rises[0][0]) <= 1 and (rises[0][1] == 1 or not rises[0][0]))


def divide(a: Size, b: Size) -> Size:
    """`a / b`, truncated towards zero for numbers (ONNX Div; 0 for a division by 0), exact for symbolic sizes.

    Raises:
        Undecided: the quotient of symbolic sizes is no polynomial.
    """
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b) if b else 0
        return quotient if (a < 0) == (b < 0) else -quotient
    try:
        return _as_dim(a) // b
    except (ShapeError, ZeroDivisionError) as error:
        raise Undecided(f"{a} / {b} is no polynomial") from error


def _as_dim(size: Size) -> Dim:
    if not isinstance(size, Dim):
        raise Undecided(f"{size} is divided by a symbolic size")
    return size


def missing_factor(total: Sequence[Size], others: Sequence[Size]) -> Size:
    """The size x with `product(total) == x * product(others)`: what -1 stands for in a reshape.

    Raises:
        Undecided: there is none.
    """
    rest = list(total)
    divisors: list[Size] = []
    for size in others:  # equal factors cancel first, so that sums such as `sequence + 1` need no division
        if size in rest:
            rest.remove(size)
        else:
            divisors.append(size)
    numerator, denominator = product(rest), product(divisors)
    if isinstance(numerator, int) and isinstance(denominator, int):
        if not denominator or numerator % denominator:
            raise Undecided(f"{numerator} elements do not divide by {denominator}")
        return numerator // denominator
    return divide(numerator, denominator)


def merge(a: Size, b: Size, order: Mapping[str, int]) -> tuple[str, Size] | None:
    """The substitution (symbol, size) that makes two sizes equal, None when there is none.

    Only `symbol = number >= 1` and `symbol = symbol` are solved; of two symbols the later one in `order` is replaced.
    """
    for symbolic, other in ((a, b), (b, a)):
        if isinstance(other, int) and isinstance(symbolic, Dim) and (name := _single(symbolic)):
            return (name, other) if other >= 1 else None
    left, right = _single(a), _single(b)
    if left is None or right is None:
        return None
    late, early = sorted((left, right), key=lambda name: order.get(name, len(order)), reverse=True)
    return late, Dim.symbol(early)


def _single(size: Size) -> str | None:
    if isinstance(size, Dim) and size == Dim.symbol(size.symbols[0]):
        return size.symbols[0]
    return None
