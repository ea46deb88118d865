"""`#sparse.tesa<...>`, the one tensor encoding: symbolic dimensions, layout and block sparsity of a tensor type.

The name is SparTA's (OSDI'22): tensor with sparsity attribute. A tensor type has a single encoding slot, so everything
the compiler knows beyond shape and element type lives here::

    tensor<?x?x384xf32, #sparse.tesa<dims = [batch, sequence, _]>>
    tensor<?x?x384xui8, #sparse.tesa<dims = [batch, sequence, _], layout = tiled>>
    tensor<1536x384xi8, #sparse.tesa<blocks = 4x1, stored = 14745 of 147456, bits = 8, pattern = "77ab...">>
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import index
from typing import cast

import numpy as np
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    IntAttr,
    IntegerType,
    NoneAttr,
    Signedness,
    StringAttr,
    TensorType,
    f16,
    f32,
    f64,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, ParametrizedAttribute, SpacedOpaqueSyntaxAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from sparsec.dims import Dim, Size, parse_size
from sparsec.errors import CompilerBug, ShapeError
from sparsec.pattern import BlockPattern

ui8 = IntegerType(8, Signedness.UNSIGNED)
i16 = IntegerType(16)

_NUMPY: dict[Attribute, np.dtype] = {  # pyright: ignore[reportMissingTypeArgument] - one table for all dtypes
    f16: np.dtype(np.float16),
    f32: np.dtype(np.float32),
    f64: np.dtype(np.float64),
    i1: np.dtype(np.bool_),
    i8: np.dtype(np.int8),
    ui8: np.dtype(np.uint8),
    i16: np.dtype(np.int16),
    i32: np.dtype(np.int32),
    i64: np.dtype(np.int64),
}
_ELEMENT = {dtype: element for element, dtype in _NUMPY.items()}


@irdl_attr_definition
class TableType(ParametrizedAttribute, TypeAttribute):
    """256 entries of one element type, seen as one element: what `nn.lookup` reads. `!nn.table<ui8>`"""

    name = "nn.table"
    entry: IntegerType

    def verify(self) -> None:
        if self.entry not in (ui8, i8):
            raise VerifyException(f"nn.table holds ui8 or i8, not {self.entry}")


ENTRIES = "entries"
"""The one field of a table's numpy dtype: its 256 entries."""


def to_numpy(element: Attribute) -> np.dtype:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    """The numpy dtype of an element type; bool for i1."""
    if isinstance(element, TableType):
        return np.dtype([(ENTRIES, _NUMPY[element.entry], (256,))])  # pyright: ignore
    return _NUMPY[element]  # pyright: ignore[reportUnknownVariableType]


def to_element(dtype: object) -> Attribute:
    """The element type of a numpy dtype.

    Raises:
        ShapeError: sparsec has no such element type.
    """
    wanted = np.dtype(dtype)  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]
    if wanted.names == (ENTRIES,):
        return TableType(cast(IntegerType, _ELEMENT[wanted[0].base]))
    element = _ELEMENT.get(wanted)
    if element is None:
        raise ShapeError(
            f"dtype {np.dtype(dtype)} is not supported; use one of "  # pyright: ignore
            + ", ".join(str(known) for known in _ELEMENT)
        )
    return element


def is_float(element: Attribute) -> bool:
    """Whether an element type is a floating-point one."""
    return isinstance(element, Float16Type | Float32Type | Float64Type)


class Layout(StrEnum):
    """How an activation lies in memory. Row-major is the absence of this attribute."""

    TILED = "tiled"
    """Feature-major tiles of 64 tokens, `[ceil(tokens / 64)][channels][64]`; tokens are the leading axes flattened."""

    INTERLEAVED = "interleaved"
    """Tiles of bytes in which 4 channels of a token lie side by side, `[ceil(tokens / 64)][ceil(channels / 4)][64][4]`;
    channels beyond the last hold anything."""


@irdl_attr_definition
class LayoutAttr(EnumAttribute[Layout], SpacedOpaqueSyntaxAttribute):
    """A `Layout` inside an encoding."""

    name = "sparse.layout"


@irdl_attr_definition
class BlocksAttr(ParametrizedAttribute):
    """Which blocks of a constant matrix exist, in numbers: the bitmap itself is named by its digest.

    `bits` holds one entry when all blocks have one precision, one per block row when precisions are mixed.
    """

    name = "sparse.blocks"
    rows: IntAttr
    columns: IntAttr
    stored: IntAttr
    total: IntAttr
    bits: ArrayAttr[IntAttr]
    pattern: StringAttr

    @staticmethod
    def of(pattern: BlockPattern, bits: int) -> BlocksAttr:
        """The attribute of a pattern whose blocks all have `bits` bits per value."""
        return BlocksAttr(
            IntAttr(pattern.rows),
            IntAttr(pattern.columns),
            IntAttr(pattern.blocks),
            IntAttr(pattern.stored.size),
            ArrayAttr([IntAttr(bits)]),
            StringAttr(pattern.digest),
        )

    def verify(self) -> None:
        if self.rows.data < 1 or self.columns.data < 1:
            raise VerifyException(f"block {self.rows.data}x{self.columns.data} is empty: both sides must be at least 1")
        if not 0 <= self.stored.data <= self.total.data:
            raise VerifyException(f"{self.stored.data} stored blocks of {self.total.data}: more than there are")

    @property
    def density(self) -> float:
        """Stored over all blocks."""
        return self.stored.data / self.total.data if self.total.data else 0.0


@irdl_attr_definition
class TesaAttr(ParametrizedAttribute):
    """Tensor with sparsity attribute; see the module's docstring. Absent parts are `NoneAttr`."""

    name = "sparse.tesa"
    dims: ArrayAttr[StringAttr] | NoneAttr
    layout: LayoutAttr | NoneAttr
    blocks: BlocksAttr | NoneAttr

    def print_parameters(self, printer: Printer) -> None:
        parts: list[str] = []
        if isinstance(self.dims, ArrayAttr):
            parts.append("dims = [" + ", ".join(_dim_text(dim.data) for dim in self.dims) + "]")
        if isinstance(self.layout, LayoutAttr):
            parts.append(f"layout = {self.layout.data.value}")
        if isinstance(blocks := self.blocks, BlocksAttr):
            bits = ", ".join(str(bit.data) for bit in blocks.bits)
            parts.append(
                f'blocks = "{blocks.rows.data}x{blocks.columns.data}", stored = {blocks.stored.data} of '
                f'{blocks.total.data}, bits = [{bits}], pattern = "{blocks.pattern.data}"'
            )
        with printer.in_angle_brackets():
            printer.print_string(", ".join(parts))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        dims: Attribute = NoneAttr()
        layout: Attribute = NoneAttr()
        blocks: Attribute = NoneAttr()

        def part() -> None:
            nonlocal dims, layout, blocks
            match parser.parse_identifier():
                case "dims":
                    parser.parse_punctuation("=")
                    names = parser.parse_comma_separated_list(
                        parser.Delimiter.SQUARE, parser.parse_identifier_or_str_literal
                    )
                    dims = ArrayAttr([StringAttr(name) for name in names])
                case "layout":
                    parser.parse_punctuation("=")
                    layout = LayoutAttr(Layout(parser.parse_identifier()))
                case "blocks":
                    blocks = _parse_blocks(parser)
                case other:
                    parser.raise_error(f"`{other}` is no part of a tesa encoding: expected dims, layout or blocks")

        parser.parse_comma_separated_list(parser.Delimiter.ANGLE, part)
        return [dims, layout, blocks]


def _dim_text(text: str) -> str:
    return text if text.replace("_", "a").isalnum() and not text[0].isdigit() else f'"{text}"'


def _parse_blocks(parser: AttrParser) -> BlocksAttr:
    parser.parse_punctuation("=")
    rows, columns = (int(side) for side in parser.parse_str_literal().split("x"))
    parser.parse_characters(",")
    parser.parse_keyword("stored")
    parser.parse_punctuation("=")
    stored = parser.parse_integer()
    parser.parse_keyword("of")
    total = parser.parse_integer()
    parser.parse_characters(",")
    parser.parse_keyword("bits")
    parser.parse_punctuation("=")
    bits = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
    parser.parse_characters(",")
    parser.parse_keyword("pattern")
    parser.parse_punctuation("=")
    pattern = parser.parse_str_literal()
    return BlocksAttr(
        IntAttr(rows),
        IntAttr(columns),
        IntAttr(stored),
        IntAttr(total),
        ArrayAttr([IntAttr(bit) for bit in bits]),
        StringAttr(pattern),
    )


Tensor = TensorType[Attribute]


def tensor(
    element: Attribute, sizes: Sequence[Size], *, layout: Layout | None = None, blocks: BlocksAttr | None = None
) -> Tensor:
    """The tensor type of an element type and sizes; sizes that are `Dim`s become `?` with a symbol in the encoding."""
    plain = tuple(size if isinstance(size, Dim) else int(index(size)) for size in sizes)  # equal sizes are the same
    return _tensor(element, plain, layout, blocks)


@lru_cache(maxsize=4096)  # every verifier infers the types of every op, and there are few of them
def _tensor(element: Attribute, sizes: tuple[Size, ...], layout: Layout | None, blocks: BlocksAttr | None) -> Tensor:
    dims: ArrayAttr[StringAttr] | NoneAttr = NoneAttr()
    if any(isinstance(size, Dim) for size in sizes):
        dims = ArrayAttr([StringAttr(str(size) if isinstance(size, Dim) else "_") for size in sizes])
    encoding: Attribute = NoneAttr()
    if layout or blocks or isinstance(dims, ArrayAttr):
        encoding = TesaAttr(dims, LayoutAttr(layout) if layout else NoneAttr(), blocks or NoneAttr())
    return TensorType(element, [DYNAMIC_INDEX if isinstance(size, Dim) else size for size in sizes], encoding)


def as_tensor(type: Attribute) -> Tensor:
    """The type itself, seen as a tensor type; anything else is our bug."""
    if not isinstance(type, TensorType):
        raise CompilerBug(f"expected a tensor type, got {type}")
    return type  # pyright: ignore[reportUnknownVariableType]


def sizes_of(type: Attribute) -> tuple[Size, ...]:
    """The sizes of a tensor type, symbols included; `()` for a scalar type."""
    if not isinstance(type, TensorType):
        return ()
    shape = type.get_shape()
    encoding = type.encoding
    if DYNAMIC_INDEX not in shape:
        return shape
    if not isinstance(encoding, TesaAttr) or not isinstance(encoding.dims, ArrayAttr):
        raise ShapeError(f"{type} has an unnamed dynamic dimension: give it a name with #sparse.tesa<dims = [...]>")
    if len(encoding.dims) != len(shape):
        raise ShapeError(f"{type} has {len(shape)} dimensions but names {len(encoding.dims)}")
    return tuple(
        parse_size(name.data) if size == DYNAMIC_INDEX else size
        for size, name in zip(shape, encoding.dims, strict=True)
    )


def element_of(type: Attribute) -> Attribute:
    """The element type of a tensor type; a scalar type itself."""
    if isinstance(type, TensorType):
        return as_tensor(cast(Attribute, type)).element_type
    return type


def layout_of(type: Attribute) -> Layout | None:
    """The layout of a tensor type; None is row-major."""
    if isinstance(type, TensorType) and isinstance(type.encoding, TesaAttr):
        layout = type.encoding.layout
        return layout.data if isinstance(layout, LayoutAttr) else None
    return None


def tile_channels(channels: Size, layout: Layout) -> Size:
    """How many channels a tile has room for."""
    if layout is Layout.INTERLEAVED:
        if not isinstance(channels, int):
            raise CompilerBug(f"interleaved tiles of {channels} channels: their number must be known")
        return -(-channels // 4) * 4
    return channels


def blocks_of(type: Attribute) -> BlocksAttr | None:
    """The block sparsity of a weight's type, if it was discovered or given."""
    if isinstance(type, TensorType) and isinstance(type.encoding, TesaAttr):
        return type.encoding.blocks if isinstance(type.encoding.blocks, BlocksAttr) else None
    return None


def with_layout(type: Attribute, layout: Layout | None) -> Tensor:
    """The same tensor type in another layout."""
    return tensor(element_of(type), sizes_of(type), layout=layout, blocks=blocks_of(type))


def same_value_type(a: Attribute, b: Attribute) -> bool:
    """Whether two types describe the same values: element and sizes agree, layout and sparsity may differ."""
    is_tensor = isinstance(a, TensorType), isinstance(b, TensorType)
    return is_tensor[0] == is_tensor[1] and element_of(a) == element_of(b) and sizes_of(a) == sizes_of(b)
