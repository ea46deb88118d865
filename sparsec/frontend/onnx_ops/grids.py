"""Arithmetic of index grids (`onnx_values.Grid`): what stays linear in the index, and comparisons that are decided.

A rule gets the broadcast shape and the operands, and returns the grid, another value, or None when it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dims import Size
from sparsec.frontend.onnx_sizes import Undecided, in_type, is_equal, is_less, vanishing
from sparsec.frontend.onnx_values import Expanded, Grid, Known, Shape, Value, as_grid, shape_of

GridRule = Callable[[Shape, Sequence[Value]], Value | None]

_BOOL = np.dtype(np.bool_)


def _grid(value: Value) -> Grid | None:
    if isinstance(value, Grid):
        return value
    if isinstance(value, Known) and value.array.size <= 64:
        return as_grid(value)
    return None


def _grids(shape: Shape, operands: Sequence[Value]) -> list[Grid] | None:
    grids = [grid.broadcast(shape) for operand in operands if (grid := _grid(operand)) is not None]
    return grids if len(grids) == len(operands) else None


def _sum(shape: Shape, operands: Sequence[Value]) -> Value | None:
    """`(a + i*p) + (b + i*q) -> (a + b) + i*(p + q)`"""
    grids = _grids(shape, operands)
    if grids is None:
        return None
    a, b = grids
    strides = tuple(x + y for x, y in zip(a.strides, b.strides, strict=True))
    return Grid(shape, a.offset + b.offset, strides, a.dtype)


def _scaled(grid: Grid, factor: Size) -> Grid:
    return replace(grid, offset=grid.offset * factor, strides=tuple(stride * factor for stride in grid.strides))


def _negated(shape: Shape, operands: Sequence[Value]) -> Value | None:
    grids = _grids(shape, operands)
    return _scaled(grids[0], -1) if grids else None


def _difference(shape: Shape, operands: Sequence[Value]) -> Value | None:
    grids = _grids(shape, operands)
    return _sum(shape, [grids[0], _scaled(grids[1], -1)]) if grids else None


def _product(shape: Shape, operands: Sequence[Value]) -> Value | None:
    """`(a + i*p) * c -> a*c + i*(p*c)`"""
    grids = _grids(shape, operands)
    if grids is None:
        return None
    for grid, factor in (grids, reversed(grids)):
        constant = factor.constant
        if constant is not None:
            return _scaled(grid, constant)
    return None


def _extremes(grid: Grid) -> tuple[Size, Size]:
    """Its smallest and largest element.

    Raises:
        Undecided: the sign of a stride depends on the sizes.
    """
    low = high = grid.offset
    for size, stride in zip(grid.shape, grid.strides, strict=True):
        reach = stride * (size - 1)
        if is_less(stride, 0, vanishing(grid.shape)):
            low = low + reach
        else:
            high = high + reach
    return low, high


def grid_in_type(grid: Grid) -> Grid:
    """The grid as its element type holds it.

    Raises:
        Undecided: some elements wrap around, or may.
    """
    if grid.dtype.kind not in "iu":
        return grid
    if grid.constant is not None:
        return replace(grid, offset=in_type(grid.offset, grid.dtype))
    if grid.dtype != np.int64:
        for extreme in _extremes(grid):
            if in_type(extreme, grid.dtype) != extreme:
                raise Undecided(f"{extreme} wraps around in {grid.dtype.name}")
    return grid


def _less(swap: bool, negate: bool) -> GridRule:
    """`a < b` (`swap`: `b < a`; `negate`: not that) whose answer is the same for all elements becomes a constant."""

    def rule(shape: Shape, operands: Sequence[Value]) -> Value | None:
        grids = _grids(shape, operands)
        if grids is None:
            return None
        a, b = reversed(grids) if swap else grids
        try:
            (a_low, a_high), (b_low, b_high) = _extremes(a), _extremes(b)
            somewhere = vanishing(shape)  # without elements, every answer is right
            answers = {is_less(a_high, b_low, somewhere), is_less(a_low, b_high, somewhere)}
        except Undecided:
            return None
        return Grid.filled(int(answers.pop() != negate), shape, _BOOL) if len(answers) == 1 else None

    return rule


def _equal(shape: Shape, operands: Sequence[Value]) -> Value | None:
    """`a == b` where the ranges cannot meet, or where both are constant."""
    grids = _grids(shape, operands)
    if grids is None:
        return None
    a, b = grids
    somewhere = vanishing(shape)
    try:
        if a.constant is not None and b.constant is not None:
            return Grid.filled(int(is_equal(a.constant, b.constant, somewhere)), shape, _BOOL)
        (a_low, a_high), (b_low, b_high) = _extremes(a), _extremes(b)
        apart = is_less(a_high, b_low, somewhere) or is_less(b_high, a_low, somewhere)
    except Undecided:
        return None
    return Grid.filled(0, shape, _BOOL) if apart else None


def _absorbing(neutral: bool) -> GridRule:
    """`and(true, x) -> x`, `and(false, x) -> false`; the same for `or` with the roles exchanged."""

    def rule(shape: Shape, operands: Sequence[Value]) -> Value | None:
        for operand, other in (operands, reversed(operands)):
            grid = _grid(operand)
            if grid is not None and isinstance(grid.constant, int):
                if bool(grid.constant) != neutral:
                    return Grid.filled(int(not neutral), shape, _BOOL)
                return spread(other, shape)
        return None

    return rule


def _chosen(shape: Shape, operands: Sequence[Value]) -> Value | None:
    """`where(true, x, y) -> x`"""
    condition = _grid(operands[0])
    if condition is None or not isinstance(condition.constant, int):
        return None
    return spread(operands[1] if condition.constant else operands[2], shape)


def _inverted(shape: Shape, operands: Sequence[Value]) -> Value | None:
    grid = _grid(operands[0])
    return Grid.filled(int(not grid.constant), shape, _BOOL) if grid and isinstance(grid.constant, int) else None


def spread(value: Value, shape: Shape) -> Value | None:
    """The value broadcast to a shape, without an op; None when that needs one."""
    if shape_of(value) == shape:
        return value
    match value:
        case SSAValue():
            return Expanded(value, shape)
        case Expanded():
            return Expanded(value.inner, shape)
        case _:
            grid = _grid(value)
            return grid.broadcast(shape) if grid else None


GRID_RULES: dict[type[ew.ElementwiseOp], GridRule] = {
    ew.Add: _sum,
    ew.Sub: _difference,
    ew.Mul: _product,
    ew.Neg: _negated,
    ew.Less: _less(swap=False, negate=False),
    ew.Greater: _less(swap=True, negate=False),
    ew.GreaterEqual: _less(swap=False, negate=True),
    ew.LessEqual: _less(swap=True, negate=True),
    ew.Equal: _equal,
    ew.And: _absorbing(True),
    ew.Or: _absorbing(False),
    ew.Not: _inverted,
    ew.Where: _chosen,
}
