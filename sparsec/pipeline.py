"""The compiler in one glance: which passes run in which stage, and the generator that runs them.

Read `stages` aloud. A stage's name is what `--print-ir-after` takes; its `ensures` states what holds at its end.
Nothing is printed, dumped or timed here: whoever wants that consumes the generator (`sparsec/debug.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from sparsec import forms
from sparsec.collector import collector_off
from sparsec.context import CompilerContext
from sparsec.errors import CompilerBug, SparsecError
from sparsec.lowering.kernels_to_loops import KernelsToLoops
from sparsec.lowering.loops_to_llvm import LoopsToLlvm
from sparsec.lowering.nn_to_kernels import NnToKernels
from sparsec.schedule import CODE_BUDGET
from sparsec.target import TARGETS, CpuTarget, find_target
from sparsec.transforms.assign_layouts import AssignLayouts
from sparsec.transforms.bound_quantisations import BoundQuantisations
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.choose_schedules import ChooseSchedules
from sparsec.transforms.compact_tokens import CompactTokens
from sparsec.transforms.discover_blocks import DiscoverBlocks
from sparsec.transforms.fold_constants import FoldConstants
from sparsec.transforms.form_embeddings import FormEmbeddings
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.transforms.fuse_elementwise import FuseElementwise
from sparsec.transforms.fuse_epilogues import FuseEpilogues
from sparsec.transforms.hoist_slices import HoistSlices
from sparsec.transforms.infer_shapes import InferShapes
from sparsec.transforms.legalise_integer_products import LegaliseIntegerProducts
from sparsec.transforms.legalise_quantisation import LegaliseQuantisation
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.transforms.recognise_gelu import RecogniseGelu
from sparsec.transforms.recognise_layer_norm import RecogniseLayerNorm
from sparsec.transforms.sink_reshapes import SinkReshapes
from sparsec.transforms.straight_line import require_order
from sparsec.transforms.tabulate_bytes import TabulateBytes
from sparsec.transforms.unsigned_activations import UnsignedActivations
from sparsec.weights import WeightStore

MESSAGE_LIMIT = 2000
"""Characters of a verifier's message that are kept: some quote the whole module."""


@dataclass(frozen=True)
class Stage:
    """A step of the pipeline.

    Attributes:
        name: as in `[graph]`.
        passes: run in this order.
        ensures: raises `CompilerBug` unless the module has the form that the next stage expects.
        verified: whether xDSL verifies the module, after each pass or at the end.
    """

    name: str
    passes: tuple[ModulePass, ...]
    ensures: Callable[[ModuleOp], None]
    verified: bool = True


def stages(
    target: str = "avx512vbmi",
    core: str = "",
    expect: str = "",
    unroll: str = "auto",
    budget: int = CODE_BUDGET,
    padding: str = "exact",
    others: Sequence[str] = (),
) -> tuple[Stage, ...]:
    """The stages that are run once, whatever CPUs code is made for.

    Args:
        target: the row of `target.py` that schedules are chosen for.
        core: of the CPU that they are chosen for, as `target.host_core` names it; "" if unknown.
        expect: the sizes that dynamic dimensions are expected to have, e.g. `batch=1,sequence=128`.
        unroll, budget, padding: see `ChooseSchedules` and `CompactTokens`.
        others: the rows that code is also made for, see `Scheduler` and `NnToKernels`.
    """
    machine = target, core, expect, ",".join(others)
    pairs = any(find_target(name).multiplies_in_pairs for name in (target, *others))
    return (
        Stage(
            "graph",
            (
                InferShapes(),
                FoldConstants(),
                CanonicaliseGraph(),
                MatmulToLinear(),
                RecogniseLayerNorm(),
                RecogniseAttention(),
                FoldConstants(),  # recognition moves steps and constants to places where they may meet their like
                CanonicaliseGraph(),
                HoistSlices(),  # through what is recognised
            ),
            forms.graph,
        ),
        Stage(
            "sparse",
            (
                UnsignedActivations(),
                LegaliseQuantisation(),
                LegaliseIntegerProducts(),
                FormSparseMatmuls(),  # what was not legal in bytes is left for f32
                SinkReshapes(),
                DiscoverBlocks(),  # now every weight is a constant with its zero point taken off
                FuseEpilogues(),
                FuseElementwise(),
                TabulateBytes(),  # now a body holds all that follows from a byte
                BoundQuantisations(),
                CompactTokens(padding),  # now few kinds of ops are left
                FormEmbeddings(),
            ),
            forms.sparse,
        ),
        Stage("scheduled", (AssignLayouts(*machine), ChooseSchedules(*machine, unroll, budget)), forms.scheduled),
        Stage("kernels", (NnToKernels(pairs),), forms.kernels),
    )


READING = Stage("input", (RecogniseGelu(),), lambda module: None, verified=False)
"""From what a file says to what it means, which is what the reference says. Modules that are given are [input]."""

PIPELINE = stages()
"""The stages that follow, with their defaults."""


def code_stages(target: CpuTarget, *, measured: bool = False, verified: bool = True) -> tuple[Stage, ...]:
    """The stages that are run once per CPU target, on a copy of the [kernels] module.

    Args:
        measured: make the kernels callable one by one, for `measure.py`.
        verified: verify [loops], a fifth of the time. LLVM verifies what becomes of it; this says more about bugs.
    """
    return (
        Stage("loops", (KernelsToLoops(target.name, measured),), forms.loops, verified=verified),
        Stage("llvm", (LoopsToLlvm(),), forms.llvm, verified=False),  # LLVM verifies it again, in a tenth of the time
    )


@dataclass(frozen=True)
class Step:
    """What the generator yields: the module right after one pass, or as it was given (`pass_name` empty).

    Attributes:
        index: 0 for the module as given, then counting passes.
        stage: the stage's name; of the module as given, "file" if it is still to be understood, else "input".
        ends_stage: whether this was the last pass of its stage.
        module: the module itself, not a copy: it goes on changing.
        weights: the numbers that it names, and others.
        seconds: what the pass took, verification not counted.
    """

    index: int
    stage: str
    pass_name: str
    ends_stage: bool
    module: ModuleOp
    weights: WeightStore
    seconds: float


def run(
    module: ModuleOp,
    context: CompilerContext,
    stages: Sequence[Stage] = PIPELINE,
    first: int = 0,
    *,
    thorough: bool = True,
) -> Generator[Step, None, None]:
    """Run all passes on `module`, in place, yielding after each one. Whoever stops consuming stops the compiler.

    Args:
        first: how many passes the module has seen in another run, on which this one goes on.
        thorough: verify after each pass, which takes as long as the passes do, rather than at the end of each stage.

    Raises:
        CompilerBug: a pass failed or left invalid IR, or a stage did not end in its form.
    """
    if first == 0:
        yield Step(0, "file" if READING in stages else "input", "", True, module, context.weights, 0.0)
    index = first
    for stage in stages:
        for position, current in enumerate(stage.passes, 1):
            index += 1
            ends_stage = position == len(stage.passes)
            with collector_off():
                begin = time.perf_counter()
                _apply(current, context, module, stage)
                seconds = time.perf_counter() - begin
                if stage.verified and (thorough or ends_stage):
                    _verify(module, stage, current.name if thorough else "one of its passes")
            if ends_stage:
                stage.ensures(module)
            yield Step(index, stage.name, current.name, ends_stage, module, context.weights, seconds)


def finish(steps: Iterable[Step]) -> None:
    """Consume a generator to its end."""
    for _ in steps:
        pass


def all_passes() -> tuple[type[ModulePass], ...]:
    """Every pass of every stage, in order; a pass that runs twice is named once."""
    stages = (READING, *PIPELINE, *code_stages(next(iter(TARGETS.values()))))
    return tuple(dict.fromkeys(type(current) for stage in stages for current in stage.passes))


def _apply(current: ModulePass, context: CompilerContext, module: ModuleOp, stage: Stage) -> None:
    try:
        current.apply(context, module)
    except (SparsecError, MemoryError):
        raise
    except Exception as error:
        error.__notes__ = []  # xDSL writes the whole module there
        raise CompilerBug(f"[{stage.name}] {current.name} failed: {type(error).__name__}: {error}") from error


def _verify(module: ModuleOp, stage: Stage, suspect: str) -> None:
    try:
        module.verify()
        require_order(module)
    except VerifyException as error:
        raise CompilerBug(f"[{stage.name}] {suspect} left invalid IR: {innermost_message(error)}") from None


def innermost_message(error: BaseException) -> str:
    """What a verifier had to say; the messages around it quote the whole module."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)[:MESSAGE_LIMIT]
