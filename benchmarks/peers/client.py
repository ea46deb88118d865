"""Asks a peer's adapter, a process on one core, how long a layer takes. Whatever goes wrong there has a name here."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from benchmarks.peers.environments import ADAPTERS, ENVIRONMENTS, FOLDER, library_to_preload, python_of

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NM_NUM_THREADS"), "1")


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


def read_answer(line: str) -> Measurement | None:
    """The measurement in an adapter's answer, or None if it is garbage."""
    try:
        answer = json.loads(line)
        measurement = Measurement(
            answer["seconds"], answer["median"], answer["what"], answer["error"], answer.get("call")
        )
    except (ValueError, TypeError, KeyError):
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
        self.process: subprocess.Popen[str] | None = None

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
        process = self.process = self.process or self.start()
        assert process.stdin and process.stdout
        late = threading.Event()
        timer = threading.Timer(self.limit, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if late.is_set():
            self.close()
            return Measurement.failed(f"no answer after {self.limit:g} s")
        if not line:
            return Measurement.failed(self.bury())
        measurement = read_answer(line)
        if measurement is None:
            self.close()  # what it writes next would be taken for the next answer
        return measurement or Measurement.failed(f"the adapter answered {line.strip()[:80]!r}")

    def start(self) -> subprocess.Popen[str]:
        """The adapter's process, on the last core that we may use."""
        core = max(os.sched_getaffinity(0))
        self.log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 as long-lived as the process
        return subprocess.Popen(
            [self.python, self.adapter],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            errors="replace",
            env=self.variables(),
            preexec_fn=partial(os.sched_setaffinity, 0, {core}),
        )

    def variables(self) -> dict[str, str]:
        """The environment of the process."""
        ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        if self.name not in ENVIRONMENTS:
            return ours | ONE_THREAD
        library = library_to_preload(self.name, self.folder)
        preload = {"LD_PRELOAD": str(library)} if library else {}
        return ours | ONE_THREAD | ENVIRONMENTS[self.name].variables | preload

    def bury(self) -> str:
        """How the process died, with its last words."""
        assert self.process
        code = self.process.wait()
        self.log.seek(0)
        lines = [line.strip() for line in self.log if line.strip()]
        self.close()
        died = f"the adapter was ended by signal {-code}" if code < 0 else f"the adapter ended with exit code {code}"
        return f"{died}: {lines[-1][:200]}" if lines else died

    def close(self) -> None:
        """End the process."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.log.close()
            self.process = None

    def __enter__(self) -> Peer:
        """The peer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
