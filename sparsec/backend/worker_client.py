"""Talks to the process of `worker.py`: starts it, gives it work within a time limit, replaces it when it dies."""

from __future__ import annotations

import atexit
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from sparsec.backend.worker import pack, unpack
from sparsec.errors import CodegenError
from sparsec.options import child_environment

_CHUNK = 1 << 16
_WORKERS: weakref.WeakSet[Worker] = weakref.WeakSet()
"""All that this process has started."""


class WorkerDied(CodegenError):
    """The process ended before it answered."""


class Worker:
    """One worker process, started when first needed. Threads take turns.

    Args:
        module: what `python -m` runs; tests give one of their own.
        task: what messages call what the process does.
    """

    def __init__(self, module: str = "sparsec.backend.worker", task: str = "LLVM"):
        self._module, self._task = module, task
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: int | None = None
        self._killed = False
        _WORKERS.add(self)

    @property
    def pid(self) -> int | None:
        """The process that would get the next request, if it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the process without waiting for it, so that it can load LLVM while the caller does something else.

        Raises:
            CodegenError: there is no Python to run it with.
        """
        with self._turn:
            if self._killed:
                self._end()  # it may still be dying
                self._killed = False
            self._running_process()

    def stop(self) -> None:
        """End the process and wait for its end."""
        with self._turn:
            self._end()

    def kill(self) -> None:
        """End the process at once, also while another thread waits for its answer: that thread gets a CodegenError, and
        so do those that ask later; `start` allows it again."""
        self._killed = True
        process = self._process
        if process is not None:
            process.kill()

    def request(
        self,
        kind: str,
        texts: Sequence[str],
        exports: Sequence[str],
        time_limit: float,
        hidden: Mapping[str, str] | None = None,
    ) -> bytes:
        """Link modules of LLVM text and make an object, assembly or LLVM text of them.

        Args:
            kind: one of `worker.KINDS`.
            texts: LLVM modules.
            exports: the symbols that stay visible.
            hidden: those that other objects of the same model see, and the names by which they do.
            time_limit: seconds.

        Raises:
            CodegenError: LLVM refused the modules or took too long.
            WorkerDied: LLVM died.
        """
        header = {"kind": kind, "exports": list(exports), "hidden": dict(hidden or {})}
        return self.ask(header, [text.encode() for text in texts], time_limit)

    def ask(self, header: Mapping[str, Any], parts: Sequence[bytes], time_limit: float) -> bytes:
        """The process's answer to any request.

        Args:
            header: what JSON can hold.
            parts: of any kind.
            time_limit: seconds.

        Raises:
            CodegenError: it failed or took too long.
            WorkerDied: it died.
        """
        frame = pack(dict(header), parts)
        with self._turn:
            if self._killed:
                raise WorkerDied("the process is not wanted any more")
            try:
                process = self._running_process()
                if self._killed:  # before there was something to kill
                    raise WorkerDied("the process is not wanted any more")
                answer, answered = unpack(self._exchange(process, frame, time_limit))
            except BaseException:
                self._end()  # also after Ctrl-C: an answer that nobody reads would be taken for the next one
                raise
        if answer["error"] is not None:
            raise CodegenError(f"{self._task} refused the generated code: {answer['error']}\n{_ADVICE}")
        return answered[0]

    def forget(self) -> None:
        """In a forked child: let go of the parent's process without touching it, and of its pipes, whose end it waits
        for."""
        self._turn = threading.Lock()
        if self._process is not None:
            self._process.returncode = 0  # not ours to wait for
        self._close()

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        if not sys.executable:
            raise CodegenError("sparsec compiles in a process of its own and does not know which Python to run: "
                               "set sys.executable")  # fmt: skip
        self._stderr = os.memfd_create("stderr")
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,
            env=child_environment(),
        )
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], frame: bytes, time_limit: float) -> bytes:
        assert process.stdin is not None and process.stdout is not None
        deadline = time.monotonic() + time_limit
        to, back = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(to, False)
        unsent = memoryview(frame)
        try:
            while unsent:
                self._wait([], [to], deadline, time_limit)
                unsent = unsent[os.write(to, unsent[:_CHUNK]) :]
        except BrokenPipeError as error:
            raise self._death(process) from error
        length = int.from_bytes(self._read(process, back, 8, deadline, time_limit), "little")
        return self._read(process, back, length, deadline, time_limit)

    def _read(
        self, process: subprocess.Popen[bytes], source: int, size: int, deadline: float, time_limit: float
    ) -> bytes:
        answer = bytearray()
        while len(answer) < size:
            self._wait([source], [], deadline, time_limit)
            part = os.read(source, min(size - len(answer), 1 << 20))
            if not part:
                raise self._death(process)
            answer += part
        return bytes(answer)

    def _wait(self, sources: list[int], sinks: list[int], deadline: float, time_limit: float) -> None:
        poll = select.poll()  # select() itself refuses file numbers above 1023
        for number in sources:
            poll.register(number, select.POLLIN)
        for number in sinks:
            poll.register(number, select.POLLOUT)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise CodegenError(
                f"{self._task} did not finish within {time_limit:g} seconds and was stopped; "
                "raise the option time_limit if the model is very large"
            )

    def _death(self, process: subprocess.Popen[bytes]) -> WorkerDied:
        status = process.wait()
        how = f"was ended by signal {-status}" if status < 0 else f"ended with exit code {status}"
        said = ""
        if self._stderr is not None:
            said = os.pread(self._stderr, 1 << 16, 0).decode(errors="replace").strip()
        lines = said.splitlines()[:20] or ["(it said nothing)"]
        return WorkerDied("\n".join([f"the process that runs {self._task} {how}; it said:", *lines, _ADVICE]))

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()  # leaves no zombie
        self._close()

    def _close(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        if self._stderr is not None:
            os.close(self._stderr)
        self._process = self._stderr = None


_ADVICE = "This is a bug in sparsec: please report it with the model, or with what --dump-ir writes."


def _forget_all() -> None:
    for worker in list(_WORKERS):
        worker.forget()


WORKER = Worker()
"""The worker of this process."""

atexit.register(WORKER.stop)
os.register_at_fork(after_in_child=_forget_all)
