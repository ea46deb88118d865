"""Bodies with tables mean what they meant, for bodies that hypothesis draws; what is looked up is what pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as draws
from xdsl.dialects.builtin import IntegerType, ModuleOp, f32, i8, i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import ENTRIES, tensor, to_numpy, ui8
from sparsec.dialects.nn_structure import Constant
from sparsec.transforms.tabulate_bytes import COST, TabulateBytes, choose_lookups
from sparsec.weights import WeightStore
from tests.filecheck_item import parse
from tests.transforms.passes import count, require_same, run_passes

Write = Callable[[Builder, Sequence[SSAValue]], Sequence[SSAValue]]

UNARY = (
    ew.Neg, ew.Abs, ew.Sign, ew.Exp, ew.Log, ew.Sqrt, ew.Reciprocal, ew.Sin, ew.Cos, ew.Erf, ew.Tanh, ew.Sigmoid,
    ew.Relu, ew.Gelu, ew.GeluTanh, ew.Floor, ew.Ceil, ew.Round,
)  # fmt: skip
BINARY = (ew.Add, ew.Sub, ew.Mul, ew.Div, ew.Pow, ew.Maximum, ew.Minimum)
ARGUMENTS = {"x": f32, "u": ui8, "s": i8, "k": i32}
BYTES: tuple[IntegerType, ...] = (ui8, i8)


def module_of(write: Write) -> tuple[ModuleOp, WeightStore]:
    """A map over one vector of each of `ARGUMENTS`."""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [(name, tensor(type, [300])) for name, type in ARGUMENTS.items()])
    operands = list(values.values())
    outs = builder.map(operands, builder.body([value.type for value in operands], write))
    return finish([(f"y{index}", value) for index, value in enumerate(outs)]), weights


def number(b: Builder, value: float, element: IntegerType) -> SSAValue:
    """A byte constant, any number wrapped into its range."""
    return b.scalar(int(np.asarray(int(value) % 256, np.uint8).astype(to_numpy(element))), element)


@draws.composite
def bodies(draw: draws.DrawFn) -> tuple[ModuleOp, WeightStore]:
    """Ops on earlier values and constants, quantised and dequantised every now and then; several results."""

    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        x, unsigned, signed, whole = arguments
        floats, bytes_ = [x, b.cast(whole, f32)], [unsigned, signed]
        scales = draws.sampled_from([1.0, 0.25, 0.03, 1e-3, 1e-30, 40.0])
        for _ in range(draw(draws.integers(1, 14))):
            kind = draw(draws.sampled_from(["quantize", "dequantize", "unary", "unary", "binary", "constant", "byte"]))
            recent = draws.sampled_from(floats[-3:])
            if kind == "quantize":
                element = draw(draws.sampled_from(BYTES))
                zero = number(b, draw(draws.integers(0, 255)), element)
                bytes_.append(b.quantize(draw(recent), b.scalar(draw(scales), f32), zero))
            elif kind == "dequantize":
                byte = draw(draws.sampled_from(bytes_))
                zero = number(b, draw(draws.integers(0, 255)), byte.type)  # pyright: ignore
                floats.append(b.dequantize(byte, b.scalar(draw(scales), f32), zero))
            elif kind == "unary":
                floats.append(b.apply(draw(draws.sampled_from(UNARY)), draw(recent)))
            elif kind == "binary":
                floats.append(b.apply(draw(draws.sampled_from(BINARY)), draw(recent), draw(draws.sampled_from(floats))))
            elif kind == "constant":
                other = b.scalar(draw(draws.sampled_from([0.5, -1.0, 2.0, 3.0])), f32)
                floats.append(b.apply(draw(draws.sampled_from(BINARY)), draw(recent), other))
            else:
                byte = draw(draws.sampled_from(bytes_))
                below = b.apply(ew.Less, byte, number(b, draw(draws.integers(0, 255)), byte.type))  # pyright: ignore
                bytes_.append(b.apply(ew.Where, below, byte, b.apply(ew.Neg, byte)))
        results = draw(
            draws.lists(draws.sampled_from([*bytes_[2:], *floats[2:], x]), min_size=1, max_size=3, unique=True)
        )
        return [*results, *bytes_[-1:]]

    return module_of(write)


@settings(max_examples=150, deadline=None)
@given(bodies())
def test_numbers_stay(drawn: tuple[ModuleOp, WeightStore]) -> None:
    module, weights = drawn
    after = run_passes(module, weights, TabulateBytes())
    require_same(module, after, weights, {})
    assert str(parse(str(after))) == str(after)
    again = run_passes(after, weights, TabulateBytes())
    assert count(again, ew.Lookup) == count(after, ew.Lookup)


def bracketed(b: Builder, x: SSAValue, element: IntegerType, *ops: type[ew.ElementwiseOp]) -> SSAValue:
    """quantize(ops(dequantize(x)))"""
    for index, op in enumerate((None, *ops)):
        real = b.dequantize(x, b.scalar(0.05, f32), number(b, 3, x.type)) if index == 0 else x  # pyright: ignore
        x = real if op is None else b.apply(op, real)
    return b.quantize(x, b.scalar(0.01, f32), number(b, 200, element))


def lookups_of(write: Write) -> tuple[ModuleOp, WeightStore]:
    """The module after the pass, which must not change it."""
    module, weights = module_of(write)
    after = run_passes(module, weights, TabulateBytes())
    require_same(module, after, weights, {})
    return after, weights


def test_every_pair_of_bytes() -> None:
    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        return [bracketed(b, x, element, ew.Gelu) for x in arguments[1:3] for element in BYTES]

    after, weights = lookups_of(write)
    assert count(after, ew.Lookup) == 4 and count(after, ew.Gelu) == 0
    tables = [weights.get(op.digest.data) for op in after.walk() if isinstance(op, Constant) and op.digest]
    assert [table[ENTRIES].dtype for table in tables] == [np.uint8, np.int8] * 2


def test_a_byte_in_between_that_is_needed_too_costs_a_second_table() -> None:
    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        first = bracketed(b, arguments[1], ui8, ew.Tanh)
        return [first, bracketed(b, first, i8, ew.Sigmoid)]

    after, _ = lookups_of(write)
    lookups = [op for op in after.walk() if isinstance(op, ew.Lookup)]
    assert len(lookups) == 2 and lookups[0].operand is lookups[1].operand


def test_a_byte_that_follows_from_two_starts_anew() -> None:
    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        sides = [bracketed(b, x, ui8, ew.Tanh) for x in arguments[1:3]]
        total = b.apply(ew.Maximum, *sides)
        return [bracketed(b, total, ui8, ew.Exp)]

    after, _ = lookups_of(write)
    assert count(after, ew.Lookup) == 3


def test_what_is_cheap_stays() -> None:
    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        return [bracketed(b, arguments[1], ui8), bracketed(b, arguments[1], i8, ew.Relu)]

    assert count(lookups_of(write)[0], ew.Lookup) == 0


def test_work_that_somebody_else_needs_does_not_count() -> None:
    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        real = b.dequantize(arguments[1], b.scalar(0.05, f32), b.scalar(3, ui8))
        wide = b.apply(ew.Gelu, real)
        return [wide, b.quantize(wide, b.scalar(0.1, f32), b.scalar(7, ui8))]

    module, _ = module_of(write)
    assert count(lookups_of(write)[0], ew.Lookup) == 0
    (op,) = (op for op in module.walk() if op.name == "sparse.map")
    assert choose_lookups(op.regions[0].block) == []


def test_every_op_that_has_a_cost_of_its_own_exists() -> None:
    assert set(COST) <= {*ew.ELEMENTWISE, Constant}
