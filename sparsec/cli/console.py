"""What the commands print with: tables that keep names whole, errors instead of tracebacks."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sparsec.errors import CompilerBug, SparsecError

DONE, MISTAKE, BUG, INTERRUPTED = 0, 2, 70, 130
"""Exit codes."""

_UNBOUNDED = 1 << 15
"""The width of what is no terminal: a table in a file or a pipe is as wide as its content."""


class Output(Console):
    """The console of stdout. A reader that goes away is an exception like any other, see `guarded`."""

    def __init__(self) -> None:
        super().__init__(highlight=False, soft_wrap=not sys.stdout.isatty())
        if not self.is_terminal:
            self.width = _UNBOUNDED

    def on_broken_pipe(self) -> None:
        """Hand the exception on."""
        raise


def new_table(*columns: str, right: tuple[str, ...] = (), fold: str = "", title: str | None = None) -> Table:
    """A table whose cells are shown whole.

    Args:
        columns: the headings.
        right: those that hold numbers.
        fold: the one that is broken into lines when the terminal is narrow.
        title: above it.
    """
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name != fold,
            overflow="fold",
            min_width=len(name),
        )
    return table


def guarded(action: Callable[[], int]) -> int:
    """Run a command: whatever happens becomes an exit code and a text on stderr, never a traceback."""
    sys.stdout, sys.stderr = sys.stdout or StringIO(), sys.stderr or StringIO()  # a shell can close them
    try:
        code = action()
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _forget_stdout()
        return DONE
    except KeyboardInterrupt:
        _say("interrupted", "nothing more was done")
        return INTERRUPTED
    except MemoryError as error:
        _say("error", f"not enough memory: {error}" if str(error) else "not enough memory for a model of this size")
    except CompilerBug as error:
        _say("bug in sparsec", f"{error}\n{_REPORT}")
        return BUG
    except SparsecError as error:
        _say("error", str(error))
    except OSError as error:
        _forget_stdout()
        _say("error", f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Exception as error:  # whatever it is, a person at a terminal is better served by a sentence
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{'/'.join(Path(last.filename).parts[-3:])}, line {last.lineno}, in {last.name}"
        _say("bug in sparsec", f"{type(error).__name__}: {error}\n  at {where}\n{_REPORT}")
        return BUG
    return MISTAKE


_REPORT = "Please report it with the model and the command that show it."


def _say(kind: str, text: str) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(Text.assemble((kind, "bold red"), f": {text}"), soft_wrap=True)


def _forget_stdout() -> None:
    """Let what is still to be written go nowhere, so that the interpreter does not complain when it ends."""
    number = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(number, sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # stdout is no file of the system: there is nothing to complain
        return
    finally:
        os.close(number)
