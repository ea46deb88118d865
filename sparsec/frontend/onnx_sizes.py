"""What can be said about symbolic sizes without knowing them.

Assumption, here and in all shape arithmetic of the frontend: every symbol (batch, sequence, ...) is at least 1.
So `sequence == -1` is false, `sequence > 0` is true, and `sequence == 64` is undecided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sparsec.dims import Dim, Size, product
from sparsec.errors import ShapeError


class Undecided(Exception):
    """A question about sizes has no answer for all values of the symbols, or the result is no polynomial."""


def bounds(size: Size) -> tuple[int | None, int | None]:
    """The smallest and largest value of a size over all symbols >= 1; None where it is unbounded or not easily seen."""
    if isinstance(size, int):
        return size, size
    # With s = 1 + t and t >= 0, a polynomial whose other coefficients are all >= 0 is smallest at t = 0.
    shifted = size.substitute({name: Dim.symbol(name) + 1 for name in size.symbols})
    terms = dict(shifted.terms) if isinstance(shifted, Dim) else {(): shifted}
    constant = terms.pop((), 0)
    grows = all(coefficient >= 0 for coefficient in terms.values())
    falls = all(coefficient <= 0 for coefficient in terms.values())
    return (constant if grows else None), (constant if falls else None)


def is_less(a: Size, b: Size) -> bool:
    """Whether `a < b`.

    Raises:
        Undecided: it depends on the symbols.
    """
    low, high = bounds(b - a)
    if low is not None and low >= 1:
        return True
    if high is not None and high <= 0:
        return False
    raise Undecided(f"whether {a} < {b} depends on the sizes")


def is_equal(a: Size, b: Size) -> bool:
    """Whether `a == b`.

    Raises:
        Undecided: it depends on the symbols.
    """
    difference = b - a
    if isinstance(difference, int):
        return difference == 0
    low, high = bounds(difference)
    if (low is not None and low >= 1) or (high is not None and high <= -1):
        return False
    raise Undecided(f"whether {a} == {b} depends on the sizes")


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
