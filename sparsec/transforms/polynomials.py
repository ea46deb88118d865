"""Reading arithmetic as polynomials, so that every way to write the same formula matches once.

`0.5 * (x * (1 + t))`, `(x * 0.5) * (t + 1)` and `x / 2 + x / 2 * t` are all `{(x,): 0.5, (x, t): 0.5}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.transforms.matching import before_broadcast, scalar_of
from sparsec.weights import WeightStore

Powers = tuple[int, ...]
"""The power of each variable in one term."""

Polynomial = dict[Powers, float]
"""Coefficients of the terms; terms that are absent are zero."""

MAX_DEGREE = 4


def polynomial_in(value: SSAValue, variables: Sequence[SSAValue], weights: WeightStore) -> Polynomial | None:
    """`value` as a polynomial in `variables`; None when it is none (of low degree)."""
    if value in variables:
        powers = [0] * len(variables)
        powers[variables.index(value)] = 1
        return {tuple(powers): 1.0}
    number = scalar_of(before_broadcast(value), weights)
    if number is not None:
        return {(0,) * len(variables): number}
    op = value.owner
    if not isinstance(op, ew.Add | ew.Sub | ew.Mul | ew.Div | ew.Pow | ew.Neg):
        return None
    operands = [polynomial_in(operand, variables, weights) for operand in op.operands]
    parts = [operand for operand in operands if operand is not None]
    if len(parts) < len(operands):
        return None
    match op:
        case ew.Add():
            return _add(parts[0], parts[1])
        case ew.Sub():
            return _add(parts[0], _scale(parts[1], -1.0))
        case ew.Neg():
            return _scale(parts[0], -1.0)
        case ew.Mul():
            return _multiply(parts[0], parts[1])
        case ew.Div():
            divisor = _number(parts[1])
            return _scale(parts[0], 1.0 / divisor) if divisor else None
        case ew.Pow():
            return _power(parts[0], _number(parts[1]))


def agree(given: Mapping[Powers, float] | None, expected: Mapping[Powers, float], tolerance: float = 1e-5) -> bool:
    """Whether two polynomials have the same terms, with coefficients that agree to a relative tolerance."""
    if given is None or set(given) != set(expected):
        return False
    return all(abs(given[powers] - expected[powers]) <= tolerance * abs(expected[powers]) for powers in expected)


def leaves(value: SSAValue, weights: WeightStore, depth: int = 8) -> list[SSAValue]:
    """Every value within the arithmetic that makes `value`, itself first: what a variable could be."""
    found: dict[SSAValue, None] = {}
    pending = [(value, depth)]
    while pending:
        current, left = pending.pop(0)
        if current in found or scalar_of(current, weights) is not None:
            continue
        found[current] = None
        if left and isinstance(current.owner, ew.Add | ew.Sub | ew.Mul | ew.Div | ew.Pow | ew.Neg):
            pending.extend((operand, left - 1) for operand in current.owner.operands)
    return list(found)


def _number(polynomial: Polynomial) -> float | None:
    """The value of a constant polynomial."""
    (first, *others) = polynomial.items() or [((), 0.0)]
    return first[1] if not others and not any(first[0]) else None


def _add(a: Polynomial, b: Polynomial) -> Polynomial:
    total = dict(a)
    for powers, coefficient in b.items():
        total[powers] = total.get(powers, 0.0) + coefficient
    return {powers: coefficient for powers, coefficient in total.items() if coefficient}


def _scale(a: Polynomial, factor: float) -> Polynomial:
    return {powers: coefficient * factor for powers, coefficient in a.items()}


def _multiply(a: Polynomial, b: Polynomial) -> Polynomial | None:
    total: Polynomial = {}
    for left, x in a.items():
        for right, y in b.items():
            powers = tuple(i + j for i, j in zip(left, right, strict=True))
            if sum(powers) > MAX_DEGREE:
                return None
            total = _add(total, {powers: x * y})
    return total


def _power(a: Polynomial, exponent: float | None) -> Polynomial | None:
    if exponent not in (1, 2, 3):
        return None
    result: Polynomial | None = a
    for _ in range(int(exponent) - 1):
        result = _multiply(result, a) if result is not None else None
    return result
