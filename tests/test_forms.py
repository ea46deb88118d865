"""Each form refuses what must not be there, naming op and stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import SSAValue

from sparsec import forms
from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import Layout, tensor
from sparsec.dims import Dim
from sparsec.errors import CompilerBug
from sparsec.pipeline import PIPELINE
from sparsec.weights import WeightStore

Write = Callable[[Builder, SSAValue], SSAValue]


def module_of(write: Write) -> ModuleOp:
    """`y = write(x)` for x[rows, 8]."""
    builder, values, finish = begin_module(WeightStore(), [("x", tensor(f32, [Dim.symbol("rows"), 8]))])
    return finish([("y", write(builder, values["x"]))])


def weight(builder: Builder) -> SSAValue:
    """A weight [4, 8]."""
    return builder.constant(np.ones((4, 8), np.float32))


def product(builder: Builder, x: SSAValue) -> SSAValue:
    """A product without a schedule."""
    body = builder.body([f32], lambda inner, arguments: arguments)
    return builder.sparse_matmul(x, weight(builder), [], body)[0]


def tiled_product(builder: Builder, x: SSAValue) -> SSAValue:
    """A product on tiles, without a schedule, whose result leaves the model as tiles."""
    return product(builder, builder.convert_layout(x, Layout.TILED))


REFUSED: list[tuple[Callable[[ModuleOp], None], Write, str]] = [
    (forms.graph, product, r"\[graph\] sparse.matmul: only nn ops live here"),
    (forms.graph, lambda b, x: b.convert_layout(x, Layout.TILED), r"\[graph\] sparse.convert_layout"),
    (forms.sparse, lambda b, x: b.linear(x, weight(b)), r"\[sparse\] nn.linear: it should have become sparse.matmul"),
    (forms.sparse, lambda b, x: b.apply(ew.Neg, x), r"\[sparse\] nn.neg: it should stand in the body"),
    (forms.sparse, lambda b, x: b.convert_layout(x, Layout.TILED), r"layouts are not assigned yet"),
    (forms.scheduled, tiled_product, r"\[scheduled\] sparse.matmul: it has no schedule"),
    (forms.scheduled, lambda b, x: b.convert_layout(x, Layout.TILED), r"is an input or output of the model"),
    (forms.kernels, lambda b, x: x, r"\[kernels\] the module is one kernel.program, got func.func"),
    (forms.loops, lambda b, x: b.apply(ew.Neg, x), r"\[loops\] nn.neg: only arith, func, lanes"),
    (forms.llvm, lambda b, x: x, r"\[llvm\] func.func: only lanes, llvm live here"),
]


@pytest.mark.parametrize(("form", "write", "message"), REFUSED, ids=[row[2][:30] for row in REFUSED])
def test_what_does_not_belong_is_a_compiler_bug(form: Callable[[ModuleOp], None], write: Write, message: str) -> None:
    with pytest.raises(CompilerBug, match=message):
        form(module_of(write))


def test_what_belongs_passes() -> None:
    forms.graph(module_of(lambda builder, x: builder.linear(builder.apply(ew.Neg, x), weight(builder))))
    forms.sparse(module_of(product))


def test_names_must_match_values() -> None:
    module = module_of(lambda builder, x: x)
    (function,) = module.ops
    del function.attributes["output_names"]
    with pytest.raises(CompilerBug, match=r"\[graph\] `main` has 1 values for 0 output_names"):
        forms.graph(module)


def test_every_stage_of_the_pipeline_has_its_form() -> None:
    assert [forms.FORMS[stage.name] for stage in PIPELINE if stage.name in forms.FORMS] == [
        stage.ensures for stage in PIPELINE if stage.name in forms.FORMS
    ]
