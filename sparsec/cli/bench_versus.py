"""`sparsec bench MODEL --vs ENGINE,...`: other engines take turns with ours, after their outputs were compared."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from rich.text import Text

from sparsec.cli.arguments import parse_dims
from sparsec.cli.console import Output, new_table, print_table
from sparsec.cli.feeds import Feed, find_feed
from sparsec.engines import ADAPTERS, Adapter, Engine, Failed, Timing, cosine, take_turns
from sparsec.engines.engine import can_import
from sparsec.errors import OptionError
from sparsec.runtime.program import Program

RUNS_IN_A_TURN = 10
OURS = "sparsec"


@dataclass(frozen=True)
class Rival:
    """An engine that was asked for.

    Attributes:
        model: what it runs.
    """

    adapter: Adapter
    model: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The option --vs."""
    names = ", ".join(name for name in ADAPTERS if name != OURS)
    parser.add_argument(
        "--vs",
        action="append",
        default=[],
        metavar="ENGINE[=FILE][@PYTHON],...",
        help=f"also measure these ({names}): each runs MODEL, or FILE, which should be the same model in the spelling "
        "that suits it, in the Python that runs this or in that of another environment",
    )


def parse_rivals(chosen: argparse.Namespace) -> list[Rival]:
    """The engines of --vs, all of which can be imported and have a file that they run.

    Raises:
        OptionError: one has not, or does not exist.
    """
    texts = [text.strip() for given in chosen.vs for text in given.split(",")]
    return [_parse_rival(text, chosen.model) for text in texts]


def _parse_rival(text: str, model: Path) -> Rival:
    before, _, python = text.partition("@")
    name, _, file = before.partition("=")
    known = [known for known in ADAPTERS if known != OURS]
    if name not in known:
        raise OptionError(f"--vs {text}: there is no engine {name!r}; the engines are: {', '.join(known)}")
    adapter = ADAPTERS[name]
    if python:
        given = os.path.expanduser(python)  # a Path would take ./python for any python
        # not resolved: an environment's Python is a link, and knows by its place what it is
        adapter = replace(adapter, python=Path(shutil.which(given) or given).absolute())
    path = Path(file).expanduser() if file else model
    if path.suffix not in adapter.files:
        endings = " or ".join(adapter.files)
        raise OptionError(f"--vs {text}: {name} runs {endings} files, and not {path}; give it one: --vs {name}=FILE")
    if not path.is_file():
        raise OptionError(f"--vs {text}: {path} does not exist")
    if not can_import(adapter):
        raise OptionError(
            f"--vs {text}: {name} cannot be imported by {adapter.python}; install it with "
            f"`{adapter.python} -m pip install {adapter.package}`, or name the Python of an environment that has it: "
            f"--vs {name}@/path/to/python"
        )
    return Rival(adapter, path)


def execute(chosen: argparse.Namespace, program: Program, rivals: list[Rival]) -> int:
    """Compare and measure.

    Raises:
        OptionError: fewer cores than threads may be used, or our own process or another one crashed.
        InputError: the model refuses generated inputs.
    """
    feed = find_feed(program, parse_dims(chosen.dim))
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < program.threads:
        raise OptionError(f"--threads {program.threads}: only {len(cores)} cores may be used, and each needs its own")
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        program.save(folder / "ours.so")
        contest = _Contest(resources, cores[-program.threads :], feed)
        contest.open(Rival(ADAPTERS[OURS], folder / "ours.so"))
        for rival in rivals:
            contest.open(rival)
        runs: int = min(chosen.runs, RUNS_IN_A_TURN)
        rounds = math.ceil(chosen.runs / runs)
        try:
            timings = take_turns(contest.engines, rounds, dict.fromkeys(contest.engines, runs))
        except Failed as reason:
            raise OptionError(f"an engine did not finish: {reason}") from reason
        _show(chosen, program, feed, contest, timings)
    return 0


class _Contest:
    """Engines with open models, and why others have none."""

    def __init__(self, resources: ExitStack, cores: list[int], feed: Feed) -> None:
        self.engines: dict[str, Engine] = {}
        self.files: dict[str, Path] = {}
        self.failures: dict[str, str] = {}
        self._resources, self._cores, self._feed = resources, cores, feed

    def open(self, rival: Rival) -> None:
        """Start an engine and run it once."""
        number = sum(name.partition(" ")[0] == rival.adapter.name for name in (*self.files, *self.failures))
        name = f"{rival.adapter.name} {number + 1}" if number else rival.adapter.name
        self.files[name] = rival.model
        try:
            engine = self._resources.enter_context(Engine(rival.adapter, self._cores))
            engine.open(rival.model, self._feed)
        except Failed as reason:
            if name == OURS:
                raise OptionError(f"the compiled model does not run in a process of its own: {reason}") from reason
            self.failures[name] = str(reason)
        else:
            self.engines[name] = engine


def _show(
    chosen: argparse.Namespace, program: Program, feed: Feed, contest: _Contest, timings: dict[str, Timing]
) -> None:
    ours = contest.engines[OURS]
    rows = {
        name: {
            "engine": engine.what,
            "file": str(chosen.model if name == OURS else contest.files[name]),
            "median_ms": timings[name].median * 1e3,
            "spread": timings[name].spread,
            "runs": timings[name].runs,
            "core_share": timings[name].share,
            "cosine": cosine(ours.outputs, engine.outputs),
            "ratio": timings[name].median / timings[OURS].median,
        }
        for name, engine in contest.engines.items()
    }
    shapes = {name: list(value.shape) for name, value in feed.items()}
    if chosen.json:
        # JSON has no number for outputs that cannot be compared.
        safe = {name: {**row, "cosine": _finite(row["cosine"])} for name, row in rows.items()}
        facts = {"engines": safe, "failures": contest.failures, "threads": program.threads, "inputs": shapes}
        print(json.dumps({**facts, "target": program.target}))
        return
    right = ("median, ms", "spread", "cosine", "ratio")
    threads = f"{program.threads} thread{'s' if program.threads > 1 else ''}"
    title = f"latency in turns, {threads} on {'cores of their own' if program.threads > 1 else 'the same core'}"
    table = new_table("engine", *right, "file", right=right, title=title)
    for row in rows.values():
        figures = f"{row['median_ms']:.3f}", f"±{row['spread']:.1%}", f"{row['cosine']:.5f}", f"{row['ratio']:.2f}"
        table.add_row(str(row["engine"]), *figures, Text(Path(str(row["file"])).name))
    console = Output()
    print_table(console, table, "engine")
    for name, reason in contest.failures.items():
        console.print(f"{name} did not run {contest.files[name]}: {reason}", markup=False)
    for name, timing in timings.items():
        if timing.disturbed:
            console.print(f"{name} had its core for {timing.share:.0%} of the time: others ran there, measure again")
    lines = (f"{name} {'x'.join(map(str, shape)) or 'scalar'}" for name, shape in shapes.items())
    console.print("; ".join((", ".join(lines), "ratio: time divided by sparsec's")), markup=False)


def _finite(value: object) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None
