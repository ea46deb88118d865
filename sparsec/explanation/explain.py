"""Runs the passes on a model and gathers what there is to say: the one entry of this folder."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from sparsec import pipeline
from sparsec.clock import Clock
from sparsec.context import CompilerContext, timings_of
from sparsec.cost import MOST_ROW_TOKENS
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_structure as nn
from sparsec.dialects.sparse import MatMul
from sparsec.dialects.tensor_op import where_of
from sparsec.errors import CompilerBug
from sparsec.explanation.advice import give_advice
from sparsec.explanation.islands import Call, find_islands
from sparsec.explanation.kernels import Machine, kind_of, predicted
from sparsec.explanation.layers import layer_reports
from sparsec.explanation.report import Kind, LayerReport, Report
from sparsec.measure import MeasuredProgram, require_runnable
from sparsec.pipeline import Step
from sparsec.target import CpuTarget
from sparsec.transforms.scheduler import Scheduler

ROUNDS, STEADY, LONGEST = 15, 3.0, 20.0
"""How often an inference is measured at least; for how many seconds the least times must not have fallen any more, and
after how many that is given up: others use the same core for seconds at a time. The least of each kernel's times
counts."""

FALL = 0.01
"""By what part their sum must fall to count."""

Watch = Callable[[Iterator[Step]], Iterator[Step]]
"""Looks at the steps of the pipeline as they pass by."""


@dataclass(frozen=True)
class Question:
    """What is asked about a model.

    Attributes:
        target: the CPU that predictions are made for.
        core: of the CPU, as `target.host_core` names it; "" if unknown.
        sizes: of all dynamic dimensions.
        expect: the sizes that code is chosen for.
        unroll, budget: whether and how much code patterns are written into, see `ChooseSchedules`.
        measure: whether this machine takes the times of kernels, too.
    """

    target: CpuTarget
    core: str
    sizes: Mapping[str, int]
    expect: Mapping[str, int]
    unroll: str
    budget: int
    measure: bool

    def stages(self) -> tuple[pipeline.Stage, ...]:
        """The stages that make the code that is asked about."""
        # how much padding there is differs from run to run: what is explained is a run without any
        return pipeline.stages(self.target.name, self.core, _text(self.expect), self.unroll, self.budget, "keep")

    @property
    def is_expected(self) -> bool:
        """Whether code is chosen for the sizes that are asked about."""
        return dict(self.sizes) == dict(self.expect)

    @property
    def machine(self) -> Machine:
        """What predictions are made for."""
        return Machine(self.target, self.target.ports_of(self.core), self.sizes)

    def scheduler(self, context: CompilerContext) -> Scheduler:
        """What knows products at the sizes that are asked about."""
        return Scheduler(context.weights, self.target.name, self.core, _text(self.sizes), timings=timings_of(context))


def explain(name: str, module: ModuleOp, context: CompilerContext, question: Question, watch: Watch) -> Report:
    """What a model spends its time on.

    Args:
        name: of the model.
        module: [graph] form; it becomes [kernels].
        context: holds its weights.

    Raises:
        TargetError: it is to be measured, and this machine cannot run the target.
    """
    if question.measure:
        require_runnable(question.target)
    machine, weights_only = question.machine, frozenset(_weights_only(module))
    stages = question.stages()
    pipeline.finish(watch(pipeline.run(module, context, stages[:2])))
    other = module.clone() if _is_small(module, context, question) else None
    layers = _schedule(module, context, question, stages[2:], watch)
    calls = _calls(module, layers, machine)
    hertz = None
    if question.measure:
        cycles, hertz = _measured(module, context, question)
        calls = [replace(call, measured=taken) for call, taken in zip(calls, cycles, strict=True)]
        layers = _with_measured(layers, calls)
    islands = find_islands(calls, weights_only, machine)
    expected = None if other is None else (question.sizes, _cycles_if_expected(other, context, question))
    return Report(
        name,
        question.target.name,
        dict(question.sizes),
        dict(question.expect),
        tuple(layers),
        tuple(_kinds(calls)),
        tuple(islands),
        tuple(give_advice(layers, calls, islands, machine, expected)),
        hertz,
    )


def _text(sizes: Mapping[str, int]) -> str:
    return ",".join(f"{name}={size}" for name, size in sizes.items())


def _weights_only(module: ModuleOp) -> Iterator[str]:
    """The names of products by a weight that is quantised and multiplied with floats."""
    for op in module.walk():
        if isinstance(op, pr.MatMul | pr.Linear):
            x, weight = (_behind_moves(operand.owner) for operand in op.operands[:2])
            if isinstance(weight, ew.Dequantize) and not isinstance(x, ew.Dequantize):
                yield where_of(op)


def _behind_moves(owner: object) -> object:
    """The op that makes a value, seen through transposes and reshapes."""
    while isinstance(owner, nn.Transpose | nn.Reshape):
        owner = owner.operands[0].owner
    return owner


def _is_small(module: ModuleOp, context: CompilerContext, question: Question) -> bool:
    """Whether other code might be chosen if the sizes were expected."""
    if question.is_expected:
        return False
    scheduler = question.scheduler(context)
    tokens = [scheduler.product_of(op).tokens for op in module.walk() if isinstance(op, MatMul)]
    return any(count is not None and count <= MOST_ROW_TOKENS for count in tokens)


def _schedule(
    module: ModuleOp, context: CompilerContext, question: Question, stages: Sequence[pipeline.Stage], watch: Watch
) -> list[LayerReport]:
    """Run the last stages; what there is to say of the products while they are still on the way."""
    layers: list[LayerReport] = []
    for step in watch(pipeline.run(module, context, stages)):
        if step.ends_stage and step.stage == "scheduled":
            matmuls = [op for op in module.walk() if isinstance(op, MatMul)]
            layers = layer_reports(
                matmuls, question.scheduler(context), question.machine, question.is_expected, where_of
            )
    return layers


def _cycles_if_expected(module: ModuleOp, context: CompilerContext, question: Question) -> float:
    """Predicted cycles of code that is made for the sizes that are asked about."""
    asked = replace(question, expect=question.sizes)
    layers = _schedule(module, context, asked, asked.stages()[2:], lambda steps: steps)
    return sum(call.cycles for call in _calls(module, layers, asked.machine))


def _calls(module: ModuleOp, layers: Sequence[LayerReport], machine: Machine) -> list[Call]:
    """The calls of a [kernels] module; its products are those of the layers, in the same order."""
    program = next((op for op in module.ops if isinstance(op, kernel.Program)), None)
    if program is None:
        raise CompilerBug("only a module in [kernels] form has calls")
    left = iter(layers)
    calls: list[Call] = []
    for op in program.body.block.ops:
        if isinstance(op, kernel.KernelOp):
            cycles = next(left).cycles if isinstance(op, kernel.MatMul) else predicted(op, machine)
            calls.append(Call(op, _name(op), cycles, None))
    return calls


def _name(op: Operation) -> str:
    return where_of(op).removeprefix("kernel.")


def _measured(module: ModuleOp, context: CompilerContext, question: Question) -> tuple[list[float], float]:
    """Cycles of each call, and the clock while they were measured."""
    program = MeasuredProgram(module, context, question.target, question.sizes)
    clock = Clock(question.target, context)
    rates = [clock.hertz()]
    least = program.seconds_in_order()
    total, begin = sum(least), time.monotonic()
    fallen = now = begin
    while len(rates) < ROUNDS or (now - fallen < STEADY and now - begin < LONGEST):
        rates.append(clock.hertz())
        least = [min(times) for times in zip(least, program.seconds_in_order(), strict=True)]
        now = time.monotonic()
        if sum(least) < (1 - FALL) * total:
            total, fallen = sum(least), now
    hertz = statistics.median(rates)
    return [seconds * hertz for seconds in least], hertz


def _with_measured(layers: Sequence[LayerReport], calls: Sequence[Call]) -> list[LayerReport]:
    taken = [call.measured for call in calls if isinstance(call.op, kernel.MatMul)]
    return [replace(layer, measured=cycles) for layer, cycles in zip(layers, taken, strict=True)]


def _kinds(calls: Sequence[Call]) -> list[Kind]:
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(kind_of(call.op), []).append(call)
    kinds = [
        Kind(
            name,
            len(group),
            sum(call.cycles for call in group),
            None if group[0].measured is None else sum(call.measured or 0.0 for call in group),
        )
        for name, group in groups.items()
    ]
    return sorted(kinds, key=lambda kind: -kind.cycles)
