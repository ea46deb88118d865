"""Elementwise ops of `nn`. All broadcast; all work on scalar types too, inside bodies."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, TensorType, UnitAttr, i1, i8, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from sparsec.dialects.encoding import TableType, is_float, tensor, to_numpy, ui8
from sparsec.dialects.tensor_op import TensorOp, element, normalise_axis, sizes
from sparsec.dims import broadcast
from sparsec.errors import ShapeError


def elementwise_type(element_type: Attribute, operands: Sequence[SSAValue]) -> Attribute:
    """`element_type` over the broadcast shape of the operands; the element type itself when all are scalars."""
    if not any(isinstance(operand.type, TensorType) for operand in operands):
        return element_type
    return tensor(element_type, broadcast(*(sizes(operand) for operand in operands)))


class ElementwiseOp(TensorOp):
    """An op applied to each element of its broadcast operands."""

    traits = traits_def(Pure())


class UnaryOp(ElementwiseOp):
    """`result[i] = f(operand[i])`, same element type, floats only."""

    operand = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        if not is_float(element(self.operand)):
            raise ShapeError(f"{self.name} works on floats, got {element(self.operand)}: cast it first")
        return [elementwise_type(element(self.operand), [self.operand])]


class NumericUnaryOp(UnaryOp):
    """A unary op that takes integers too."""

    def infer_types(self) -> Sequence[Attribute]:
        return [elementwise_type(element(self.operand), [self.operand])]


@irdl_op_definition
class Neg(NumericUnaryOp):
    """`-x` (ONNX Neg)."""

    name = "nn.neg"


@irdl_op_definition
class Abs(NumericUnaryOp):
    """`|x|` (ONNX Abs)."""

    name = "nn.abs"


@irdl_op_definition
class Sign(NumericUnaryOp):
    """-1, 0 or 1 (ONNX Sign)."""

    name = "nn.sign"


@irdl_op_definition
class Not(NumericUnaryOp):
    """Logical not of i1 (ONNX Not)."""

    name = "nn.not"


@irdl_op_definition
class Exp(UnaryOp):
    """e^x (ONNX Exp), as `elementary.exp` spells it."""

    name = "nn.exp"


@irdl_op_definition
class Log(UnaryOp):
    """Natural logarithm (ONNX Log)."""

    name = "nn.log"


@irdl_op_definition
class Sqrt(UnaryOp):
    """Square root, correctly rounded (ONNX Sqrt)."""

    name = "nn.sqrt"


@irdl_op_definition
class Reciprocal(UnaryOp):
    """1 / x, correctly rounded (ONNX Reciprocal)."""

    name = "nn.reciprocal"


@irdl_op_definition
class Sin(UnaryOp):
    """Sine within 2e-7 for |x| <= 1e5; beyond, some number within [-1, 1]; NaN for infinities (ONNX Sin)."""

    name = "nn.sin"


@irdl_op_definition
class Cos(UnaryOp):
    """Cosine within 2e-7 for |x| <= 1e5; beyond, some number within [-1, 1]; NaN for infinities (ONNX Cos)."""

    name = "nn.cos"


@irdl_op_definition
class Erf(UnaryOp):
    """The error function (ONNX Erf)."""

    name = "nn.erf"


@irdl_op_definition
class Tanh(UnaryOp):
    """Hyperbolic tangent (ONNX Tanh)."""

    name = "nn.tanh"


@irdl_op_definition
class Sigmoid(UnaryOp):
    """1 / (1 + e^-x) (ONNX Sigmoid)."""

    name = "nn.sigmoid"


@irdl_op_definition
class Relu(NumericUnaryOp):
    """`x < 0 ? 0 : x`, which keeps NaN and -0 (ONNX Relu)."""

    name = "nn.relu"


@irdl_op_definition
class Gelu(UnaryOp):
    """`x / 2 (1 + erf(x / sqrt(2)))`, by the steps of `elementary.gelu` (ONNX Gelu, approximate = none)."""

    name = "nn.gelu"


@irdl_op_definition
class GeluTanh(UnaryOp):
    """`x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, by the steps of `elementary.gelu_tanh` (ONNX Gelu,
    approximate = tanh)."""

    name = "nn.gelu_tanh"


@irdl_op_definition
class Floor(UnaryOp):
    """Largest integer not above x (ONNX Floor)."""

    name = "nn.floor"


@irdl_op_definition
class Ceil(UnaryOp):
    """Smallest integer not below x (ONNX Ceil)."""

    name = "nn.ceil"


@irdl_op_definition
class Round(UnaryOp):
    """Nearest integer, ties to even (ONNX Round)."""

    name = "nn.round"


@irdl_op_definition
class IsNaN(ElementwiseOp):
    """Whether x is not a number, as i1 (ONNX IsNaN)."""

    name = "nn.is_nan"
    operand = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        return [elementwise_type(i1, [self.operand])]


class BinaryOp(ElementwiseOp):
    """`result[i] = f(lhs[i], rhs[i])`; both element types are equal, the result has it too."""

    lhs = operand_def()
    rhs = operand_def()
    result = result_def()

    def require_same_elements(self) -> Attribute:
        """The common element type."""
        if element(self.lhs) != element(self.rhs):
            raise ShapeError(f"{self.name} of {element(self.lhs)} and {element(self.rhs)}: cast one of them first")
        return element(self.lhs)

    def infer_types(self) -> Sequence[Attribute]:
        return [elementwise_type(self.require_same_elements(), [self.lhs, self.rhs])]


class CompareOp(BinaryOp):
    """A comparison; the result is i1. Comparisons with NaN are false (not_equal: true)."""

    def infer_types(self) -> Sequence[Attribute]:
        self.require_same_elements()
        return [elementwise_type(i1, [self.lhs, self.rhs])]


class LogicalOp(BinaryOp):
    """A logical op on i1."""

    def infer_types(self) -> Sequence[Attribute]:
        if self.require_same_elements() != i1:
            raise ShapeError(f"{self.name} works on i1, got {element(self.lhs)}: compare or cast first")
        return [elementwise_type(i1, [self.lhs, self.rhs])]


@irdl_op_definition
class Add(BinaryOp):
    """Sum; integers wrap (ONNX Add)."""

    name = "nn.add"


@irdl_op_definition
class Sub(BinaryOp):
    """Difference; integers wrap (ONNX Sub)."""

    name = "nn.sub"


@irdl_op_definition
class Mul(BinaryOp):
    """Product; integers wrap (ONNX Mul)."""

    name = "nn.mul"


@irdl_op_definition
class Div(BinaryOp):
    """Quotient; integers truncate towards zero, division by zero gives zero (ONNX Div)."""

    name = "nn.div"


@irdl_op_definition
class Mod(BinaryOp):
    """Remainder with the divisor's sign, integers only (ONNX Mod, fmod = 0)."""

    name = "nn.mod"


@irdl_op_definition
class Pow(BinaryOp):
    """`lhs ** rhs` of floats (ONNX Pow)."""

    name = "nn.pow"


@irdl_op_definition
class Maximum(BinaryOp):
    """`lhs > rhs ? lhs : rhs`: rhs when either is NaN (ONNX Max, which asks for NaN then)."""

    name = "nn.maximum"


@irdl_op_definition
class Minimum(BinaryOp):
    """`lhs < rhs ? lhs : rhs`: rhs when either is NaN (ONNX Min, which asks for NaN then)."""

    name = "nn.minimum"


@irdl_op_definition
class Equal(CompareOp):
    """`lhs == rhs` (ONNX Equal)."""

    name = "nn.equal"


@irdl_op_definition
class NotEqual(CompareOp):
    """`lhs != rhs`."""

    name = "nn.not_equal"


@irdl_op_definition
class Less(CompareOp):
    """`lhs < rhs` (ONNX Less)."""

    name = "nn.less"


@irdl_op_definition
class LessEqual(CompareOp):
    """`lhs <= rhs` (ONNX LessOrEqual)."""

    name = "nn.less_equal"


@irdl_op_definition
class Greater(CompareOp):
    """`lhs > rhs` (ONNX Greater)."""

    name = "nn.greater"


@irdl_op_definition
class GreaterEqual(CompareOp):
    """`lhs >= rhs` (ONNX GreaterOrEqual)."""

    name = "nn.greater_equal"


@irdl_op_definition
class And(LogicalOp):
    """Logical and (ONNX And)."""

    name = "nn.and"


@irdl_op_definition
class Or(LogicalOp):
    """Logical or (ONNX Or)."""

    name = "nn.or"


@irdl_op_definition
class Xor(LogicalOp):
    """Logical exclusive or (ONNX Xor)."""

    name = "nn.xor"


@irdl_op_definition
class Where(ElementwiseOp):
    """`condition[i] ? lhs[i] : rhs[i]` (ONNX Where)."""

    name = "nn.where"
    condition = operand_def()
    lhs = operand_def()
    rhs = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        if element(self.condition) != i1:
            raise ShapeError(f"nn.where takes an i1 condition, got {element(self.condition)}")
        if element(self.lhs) != element(self.rhs):
            raise ShapeError(f"nn.where of {element(self.lhs)} and {element(self.rhs)}: cast one of them first")
        return [elementwise_type(element(self.lhs), self.operands)]


@irdl_op_definition
class Cast(ElementwiseOp):
    """Another element type (ONNX Cast): floats truncate to integers, anything but zero is true."""

    name = "nn.cast"
    operand = operand_def()
    to = prop_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        return [elementwise_type(self.to, [self.operand])]


def _require_scale(op: Operation, values: SSAValue, parameter: SSAValue, axis: int | None, what: str) -> None:
    shape, rank = sizes(parameter), len(sizes(values))
    if not shape or shape == (1,):
        return
    if len(shape) != 1 or axis is None:
        raise ShapeError(
            f"{op.name}: {what} has shape [{', '.join(map(str, shape))}]; "
            "it is a scalar, or a vector along the axis given by <axis = ...>"
        )
    extent = sizes(values)[normalise_axis(axis, rank, op)]
    if shape[0] != extent:
        raise ShapeError(f"{op.name}: {shape[0]} {what}s for {extent} channels on axis {axis}")


class QuantisationOp(ElementwiseOp):
    """Common part of quantize and dequantize: `scale` f32 and `zero_point`, scalars or vectors along `axis`."""

    operand = operand_def()
    scale = operand_def()
    zero_point = operand_def()
    axis = opt_prop_def(IntegerAttr)
    result = result_def()

    @property
    def axis_value(self) -> int | None:
        """The axis of per-channel parameters, if any."""
        return None if self.axis is None else self.axis.value.data

    def require_parameters(self) -> None:
        """Refuse scales and zero points that do not fit the operand."""
        if not is_float(element(self.scale)):
            raise ShapeError(f"{self.name} takes a float scale, got {element(self.scale)}")
        _require_scale(self, self.operand, self.scale, self.axis_value, "scale")
        _require_scale(self, self.operand, self.zero_point, self.axis_value, "zero point")


@irdl_op_definition
class Quantize(QuantisationOp):
    """`saturate(rint(x * (1 / scale)) + zero_point)` (ONNX QuantizeLinear); the result has the zero point's type.

    `bounded` records a proof that `|x / scale| < 2**30`: rounding cannot overflow, so clipping may come after it. With
    an ui8 result x may be NaN, too.
    """

    name = "nn.quantize"
    bounded = opt_prop_def(UnitAttr)

    def infer_types(self) -> Sequence[Attribute]:
        self.require_parameters()
        if element(self.zero_point) not in (ui8, i8, i16):
            raise ShapeError(f"nn.quantize makes ui8, i8 or i16, not {element(self.zero_point)}")
        return [elementwise_type(element(self.zero_point), [self.operand])]


@irdl_op_definition
class Dequantize(QuantisationOp):
    """`f32(q - zero_point) * scale` (ONNX DequantizeLinear)."""

    name = "nn.dequantize"

    def infer_types(self) -> Sequence[Attribute]:
        self.require_parameters()
        if element(self.operand) != element(self.zero_point):
            raise ShapeError(
                f"nn.dequantize of {element(self.operand)} with a zero point of {element(self.zero_point)}"
            )
        if element(self.operand) not in (ui8, i8, i16, i32, i64) or to_numpy(element(self.operand)).kind not in "iu":
            raise ShapeError(f"nn.dequantize takes integers, got {element(self.operand)}")
        return [elementwise_type(element(self.scale), [self.operand])]


@irdl_op_definition
class Lookup(ElementwiseOp):
    """`table[operand]`, the bits of a byte (ui8 or i8) as the index; `table` is one `!nn.table` for all elements."""

    name = "nn.lookup"
    operand = operand_def()
    table = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        table = self.table.type
        if not isinstance(table, TableType):
            raise ShapeError(f"nn.lookup reads an !nn.table, not {table}")
        if element(self.operand) not in (ui8, i8):
            raise ShapeError(f"nn.lookup takes bytes, got {element(self.operand)}")
        return [elementwise_type(table.entry, [self.operand])]


ELEMENTWISE: tuple[type[ElementwiseOp], ...] = (
    Neg,
    Abs,
    Sign,
    Not,
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Sin,
    Cos,
    Erf,
    Tanh,
    Sigmoid,
    Relu,
    Gelu,
    GeluTanh,
    Floor,
    Ceil,
    Round,
    IsNaN,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Maximum,
    Minimum,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Xor,
    Where,
    Cast,
    Quantize,
    Dequantize,
    Lookup,
)
