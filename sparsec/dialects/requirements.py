"""What the sizes of the inputs must satisfy for a main function to mean what its model says.

A frontend that decides something about sizes while reading leaves the condition here, as an attribute of the function;
passes keep it, and whoever runs the function refuses inputs that break it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.utils.hints import isa

from sparsec.dims import Size, parse_size
from sparsec.errors import CompilerBug

REQUIRED = "required"
"""Attribute of the main function: a list of `[lower, upper, where]`."""


class Requirement(NamedTuple):
    """`lower <= upper`; `where` is the node that needs it."""

    lower: Size
    upper: Size
    where: str

    @property
    def broken(self) -> str:
        """The message for sizes that break it."""
        return f"{self.where}: needs {self.lower} <= {self.upper}, and the sizes of these inputs break that"


def set_requirements(function: FuncOp, requirements: Sequence[Requirement]) -> None:
    """Attach requirements to a main function; without any, it gets no attribute."""
    if requirements:
        function.attributes[REQUIRED] = ArrayAttr(
            [ArrayAttr([StringAttr(str(part)) for part in requirement]) for requirement in requirements]
        )


def requirements_of(function: FuncOp) -> list[Requirement]:
    """The requirements of a main function.

    Raises:
        CompilerBug: the attribute has another form.
    """
    attribute = function.attributes.get(REQUIRED)
    if attribute is None:
        return []
    if not isa(attribute, ArrayAttr[ArrayAttr[StringAttr]]) or any(len(row) != 3 for row in attribute):
        raise CompilerBug(f"the attribute `{REQUIRED}` is no list of [lower, upper, where]: {attribute}")
    texts = [[part.data for part in row] for row in attribute]
    return [Requirement(parse_size(lower), parse_size(upper), where) for lower, upper, where in texts]
