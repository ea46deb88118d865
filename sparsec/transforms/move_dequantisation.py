"""Data moves as bytes: dequantisation goes behind gathers, reshapes and slices, quantisation in front of them."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, sizes_of, tensor
from sparsec.dialects.nn_elementwise import Dequantize, QuantisationOp, Quantize
from sparsec.dialects.tensor_op import TensorOp
from sparsec.dims import product
from sparsec.transforms.bodies import quantised_again, replace
from sparsec.transforms.straight_line import erase_dead, function_blocks, only_user
from sparsec.weights import WeightStore

MOVES = (st.Reshape, st.Transpose, st.Slice, st.Gather, st.GatherND, st.Broadcast)
"""Ops whose result holds elements of their first operand, each where it was told to be."""

PERMUTATIONS = (st.Reshape, st.Transpose)
"""Moves whose result holds each element exactly once."""


@dataclass(frozen=True)
class MoveDequantisation(ModulePass):
    """`gather(dequantize(q, s, z), i)` -> `dequantize(gather(q, i), s, z)`; `quantize(reshape(x))` the other way.

    A pair `quantize(dequantize(q, s, z), s, z)` that meets on the way is `q`. All of it is exact.
    """

    name = "move-dequantisation"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in list(block.ops):
                if isinstance(inner, MOVES):
                    _dequantise_after(inner, weights)
            for inner in reversed(list(block.ops)):
                if isinstance(inner, Quantize):
                    _quantise_before(inner, weights)
            for inner in list(block.ops):
                same = quantised_again(inner)
                if same is not None:
                    replace(inner, [same])
            erase_dead(block)


def _dequantise_after(move: TensorOp, weights: WeightStore) -> None:
    """`move(dequantize(q, s, z))` -> `dequantize(move(q), s, z)`."""
    dequantize = move.operands[0].owner
    if not isinstance(dequantize, Dequantize) or not _is_per_tensor(dequantize):
        return
    builder = Builder.before(weights, move)
    moved = moved_like(move, dequantize.operand, builder)
    replace(move, [builder.dequantize(moved, dequantize.scale, dequantize.zero_point)])


def _quantise_before(quantize: Quantize, weights: WeightStore) -> None:
    """`quantize(move(x), s, z)` -> `move(quantize(x, s, z))`, when nobody else reads the moved floats."""
    move = quantize.operand.owner
    if not isinstance(move, PERMUTATIONS) or not _is_per_tensor(quantize) or only_user(move.result) is not quantize:
        return
    builder = Builder.before(weights, quantize)
    quantised = builder.quantize(move.operand, quantize.scale, quantize.zero_point)
    inner = quantised.owner
    replace(quantize, [moved_like(move, quantised, builder)])
    move.detach()
    move.erase()
    assert isinstance(inner, Quantize)
    _quantise_before(inner, weights)


def moved_like(move: Operation, data: SSAValue, builder: Builder) -> SSAValue:
    """The elements of `data` moved as `move` moves those of its first operand."""
    assert isinstance(move, TensorOp)
    wanted = tensor(element_of(data.type), sizes_of(move.results[0].type))
    return builder.create(type(move), [data, *move.operands[1:]], dict(move.properties), result_types=[wanted]).results[
        0
    ]


def _is_per_tensor(op: QuantisationOp) -> bool:
    return product(sizes_of(op.scale.type)) == 1 and product(sizes_of(op.zero_point.type)) == 1
