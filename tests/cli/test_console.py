"""Tables and errors."""

from __future__ import annotations

import contextlib
import io

import pytest
from rich.console import Console

from sparsec.cli.console import BUG, DONE, INTERRUPTED, MISTAKE, guarded, new_table
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


def test_a_long_name_is_folded_not_cut() -> None:
    table = new_table("name", "number", right=("number",), fold="name")
    table.add_row("encoder.layer.11.attention.self.query.weight", "1234567")
    out = io.StringIO()
    Console(file=out, width=30).print(table)
    shown = "".join(line.partition("  ")[0].strip() for line in out.getvalue().splitlines())
    assert "encoder.layer.11.attention.self.query.weight" in shown and "1234567" in out.getvalue()
