"""What the schedules of a product cost in each layout: the question that layouts and schedules both ask."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from sparsec.builder import constant_value
from sparsec.cost import (
    Product,
    cycles_of,
    fastest,
    gains_from_blocks,
    interleaved_schedules,
    predicted_cycles,
    row_schedules,
    tiled_schedules,
)
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import Layout, blocks_of, element_of, i16, sizes_of, ui8
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import SCHEDULE_HINT, MatMul, ScheduleAttr, layout_read_by
from sparsec.dialects.tensor_op import where_of
from sparsec.dims import Dim, Size, product
from sparsec.errors import CompilerBug, ShapeError
from sparsec.kept import Kept
from sparsec.packing_rows import fits_rows
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import CpuTarget, find_target
from sparsec.timings import Timings, product_key, tuned_cycles
from sparsec.weights import WeightStore

SHORT_OPS = (Constant, Yield, ew.Add, ew.Sub, ew.Mul, ew.Cast, ew.Relu, ew.Maximum, ew.Minimum, ew.Quantize, ew.Lookup)
"""What is one instruction or a few in a body."""

Choice = tuple[Schedule, float]
"""A schedule and its cycles: predicted, or measured and brought to the scale of predictions."""


@dataclass(frozen=True)
class Scheduler:
    """Answers for one target, with others in mind.

    Attributes:
        weights: the constants.
        target: the row of `target.py` that predictions are made for.
        core: of the CPU, as `target.host_core` names it; "" if unknown.
        expect: the sizes that dynamic dimensions are expected to have, e.g. `batch=1,sequence=128`.
        others: further rows, comma-separated. A weight is packed once, so a schedule counts for as many times the
            cycles of the best one as on the target where that ratio is highest. Rows that multiply no bytes have no
            say.
        timings: what was measured on this machine.
        bounds: the symbols that are worked out while the model runs, and the most that each can be: no padding is
            expected.
    """

    weights: WeightStore
    target: str
    core: str
    expect: str
    others: str = ""
    timings: Timings = field(default_factory=dict[str, Mapping[str, float]])
    bounds: Mapping[str, Size] = field(default_factory=dict[str, Size])
    _found: dict[MatMul, dict[Layout | None, Choice]] = field(default_factory=dict[MatMul, dict[Layout | None, Choice]])

    def tokens(self, size: Size) -> int | None:
        """The number that a size is, or is expected to be."""
        most = self.most(size)
        known = most.substitute(self._expected()) if isinstance(most, Dim) else most
        return known if isinstance(known, int) else None

    def most(self, size: Size) -> Size:
        """The most that a size can be, in the sizes of the inputs."""
        return size.substitute(self.bounds) if isinstance(size, Dim) else size

    def _expected(self) -> Mapping[str, Size]:
        pairs = (text.partition("=") for text in self.expect.split(",") if text)
        return {name: int(value) for name, _, value in pairs}

    def best(self, matmul: MatMul, layout: Layout | None) -> Choice | None:
        """The best schedule for an `x` in this layout; None if no schedule reads it."""
        if matmul not in self._found:
            self._found[matmul] = self._best(matmul)
        return self._found[matmul].get(layout)

    def unrolled_size(self, matmul: MatMul, schedule: Schedule) -> int | None:
        """About how many bytes of code the pattern would take; None where it cannot or should not be written into it:
        other schedules, those given by hand, weights beyond s8. Every piece of code has a copy of the body, so one with
        more than a handful of instructions is too large."""
        given = self.product_of(matmul)
        if schedule.dataflow is not Dataflow.GATHER_QUADS or given.wide or hint_of(matmul) is not None:
            return None
        short = all(isinstance(op, SHORT_OPS) for op in matmul.body.block.ops)
        return given.kept.code_size(schedule.tile) if given.tokens is not None and short else sys.maxsize

    def is_no_slower(self, matmul: MatMul, schedule: Schedule, other: Schedule) -> bool:
        """Whether a schedule is predicted to take no longer than another one, on all targets, whatever was measured."""
        given, own = self.product_of(matmul), find_target(self.target)
        machines = [(own, own.ports_of(self.core)), *((row, row.ports_of("")) for row in self._other_targets)]
        pairs = (cycles_of(given, (schedule, other), *machine) for machine in machines)
        return all(cycles[schedule] <= cycles[other] for cycles in pairs)

    @property
    def _other_targets(self) -> list[CpuTarget]:
        rows = [find_target(name) for name in self.others.split(",") if name]
        return [row for row in rows if row.multiplies_bytes or row.multiplies_in_pairs]

    def _best(self, matmul: MatMul) -> dict[Layout | None, Choice]:
        target = find_target(self.target)
        ports = target.ports_of(self.core)
        given = self.product_of(matmul)
        hint = hint_of(matmul)
        if hint is not None:
            _require_fit(hint, matmul, given)
            return {
                layout_read_by(hint.dataflow): (hint, predicted_cycles(given.kept, hint, target, ports, given.tokens))
            }
        by_layout: dict[Layout | None, list[Schedule]] = {
            Layout.TILED: [*tiled_schedules(given)],
            Layout.INTERLEAVED: [*interleaved_schedules(given)],
            None: [*row_schedules(given)],
        }
        seconds = self.timings.get(product_key(given, target, self.core)) if self.timings else None
        tuned = tuned_cycles(given, target, ports, seconds) if seconds else {}
        every = [schedule for schedules in by_layout.values() for schedule in schedules]
        counts = self._with_others(given, cycles_of(given, every, target, ports, tuned))
        return {
            layout: fastest({schedule: counts[schedule] for schedule in schedules})
            for layout, schedules in by_layout.items()
            if schedules
        }

    def _with_others(self, given: Product, cycles: Mapping[Schedule, float]) -> Mapping[Schedule, float]:
        """What each schedule counts for, see `others`."""
        (_, least), counts = fastest(cycles), dict(cycles)
        for other in self._other_targets:
            there = cycles_of(given, cycles, other, other.ports_of(""))
            _, fewest = fastest(there)
            counts = {schedule: max(count, least * there[schedule] / fewest) for schedule, count in counts.items()}
        return counts

    def product_of(self, matmul: MatMul) -> Product:
        """What the cost model knows of a product."""
        blocks, target = blocks_of(matmul.weight.type), find_target(self.target)
        gains = [gains_from_blocks(target, target.ports_of(self.core))]
        gains += [other.multiplies_in_pairs for other in self._other_targets]
        return Product(
            self._kept(matmul),
            integer=element_of(matmul.x.type) == ui8,
            wide=element_of(matmul.weight.type) == i16,
            blocks=None if blocks is None else (blocks.rows.data, blocks.columns.data),
            tokens=self.tokens(product(sizes_of(matmul.x.type)[:-1])),
            as_blocks=any(gains),
        )

    def _kept(self, matmul: MatMul) -> Kept:
        owner = matmul.weight.owner
        if isinstance(owner, Constant) and owner.digest is not None:
            return self.weights.derived(owner.digest.data, Kept)
        matrix = constant_value(matmul.weight, self.weights)
        if matrix is None:
            raise CompilerBug(f"the weight of {matmul.name} is made by {matmul.weight.owner}, not a constant")
        return Kept(matrix)


def hint_of(matmul: MatMul) -> Schedule | None:
    """The schedule that was given by hand, if any."""
    owner = matmul.weight.owner
    hint = owner.attributes.get(SCHEDULE_HINT) if isinstance(owner, Constant) else None
    return hint.schedule if isinstance(hint, ScheduleAttr) else None


def _fits(dataflow: Dataflow, given: Product) -> bool:
    """Whether kernels of this dataflow exist for a product."""
    if dataflow.is_integer != given.integer:
        return False
    if given.wide:
        return dataflow is Dataflow.GATHER_QUADS
    return not dataflow.is_token_major or fits_rows(given.kept.columns, dataflow)


def _require_fit(hint: Schedule, matmul: MatMul, given: Product) -> None:
    """Refuse a schedule given by hand that no kernel of this product has."""
    if not _fits(hint.dataflow, given):
        possible = [flow.value for flow in Dataflow if _fits(flow, given)]
        raise ShapeError(
            f"{where_of(matmul)}: dataflow {hint.dataflow.value} does not fit a product of "
            f"{element_of(matmul.x.type)} by {element_of(matmul.weight.type)} with {given.kept.columns} input "
            f"channels: use {' or '.join(possible)}"
        )
