"""Instructions of bodies: what differs from element to element counts, and elementary functions by their steps."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import Block

from sparsec import elementary
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.explanation.instructions import DIVISION, curves_in, cycles_of, instructions_of, of_body
from sparsec.target import AMD, TARGETS, ZEN_4

WIDE = TARGETS["avx512vnni"]


def test_steps_of_elementary_functions_are_counted() -> None:
    assert instructions_of(elementary.relu, WIDE) == 1
    assert instructions_of(elementary.absolute, WIDE) == 1
    exp, of_non_positive = (instructions_of(each, WIDE) for each in (elementary.exp, elementary.exp_of_non_positive))
    assert 10 < of_non_positive < exp < 30
    assert instructions_of(elementary.sigmoid, WIDE) > DIVISION
    assert 20 < instructions_of(elementary.gelu, WIDE) == instructions_of(elementary.gelu_tanh, WIDE) < 30


def test_what_is_picked_from_tables_takes_more_without_permutations() -> None:
    wide, narrow, baseline = (
        instructions_of(elementary.gelu, TARGETS[name]) for name in ("avx512vbmi", "avx2", "x86_64")
    )
    assert 2 * wide < narrow < baseline
    relu = {instructions_of(elementary.relu, target) for target in TARGETS.values()}
    assert relu == {1}


@pytest.fixture
def block() -> Block:
    """`cast(acc + bias) * scale` through a gelu."""
    block = Block(arg_types=[i32, i32, f32])
    total = ew.Add.create(operands=[block.args[0], block.args[1]], result_types=[i32])
    real = ew.Cast.create(operands=[total.result], result_types=[f32])
    scaled = ew.Mul.create(operands=[real.result, block.args[2]], result_types=[f32])
    curve = ew.Gelu.create(operands=[scaled.result], result_types=[f32])
    block.add_ops([total, real, scaled, curve, Yield(curve.result)])
    return block


def test_a_body_is_the_sum_of_what_varies(block: Block) -> None:
    gelu = instructions_of(elementary.gelu, WIDE)
    assert of_body(block, {0}, WIDE) == 1 + 1 + gelu + 1  # sums start from the bias; then cast, scale, gelu, store
    assert of_body(block, {2}, WIDE) == 1 + gelu + 1
    assert of_body(block, (), WIDE) == 1
    assert curves_in(block, WIDE) == [("gelu", gelu)]


def test_narrow_vectors_take_several_instructions() -> None:
    wide, narrow = (cycles_of(6, 100, TARGETS[name], TARGETS[name].ports_of(AMD)) for name in ("avx512vnni", "avx2"))
    assert narrow == 2 * wide


def test_cores_that_take_two_steps_for_a_vector_take_twice_the_cycles() -> None:
    target = TARGETS["avx512vnni"]
    whole, halves = (cycles_of(6, 100, target, target.ports_of(core)) for core in (AMD, ZEN_4))
    assert halves == 2 * whole
