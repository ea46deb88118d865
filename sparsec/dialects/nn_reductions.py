"""Ops of `nn` that look at whole lines of a tensor: sums and other reductions, and what divides by them."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, FloatAttr, IntegerAttr, UnitAttr, f32, i64
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from sparsec.dialects.encoding import is_float, sizes_of, tensor, ui8
from sparsec.dialects.tensor_op import TensorOp, element, integers, normalise_axis, sizes, written
from sparsec.dims import Size
from sparsec.errors import ShapeError


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
    with `divide`, `d / sqrt(...)`; with `uncentred`, `d = x`, which is called RMS norm.
    """

    name = "nn.layer_norm"
    operand = operand_def()
    scale = operand_def()
    bias = operand_def()
    epsilon = prop_def(FloatAttr)
    divide = opt_prop_def(UnitAttr)
    uncentred = opt_prop_def(UnitAttr)
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
class DynamicQuantize(TensorOp):
    """`(q, scale, zero_point)` with parameters from the tensor's own range (ONNX DynamicQuantizeLinear).

    `scale = (max(x, 0) - min(x, 0)) / 255`, 1 where that is 0; `zero_point = clip(rint(-min(x, 0) / scale), 0, 255)`.
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


REDUCTIONS: tuple[type[TensorOp], ...] = (
    Softmax,
    LayerNorm,
    ReduceSum,
    ReduceMean,
    ReduceMax,
    ReduceMin,
    ReduceProd,
    ArgMax,
    CumSum,
    DynamicQuantize,
)
