"""Reading `.spc` pages: text -> tree -> `[graph]` module. The only file that knows the parser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

from lark import Lark, Token, Transformer_NonRecursive, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import TerminalDef
from lark.tree import Meta
from xdsl.dialects.builtin import ModuleOp

from sparsec.errors import DslError
from sparsec.frontend import syntax as sx
from sparsec.frontend.dsl_lowering import lower_page
from sparsec.frontend.dsl_source import Opening, Source, listing, scan_before
from sparsec.frontend.dsl_weights import LoadedWeight, load_weights
from sparsec.weights import Array, WeightStore

MAX_CHARACTERS = 1_000_000
"""Longer pages are refused: numbers in bulk belong in files of their own."""


def read_dsl(page: str | Path, weights: WeightStore, *, directory: Path | None = None) -> ModuleOp:
    """Read a page of the language into a `[file]` module.

    Args:
        page: the text itself, or the `Path` of a file.
        weights: where the numbers of the weights go.
        directory: where the files that the page names are looked for; the page's own folder unless given.

    Raises:
        DslError: a mistake in the page, or in a file that it names.
    """
    source, tree, loaded = _read(page, directory)
    return lower_page(source, tree, loaded, weights)


def read_weights(page: str | Path, *, directory: Path | None = None) -> dict[str, Array]:
    """The weights of a page by name, as they are after masks and pruning.

    Raises:
        DslError: as `read_dsl`.
    """
    return {name: weight.array for name, weight in _read(page, directory)[2].items()}


def _read(page: str | Path, directory: Path | None) -> tuple[Source, sx.Page, dict[str, LoadedWeight]]:
    if isinstance(page, Path):
        source = Source(_as_text(page.name), _read_text(page))
        directory = page.parent if directory is None else directory
    else:
        source = Source("<page>", page)
    if len(source.text) > MAX_CHARACTERS:
        raise DslError(f"{source.name}: {len(source.text)} characters are too many: put large weights in files")
    tree = parse_page(source)
    return source, tree, load_weights(source, tree, directory or Path())


def _as_text(name: str) -> str:
    """The name of a file, whose bytes need be no text, as one that the code can carry in its messages."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DslError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DslError(f"{path.name} is not a text file: a page of the sparsec language is UTF-8 text") from None


def parse_page(source: Source) -> sx.Page:
    """The tree of a page.

    Raises:
        DslError: the text does not follow the grammar.
    """
    try:
        tree = _parser().parse(source.text)
    except UnexpectedInput as error:
        raise _syntax_error(source, error) from None
    return _ToSyntax().transform(tree)


class _Parser(Protocol):
    """What is used of Lark, whose own annotations are incomplete."""

    terminals: Sequence[TerminalDef]

    def parse(self, text: str) -> Tree[Token]:
        """The tree of a text."""
        ...


@cache
def _parser() -> _Parser:
    lark: object = Lark.open_from_package(  # pyright: ignore[reportUnknownMemberType] - untyped options
        "sparsec.frontend",
        "grammar.lark",
        parser="lalr",
        lexer="contextual",
        start="page",
        propagate_positions=True,
        maybe_placeholders=True,
    )
    return cast(_Parser, lark)


class _ToSyntax(Transformer_NonRecursive[Token, Any]):
    """Lark's tree to ours, one row of `_NODES` per rule. Not recursive: nesting must not exhaust Python's stack."""

    def __default_token__(self, token: Token) -> str:
        return str(token)

    def __default__(self, data: str, children: list[Any], meta: Meta) -> Any:
        if data in _TUPLES:
            return tuple(children)
        if data == "block_shape":
            rows, _, columns = children[0].partition("x")
            return int(rows[:9]), int(columns[:9])  # longer numbers are no less absurd cut
        if meta.empty:
            position = sx.Position(1, 1, 1, 1)
        else:
            position = sx.Position(meta.line, meta.column, meta.end_line, meta.end_column)
        node, fixed = _NODES[data]
        if fixed is None:
            return node(position, *children)
        return node(position, *children[:fixed], tuple(children[fixed:]))


_TUPLES = frozenset({"options", "parameters", "inputs", "outputs", "block", "targets", "arguments"})
"""Rules that only group what is inside."""


def _file_path(position: sx.Position, quoted: str) -> sx.FilePath:
    return sx.FilePath(position, quoted[1:-1])


_NODES: dict[str, tuple[Callable[..., Any], int | None]] = {
    "page": (sx.Page, 0),
    "weight": (sx.Weight, 2),
    "blocks": (sx.Blocks, None),
    "from_file": (sx.FromFile, None),
    "random": (sx.Random, None),
    "values": (sx.Values, None),
    "mask": (sx.Mask, None),
    "quantized": (sx.Quantized, None),
    "schedule": (sx.ScheduleClause, None),
    "list": (sx.List, 0),
    "signed": (sx.Signed, None),
    "function": (sx.Function, None),
    "model": (sx.Model, None),
    "input": (sx.Input, None),
    "output": (sx.Target, None),
    "assign": (sx.Assign, None),
    "target": (sx.Target, None),
    "return": (sx.Return, 0),
    "type": (sx.Type, 1),
    "binary": (sx.Binary, None),
    "unary": (sx.Unary, None),
    "call": (sx.Call, None),
    "keyword": (sx.Keyword, None),
    "array": (sx.Array, 0),
    "subscript": (sx.Subscript, 1),
    "span": (sx.Span, None),
    "rest": (sx.Rest, None),
    "name": (sx.Name, None),
    "number": (sx.Number, None),
    "dtype": (sx.Dtype, None),
    "string": (_file_path, None),
}
"""Rule -> its node, and how many children come before those that are collected in a tuple (None: all are fields)."""


# Friendly syntax errors

_EXAMPLES: dict[str, Sequence[str]] = {
    "tensors do not change: make a new one with `name = ...`": ["fn f() { x["],
    "a call alone has no effect: write `name = ...` or `return ...`": ["fn f() { f("],
    "there is no such assignment: write it in full, as in `x = x + 1`": [
        f"fn f() {{ x {sign}" for sign in ("+", "-", "*", "/", "@", "//", "%", "**")
    ],
    "an assignment is written `name = expression`": ["fn f() { let y", "fn f() { y }"],
    "a weight needs a type, as in `weight w: f32[8, 4]`": ["weight w = 3", "weight w blocks", "weight w("],
    "an input needs a type, as in `x: f32[batch, 768]`": ["model m(x)", "model m(x,"],
    "a model names its outputs before its body, as in `model m(x: f32[8]) -> (y) {`": [
        "model m() {",
        "model m(x: f32) {",
        "model m(x: f32) =",
    ],
    "comparisons do not chain: write `a < b and b < c`": ["fn f() { y = a < b <"],
    "a block shape is rows x columns in digits, as in `blocks(4x1)`": [
        "weight w: f32 blocks(4,",
        "weight w: f32 blocks(a",
    ],
    "a page holds weights, functions and one model; statements stand inside `model` or `fn`": ["y =", "fn f() { } y ="],
    "an element type is no function: write `cast(x, f32)`": ["fn f() { y = f32("],
    "a slice is `start:stop:step`, without brackets of its own": ["fn f() { y = x[(1:"],
}
"""What to say -> where people make the mistake. The last token of each is the one that the parser cannot take."""

_HINTS: dict[str, str] = {
    "'": "strings are written with double quotes",
    '"': "this string has no closing quote",
    ";": "statements need no `;`",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "^": "write `**` for powers, `xor(a, b)` for exclusive or",
}
"""A character that cannot stand anywhere -> what to do."""

_WORDS: dict[str, str] = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": 'a file in double quotes, as in "weights.npz:w"',
    "DTYPE": "an element type such as f32",
    "BLOCK_SHAPE": "a block shape such as 4x1",
    "COMPARE": "a comparison",
    "$END": "the end of the page",
    **dict.fromkeys(
        ("PLUS", "MINUS", "STAR", "AT", "SLASHES", "SLASH", "PERCENT", "POWER", "AND", "OR"), "an operator"
    ),
}
"""Terminal -> how people call it; the others are called by their spelling."""

_EXPRESSION = {"NAME", "NUMBER", "DTYPE", "LPAR", "LSQB", "TRUE", "FALSE"}
"""Terminals that together mean that any expression may begin."""

_CONTINUE = {"PLUS", "MINUS", "STAR", "AT", "SLASHES", "SLASH", "PERCENT", "POWER", "AND", "OR", "COMPARE", "LSQB"}
"""Terminals that continue an expression."""


def _syntax_error(source: Source, error: UnexpectedInput) -> DslError:
    if isinstance(error, UnexpectedCharacters):
        position = sx.Position(error.line, error.column, error.line, error.column + 1)
        character = str(error.char)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - untyped
        hint = _HINTS.get(character)
        return source.error(position, hint or f"the character `{_printable(character)}` means nothing here")
    assert isinstance(error, UnexpectedToken)
    token = cast(Token, error.token)  # pyright: ignore[reportUnknownMemberType] - untyped
    previous, openings = scan_before(source.text, error.line, error.column)
    at_end = token.type == "$END"
    found = "the page ends here" if at_end else f"found `{_printable(str(token))}`"
    if at_end and previous:
        position = sx.Position(previous.end_line, previous.end_column, previous.end_line, previous.end_column + 1)
        openings = scan_before(source.text, previous.end_line, previous.end_column)[1]
    else:
        position = sx.Position(error.line, error.column, error.line, error.column + len(token))
    if not at_end and (known := _mistakes().get(_place(error))):
        return source.error(position, known)
    terminals = error.accepts or set(error.expected)
    expected = f"expected {listing(_expected(terminals))}, {found}"
    if openings and (at_end or (previous and previous.line < error.line)):
        opening = openings[-1]
        if _closing(opening) in terminals:
            return source.error(opening.position, f"this `{opening.bracket}` is never closed", expected)
    return source.error(position, expected)


def _place(error: UnexpectedToken) -> tuple[object, str]:
    """The state of the parser and the kind of token it did not expect.

    Lark's own `match_examples` also compares how deep the parser's stack is, so that a mistake in a second statement
    or inside a call would need examples of its own.
    """
    return error.state.position, str(cast(Token, error.token).type)  # pyright: ignore[reportUnknownMemberType] - untyped


@cache
def _mistakes() -> dict[tuple[object, str], str]:
    known: dict[tuple[object, str], str] = {}
    for message, examples in _EXAMPLES.items():
        for example in examples:
            try:
                _parser().parse(example)
            except UnexpectedToken as error:
                known.setdefault(_place(error), message)
    return known


def _closing(opening: Opening) -> str:
    return {")": "RPAR", "]": "RSQB", "}": "RBRACE"}[opening.closing]


def _expected(terminals: set[str]) -> list[str]:
    """Human names of what may stand here, without what merely continues an expression when there is more to say."""
    words: list[str] = []
    if terminals >= _EXPRESSION:
        terminals = terminals - _EXPRESSION - {"MINUS", "NOT"}
        words.append("an expression")
    if len(terminals - _CONTINUE) > 0:
        terminals = terminals - _CONTINUE
    spelling = {terminal.name: f"`{terminal.pattern.value}`" for terminal in _parser().terminals}
    words += sorted(_WORDS.get(terminal) or spelling.get(terminal, terminal) for terminal in terminals)
    return list(dict.fromkeys(words))


def _printable(text: str) -> str:
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return shown if len(shown) <= 40 else shown[:40] + "..."
