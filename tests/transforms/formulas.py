"""GELU in the spellings of exporters, and what looks like it."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew

Write = Callable[[Builder, SSAValue], SSAValue]


class Arithmetic:
    """Operators for graphs in tests: numbers become constants."""

    def __init__(self, builder: Builder, value: SSAValue):
        self.builder, self.value = builder, value

    def _apply(self, op: type[ew.ElementwiseOp], *operands: Arithmetic | float) -> Arithmetic:
        values = [x.value if isinstance(x, Arithmetic) else self.builder.constant(float(x)) for x in operands]
        return Arithmetic(self.builder, self.builder.apply(op, *values))

    def __add__(self, other: Arithmetic | float) -> Arithmetic:
        return self._apply(ew.Add, self, other)

    def __radd__(self, other: float) -> Arithmetic:
        return self._apply(ew.Add, other, self)

    def __mul__(self, other: Arithmetic | float) -> Arithmetic:
        return self._apply(ew.Mul, self, other)

    def __rmul__(self, other: float) -> Arithmetic:
        return self._apply(ew.Mul, other, self)

    def __truediv__(self, other: float) -> Arithmetic:
        return self._apply(ew.Div, self, other)

    def erf(self) -> Arithmetic:
        """The error function."""
        return self._apply(ew.Erf, self)

    def tanh(self) -> Arithmetic:
        """The hyperbolic tangent."""
        return self._apply(ew.Tanh, self)


Formula = Callable[[Arithmetic], Arithmetic]

MULTIPLIED: dict[str, Formula] = {
    "op": lambda x: (x * 0.5) * ((x * 0.70710678).erf() + 1.0),
    "half_last": lambda x: (x * (1.0 + (0.70710678 * x).erf())) * 0.5,
    "halved": lambda x: ((x * 0.70710677).erf() + 1.0) * (x / 2.0),
    "shared_half": lambda x: (x * 0.25) * (2.0 + (x * 1.41421354 / 2.0).erf() * 2.0),
}
DIVIDED: dict[str, Formula] = {
    "torchscript": lambda x: (x * ((x / 1.41421354).erf() + 1.0)) * 0.5,
    "dynamo": lambda x: x * (0.5 * ((x / 1.4142135).erf() + 1.0)),
    "half_first": lambda x: (x * 0.5) * (1.0 + (x / 1.4142135623730951).erf()),
}
TANH: dict[str, Formula] = {
    "albert": lambda x: (x * 0.5) * (((x + (x * x * x) * 0.044715) * 0.7978845608).tanh() + 1.0),
    "torchscript": lambda x: 0.5 * (x * (1.0 + (0.7978846 * (x + 0.044715 * (x * (x * x)))).tanh())),
    "dynamo": lambda x: x * (0.5 * ((0.7978846 * (x + 0.044715 * ((x * x) * x))).tanh() + 1.0)),
}
OTHER: dict[str, Formula] = {
    "other_half": lambda x: (x * ((x / 1.41421354).erf() + 1.0)) * 0.4,
    "other_root": lambda x: (x * ((x / 1.5).erf() + 1.0)) * 0.5,
    "rounded_root": lambda x: (x * ((x * 0.7071).erf() + 1.0)) * 0.5,
    "minus": lambda x: (x * ((x / 1.41421354).erf() + -1.0)) * 0.5,
    "other_cubic": lambda x: (x * 0.5) * (((x + (x * x * x) * 0.05) * 0.7978845608).tanh() + 1.0),
    "other_x": lambda x: ((x * x) * ((x / 1.41421354).erf() + 1.0)) * 0.5,
    "distributed": lambda x: 0.5 * x + (0.5 * x) * (x / 1.4142135).erf(),
    "sum_of_x": lambda x: (lambda y: (y * (y / 1.4142135).erf() + y) * 0.5)(x + x),
    "fast": lambda x: 0.5 * x * (1.0 + (x * 0.7978845608 * (1.0 + 0.044715 * x * x)).tanh()),
    "wider": lambda x: (x * 0.5) * ((x + 0.044715 * (x * (x * x)) * 0.7978846).tanh() + 1.0),
}


def written(formula: Formula) -> Write:
    """What writes a formula of a value into a graph."""
    return lambda builder, x: formula(Arithmetic(builder, x)).value
