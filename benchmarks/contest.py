"""One model at one size, run by every engine that there is: what each of them said and how long it took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

import sparsec
from benchmarks.peers.environments import ENVIRONMENTS, python_of, variables_of
from sparsec.engines import ADAPTERS, Adapter, Engine, Failed, cosine, take_turns
from sparsec.engines.engine import can_import
from tests.fixtures.inputs import draw_inputs

VOCABULARY = 30522
SEED = 7
"""What inputs are drawn with."""

TURN_SECONDS, MOST_RUNS = 0.1, 50
"""How long an engine's turn is at least, in runs that count, and how many of them are enough."""

HOPELESS = 1.5
"""So many times slower than the engine's fastest spelling at first sight, a spelling is left out."""

SAME = 0.98
"""Outputs whose cosine is below are not the same model's."""


@dataclass(frozen=True)
class Contender:
    """An engine and the spellings of a model that it may be fastest with.

    Attributes:
        adapter: runs it; its Python is that of `environment`, or ours.
        environment: of `benchmarks/peers/environments.py`; empty for sparsec.
        spellings: of the same weights and scales: a kind of `tests/fixtures/quantise.py`, or `pt2`.
        sparse: whether it gains from zeros.
    """

    adapter: Adapter
    environment: str
    spellings: tuple[str, ...]
    sparse: bool = False

    @property
    def name(self) -> str:
        """Of the engine."""
        return self.adapter.name

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""
        if not self.environment or can_import(self.installed()):
            return None
        return f"not installed: python -m benchmarks.peers install {self.environment}"

    def installed(self) -> Adapter:
        """The adapter with its Python and its variables."""
        if not self.environment:
            return self.adapter
        return replace(self.adapter, python=python_of(self.environment), variables=variables_of(self.environment))


NEURAL_ENGINE = Adapter(
    "neural_engine",
    "intel-extension-for-transformers==1.0.1",
    script=Path(__file__).parent / "peers" / "models" / "neural_engine.py",
    module="intel_extension_for_transformers",
)
OURS = Contender(ADAPTERS["sparsec"], "", ("qdqn",), sparse=True)
CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(NEURAL_ENGINE, "neural_engine", ("qdqn_op14",), sparse=True),
        Contender(ADAPTERS["deepsparse"], "deepsparse_engine", ("mmi_op14",), sparse=True),
        Contender(ADAPTERS["openvino"], "openvino", ("qdqn",)),
        Contender(ADAPTERS["onnxruntime"], "onnxruntime", ("dyn_op14", "dyn", "qdqn")),
        Contender(ADAPTERS["torch"], "torch", ("pt2",)),
    )
}
assert all(not each.environment or each.environment in ENVIRONMENTS for each in CONTENDERS.values())


@dataclass(frozen=True)
class Case:
    """What is measured; `sparsity` is in percent, of 4x1 blocks."""

    model: str
    sparsity: int
    batch: int = 1
    sequence: int = 128
    threads: int = 1

    def __str__(self) -> str:
        return f"{self.model} {f'{self.sparsity} %' if self.sparsity else 'dense'}"


@dataclass(frozen=True)
class Result:
    """One engine on one case; times in seconds, None where it failed and `error` says why.

    Attributes:
        ratio: its time divided by ours.
        cosine: between its outputs and ours.
        share: of the time in which it had its core; figures are worth nothing if others ran there.
    """

    engine: str
    what: str
    spelling: str
    median: float | None = None
    spread: float | None = None
    runs: int = 0
    share: float = 1.0
    cosine: float | None = None
    ratio: float | None = None
    error: str | None = None


class Models:
    """Files in a folder, built when they are missing."""

    def __init__(self, folder: Path) -> None:
        """Files may exist already."""
        self.folder = folder

    def file(self, case: Case, spelling: str) -> Path:
        """The file of a case in a spelling.

        Raises:
            Failed: it is not there and cannot be built.
        """
        ending = "fp32.pt2" if spelling == "pt2" else f"{spelling}.onnx"
        path = self.folder / f"{case.model.replace('-', '_')}_{case.sparsity or 'dense'}_{ending}"
        if not path.exists():
            choices = ["--model", case.model, "--sparsity", str(case.sparsity), "--kind", spelling]
            exporter = python_of("classic_export")
            python = str(exporter) if spelling.endswith("_op14") and exporter.exists() else sys.executable
            command = [python, "-m", "benchmarks.build_models", str(self.folder), *choices]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode or not path.exists():
                why = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
                raise Failed(f"{path} cannot be built by `{' '.join(command)}`: {why}")
        return path

    def feed(self, case: Case) -> dict[str, np.ndarray]:
        """Random tokens without padding."""
        model = onnx.load(self.file(case, "qdqn"), load_external_data=False)
        sizes = {"batch": case.batch, "sequence": case.sequence}
        return draw_inputs(model, sizes, seed=SEED, vocabulary=VOCABULARY, full_rows=case.batch)


def compile_ours(path: Path, case: Case, folder: Path) -> Path:
    """The library of an ONNX file, for the expected sizes and for all others.

    Raises:
        Failed: sparsec refuses the model.
    """
    try:
        program = sparsec.compile(path, expect={"batch": case.batch, "sequence": case.sequence})
        program.save(folder / "ours.so")
    except sparsec.SparsecError as error:
        raise Failed(str(error)) from error
    return folder / "ours.so"


class Contest:
    """Engines with a case's model open, on the same cores."""

    def __init__(self, case: Case, models: Models, tick: Callable[[str], None]) -> None:
        """Nobody takes part yet; `tick` is told what is being done."""
        self.case, self.models, self.tick = case, models, tick
        self.cores = sorted(os.sched_getaffinity(0))[-case.threads :]
        self.engines: dict[tuple[str, str], Engine] = {}
        self.failures: list[Result] = []
        self.resources = ExitStack()

    def invite(self, contender: Contender, feed: Mapping[str, np.ndarray]) -> None:
        """Open the model in all of an engine's spellings; keep those that run and are not hopeless."""
        if missing := contender.missing():
            self.failures.append(Result(contender.name, contender.name, "", error=missing))
            return
        first: dict[str, float] = {}
        for spelling in contender.spellings:
            self.tick(f"{self.case}: {contender.name} opens {spelling}")
            try:
                path = self.models.file(self.case, spelling)
                if contender is OURS:
                    folder = Path(self.resources.enter_context(tempfile.TemporaryDirectory()))
                    path = compile_ours(path, self.case, folder)
                engine = self.resources.enter_context(Engine(contender.installed(), self.cores))
                engine.open(path, feed)
                first[spelling] = min(engine.run(2))
            except Failed as reason:
                self.failures.append(Result(contender.name, contender.name, spelling, error=str(reason)))
                continue
            self.engines[contender.name, spelling] = engine
        for spelling, seconds in first.items():
            if seconds > HOPELESS * min(first.values()):
                self.engines.pop((contender.name, spelling)).close()

    def measure(self, rounds: int) -> list[Result]:
        """Let all take turns; the fastest spelling of each engine, ours first, then who failed altogether."""
        ours = self.engines.get((OURS.name, OURS.spellings[0]))
        timings = {}
        if self.engines:
            names = {f"{name} {spelling}": engine for (name, spelling), engine in self.engines.items()}
            runs = {name: enough_runs(engine) for name, engine in names.items()}
            tell = lambda number: self.tick(f"{self.case}: round {number + 1} of {rounds}")  # noqa: E731
            timings = take_turns(names, rounds, runs, tell)
        reference = timings.get(f"{OURS.name} {OURS.spellings[0]}")
        results: dict[str, Result] = {}
        for (name, spelling), engine in self.engines.items():
            timing = timings[f"{name} {spelling}"]
            ratio = timing.median / reference.median if reference else None
            same = cosine(ours.outputs, engine.outputs) if ours else None
            result = Result(
                name, engine.what, spelling, timing.median, timing.spread, timing.runs, timing.share, same, ratio
            )
            best = results.get(name)
            if best is None or best.median is None or timing.median < best.median:
                results[name] = result
        return [*results.values(), *(failure for failure in self.failures if failure.engine not in results)]

    def __enter__(self) -> Contest:
        """The contest itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End all engines."""
        self.resources.close()


def enough_runs(engine: Engine) -> int:
    """How many runs make a turn."""
    return max(1, min(MOST_RUNS, round(TURN_SECONDS / min(engine.run(1)))))


def hold(
    cases: list[Case], models: Models, peers: list[str], rounds: int, tick: Callable[[str], None]
) -> Iterator[tuple[Case, list[Result]]]:
    """Measure all cases, one after the other."""
    for case in cases:
        with Contest(case, models, tick) as contest:
            feed = models.feed(case)
            for contender in (OURS, *(CONTENDERS[name] for name in peers)):
                contest.invite(contender, feed)
            yield case, contest.measure(rounds)


def to_json(case: Case, results: list[Result]) -> dict[str, Any]:
    """A case and its results as plain values."""
    return {**asdict(case), "results": [asdict(result) for result in results]}
