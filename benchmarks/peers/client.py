"""Asks a peer's adapter, a process on one core, how long a layer takes. Whatever goes wrong there has a name here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.peers.environments import ADAPTERS, ENVIRONMENTS, FOLDER, python_of, variables_of
from sparsec.engines.engine import THREAD_VARIABLES
from sparsec.engines.process import Failed, Process
from sparsec.options import foreign_environment


@dataclass(frozen=True)
class Measurement:
    """Seconds of one layer: the fastest and the median run, or None and an error.

    `call` is the fastest call with a single layer in it, which for an engine is more than the layer.
    """

    seconds: float | None
    median: float | None
    what: str
    error: str | None
    call: float | None = None

    @staticmethod
    def failed(error: str) -> Measurement:
        """A measurement that there is not, and why."""
        return Measurement(None, None, "", error)


def read_answer(answer: dict[str, Any]) -> Measurement | None:
    """The measurement in an adapter's answer, or None if it is garbage."""
    try:
        measurement = Measurement(
            answer["seconds"], answer["median"], answer["what"], answer["error"], answer.get("call")
        )
    except KeyError:
        return None
    if measurement.error is not None:
        return Measurement.failed(str(measurement.error))
    times = measurement.seconds, measurement.median
    return measurement if all(isinstance(time, float) and time > 0 for time in times) else None


class Peer:
    """A peer by name. Its process starts with the first measurement and is started again after it failed."""

    def __init__(self, name: str, folder: Path = FOLDER, limit: float = 120, adapters: Path = ADAPTERS) -> None:
        """`limit` is how many seconds an answer may take."""
        self.name, self.folder, self.limit = name, folder, limit
        self.python, self.adapter = python_of(name, folder), adapters / f"{name}.py"
        self.process: Process | None = None

    @property
    def missing(self) -> str | None:
        """Why the peer cannot be asked, or None if it can."""
        if not self.adapter.exists():
            return f"no such peer; there are {', '.join(ENVIRONMENTS)}"
        return None if self.python.exists() else f"not installed: python -m benchmarks.peers install {self.name}"

    def measure(self, request: dict[str, object]) -> Measurement:
        """The peer's answer, or the reason why there is none; never an exception."""
        if self.missing:
            return Measurement.failed(self.missing)
        try:
            process = self.process = self.process or self.start()
            answer = process.ask(request, self.limit)
        except Failed as reason:
            self.close()
            return Measurement.failed(str(reason))
        measurement = read_answer(answer)
        if measurement is None:
            self.close()
        return measurement or Measurement.failed(f"the adapter answered {answer}")

    def start(self) -> Process:
        """The adapter's process, on the last core that we may use."""
        return Process([self.python, self.adapter], {max(os.sched_getaffinity(0))}, self.variables())

    def variables(self) -> dict[str, str]:
        """The environment of the process."""
        ours = foreign_environment() | dict.fromkeys(THREAD_VARIABLES, "1")
        return ours | (variables_of(self.name, self.folder) if self.name in ENVIRONMENTS else {})

    def close(self) -> None:
        """End the process."""
        if self.process:
            self.process.close()
            self.process = None

    def __enter__(self) -> Peer:
        """The peer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
