"""kernel.matmul on rows against numpy, bit for bit, on every target, between guard pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import f32, i1, i8, i32
from xdsl.ir import Block, Region, SSAValue

from sparsec.builder import Builder
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of, ui8
from sparsec.dialects.sparse import ScheduleAttr
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.matmul import MATMUL
from sparsec.lowering.kernels.vector import build_function
from sparsec.packing import pack_weight
from sparsec.reference import scope_for
from sparsec.schedule import Dataflow, Schedule
from sparsec.weights import WeightStore
from tests.lowering.kernels.machine_code import hottest_loop
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_call
from tests.lowering.kernels.test_instruction_sets import matrices
from tests.lowering.kernels.test_lookups import extra_table
from tests.lowering.kernels.test_matmul import Extra, Write, drawn_weight, requantised, sum_itself
from tests.native import ALL_TARGETS, AVX2, AVX512, AVX512VBMI, AVXVNNI, assembly, each_target, target_name

GATHER, DENSE, WINDOWS = Dataflow.GATHER_DWORDS, Dataflow.DENSE_DWORDS, Dataflow.PERMUTE_WINDOWS
FLOWS = (GATHER, DENSE, WINDOWS)
TOKENS = (1, 2, 7, 13, 31, 100)
Size = str | int


def schedules_of(flow: Dataflow) -> list[Schedule]:
    """Every schedule that the dataflow has."""
    return [Schedule(flow, tile, rows) for tile in flow.tiles for rows in flow.row_counts]


EVERY_SCHEDULE = [schedule for flow in FLOWS for schedule in schedules_of(flow)]


class RowProduct:
    """One product on rows as native code.

    Args:
        tokens: the leading sizes of all activations; names are known at run time only.
    """

    def __init__(
        self,
        weight: np.ndarray,
        schedule: Schedule,
        outs: Sequence[str] = ("int32",),
        extras: Sequence[Extra] = (),
        write: Write = sum_itself,
        tokens: Sequence[Size] = ("b",),
        targets: Sequence[frozenset[str]] = tuple(ALL_TARGETS),
    ):
        rows, columns = weight.shape
        self.weight, self.extras, self.tokens = weight, extras, tokens
        types = [buffer(extra.dtype, extra.sizes) for extra in extras]
        builder = Builder(WeightStore(), Block())
        self.body: Region = builder.body([i32, *(element_of(t) for t in types)], write)
        ins = [buffer("uint8", (*tokens, columns)), kernel.PackedType(), *types]
        results = [buffer(dtype, (*tokens, rows)) for dtype in outs]
        properties = {"schedule": ScheduleAttr.of(schedule)}
        op = kernel_call(kernel.MatMul, ins, results, properties, [self.body.clone()])
        self.packed = pack_weight(weight, schedule)
        symbols = tuple(size for size in tokens if isinstance(size, str))
        self.native = Compiled(op, MATMUL, symbols, targets=targets)

    def check(self, seed: int = 0, **symbols: int) -> None:
        """Compare with numpy, at these sizes, on bytes of the full range, many of them the largest."""
        random = np.random.default_rng(seed)
        shape = [symbols.get(str(size), size) for size in self.tokens]
        x = random.integers(0, 256, (*shape, self.weight.shape[1])).astype(np.uint8)
        x[..., ::3] = 255
        extras = [extra.draw(random, symbols) for extra in self.extras]
        sums = (x.astype(np.int64) @ self.weight.T.astype(np.int64)).astype(np.int32)
        with np.errstate(all="ignore"):
            results = scope_for({}, WeightStore()).run_body(self.body, [sums, *extras])
        expected = [np.broadcast_to(result, sums.shape) for result in results]
        for one, other in zip(self.native(x, self.packed, *extras, **symbols), expected, strict=True):
            assert_same(one, other)

    def check_all(self, counts: Sequence[int] = TOKENS) -> None:
        """Compare at these numbers of tokens, `b`."""
        for count in counts:
            self.check(seed=count, b=count)


SHAPES = {
    GATHER: [(1, 4), (15, 5), (16, 127), (17, 128), (33, 129), (70, 200)],
    DENSE: [(1, 4), (15, 5), (16, 127), (17, 128), (33, 129), (70, 202)],
    WINDOWS: [(1, 128), (15, 129), (16, 191), (17, 200), (70, 333)],
}


@each_target
@pytest.mark.parametrize("flow", FLOWS)
def test_sums_of_every_shape_and_schedule(features: frozenset[str], flow: Dataflow) -> None:
    schedules, shapes = schedules_of(flow), SHAPES[flow]
    if features != ALL_TARGETS[-1]:
        schedules = schedules[::5] + schedules[1::7]  # other instructions in the same loops
    for number in range(max(len(schedules), len(shapes))):
        schedule, shape = schedules[number % len(schedules)], shapes[number % len(shapes)]
        weights = list(matrices(*shape).values())
        product = RowProduct(weights[0], schedule, targets=[features])
        for index, weight in enumerate(weights):
            product.weight, product.packed = weight, pack_weight(weight, schedule)
            product.check_all(TOKENS if index == 0 else (1, 13))


@pytest.mark.parametrize("schedule", EVERY_SCHEDULE, ids=lambda s: f"{s.dataflow}-{s.tile}-{s.rows}")
def test_as_many_tokens_as_are_known(schedule: Schedule) -> None:
    weight = drawn_weight(19, 131, 0.6)
    for tokens in (max(1, schedule.tile - 1), 13):
        RowProduct(weight, schedule, tokens=(tokens,), targets=[ALL_TARGETS[-1]]).check()


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(EVERY_SCHEDULE),
    st.integers(1, 90),
    st.integers(0, 150),
    st.floats(0, 1),
    st.sampled_from([1, 2, 5, 31, "b"]),
    st.sampled_from(ALL_TARGETS),
)
def test_drawn(schedule: Schedule, rows: int, more: int, zeros: float, tokens: Size, features: frozenset[str]) -> None:
    columns = more + (128 if schedule.dataflow is WINDOWS else 4)
    product = RowProduct(drawn_weight(rows, columns, zeros), schedule, tokens=(tokens,), targets=[features])
    for count in TOKENS if tokens == "b" else TOKENS[:1]:
        product.check(seed=rows, b=count)


@pytest.mark.parametrize("schedule", [Schedule(GATHER, 2, 16), Schedule(DENSE, 3, 32), Schedule(WINDOWS, 2, 16)])
def test_leading_sizes_are_tokens(schedule: Schedule) -> None:
    weight = drawn_weight(18, 140, 0.5)
    product = RowProduct(weight, schedule, tokens=("b", 3, "s"))
    for b, s in ((1, 1), (2, 5), (0, 4), (3, 0)):
        product.check(b=b, s=s)
    RowProduct(weight, schedule, tokens=(2, 3)).check()
    RowProduct(weight, schedule, tokens=()).check()


@pytest.mark.parametrize("columns", [40_000, 65_536, 65_537])
@pytest.mark.parametrize("schedule", [Schedule(GATHER, 2, 16), Schedule(DENSE, 2, 16), Schedule(WINDOWS, 2, 16)])
def test_many_columns(columns: int, schedule: Schedule) -> None:
    weight = drawn_weight(5, columns, 0.995)
    weight[:, [-130, -2, -1]] = -128
    RowProduct(weight, schedule, tokens=(3,)).check()


@each_target
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("flow", FLOWS)
def test_requantised(features: frozenset[str], flow: Dataflow, signed: bool) -> None:
    out = "int8" if signed else "uint8"
    for rows in (13, 32):
        extras = [Extra("int32", (rows,)), Extra("float32", (1, rows)), Extra("float32", ()), Extra(out, (1, 1))]
        schedule = Schedule(flow, 3, 16)
        weight = drawn_weight(rows, 132, 0.6)
        RowProduct(weight, schedule, [out], extras, requantised, targets=[features]).check_all()


def everything(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
    """A result of every type, of operands of every type: numbers per token and channel, and per channel."""
    total, real, whole, byte, signed, flag, *channels = args
    wide = b.cast(byte, i32)
    total = b.apply(ew.Add, b.apply(ew.Add, total, whole), b.apply(ew.Mul, wide, b.cast(signed, i32)))
    chosen = b.apply(ew.Where, flag, b.cast(total, f32), b.apply(ew.Mul, real, channels[0]))
    below = b.apply(ew.Less, chosen, b.cast(b.apply(ew.Add, channels[1], b.cast(channels[5], i32)), f32))
    either = b.apply(ew.Or, below, channels[4])
    two = b.scalar(2.0, f32)
    bytes_ = [b.quantize(chosen, two, channels[2]), b.quantize(chosen, two, channels[3])]
    return [chosen, total, *bytes_, either, byte, signed]


@each_target
@pytest.mark.parametrize(("rows", "height"), [(1, 16), (22, 32), (80, 64), (48, 16)])
def test_every_operand_and_result_that_a_row_can_hold(features: frozenset[str], rows: int, height: int) -> None:
    kinds = ["float32", "int32", "uint8", "int8", "bool"]
    extras = [Extra(kind, ("b", rows)) for kind in kinds] + [Extra(kind, (rows,)) for kind in (*kinds, "int64")]
    outs = ["float32", "int32", "uint8", "int8", "bool", "uint8", "int8"]
    schedule = Schedule(GATHER, 2, height)
    RowProduct(drawn_weight(rows, 9, 0.5), schedule, outs, extras, everything, targets=[features]).check_all((1, 13))


@pytest.mark.parametrize("flow", FLOWS)
def test_residual(flow: Dataflow) -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total, bias, multiplier, other, scale, zero = args
        here = b.apply(ew.Mul, b.cast(b.apply(ew.Add, total, bias), f32), multiplier)
        there = b.dequantize(other, scale, zero)
        both = b.apply(ew.Add, here, there)
        return [b.quantize(both, scale, b.scalar(3, i8)), both, b.apply(ew.Less, here, there)]

    rows = 37
    extras = [
        Extra("int32", (rows,)), Extra("float32", (rows,)), Extra("uint8", ("b", rows)), Extra("float32", ()),
        Extra("uint8", ()),
    ]  # fmt: skip
    product = RowProduct(
        drawn_weight(rows, 130, 0.8), Schedule(flow, 4, 16), ["int8", "float32", "bool"], extras, write
    )
    product.check_all()


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("rows", [6, 32])
def test_tables(flow: Dataflow, rows: int) -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total, multiplier, scale, zero, first, second = args
        q = b.quantize(b.apply(ew.Mul, b.cast(total, f32), multiplier), scale, zero)
        found = b.apply(ew.Lookup, q, first)
        return [found, b.cast(found, f32), q, b.apply(ew.Lookup, q, second)]

    extras = [Extra("float32", (rows,)), Extra("float32", ()), Extra("uint8", ()), extra_table(ui8), extra_table(i8)]
    outs = ["uint8", "float32", "uint8", "int8"]
    RowProduct(drawn_weight(rows, 130, 0.5), Schedule(flow, 2, 16), outs, extras, write).check_all()


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("used_twice", [False, True])
def test_bias_that_begins_the_sum(flow: Dataflow, used_twice: bool) -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total = b.apply(ew.Add, args[1], args[0])
        return [b.apply(ew.Mul, total, args[1]) if used_twice else total, args[2]]

    extras = [Extra("int32", (19,)), Extra("int32", (1, 19))]
    weight = drawn_weight(19, 128, 0.5)
    RowProduct(weight, Schedule(flow, 1, 16), ["int32", "int32"], extras, write).check_all((1, 3))


def test_one_channel_whose_numbers_are_scalars() -> None:
    extras = [Extra("int32", (1,)), Extra("float32", (1,)), Extra("float32", ()), Extra("uint8", ())]
    for flow in FLOWS:
        weight = drawn_weight(1, 130, 0.0)
        RowProduct(weight, Schedule(flow, 2, 16), ["uint8"], extras, requantised).check_all()


def test_results_that_do_not_follow_from_the_sum() -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        return [b.scalar(3, i32), args[1], b.scalar(1, i1), b.cast(args[2], f32)]

    extras = [Extra("float32", ("b", 5)), Extra("uint8", ())]
    outs = ["int32", "float32", "bool", "float32"]
    RowProduct(drawn_weight(5, 4, 0.5), Schedule(DENSE, 8, 32), outs, extras, write).check_all((1, 9))


@pytest.mark.parametrize("flow", FLOWS)
def test_no_tokens(flow: Dataflow) -> None:
    weight = drawn_weight(5, 128, 0.5)
    RowProduct(weight, Schedule(flow, 2, 16)).check_all((0,))
    RowProduct(weight, Schedule(flow, 2, 16), tokens=(0,)).check()


def test_channels_must_be_known() -> None:
    builder = Builder(WeightStore(), Block())
    ins, outs = [buffer("uint8", (2, "k")), kernel.PackedType()], [buffer("int32", (2, 4))]
    properties = {"schedule": ScheduleAttr.of(Schedule(GATHER, 1, 16))}
    op = kernel_call(kernel.MatMul, ins, outs, properties, [builder.body([i32], sum_itself)])
    with pytest.raises(CompilerBug, match="k input and 4 output channels: both must be known"):
        Compiled(op, MATMUL, ("k",), targets=ALL_TARGETS[:1])


def hottest(schedule: Schedule, features: frozenset[str]):
    """The innermost loop of a large product."""
    builder = Builder(WeightStore(), Block())
    ins, outs = [buffer("uint8", (schedule.tile, 768)), kernel.PackedType()], [buffer("int32", (schedule.tile, 768))]
    properties = {"schedule": ScheduleAttr.of(schedule)}
    op = kernel_call(kernel.MatMul, ins, outs, properties, [builder.body([i32], sum_itself)])
    assert isinstance(op, kernel.MatMul)
    function = build_function("f", features, lambda e, args: MATMUL.write(op, e, args, ()))
    return hottest_loop(assembly([function]), "vpdpbusd|vpmaddwd")


@pytest.mark.parametrize(
    ("schedule", "products"),
    [
        (Schedule(GATHER, 1, 16), 8),
        (Schedule(GATHER, 8, 32), 16),
        (Schedule(DENSE, 8, 16), 8),
        (Schedule(DENSE, 4, 64), 16),
        (Schedule(WINDOWS, 4, 16), 16),
        (Schedule(WINDOWS, 1, 16), 4),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else f"{value.dataflow}-{value.tile}-{value.rows}",
)
def test_the_inner_loop_multiplies_in_registers(schedule: Schedule, products: int) -> None:
    loop = hottest(schedule, AVX512VBMI)
    assert loop.count("vpdpbusd") == products
    assert not loop.stack_traffic
    assert loop.count("vpermi2b|vpermt2b") == (products if schedule.dataflow is WINDOWS else 0)


@pytest.mark.parametrize("features", [AVX512, AVXVNNI, AVX2], ids=target_name)
def test_other_targets_use_what_they_have(features: frozenset[str]) -> None:
    loop = hottest(Schedule(GATHER, 2, 16), features)
    assert loop.count("vpmaddwd" if features == AVX2 else "vpdpbusd") > 0
