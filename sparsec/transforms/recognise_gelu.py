"""GELU spelled out with erf or tanh becomes one op."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr, f32
from xdsl.ir import Attribute
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from sparsec import elementary
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


_CUBIC = X + X * X * X * number(elementary.GELU_CUBIC)

SPELLINGS: dict[Steps, tuple[type[ew.Gelu | ew.GeluTanh], dict[str, Attribute]]] = {
    _gelu(X * number(elementary.SQRT_HALF), ew.Erf): (ew.Gelu, {}),
    _gelu(X / number(elementary.SQRT_2), ew.Erf): (ew.Gelu, {"divide": UnitAttr()}),
    _gelu(_CUBIC * number(elementary.SQRT_2_BY_PI), ew.Tanh): (ew.GeluTanh, {}),
}
"""The steps of `elementary.gelu` and `elementary.gelu_tanh`."""


@dataclass(frozen=True)
class RecogniseGelu(ModulePass):
    """Formulas with the very steps of `nn.gelu` or `nn.gelu_tanh` become these ops, so that no bit changes.

    Halving is taken to be exact wherever it stands in a product, which it is but for denormal numbers.

    What rounds differently (other constants, sums multiplied out) is left as it is, because a quantisation behind it
    could fall the other way. It is fused like any other arithmetic.
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
                op_class, properties = SPELLINGS[steps]
                replace(rewriter, op, *Builder.before(self.weights, op).create(op_class, [x], properties).results)
                return
