"""Ops of `nn` that only make data or move it: constants, sizes, gathers, reshapes."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    AnyDenseElement,
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    TensorType,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, result_def, traits_def, var_operand_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.hints import isa

from sparsec.dialects.encoding import same_value_type, sizes_of, tensor
from sparsec.dialects.tensor_op import TensorOp, element, integers, normalise_axis, require_indices, sizes, written
from sparsec.dims import Dim, Size, broadcast, parse_size, product
from sparsec.errors import ShapeError


@irdl_op_definition
class Constant(TensorOp):
    """A constant: small ones inline (`value`), weights by the digest under which the `WeightStore` keeps them.

    Syntax: `nn.constant dense<0.5> : tensor<f32>`, `nn.constant 0.5 : f32` inside bodies,
    `nn.constant weight "9f86d081884c7d65" : tensor<3072x768xi8>`.
    """

    name = "nn.constant"
    value = opt_prop_def(DenseIntOrFPElementsAttr | IntegerAttr | FloatAttr)
    digest = opt_prop_def(StringAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        if (self.value is None) == (self.digest is None):
            raise ShapeError("a constant has either a value or the digest of a weight")
        if self.value is not None and not same_value_type(self.value.get_type(), self.result.type):
            raise ShapeError(f"a value of type {self.value.get_type()} for a result of {self.result.type}")
        return [self.result.type]

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        if self.digest is not None:
            printer.print_string(f'weight "{self.digest.data}" : ')
            printer.print_attribute(self.result.type)
        elif isinstance(self.value, DenseIntOrFPElementsAttr) and isa(self.result.type, TensorType[AnyDenseElement]):
            # the type of the result, which knows its blocks
            printer.print_attribute(DenseIntOrFPElementsAttr(self.result.type, self.value.data))
        elif self.value is not None:
            printer.print_attribute(self.value)
        if self.attributes:
            printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> Constant:
        if parser.parse_optional_keyword("weight"):
            properties: dict[str, Attribute] = {"digest": StringAttr(parser.parse_str_literal())}
            parser.parse_punctuation(":")
            type: Attribute = parser.parse_type()
        else:
            value = parser.parse_attribute()
            if not isinstance(value, DenseIntOrFPElementsAttr | IntegerAttr | FloatAttr):
                parser.raise_error("expected dense<...>, a number, or weight followed by a digest")
            properties, type = {"value": value}, value.get_type()
        attributes = parser.parse_optional_attr_dict()
        return cls.create(result_types=[type], properties=properties, attributes=attributes)


@irdl_op_definition
class Dimension(TensorOp):
    """The value of a symbolic size as an i64 scalar (ONNX Shape, when the number itself is computed with)."""

    name = "nn.dimension"
    size = prop_def(StringAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        parse_size(self.size.data)
        return [tensor(i64, [])]


@irdl_op_definition
class Iota(TensorOp):
    """`start + i * step` for each i of a vector whose length is the result's (ONNX Range)."""

    name = "nn.iota"
    start = prop_def(IntegerAttr)
    step = prop_def(IntegerAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        if len(sizes_of(self.result.type)) != 1:
            raise ShapeError(f"nn.iota makes a vector, not {self.result.type}")
        return [self.result.type]


@irdl_op_definition
class Gather(TensorOp):
    """`take(data, indices, axis)` (ONNX Gather); an index outside [-n, n) is an error when the program runs."""

    name = "nn.gather"
    operand = operand_def()
    indices = operand_def()
    axis = prop_def(IntegerAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        data = sizes(self.operand)
        require_indices(self, self.indices)
        axis = normalise_axis(self.axis.value.data, len(data), self)
        return [tensor(element(self.operand), [*data[:axis], *sizes(self.indices), *data[axis + 1 :]])]


@irdl_op_definition
class GatherND(TensorOp):
    """`data[tuple(indices[..., :])]` (ONNX GatherND with `batch_dims`)."""

    name = "nn.gather_nd"
    operand = operand_def()
    indices = operand_def()
    batch_dims = prop_def(IntegerAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        data, indices, batch = sizes(self.operand), sizes(self.indices), self.batch_dims.value.data
        depth = indices[-1] if indices else 0
        if not isinstance(depth, int) or not 1 <= depth <= len(data) - batch:
            raise ShapeError(
                f"nn.gather_nd of {written(data)} by {written(indices)}: "
                f"the last size of the indices must be 1 to {len(data) - batch}"
            )
        return [tensor(element(self.operand), [*indices[:-1], *data[batch + depth :]])]


@irdl_op_definition
class GatherElements(TensorOp):
    """`take_along_axis(data, indices, axis)` (ONNX GatherElements): element i along the axis is `data[indices[i]]`.

    On other axes data and indices broadcast, so indices that are the same for all of them are not repeated.
    """

    name = "nn.gather_elements"
    operand = operand_def()
    indices = operand_def()
    axis = prop_def(IntegerAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        data, indices = sizes(self.operand), sizes(self.indices)
        require_indices(self, self.indices)
        if not data or len(data) != len(indices):
            given = f"{written(data)} by {written(indices)}"
            raise ShapeError(f"nn.gather_elements of {given}: both need as many axes, at least one")
        axis = normalise_axis(self.axis.value.data, len(data), self)
        others = broadcast(*((*shape[:axis], 1, *shape[axis + 1 :]) for shape in (data, indices)))
        return [tensor(element(self.operand), [*others[:axis], indices[axis], *others[axis + 1 :]])]


@irdl_op_definition
class Transpose(TensorOp):
    """Axes permuted: axis i of the result is axis `permutation[i]` of the operand (ONNX Transpose)."""

    name = "nn.transpose"
    operand = operand_def()
    permutation = prop_def(DenseArrayBase)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        shape, permutation = sizes(self.operand), integers(self.permutation)
        if sorted(permutation) != list(range(len(shape))):
            raise ShapeError(f"{permutation} is no permutation of the {len(shape)} axes of {written(shape)}")
        return [tensor(element(self.operand), [shape[axis] for axis in permutation])]


@irdl_op_definition
class Reshape(TensorOp):
    """The same elements in row-major order under another shape, which is the result type's (ONNX Reshape)."""

    name = "nn.reshape"
    operand = operand_def()
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        given, wanted = sizes(self.operand), sizes_of(self.result.type)
        if product(given) != product(wanted):
            raise ShapeError(
                f"cannot reshape {written(given)} ({product(given)} elements) "
                f"to {written(wanted)} ({product(wanted)} elements)"
            )
        return [tensor(element(self.operand), wanted)]


@irdl_op_definition
class Broadcast(TensorOp):
    """numpy's `broadcast_to` the result type's shape (ONNX Expand)."""

    name = "nn.broadcast"
    operand = operand_def()
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        wanted = sizes_of(self.result.type)
        if broadcast(sizes(self.operand), wanted) != wanted:
            raise ShapeError(f"{written(sizes(self.operand))} does not broadcast to {written(wanted)}")
        return [tensor(element(self.operand), wanted)]


@irdl_op_definition
class Concat(TensorOp):
    """Operands one after the other along an axis (ONNX Concat)."""

    name = "nn.concat"
    parts = var_operand_def()
    axis = prop_def(IntegerAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        shapes = [sizes(part) for part in self.parts]
        if not shapes:
            raise ShapeError("nn.concat of nothing")
        axis = normalise_axis(self.axis.value.data, len(shapes[0]), self)
        total: Size = 0
        for shape in shapes:
            if (*shape[:axis], *shape[axis + 1 :]) != (*shapes[0][:axis], *shapes[0][axis + 1 :]):
                raise ShapeError(f"nn.concat on axis {axis} of {', '.join(map(written, shapes))}: other sizes differ")
            total = total + shape[axis]
        return [tensor(element(self.parts[0]), [*shapes[0][:axis], total, *shapes[0][axis + 1 :]])]


FURTHEST = (1 << 31) - 1
"""Steps and starts are no further, so that programs find in 64 bits where a slice ends."""


@irdl_op_definition
class Slice(TensorOp):
    """Elements `starts + i * steps` for each i of the result's shape (ONNX Slice, its bounds already resolved).

    `starts` are sizes written as text, one per axis, so that they may be symbolic; `steps` are integers.
    """

    name = "nn.slice"
    operand = operand_def()
    starts = prop_def(ArrayAttr[StringAttr])
    steps = prop_def(DenseArrayBase)
    result = result_def()
    traits = traits_def(Pure())

    @property
    def start_sizes(self) -> tuple[Size, ...]:
        """Where each axis starts."""
        return tuple(parse_size(start.data) for start in self.starts)

    def infer_types(self) -> Sequence[Attribute]:
        shape, wanted = sizes(self.operand), sizes_of(self.result.type)
        if not len(shape) == len(wanted) == len(self.starts) == len(self.steps):
            raise ShapeError(f"nn.slice of {written(shape)} to {written(wanted)} needs one start and step per axis")
        for axis, (start, step) in enumerate(zip(self.start_sizes, integers(self.steps), strict=True)):
            terms = start.terms if isinstance(start, Dim) else (((), start),)
            if any(abs(factor) > FURTHEST for factor in (step, *(coefficient for _, coefficient in terms))):
                raise ShapeError(f"nn.slice on axis {axis}: start {start}, step {step} are beyond any axis")
            last = start + (wanted[axis] - 1) * step
            inside = last - shape[axis]
            if any(isinstance(bound, int) and bound < 0 for bound in (start, last)) or (
                isinstance(inside, int) and inside >= 0
            ):
                raise ShapeError(
                    f"nn.slice of {written(shape)} on axis {axis}: "
                    f"start {start}, step {step}, {wanted[axis]} elements reach outside"
                )
        return [tensor(element(self.operand), wanted)]


@irdl_op_definition
class Trilu(TensorOp):
    """The upper or lower triangle of the last two axes from diagonal `k`, zero elsewhere (ONNX Trilu)."""

    name = "nn.trilu"
    operand = operand_def()
    k = prop_def(IntegerAttr)
    upper = opt_prop_def(UnitAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        if len(sizes(self.operand)) < 2:
            raise ShapeError(f"nn.trilu of {written(sizes(self.operand))}: needs two axes")
        return [tensor(element(self.operand), sizes(self.operand))]


STRUCTURE: tuple[type[TensorOp], ...] = (
    Constant,
    Dimension,
    Iota,
    Gather,
    GatherND,
    GatherElements,
    Transpose,
    Reshape,
    Broadcast,
    Concat,
    Slice,
    Trilu,
)
