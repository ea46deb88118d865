"""Erasing what nobody reads."""

from __future__ import annotations

from xdsl.dialects.builtin import f32

from sparsec.builder import begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor
from sparsec.transforms.straight_line import erase_unread, function_blocks
from sparsec.weights import WeightStore


def test_an_op_goes_with_all_that_only_it_has_read() -> None:
    b, values, finish = begin_module(WeightStore(), [("x", tensor(f32, [3]))])
    kept = b.apply(ew.Relu, values["x"])
    shared = b.apply(ew.Abs, kept)
    dead = b.apply(ew.Mul, shared, b.apply(ew.Neg, shared))  # reads it twice, once through another op
    module = finish([("y", kept)])
    (block,) = function_blocks(module)
    erase_unread(block.ops.first)  # which is read  # pyright: ignore[reportArgumentType]
    assert len(list(block.ops)) == 5
    erase_unread(dead.owner)  # pyright: ignore[reportArgumentType]
    assert [op.name for op in block.ops] == ["nn.relu", "func.return"]
    last = block.last_op
    assert last is not None
    erase_unread(last)
    assert block.last_op is last
