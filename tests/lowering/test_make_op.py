"""Ops that are made like one that was made before are what their constructors make."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pytest
from xdsl.dialects import arith, llvm, vector
from xdsl.dialects.builtin import f32, i32, i64
from xdsl.ir import Attribute, Block

from sparsec.lowering.kernels.values import pointer, vector_of
from sparsec.lowering.make_op import Build, intrinsic_call, make_op

ROWS: list[tuple[Build, Sequence[Attribute], Sequence[Hashable]]] = [
    (arith.AddiOp, [i64, i64], []),
    (arith.MulfOp, [vector_of(f32, 16), vector_of(f32, 16)], []),
    (arith.CmpiOp, [i32, i32], ["slt"]),
    (llvm.LoadOp, [pointer], [vector_of(i32, 16), 4]),
    (llvm.StoreOp, [i64, pointer], [8]),
    (vector.BroadcastOp, [f32], [vector_of(f32, 8)]),
    (intrinsic_call("llvm.smin.i64", i64), [i64, i64], []),
    (intrinsic_call("llvm.nothing"), [], []),
]


@pytest.mark.parametrize(("build", "types", "others"), ROWS)
def test_same_as_the_constructor(build: Build, types: Sequence[Attribute], others: Sequence[Hashable]) -> None:
    block = Block(arg_types=types)
    expected = build(*block.args, *others)
    for _ in range(2):
        made = make_op(build, block.args, *others)
        assert type(made) is type(expected) and tuple(made.operands) == tuple(block.args)
        assert made.properties == expected.properties and made.attributes == expected.attributes
        assert made.result_types == expected.result_types
        made.verify()


def test_ops_share_nothing_that_changes() -> None:
    block = Block(arg_types=[i64, i64])
    first, second = (make_op(arith.AddiOp, block.args) for _ in range(2))
    first.properties.clear()
    assert second.properties
