"""Puts a schedule on every `sparse.matmul`: the one given by hand, else the one predicted to be fastest."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from sparsec.builder import constant_value
from sparsec.context import weights_of
from sparsec.cost import choose_schedule
from sparsec.dialects.encoding import element_of, i16, sizes_of, ui8
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import SCHEDULE_HINT, MatMul, ScheduleAttr
from sparsec.dialects.tensor_op import SOURCE
from sparsec.dims import product
from sparsec.errors import CompilerBug, ShapeError
from sparsec.pattern import BlockPattern
from sparsec.schedule import GROUP, Dataflow, Schedule
from sparsec.target import find_target
from sparsec.transforms.straight_line import function_blocks
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class ChooseSchedules(ModulePass):
    """`sparse.matmul %x, %w` -> `sparse.matmul %x, %w <schedule = #sparse.schedule<dataflow = ..., tile = ...>>`."""

    name = "choose-schedules"

    target: str = "avx512vnni"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in block.ops:
                if isinstance(inner, MatMul) and inner.schedule is None:
                    inner.schedule = ScheduleAttr.of(self._schedule(inner, weights))

    def _schedule(self, matmul: MatMul, weights: WeightStore) -> Schedule:
        matrix = constant_value(matmul.weight, weights)
        if matrix is None:
            raise CompilerBug(f"the weight of {matmul.name} is made by {matmul.weight.owner}, not a constant")
        integer, wide = element_of(matmul.x.type) == ui8, element_of(matmul.weight.type) == i16
        hint = _hint(matmul)
        if hint is not None:
            _require_fit(hint, matmul, integer=integer, wide=wide)
            return hint
        tokens = product(sizes_of(matmul.x.type)[:-1])
        known = tokens if isinstance(tokens, int) else None
        pattern = BlockPattern.of(matrix, GROUP, 1)
        return choose_schedule(pattern, find_target(self.target), known, integer=integer, wide=wide)


def _hint(matmul: MatMul) -> Schedule | None:
    owner = matmul.weight.owner
    hint = owner.attributes.get(SCHEDULE_HINT) if isinstance(owner, Constant) else None
    return hint.schedule if isinstance(hint, ScheduleAttr) else None


def _require_fit(hint: Schedule, matmul: MatMul, *, integer: bool, wide: bool) -> None:
    """Refuse a schedule given by hand that no kernel of this product has."""
    wrong = hint.dataflow.is_integer != integer or (wide and hint.dataflow is Dataflow.DENSE_QUADS)
    if wrong:
        possible = [flow.value for flow in Dataflow if flow.is_integer == integer and not (wide and flow.is_dense)]
        source = matmul.attributes.get(SOURCE)
        where = source.data if isinstance(source, StringAttr) else matmul.name
        raise ShapeError(
            f"{where}: dataflow {hint.dataflow.value} does not fit a product of "
            f"{element_of(matmul.x.type)} by {element_of(matmul.weight.type)}: use {' or '.join(possible)}"
        )
