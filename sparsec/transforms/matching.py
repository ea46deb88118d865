"""The vocabulary of rewrites: looking at values, and running rewrites over a module until nothing changes.

Rewrites build their replacement with `Builder.before(weights, op)` and then call `replace`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import GreedyRewritePatternApplier, PatternRewriter, PatternRewriteWalker, RewritePattern

from sparsec.builder import Builder, constant_value
from sparsec.dialects.encoding import sizes_of
from sparsec.dialects.nn_elementwise import BinaryOp
from sparsec.dialects.nn_structure import Broadcast, Constant, Slice
from sparsec.dims import Size
from sparsec.reference import evaluate_op
from sparsec.weights import Array, WeightStore

OpT = TypeVar("OpT", bound=Operation)


def apply_rewrites(module: ModuleOp, rewrites: Sequence[RewritePattern]) -> bool:
    """Apply rewrites everywhere, and to what they made, until none fits; dead ops are removed on the way.

    Returns whether anything changed.
    """
    return PatternRewriteWalker(GreedyRewritePatternApplier(list(rewrites))).rewrite_module(module)


def replace(rewriter: PatternRewriter, op: Operation, *values: SSAValue) -> None:
    """Use `values` instead of the results of `op` and erase it."""
    rewriter.replace(op, (), values)


def made_by(value: SSAValue, op_class: type[OpT]) -> OpT | None:
    """The op that made a value, if it is of this class."""
    return value.owner if isinstance(value.owner, op_class) else None


def depends_on_symbols(op: Operation) -> bool:
    """Whether what an op computes of its operands depends on dynamic dimensions."""
    sizes: list[Size] = [size for result in op.results for size in sizes_of(result.type)]
    if isinstance(op, Slice):
        sizes.extend(op.start_sizes)
    return not all(isinstance(size, int) for size in sizes)


def folded(op: Operation, builder: Builder) -> SSAValue:
    """The result of an op, as a constant if it follows from constants alone."""
    arrays = [constant_value(operand, builder.weights) for operand in op.operands]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or depends_on_symbols(op):
        return op.results[0]
    return builder.constant(evaluate_op(op, known, weights=builder.weights)[0])


def is_constant(value: SSAValue) -> bool:
    """Whether a value is an `nn.constant`."""
    return isinstance(value.owner, Constant)


def scalar_of(value: SSAValue, weights: WeightStore) -> float | None:
    """The number of a constant of one element, as a Python float (ints and booleans too); None for anything else."""
    if not is_constant(value) or any(size != 1 for size in sizes_of(value.type)):
        return None  # the numbers of weights are not looked at: `sparsec opt` has none
    array = constant_value(value, weights)
    return None if array is None else float(array.reshape(()))


def splat_of(value: SSAValue, weights: WeightStore) -> Array | None:
    """The 0-d array that every element of a small constant equals; None when they differ or it is no constant."""
    array = constant_value(value, weights)
    if array is None or not array.size or array.size > SMALL:
        return None
    first = array.reshape(-1)[0]
    return np.asarray(first) if (array == first).all() else None


SMALL = 4096
"""Constants of up to this many elements are looked into; larger ones are weights."""


def both_orders(op: BinaryOp) -> Iterator[tuple[SSAValue, SSAValue]]:
    """The operands of a commutative op in both orders."""
    yield op.lhs, op.rhs
    yield op.rhs, op.lhs


def before_broadcast(value: SSAValue) -> SSAValue:
    """What a value was before `nn.broadcast`; the value itself when it was not broadcast."""
    inner = made_by(value, Broadcast)
    return value if inner is None else inner.operand
