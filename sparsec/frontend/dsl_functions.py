"""The functions of the language: a Python function for each, whose own signature is the signature in the language.

The annotations say how arguments are converted (`dsl_signature.py`). The table is at the bottom.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.dims import Dim, Size, product
from sparsec.errors import ShapeError
from sparsec.frontend.dsl_attention import attention
from sparsec.frontend.dsl_dtypes import dtype_name
from sparsec.frontend.dsl_operators import elementwise, linear, matmul
from sparsec.frontend.dsl_quantisation import dequantize, dynamic_quantize, integers, quantize
from sparsec.frontend.dsl_signature import (
    AnyValue,
    Axes,
    Builtin,
    ElementType,
    Flag,
    Floats,
    Numbers,
    OneSize,
    Real,
    Sizes,
    Stored,
    TensorOnly,
    Tensors,
    Whole,
)
from sparsec.frontend.dsl_values import Emitter, Tensor, Value, require_sizes, to_size, to_sizes

# Products and normalisation


def _linear(e: Emitter, x: TensorOnly, weight: TensorOnly) -> Tensor:
    return linear(e, x, weight)


def _matmul(e: Emitter, a: TensorOnly, b: TensorOnly) -> Tensor:
    return matmul(e, a, b)


def softmax(e: Emitter, x: Floats, axis: Whole = -1) -> SSAValue:
    """`exp(x - max) / sum` along an axis."""
    return e.builder.softmax(x, axis)


def layer_norm(e: Emitter, x: Floats, scale: Floats, bias: Floats, epsilon: Real = 1e-5) -> SSAValue:
    """Normalisation over the last axis."""
    return e.builder.layer_norm(x, scale, bias, epsilon)


def cumsum(e: Emitter, x: Numbers, axis: Whole, exclusive: Flag = False, reverse: Flag = False) -> SSAValue:
    """Running sum."""
    return e.builder.cumsum(x, axis, exclusive=exclusive, reverse=reverse)


def arg_max(e: Emitter, x: Numbers, axis: Whole = -1, keepdims: Flag = False) -> SSAValue:
    """Index of the first maximum, as i64."""
    return e.builder.reduce(rd.ArgMax, x, [axis], keepdims)


def _reduction(op: type[rd.ReduceOp]) -> Callable[..., SSAValue]:
    def reduce(e: Emitter, x: Numbers, axes: Axes | None = None, keepdims: Flag = False) -> SSAValue:
        if element_of(x.type) == i1:
            raise ShapeError("a reduction does not work on bool: write cast(..., i32) or cast(..., f32) first")
        return e.builder.reduce(op, x, range(len(sizes_of(x.type))) if axes is None else axes, keepdims)

    return reduce


# Elementwise


def where(e: Emitter, condition: AnyValue, a: AnyValue, b: AnyValue) -> SSAValue:
    """`condition ? a : b` for each element."""
    chosen = e.tensor(condition)
    if element_of(chosen.type) != i1:
        raise ShapeError(
            f"where chooses by bool, got {dtype_name(element_of(chosen.type))}: compare first, as in `x != 0`"
        )
    left, right = e.unify([a, b], "where")
    return e.builder.apply(ew.Where, chosen, left, right)


def cast(e: Emitter, x: AnyValue, dtype: ElementType) -> SSAValue:
    """Another element type."""
    # Numbers are cast as tensors of their own kind, so that `cast(1.5, i32)` truncates like any other cast.
    return e.builder.cast(e.tensor(x), dtype)


def is_nan(e: Emitter, x: Floats) -> SSAValue:
    """Whether an element is not a number, as bool."""
    return e.builder.apply(ew.IsNaN, x)


def _float_op(op: type[ew.UnaryOp]) -> Callable[..., SSAValue]:
    def apply(e: Emitter, x: Floats) -> SSAValue:
        return e.builder.apply(op, x)

    return apply


def _number_op(op: type[ew.NumericUnaryOp]) -> Callable[..., SSAValue]:
    def apply(e: Emitter, x: Numbers) -> SSAValue:
        if element_of(x.type) == i1:
            raise ShapeError(f"{op.name.removeprefix('nn.')} does not work on bool: write cast(..., i32) first")
        return e.builder.apply(op, x)

    return apply


def _binary_op(op: type[ew.BinaryOp]) -> Callable[..., SSAValue]:
    def apply(e: Emitter, a: AnyValue, b: AnyValue) -> SSAValue:
        return elementwise(e, op, op.name.removeprefix("nn."), a, b)

    return apply


# Moving data: one scale for all elements moves along with quantised ones


def gather(e: Emitter, data: Stored, indices: Numbers, axis: Whole = 0) -> Tensor:
    """Slices of `data` at `indices` along an axis."""
    return e.moved(data, lambda x: e.builder.gather(x, indices, axis))


def gather_nd(e: Emitter, data: Stored, indices: Numbers, batch_dims: Whole = 0) -> Tensor:
    """`data[tuple(indices[..., :])]`."""
    return e.moved(data, lambda x: e.builder.gather_nd(x, indices, batch_dims))


def gather_elements(e: Emitter, data: Stored, indices: Numbers, axis: Whole = -1) -> Tensor:
    """`np.take_along_axis`: elements of `data` at `indices` along an axis."""
    return e.moved(data, lambda x: e.builder.gather_elements(x, indices, axis))


def transpose(e: Emitter, x: Stored, permutation: Axes | None = None) -> Tensor:
    """Axes in another order; reversed unless said otherwise."""
    rank = len(x.sizes)
    order = list(reversed(range(rank))) if permutation is None else permutation
    return e.moved(x, lambda value: e.builder.transpose(value, [axis + rank if axis < 0 else axis for axis in order]))


def reshape(e: Emitter, x: Stored, shape: Sizes) -> Tensor:
    """The same elements under another shape; one size may be -1 and follows from the others."""
    if shape.count(-1) == 1:
        rest = product(size for size in shape if size != -1)
        shape = [_quotient(product(x.sizes), rest) if size == -1 else size for size in shape]
    sizes = require_sizes(shape)
    return e.moved(x, lambda value: e.builder.reshape(value, sizes))


def broadcast(e: Emitter, x: Stored, shape: Sizes) -> Tensor:
    """Repeated to a shape, as numpy's `broadcast_to`."""
    sizes = require_sizes(shape)
    return e.moved(x, lambda value: e.builder.broadcast(value, sizes))


def concat(e: Emitter, parts: Tensors, axis: Whole) -> Tensor:
    """Tensors one after the other along an axis; quantised ones are dequantised."""
    return Tensor(e.builder.concat(e.unify(list(parts), "concat"), axis))


def split(e: Emitter, x: Stored, parts: AnyValue, axis: Whole = -1) -> tuple[Value, ...]:
    """Equal `parts`, or parts of the sizes in a list, along an axis."""
    rank = len(x.sizes)
    if not -rank <= axis < rank:
        raise ShapeError(f"split has no axis {axis}: its operand has {rank} dimensions")
    axis %= rank
    size = x.sizes[axis]
    sizes = to_sizes(parts) if isinstance(parts, list) else _equal_parts(size, to_size(parts))
    total: Size = 0
    for part in sizes:
        total = total + part
    if total != size:
        raise ShapeError(f"parts of {', '.join(map(str, sizes))} do not add up to {size}")
    results: list[Value] = []
    start: Size = 0
    for count in require_sizes(sizes):
        results.append(_part(e, x, axis, start, count))
        start = start + count
    return tuple(results)


def _part(e: Emitter, x: Tensor, axis: int, start: Size, count: Size) -> Tensor:
    starts: list[Size] = [0] * len(x.sizes)
    shape = list(x.sizes)
    starts[axis], shape[axis] = start, count
    return e.moved(x, lambda value: e.builder.slice(value, starts, shape, [1] * len(shape)))


def _equal_parts(size: Size, parts: Size) -> list[Size]:
    if not isinstance(parts, int) or not 1 <= parts <= 1000:
        raise ShapeError(f"a number of parts is 1 to 1000, got {parts}")
    return [_quotient(size, parts)] * parts


def _quotient(size: Size, by: Size) -> Size:
    if isinstance(size, Dim) and by != 0:
        return size // by
    if not isinstance(size, int) or not isinstance(by, int) or by == 0 or size % by:
        raise ShapeError(f"{size} elements do not divide by {by}")
    return size // by


def _triangle(upper: bool) -> Callable[..., SSAValue]:
    def triangle(e: Emitter, x: Stored, k: Whole = 0) -> SSAValue:
        return e.builder.trilu(e.real(x), k, upper=upper)

    return triangle


def iota(e: Emitter, size: OneSize, start: Whole = 0, step: Whole = 1) -> SSAValue:
    """`start, start + step, ...`, `size` of them, as i64."""
    return e.builder.iota(require_sizes([size])[0], start=start, step=step)


def size(e: Emitter, x: TensorOnly, axis: Whole) -> Size:
    """The size of an axis."""
    if not -len(x.sizes) <= axis < len(x.sizes):
        raise ShapeError(f"there is no axis {axis}: the tensor has {len(x.sizes)}")
    return x.sizes[axis]


_FLOAT_OPS: tuple[type[ew.UnaryOp], ...] = (
    ew.Exp,
    ew.Log,
    ew.Sqrt,
    ew.Reciprocal,
    ew.Sin,
    ew.Cos,
    ew.Erf,
    ew.Tanh,
    ew.Sigmoid,
    ew.Gelu,
    ew.GeluTanh,
    ew.Floor,
    ew.Ceil,
    ew.Round,
)
_NUMBER_OPS: tuple[type[ew.NumericUnaryOp], ...] = (ew.Abs, ew.Sign, ew.Relu)
_BINARY_OPS: tuple[type[ew.BinaryOp], ...] = (ew.Maximum, ew.Minimum, ew.Xor)
_REDUCTIONS: tuple[type[rd.ReduceOp], ...] = (rd.ReduceSum, rd.ReduceMean, rd.ReduceMax, rd.ReduceMin, rd.ReduceProd)


def _named(op: type[ew.ElementwiseOp] | type[rd.ReduceOp], emit: Callable[..., SSAValue]) -> Builtin:
    return Builtin.of(emit, op.name.removeprefix("nn."))


FUNCTIONS: dict[str, Builtin] = {
    builtin.name: builtin
    for builtin in (
        Builtin.of(_linear, "linear"),
        Builtin.of(_matmul, "matmul"),
        *(Builtin.of(emit) for emit in (attention, softmax, layer_norm, cumsum, arg_max, where, cast, is_nan)),
        *(Builtin.of(emit) for emit in (quantize, dequantize, dynamic_quantize, integers)),
        *(Builtin.of(emit) for emit in (gather, gather_nd, gather_elements, transpose, reshape, broadcast)),
        *(Builtin.of(emit) for emit in (concat, split, iota, size)),
        Builtin.of(_triangle(upper=True), "triu"),
        Builtin.of(_triangle(upper=False), "tril"),
        *(_named(op, _float_op(op)) for op in _FLOAT_OPS),
        *(_named(op, _number_op(op)) for op in _NUMBER_OPS),
        *(_named(op, _binary_op(op)) for op in _BINARY_OPS),
        *(_named(op, _reduction(op)) for op in _REDUCTIONS),
    )
}
"""Every function of the language by name."""
