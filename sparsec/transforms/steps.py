"""Telling whether two ways to write a formula take the same steps, and so compute the same bits.

A formula of one variable is read as its steps, written down so that only what never changes a bit is forgotten: the
order of the operands of a sum or product, and where a factor that is a power of two stands. `0.5 * (x * (1 + t))` and
`(x / 2) * (t + 1)` have the same steps; `x / 2 + x / 2 * t` rounds differently and has others. Scaling by a power of
two is exact as long as the numbers stay normal ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.transforms.matching import before_broadcast, scalar_of
from sparsec.weights import WeightStore

DEPTH = 12
"""More steps than this after one another are no formula that anybody looks for."""


@dataclass(frozen=True)
class Steps:
    """A float32 computation: `text` says its steps, and its result is multiplied by `scale`, a power of two."""

    scale: float
    text: str

    def __mul__(self, other: Steps) -> Steps:
        scale = self.scale * other.scale
        if ONE.text in (self.text, other.text):
            return Steps(scale, other.text if self.text == ONE.text else self.text)
        return Steps(scale, "({} * {})".format(*sorted([self.text, other.text])))

    def __truediv__(self, other: Steps) -> Steps:
        scale = self.scale / other.scale
        return Steps(scale, self.text if other.text == ONE.text else f"({self.text} / {other.text})")

    def __add__(self, other: Steps) -> Steps:
        first, second = sorted([self, other], key=lambda steps: (steps.text, steps.scale))
        return Steps(first.scale, f"({first.text} + {second.scale / first.scale} {second.text})")

    def then(self, function: str) -> Steps:
        """The function of this number."""
        return Steps(1.0, f"{function}({self.scale} {self.text})")


X = Steps(1.0, "x")
"""The variable."""


def number(value: float) -> Steps:
    """A constant, rounded to float32."""
    mantissa, exponent = math.frexp(float(np.float32(value)))
    return Steps(2.0 ** (exponent - 1), repr(2 * mantissa))


ONE = number(1.0)


def steps_of(value: SSAValue, x: SSAValue, weights: WeightStore, depth: int = DEPTH) -> Steps | None:
    """How `value` is computed from `x` and constants; None when it takes anything else."""
    if value is x:
        return X
    constant = scalar_of(before_broadcast(value), weights)
    if constant is not None:
        return number(constant)
    op = value.owner
    if not depth or not isinstance(op, ew.Mul | ew.Div | ew.Add | ew.Erf | ew.Tanh):
        return None
    operands: list[Steps] = []
    for operand in op.operands:
        steps = steps_of(operand, x, weights, depth - 1)
        if steps is None:
            return None
        operands.append(steps)
    match op:
        case ew.Mul():
            return operands[0] * operands[1]
        case ew.Div():
            return operands[0] / operands[1]
        case ew.Add():
            return operands[0] + operands[1]
        case ew.Erf() | ew.Tanh():
            return operands[0].then(op.name)


def factors(value: SSAValue, depth: int = 4) -> list[SSAValue]:
    """The factors that a product is written with, outermost first."""
    op = value.owner
    if not depth or not isinstance(op, ew.Mul | ew.Div):
        return []
    inner = [factor for operand in op.operands for factor in factors(operand, depth - 1)]
    return [*op.operands, *inner]
