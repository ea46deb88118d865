"""GELU spelled out with erf or tanh becomes one op."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import same_value_type
from sparsec.dialects.tensor_op import element
from sparsec.transforms.matching import apply_rewrites, replace
from sparsec.transforms.steps import ONE, Steps, X, factors, number, steps_of
from sparsec.weights import WeightStore


def _gelu(argument: Steps, curve: type[ew.UnaryOp]) -> Steps:
    return X * number(0.5) * (argument.then(curve.name) + ONE)


_CUBIC = X + X * X * X * number(0.044715)

SPELLINGS: dict[Steps, type[ew.Gelu | ew.GeluTanh]] = {
    _gelu(X * number(math.sqrt(0.5)), ew.Erf): ew.Gelu,
    _gelu(X / number(math.sqrt(2)), ew.Erf): ew.Gelu,
    _gelu(_CUBIC * number(math.sqrt(2 / math.pi)), ew.Tanh): ew.GeluTanh,
}
"""How exporters write GELU for opsets that lack it."""


@dataclass(frozen=True)
class RecogniseGelu(ModulePass):
    """Formulas of GELU become `nn.gelu` or `nn.gelu_tanh`.

    These are other computations of the same functions, with smaller errors, so bits change. The pass runs while a file
    is read: five nodes that an opset has no name for mean GELU, and what GELU means is for `elementary.gelu` to say.
    It sees nodes as they are: where their constants are computed first, or x twice, they stay what they are.

    Formulas with other steps (other constants, sums multiplied out) are left as they are, and fused like any other
    arithmetic.
    """

    name = "recognise-gelu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rewrites(op, [Recognise(weights_of(ctx))])


@dataclass
class Recognise(RewritePattern):
    """x/2 (1 + erf(x / sqrt 2)) -> gelu(x); x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) -> gelu_tanh(x)"""

    weights: WeightStore

    def match_and_rewrite(self, op: object, rewriter: PatternRewriter, /) -> None:
        if not isinstance(op, ew.Mul | ew.Div) or element(op.result) != f32:
            return
        for x in factors(op.result):
            steps = steps_of(op.result, x, self.weights)
            if steps in SPELLINGS and same_value_type(x.type, op.result.type):
                replace(rewriter, op, Builder.before(self.weights, op).apply(SPELLINGS[steps], x))
                return
