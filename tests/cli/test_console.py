"""Tables and errors."""

from __future__ import annotations

import contextlib
import io

import pytest
from rich.console import Console

from sparsec.cli.console import BUG, DONE, INTERRUPTED, MISTAKE, guarded, new_table, print_table
from sparsec.errors import CodegenError, CompilerBug, ModelError


def raising(error: BaseException) -> int:
    """A command that fails."""
    raise error


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ModelError("weight [3] is odd"), MISTAKE, "error: weight [3] is odd\n"),
        (CodegenError("LLVM died"), MISTAKE, "error: LLVM died\n"),
        (FileNotFoundError(2, "No such file", "a.txt"), MISTAKE, "error: a.txt: No such file\n"),
        (MemoryError(), MISTAKE, "error: not enough memory for a model of this size\n"),
        (MemoryError("400 GB for y"), MISTAKE, "error: not enough memory: 400 GB for y\n"),
        (CompilerBug("no schedule"), BUG, "bug in sparsec: no schedule\nPlease report it"),
        (KeyError("x"), BUG, "bug in sparsec: KeyError: 'x'\n  at tests/cli/test_console.py, line "),
        (KeyboardInterrupt(), INTERRUPTED, "interrupted"),
        (BrokenPipeError(), DONE, ""),
    ],
)
def test_whatever_happens_is_a_sentence_and_a_code(error: BaseException, code: int, text: str) -> None:
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        assert guarded(lambda: raising(error)) == code
    assert err.getvalue().startswith(text)


FACTS = {
    "name": ["encoder.layer.11.attention.self.query.weight", "pooler"],
    "number": ["1,234,567.8", "1"],
    "shape": ["30522x1024", "3x1024"],
    "because": ["it is 1.99 times as fast as the one that was tried before it", "of its size"],
}
RIGHT = ("number",)


def printed(width: int, names: list[str] | None = None) -> list[str]:
    """The lines of a table of the facts."""
    table = new_table(*FACTS, right=RIGHT, prose=("because",), title="facts")
    for cells in zip(*({**FACTS, "name": names or FACTS["name"]}.values()), strict=True):
        table.add_row(*cells)
    out = io.StringIO()
    print_table(Console(file=out, width=width), table, "name")
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140])
def test_a_table_that_is_too_wide_becomes_several(width: int) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for name in ("name", "number", "shape"):
        assert name in words and set(FACTS[name]) <= set(words)
    assert set(" ".join(FACTS["because"]).split()) <= set(words)
    assert lines.count("facts") == 1  # the title is above the first one only


def test_a_short_name_begins_each_of_the_tables() -> None:
    for width, times in ((140, 1), (50, 2)):
        words = " ".join(printed(width, names=["first", "second"])).split()
        assert words.count("first") == words.count("second") == times and "#" not in words


def test_a_name_that_is_wider_than_the_console_is_folded() -> None:
    lines = printed(30)
    assert max(map(len, lines)) <= 30 and "1,234,567.8" in " ".join(lines).split()
    assert FACTS["name"][0] in "".join(lines).replace(" ", "")
