"""Looking inside a compilation: consumers of the pipeline's generator.

Each is a watch: it takes the steps, looks at them as they pass by, and hands them on. They can be chained.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from zipfile import BadZipFile, ZipFile, is_zipfile

import numpy as np
from rich.console import Console
from rich.table import Table
from xdsl.dialects.builtin import ModuleOp

from sparsec import pipeline
from sparsec.context import CompilerContext
from sparsec.errors import OptionError
from sparsec.pipeline import Stage, Step
from sparsec.reference import evaluate
from sparsec.weights import Array, WeightStore

WEIGHTS = "weights.npz"
"""The file beside dumped IR in which the numbers are, by digest."""

_MEMBER = re.compile(r"[0-9a-f]{16}\.npy")


def known_names() -> tuple[str, ...]:
    """The names of all stages and passes, which is what the command line takes."""
    stages = ["file", "input", *(stage.name for stage in pipeline.PIPELINE), "loops", "llvm"]
    return (*stages, *(each.name for each in pipeline.all_passes()))


def require_name(name: str) -> str:
    """The name itself if it is one of a stage or a pass.

    Raises:
        OptionError: it is not; the message lists those that exist.
    """
    if name in known_names():
        return name
    close = difflib.get_close_matches(name, known_names(), 1)
    advice = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known_names())}"
    raise OptionError(f"there is no stage or pass {name!r}; {advice}")


def is_after(step: Step, name: str) -> bool:
    """Whether a step is where the stage or the pass called `name` ends."""
    return step.pass_name == name or (step.ends_stage and step.stage == name)


def show(steps: Iterable[Step], name: str, stream: TextIO | None = None) -> Iterator[Step]:
    """Print the IR after a stage or a pass, on stdout if no stream is given."""
    for step in steps:
        if is_after(step, name):
            print(f"// [{step.stage}] {step.pass_name}".rstrip(), file=stream)
            print(str(step.module), file=stream)
        yield step


@dataclass
class Until:
    """Lets steps pass up to the end of a stage or a pass, and none after it, of this run or the next."""

    name: str
    passed: bool = False

    def watch(self, steps: Iterable[Step]) -> Iterator[Step]:
        """End after the step."""
        if self.passed:
            return
        for step in steps:
            self.passed = is_after(step, self.name)
            yield step
            if self.passed:
                return


def dump(steps: Iterable[Step], folder: Path, suffix: str = "") -> Iterator[Step]:
    """Write the IR after each pass to a file of its own, such as `06_recognise-layer-norm.mlir`.

    `weights.npz` beside them gets what they name by its digest, so that `sparsec opt` can run a pass on each.

    Args:
        suffix: put before the dot, to tell apart the targets that the last stages are run for.

    Raises:
        OptionError: the folder or a file in it cannot be written, or `weights.npz` is somebody else's.
    """
    for step in steps:
        path = folder / f"{step.index:02d}_{step.pass_name or step.stage}{suffix}.mlir"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = str(step.module) + "\n"
            path.write_text(text, encoding="utf-8")
            path = folder / WEIGHTS
            add_weights(path, step.weights, re.findall(r"\b[0-9a-f]{16}\b", text))
        except BadZipFile as error:
            raise OptionError(f"cannot write {path}: what is there is no .npz file; remove it") from error
        except OSError as error:
            raise OptionError(f"cannot write {path}: {error.strerror or error}") from error
        yield step


def add_weights(path: Path, weights: WeightStore, digests: Iterable[str]) -> None:
    """Add arrays to an .npz file, by their digests, unless they are there.

    Raises:
        OptionError: the file has something else in it.
        OSError, BadZipFile: it cannot be written, or is no such file.
    """
    if path.exists() and not is_zipfile(path):  # Python would write an archive behind what is there
        raise BadZipFile(path)
    with ZipFile(path, "a") as archive:
        there = set(archive.namelist())
        foreign = sorted(name for name in there if not _MEMBER.fullmatch(name))
        if foreign:
            raise OptionError(f"{path} holds {foreign[0]!r}, which no dump writes: remove it or give another folder")
        for digest in dict.fromkeys(digests):
            if digest in weights and f"{digest}.npy" not in there:
                whole = io.BytesIO()  # an interrupt must not leave a part of it, which later dumps took for whole
                np.lib.format.write_array(whole, np.asarray(weights.get(digest)), allow_pickle=False)
                archive.writestr(f"{digest}.npy", whole.getbuffer())


@dataclass
class Times:
    """How long each pass took."""

    rows: list[tuple[str, str, float]] = field(default_factory=list[tuple[str, str, float]])

    def watch(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Note the time of each step."""
        for step in steps:
            if step.pass_name:
                self.rows.append((step.stage, step.pass_name, step.seconds))
            yield step

    def print(self, console: Console) -> None:
        """A table with one row for each pass and the total."""
        table = Table("stage", "pass", title="time of passes, ms")
        table.add_column("ms", justify="right")
        previous = ""
        for stage, name, seconds in self.rows:
            table.add_row(stage if stage != previous else "", name, f"{seconds * 1e3:.1f}")
            previous = stage
        table.add_section()
        table.add_row("", "total", f"{sum(seconds for _, _, seconds in self.rows) * 1e3:.1f}")
        console.print(table)


@dataclass(frozen=True)
class Difference:
    """How much the results of the reference changed across one pass.

    Attributes:
        largest: by output name, the largest absolute difference to the step before.
    """

    step: Step
    largest: Mapping[str, float]

    @property
    def differs(self) -> bool:
        """Whether any output changed at all."""
        return any(value > 0 for value in self.largest.values())


def compare(
    module: ModuleOp,
    context: CompilerContext,
    inputs: Mapping[str, Array],
    stages: Sequence[Stage] = pipeline.PIPELINE,
) -> Generator[Difference, None, None]:
    """Run the pipeline on `module`, and the reference after each pass that changes anything, down to [scheduled]."""
    before: Mapping[str, Array] | None = None
    text_before = ""
    kept = [stage for stage in stages if stage.name in ("graph", "sparse", "scheduled")]
    for step in pipeline.run(module, context, kept):
        text = str(step.module)  # all that the reference sees: weights are named by their digests
        same = before is not None and text == text_before
        after = before if before is not None and same else evaluate(step.module, inputs, context.weights)
        text_before = text
        if before is not None:
            yield Difference(step, {name: distance(after[name], before[name]) for name in after})
        before = after


def distance(a: Array, b: Array) -> float:
    """The largest absolute difference; 0 where both are NaN or the same infinity."""
    wide = a.astype(np.float64), b.astype(np.float64)
    same = (wide[0] == wide[1]) | (np.isnan(wide[0]) & np.isnan(wide[1]))
    with np.errstate(invalid="ignore"):
        differences = np.where(same, 0.0, np.abs(wide[0] - wide[1]))
    return float(np.where(np.isnan(differences), np.inf, differences).max(initial=0.0))


def bisect(
    module: ModuleOp,
    context: CompilerContext,
    inputs: Mapping[str, Array],
    tolerance: float = 0.0,
    stages: Sequence[Stage] = pipeline.PIPELINE,
) -> Difference | None:
    """The first pass across which some output changes by more than `tolerance`; None when there is none."""
    for difference in compare(module, context, inputs, stages):
        if max(difference.largest.values(), default=0.0) > tolerance:
            return difference
    return None
