"""A process that answers lines of JSON, and a name for whatever goes wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast


class Failed(Exception):
    """There is no answer; the message says why. After it the process is gone, unless it said so itself."""


class Process:
    """A process that is started on given cores and asked one thing at a time."""

    def __init__(self, command: Sequence[str | Path], cores: Collection[int], environment: Mapping[str, str]) -> None:
        """Start it.

        Args:
            command: the program and its arguments.
            cores: those that it may use.
            environment: all of it.

        Raises:
            Failed: it cannot be started.
        """
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - it lives as long as the process
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                errors="replace",
                env=environment,
                preexec_fn=partial(os.sched_setaffinity, 0, set(cores)),
            )
        except (OSError, subprocess.SubprocessError) as error:  # the latter: the cores may not be used any more
            self._log.close()
            reason = error.strerror if isinstance(error, OSError) else None
            raise Failed(f"{command[0]} cannot be started: {reason or error}") from error

    def ask(self, request: Mapping[str, Any], limit: float) -> dict[str, Any]:
        """Send a request and wait for its answer, for `limit` seconds at most.

        Raises:
            Failed: no answer in time, a process that died, or an answer that is no JSON object.
        """
        self.send(request)
        return self.receive(limit)

    def send(self, request: Mapping[str, Any]) -> None:
        """Send a request; `receive` takes its answer."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `receive` finds out how it died

    def receive(self, limit: float) -> dict[str, Any]:
        """The answer to the request sent last.

        Raises:
            Failed: as `ask` does.
        """
        assert self._process.stdout
        late = threading.Event()
        timer = threading.Timer(limit, lambda: (late.set(), self._process.kill()))
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if late.is_set():
            self.close()
            raise Failed(f"no answer after {limit:g} s")
        if not line:
            raise Failed(self._bury())
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.close()  # what it writes next would be taken for the next answer
            raise Failed(f"the adapter answered {line.strip()[:80]!r}")
        return cast("dict[str, Any]", answer)

    def _bury(self) -> str:
        """How the process died, with its last words."""
        code = self._process.wait()
        self._log.seek(0)
        lines = [line.strip() for line in self._log if line.strip()]
        self.close()
        died = f"the adapter was ended by signal {-code}" if code < 0 else f"the adapter ended with exit code {code}"
        return f"{died}: {lines[-1][:200]}" if lines else died

    def close(self) -> None:
        """End the process; once more does nothing."""
        if not self._log.closed:
            self._process.kill()
            self._process.communicate()
            self._log.close()
