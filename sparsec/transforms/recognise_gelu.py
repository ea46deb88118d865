"""GELU spelled out with erf or tanh becomes one op."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import same_value_type
from sparsec.transforms.matching import apply_rewrites, replace
from sparsec.transforms.polynomials import Polynomial, agree, leaves, polynomial_in
from sparsec.weights import WeightStore

HALF_PRODUCT: Polynomial = {(1, 0): 0.5, (1, 1): 0.5}
"""`x / 2 + x t / 2`, in the variables x and t."""

ERF_ARGUMENT: Polynomial = {(1,): math.sqrt(0.5)}
TANH_ARGUMENT: Polynomial = {(1,): math.sqrt(2 / math.pi), (3,): math.sqrt(2 / math.pi) * 0.044715}


@dataclass(frozen=True)
class RecogniseGelu(ModulePass):
    """Whatever equals `x/2 (1 + erf(x / sqrt 2))` or its tanh approximation, in any order of products and sums."""

    name = "recognise-gelu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rewrites(op, [Recognise(weights_of(ctx))])


@dataclass
class Recognise(RewritePattern):
    """x/2 (1 + erf(x / sqrt 2)) -> gelu(x); x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) -> gelu_tanh(x)"""

    weights: WeightStore

    def match_and_rewrite(self, op: object, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, ew.Mul | ew.Add | ew.Div):
            return
        for curve in leaves(op.result, self.weights, depth=4):
            if not isinstance(curve.owner, ew.Erf | ew.Tanh):
                continue
            x = self._argument(op.result, curve, curve.owner)
            if x is None or not same_value_type(x.type, op.result.type):
                continue
            gelu = ew.Gelu if isinstance(curve.owner, ew.Erf) else ew.GeluTanh
            replace(rewriter, op, Builder.before(self.weights, op).apply(gelu, x))
            return

    def _argument(self, root: SSAValue, curve: SSAValue, op: ew.Erf | ew.Tanh) -> SSAValue | None:
        """The x for which `root` is `x/2 (1 + curve)` and the curve's argument is the right function of x."""
        argument = ERF_ARGUMENT if isinstance(op, ew.Erf) else TANH_ARGUMENT
        for x in leaves(op.operand, self.weights):
            if agree(polynomial_in(root, [x, curve], self.weights), HALF_PRODUCT) and agree(
                polynomial_in(op.operand, [x], self.weights), argument
            ):
                return x
        return None
