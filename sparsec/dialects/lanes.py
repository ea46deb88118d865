"""The `lanes` dialect: the two vector ops that xDSL's `arith` and `llvm` dialects can only spell for scalars.

They live in [loops] and survive into [llvm]; `backend/convert_llvm.py` knows them, and the attribute `FEATURES` that
functions carry through both stages. Masks are vectors of i1.
"""

from __future__ import annotations

from typing import ClassVar, cast

from xdsl.dialects.builtin import AnyFloatConstr, IntegerType, StringAttr, VectorType, i1
from xdsl.ir import Attribute, Dialect, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

FEATURES = "sparsec.features"
"""The attribute of a function that lists the LLVM target features it may use, as `+avx512f,+avx512vnni`."""

ORDERED = ("oeq", "olt", "ole", "ogt", "oge", "one")
UNORDERED = ("ueq", "ult", "ule", "ugt", "uge", "une", "uno", "ord")
PREDICATES = (*ORDERED, *UNORDERED)


def mask_type(value_type: Attribute) -> VectorType[IntegerType]:
    """The type of a mask for vectors of this type: as many lanes, of i1."""
    if not isinstance(value_type, VectorType):
        raise VerifyException(f"a mask needs vector operands, got {value_type}")
    return VectorType(i1, cast(VectorType[Attribute], value_type).shape)


@irdl_op_definition
class CompareOp(IRDLOperation):
    """`%mask = lanes.compare "olt" %a, %b : vector<16xf32>`: lane by lane, with LLVM's float predicates."""

    name = "lanes.compare"

    T: ClassVar = VarConstraint("T", VectorType.constr(AnyFloatConstr))

    predicate = prop_def(StringAttr)
    lhs = operand_def(T)
    rhs = operand_def(T)
    mask = result_def(VectorType.constr(IntegerType(1)))

    traits = traits_def(Pure())
    assembly_format = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs) `->` type($mask)"

    def __init__(self, predicate: str, lhs: SSAValue, rhs: SSAValue):
        super().__init__(
            operands=[lhs, rhs],
            result_types=[mask_type(lhs.type)],
            properties={"predicate": StringAttr(predicate)},
        )

    def verify_(self) -> None:
        if self.predicate.data not in PREDICATES:
            raise VerifyException(f"predicate {self.predicate.data!r} is none of {', '.join(PREDICATES)}")
        if self.mask.type != mask_type(self.lhs.type):
            raise VerifyException(f"a mask for {self.lhs.type} is {mask_type(self.lhs.type)}, not {self.mask.type}")


@irdl_op_definition
class SelectOp(IRDLOperation):
    """`%r = lanes.select %mask, %a, %b : vector<16xf32>`: a where the mask is set, else b."""

    name = "lanes.select"

    T: ClassVar = VarConstraint("T", VectorType.constr(AnyAttr()))

    mask = operand_def(VectorType.constr(IntegerType(1)))
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(T)

    traits = traits_def(Pure())
    assembly_format = "$mask `,` $lhs `,` $rhs attr-dict `:` type($mask) `,` type($lhs)"

    def __init__(self, mask: SSAValue, lhs: SSAValue, rhs: SSAValue):
        super().__init__(operands=[mask, lhs, rhs], result_types=[lhs.type])

    def verify_(self) -> None:
        if self.mask.type != mask_type(self.lhs.type):
            raise VerifyException(f"a mask for {self.lhs.type} is {mask_type(self.lhs.type)}, not {self.mask.type}")


Lanes = Dialect("lanes", [CompareOp, SelectOp], [])
