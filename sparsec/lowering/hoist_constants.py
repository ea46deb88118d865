"""Moves the numbers that differ between layers out of bodies, so that equal layers share one kernel."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.ir import Region, SSAValue

from sparsec.dialects.encoding import tensor
from sparsec.dialects.nn_elementwise import Pow
from sparsec.dialects.nn_structure import Constant
from sparsec.lowering.program_builder import ProgramBuilder

_KEPT = (0.0, 1.0)
"""Numbers that kernels treat specially: they stay in the body."""


def hoist_constants(bodies: Sequence[Region], b: ProgramBuilder) -> tuple[list[Region], list[SSAValue]]:
    """Copies of bodies that take the same extras, with their constants as further extras, and the buffers to pass."""
    copies = [body.clone() for body in bodies]
    buffers: list[SSAValue] = []
    for number, copy in enumerate(copies):
        for op in list(copy.block.ops):
            if not isinstance(op, Constant):
                continue
            if isinstance(op.value, FloatAttr | IntegerAttr) and op.value.value.data in _KEPT:
                continue
            if any(isinstance(use.operation, Pow) and use.index == 1 for use in op.result.uses):
                continue  # a known exponent means multiplications, which round otherwise than a power
            element = op.result.type
            arguments = [each.block.insert_arg(element, len(each.block.args)) for each in copies]
            op.result.replace_all_uses_with(arguments[number])
            op.detach()
            buffers.append(b.constant(b.array(op.result), tensor(element, [])))
    return copies, buffers
