"""Elementary functions on numpy against float64 references, over the range of float32."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec import elementary
from sparsec.numpy_arithmetic import NumpyArithmetic

M = NumpyArithmetic()
F = np.float32
INFINITY, NAN = float("inf"), float("nan")


def floats(low: float, high: float, count: int = 200_001) -> np.ndarray:
    """float32 numbers, evenly spread and random, within [low, high]."""
    random = np.random.default_rng(7).uniform(low, high, count)
    return np.concatenate([np.linspace(low, high, count), random]).astype(F)


def geometric(low: float, high: float, count: int = 200_001) -> np.ndarray:
    """Positive float32 numbers of all magnitudes within [low, high]."""
    return np.exp(np.linspace(math.log(low), math.log(high), count)).astype(F)


def ulps(result: np.ndarray, exact: np.ndarray) -> float:
    """The largest distance to the exact result in units of its last float32 place."""
    return float(np.max(np.abs(result.astype(np.float64) - exact) / np.spacing(np.abs(exact).astype(F))))


def apply(function: Callable[..., np.ndarray], *values: float) -> list[float]:
    return [float(v) for v in function(M, np.array(values, F))]


exact_erf = np.vectorize(math.erf)


def exact_gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * np.vectorize(math.erfc)(-x / math.sqrt(2))


def exact_gelu_tanh(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def test_exp_is_within_two_ulp() -> None:
    x = np.concatenate([floats(-87.3, 88.7228), floats(-1, 1)])
    assert ulps(elementary.exp(M, x), np.exp(x.astype(np.float64))) <= 2


def test_exp_at_its_ends() -> None:
    low, also_low, high, infinite, zero = apply(elementary.exp, -88.0, -INFINITY, 89.0, INFINITY, 0.0)
    assert low == also_low == 0.0
    assert (high, infinite, zero) == (INFINITY, INFINITY, 1.0)
    assert elementary.exp(M, np.array([88.72283], F))[0] == pytest.approx(np.finfo(F).max, rel=1e-5)


def test_exp_as_a_softmax_needs_it() -> None:
    x = -np.concatenate([floats(0, 87.3), floats(0, 3), geometric(1e-30, 1e-2)])
    error = np.abs(elementary.exp_of_non_positive(M, x) / np.exp(x.astype(np.float64)) - 1)
    assert np.max(error / (2e-7 + 8e-8 * np.abs(x))) <= 1
    assert apply(elementary.exp_of_non_positive, 0.0, -0.0, -87.31, -1e38, -INFINITY) == [1, 1, 0, 0, 0]
    assert math.isnan(apply(elementary.exp_of_non_positive, NAN)[0])


def test_log_is_within_two_ulp() -> None:
    x = np.concatenate([geometric(1e-45, 3.4e38), floats(0.5, 2.0), floats(0.9, 1.1)])
    x = x[x != 1]
    assert ulps(elementary.log(M, x), np.log(x.astype(np.float64))) <= 2


def test_log_at_its_ends() -> None:
    zero, one, infinite, negative = apply(elementary.log, 0.0, 1.0, INFINITY, -1.0)
    assert (zero, one, infinite) == (-INFINITY, 0.0, INFINITY)
    assert math.isnan(negative)


@pytest.mark.parametrize(
    ("function", "exact", "reach", "bound", "relative"),
    [(elementary.erf, exact_erf, 4.5, 1e-7, 3.3e-7), (elementary.tanh, np.tanh, 10.0, 3.3e-7, 3.3e-7)],
)
def test_sigmoidal_functions(
    function: Callable[..., np.ndarray],
    exact: Callable[[np.ndarray], np.ndarray],
    reach: float,
    bound: float,
    relative: float,
) -> None:
    x = np.concatenate([floats(-reach, reach, 500_001), geometric(1e-30, 1e-2)])
    x = x[x != 0]
    result, reference = function(M, x), exact(x.astype(np.float64))
    assert np.max(np.abs(result - reference)) <= bound
    assert np.max(np.abs(result / reference - 1)) <= relative
    assert np.all(np.abs(result) <= 1)
    assert apply(function, 100.0, -100.0, INFINITY, -INFINITY, 3e38) == [1, -1, 1, -1, 1]
    assert np.array_equal(function(M, -x), -result)


def test_sigmoid() -> None:
    x = floats(-87, 100)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert np.max(np.abs(elementary.sigmoid(M, x) / exact - 1)) <= 3e-7
    assert apply(elementary.sigmoid, 0.0, INFINITY, 200.0) == [0.5, 1.0, 1.0]
    assert 0 < apply(elementary.sigmoid, -INFINITY)[0] < 2e-38


@pytest.mark.parametrize(
    ("function", "exact", "bound", "relative"),
    [
        (elementary.gelu, exact_gelu, 7e-8, 2.8e-7),
        (elementary.gelu_tanh, exact_gelu_tanh, 7e-8, 2.8e-7),
    ],
)
def test_gelu(
    function: Callable[..., np.ndarray], exact: Callable[[np.ndarray], np.ndarray], bound: float, relative: float
) -> None:
    x = np.concatenate([floats(-12, 12, 500_001), floats(-1, 1)])
    result, reference = function(M, x), exact(x.astype(np.float64))
    assert np.max(np.abs(result - reference) / np.maximum(1, np.abs(x))) <= bound
    near = (np.abs(x) < 1) & (x != 0)
    assert np.max(np.abs(result[near] / reference[near] - 1)) <= relative
    assert np.all((np.minimum(x, 0) <= result) & (result <= np.maximum(x, 0)))  # bound_quantisations counts on it
    assert apply(function, 0.0, 50.0, 1e6) == [0.0, 50.0, 1e6]
    assert np.all(np.abs(function(M, floats(-1000, -12))) < 1e-30)


@pytest.mark.parametrize("function", [elementary.gelu, elementary.gelu_tanh])
def test_gelu_at_its_ends(function: Callable[..., np.ndarray]) -> None:
    assert apply(function, 0.0, -0.0, INFINITY, -INFINITY, 3e38, -3e38) == [
        0.0,
        0.0,
        INFINITY,
        0.0,
        np.float32(3e38),
        0.0,
    ]
    assert not np.signbit(apply(function, -0.0)).any()
    assert np.isnan(apply(function, np.nan, -np.nan)).all()


@pytest.mark.parametrize(("function", "exact"), [(elementary.sin, np.sin), (elementary.cos, np.cos)])
def test_circular_functions(function: Callable[..., np.ndarray], exact: Callable[[np.ndarray], np.ndarray]) -> None:
    x = np.concatenate([floats(-1e5, 1e5), floats(-1000, 1000), floats(-7, 7)])
    assert np.max(np.abs(function(M, x) - exact(x.astype(np.float64)))) <= 2e-7
    large = geometric(1e5, 3.4e38, 10_001)
    assert np.max(np.abs(function(M, np.concatenate([large, -large])))) <= 1
    assert np.isnan(apply(function, INFINITY, -INFINITY)).all()


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0, 4.0, 7.0, -1.0, -2.0, 0.5, -0.5, 1.5, 0.3, -2.2])
def test_power_with_a_constant_exponent(exponent: float) -> None:
    x = geometric(1e-4, 1e4)
    exact = x.astype(np.float64) ** exponent
    assert np.max(np.abs(elementary.power_constant(M, x, exponent) / exact - 1)) <= 3e-6


def test_power_of_negative_numbers_and_zero() -> None:
    x = np.array([-2, -2, -2, 0, 0, 0, 2, -3, -4], F)
    y = np.array([3, 2, 0.5, 2, 0, -1, -125, -1, 0], F)
    expected = [-8.0, 4.0, NAN, 0.0, 1.0, INFINITY, 2.0**-125, -1 / 3, 1.0]
    np.testing.assert_allclose(elementary.power(M, x, y), expected, rtol=1e-5)


def test_rounding_agrees_with_numpy() -> None:
    ties = np.arange(-20, 20, dtype=F) / 2
    huge = np.array([0.0, -0.0, 8388607.5, 8388608.0, 1e9, -1e9, 3e38, INFINITY, -INFINITY, NAN, 1e-45, -0.3], F)
    x = np.concatenate([ties, huge, floats(-100, 100, 1001)])
    for function, exact in (
        (elementary.round_even, np.rint),
        (elementary.floor, np.floor),
        (elementary.ceil, np.ceil),
        (elementary.truncate, np.trunc),
        (elementary.absolute, np.abs),
        (elementary.negate, np.negative),
        (elementary.sign, np.sign),
    ):
        np.testing.assert_array_equal(function(M, x), exact(x), err_msg=function.__name__)


FLOAT_FUNCTIONS = (
    "exp",
    "log",
    "erf",
    "tanh",
    "sigmoid",
    "gelu",
    "gelu_tanh",
    "sin",
    "cos",
    "floor",
    "ceil",
    "round_even",
    "sign",
)


@pytest.mark.parametrize("name", FLOAT_FUNCTIONS)
def test_nan_gives_nan_and_nothing_warns(name: str) -> None:
    x = np.array([NAN, INFINITY, -INFINITY, 0.0, -0.0, 3.4e38, -3.4e38, 1e-45], F)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = getattr(elementary, name)(M, x)
    assert result.dtype == F
    assert np.isnan(result[0])


def test_maximum_and_minimum_take_the_second_operand_when_unordered() -> None:
    nan, one = np.array([NAN], F), np.array([1.0], F)
    assert elementary.maximum(M, nan, one)[0] == 1.0
    assert np.isnan(elementary.maximum(M, one, nan)[0])
    assert elementary.minimum(M, nan, one)[0] == 1.0
    assert np.isnan(elementary.minimum(M, one, nan)[0])


def test_relu_keeps_nan_and_the_sign_of_zero() -> None:
    result = elementary.relu(M, np.array([NAN, -1, 2, -0.0, -INFINITY, INFINITY], F))
    np.testing.assert_array_equal(result, [NAN, 0, 2, -0.0, 0, INFINITY])
    assert np.signbit(result[3]) and not np.signbit(result[1])
    assert list(elementary.relu(M, np.array([-5, 5], np.int32))) == [0, 5]


def test_conversion_to_int_is_that_of_x86() -> None:
    x = np.array([0.5, 1.5, -2.5, 2147483520.0, 2147483648.0, -2147483648.0, -3e9, NAN, INFINITY], F)
    low = -(2**31)
    assert list(M.round_to_int(x)) == [0, 2, -2, 2147483520, low, low, low, low, low]


LIMITS = {"u8": (0, 255), "s8": (-128, 127)}


@settings(deadline=None)
@given(
    st.lists(st.floats(width=32), min_size=1, max_size=20),
    st.floats(2.0**-20, 2.0**20, width=32),
    st.sampled_from(sorted(LIMITS)),
    st.data(),
)
def test_quantize_clips_like_onnx(values: list[float], inverse: float, kind: str, data: st.DataObject) -> None:
    low, high = LIMITS[kind]
    zero = data.draw(st.integers(low, high))
    x = np.array(values, F)
    result = elementary.quantize(M, x, F(inverse), zero, low, high)
    per_lane = elementary.quantize(M, x, F(inverse), np.full(x.shape, zero, np.int32), low, high)
    with np.errstate(all="ignore"):
        expected = np.clip(np.rint(x * F(inverse)).astype(np.float64) + zero, low, high)
    expected = np.where(np.isnan(expected), low, expected)
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(per_lane, expected)


@given(st.integers(-128, 255), st.integers(-128, 255), st.floats(2.0**-20, 2.0**20, width=32))
def test_dequantize(q: int, zero: int, scale: float) -> None:
    result = elementary.dequantize(M, np.array([q], np.int32), F(scale), zero)
    assert result[0] == F(q - zero) * F(scale)
