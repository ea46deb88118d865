"""GELU in every order of products and sums becomes one op; what is not GELU stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.transforms.recognise_gelu import RecogniseGelu
from tests.transforms.graphs import SIZES, elementwise_graph
from tests.transforms.passes import count, require_same, run_passes

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

    def __pow__(self, other: float) -> Arithmetic:
        return self._apply(ew.Pow, self, other)

    def erf(self) -> Arithmetic:
        """The error function."""
        return self._apply(ew.Erf, self)

    def tanh(self) -> Arithmetic:
        """The hyperbolic tangent."""
        return self._apply(ew.Tanh, self)


ERF: dict[str, Callable[[Arithmetic], Arithmetic]] = {
    "torchscript": lambda x: (x * ((x / 1.41421354).erf() + 1.0)) * 0.5,
    "dynamo": lambda x: x * (0.5 * ((x / 1.4142135).erf() + 1.0)),
    "half_first": lambda x: (x * 0.5) * (1.0 + (x * 0.70710677).erf()),
    "halved": lambda x: (x / 2.0) * ((0.70710678 * x).erf() + 1.0),
    "distributed": lambda x: 0.5 * x + (0.5 * x) * (x / 1.4142135).erf(),
    "sum_of_x": lambda x: (lambda y: (y * (y / 1.4142135).erf() + y) * 0.5)(x + x),
}
TANH: dict[str, Callable[[Arithmetic], Arithmetic]] = {
    "albert": lambda x: (x * 0.5) * (((x + (x**3.0) * 0.044715) * 0.7978845608).tanh() + 1.0),
    "fast": lambda x: 0.5 * x * (1.0 + (x * 0.7978845608 * (1.0 + 0.044715 * x * x)).tanh()),
    "cubed": lambda x: 0.5 * (x * (1.0 + (0.7978846 * (x + 0.044715 * (x * (x * x)))).tanh())),
}
NOT_GELU: dict[str, Callable[[Arithmetic], Arithmetic]] = {
    "other_half": lambda x: (x * ((x / 1.41421354).erf() + 1.0)) * 0.4,
    "other_root": lambda x: (x * ((x / 1.5).erf() + 1.0)) * 0.5,
    "minus": lambda x: (x * ((x / 1.41421354).erf() + -1.0)) * 0.5,
    "other_cubic": lambda x: (x * 0.5) * (((x + (x**3.0) * 0.05) * 0.7978845608).tanh() + 1.0),
    "other_x": lambda x: ((x * x) * ((x / 1.41421354).erf() + 1.0)) * 0.5,
}


def graph(formula: Callable[[Arithmetic], Arithmetic]) -> Write:
    """A graph of a formula."""
    return lambda builder, x: formula(Arithmetic(builder, x)).value


@pytest.mark.parametrize("spelling", ERF)
def test_erf_spellings(spelling: str) -> None:
    module, weights = elementwise_graph(graph(ERF[spelling]))
    after = run_passes(module, weights, RecogniseGelu())
    assert count(after, ew.Gelu) == 1 and count(after, ew.Erf) == 0
    require_same(module, after, weights, SIZES, tolerance=2e-6)


@pytest.mark.parametrize("spelling", TANH)
def test_tanh_spellings(spelling: str) -> None:
    module, weights = elementwise_graph(graph(TANH[spelling]))
    after = run_passes(module, weights, RecogniseGelu())
    assert count(after, ew.GeluTanh) == 1 and count(after, ew.Tanh) == 0
    require_same(module, after, weights, SIZES, tolerance=2e-6)


@pytest.mark.parametrize("spelling", NOT_GELU)
def test_what_is_not_gelu_stays(spelling: str) -> None:
    module, weights = elementwise_graph(graph(NOT_GELU[spelling]))
    after = run_passes(module, weights, RecogniseGelu())
    assert count(after, ew.Gelu) == count(after, ew.GeluTanh) == 0
    require_same(module, after, weights, SIZES)


def test_gelu_of_a_gelu() -> None:
    twice = ERF["torchscript"]
    module, weights = elementwise_graph(graph(lambda x: twice(twice(x))))
    after = run_passes(module, weights, RecogniseGelu())
    assert count(after, ew.Gelu) == 2
    require_same(module, after, weights, SIZES, tolerance=2e-6)
