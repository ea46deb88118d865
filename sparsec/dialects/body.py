"""Bodies: single-block regions of elementwise ops on scalars, run for every element of what an op computes.

A body's first block arguments are what the op itself produces per element (an accumulator, a score), the rest are its
extra operands, broadcast like numpy. It ends in `sparse.yield`.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType, f32, i1, i8, i32
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, traits_def, var_operand_def
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from sparsec.dialects.encoding import ui8
from sparsec.dialects.nn_elementwise import ElementwiseOp
from sparsec.dialects.nn_structure import Constant
from sparsec.errors import CompilerBug

TILE_ELEMENTS: Sequence[Attribute] = (f32, i32, ui8, i8, i1)
"""Element types that bodies behind products can read for each token and channel, and yield."""


@irdl_op_definition
class Yield(IRDLOperation):
    """Ends a body; its operands are the values of one element of each result."""

    name = "sparse.yield"
    values = var_operand_def()
    traits = traits_def(IsTerminator(), Pure())
    assembly_format = "$values attr-dict `:` type($values)"

    def __init__(self, *values: SSAValue):
        super().__init__(operands=[values])


def yielded(body: Region) -> tuple[SSAValue, ...]:
    """The values a body yields."""
    last = body.block.last_op
    if not isinstance(last, Yield):
        raise CompilerBug("a body does not end in sparse.yield")
    return tuple(last.values)


def verify_results(op: IRDLOperation, body: Region) -> None:
    """Check that a body yields what tiles hold."""
    for value in yielded(body):
        if value.type not in TILE_ELEMENTS:
            known = ", ".join(map(str, TILE_ELEMENTS))
            raise VerifyException(f"{op.name}: a body yields {value.type}; tiles hold {known}")


def verify_body(
    op: IRDLOperation, what: str, body: Region, produced: Sequence[Attribute], extras: Sequence[Attribute]
) -> None:
    """Check a body: scalars only; block arguments of the `produced` types, then of the extras' element types."""
    expected = [*produced, *extras]
    given = [argument.type for argument in body.block.args]
    if given != expected:
        raise VerifyException(
            f"{op.name}: the {what} takes ({', '.join(map(str, given))}), its operands make it "
            f"({', '.join(map(str, expected))})"
        )
    if not isinstance(body.block.last_op, Yield):
        raise VerifyException(f"{op.name}: the {what} must end in sparse.yield")
    for inner in body.block.ops:
        if not isinstance(inner, ElementwiseOp | Constant | Yield):
            raise VerifyException(f"{op.name}: {inner.name} is not elementwise and cannot stand in a {what}")
        if any(isinstance(type, TensorType) for type in inner.result_types):
            raise VerifyException(f"{op.name}: {inner.name} in a {what} is not scalar")
