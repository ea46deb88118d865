"""What the commands print with: tables that keep names whole, errors instead of tracebacks."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

from rich import box
from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text, TextType

from sparsec.errors import CompilerBug, SparsecError

DONE, MISTAKE, BUG, INTERRUPTED = 0, 2, 70, 130
"""Exit codes."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why something cannot be written. What names no file is the output: `sparsec.cli.files` names those that it writes."""

PIPED = 140
"""The width of what is no terminal: tables in a file or a pipe are read by people, too, who scroll no further."""

PROSE = 30
"""Sentences in a table are broken into lines of at least so many characters."""


class Output(Console):
    """The console of stdout. A reader that goes away is an exception like any other, see `guarded`."""

    def __init__(self) -> None:
        super().__init__(highlight=False, soft_wrap=not sys.stdout.isatty())
        if not self.is_terminal:
            self.width = PIPED

    def on_broken_pipe(self) -> None:
        """Hand the exception on."""
        raise


def new_table(
    *columns: str, right: tuple[str, ...] = (), prose: tuple[str, ...] = (), title: str | None = None
) -> Table:
    """A table, to be printed with `print_table`.

    Args:
        columns: the headings.
        right: those that hold numbers.
        prose: those that hold sentences, which may be broken into lines.
        title: above it.
    """
    table = _empty(title)
    for name in columns:
        wrapped = name in prose
        table.add_column(name, justify="right" if name in right else "left", no_wrap=not wrapped, overflow="fold")
    return table


def print_table(console: Console, table: Table, key: str) -> None:
    """Print a table with every cell whole; where the console is too narrow, as several tables of some columns each.

    Rich would blank the columns that do not fit: in a table of facts, each may be the one that somebody looks for.

    Args:
        key: the column that tells rows apart, which begins each of them; a number stands for it where it is long.
    """
    if _fits(console, table.columns):
        console.print(table, soft_wrap=False)
        return
    keys = [column for column in table.columns if column.header == key]
    rest = [column for column in table.columns if column.header != key]
    numbered = not all(is_short(console, cell) for column in keys for cell in column.cells)
    if numbered:
        keys, rest = [], [*keys, *rest]
    title = table.title
    while rest:
        count = 1
        while count < len(rest) and _fits(console, [*keys, *rest[: count + 1]], numbered):
            count += 1
        part = _part([*keys, *rest[:count]], numbered, title)
        for column in part.columns[1:]:  # a single one that is wider than the console
            column.no_wrap = column.no_wrap and _fits(console, part.columns)
        console.print(part, soft_wrap=False)
        rest, title = rest[count:], None


def is_short(console: Console, name: RenderableType) -> bool:
    """Whether a name leaves room for what there is to say of it: it may begin each of several tables."""
    return 3 * console.measure(name).maximum <= console.width


def _fits(console: Console, columns: Sequence[Column], numbered: bool = False) -> bool:
    """Whether only prose has to be broken into lines, and not into very short ones."""
    part = _part(columns, numbered)
    for column in part.columns:
        column.max_width = None if column.no_wrap else PROSE
    unlimited = console.options.update(width=1 << 15)
    return console.measure(part, options=unlimited).maximum <= console.width


def _part(columns: Sequence[Column], numbered: bool, title: TextType | None = None) -> Table:
    """A table of these columns, behind one with the numbers of rows if it is `numbered`."""
    table = _empty(title)
    if numbered:
        table.add_column("#", justify="right", no_wrap=True)
    for column in columns:
        table.add_column(column.header, justify=column.justify, no_wrap=column.no_wrap, overflow="fold")
    for number, cells in enumerate(zip(*(column.cells for column in columns), strict=True), 1):
        table.add_row(*([str(number)] if numbered else []), *cells)
    return table


def _empty(title: TextType | None) -> Table:
    return Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0))


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
        name = error.filename or ("the output" if error.errno in _FULL else None)
        _forget_stdout()
        _say("error", f"{name}: {error.strerror}" if name else str(error))
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
