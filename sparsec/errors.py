"""Every error a user can meet, in one tree.

::

    SparsecError                anything sparsec raises on purpose
    ├── ModelError              the model file is damaged, truncated or inconsistent
    ├── UnsupportedError        the model uses something sparsec does not have; lists every such node
    ├── DslError                a mistake in a `.spc` page: line, column, caret, friendly sentence
    ├── ShapeError              shapes, dtypes or sparsity that cannot go together
    ├── InputError              wrong arguments to a compiled program
    ├── OptionError             an option that does not exist or does not fit
    ├── TargetError             this CPU or this platform cannot do what is asked
    ├── LinkError               no linker, or the linker refused
    ├── CodegenError            LLVM failed, died or ran out of time in the worker process
    └── CompilerBug             our mistake, never the user's

A message says what is wrong, where, and what to do about it.
"""

from collections.abc import Sequence


class SparsecError(Exception):
    """Base of everything sparsec raises on purpose. The command line prints it and exits with 2."""


class ModelError(SparsecError):
    """The model file is damaged, truncated, inconsistent, or reaches outside its directory."""


class UnsupportedError(SparsecError):
    """The model needs something sparsec does not have.

    Args:
        problems: for each unsupported node its name, and the rest of a line: op, opset, why, and what to do.

    Attributes:
        problems: one line for each; the message tells in one line what is wrong with several.
    """

    def __init__(self, problems: Sequence[tuple[str, str]]):
        self.problems = tuple(name + problem for name, problem in problems)
        together: dict[str, list[str]] = {}
        for name, problem in problems:
            together.setdefault(problem, []).append(name)
        count = len(problems)
        heading = f"{count} node{'s are' if count != 1 else ' is'} not supported:"
        super().__init__("\n".join([heading, *(f"  - {_some(names)}{line}" for line, names in together.items())]))


class DslError(SparsecError):
    """A mistake in a `.spc` page, already formatted with line, column and caret."""


class ShapeError(SparsecError):
    """Shapes, dtypes or sparsity patterns that cannot go together; the message carries the numbers."""


class InputError(SparsecError):
    """Wrong names, dtypes, ranks or sizes given to a compiled program, or bad data met while it ran."""


class OptionError(SparsecError):
    """An option that does not exist or whose value does not fit."""


class TargetError(SparsecError):
    """This CPU or platform cannot do what is asked."""


class LinkError(SparsecError):
    """No linker was found, or the linker refused the object."""


class CodegenError(SparsecError):
    """LLVM failed, died or ran out of time in the worker process; the user's interpreter is unharmed."""


class CompilerBug(SparsecError):
    """An invariant of the compiler is broken: please report it. Never the user's mistake."""


def _some(names: Sequence[str]) -> str:
    """The first three names, and how many there are besides."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
