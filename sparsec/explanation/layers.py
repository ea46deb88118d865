"""What there is to say of each product with a constant weight: its pattern, its schedule and the alternatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

import numpy as np

from sparsec.cost import (
    STAYING,
    Product,
    interleaved_schedules,
    packed_bytes,
    predicted_cycles,
    row_schedules,
    tiled_schedules,
    with_first_reading,
)
from sparsec.dialects.encoding import blocks_of, sizes_of
from sparsec.dialects.sparse import MatMul
from sparsec.errors import CompilerBug
from sparsec.explanation.instructions import REQUANTISATION, of_body
from sparsec.explanation.kernels import CALL, Machine
from sparsec.explanation.report import SPARSITIES, Alternative, LayerReport
from sparsec.kept import Kept
from sparsec.schedule import GROUP, Dataflow, Schedule
from sparsec.transforms.scheduler import Scheduler, hint_of

Named = Callable[[MatMul], str]
"""The node or line that a product comes from."""

LEAVE_OUT_4X1 = (Dataflow.GATHER_QUADS, Dataflow.PERMUTE_WINDOWS, Dataflow.GATHER_ROWS)
"""What gains from each pruned block of 4x1; larger blocks are empty by accident only."""

NEARLY = 1.001
"""Predictions that differ by less are equal."""


def layer_reports(
    matmuls: Sequence[MatMul], scheduler: Scheduler, machine: Machine, expected: bool, name: Named
) -> list[LayerReport]:
    """One report for each product of a [scheduled] module.

    Args:
        matmuls: the products.
        scheduler: knows the sizes that are asked about, as `expect`.
        machine: the same sizes, and the CPU.
        expected: whether the schedules were chosen for these sizes.
    """
    products = [scheduler.product_of(op) for op in matmuls]
    pairs = list(zip(matmuls, products, strict=True))
    of_model = sum(packed_bytes(given.kept, _schedule(op), machine.target) for op, given in pairs)
    origin = Origin(expected, bool(scheduler.timings))
    return [_Layer(op, given, machine, of_model, origin).report(name(op)) for op, given in pairs]


def _schedule(op: MatMul) -> Schedule:
    if op.schedule is None:
        raise CompilerBug("a product without a schedule cannot be explained")
    return op.schedule.schedule


def body_cycles(op: MatMul, tokens: int, machine: Machine) -> float:
    """What the body of a product takes beyond the requantisation that predictions of schedules contain.

    A vector holds 16 tokens of a tile, or 16 channels of a row.
    """
    out = sizes_of(op.outputs[0].type)
    tiles = {number for number, extra in enumerate(op.extras, 1) if sizes_of(extra.type) == out}
    instructions = of_body(op.body.block, {0, *tiles}, machine.target) + len(tiles) - REQUANTISATION
    rows = machine.number(sizes_of(op.weight.type)[0])
    by_row = _schedule(op).dataflow.is_token_major
    return machine.instructions(instructions, tokens * -(-rows // 16) if by_row else rows * -(-tokens // 16))


@dataclass(frozen=True)
class Origin:
    """How schedules were chosen: for the sizes that are asked about or for any, by measured times or by predictions."""

    expected: bool
    tuned: bool


@dataclass(frozen=True)
class _Layer:
    """A product, and what predictions of it depend on.

    Attributes:
        of_model: bytes of all weights.
        origin: how schedules are chosen.
    """

    op: MatMul
    given: Product
    machine: Machine
    of_model: float
    origin: Origin

    def cycles(self, kept: Kept, schedule: Schedule, *, at_hand: bool = False) -> float:
        """Predicted for a weight with this pattern, the body not included, its first reading unless it is `at_hand`."""
        target, ports = self.machine.target, self.machine.ports
        call = CALL * min(1.0, self.of_model / STAYING)  # of a small model, code and arguments stay as weights do
        cycles = call + predicted_cycles(kept, schedule, target, ports, self.given.tokens)
        size = packed_bytes(kept, schedule, target)
        return cycles if at_hand else with_first_reading(cycles, size, self.of_model, ports)

    def best(self, given: Product, *, sparse: bool = False) -> float:
        """The fewest cycles of any schedule that may be chosen, or of any such that leaves out blocks of 4x1."""
        known = given if self.origin.expected else replace(given, tokens=None)
        found = [each for each in _schedules(known) if not sparse or each.dataflow in LEAVE_OUT_4X1]
        return min(self.cycles(given.kept, each) for each in found)

    def pruned(self, share: float) -> Product:
        """The product if this share of its weight were pruned in 4x1 blocks."""
        kept = drawn(self.given.kept.rows, self.given.kept.columns, round(share, 3))
        return replace(self.given, kept=kept, blocks=(GROUP, 1) if share else None)

    def break_even(self, dense: float) -> float | None:
        """The least share of pruned 4x1 blocks, in whole percents, that is faster than dense."""
        low, high = 0, 100
        while low < high:
            middle = (low + high) // 2
            if self.best(self.pruned(middle / 100), sparse=True) < dense:
                high = middle
            else:
                low = middle + 1
        return None if low == 100 else low / 100

    def report(self, name: str) -> LayerReport:
        """All of it."""
        op, given, schedule = self.op, self.given, _schedule(self.op)
        kept, tokens, blocks = given.kept, given.tokens or 0, blocks_of(self.op.weight.type)
        body = body_cycles(op, tokens, self.machine)
        sparsity = 1 - kept.nonzeros / max(1, kept.rows * kept.columns)
        alternatives = self._alternatives(schedule, body)
        dense = self.best(self.pruned(0.0))
        area = blocks.rows.data * blocks.columns.data if blocks else 1
        chosen = self.cycles(kept, schedule) + body
        return LayerReport(
            name=name,
            rows=kept.rows,
            columns=kept.columns,
            tokens=tokens,
            dtype=("int16" if given.wide else "int8") if given.integer else "float32",
            blocks=f"{blocks.rows.data}x{blocks.columns.data}" if blocks else "dense",
            unstructured=area == 1 and blocks is not None,
            sparsity=sparsity,
            stored=blocks.stored.data if blocks else kept.rows * kept.columns,
            total=blocks.total.data if blocks else kept.rows * kept.columns,
            padded=-(-kept.multiplied(schedule) // area),
            dataflow=schedule.dataflow.value,
            why=_why(op, schedule, alternatives, self._alternatives(schedule, body, at_hand=True), self.origin),
            alternatives=alternatives,
            cycles=chosen,
            body=body,
            bound=self.machine.products(float(kept.nonzeros) * tokens, integer=given.integer),
            dense=dense + body,
            break_even=self.break_even(dense),
            pruned={percent: self.best(self.pruned(percent / 100)) + body for percent in SPARSITIES},
            same_in_4x1=self.best(self.pruned(sparsity)) + body,
            integer=None if given.integer else self.best(replace(given, integer=True)) + body,
        )

    def _alternatives(self, chosen: Schedule, body: float, *, at_hand: bool = False) -> tuple[Alternative, ...]:
        best: dict[str, float] = {}
        for schedule in (*_schedules(self.given), chosen):
            cycles = self.cycles(self.given.kept, schedule, at_hand=at_hand) + body
            name = schedule.dataflow.value
            is_chosen = schedule.dataflow is chosen.dataflow
            if schedule == chosen or (not is_chosen and cycles < best.get(name, float("inf"))):
                best[name] = cycles
        return tuple(Alternative(*pair) for pair in sorted(best.items(), key=lambda pair: pair[1]))


def _schedules(given: Product) -> Sequence[Schedule]:
    return list(chain(tiled_schedules(given), interleaved_schedules(given), row_schedules(given)))


def _why(
    op: MatMul,
    schedule: Schedule,
    alternatives: Sequence[Alternative],
    at_hand: Sequence[Alternative],
    origin: Origin,
) -> str:
    """Why a schedule was chosen, in a few words.

    Args:
        alternatives: the schedule's dataflow and others.
        at_hand: the same without the first reading of weights, which is what choices go by.
    """
    if hint_of(op) is not None:
        return "given by hand"
    others = [each for each in alternatives if each.dataflow != schedule.dataflow.value]
    if not others:
        return "the only one for such a weight"
    if origin.tuned:
        return "measured to be the fastest"
    name, second = schedule.dataflow.value, min(others, key=lambda each: each.cycles)
    cycles = next(each.cycles for each in alternatives if each.dataflow == name)
    if cycles <= NEARLY * second.cycles:
        factor = second.cycles / cycles
        return f"{factor:.2f} times as fast as {second.dataflow}" if factor > 1.005 else f"as fast as {second.dataflow}"
    better = f"{second.dataflow} would be {cycles / second.cycles:.2f} times as fast, but"
    if not origin.expected:
        return f"{better} these sizes are not expected"
    known = {each.dataflow: each.cycles for each in at_hand}
    if known[name] <= NEARLY * known[second.dataflow]:
        return f"{better} only because its weight is smaller, which choices do not count"
    return f"{better} not with what is around it"


@lru_cache(maxsize=64)
def drawn(rows: int, columns: int, share: float) -> Kept:
    """A weight of which this share is pruned, in 4x1 blocks that are drawn by chance; always the same ones."""
    numbers = np.random.default_rng(0).random((-(-rows // GROUP), columns))
    return Kept((numbers >= share).repeat(GROUP, 0)[:rows])
