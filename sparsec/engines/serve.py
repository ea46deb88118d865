"""What the process of an engine executes: `python serve.py ADAPTER`. Needs numpy and Python 3.10, and no sparsec.

Requests are lines of JSON on standard input, each answered by a line of JSON; between them the process sleeps.

    {"do": "open", "model": FILE, "inputs": NPZ, "outputs": NPZ, "threads": 1}  ->  {"what": "onnxruntime 1.31.1"}
    {"do": "run", "runs": 10}                              ->  {"seconds": [0.0213, ...], "cpu": 0.213}

`open` runs once and writes what came out. `run` runs once more than it counts, since others have used the caches; `cpu`
is how many seconds the process had a core, which is less than its runs took if it had to share it.
Whatever goes wrong is answered by {"error": TEXT}.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Call = Callable[[], Any]


class Server:
    """Answers requests by means of an adapter's `open_model`."""

    def __init__(self, open_model: Callable[[str, int, dict[str, Any]], tuple[str, Call]]) -> None:
        """No model is open yet."""
        self.open_model = open_model
        self.call: Call | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked."""
        return self.open(request) if request["do"] == "open" else self.run(request["runs"])

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load a model and write its outputs in their order."""
        with np.load(request["inputs"]) as arrays:
            feed = {name: arrays[name] for name in arrays.files}
        what, self.call = self.open_model(request["model"], request["threads"], feed)
        values = self.call()
        np.savez(request["outputs"], *(np.asarray(value) for value in values))
        return {"what": what}

    def run(self, runs: int) -> dict[str, Any]:
        """Time that many runs, one by one."""
        if self.call is None:
            raise ValueError("no model is open")
        self.call()
        seconds: list[float] = []
        cpu = time.process_time()
        for _ in range(runs):
            start = time.perf_counter()
            self.call()
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds, "cpu": time.process_time() - cpu}


def describe(error: BaseException) -> str:
    """An error in one line."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0].strip()[:300]}" if lines else type(error).__name__


def main(adapter: str) -> None:
    """Answer requests until there are none. Whatever a library prints goes to standard error instead."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]  # our files have names that libraries may use
    server = Server(runpy.run_path(adapter)["open_model"])
    for line in sys.stdin:
        try:
            answer = server.answer(json.loads(line))
        except Exception as error:
            answer = {"error": describe(error)}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
