"""The progress of a compilation, on a terminal's stderr: steps done of all steps, and what is being worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column

if TYPE_CHECKING:
    from sparsec.pipeline import Stage, Step

Show = Callable[[str, int, int | None], None]
"""Shows what is being worked on, how many steps are done, and of how many, None if nobody knows yet."""


@dataclass(frozen=True)
class Plan:
    """The steps of a compilation.

    Attributes:
        front: the passes that are run once, such as `[graph] infer-shapes`.
        code: those that are run for each target.
        targets: how many there are.
        objects: how many pieces LLVM makes at the end.
    """

    front: tuple[str, ...]
    code: tuple[str, ...] = ()
    targets: int = 0
    objects: int = 0

    @property
    def steps(self) -> int:
        """All of them."""
        return len(self.front) + self.targets * len(self.code) + self.objects

    @classmethod
    def of(cls, targets: int, objects: int) -> Plan:
        """A compilation to the end: for so many targets, to so many pieces."""
        from sparsec import pipeline  # it comes with the whole compiler
        from sparsec.target import TARGETS

        each = pipeline.code_stages(next(iter(TARGETS.values())))
        return cls(_names(pipeline.PIPELINE), _names(each), targets, objects)

    def until(self, last: str) -> Plan:
        """As far as the first pass or the stage of that name, which may be one of the first target's."""
        from sparsec.pipeline import READING

        if last in ("file", READING.name, *(each.name for each in READING.passes)):
            return Plan(())
        names = [*self.front, *self.code]
        ends = [number for number, name in enumerate(names, 1) if name.endswith(f"] {last}")][:1]
        ends += [number for number, name in enumerate(names, 1) if name.startswith(f"[{last}]")][-1:]
        code = self.code[: ends[0] - len(self.front)] if ends[0] > len(self.front) else ()
        return Plan(self.front[: ends[0]], code, targets=1 if code else 0)


def _names(stages: tuple[Stage, ...]) -> tuple[str, ...]:
    return tuple(f"[{stage.name}] {each.name}" for stage in stages for each in stage.passes)


class Progress:
    """What a compilation reports to: a `Watch` of the pipeline, `tell` for what comes before and `made` for code.

    Args:
        path: of the model.
        show: is called by one thread at a time.
    """

    def __init__(self, path: Path, show: Show):
        self._model, self._show = path.name, show
        self._plan: Plan | None = None
        self._text = ""
        self._front = self._objects = 0
        self._code: dict[str, int] = {}
        self._turn = threading.RLock()

    def expect(self, plan: Plan) -> None:
        """Know how many steps there are."""
        self._plan = plan

    def tell(self, text: str) -> None:
        """Show what is being done to the model."""
        with self._turn:
            self._text = f"compiling {self._model}: {text}"
            self._refresh()

    def __call__(self, steps: Iterator[Step], target: str) -> Iterator[Step]:
        """Count the passes, and show which one is next."""
        with self._turn:
            self.tell(self._next("input", target))
        for step in steps:
            with self._turn:
                if step.pass_name and target:
                    self._code[target] = self._code.get(target, 0) + 1
                elif step.pass_name:
                    self._front += 1
                self.tell(self._next(step.stage, target))
            yield step

    def made(self, stage: str, target: str) -> None:
        """Count code that is there: the `llvm` of a target, whichever process lowered it, or an `object`."""
        with self._turn:
            plan = self._plan or Plan(())
            if stage == "object":
                self._objects += 1
            else:
                self._code[target] = len(plan.code)  # already so if these passes were run in this process
            lowered = [count for count in self._code.values() if count == len(plan.code)]
            if len(lowered) == plan.targets and self._objects < plan.objects:
                self.tell(f"[object] {self._objects + 1} of {plan.objects}")
            else:
                self._refresh()

    def _next(self, stage: str, target: str) -> str:
        """The pass that comes now; after the last one, the stage that it has ended."""
        plan = self._plan or Plan(())
        names, done = (plan.code, self._code.get(target, 0)) if target else (plan.front, self._front)
        return f"{names[done] if done < len(names) else f'[{stage}]'} {target}".rstrip()

    def _refresh(self) -> None:
        done = self._front + sum(self._code.values()) + self._objects
        self._show(self._text, done, self._plan.steps if self._plan else None)


@contextmanager
def progress(path: Path, *, quiet: bool = False, console: Console | None = None) -> Generator[Progress, None, None]:
    """A bar while the block runs, if the console is a terminal; else nothing. It leaves no trace.

    Args:
        path: of the model.
        quiet: show nothing there either.
        console: stderr by default.
    """
    console = console or Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Progress(path, lambda text, done, total: None)
        return
    text = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
    )
    columns = BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), text
    with Bar(*columns, console=console, transient=True, expand=True, redirect_stdout=False) as bar:
        task = bar.add_task(f"reading {path.name}", total=None)
        yield Progress(path, lambda text, done, total: bar.update(task, description=text, completed=done, total=total))
