"""Symbolic sizes: arithmetic agrees with integers, text round-trips, what cannot be is refused with numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsec.dims import Dim, Size, broadcast, evaluate, parse_size, product
from sparsec.errors import ShapeError

B, S = Dim.symbol("batch"), Dim.symbol("sequence")
VALUES = {"batch": 7, "sequence": 13}


@st.composite
def sizes(draw: st.DrawFn) -> Size:
    total: Size = draw(st.integers(-5, 5))
    for _ in range(draw(st.integers(0, 4))):
        total = total + draw(st.integers(-4, 4)) * product(draw(st.lists(st.sampled_from([B, S, 2]), max_size=3)))
    return total


@given(sizes(), sizes())
def test_arithmetic_agrees_with_integers(a: Size, b: Size) -> None:
    x, y = evaluate(a, VALUES), evaluate(b, VALUES)
    assert evaluate(a + b, VALUES) == x + y
    assert evaluate(a - b, VALUES) == x - y
    assert evaluate(a * b, VALUES) == x * y


@given(sizes())
def test_text_round_trips(a: Size) -> None:
    assert parse_size(str(a)) == a


@given(sizes())
def test_equal_means_equal_polynomial(a: Size) -> None:
    assert a + B - B == a
    assert a - a == 0


def test_a_constant_polynomial_is_an_int() -> None:
    assert isinstance(B - B + 3, int)


def test_exact_division() -> None:
    assert (B * S * 12) // (S * 4) == B * 3
    assert Dim.parse("2*batch + 4") // 2 == B + 2


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: B // S, "`batch` is not divisible by `sequence`"),
        (lambda: (B * 3) // 2, r"`3\*batch` is not divisible by `2`"),
        (lambda: B // (S + 1), "only exact division by a product"),
        (lambda: Dim.parse("batch / 2"), "`batch / 2` is not a size"),
        (lambda: broadcast([B, 3], [B, 4]), r"\[batch, 3\] and \[batch, 4\] do not broadcast: 3 against 4 on axis 1"),
    ],
)
def test_refusals_carry_numbers(call: object, text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        call()  # type: ignore[operator]


def test_broadcast_keeps_symbols() -> None:
    assert broadcast([B, 1, S], [12, 1], [1]) == (B, 12, S)
