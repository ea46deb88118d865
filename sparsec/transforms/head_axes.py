"""Where the axes of attention go: following reshapes and transposes between `[batch, tokens, hidden]` and heads.

An axis is written as the tuple of *atoms* that it flattens, in order: hidden is `("head", "channel")`. Atoms of size 1
are left out, so an axis of size 1 is `()`. A tensor lies in the order of its flattened atoms, whatever its shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.nn_structure import Reshape, Transpose
from sparsec.dialects.tensor_op import integers, sizes
from sparsec.dims import Size
from sparsec.transforms.matching import scalar_of
from sparsec.transforms.shape_rewrites import has_one_scale
from sparsec.weights import WeightStore

Axes = tuple[tuple[str, ...], ...]

BATCH, HEAD, TOKEN, CHANNEL = "batch", "head", "token", "channel"
ROW_MAJOR = (BATCH, TOKEN, HEAD, CHANNEL)
"""How attention reads and writes its operands."""


@dataclass(frozen=True)
class HeadAxes:
    """The axes of one value.

    Attributes:
        extent: the size of each atom.
        axes: the atoms of each axis.
    """

    extent: Mapping[str, Size]
    axes: Axes

    @staticmethod
    def of(names: Sequence[str], shape: Sequence[Size]) -> HeadAxes:
        """Axes of one atom each."""
        extent = dict(zip(names, shape, strict=True))
        return HeadAxes(extent, tuple((name,) if extent[name] != 1 else () for name in names))

    @property
    def order(self) -> tuple[str, ...]:
        """The flattened atoms."""
        return tuple(atom for axis in self.axes for atom in axis)

    @property
    def is_row_major(self) -> bool:
        """Whether the elements lie as in `[batch, tokens, hidden]`."""
        return self.order == tuple(name for name in ROW_MAJOR if name in self.order)

    def before(self, op: Transpose | Reshape) -> HeadAxes | None:
        """The axes of the operand, these being those of the result; None when the reshape splits an atom."""
        if isinstance(op, Transpose):
            permutation = integers(op.permutation)
            moved = {operand_axis: axis for operand_axis, axis in zip(permutation, self.axes, strict=True)}
            return HeadAxes(self.extent, tuple(moved[axis] for axis in range(len(permutation))))
        return self._regrouped(sizes(op.operand))

    def after(self, op: Transpose | Reshape) -> HeadAxes | None:
        """The axes of the result, these being those of the operand; None when the reshape splits an atom."""
        if isinstance(op, Transpose):
            return HeadAxes(self.extent, tuple(self.axes[axis] for axis in integers(op.permutation)))
        return self._regrouped(sizes(op.result))

    def _regrouped(self, shape: Sequence[Size]) -> HeadAxes | None:
        rest = list(self.order)
        axes: list[tuple[str, ...]] = []
        for size in shape:
            group: list[str] = []
            extent: Size = 1
            while extent != size:
                if not rest:
                    return None
                group.append(rest.pop(0))
                extent = self.extent[group[-1]] * extent
            axes.append(tuple(group))
        return None if rest else HeadAxes(self.extent, tuple(axes))


@dataclass(frozen=True)
class Source:
    """A value before its heads were split, and the elementwise steps that were taken on the way.

    Attributes:
        base: lies in the order of `[batch, tokens, hidden]`, in whatever shape, unless nobody split the heads.
        steps: elementwise ops with one tensor operand (the rest single numbers), first one first.
    """

    base: SSAValue
    steps: tuple[ew.ElementwiseOp, ...]


def trace_back(value: SSAValue, axes: HeadAxes, weights: WeightStore) -> Source | None:
    """Follow moves and per-tensor steps upwards until the value lies in the order of `[batch, tokens, hidden]`."""
    steps: list[ew.ElementwiseOp] = []
    while not axes.is_row_major:
        op = value.owner
        if isinstance(op, Transpose | Reshape):
            moved = axes.before(op)
            if moved is None:
                return None
            axes, value = moved, op.operand
        elif isinstance(op, ew.ElementwiseOp) and (operand := tensor_operand(op, weights)) is not None:
            steps.insert(0, op)
            value = operand
        else:
            return None
    while isinstance(value.owner, Reshape):
        value = value.owner.operand
    return Source(value, tuple(steps))


def before_steps(value: SSAValue, weights: WeightStore) -> Source:
    """The value before per-tensor steps, wherever it lies."""
    steps: list[ew.ElementwiseOp] = []
    while isinstance(op := value.owner, ew.ElementwiseOp) and (operand := tensor_operand(op, weights)) is not None:
        steps.insert(0, op)
        value = operand
    return Source(value, tuple(steps))


def tensor_operand(op: ew.ElementwiseOp, weights: WeightStore) -> SSAValue | None:
    """The operand of an elementwise op whose other operands are single numbers; None when it is not of that kind."""
    if isinstance(op, ew.QuantisationOp):
        return op.operand if has_one_scale(op) else None
    tensors = [operand for operand in op.operands if not is_number(operand, weights)]
    if len(tensors) != 1 or sizes(tensors[0]) != sizes(op.results[0]):
        return None
    return tensors[0]


def is_number(value: SSAValue, weights: WeightStore) -> bool:
    """Whether a value is one number that every element meets: a constant of one element, or of rank 0."""
    return not sizes(value) or scalar_of(value, weights) is not None


def replay(source: Source, shape: Sequence[Size], builder: Builder) -> SSAValue:
    """The value with its steps taken in `shape`, `[batch, tokens, hidden]`, before any splitting of heads."""
    value = builder.reshape(source.base, shape)
    for step in source.steps:
        main = tensor_operand(step, builder.weights)
        operands = [value if operand is main else builder.reshape(operand, ()) for operand in step.operands]
        properties = {name: attribute for name, attribute in step.properties.items() if name != "axis"}
        value = builder.create(type(step), operands, properties).results[0]
    return value
