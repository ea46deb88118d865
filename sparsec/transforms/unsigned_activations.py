"""Signed bytes become unsigned ones, so that kernels meet one kind of quantised activation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, TensorType, i8, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from sparsec.builder import Builder, constant_value
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, sizes_of, tensor, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.tensor_op import TensorOp
from sparsec.transforms.bodies import replace
from sparsec.transforms.straight_line import erase_dead, function_blocks
from sparsec.weights import WeightStore

SHIFT = 128

MOVES = (st.Reshape, st.Transpose, st.Slice, st.Gather, st.GatherND, st.GatherElements, st.Broadcast)
"""Ops whose result holds elements of their first operand, each where it was told to be."""


@dataclass(frozen=True)
class UnsignedActivations(ModulePass):
    """`quantize(x, s, z : i8)` -> `quantize(x, s, z + 128 : ui8)`, and its readers accordingly; exact.

    The shift travels through ops that only move data. Where signed bytes come from elsewhere (an input) or must stay
    what they are (an output), they are converted. Constants that only products and dequantisation read stay signed.
    """

    name = "unsigned-activations"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for block in function_blocks(op):
            _Shifted(weights_of(ctx)).rewrite(block)
            erase_dead(block)


@dataclass
class _Shifted:
    """The unsigned counterparts, `v + 128`, of signed values seen so far."""

    weights: WeightStore
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def rewrite(self, block: Block) -> None:
        """Rewrite the ops of `block` and of the bodies in it, in order."""
        for op in list(block.ops):
            for region in op.regions:
                for inner in region.blocks:
                    self.rewrite(inner)
            builder = Builder.before(self.weights, op)
            match op:
                case ew.Quantize() if element_of(op.result.type) == i8:
                    self._quantize(op, builder)
                case ew.Dequantize() if self._is_activation(op.operand):
                    self._dequantize(op, builder)
                case ew.Cast() if self._is_replaced(op.operand):
                    wide = builder.cast(self.values[op.operand], i32)
                    signed = builder.apply(ew.Sub, wide, _number(builder, SHIFT, i32, wide))
                    replace(op, [builder.cast(signed, op.to)])
                case Attention():
                    self._attention(op, builder)
                case _ if isinstance(op, (*MOVES, st.Concat)) and self._moves_activation(op):
                    self._move(op, builder)
                case _:
                    self._keep_signed(op, builder)

    def _quantize(self, op: ew.Quantize, builder: Builder) -> None:
        zero = constant_value(op.zero_point, self.weights)
        if zero is None:
            return
        shifted = _constant(builder, (zero.astype(np.int16) + SHIFT).astype(np.uint8), op.zero_point.type)
        properties = dict(op.properties)
        self.values[op.result] = builder.create(ew.Quantize, [op.operand, op.scale, shifted], properties).results[0]

    def _dequantize(self, op: ew.Dequantize, builder: Builder) -> None:
        zero = constant_value(op.zero_point, self.weights)
        if zero is None:
            return
        shifted = _constant(builder, (zero.astype(np.int16) + SHIFT).astype(np.uint8), op.zero_point.type)
        operands = [self._unsigned(op.operand, builder), op.scale, shifted]
        replace(op, [builder.create(ew.Dequantize, operands, dict(op.properties)).results[0]])

    def _is_activation(self, value: SSAValue) -> bool:
        return element_of(value.type) == i8 and not isinstance(value.owner, st.Constant)

    def _is_replaced(self, value: SSAValue) -> bool:
        """Whether the signed value itself will be gone: its op has an unsigned twin."""
        return value in self.values and isinstance(value.owner, (ew.Quantize, *MOVES, st.Concat))

    def _moves_activation(self, op: Operation) -> bool:
        moved = op.operands if isinstance(op, st.Concat) else op.operands[:1]
        return element_of(op.results[0].type) == i8 and any(value in self.values for value in moved)

    def _move(self, op: Operation, builder: Builder) -> None:
        if isinstance(op, st.Concat):
            parts = [self._unsigned(part, builder) for part in op.parts]
            self.values[op.result] = builder.create(st.Concat, parts, dict(op.properties)).results[0]
        else:
            self.values[op.results[0]] = _moved_like(op, self._unsigned(op.operands[0], builder), builder)

    def _unsigned(self, value: SSAValue, builder: Builder) -> SSAValue:
        """The counterpart of any signed value: known, a shifted constant, or converted here and now."""
        if value not in self.values:
            constant = constant_value(value, self.weights)
            if constant is not None:
                return _constant(builder, (constant.astype(np.int16) + SHIFT).astype(np.uint8), value.type)
            after = value.owner if isinstance(value.owner, Operation) else None
            place = InsertPoint.after(after) if after is not None else InsertPoint.at_start(_block(value))
            here = Builder(self.weights, place)
            here.source = builder.source
            wide = here.cast(value, i32)
            shifted = here.apply(ew.Add, wide, _number(here, SHIFT, i32, wide))
            self.values[value] = here.cast(shifted, ui8)
        return self.values[value]

    def _attention(self, op: Attention, builder: Builder) -> None:
        """Signed operands, and signed weights that its body quantises, with their zero points."""
        for index, name in enumerate("qkv"):
            if self._is_activation(op.operands[index]):
                op.operands[index] = self._unsigned(op.operands[index], builder)
                op.properties[f"{name}_zero"] = IntegerAttr(op.zero(name) + SHIFT, i64)
        end = op.weight.block.last_op
        if end is not None and (shifted := self._before_signed(end.operands[0])) is not None:
            end.operands[0] = shifted
            op.properties["w_zero"] = IntegerAttr(op.zero("w") + SHIFT, i64)
        self._keep_signed(op, builder)

    def _before_signed(self, value: SSAValue) -> SSAValue | None:
        """`u` when `value` is the `cast(cast(u) - 128)` that `_keep_signed` made of it."""
        if not isinstance(value.owner, ew.Cast) or element_of(value.type) != i8:
            return None
        difference = value.owner.operand.owner
        wide = difference.lhs.owner if isinstance(difference, ew.Sub) else None
        return wide.operand if isinstance(wide, ew.Cast) and wide.operand in self.values.values() else None

    def _keep_signed(self, op: Operation, builder: Builder) -> None:
        """Give an op that insists on signed bytes what it wants."""
        for index, operand in enumerate(op.operands):
            if self._is_replaced(operand):
                wide = builder.cast(self.values[operand], i32)
                signed = builder.apply(ew.Sub, wide, _number(builder, SHIFT, i32, wide))
                op.operands[index] = builder.cast(signed, i8)


def _moved_like(move: Operation, data: SSAValue, builder: Builder) -> SSAValue:
    """The elements of `data` moved as `move` moves those of its first operand."""
    assert isinstance(move, TensorOp)
    types = [tensor(element_of(data.type), sizes_of(move.results[0].type))]
    operands = [data, *move.operands[1:]]
    return builder.create(type(move), operands, dict(move.properties), result_types=types).results[0]


def _number(builder: Builder, value: int, element: Attribute, like: SSAValue) -> SSAValue:
    """A constant scalar, of a tensor type if `like` has one."""
    if isinstance(like.type, TensorType):
        return builder.constant(value, np.int32)
    return builder.scalar(value, element)


def _constant(builder: Builder, array: np.ndarray, like: Attribute) -> SSAValue:  # pyright: ignore
    if isinstance(like, TensorType):
        return builder.constant(array)  # pyright: ignore[reportUnknownArgumentType]
    return builder.scalar(int(array), ui8)  # pyright: ignore


def _block(value: SSAValue) -> Block:
    assert isinstance(value.owner, Block)
    return value.owner
