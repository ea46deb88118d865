"""Symbolic sizes: polynomials with integer coefficients over named dimensions such as `batch` and `sequence`.

A dimension of a tensor is a `Size`: a plain int when it is known, a `Dim` when it depends on the caller's arrays.
Polynomials are enough for what exporters do with shapes (flatten, split heads, append a token) and have a canonical
form, so two sizes are equal exactly when their polynomials are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

from sparsec.errors import ShapeError

LARGEST = 999_999_999
"""What the size of a dynamic dimension may be said to be: products of a few such sizes are still 64-bit integers."""

Monomial = tuple[str, ...]
"""The symbols of one product, sorted, repeated for powers; () is the constant term."""


@dataclass(frozen=True)
class Dim:
    """An immutable polynomial; build it with `Dim.symbol`, `Dim.parse` and arithmetic, read it with `str`.

    Arithmetic between a `Dim` and an int or `Dim` gives a `Size`: a result that depends on no symbol is an int.
    """

    terms: tuple[tuple[Monomial, int], ...]

    @staticmethod
    def symbol(name: str) -> Dim:
        """The dimension called `name`."""
        return Dim((((name,), 1),))

    @staticmethod
    @lru_cache(maxsize=4096)  # every verifier reads the sizes of every type, and there are few of them
    def parse(text: str) -> Size:
        """Read what `str` wrote: sums of products of identifiers and integers, e.g. `2*batch*sequence - 1`.

        Raises:
            ShapeError: `text` is not such an expression.
        """
        total: Size = 0
        for term in text.replace(" - ", " + -1*").split("+"):
            product: Size = 1
            for factor in term.split("*"):
                factor = factor.strip()
                if re.fullmatch(r"-?\d+", factor):
                    product = product * int(factor)
                elif re.fullmatch(r"[A-Za-z_][\w.]*", factor):
                    product = Dim.symbol(factor) * product
                else:
                    raise ShapeError(f"`{text}` is not a size: expected sums of products of names and integers")
            total = total + product
        return total

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names it depends on, sorted."""
        return tuple(sorted({name for monomial, _ in self.terms for name in monomial}))

    def evaluate(self, values: Mapping[str, int]) -> int:
        """The number it stands for once every symbol has a value."""
        return sum(
            coefficient * reduce(lambda product, name: product * values[name], monomial, 1)
            for monomial, coefficient in self.terms
        )

    def substitute(self, sizes: Mapping[str, Size]) -> Size:
        """The size with some symbols replaced by other sizes."""
        total: Size = 0
        for monomial, coefficient in self.terms:
            product: Size = coefficient
            for name in monomial:
                product = sizes.get(name, Dim.symbol(name)) * product
            total = total + product
        return total

    def __add__(self, other: Size) -> Size:
        return _size([*self.terms, *_terms(other)])

    def __radd__(self, other: int) -> Size:
        return self + other

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size) -> Size:
        return self + other * -1

    def __rsub__(self, other: int) -> Size:
        return self * -1 + other

    def __mul__(self, other: Size) -> Size:
        return _size((tuple(sorted((*left, *right))), a * b) for left, a in self.terms for right, b in _terms(other))

    def __rmul__(self, other: int) -> Size:
        return self * other

    def __floordiv__(self, other: Size) -> Size:
        """Exact division by a single product; anything that would leave a rest is refused."""
        divisor = _terms(other)
        if len(divisor) != 1:
            raise ShapeError(f"cannot divide the size `{self}` by `{other}`: only exact division by a product is known")
        (monomial, factor) = divisor[0]
        quotient: list[tuple[Monomial, int]] = []
        for symbols, coefficient in self.terms:
            rest = list(symbols)
            for name in monomial:
                if name not in rest:
                    raise ShapeError(f"`{self}` is not divisible by `{other}`")
                rest.remove(name)
            if coefficient % factor:
                raise ShapeError(f"`{self}` is not divisible by `{other}`")
            quotient.append((tuple(rest), coefficient // factor))
        return _size(quotient)

    def __str__(self) -> str:
        first, *others = self.terms
        signed = [f"{'+' if factor > 0 else '-'} {_term_text(names, abs(factor))}" for names, factor in others]
        return " ".join([_term_text(*first), *signed])


Size = int | Dim


def _term_text(monomial: Monomial, coefficient: int) -> str:
    if not monomial:
        return str(coefficient)
    return "*".join([str(coefficient), *monomial] if coefficient != 1 else monomial)


def _terms(size: Size) -> tuple[tuple[Monomial, int], ...]:
    if isinstance(size, Dim):
        return size.terms
    return (((), size),) if size else ()


def _size(terms: Iterable[tuple[Monomial, int]]) -> Size:
    total: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        total[monomial] = total.get(monomial, 0) + coefficient
    kept = {monomial: coefficient for monomial, coefficient in total.items() if coefficient}
    if not kept:
        return 0
    if set(kept) == {()}:
        return kept[()]
    # Highest degree first, then by name, so that `batch*sequence + 1` reads as people write it.
    order = sorted(kept.items(), key=lambda item: (-len(item[0]), item[0]))
    return Dim(tuple(order))


def parse_size(text: str | int) -> Size:
    """`Dim.parse` for text, the number itself for an int."""
    return text if isinstance(text, int) else Dim.parse(text)


def product(sizes: Iterable[Size]) -> Size:
    """The product of sizes; 1 for none."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def evaluate(size: Size, values: Mapping[str, int]) -> int:
    """The number a size stands for."""
    return size.evaluate(values) if isinstance(size, Dim) else size


def is_number(shape: Sequence[Size]) -> bool:
    """Whether a tensor of this shape is one number."""
    return all(size == 1 for size in shape)


def is_per_channel(shape: Sequence[Size], channels: Size) -> bool:
    """Whether a tensor of this shape holds one number for each of the channels, whatever the token."""
    return len(shape) > 0 and shape[-1] == channels and is_number(shape[:-1])


def broadcast(*shapes: Sequence[Size]) -> tuple[Size, ...]:
    """numpy's broadcasting of shapes, symbols included.

    Raises:
        ShapeError: two sizes differ and neither is 1.
    """
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Size] = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, rank - len(shape)):
            if result[axis] == 1:
                result[axis] = size
            elif size not in (1, result[axis]):
                written = " and ".join("[" + ", ".join(map(str, s)) + "]" for s in shapes)
                raise ShapeError(f"shapes {written} do not broadcast: {result[axis]} against {size} on axis {axis}")
    return tuple(result)
