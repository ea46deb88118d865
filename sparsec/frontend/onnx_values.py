"""What an ONNX value is while the frontend reads a graph: data of the program, or something already known.

Exporters compute shapes, positions and masks in the graph. Whatever depends on sizes only is kept in one of the known
forms below and never becomes an op, unless an op needs it as data (`onnx_call.Emitter.materialise`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from sparsec.dialects.encoding import sizes_of
from sparsec.dims import Dim, Size, product
from sparsec.weights import Array

Dtype = np.dtype[np.generic]
Shape = tuple[Size, ...]


@dataclass(frozen=True, eq=False)
class Known:
    """A constant: numbers (`array.dtype == dtype`), or numbers and sizes (an object array of `int` and `Dim`)."""

    array: Array
    dtype: Dtype

    @staticmethod
    def of(array: Array, dtype: Dtype | None = None) -> Known:
        """A constant from an array; an object array without any `Dim` becomes plain numbers of `dtype` (int64)."""
        if array.dtype != object:
            return Known(array, array.dtype)
        dtype = dtype or np.dtype(np.int64)
        symbolic = any(isinstance(item, Dim) for item in array.flat)
        return Known(array if symbolic else array.astype(dtype), dtype)

    @staticmethod
    def of_sizes(sizes: Sequence[Size]) -> Known:
        """A vector of sizes, as `Shape` makes it."""
        array = np.empty(len(sizes), object)
        array[:] = list(sizes)
        return Known.of(array)

    @property
    def is_symbolic(self) -> bool:
        """Whether some element is a `Dim`."""
        return self.array.dtype == object

    def sizes(self) -> list[Size]:
        """The elements in row-major order, as Python ints and `Dim`s."""
        return [item if isinstance(item, Dim) else int(item) for item in self.array.reshape(-1).tolist()]


@dataclass(frozen=True)
class Grid:
    """An integer or boolean tensor that is linear in its index: `offset + sum(strides[k] * index[k])`.

    `Range` makes one, positions and "gather everything" indices of attention masks are built from them. All strides 0
    is a constant spread over a symbolic shape. Axes of size 1 have stride 0.
    """

    shape: Shape
    offset: Size
    strides: tuple[Size, ...]
    dtype: Dtype

    @staticmethod
    def filled(value: Size, shape: Sequence[Size], dtype: Dtype) -> Grid:
        """The same value everywhere."""
        return Grid(tuple(shape), value, (0,) * len(shape), dtype)

    @property
    def constant(self) -> Size | None:
        """The value of all elements when they are equal."""
        return None if any(self.strides) else self.offset

    def broadcast(self, shape: Shape) -> Grid:
        """The grid over a larger shape it broadcasts to."""
        pad = len(shape) - len(self.shape)
        return Grid(shape, self.offset, (0,) * pad + self.strides, self.dtype)

    def counts_up(self) -> bool:
        """Whether the elements in row-major order are `offset, offset + 1, offset + 2, ...`."""
        step: Size = 1
        for size, stride in reversed(list(zip(self.shape, self.strides, strict=True))):
            if size != 1:
                if stride != step:
                    return False
                step = step * size
        return True

    @property
    def count(self) -> Size:
        """How many elements it has."""
        return product(self.shape)


@dataclass(frozen=True)
class Stack:
    """Grids one after the other along the last axis (each of size 1 there): the indices of a `GatherND`."""

    parts: tuple[Grid, ...]

    @property
    def shape(self) -> Shape:
        """The shape of the whole."""
        return (*self.parts[0].shape[:-1], len(self.parts))


@dataclass(frozen=True, eq=False)
class Expanded:
    """Data that stands for its broadcast to `shape`: masks stay small until an op really needs every element."""

    inner: SSAValue
    shape: Shape


Value = SSAValue | Known | Grid | Stack | Expanded


def shape_of(value: Value) -> Shape:
    """The shape of any value."""
    if isinstance(value, SSAValue):
        return sizes_of(value.type)
    return tuple(value.array.shape) if isinstance(value, Known) else value.shape


def as_grid(known: Known) -> Grid | None:
    """The grid of a small integer or boolean constant that is linear in its index; None when it is not."""
    array = known.array
    if known.dtype.kind not in "iub" or not array.size:
        return None
    if known.is_symbolic:
        return Grid.filled(known.sizes()[0], array.shape, known.dtype) if array.size == 1 else None
    values = array.astype(np.int64)
    offset = int(values.flat[0])
    strides = tuple(
        int(values.flat[step] - offset) if size > 1 else 0
        for size, step in zip(array.shape, _steps(array.shape), strict=True)
    )
    linear = sum(
        (stride * index for stride, index in zip(strides, np.indices(array.shape, sparse=True), strict=True)),
        start=np.int64(offset),
    )
    return Grid(tuple(array.shape), offset, strides, known.dtype) if np.array_equal(values, linear) else None


def _steps(shape: Sequence[int]) -> list[int]:
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
