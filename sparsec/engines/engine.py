"""An engine in a process of its own, with one model open."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsec.engines.adapter import Adapter
from sparsec.engines.process import Failed, Process
from sparsec.options import child_environment, foreign_environment

SERVE = Path(__file__).parent / "serve.py"
OPEN_LIMIT, RUN_LIMIT = 600.0, 300.0
"""Seconds to wait for. Some engines prepare a model for minutes."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NM_NUM_THREADS")


def can_import(adapter: Adapter) -> bool:
    """Whether the adapter's interpreter exists and finds the engine, which is not imported."""
    module = adapter.module or adapter.name
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    command = [str(adapter.python), "-c", code]
    try:
        return subprocess.run(command, capture_output=True, env=_environment(adapter, 1), cwd="/").returncode == 0
    except OSError:
        return False


class Engine:
    """A process that idles on its cores until it is told to run.

    Attributes:
        what: the engine's name and version, once a model is open.
        outputs: of the first run, in the model's order.
        wall: seconds of all runs together.
        cpu: seconds that the process had a core meanwhile.
    """

    wall = cpu = 0.0

    def __init__(self, adapter: Adapter, cores: Collection[int]) -> None:
        """Start the process; it has as many threads as cores.

        Raises:
            Failed: it cannot be started.
        """
        self.what = adapter.name
        self.outputs: list[NDArray[Any]] = []
        self._threads = len(cores)
        command = [adapter.python, SERVE, adapter.script]
        self._process = Process(command, cores, _environment(adapter, self._threads))

    def open(self, model: Path, feed: Mapping[str, NDArray[Any]], limit: float = OPEN_LIMIT) -> None:
        """Load a model for inputs of these sizes and run it once.

        Args:
            feed: inputs by name, in the model's order.

        Raises:
            Failed: the engine refuses the model, crashes, or takes longer than `limit` seconds.
        """
        with tempfile.TemporaryDirectory() as folder:
            inputs, outputs = (str(Path(folder) / f"{name}.npz") for name in ("inputs", "outputs"))
            np.savez(inputs, **feed)  # pyright: ignore[reportArgumentType] - a name is a name
            request = {"do": "open", "model": str(model.resolve()), "inputs": inputs, "outputs": outputs}
            answer = _checked(self._process.ask({**request, "threads": self._threads}, limit))
            self.what = str(answer["what"])
            with np.load(outputs) as arrays:
                self.outputs = [arrays[name] for name in arrays.files]

    def start(self, runs: int) -> None:
        """Begin to run; `finish` waits for the times. So several engines can run at once."""
        self._process.send({"do": "run", "runs": runs})

    def finish(self) -> list[float]:
        """Seconds of each of the runs that were started.

        Raises:
            Failed: the engine crashed, or takes too long.
        """
        answer = _checked(self._process.receive(RUN_LIMIT))
        self.wall += sum(answer["seconds"])
        self.cpu += answer["cpu"]
        return answer["seconds"]

    def run(self, runs: int) -> list[float]:
        """Seconds of each of that many runs, after one that does not count.

        Raises:
            Failed: as `finish` does.
        """
        self.start(runs)
        return self.finish()

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def __enter__(self) -> Engine:
        """The engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def _environment(adapter: Adapter, threads: int) -> dict[str, str]:
    inherited = child_environment() if adapter.name == "sparsec" else foreign_environment()
    return inherited | dict.fromkeys(THREAD_VARIABLES, str(threads)) | adapter.variables


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise Failed(str(answer["error"]))
    return answer
