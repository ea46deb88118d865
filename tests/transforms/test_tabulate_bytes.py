"""Bodies with tables mean what they meant, for bodies that hypothesis draws; what is looked up is what pays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from xdsl.dialects.builtin import IntegerType, ModuleOp, f32, i8
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import ENTRIES, ui8
from sparsec.dialects.nn_structure import Constant
from sparsec.transforms.tabulate_bytes import COST, TabulateBytes, choose_lookups
from sparsec.weights import WeightStore
from tests.filecheck_item import parse
from tests.transforms.drawn_bodies import BYTES, Drawn, Write, bodies, module_of, number
from tests.transforms.passes import count, require_same, run_passes


@settings(max_examples=150, deadline=None)
@given(bodies())
def test_numbers_stay(drawn: Drawn) -> None:
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
