"""What is decided about symbolic sizes, all symbols being at least 1."""

import numpy as np
import pytest

from sparsec.dims import Dim, Size, parse_size
from sparsec.frontend.onnx_sizes import (
    Limits,
    Undecided,
    bounds,
    divide,
    in_type,
    is_equal,
    is_less,
    merge,
    missing_factor,
    recording,
    vanishing,
)

S, B = Dim.symbol("sequence"), Dim.symbol("batch")
ORDER = {"batch": 0, "sequence": 1}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (7, (7, 7)),
        (S, (1, None)),
        (S * -1, (None, -1)),
        (S - 1, (0, None)),
        (S * B + 2, (3, None)),
        (S - B, (None, None)),
        (5 - S, (None, 4)),
        (S * B - S, (0, None)),
    ],
)
def test_bounds(size: Size, expected: tuple[int | None, int | None]) -> None:
    assert bounds(size) == expected


def test_comparisons() -> None:
    assert not is_equal(S, -1)
    assert not is_equal(S, 0)
    assert is_equal(S + B, B + S)
    assert is_less(0, S)
    assert not is_less(S, 1)
    assert is_less(S, S + B)
    for question in (lambda: is_equal(S, 64), lambda: is_less(S, B), lambda: is_equal(S, B)):
        with pytest.raises(Undecided):
            question()


def test_answers_that_need_a_symbol_are_recorded() -> None:
    with recording() as used:
        assert is_less(S, S + B)
        assert not is_less(S, 0)
        assert not is_equal(S, -1)
    assert list(used) == [(1, B)]
    with recording() as used:
        assert is_less(0, S, vanishing([B, S * 2]))
    assert not used


@pytest.mark.parametrize(
    ("size", "dtype", "expected"),
    [
        (300, np.int8, 44),
        (-1, np.uint8, 255),
        (1 << 32, np.int32, 0),
        (S, np.int8, None),
        (S, np.uint16, None),
        (S, np.int32, []),
        (S - 1, np.int32, []),
        (S - 1, np.uint32, [(0, S - 1)]),
        (S - 1, np.uint64, [(0, S - 1)]),
        (S + 1, np.int32, [(S + 1, 2**31 - 1)]),
        (B * S, np.int32, [(B * S, 2**31 - 1)]),
        (B * S * -2, np.int32, [(-(2**31), B * S * -2)]),
        (S * 2**30, np.int32, None),
        (S * 2**40, np.int64, []),
        (S * 2**64, np.int64, None),
    ],
)
def test_in_type(size: Size, dtype: type, expected: int | list[Limits] | None) -> None:
    with recording() as used:
        if expected is None:
            with pytest.raises(Undecided):
                in_type(size, np.dtype(dtype))
        else:
            assert in_type(size, np.dtype(dtype)) == (expected if isinstance(expected, int) else size)
    assert list(used) == (expected if isinstance(expected, list) else [])


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(7, 2, 3), (-7, 2, -3), (7, -2, -3), (7, 0, 0), (S * 4, 2, S * 2), (S * B, B, S), (S * 4 + 8, 4, S + 2)],
)
def test_divide(a: Size, b: Size, expected: Size) -> None:
    assert divide(a, b) == expected


@pytest.mark.parametrize(("a", "b"), [(S, 2), (8, S), (S + 1, S), (S * 3, 2)])
def test_no_quotient(a: Size, b: Size) -> None:
    with pytest.raises(Undecided):
        divide(a, b)


@pytest.mark.parametrize(
    ("total", "others", "expected"),
    [
        ([B, S, 32], [B, S, 16], 2),
        ([B, S, 32], [B, 2, 16], S),
        ([B * S, 2, 16], [B, 32], S),
        ([B, S + 1, 32], [B, 32], S + 1),
        ([6, 4], [8], 3),
        ([B, S + 1], [], parse_size("batch*sequence + batch")),
    ],
)
def test_missing_factor(total: list[Size], others: list[Size], expected: Size) -> None:
    assert missing_factor(total, others) == expected


def test_no_missing_factor() -> None:
    for total, others in (([6, 4], [5]), ([B, 32], [S]), ([6], [0])):
        with pytest.raises(Undecided):
            missing_factor(total, others)


def test_merge() -> None:
    assert merge(B, S, ORDER) == ("sequence", B)
    assert merge(S, B, ORDER) == ("sequence", B)
    assert merge(S, 64, ORDER) == ("sequence", 64)
    assert merge(0, S, ORDER) is None
    assert merge(S + 1, 64, ORDER) is None
    assert merge(3, 4, ORDER) is None
