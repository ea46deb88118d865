"""Layer normalisation and RMS norm spelled out with means and a square root become one op."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    So does `x / sqrt(mean(x^2) + epsilon) * scale`, which ONNX calls RMSNormalization: it is `uncentred`. Only where
    the op does the very same steps, so that no bit changes. Scale and bias may be missing.
    """

    name = "recognise-layer-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rewrites(op, [Recognise(weights_of(ctx))])


@dataclass(frozen=True)
class _Normal:
    """A normalisation of x: its epsilon, and the flags of `nn.layer_norm`."""

    x: SSAValue
    epsilon: float
    flags: Mapping[str, bool]


@dataclass
class Recognise(RewritePattern):
    """d / sqrt(mean(d^2) + eps) [* scale] [+ bias] -> layer_norm(x, scale, bias, eps) for d = x - mean(x) or d = x"""

    weights: WeightStore

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        normal = self._normalised(op)
        if normal is None:
            return
        x, epsilon = normal.x, normal.epsilon
        last = op
        scale, last = self._vector_step(last, ew.Mul)
        bias, last = self._vector_step(last, ew.Add)
        channels = sizes(x)[-1]
        assert isinstance(channels, int)
        builder = Builder.before(self.weights, last)
        scale = builder.constant(np.ones(channels, np.float32)) if scale is None else builder.reshape(scale, [channels])
        # adding -0 changes nothing; adding 0 would turn -0 into 0
        bias = builder.constant(-np.zeros(channels, np.float32)) if bias is None else builder.reshape(bias, [channels])
        replace(rewriter, last, builder.layer_norm(x, scale, bias, epsilon, **normal.flags))

    def _normalised(self, op: Operation) -> _Normal | None:
        """What `op` normalises when it divides d by the root of its mean square, or multiplies by 1 / that."""
        if isinstance(op, ew.Div):
            candidates = [(op.lhs, op.rhs)]
        elif isinstance(op, ew.Mul):
            candidates = [(a, inner) for a, b in both_orders(op) if (inner := inverted(b, self.weights)) is not None]
        else:
            return None
        for given, deviation in candidates:
            root = made_by(deviation, ew.Sqrt)
            if root is None or element(given) != f32 or not _has_channels(given):
                continue
            for x, centred in ((_centre_of(given), True), (given, False)):
                epsilon = None if x is None else self._epsilon_of(root.operand, x, centred)
                if x is not None and epsilon is not None:
                    return _Normal(x, epsilon, {"divide": isinstance(op, ew.Div), "uncentred": not centred})
        return None

    def _epsilon_of(self, value: SSAValue, x: SSAValue, centred: bool) -> float | None:
        """The epsilon when `value` is `mean(d^2) + epsilon`; 0 where an optimiser took it for nothing."""
        if self._is_variance(value, x, centred):
            return 0.0
        total = made_by(value, ew.Add)
        for variance, constant in both_orders(total) if total is not None else ():
            epsilon = scalar_of(constant, self.weights)
            if epsilon is not None and self._is_variance(variance, x, centred):
                return epsilon
        return None

    def _is_variance(self, value: SSAValue, x: SSAValue, centred: bool) -> bool:
        square = mean_over_last(value)
        factors = () if square is None else self._factors(square)
        return bool(factors) and all((_centre_of(factor) if centred else factor) is x for factor in factors)

    def _factors(self, square: SSAValue) -> Sequence[SSAValue]:
        """What is multiplied to make a square, if it is one."""
        if (power := made_by(square, ew.Pow)) is not None:
            return [power.lhs] if scalar_of(power.rhs, self.weights) == 2 else ()
        multiplied = made_by(square, ew.Mul)
        return () if multiplied is None else [multiplied.lhs, multiplied.rhs]

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


def _has_channels(value: SSAValue) -> bool:
    shape = sizes(value)
    return bool(shape) and isinstance(shape[-1], int)


def _centre_of(value: SSAValue) -> SSAValue | None:
    """x when `value` is `x - mean(x)`."""
    difference = made_by(value, ew.Sub)
    if difference is not None and mean_over_last(difference.rhs) is difference.lhs:
        return difference.lhs
    return None


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
