"""What all ops of the `nn` and `sparse` dialects share: one pleasant syntax and one place for shape inference.

The syntax is ::

    %y = nn.softmax %x <axis = -1> : tensor<2x4xf32>                    (all types equal)
    %y = nn.gather %table, %ids <axis = 0> : (tensor<...>, tensor<...>) -> tensor<...>
    %y = sparse.map %a, %b : (...) -> ... body (%p : f32, %q : f32) { ... }

Every op states its result types as a function of its operands and properties (`infer_types`); the builder calls it to
create ops, the verifier calls it to check them, the `infer-shapes` pass calls it to refine them.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FunctionType,
    IntegerAttr,
    IntegerType,
    StringAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue, TypeAttribute
from xdsl.irdl import IRDLOperation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from sparsec.dialects.encoding import element_of, same_value_type, sizes_of
from sparsec.dims import Size
from sparsec.errors import ShapeError

SOURCE = "source"
"""The attribute that names the ONNX node or DSL line an op came from."""


def where_of(op: Operation) -> str:
    """The node or line that an op comes from, as messages name it; its own name if that is not known."""
    source = op.attributes.get(SOURCE)
    return source.data if isinstance(source, StringAttr) else op.name


class TensorOp(IRDLOperation, abc.ABC):
    """An op on tensors whose result types follow from its operands; see the module's docstring for the syntax."""

    @abc.abstractmethod
    def infer_types(self) -> Sequence[Attribute]:
        """The types of the results, without layouts.

        Raises:
            ShapeError: the operands do not fit; the message carries the numbers.
        """

    def verify_(self) -> None:
        try:
            inferred = self.infer_types()
        except ShapeError as error:
            raise VerifyException(f"{self.name}: {error}") from error
        for given, expected in zip(self.result_types, inferred, strict=True):
            if not same_value_type(given, expected):
                raise VerifyException(f"{self.name}: the result is {given}, its operands make it {expected}")

    def print(self, printer: Printer) -> None:
        if self.operands:
            printer.print_string(" ")
            printer.print_list(self.operands, printer.print_operand)
        if self.properties:
            printer.print_string(" ")
            with printer.in_angle_brackets():
                printer.print_list(self.properties.items(), lambda item: print_property(printer, *item))
        if self.attributes:
            printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        types = {*(operand.type for operand in self.operands), *self.result_types}
        if len(types) == 1 and len(self.results) == 1:
            printer.print_attribute(self.result_types[0])
        else:
            printer.print_function_type([operand.type for operand in self.operands], self.result_types)
        names = [name for name, _ in self.get_irdl_definition().regions]
        for name, region in zip(names, self.regions, strict=True):
            printer.print_string(f" {name} (")
            printer.print_list(region.block.args, printer.print_block_argument)
            printer.print_string(") ")
            printer.print_region(region, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> TensorOp:
        operands = (
            parser.parse_optional_undelimited_comma_separated_list(
                parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
            )
            or []
        )
        properties: dict[str, Attribute] = {}
        if parser.parse_optional_punctuation("<"):

            def one() -> None:
                key = parser.parse_identifier()
                properties[key] = parse_property(parser)

            one()
            while parser.parse_optional_punctuation(","):
                one()
            parser.parse_punctuation(">")
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        signature = parser.parse_optional_function_type()
        if signature is None:
            type = cast(Attribute, parser.parse_type())
            signature = FunctionType.from_lists([type] * len(operands), [type])
        resolved = parser.resolve_operands(operands, signature.inputs.data, parser.pos)
        regions: list[Region] = []
        for name, _ in cls.get_irdl_definition().regions:
            parser.parse_keyword(name)
            arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
            regions.append(parser.parse_region(arguments))
        return cls.create(
            operands=resolved,
            result_types=signature.outputs.data,
            properties=properties,
            attributes=attributes,
            regions=regions,
        )


def print_property(printer: Printer, name: str, value: Attribute) -> None:
    """Print `name = value`, with plain integers and lists for 64-bit ones, and `name` alone for a flag."""
    printer.print_string(name)
    match value:
        case UnitAttr():
            return
        case IntegerAttr() if value.type == i64:
            text = str(value.value.data)
        case DenseArrayBase() if value.elt_type == i64 and len(value):
            text = "[" + ", ".join(map(str, integers(value))) + "]"
        case ArrayAttr() if all(isinstance(item, StringAttr) for item in value):
            text = "[" + ", ".join(f'"{cast(StringAttr, item).data}"' for item in value) + "]"
        case _:
            printer.print_string(" = ")
            printer.print_attribute(value)
            return
    printer.print_string(f" = {text}")


def parse_property(parser: Parser) -> Attribute:
    """Read what `print_property` wrote, after the name."""
    if not parser.parse_optional_punctuation("="):
        return UnitAttr()
    items: list[int | str] | None = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE,
        lambda: text if (text := parser.parse_optional_str_literal()) is not None else parser.parse_integer(),
    )
    if items is None:
        return parser.parse_attribute()
    if not items or isinstance(items[0], str):  # integers are never printed as an empty list
        return ArrayAttr([StringAttr(str(item)) for item in items])
    return DenseArrayBase.from_list(i64, [int(item) for item in items])


def require_indices(op: TensorOp, value: SSAValue) -> None:
    """Refuse indices of another type than i32 or i64.

    Raises:
        ShapeError: with the type.
    """
    if element(value) not in (i32, i64):
        raise ShapeError(f"{op.name} takes i32 or i64 indices, got {element(value)}")


def written(shape: Sequence[Size]) -> str:
    """A shape as people write it."""
    return "[" + ", ".join(map(str, shape)) + "]"


def sizes(value: SSAValue) -> tuple[Size, ...]:
    """The sizes of a value's tensor type; `()` for a scalar."""
    return sizes_of(value.type)


def element(value: SSAValue) -> Attribute:
    """The element type of a value."""
    return element_of(value.type)


def normalise_axis(axis: int, rank: int, op: Operation | str) -> int:
    """`axis` counted from the front.

    Raises:
        ShapeError: there is no such axis.
    """
    if not -rank <= axis < max(rank, 1):
        name = op if isinstance(op, str) else op.name
        raise ShapeError(f"{name} has no axis {axis}: its operand has {rank} dimensions")
    return axis % rank if rank else 0


def integers(array: Attribute) -> tuple[int, ...]:
    """The numbers of an array property such as `axes` or `permutation`."""
    return tuple(int(value) for value in cast(DenseArrayBase[IntegerType], array).get_values())


def same_type_attribute(type: Attribute) -> TypeAttribute:
    """An attribute known to be a type, for APIs that insist."""
    return cast(TypeAttribute, type)
