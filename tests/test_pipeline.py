"""The pipeline keeps every number, pass by pass, down to [scheduled]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.passes import ModulePass

from sparsec import debug, forms, pipeline
from sparsec.builder import begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import tensor
from sparsec.errors import CompilerBug
from sparsec.pipeline import PIPELINE, Stage
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.filecheck_item import parse
from tests.transforms.drawn_models import models
from tests.transforms.passes import context_of, draw_inputs

FRONT = tuple(stage for stage in PIPELINE if stage.name in ("graph", "sparse", "scheduled"))
SIZES = {"batch": 2, "sequence": 5}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(models())
def test_every_pass_but_legalisation_is_exact(drawn: tuple[ModuleOp, WeightStore]) -> None:
    module, weights = drawn
    inputs = draw_inputs(module, SIZES)
    for difference in debug.compare(module, context_of(weights), inputs):
        if difference.step.pass_name != "legalise-quantisation":
            assert not difference.differs, (difference.step.pass_name, difference.largest)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(models())
def test_what_a_pass_prints_parses_and_means_the_same(drawn: tuple[ModuleOp, WeightStore]) -> None:
    module, weights = drawn
    inputs = draw_inputs(module, SIZES)
    before, again = "", module
    for step in pipeline.run(module, context_of(weights), FRONT, thorough=False):
        if (text := str(step.module)) != before:
            before, again = text, parse(text)
        if step.ends_stage:
            expected, given = evaluate(step.module, inputs, weights), evaluate(again, inputs, weights)
            for name, array in expected.items():
                np.testing.assert_array_equal(given[name], array, err_msg=f"{step.stage} {name}")


def relu_module() -> tuple[ModuleOp, WeightStore]:
    """y = relu(x)"""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f32, [2, 4]))])
    return finish([("y", builder.apply(ew.Relu, values["x"]))]), weights


@dataclass(frozen=True)
class BreakTypes(ModulePass):
    """Makes relu's operand a constant of another shape."""

    name: ClassVar[str] = "break-types"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in op.walk():
            if isinstance(inner, ew.Relu):
                broken = st.Constant.create(result_types=[tensor(f32, [3])])
                assert inner.parent is not None
                inner.parent.insert_op_before(broken, inner)
                inner.operands[0] = broken.results[0]


def test_invalid_ir_is_a_short_compiler_bug_that_names_the_pass() -> None:
    module, weights = relu_module()
    stage = Stage("graph", (BreakTypes(),), forms.graph)
    with pytest.raises(CompilerBug, match=r"^\[graph\] break-types left invalid IR") as caught:
        pipeline.finish(pipeline.run(module, context_of(weights), (stage,)))
    assert len(str(caught.value)) < pipeline.MESSAGE_LIMIT + 100


def test_who_does_not_look_on_has_stages_verified_at_their_ends() -> None:
    module, weights = relu_module()
    stage = Stage("graph", (BreakTypes(), BreakNothing()), forms.graph)
    steps = pipeline.run(module, context_of(weights), (stage,), thorough=False)
    assert [next(steps).pass_name for _ in range(2)] == ["", "break-types"]
    with pytest.raises(CompilerBug, match=r"^\[graph\] one of its passes left invalid IR"):
        next(steps)


def test_a_stage_that_misses_its_form_is_a_compiler_bug() -> None:
    module, weights = relu_module()
    stage = Stage("sparse", (BreakNothing(),), forms.sparse)
    with pytest.raises(CompilerBug, match=r"\[sparse\] nn.relu"):
        pipeline.finish(pipeline.run(module, context_of(weights), (stage,)))


@dataclass(frozen=True)
class BreakNothing(ModulePass):
    """Does nothing."""

    name: ClassVar[str] = "break-nothing"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Leave everything as it is."""


def test_steps_are_numbered_and_stages_end_once() -> None:
    module, weights = relu_module()
    steps = [(step.index, step.stage, step.ends_stage) for step in pipeline.run(module, context_of(weights), FRONT)]
    assert [index for index, _, _ in steps] == list(range(1 + sum(len(stage.passes) for stage in FRONT)))
    assert [stage for _, stage, ends in steps if ends] == ["input", "graph", "sparse", "scheduled"]


def test_every_pass_has_its_own_name() -> None:
    names = [each.name for each in pipeline.all_passes()]
    assert len(set(names)) == len(names)


@dataclass(frozen=True)
class Fail(ModulePass):
    """Has a bug."""

    name: ClassVar[str] = "fail"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Look where nothing is."""
        raise KeyError("nothing")


def test_an_exception_in_a_pass_is_a_compiler_bug_that_names_the_pass() -> None:
    module, weights = relu_module()
    stage = Stage("graph", (Fail(),), forms.graph)
    with pytest.raises(CompilerBug, match=r"^\[graph\] fail failed: KeyError: 'nothing'$"):
        pipeline.finish(pipeline.run(module, context_of(weights), (stage,)))
