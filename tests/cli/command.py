"""Runs the command line inside the test process, where an exception that gets out fails the test."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

from sparsec.cli import main


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


def sparsec(*arguments: object) -> Result:
    """Run `sparsec ARGUMENTS`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit:  # argparse
            assert isinstance(exit.code, int)
            code = exit.code
    return Result(code, out.getvalue(), err.getvalue())


def done(*arguments: object) -> Result:
    """Run a command that must succeed."""
    result = sparsec(*arguments)
    assert result.code == 0, result.err
    return result
