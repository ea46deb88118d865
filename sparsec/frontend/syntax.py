"""The tree of a `.spc` page: plain values with positions, as the parser saw them and before they mean anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Position:
    """A span of text; lines and columns count from 1, the end is the column after the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, eq=False)
class Node:
    """Anything that stands somewhere."""

    position: Position


@dataclass(frozen=True, eq=False)
class Name(Node):
    """An identifier."""

    text: str


@dataclass(frozen=True, eq=False)
class Number(Node):
    """A number, `true` or `false`, still as text: its value depends on where it is used."""

    text: str


@dataclass(frozen=True, eq=False)
class Dtype(Node):
    """The name of an element type."""

    text: str


@dataclass(frozen=True, eq=False)
class Array(Node):
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Unary(Node):
    """`-x` or `not x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, eq=False)
class Binary(Node):
    """`lhs operator rhs`."""

    lhs: Expression
    operator: str
    rhs: Expression


@dataclass(frozen=True, eq=False)
class Keyword(Node):
    """`name = value` among arguments."""

    name: Name
    value: Expression


@dataclass(frozen=True, eq=False)
class Call(Node):
    """`function(a, b, key = c)`."""

    function: Name
    arguments: tuple[Expression | Keyword, ...]


@dataclass(frozen=True, eq=False)
class Span(Node):
    """`start:stop:step` in a subscript."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None


@dataclass(frozen=True, eq=False)
class Rest(Node):
    """`...` in a subscript."""


@dataclass(frozen=True, eq=False)
class Subscript(Node):
    """`x[0, 1:, ...]`."""

    operand: Expression
    items: tuple[Expression | Span | Rest, ...]


Expression = Name | Number | Dtype | Array | Unary | Binary | Call | Subscript


@dataclass(frozen=True, eq=False)
class Type(Node):
    """`f32[batch, 768]`; no sizes is a scalar."""

    dtype: str
    sizes: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Target(Node):
    """The left side of an assignment, with the type it should have if one is written."""

    name: Name
    type: Type | None


@dataclass(frozen=True, eq=False)
class Assign(Node):
    """`a, b = value`."""

    targets: tuple[Target, ...]
    value: Expression


@dataclass(frozen=True, eq=False)
class Return(Node):
    """`return a, b`."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Function(Node):
    """`fn name(parameters) { body }`."""

    name: Name
    parameters: tuple[Name, ...]
    body: tuple[Assign | Return, ...]


@dataclass(frozen=True, eq=False)
class Signed(Node):
    """A number of a literal, with its sign."""

    minus: str | None
    digits: str

    @property
    def text(self) -> str:
        """The number as it was written."""
        return (self.minus or "") + self.digits


@dataclass(frozen=True, eq=False)
class List(Node):
    """A literal list of numbers or lists."""

    items: tuple[Literal, ...]


Literal = List | Signed


@dataclass(frozen=True, eq=False)
class FilePath(Node):
    """`"file.npz:name"`."""

    text: str


Numbers = FilePath | List
"""Numbers from a file or written down."""


@dataclass(frozen=True, eq=False)
class Blocks(Node):
    """`blocks(4x1)`, with the bitmap of blocks that may hold non-zeros if one is given."""

    shape: tuple[int, int]
    stored: Numbers | None

    @property
    def rows(self) -> int:
        """Consecutive output channels of a block."""
        return self.shape[0]

    @property
    def columns(self) -> int:
        """Consecutive input channels of a block."""
        return self.shape[1]


@dataclass(frozen=True, eq=False)
class FromFile(Node):
    """`from "file.npz:name"`."""

    path: FilePath


@dataclass(frozen=True, eq=False)
class Random(Node):
    """`random(seed = 1, sparsity = 0.9)`."""

    options: tuple[Keyword, ...]


@dataclass(frozen=True, eq=False)
class Values(Node):
    """`= [[1, 0], [0, 2]]`, or one number for all elements."""

    literal: Literal


@dataclass(frozen=True, eq=False)
class Mask(Node):
    """`mask [[1, 0]]`: what is 0 here becomes zero in the weight."""

    numbers: Numbers


@dataclass(frozen=True, eq=False)
class Quantized(Node):
    """`quantized(scale = 0.02, zero = 128)`."""

    options: tuple[Keyword, ...]


@dataclass(frozen=True, eq=False)
class ScheduleClause(Node):
    """`schedule(dataflow = gather_quads, tile = 64)`."""

    options: tuple[Keyword, ...]


Clause = Blocks | FromFile | Random | Values | Mask | Quantized | ScheduleClause


@dataclass(frozen=True, eq=False)
class Weight(Node):
    """`weight name: type clauses...`."""

    name: Name
    type: Type
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, eq=False)
class Input(Node):
    """`x: f32[batch, 768]`."""

    name: Name
    type: Type
    quantized: Quantized | None


@dataclass(frozen=True, eq=False)
class Model(Node):
    """`model name(inputs) -> (outputs) { body }`."""

    name: Name
    inputs: tuple[Input, ...]
    outputs: tuple[Target, ...]
    body: tuple[Assign | Return, ...]


@dataclass(frozen=True, eq=False)
class Page(Node):
    """A whole file."""

    items: tuple[Weight | Function | Model, ...]
