"""Layer normalisation spelled out with means and a square root becomes one op."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.nn_reductions import ReduceMean
from sparsec.dialects.tensor_op import element, sizes
from sparsec.dims import product
from sparsec.transforms.matching import apply_rewrites, both_orders, made_by, replace, scalar_of
from sparsec.transforms.straight_line import only_user
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class RecogniseLayerNorm(ModulePass):
    """`(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias` over the last axis -> `nn.layer_norm`.

    Only where the op does the very same steps, so that no bit changes. Scale and bias may be missing.
    """

    name = "recognise-layer-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rewrites(op, [Recognise(weights_of(ctx))])


@dataclass
class Recognise(RewritePattern):
    """(x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) [* scale] [+ bias] -> layer_norm(x, scale, bias, eps)"""

    weights: WeightStore

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        normal = self._normalised(op)
        if normal is None:
            return
        x, epsilon, divide = normal
        last = op
        scale, last = self._vector_step(last, ew.Mul)
        bias, last = self._vector_step(last, ew.Add)
        channels = sizes(x)[-1]
        assert isinstance(channels, int)
        builder = Builder.before(self.weights, last)
        scale = builder.constant(np.ones(channels, np.float32)) if scale is None else builder.reshape(scale, [channels])
        # adding -0 changes nothing; adding 0 would turn -0 into 0
        bias = builder.constant(-np.zeros(channels, np.float32)) if bias is None else builder.reshape(bias, [channels])
        replace(rewriter, last, builder.layer_norm(x, scale, bias, epsilon, divide=divide))

    def _normalised(self, op: Operation) -> tuple[SSAValue, float, bool] | None:
        """`(x, epsilon, divide)` when `op` divides the centred x by its standard deviation, or multiplies by 1 / it."""
        if isinstance(op, ew.Div):
            candidates = [(op.lhs, op.rhs)]
        elif isinstance(op, ew.Mul):
            candidates = [(a, inner) for a, b in both_orders(op) if (inner := inverted(b, self.weights)) is not None]
        else:
            return None
        for centred, deviation in candidates:
            root = made_by(deviation, ew.Sqrt)
            x = self._centre_of(centred)
            if root is None or x is None or element(x) != f32 or not isinstance(sizes(x)[-1], int):
                continue
            epsilon = self._epsilon_of(root.operand, x)
            if epsilon is not None:
                return x, epsilon, isinstance(op, ew.Div)
        return None

    def _epsilon_of(self, value: SSAValue, x: SSAValue) -> float | None:
        """The epsilon when `value` is `mean((x - mean(x))^2) + epsilon`; 0 where an optimiser took it for nothing."""
        if self._is_variance(value, x):
            return 0.0
        total = made_by(value, ew.Add)
        for variance, constant in both_orders(total) if total is not None else ():
            epsilon = scalar_of(constant, self.weights)
            if epsilon is not None and self._is_variance(variance, x):
                return epsilon
        return None

    def _is_variance(self, value: SSAValue, x: SSAValue) -> bool:
        square = mean_over_last(value)
        return square is not None and self._is_square_of_centred(square, x)

    def _is_square_of_centred(self, value: SSAValue, x: SSAValue) -> bool:
        if (power := made_by(value, ew.Pow)) is not None:
            return scalar_of(power.rhs, self.weights) == 2 and self._centre_of(power.lhs) is x
        square = made_by(value, ew.Mul)
        return square is not None and self._centre_of(square.lhs) is x and self._centre_of(square.rhs) is x

    def _centre_of(self, value: SSAValue) -> SSAValue | None:
        """x when `value` is `x - mean(x)`."""
        difference = made_by(value, ew.Sub)
        if difference is not None and mean_over_last(difference.rhs) is difference.lhs:
            return difference.lhs
        return None

    def _vector_step(self, op: Operation, step: type[ew.Mul] | type[ew.Add]) -> tuple[SSAValue | None, Operation]:
        """The vector that the only user of `op` multiplies by or adds, and that user; or None and `op`."""
        user = only_user(op.results[0])
        if isinstance(user, step):
            channels = sizes(op.results[0])[-1]
            for value, vector in both_orders(user):
                shape = sizes(vector)
                if value is op.results[0] and shape[-1:] == (channels,) and product(shape) == channels:
                    return vector, user
        return None, op


def mean_over_last(value: SSAValue) -> SSAValue | None:
    """x when `value` is the mean of x over its last axis, kept as size 1."""
    mean = made_by(value, ReduceMean)
    if mean is None or mean.keepdims is None or mean.axis_values != (len(sizes(mean.operand)) - 1,):
        return None
    return mean.operand


def inverted(value: SSAValue, weights: WeightStore) -> SSAValue | None:
    """y when `value` is `1 / y`."""
    if (reciprocal := made_by(value, ew.Reciprocal)) is not None:
        return reciprocal.operand
    division = made_by(value, ew.Div)
    return division.rhs if division is not None and scalar_of(division.lhs, weights) == 1 else None
