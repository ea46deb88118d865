"""Gather, GatherElements, GatherND, ScatterND.

An index that counts up (`Range`, a constant, the "gather everything" of attention masks) makes a slice instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from sparsec.dims import Size
from sparsec.errors import ModelError
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.elementwise import FOLD_LIMIT
from sparsec.frontend.onnx_ops.grids import spread
from sparsec.frontend.onnx_ops.movement import LINEAR_LIMIT, sliced
from sparsec.frontend.onnx_ops.shapes import reshaped
from sparsec.frontend.onnx_values import Expanded, Grid, Known, Shape, Stack, Value, as_grid, shape_of


def _gather(call: Call) -> Value:
    data, indices, shape = call.value(0), call.value(1), call.shape(0)
    axis = call.axis(call.integer("axis", 0), len(shape))
    if isinstance(data, Known) and isinstance(indices, Known) and not indices.is_symbolic:
        taken = indices.array.size * max(data.array.size // max(data.array.shape[axis], 1), 1)
        if taken <= FOLD_LIMIT:
            return Known.of(np.asarray(np.take(data.array, indices.array, axis), data.array.dtype), data.dtype)
    grid = _as_grid(indices)
    if grid is not None:
        part = _gather_run(call, data, grid, axis)
        if part is not None:
            return part
    return call.build.gather(call.data(0), _index_data(call, 1), axis)


def _as_grid(indices: Value) -> Grid | None:
    if isinstance(indices, Known) and indices.array.size <= LINEAR_LIMIT:
        return as_grid(indices)
    return indices if isinstance(indices, Grid) else None


def _gather_run(call: Call, data: Value, indices: Grid, axis: int) -> Value | None:
    """`gather(x, [a, a+1, ..., b-1]) -> slice(x, a, b)`, and `gather(x, [a, a, ...])` is a broadcast of one slice."""
    shape = shape_of(data)
    start, constant = indices.offset, indices.constant
    if isinstance(start, int) and start < 0:
        if not indices.counts_up() or not isinstance(indices.count, int) or start + indices.count > 0:
            return None
        start = start + shape[axis]
    target = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    if indices.counts_up():
        return reshaped(call, sliced(call, data, axis, start, indices.count), target)
    if constant is None:
        return None
    one = reshaped(
        call, sliced(call, data, axis, start, 1), [*shape[:axis], *[1] * len(indices.shape), *shape[axis + 1 :]]
    )
    return spread(one, target) or spread(call.emitter.materialise(one), target)


def _index_data(call: Call, index: int) -> SSAValue:
    _require_integers(call, index)
    return call.data(index)


def _require_integers(call: Call, index: int) -> None:
    if call.dtype(index).name not in ("int32", "int64"):
        raise ModelError(f"{call.node.title}: indices of type {call.dtype(index).name}, expected INT32 or INT64")


def _gather_nd(call: Call) -> Value:
    data, indices, batch_dims = call.value(0), call.value(1), call.integer("batch_dims", 0)
    if isinstance(data, Known) and isinstance(indices, Known) and batch_dims == 0 and not indices.is_symbolic:
        picked = np.asarray(data.array[tuple(np.moveaxis(indices.array, -1, 0))], data.array.dtype)
        if picked.size <= FOLD_LIMIT:
            return Known.of(picked, data.dtype)
    if isinstance(indices, Stack) and batch_dims == 0:
        everything = _gather_everything(call, data, indices)
        if everything is not None:
            return everything
    return call.build.gather_nd(call.data(0), _index_data(call, 1), batch_dims)


def _gather_everything(call: Call, data: Value, indices: Stack) -> Value | None:
    """`x[i, j]` with `i`, `j` counting along axes of their own, in order: x with axes of size 1 between."""
    shape, over = shape_of(data), indices.shape[:-1]
    if len(indices.parts) > len(shape):
        return None
    small: list[Size] = [1] * len(over)
    previous = -1
    for part, size in zip(indices.parts, shape, strict=False):
        axes = [axis for axis, stride in enumerate(part.strides) if stride != 0]
        if part.offset != 0 or len(axes) > 1 or (not axes and size != 1):
            return None
        if axes:
            axis = axes[0]
            if axis <= previous or part.strides[axis] != 1 or over[axis] != size:
                return None
            small[axis], previous = size, axis
    rest = shape[len(indices.parts) :]
    value = reshaped(call, data, [*small, *rest])
    target = (*over, *rest)
    return spread(value, target) or spread(call.emitter.materialise(value), target)


def _gather_elements(call: Call) -> Value:
    data, shape, over = call.value(0), call.shape(0), call.shape(1)
    axis = call.axis(call.integer("axis", 0), len(shape))
    if len(shape) != len(over):
        raise ModelError(f"{call.node.title}: data of rank {len(shape)}, indices of rank {len(over)}")
    indices = call.value(1)
    if (
        isinstance(data, Known)
        and isinstance(indices, Known)
        and max(data.array.size, indices.array.size) <= FOLD_LIMIT
    ):
        reached = [slice(None) if place == axis else slice(size) for place, size in enumerate(indices.array.shape)]
        return Known.of(np.take_along_axis(data.array[tuple(reached)], indices.array, axis), data.dtype)
    vector = _same_in_all_rows(call, data, axis)
    if vector is not None:
        return call.build.gather(vector, _index_data(call, 1), 0)
    for place, size in enumerate(over):
        data = data if place == axis else sliced(call, data, place, 0, size)
    return call.build.gather_elements(call.emitter.materialise(data), _indices_along(call, axis, over), axis)


def _indices_along(call: Call, axis: int, shape: Shape) -> SSAValue:
    """The indices, of size 1 on other axes where they are the same for all: such are not repeated."""
    indices = call.value(1)
    if not isinstance(indices, Expanded):
        return _index_data(call, 1)
    _require_integers(call, 1)
    inner = list(shape_of(indices.inner))
    inner = [1] * (len(shape) - len(inner)) + inner
    small = call.build.reshape(indices.inner, inner)
    inner[axis] = shape[axis]
    return call.build.broadcast(small, inner)


def _same_in_all_rows(call: Call, data: Value, axis: int) -> SSAValue | None:
    """The vector along `axis` when the data is a broadcast of it."""
    if not isinstance(data, Expanded | Grid):
        return None
    inner = shape_of(data.inner) if isinstance(data, Expanded) else data.shape
    inner = [*[1] * (len(shape_of(data)) - len(inner)), *inner]
    length = shape_of(data)[axis]
    if isinstance(data, Grid):
        if any(stride != 0 for place, stride in enumerate(data.strides) if place != axis):
            return None
        return call.emitter.materialise(Grid((length,), data.offset, (data.strides[axis],), data.dtype))
    if any(size != 1 for place, size in enumerate(inner) if place != axis) or inner[axis] != length:
        return None
    return call.build.reshape(data.inner, [length])


def _non_zero(call: Call) -> Value:
    """Of a constant; and `nonzero(ones(n)) -> [[0, ..., n-1]]`, how old exporters spell a range."""
    value = call.value(0)
    if isinstance(value, Grid) and len(value.shape) == 1 and isinstance(value.constant, int) and value.constant:
        return Grid((1, *value.shape), 0, (0, 1), np.dtype(np.int64))
    if not isinstance(value, Known) or value.is_symbolic:
        raise Unsupported("its output size depends on data; move it to before or after the compiled part")
    return Known.of(np.stack(np.nonzero(np.atleast_1d(value.array))).astype(np.int64))


def _scatter_nd(call: Call) -> Value:
    values: Sequence[Value] = [call.value(index) for index in range(3)]
    known = [value for value in values if isinstance(value, Known) and not value.is_symbolic]
    if len(known) < 3 or call.text("reduction", "none") != "none" or known[0].array.size > LINEAR_LIMIT:
        raise Unsupported("it writes into data while the program runs; only constants can be written to")
    data, indices, updates = (value.array for value in known)
    result = np.array(data)
    result[tuple(np.moveaxis(indices, -1, 0))] = updates
    return Known.of(result)


GATHERING: dict[str, Translate] = {
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "NonZero": _non_zero,
    "ScatterND": _scatter_nd,
}
