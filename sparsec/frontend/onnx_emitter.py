"""Turns known values into ops when an op needs them as data, and makes sizes agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import to_element
from sparsec.dialects.requirements import Requirement
from sparsec.dims import Dim, Size
from sparsec.errors import ShapeError
from sparsec.frontend.onnx_sizes import Limits, merge
from sparsec.frontend.onnx_values import Dtype, Expanded, Grid, Known, Shape, Stack, Value

DATA_DTYPES = frozenset({"float32", "int64", "int32", "int8", "uint8", "bool"})
"""What a tensor of the program may hold. Known values may be of any type numpy has, until they are needed as data."""


class Unsupported(Exception):
    """One node cannot be expressed; its text says why and what to do. Reading goes on to find the others."""


class SymbolsMustAgree(Exception):
    """A node needs `symbol` to be `size`. The model is read again with that built in.

    Attributes:
        reason: which node needs it, and for which shapes.
    """

    def __init__(self, symbol: str, size: Size, reason: str):
        super().__init__(reason)
        self.symbol, self.size, self.reason = symbol, size, reason


class Emitter:
    """The builder, with memory of what was already emitted.

    Attributes:
        build: the builder, whose `source` is the current node.
        order: position of each symbol in the signature.
        required: what the sizes must satisfy, each with the node that needs it first.
    """

    def __init__(self, build: Builder, order: Mapping[str, int]):
        self.build = build
        self.order = order
        self.required: dict[Limits, Requirement] = {}
        self._emitted: dict[int, tuple[Value, SSAValue]] = {}

    def materialise(self, value: Value) -> SSAValue:
        """The value as data of its full shape; the same known value is emitted once.

        Raises:
            Unsupported: its element type cannot be data of a program.
        """
        if isinstance(value, SSAValue):
            return value
        if id(value) not in self._emitted:
            self._emitted[id(value)] = (value, self._emit(value))  # keeping the value keeps its id its own
        return self._emitted[id(value)][1]

    def require(self, limits: Iterable[Limits]) -> None:
        """Make the program refuse sizes that break one of these."""
        for lower, upper in limits:
            self.required.setdefault((lower, upper), Requirement(lower, upper, self.build.source or "the model"))

    def unexpanded(self, value: Value) -> SSAValue:
        """The value as data before its broadcast, for ops that broadcast anyway."""
        if isinstance(value, Expanded):
            return value.inner
        if isinstance(value, Grid) and value.constant is not None:
            return self._number(value.constant, value.dtype)
        return self.materialise(value)

    def _emit(self, value: Known | Grid | Stack | Expanded) -> SSAValue:
        match value:
            case Known():
                return self._emit_known(value)
            case Grid():
                return self._emit_grid(value)
            case Stack():
                whole = value.shape
                parts = [self._emit_grid(part.broadcast((*whole[:-1], 1))) for part in value.parts]
                return self.build.concat(parts, len(whole) - 1)
            case Expanded():
                return self.build.broadcast(value.inner, value.shape)

    def _emit_known(self, known: Known) -> SSAValue:
        require_data_dtype(known.dtype)
        if not known.is_symbolic:
            return self.build.constant(known.array)
        pieces = [self.build.reshape(self._number(size, known.dtype), [1]) for size in known.sizes()]
        vector = self.build.concat(pieces, 0) if len(pieces) > 1 else pieces[0]
        return self.build.reshape(vector, known.array.shape)

    def _number(self, size: Size, dtype: Dtype) -> SSAValue:
        require_data_dtype(dtype)
        if isinstance(size, int):
            return self.build.constant(size, dtype)
        return self.build.cast(self.build.dimension(size), to_element(dtype))

    def _emit_grid(self, grid: Grid) -> SSAValue:
        require_data_dtype(grid.dtype)
        total: SSAValue | None = None
        offset = grid.offset
        for axis, (size, stride) in enumerate(zip(grid.shape, grid.strides, strict=True)):
            if stride == 0:
                continue
            if isinstance(stride, Dim):
                index = self.build.iota(size, element=i64)
                index = self.build.apply(ew.Mul, index, self.build.dimension(stride))
            else:
                start = offset if isinstance(offset, int) else 0
                offset = offset - start
                index = self.build.iota(size, start=start, step=stride)
            ones = [1] * (len(grid.shape) - axis - 1)
            index = self.build.reshape(index, [size, *ones])
            total = index if total is None else self.build.apply(ew.Add, total, index)
        if total is None:
            return self.build.broadcast(self._number(offset, grid.dtype), grid.shape)
        if offset != 0:
            total = self.build.apply(ew.Add, total, self.build.dimension(offset))
        return self.build.broadcast(self.build.cast(total, to_element(grid.dtype)), grid.shape)

    def require_equal(self, a: Size, b: Size, what: str) -> None:
        """Make sure two sizes are the same.

        Raises:
            SymbolsMustAgree: they are once a symbol is replaced.
            ShapeError: they never are.
        """
        if a == b:
            return
        substitution = merge(a, b, self.order)
        if substitution is None:
            advice = "; if they always are, name the input dimensions alike when exporting, or fix them with `dims`"
            symbolic = isinstance(a, Dim) or isinstance(b, Dim)
            raise ShapeError(
                f"{self.build.source}: {what} must be equal, but are {a} and {b}{advice if symbolic else ''}"
            )
        raise SymbolsMustAgree(*substitution, f"{self.build.source}: {what} must be equal: {a} and {b}")

    def broadcast_shape(self, *shapes: Sequence[Size]) -> Shape:
        """numpy's broadcasting of shapes; sizes that differ are made to agree.

        Raises:
            SymbolsMustAgree, ShapeError: as `require_equal`.
        """
        rank = max((len(shape) for shape in shapes), default=0)
        result: list[Size] = [1] * rank
        for shape in shapes:
            for axis, size in enumerate(shape, rank - len(shape)):
                if result[axis] == 1:
                    result[axis] = size
                elif size != 1:
                    written = " and ".join("[" + ", ".join(map(str, shape)) + "]" for shape in shapes)
                    self.require_equal(result[axis], size, f"sizes of {written} on axis {axis}")
        return tuple(result)


def require_data_dtype(dtype: Dtype) -> None:
    """Refuse element types that programs do not compute with.

    Raises:
        Unsupported: with what to do instead.
    """
    if dtype.name not in DATA_DTYPES:
        advice = "convert the model to float32 before compiling" if dtype.kind in "fV" else "cast it to int64 or int32"
        raise Unsupported(f"element type {dtype.name} is not computed with; {advice}")
