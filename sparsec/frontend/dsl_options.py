"""Options in clauses, `seed = 1, sparsity = 0.9`: known names, each at most once, values of the right kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sparsec.errors import ShapeError
from sparsec.frontend import syntax as sx
from sparsec.frontend.dsl_dtypes import to_number
from sparsec.frontend.dsl_source import Source, listing, suggestion

Reader = Callable[[sx.Expression], Any]
"""Turns the expression after `=` into a value, or raises a `ShapeError`."""


def read_options(source: Source, options: Sequence[sx.Keyword], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The values of the options by name; options that were not written are absent.

    Raises:
        DslError: an unknown name, one that is written twice, or a value of the wrong kind.
    """
    values: dict[str, Any] = {}
    for option in options:
        name = option.name.text
        if name not in readers:
            known = suggestion(name, readers) or f"; options here are {listing(readers, 'and')}"
            raise source.error(option.name.position, f"there is no option `{name}`{known}")
        if name in values:
            raise source.error(option.name.position, f"`{name}` is given twice")
        with source.at(option.value.position):
            values[name] = readers[name](option.value)
    return values


def number_option(value: sx.Expression) -> float:
    """A number with its sign."""
    text = _number_text(value)
    if text is None or isinstance(number := to_number(text), bool):
        raise ShapeError("expected a number")
    return float(number)


def whole_option(value: sx.Expression) -> int:
    """A whole number with its sign."""
    text = _number_text(value)
    number = to_number(text) if text is not None else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise ShapeError("expected a whole number")
    return number


def word_option(words: Sequence[str]) -> Reader:
    """One of some words."""

    def read(value: sx.Expression) -> str:
        if isinstance(value, sx.Name) and value.text in words:
            return value.text
        hint = suggestion(value.text, words) if isinstance(value, sx.Name) else ""
        raise ShapeError(f"expected one of {', '.join(words)}{hint}")

    return read


def _number_text(value: sx.Expression) -> str | None:
    match value:
        case sx.Number():
            return value.text
        case sx.Unary(operator="-", operand=sx.Number() as operand):
            return f"-{operand.text}"
        case _:
            return None
