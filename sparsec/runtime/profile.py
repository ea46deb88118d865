"""Where the time of a program's runs goes: one record for each kernel call and thread, sums of them, a Chrome trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sparsec.runtime.signature import KernelCall

RUN = -1
"""`Span.call` of the run itself."""


@dataclass(frozen=True)
class Span:
    """What one thread did for one kernel call of one run.

    Attributes:
        run: the number of the run.
        call: the number of the call, an index of `Signature.calls`, or `RUN`.
        thread: 0 is the thread that called.
        begin: nanoseconds of CLOCK_MONOTONIC, which `time.perf_counter_ns` shows too.
        end: the same.
        items: how many of the call's independent pieces of work the thread did.
    """

    run: int
    call: int
    thread: int
    begin: int
    end: int
    items: int


@dataclass(frozen=True)
class Operation:
    """The time of one kernel call over all runs.

    Attributes:
        call: its number.
        kernel: the kernel.
        source: the node of the model.
        items: the independent pieces of work of a run: more threads than these have nothing to do.
        count: runs.
        total: seconds in all runs, from the begin of the first thread to the end of the last.
        median: seconds of a run.
        share: of the time of all runs, 0 to 1.
        busy: the part of `total`, times the threads, in which threads worked, 0 to 1.
    """

    call: int
    kernel: str
    source: str
    items: int
    count: int
    total: float
    median: float
    share: float
    busy: float


@dataclass(frozen=True)
class Profile:
    """The records of some runs.

    Attributes:
        calls: the kernel calls of a run.
        threads: how many threads the runs could use.
        spans: in the order of runs and calls; `RUN` comes last in each.
    """

    calls: Sequence[KernelCall]
    threads: int
    spans: Sequence[Span]

    def runs(self) -> list[float]:
        """The seconds of each run, the checks of its arguments left out."""
        return [(span.end - span.begin) * 1e-9 for span in self.spans if span.call == RUN]

    def operations(self) -> list[Operation]:
        """The calls that had something to do, in the order of a run."""
        whole = sum(self.runs())
        groups: dict[int, dict[int, list[Span]]] = defaultdict(lambda: defaultdict(list))
        for span in self.spans:
            if span.call != RUN:
                groups[span.call][span.run].append(span)
        found: list[Operation] = []
        for call, runs in sorted(groups.items()):
            times = [_wall(spans) for spans in runs.values()]
            total = sum(times)
            busy = sum(span.end - span.begin for spans in runs.values() for span in spans) * 1e-9
            items = max(sum(span.items for span in spans) for spans in runs.values())
            found.append(
                Operation(
                    call, self.calls[call].kernel, self.calls[call].source, items, len(times), total, median(times),
                    total / whole if whole else 0.0, busy / (total * self.threads) if total else 0.0,
                )
            )  # fmt: skip
        return found

    def chrome_trace(self) -> dict[str, Any]:
        """What chrome://tracing and ui.perfetto.dev read, once it is written as JSON: a lane for every thread."""
        origin = min((span.begin for span in self.spans), default=0)
        lanes = sorted({span.thread for span in self.spans})
        events: list[dict[str, Any]] = [
            {"ph": "M", "name": "thread_name", "pid": 0, "tid": lane, "args": {"name": f"thread {lane}"}}
            for lane in lanes
        ]
        for span in self.spans:
            call = KernelCall("run", "") if span.call == RUN else self.calls[span.call]
            events.append(
                {
                    "ph": "X", "name": call.kernel, "cat": "run" if span.call == RUN else "kernel",
                    "pid": 0, "tid": span.thread,
                    "ts": (span.begin - origin) / 1e3, "dur": (span.end - span.begin) / 1e3,
                    "args": {"source": call.source, "run": span.run, "call": span.call, "items": span.items},
                }
            )  # fmt: skip
        return {"traceEvents": events, "displayTimeUnit": "ms"}


def _wall(spans: Sequence[Span]) -> float:
    return (max(span.end for span in spans) - min(span.begin for span in spans)) * 1e-9
