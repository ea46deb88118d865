"""The text of a page, and how a mistake in it is shown: where, the line itself, a caret, a sentence."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

from sparsec.errors import DslError, ModelError, ShapeError
from sparsec.frontend.syntax import Position

_WIDTH = 100
"""Longer lines are cut around the caret."""

_LONGEST = 500
"""Longer messages are cut: names and shapes in them may be of any length."""

_SCAN = re.compile(r'(?P<skip>\s+|#[^\n]*)|"[^"\n]*"|\w+|.', re.DOTALL)
_CLOSES = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Source:
    """A page of text.

    Attributes:
        name: how messages call it, e.g. `layer.spc`.
        text: all of it.
    """

    name: str
    text: str

    def error(self, position: Position, message: str, *notes: str) -> DslError:
        """The error to raise for a mistake at `position`; notes follow on lines of their own."""
        message = message if len(message) <= _LONGEST else message[:_LONGEST] + "..."
        head = f"{self.name}:{position.line}:{position.column}: {message}"
        return DslError("\n".join([head, *self._excerpt(position), *(f"  note: {note}" for note in notes)]))

    @contextmanager
    def at(self, position: Position) -> Generator[None]:
        """Give every `ShapeError` and `ModelError` raised inside the position and the look of a `DslError`."""
        try:
            yield
        except (ModelError, ShapeError) as error:
            place = self.place(position)
            # The builder writes the place in front, and names ops as the IR does.
            message = str(error).removeprefix(f"{place}: ").removeprefix("nn.")
            raise self.error(position, message) from None

    def place(self, position: Position) -> str:
        """`layer.spc:12`, as recorded on ops."""
        return f"{self.name}:{position.line}"

    def _excerpt(self, position: Position) -> list[str]:
        lines = self.text.split("\n")
        if not 1 <= position.line <= len(lines):
            return []
        line = lines[position.line - 1].rstrip("\r")
        stop = position.end_column if position.end_line == position.line else len(line) + 1
        start = max(position.column - 1 - _WIDTH // 2, 0) if len(line) > _WIDTH else 0
        shown = line[start : start + _WIDTH]
        shown = "".join(c if c.isprintable() or c == "\t" else "?" for c in shown)
        # Tabs stay tabs under the caret, so that it lines up in any terminal.
        before = "".join("\t" if c == "\t" else " " for c in shown[: position.column - 1 - start])
        length = max(min(stop, start + _WIDTH + 1) - position.column, 1)
        margin = f"{position.line:>5} | "
        return [margin + shown, " " * (len(margin) - 2) + "| " + before + "^" * length]


@dataclass(frozen=True)
class Opening:
    """A bracket that is still open, and where it stands."""

    bracket: str
    position: Position

    @property
    def closing(self) -> str:
        """The bracket that closes it."""
        return _CLOSES[self.bracket]


def scan_before(text: str, line: int, column: int) -> tuple[Position | None, list[Opening]]:
    """What stands before a place: the position of the last word or sign, and the brackets still open."""
    last: Position | None = None
    openings: list[Opening] = []
    row, start_of_row = 1, 0
    for match in _SCAN.finditer(text):
        here = (row, match.start() - start_of_row + 1)
        if here >= (line, column):
            break
        if match["skip"] is None:
            last = Position(*here, row, match.end() - start_of_row + 1)
            if match[0] in _CLOSES:
                openings.append(Opening(match[0], last))
            elif openings and match[0] == openings[-1].closing:
                openings.pop()
        elif newlines := match[0].count("\n"):
            row += newlines
            start_of_row = match.start() + match[0].rindex("\n") + 1
    return last, openings


def listing(items: Iterable[str], word: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *rest, last = items
    return f"{', '.join(rest)} {word} {last}" if rest else last


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` when a known name looks like `name`, else nothing."""
    close = get_close_matches(name, list(known), n=2, cutoff=0.6)
    return f"; did you mean {listing([f'`{other}`' for other in close])}?" if close else ""
