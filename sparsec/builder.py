"""The one way to create ops: typed constructors that infer result types and refuse what does not fit.

Frontends use it to write a `[file]` module, transforms to write replacements. Shape errors carry the source position
that was current when the op was made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from xdsl.builder import Builder as OpBuilder
from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    UnitAttr,
    f32,
    i64,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import VarResultDef
from xdsl.rewriter import InsertPoint

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects import sparse
from sparsec.dialects.body import Yield, yielded
from sparsec.dialects.encoding import (
    ENTRIES,
    BlocksAttr,
    Layout,
    TableType,
    element_of,
    is_float,
    sizes_of,
    tensor,
    to_element,
    to_numpy,
    with_layout,
)
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.tensor_op import SOURCE, TensorOp
from sparsec.dims import Size
from sparsec.errors import CompilerBug, ShapeError
from sparsec.pattern import BlockPattern
from sparsec.schedule import Schedule
from sparsec.weights import Array, WeightStore

INLINE_LIMIT = 16
"""Constants of at most this many elements stand in the IR itself; larger ones go to the weight store."""

INPUT_NAMES, OUTPUT_NAMES = "input_names", "output_names"
"""Attributes of the main function."""


class Builder:
    """Creates ops of the `nn` and `sparse` dialects at an insertion point.

    Attributes:
        weights: where constants are kept.
        source: name of the ONNX node or DSL line being built; recorded on every op.
    """

    def __init__(self, weights: WeightStore, insertion: InsertPoint | Block):
        point = InsertPoint.at_end(insertion) if isinstance(insertion, Block) else insertion
        self._ops = OpBuilder(point)
        self.weights = weights
        self.source: str | None = None

    @staticmethod
    def before(weights: WeightStore, op: Operation) -> Builder:
        """A builder that inserts before `op` and inherits its source."""
        builder = Builder(weights, InsertPoint.before(op))
        source = op.attributes.get(SOURCE)
        builder.source = source.data if isinstance(source, StringAttr) else None
        return builder

    def create(
        self,
        op_class: type[TensorOp],
        operands: Sequence[SSAValue],
        properties: dict[str, Attribute] | None = None,
        *,
        result_types: Sequence[Attribute] | None = None,
        regions: Sequence[Region] = (),
    ) -> Operation:
        """Create any op of ours; without `result_types` they are inferred.

        Raises:
            ShapeError: the operands do not fit, with the source position in front.
        """
        results = op_class.get_irdl_definition().results
        as_many_as_yielded = any(isinstance(kind, VarResultDef) for _, kind in results)
        count = len(yielded(regions[0])) if as_many_as_yielded else len(results)
        op = op_class.create(
            operands=operands,
            result_types=result_types or [f32] * count,
            properties=properties or {},
            regions=regions,
            attributes={SOURCE: StringAttr(self.source)} if self.source else {},
        )
        try:
            inferred = op.infer_types()
        except ShapeError as error:
            raise ShapeError(f"{self.source}: {error}" if self.source else str(error)) from None
        if result_types is None:
            for result, type in zip(op.results, inferred, strict=True):
                result._type = type  # pyright: ignore[reportPrivateUsage] - xDSL has no public setter
        return self._ops.insert(op)

    # Constants and sizes

    def constant(self, value: Array | float | int | bool, dtype: Any = None) -> SSAValue:
        """A constant tensor from a numpy array or a Python number (f32, i64 or bool unless `dtype` says otherwise)."""
        if dtype is None and not isinstance(value, np.ndarray | np.generic):
            dtype = np.bool_ if isinstance(value, bool) else np.int64 if isinstance(value, int) else np.float32
        array = np.asarray(value, dtype)
        type = tensor(to_element(array.dtype), array.shape)
        finite = array.dtype.kind != "f" or bool(np.isfinite(array).all())
        if 0 < array.size <= INLINE_LIMIT and finite:  # the text form of dense lists cannot hold inf and nan
            data = DenseIntOrFPElementsAttr.from_list(type, array.reshape(-1).tolist())  # pyright: ignore
            return self.create(st.Constant, [], {"value": data}, result_types=[type]).results[0]
        digest = StringAttr(self.weights.put(array))
        return self.create(st.Constant, [], {"digest": digest}, result_types=[type]).results[0]

    def weight(self, array: Array, pattern: BlockPattern | None = None, schedule: Schedule | None = None) -> SSAValue:
        """A constant whose block pattern, or the schedule of the kernels that read it, was given by hand."""
        if pattern is None:
            value = self.constant(array)
        else:
            type = tensor(to_element(array.dtype), array.shape, blocks=BlocksAttr.of(pattern, array.dtype.itemsize * 8))
            digest = StringAttr(self.weights.put(array))
            value = self.create(st.Constant, [], {"digest": digest}, result_types=[type]).results[0]
        if schedule is not None and isinstance(value.owner, st.Constant):
            value.owner.attributes[sparse.SCHEDULE_HINT] = sparse.ScheduleAttr.of(schedule)
        return value

    def scalar(self, value: float | int | bool, element: Attribute) -> SSAValue:
        """A constant of a scalar type, for use inside bodies."""
        attribute: Attribute
        if is_float(element):
            attribute = FloatAttr(float(value), cast(AnyFloat, element))
        else:
            attribute = IntegerAttr(int(value), cast(IntegerType, element))
        return self.create(st.Constant, [], {"value": attribute}, result_types=[element]).results[0]

    def table(self, entries: Array) -> SSAValue:
        """256 bytes for `nn.lookup`, for use inside bodies."""
        type = TableType(cast(IntegerType, to_element(entries.dtype)))
        table = np.zeros((), to_numpy(type))
        table[ENTRIES] = entries
        digest = StringAttr(self.weights.put(table))
        return self.create(st.Constant, [], {"digest": digest}, result_types=[type]).results[0]

    def dimension(self, size: Size) -> SSAValue:
        """The value of a size as an i64 scalar tensor."""
        if isinstance(size, int):
            return self.constant(size)
        return self.create(st.Dimension, [], {"size": StringAttr(str(size))}).results[0]

    def iota(self, size: Size, *, start: int = 0, step: int = 1, element: Attribute = i64) -> SSAValue:
        """`start + i * step` for i in [0, size)."""
        properties: dict[str, Attribute] = {"start": _int(start), "step": _int(step)}
        return self.create(st.Iota, [], properties, result_types=[tensor(element, [size])]).results[0]

    # Elementwise

    def apply(self, op_class: type[ew.ElementwiseOp], *operands: SSAValue) -> SSAValue:
        """Any elementwise op without properties: `apply(nn_elementwise.Add, x, y)`."""
        return self.create(op_class, operands).results[0]

    def cast(self, x: SSAValue, element: Attribute) -> SSAValue:
        """Another element type; the value itself when it has it already."""
        return x if element_of(x.type) == element else self.create(ew.Cast, [x], {"to": element}).results[0]

    def quantize(self, x: SSAValue, scale: SSAValue, zero_point: SSAValue, axis: int | None = None) -> SSAValue:
        """`saturate(rint(x / scale) + zero_point)`, with per-channel parameters along `axis`."""
        return self.create(ew.Quantize, [x, scale, zero_point], _axis(axis)).results[0]

    def dequantize(self, q: SSAValue, scale: SSAValue, zero_point: SSAValue, axis: int | None = None) -> SSAValue:
        """`(q - zero_point) * scale`, with per-channel parameters along `axis`."""
        return self.create(ew.Dequantize, [q, scale, zero_point], _axis(axis)).results[0]

    def dynamic_quantize(self, x: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
        """`(q, scale, zero_point)` from the tensor's own range."""
        op = self.create(rd.DynamicQuantize, [x])
        return op.results[0], op.results[1], op.results[2]

    # Products and normalisation

    def linear(self, x: SSAValue, weight: SSAValue) -> SSAValue:
        """`x[..., in]` by `weight[out, in]`."""
        return self.create(pr.Linear, [x, weight]).results[0]

    def matmul(self, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """numpy's `lhs @ rhs`."""
        return self.create(pr.MatMul, [lhs, rhs]).results[0]

    def softmax(self, x: SSAValue, axis: int) -> SSAValue:
        """Softmax along `axis`."""
        return self.create(rd.Softmax, [x], {"axis": _int(axis)}).results[0]

    def layer_norm(
        self,
        x: SSAValue,
        scale: SSAValue,
        bias: SSAValue,
        epsilon: float,
        *,
        divide: bool = False,
        uncentred: bool = False,
    ) -> SSAValue:
        """Layer normalisation over the last axis; RMS norm if `uncentred`."""
        properties: dict[str, Attribute] = {"epsilon": FloatAttr(epsilon, f32)}
        flags = {"divide": divide, "uncentred": uncentred}
        properties |= {name: UnitAttr() for name, is_set in flags.items() if is_set}
        return self.create(rd.LayerNorm, [x, scale, bias], properties).results[0]

    def reduce(self, op_class: type[rd.ReduceOp], x: SSAValue, axes: Sequence[int], keepdims: bool = False) -> SSAValue:
        """A reduction over `axes`."""
        properties: dict[str, Attribute] = {"axes": _ints(axes)}
        if keepdims:
            properties["keepdims"] = UnitAttr()
        return self.create(op_class, [x], properties).results[0]

    def cumsum(self, x: SSAValue, axis: int, *, exclusive: bool = False, reverse: bool = False) -> SSAValue:
        """Running sum along `axis`."""
        properties: dict[str, Attribute] = {"axis": _int(axis)}
        properties |= {name: UnitAttr() for name, on in (("exclusive", exclusive), ("reverse", reverse)) if on}
        return self.create(rd.CumSum, [x], properties).results[0]

    # Moving data

    def gather(self, data: SSAValue, indices: SSAValue, axis: int) -> SSAValue:
        """`take(data, indices, axis)`."""
        return self.create(st.Gather, [data, indices], {"axis": _int(axis)}).results[0]

    def gather_nd(self, data: SSAValue, indices: SSAValue, batch_dims: int = 0) -> SSAValue:
        """`data[tuple(indices[..., :])]`."""
        return self.create(st.GatherND, [data, indices], {"batch_dims": _int(batch_dims)}).results[0]

    def gather_elements(self, data: SSAValue, indices: SSAValue, axis: int) -> SSAValue:
        """`take_along_axis(data, indices, axis)`."""
        return self.create(st.GatherElements, [data, indices], {"axis": _int(axis)}).results[0]

    def transpose(self, x: SSAValue, permutation: Sequence[int]) -> SSAValue:
        """Axes permuted."""
        return self.create(st.Transpose, [x], {"permutation": _ints(permutation)}).results[0]

    def reshape(self, x: SSAValue, shape: Sequence[Size]) -> SSAValue:
        """The same elements under another shape (no -1: sizes are known here)."""
        if sizes_of(x.type) == tuple(shape):
            return x
        return self.create(st.Reshape, [x], result_types=[tensor(element_of(x.type), shape)]).results[0]

    def broadcast(self, x: SSAValue, shape: Sequence[Size]) -> SSAValue:
        """numpy's `broadcast_to`."""
        if sizes_of(x.type) == tuple(shape):
            return x
        return self.create(st.Broadcast, [x], result_types=[tensor(element_of(x.type), shape)]).results[0]

    def concat(self, parts: Sequence[SSAValue], axis: int) -> SSAValue:
        """Parts one after the other along `axis`."""
        return self.create(st.Concat, parts, {"axis": _int(axis)}).results[0]

    def slice(self, x: SSAValue, starts: Sequence[Size], shape: Sequence[Size], steps: Sequence[int]) -> SSAValue:
        """Elements `starts + i * steps`, `shape` of them."""
        properties: dict[str, Attribute] = {
            "starts": ArrayAttr([StringAttr(str(start)) for start in starts]),
            "steps": _ints(steps),
        }
        return self.create(st.Slice, [x], properties, result_types=[tensor(element_of(x.type), shape)]).results[0]

    def trilu(self, x: SSAValue, k: int, *, upper: bool) -> SSAValue:
        """The upper or lower triangle from diagonal `k`."""
        properties: dict[str, Attribute] = {"k": _int(k)}
        if upper:
            properties["upper"] = UnitAttr()
        return self.create(st.Trilu, [x], properties).results[0]

    # Ops with bodies

    def body(
        self, argument_types: Sequence[Attribute], write: Callable[[Builder, Sequence[SSAValue]], Sequence[SSAValue]]
    ) -> Region:
        """A body: `write(builder, arguments)` returns the values it yields."""
        block = Block(arg_types=[element_of(type) for type in argument_types])
        inner = Builder(self.weights, block)
        inner.source = self.source
        block.add_op(Yield(*write(inner, block.args)))
        return Region(block)

    def sparse_matmul(
        self, x: SSAValue, weight: SSAValue, extras: Sequence[SSAValue], body: Region
    ) -> Sequence[SSAValue]:
        """`sparse.matmul`; one result for each value the body yields."""
        return self.create(sparse.MatMul, [x, weight, *extras], regions=[body]).results

    def map(self, operands: Sequence[SSAValue], body: Region) -> Sequence[SSAValue]:
        """`sparse.map`; one result for each value the body yields."""
        return self.create(sparse.Map, operands, regions=[body]).results

    def attention(
        self,
        qkv: tuple[SSAValue, SSAValue, SSAValue],
        extras: Sequence[SSAValue],
        heads: int,
        bodies: tuple[Region, Region, Region],
        zeros: dict[str, int] | None = None,
    ) -> SSAValue:
        """`nn.attention` with its score, weight and output bodies; `zeros` are zero points of `q`, `k`, `w`, `v`."""
        properties: dict[str, Attribute] = {"heads": _int(heads)}
        properties |= {f"{name}_zero": _int(value) for name, value in (zeros or {}).items() if value}
        return self.create(Attention, [*qkv, *extras], properties, regions=bodies).results[0]

    def convert_layout(self, x: SSAValue, layout: Layout | None) -> SSAValue:
        """The value in another layout."""
        return self.create(sparse.ConvertLayout, [x], result_types=[with_layout(x.type, layout)]).results[0]


Finish = Callable[[Sequence[tuple[str, SSAValue]]], ModuleOp]


def begin_module(
    weights: WeightStore, inputs: Sequence[tuple[str, Attribute]]
) -> tuple[Builder, dict[str, SSAValue], Finish]:
    """Start a module with its function `main`: `[file]` for a frontend, `[input]` for `sparsec.compile`.

    Returns a builder, the inputs by name, and `finish(outputs)`, which takes named results and returns the module.
    """
    block = Block(arg_types=[type for _, type in inputs])
    for argument, (name, _) in zip(block.args, inputs, strict=True):
        argument.name_hint = name if name.isascii() and name.isidentifier() else None  # MLIR's names are ASCII

    def finish(outputs: Sequence[tuple[str, SSAValue]]) -> ModuleOp:
        values = [value for _, value in outputs]
        block.add_op(ReturnOp(*values))
        function = FuncOp("main", ([type for _, type in inputs], [value.type for value in values]), Region(block))
        function.attributes[INPUT_NAMES] = ArrayAttr([StringAttr(name) for name, _ in inputs])
        function.attributes[OUTPUT_NAMES] = ArrayAttr([StringAttr(name) for name, _ in outputs])
        return ModuleOp([function])

    return Builder(weights, block), {name: arg for (name, _), arg in zip(inputs, block.args, strict=True)}, finish


def constant_value(value: SSAValue, weights: WeightStore) -> Array | None:
    """The array behind an `nn.constant`, in numpy (0-d for scalars); None when `value` is not a constant."""
    op = value.owner
    if not isinstance(op, st.Constant):
        return None
    if op.digest is not None:
        return weights.get(op.digest.data)
    dtype = to_numpy(element_of(value.type))
    if isinstance(op.value, DenseIntOrFPElementsAttr):
        return np.asarray(op.value.get_values()).astype(dtype).reshape(op.value.get_shape())
    if op.value is None:
        raise CompilerBug("a constant has neither a value nor a digest")
    return np.asarray(op.value.value.data).astype(dtype)


def _int(value: int) -> IntegerAttr[IntegerType]:
    return IntegerAttr(value, i64)


def _ints(values: Sequence[int]) -> Attribute:
    return DenseArrayBase.from_list(i64, [int(value) for value in values])


def _axis(axis: int | None) -> dict[str, Attribute]:
    return {} if axis is None else {"axis": _int(axis)}
