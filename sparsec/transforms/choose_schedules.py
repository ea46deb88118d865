"""Puts a schedule on every `sparse.matmul`: the one given by hand, else the one measured or predicted to be fastest."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from sparsec.context import timings_of, weights_of
from sparsec.dialects.encoding import layout_of
from sparsec.dialects.nn_tokens import token_bounds
from sparsec.dialects.sparse import MatMul, ScheduleAttr
from sparsec.errors import CompilerBug
from sparsec.schedule import CODE_BUDGET, Dataflow
from sparsec.transforms.scheduler import Scheduler
from sparsec.transforms.straight_line import function_blocks


@dataclass(frozen=True)
class ChooseSchedules(ModulePass):
    """`sparse.matmul %x, %w` -> `sparse.matmul %x, %w <schedule = #sparse.schedule<dataflow = ..., tile = ...>>`.

    The layout of `%x` is given: `assign-layouts` has chosen it by what the schedules in each layout cost.

    Attributes:
        target, core, expect, others: as in `Scheduler`.
        unroll: whether patterns of gathered quads are written into the code: `never`; `always`; `auto` where the number
            of tokens is known and all such code of the model fits the budget, for only code that stays in the
            first-level cache is no slower than a loop.
        budget: bytes of such code.
    """

    name = "choose-schedules"

    target: str = "avx512vbmi"
    core: str = ""
    expect: str = ""
    others: str = ""
    unroll: str = "auto"
    budget: int = CODE_BUDGET

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        scheduler = Scheduler(
            weights_of(ctx), self.target, self.core, self.expect, self.others, timings_of(ctx), token_bounds(op)
        )
        left = self.budget
        for block in function_blocks(op):
            for inner in block.ops:
                if not isinstance(inner, MatMul) or inner.schedule is not None:
                    continue
                layout = layout_of(inner.x.type)
                choice = scheduler.best(inner, layout)
                if choice is None:
                    raise CompilerBug(f"no schedule of {inner.name} reads activations that are {layout or 'row-major'}")
                schedule = choice[0]
                size = scheduler.unrolled_size(inner, schedule)
                if size is not None and self.unroll != "never":
                    unrolled = replace(schedule, dataflow=Dataflow.BAKED_QUADS)
                    if self.unroll == "always" or (size <= left and scheduler.is_no_slower(inner, unrolled, schedule)):
                        left -= size
                        schedule = unrolled
                inner.schedule = ScheduleAttr.of(schedule)
