"""Rewrites of `canonicalise-graph` about elementwise arithmetic. Each is exact, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.tensor_op import element, sizes
from sparsec.transforms.bodies import quantised_again
from sparsec.transforms.matching import before_broadcast, both_orders, made_by, replace, scalar_of, splat_of
from sparsec.weights import WeightStore


@dataclass
class DropNeutral(RewritePattern):
    """x + 0, x - 0, x * 1, x / 1, x and true, x or false -> x

    In floating point x + 0 turns -0 into 0, so only x + -0 is dropped; the shape must stay.
    """

    weights: WeightStore

    def match_and_rewrite(self, op: object, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, ew.BinaryOp):
            return
        commutes = isinstance(op, ew.Add | ew.Mul | ew.And | ew.Or)
        for kept, dropped in both_orders(op) if commutes else [(op.lhs, op.rhs)]:
            if not self._is_neutral(op, dropped):
                continue
            builder = Builder.before(self.weights, op)
            replace(rewriter, op, builder.broadcast(kept, sizes(op.result)))
            return

    def _is_neutral(self, op: ew.BinaryOp, value: SSAValue) -> bool:
        splat = splat_of(before_broadcast(value), self.weights)
        if splat is None:
            return False
        match op:
            case ew.Add():
                return bool(splat == 0) and (splat.dtype.kind != "f" or bool(np.signbit(splat)))
            case ew.Sub():
                return bool(splat == 0) and (splat.dtype.kind != "f" or not bool(np.signbit(splat)))
            case ew.Mul() | ew.Div():
                return bool(splat == 1)
            case ew.And():
                return bool(splat)
            case ew.Or():
                return not splat
            case _:
                return False


@dataclass
class DropIdentityCasts(RewritePattern):
    """cast(x) to its own type -> x; cast(cast(x : i1), i1) -> x; not(not(x)) -> x; quantize(dequantize(q)) -> q"""

    def match_and_rewrite(self, op: object, rewriter: PatternRewriter, /) -> None:
        if isinstance(op, ew.Cast) and op.to == element(op.operand):
            replace(rewriter, op, op.operand)
        elif isinstance(op, ew.Cast) and op.to == i1 and (wide := made_by(op.operand, ew.Cast)) is not None:
            if element(wide.operand) == i1:
                replace(rewriter, op, wide.operand)
        elif isinstance(op, ew.Not) and (inner := made_by(op.operand, ew.Not)) is not None:
            replace(rewriter, op, inner.operand)
        elif isinstance(op, ew.Quantize) and (same := quantised_again(op)) is not None:
            replace(rewriter, op, same)


@dataclass
class ChooseKnown(RewritePattern):
    """where(true, a, b) -> a; where(false, a, b) -> b; where(c, a, a) -> a"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ew.Where, rewriter: PatternRewriter, /) -> None:
        condition = splat_of(before_broadcast(op.condition), self.weights)
        if condition is None and op.lhs is not op.rhs:
            return
        chosen = op.rhs if condition is not None and not condition else op.lhs
        replace(rewriter, op, Builder.before(self.weights, op).broadcast(chosen, sizes(op.result)))


@dataclass
class DropNaNGuards(RewritePattern):
    """quantize(where(is_nan(x), 0, x)) -> quantize(x) where 0 becomes the lowest number: NaN does, too"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ew.Quantize, rewriter: PatternRewriter, /) -> None:
        guard = made_by(op.operand, ew.Where)
        if guard is None or sizes(guard.rhs) != sizes(guard.result):
            return
        asked = made_by(before_broadcast(guard.condition), ew.IsNaN)
        zero, zero_point = splat_of(before_broadcast(guard.lhs), self.weights), splat_of(op.zero_point, self.weights)
        if asked is None or asked.operand is not guard.rhs or zero is None or zero_point is None:
            return
        if zero == 0 and zero_point == np.iinfo(zero_point.dtype).min:
            guarded = Builder.before(self.weights, op).quantize(guard.rhs, op.scale, op.zero_point, axis=op.axis_value)
            replace(rewriter, op, guarded)


@dataclass
class SpellPower(RewritePattern):
    """pow(x, 2) -> x * x; pow(x, 3) -> x * (x * x); pow(x, 0.5) -> sqrt(x); pow(x, -1) -> 1 / x; pow(x, 1) -> x;
    pow(x, -0.5) -> 1 / sqrt(x)

    As `elementary.power_constant` has it, so that the bits stay the same.
    """

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ew.Pow, rewriter: PatternRewriter, /) -> None:
        exponent = scalar_of(op.rhs, self.weights)
        if exponent is None or sizes(op.lhs) != sizes(op.result):
            return
        builder, x = Builder.before(self.weights, op), op.lhs
        if exponent == 1:
            result = x
        elif exponent == 2:
            result = builder.apply(ew.Mul, x, x)
        elif exponent == 3:
            result = builder.apply(ew.Mul, x, builder.apply(ew.Mul, x, x))
        elif exponent == 0.5:
            result = builder.apply(ew.Sqrt, x)
        elif exponent == -1:
            result = builder.apply(ew.Reciprocal, x)
        elif exponent == -0.5:
            result = builder.apply(ew.Reciprocal, builder.apply(ew.Sqrt, x))
        else:
            return
        replace(rewriter, op, result)
