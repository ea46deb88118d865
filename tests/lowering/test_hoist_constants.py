"""Constants of bodies become extras, so that bodies which differ only in numbers are equal."""

import numpy as np
from xdsl.dialects.builtin import f32, i8
from xdsl.ir import Region

from sparsec.builder import begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import TableType, ui8
from sparsec.dialects.kernel import buffer_element, buffer_sizes
from sparsec.dialects.nn_structure import Constant
from sparsec.lowering.hoist_constants import hoist_constants
from sparsec.lowering.program_builder import ProgramBuilder
from sparsec.packer import Packer
from sparsec.weights import WeightStore


def scaled(scale: float, zero: int) -> Region:
    """quantize(x * 1 + 0, scale, zero)"""
    b = begin_module(WeightStore(), [])[0]

    def write(inner, arguments):
        x = inner.apply(ew.Mul, arguments[0], inner.scalar(1.0, f32))
        return [inner.quantize(x, inner.scalar(scale, f32), inner.scalar(zero, ui8))]

    return b.body([f32], write)


def test_bodies_that_differ_in_numbers_become_equal() -> None:
    texts = []
    for scale, zero in ((0.25, 3), (0.5, 128)):
        (body,), buffers = hoist_constants([scaled(scale, zero)], ProgramBuilder(WeightStore(), Packer()))
        assert [buffer_element(buffer) for buffer in buffers] == [f32, ui8]
        assert [argument.type for argument in body.block.args] == [f32, f32, ui8]
        texts.append("\n".join(f"{op.name} {op.properties}" for op in body.block.ops))
    assert texts[0] == texts[1]


def test_zero_and_one_stay_and_the_original_is_untouched() -> None:
    original = scaled(1.0, 0)
    before = len(list(original.block.ops))
    (body,), buffers = hoist_constants([original], ProgramBuilder(WeightStore(), Packer()))
    assert buffers == []
    assert sum(isinstance(op, Constant) for op in body.block.ops) == 3
    assert len(list(original.block.ops)) == before


def test_bodies_of_one_op_share_their_extras() -> None:
    copies, buffers = hoist_constants([scaled(0.25, 3), scaled(0.5, 4)], ProgramBuilder(WeightStore(), Packer()))
    assert len(buffers) == 4
    assert all(len(copy.block.args) == 1 + 4 for copy in copies)
    assert np.all([argument.first_use is None for argument in copies[0].block.args[3:]])


def test_tables_become_buffers_of_one_element() -> None:
    weights = WeightStore()
    b = begin_module(weights, [])[0]
    table = np.arange(256).astype(np.int8)
    body = b.body([ui8], lambda inner, args: [inner.apply(ew.Lookup, args[0], inner.table(table))])
    (copy,), (buffer,) = hoist_constants([body], ProgramBuilder(weights, Packer()))
    assert buffer_element(buffer) == copy.block.args[1].type == TableType(i8)
    assert buffer_sizes(buffer) == ()
    assert not any(isinstance(op, Constant) for op in copy.block.ops)


def test_known_exponents_stay() -> None:
    b = begin_module(WeightStore(), [])[0]

    def write(inner, arguments):
        cube = inner.apply(ew.Pow, arguments[0], inner.scalar(3.0, f32))
        return [inner.apply(ew.Pow, inner.scalar(2.0, f32), cube)]

    (copy,), (buffer,) = hoist_constants([b.body([f32], write)], ProgramBuilder(WeightStore(), Packer()))
    (kept,) = (op for op in copy.block.ops if isinstance(op, Constant))
    assert kept.value.value.data == 3.0 and buffer_element(buffer) == f32
