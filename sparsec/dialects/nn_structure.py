"""Ops of `nn` that are not elementwise: constants, products, normalisation, reductions, and moving data about."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    f32,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure

from sparsec.dialects.encoding import element_of, is_float, same_value_type, sizes_of, tensor, ui8
from sparsec.dialects.tensor_op import TensorOp, element, integers, normalise_axis, sizes
from sparsec.dims import Size, broadcast, parse_size, product
from sparsec.errors import ShapeError


def written(shape: Sequence[Size]) -> str:
    """A shape as people write it."""
    return "[" + ", ".join(map(str, shape)) + "]"


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


class ProductOp(TensorOp):
    """A matrix product: f32 by f32 gives f32 (fused multiply-add, any order), i32 by i32 gives i32 (exact)."""

    traits = traits_def(Pure())

    def require_elements(self) -> Attribute:
        """The common element type, f32 or i32."""
        left, right = (element_of(operand.type) for operand in self.operands)
        if left != right or left not in (f32, i32):
            raise ShapeError(f"{self.name} multiplies f32 by f32 or i32 by i32, got {left} and {right}")
        return left


@irdl_op_definition
class Linear(ProductOp):
    """`x[..., in] @ transpose(w[out, in])`: the product with a weight, without bias."""

    name = "nn.linear"
    x = operand_def()
    weight = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        x, weight = sizes(self.x), sizes(self.weight)
        if not x or len(weight) != 2 or x[-1] != weight[1]:
            raise ShapeError(
                f"nn.linear of {written(x)} with a weight {written(weight)}: expected [..., in] and [out, in]"
            )
        return [tensor(self.require_elements(), [*x[:-1], weight[0]])]


@irdl_op_definition
class MatMul(ProductOp):
    """numpy's `lhs @ rhs` (ONNX MatMul)."""

    name = "nn.matmul"
    lhs = operand_def()
    rhs = operand_def()
    result = result_def()

    def infer_types(self) -> Sequence[Attribute]:
        lhs, rhs = sizes(self.lhs), sizes(self.rhs)
        if not lhs or not rhs or lhs[-1] != rhs[-2 if len(rhs) > 1 else 0]:
            raise ShapeError(f"nn.matmul of {written(lhs)} and {written(rhs)}: the inner sizes differ")
        batch = broadcast(lhs[:-2], rhs[:-2])
        return [tensor(self.require_elements(), [*batch, *lhs[-2:-1], *(rhs[-1:] if len(rhs) > 1 else ())])]


@irdl_op_definition
class Softmax(TensorOp):
    """`exp(x - max) / sum` along an axis (ONNX Softmax since opset 13)."""

    name = "nn.softmax"
    operand = operand_def()
    axis = prop_def(IntegerAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        if not is_float(element(self.operand)):
            raise ShapeError(f"nn.softmax works on floats, got {element(self.operand)}")
        normalise_axis(self.axis.value.data, len(sizes(self.operand)), self)
        return [tensor(element(self.operand), sizes(self.operand))]


@irdl_op_definition
class LayerNorm(TensorOp):
    """Normalisation over the last axis with `scale[K]` and `bias[K]` (ONNX LayerNormalization, axis = -1).

    `d * (1 / sqrt(mean(d * d) + epsilon)) * scale + bias` with `d = x - mean(x)` and the means of `nn.reduce_mean`;
    with `divide`, `d / sqrt(...)`.
    """

    name = "nn.layer_norm"
    operand = operand_def()
    scale = operand_def()
    bias = operand_def()
    epsilon = prop_def(FloatAttr)
    divide = opt_prop_def(UnitAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        shape = sizes(self.operand)
        for what, value in (("scale", self.scale), ("bias", self.bias)):
            if sizes(value) != shape[-1:]:
                raise ShapeError(
                    f"nn.layer_norm over {written(shape)} has a {what} {written(sizes(value))}: "
                    f"expected {written(shape[-1:])}"
                )
        return [tensor(element(self.operand), shape)]


class ReduceOp(TensorOp):
    """A reduction over `axes`, in row-major order of the reduced elements; kept as size 1 with `keepdims`."""

    operand = operand_def()
    axes = prop_def(DenseArrayBase)
    keepdims = opt_prop_def(UnitAttr)
    result = result_def()
    traits = traits_def(Pure())

    @property
    def axis_values(self) -> tuple[int, ...]:
        """The reduced axes, counted from the front, sorted."""
        rank = len(sizes(self.operand))
        return tuple(sorted(normalise_axis(axis, rank, self) for axis in integers(self.axes)))

    def infer_types(self) -> Sequence[Attribute]:
        axes = self.axis_values
        kept: list[Size] = []
        for axis, size in enumerate(sizes(self.operand)):
            if axis not in axes:
                kept.append(size)
            elif self.keepdims:
                kept.append(1)
        return [tensor(element(self.operand), kept)]


@irdl_op_definition
class ReduceSum(ReduceOp):
    """Sum (ONNX ReduceSum)."""

    name = "nn.reduce_sum"


@irdl_op_definition
class ReduceMean(ReduceOp):
    """Sum times 1/n (ONNX ReduceMean)."""

    name = "nn.reduce_mean"


@irdl_op_definition
class ReduceMax(ReduceOp):
    """Maximum (ONNX ReduceMax)."""

    name = "nn.reduce_max"


@irdl_op_definition
class ReduceMin(ReduceOp):
    """Minimum (ONNX ReduceMin)."""

    name = "nn.reduce_min"


@irdl_op_definition
class ReduceProd(ReduceOp):
    """Product (ONNX ReduceProd)."""

    name = "nn.reduce_prod"


@irdl_op_definition
class ArgMax(ReduceOp):
    """Index of the first maximum along one axis, as i64 (ONNX ArgMax)."""

    name = "nn.arg_max"

    def infer_types(self) -> Sequence[Attribute]:
        if len(self.axis_values) != 1:
            raise ShapeError(f"nn.arg_max takes one axis, got {len(self.axis_values)}")
        return [tensor(i64, sizes_of(super().infer_types()[0]))]


@irdl_op_definition
class CumSum(TensorOp):
    """Running sum along an axis (ONNX CumSum)."""

    name = "nn.cumsum"
    operand = operand_def()
    axis = prop_def(IntegerAttr)
    exclusive = opt_prop_def(UnitAttr)
    reverse = opt_prop_def(UnitAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        normalise_axis(self.axis.value.data, len(sizes(self.operand)), self)
        return [tensor(element(self.operand), sizes(self.operand))]


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
        if element(self.indices) not in (i32, i64):
            raise ShapeError(f"nn.gather takes i32 or i64 indices, got {element(self.indices)}")
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


@irdl_op_definition
class DynamicQuantize(TensorOp):
    """`(q, scale, zero_point)` with parameters from the tensor's own range (ONNX DynamicQuantizeLinear).

    `scale = (max(x, 0) - min(x, 0)) * (1/255)`, 1 where that is 0; `zero_point = clip(rint(-min / scale), 0, 255)`.
    """

    name = "nn.dynamic_quantize"
    operand = operand_def()
    quantised = result_def()
    scale = result_def()
    zero_point = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        if element(self.operand) != f32:
            raise ShapeError(f"nn.dynamic_quantize takes f32, got {element(self.operand)}")
        return [tensor(ui8, sizes(self.operand)), tensor(f32, []), tensor(ui8, [])]


STRUCTURE: tuple[type[TensorOp], ...] = (
    Constant,
    Dimension,
    Iota,
    Linear,
    MatMul,
    Softmax,
    LayerNorm,
    ReduceSum,
    ReduceMean,
    ReduceMax,
    ReduceMin,
    ReduceProd,
    ArgMax,
    CumSum,
    Gather,
    GatherND,
    Transpose,
    Reshape,
    Broadcast,
    Concat,
    Slice,
    Trilu,
    DynamicQuantize,
)
