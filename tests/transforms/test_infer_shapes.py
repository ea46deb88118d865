"""Types after inputs have changed, and errors that name their source."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.rewriter import Rewriter

from sparsec.builder import begin_module
from sparsec.context import CompilerContext
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import Layout, layout_of, sizes_of, tensor
from sparsec.dims import Dim, Size
from sparsec.errors import ShapeError
from sparsec.reference import main_function
from sparsec.transforms.infer_shapes import InferShapes
from sparsec.weights import WeightStore

BATCH, SEQUENCE = Dim.symbol("batch"), Dim.symbol("sequence")


def heads_module() -> ModuleOp:
    """x[batch, sequence, 8] split into heads, flattened, and joined with a broadcast and a slice."""
    builder, values, finish = begin_module(WeightStore(), [("x", tensor(f32, [BATCH, SEQUENCE, 8]))])
    x = builder.apply(ew.Neg, values["x"])
    heads = builder.transpose(builder.reshape(x, [BATCH, SEQUENCE, 2, 4]), [0, 2, 1, 3])
    flat = builder.reshape(x, [BATCH * SEQUENCE, 8])
    wide = builder.broadcast(builder.reshape(x, [BATCH, 1, SEQUENCE, 8]), [BATCH, 3, SEQUENCE, 8])
    first = builder.slice(x, [0, 0, 0], [BATCH, 1, 8], [1, 1, 1])
    return finish([("heads", heads), ("flat", flat), ("wide", wide), ("first", first)])


@pytest.mark.parametrize("sizes", [(1, SEQUENCE), (2, 16), (Dim.symbol("rows"), Dim.symbol("tokens"))], ids=str)
def test_types_follow_new_inputs(sizes: tuple[Size, Size]) -> None:
    module = heads_module()
    batch, sequence = sizes
    argument = main_function(module).body.block.args[0]
    Rewriter.replace_value_with_new_type(argument, tensor(f32, [batch, sequence, 8]))
    InferShapes().apply(CompilerContext(), module)
    module.verify()
    results = [sizes_of(type) for type in main_function(module).function_type.outputs]
    flat = sequence * batch
    assert results == [(batch, 2, sequence, 4), (flat, 8), (batch, 3, sequence, 8), (batch, 1, 8)]


def test_layouts_stay() -> None:
    builder, values, finish = begin_module(WeightStore(), [("x", tensor(f32, [BATCH, 8]))])
    tiled = builder.convert_layout(values["x"], Layout.TILED)
    module = finish([("y", tiled)])
    Rewriter.replace_value_with_new_type(main_function(module).body.block.args[0], tensor(f32, [4, 8]))
    InferShapes().apply(CompilerContext(), module)
    (result,) = main_function(module).function_type.outputs
    assert sizes_of(result) == (4, 8) and layout_of(result) is Layout.TILED


def test_what_does_not_fit_is_named() -> None:
    builder, values, finish = begin_module(WeightStore(), [("x", tensor(f32, [BATCH, 8])), ("y", tensor(f32, [8]))])
    builder.source = "sum/Add_3"
    module = finish([("z", builder.apply(ew.Add, values["x"], values["y"]))])
    Rewriter.replace_value_with_new_type(main_function(module).body.block.args[1], tensor(f32, [7]))
    with pytest.raises(ShapeError, match=r"^sum/Add_3: shapes \[batch, 8\] and \[7\] do not broadcast"):
        InferShapes().apply(CompilerContext(), module)


def test_a_reshape_that_cannot_be_told_is_named() -> None:
    builder, values, finish = begin_module(WeightStore(), [("x", tensor(f32, [BATCH, 8]))])
    builder.source = "flatten"
    module = finish([("y", builder.reshape(values["x"], [BATCH * 2, 4]))])
    Rewriter.replace_value_with_new_type(main_function(module).body.block.args[0], tensor(f32, [3, 7]))
    with pytest.raises(ShapeError, match=r"^flatten: 21 elements do not divide into rows of 4"):
        InferShapes().apply(CompilerContext(), module)
