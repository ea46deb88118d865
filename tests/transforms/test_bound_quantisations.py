"""Bounds hold for every activation, what is not bounded is left alone, and kernels saturate right either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draws
from xdsl.dialects.builtin import ModuleOp, UnitAttr, f32, i1, i8, i32
from xdsl.ir import Attribute, SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import yielded
from sparsec.dialects.encoding import element_of, tensor, ui8
from sparsec.dialects.sparse import MatMul
from sparsec.reference import evaluate
from sparsec.schedule import Dataflow, Schedule
from sparsec.transforms.bound_quantisations import LIMIT, BoundQuantisations, accumulator_interval, body_intervals
from sparsec.weights import Array, WeightStore
from tests.lowering.kernels.test_matmul import Extra, Product
from tests.lowering.kernels.test_matmul_rows import RowProduct
from tests.transforms.passes import require_same, run_passes

Write = Callable[[Builder, Sequence[SSAValue]], Sequence[SSAValue]]

TOKENS = 40
BIAS = np.array([7, -3, 0], np.int32)
WEIGHT = np.array([[1, -128, 0, 127], [0, 0, 0, 0], [-5, -6, -7, -8]], np.int8)


def module_of(
    write: Write, extras: Sequence[Array] = (), weight: Array = WEIGHT, more: Sequence[Attribute] = ()
) -> tuple[ModuleOp, WeightStore]:
    """An integer product whose body has constant extras and then unknown ones, inputs r0, r1, ..."""
    weights = WeightStore()
    x = ("x", tensor(ui8, [TOKENS, weight.shape[1]]))
    unknown = [(f"r{i}", tensor(element, [TOKENS, len(weight)])) for i, element in enumerate(more)]
    b, values, finish = begin_module(weights, [x, *unknown])
    operands = [*(b.constant(extra) for extra in extras), *(values[name] for name, _ in unknown)]
    body = b.body([i32, *(element_of(value.type) for value in operands)], write)
    outs = b.sparse_matmul(values["x"], b.constant(weight), operands, body)
    return finish([(f"y{i}", value) for i, value in enumerate(outs)]), weights


def product_of(module: ModuleOp) -> MatMul:
    """The only product."""
    (found,) = (op for op in module.walk() if isinstance(op, MatMul))
    return found


def extreme_bytes(weight: Array) -> np.ndarray:
    """Activations that make each sum as large and as small as it can be, and others."""
    largest, lowest = (np.where(chosen, 255, 0) for chosen in (weight > 0, weight < 0))
    drawn = np.random.default_rng(0).integers(0, 256, (TOKENS - 2 * len(weight) - 2, weight.shape[1]))
    flat = [np.zeros((1, weight.shape[1])), np.full((1, weight.shape[1]), 255)]
    return np.concatenate([largest, lowest, *flat, drawn]).astype(np.uint8)


FLOATS = draws.sampled_from([0.0, -0.0, 1e-40, 1e-30, 0.1, 1.0, -3.0, 1 / 3, 1e5, 2.0**29, -1e20, 3e38, np.inf, np.nan])
INTEGERS = draws.sampled_from([0, 1, -1, 3, 1000, -70_000, 2**30, -(2**31), 2**31 - 1])


@draws.composite
def bodies(draw: draws.DrawFn) -> tuple[ModuleOp, WeightStore, Array]:
    """Ops on sums and constants whose every number is a result; then quantised, for any scale."""
    weight = np.array(draw(draws.lists(draws.integers(-128, 127), min_size=12, max_size=12)), np.int8).reshape(3, 4)
    if draw(draws.booleans()):
        weight = (weight.astype(np.int16) * 255).astype(np.int16)
    channels = np.array(draw(draws.lists(FLOATS, min_size=3, max_size=3)), np.float32)
    extras: list[Array] = [
        channels, np.array(draw(draws.lists(INTEGERS, min_size=3, max_size=3)), np.int32),
        np.array(draw(FLOATS), np.float32), np.array([[draw(INTEGERS)]], np.int32),
        np.array([3, -128, 127], np.int8), np.array(draw(draws.integers(0, 255)), np.uint8),
    ]  # fmt: skip

    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        values = {element: [a for a in arguments if a.type == element] for element in (i32, f32, i8, ui8)}
        for _ in range(draw(draws.integers(1, 10))):
            element = draw(draws.sampled_from([i32, f32, f32, i8, ui8]))
            one = draw(draws.sampled_from(values[element][-3:]))
            match draw(draws.sampled_from(["binary", "binary", "binary", "cast", "relu", "constant"])):
                case "binary":
                    op = draw(draws.sampled_from([ew.Add, ew.Sub, ew.Mul, ew.Maximum, ew.Minimum]))
                    values[element].append(b.apply(op, one, draw(draws.sampled_from(values[element]))))
                case "cast":
                    wanted = draw(draws.sampled_from([i32, f32, i8, ui8]))
                    if wanted != element:
                        values[wanted].append(b.cast(one, wanted))
                case "relu":
                    values[element].append(b.apply(ew.Relu, one))
                case _:
                    number = draw(FLOATS) if element == f32 else draw(draws.integers(0, 127))
                    values[element].append(b.scalar(number, element))
        scale = draw(draws.sampled_from(values[f32])) if draw(draws.booleans()) else b.scalar(draw(FLOATS), f32)
        zero = draw(draws.sampled_from([b.scalar(200, ui8), b.scalar(-128, i8)]))
        results = [b.quantize(value, scale, zero) for value in values[f32][-2:]]
        return [*results, scale, *dict.fromkeys(value for kind in values.values() for value in kind)]

    return *module_of(write, extras, weight), weight


@settings(max_examples=300, deadline=None)
@given(bodies())
def test_no_number_leaves_its_bounds(drawn: tuple[ModuleOp, WeightStore, Array]) -> None:
    module, weights, weight = drawn
    after = run_passes(module, weights, BoundQuantisations())
    require_same(module, after, weights, {})
    product = product_of(after)
    found = list(evaluate(after, {"x": extreme_bytes(weight)}, weights).values())
    known, values = body_intervals(product, weights), yielded(product.body)
    for value, numbers in zip(values, found, strict=True):
        if value in known:
            assert np.all(numbers >= known[value].low) and np.all(numbers <= known[value].high)
        if isinstance(op := value.owner, ew.Quantize) and op.bounded:
            x, scale = (found[list(values).index(operand)] for operand in (op.operand, op.scale))
            assert np.all(np.abs(x * (np.float32(1) / scale)) < LIMIT)


@given(draws.lists(draws.lists(draws.integers(-255, 255), min_size=5, max_size=5), min_size=1, max_size=4))
def test_sums_reach_their_bounds(rows: list[list[int]]) -> None:
    weight = np.array(rows, np.int16)
    sums = extreme_bytes(weight).astype(np.int64) @ weight.T.astype(np.int64)
    bounds = accumulator_interval(weight)
    np.testing.assert_array_equal(bounds.low, sums.min(axis=0))
    np.testing.assert_array_equal(bounds.high, sums.max(axis=0))


def is_bounded(write: Write, extras: Sequence[Array] = (), **options: object) -> list[bool]:
    """Which quantisations are bounded, and a check that nothing else changes."""
    module, weights = module_of(write, extras, **options)  # pyright: ignore
    after = run_passes(module, weights, BoundQuantisations())
    require_same(module, after, weights, {})
    quantised = [op for op in product_of(after).body.block.ops if isinstance(op, ew.Quantize)]
    bounded = [op.bounded is not None for op in quantised]
    for op in quantised:
        op.properties.pop("bounded", None)
    assert str(after) == str(module)
    return bounded


def requantised(scale: float, multiplier: float = 0.01) -> Write:
    """`quantize(cast(acc) * multiplier, scale, 5)`, once for each kind of byte."""

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        real = b.apply(ew.Mul, b.cast(args[0], f32), b.scalar(multiplier, f32))
        return [b.quantize(real, b.scalar(scale, f32), b.scalar(5, element)) for element in (ui8, i8)]

    return write


@pytest.mark.parametrize(
    ("scale", "multiplier", "bounded"),
    [
        (0.1, 0.01, True),
        (-0.1, 0.01, True),
        (1.0, 33_000.0, False),  # 32640 * 33000 is a little beyond 2**30
        (1.0, 32_000.0, True),
        (1e30, 1e30, True),
        (1e-38, 1e-38, True),
        (1e-40, 1e-40, False),  # 1 / scale overflows
        (0.0, 0.01, False),
        (float("inf"), 0.01, False),
        (float("nan"), 0.01, False),
        (1.0, float("nan"), False),
        (1.0, float("inf"), False),
        (1.0, 3e38, False),
    ],
)
def test_scales(scale: float, multiplier: float, bounded: bool) -> None:
    assert is_bounded(requantised(scale, multiplier)) == [bounded, bounded]


def test_a_row_without_weights_times_infinity() -> None:
    zeros = np.zeros_like(WEIGHT)
    assert is_bounded(requantised(1e-40), weight=zeros) == [False, False]
    assert is_bounded(requantised(1.0, float("inf")), weight=zeros) == [False, False]


def test_numbers_of_each_channel() -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total, bias, multiplier, scale, zero = args
        return [b.quantize(b.apply(ew.Mul, b.cast(b.apply(ew.Add, total, bias), f32), multiplier), scale, zero)]

    ones, zero = np.ones(3, np.float32), np.array(128, np.uint8)
    assert is_bounded(write, [BIAS, ones, ones, zero]) == [True]
    assert is_bounded(write, [BIAS.reshape(1, 3), ones, np.array([[1.0]], np.float32), zero]) == [True]
    assert is_bounded(write, [BIAS, np.array([1, 1e30, 1], np.float32), ones, zero]) == [False]
    assert is_bounded(write, [BIAS, ones, np.array([1, 1, np.nan], np.float32), zero]) == [False]
    assert is_bounded(write, [BIAS, ones, np.array([1, 1, 1e-9], np.float32), zero]) == [False]
    assert is_bounded(write, [np.array([7, 2**31 - 1, 0], np.int32), ones, ones, zero]) == [False]


def test_numbers_that_are_not_constant() -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        real, scale, zero = b.cast(args[0], f32), b.scalar(1.0, f32), b.scalar(5, ui8)
        both = b.apply(ew.Add, real, args[1])
        clipped = b.apply(ew.Minimum, b.apply(ew.Maximum, both, b.scalar(-6.0, f32)), b.scalar(6.0, f32))
        return [b.quantize(value, scale, zero) for value in (both, clipped, real)] + [
            b.quantize(real, args[1], zero), b.quantize(real, scale, args[2])
        ]  # fmt: skip

    assert is_bounded(write, more=[f32, ui8]) == [False, False, True, False, True]


def test_sums_that_may_wrap() -> None:
    """[0, 3e9] wraps to what is negative, so its minimum with 100 may be anything below. A byte stays a byte."""

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        wide = b.apply(ew.Mul, args[0], b.scalar(100_000, i32))
        small = b.apply(ew.Maximum, b.apply(ew.Minimum, wide, b.scalar(100, i32)), b.scalar(-(2**31), i32))
        byte = b.cast(args[0], i8)
        reals = [b.cast(value, f32) for value in (small, byte, args[0])]
        return [b.quantize(real, b.scalar(0.5, f32), b.scalar(0, ui8)) for real in reals]

    assert is_bounded(write) == [False, True, True]
    many = np.full((1, 66_000), 127, np.int8)
    assert is_bounded(requantised(1.0, 1e-9), weight=many) == [True, True]
    assert is_bounded(requantised(1.0, 1e-9), weight=np.full((1, 67_000), 127, np.int8)) == [False, False]


def test_other_results_are_left_alone() -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        q = b.quantize(b.cast(args[0], f32), b.scalar(1.0, f32), b.scalar(5, element_of(args[1].type)))
        return [b.cast(q, i32)]

    assert is_bounded(write, [np.array(0, np.int16)]) == [False]
    assert is_bounded(write, [np.array(0, np.int8)]) == [True]


def test_what_has_no_numbers_is_not_read() -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        flag = b.cast(args[1], f32)
        below = b.apply(ew.Less, b.cast(args[0], f32), flag)
        return [b.quantize(flag, b.scalar(1.0, f32), b.scalar(5, ui8)), b.apply(ew.Or, below, b.scalar(True, i1))]

    assert is_bounded(write, [np.array(True)]) == [False]


@dataclass(frozen=True, eq=False)
class Fixed(Extra):
    """An operand that is always the same."""

    value: np.ndarray

    def draw(self, random: np.random.Generator, symbols: dict[str, int]) -> np.ndarray:
        """The value."""
        return self.value


ZEROS = [(np.uint8, 0), (np.uint8, 1), (np.uint8, 128), (np.uint8, 255)]
ZEROS += [(np.int8, 0), (np.int8, 1), (np.int8, 127), (np.int8, -128)]
HUGE = np.repeat(np.array([[127], [-128], [1], [0], [-1]], np.int8), 600, axis=1)


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize(("dtype", "zero"), ZEROS, ids=lambda value: str(getattr(value, "__name__", value)))
def test_kernels_saturate(dtype: type, zero: int, bounded: bool, rows: bool) -> None:
    """Sums of up to 2e7, times what leads to just below 2**30, beyond 16 bits and around the limits of bytes."""
    multipliers = (50.0, -50.0, 1e-2, 1e-5) if bounded else (50.0, -50.0, 1e-5, 1e20, -1e38, np.inf, np.nan)

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        element = args[1].type
        reals = [b.apply(ew.Mul, b.cast(args[0], f32), b.scalar(multiplier, f32)) for multiplier in multipliers]
        given_zero = [b.quantize(real, b.scalar(1.0, f32), args[1]) for real in reals]
        known_zero = [b.quantize(real, b.scalar(0.9765625, f32), b.scalar(zero, element)) for real in reals[1:3]]
        for value in (*given_zero, *known_zero) if bounded else ():
            value.owner.properties["bounded"] = UnitAttr()  # pyright: ignore
        return [*given_zero, *known_zero]

    extras = [Fixed(np.dtype(dtype).name, (), np.asarray(zero, dtype))]
    outs = [np.dtype(dtype).name] * (len(multipliers) + 2)
    if rows:
        RowProduct(HUGE, Schedule(Dataflow.GATHER_DWORDS, 2, 16), outs, extras, write).check_all((1, 5))
    else:
        Product(HUGE, Dataflow.DENSE_QUADS, outs, extras, write).check(points=[(1, 1), (1, 100)])
