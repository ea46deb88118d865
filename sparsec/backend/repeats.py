"""Runs functions that repeat a kernel, made by `kernels-to-loops` with `measured`, and takes the time."""

from __future__ import annotations

import ctypes
import itertools
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sparsec.backend.jit import aligned, link
from sparsec.backend.worker_client import WORKER

_numbers = itertools.count()
_VOID = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p])
_SIZE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)
_TICKS = ctypes.CFUNCTYPE(ctypes.c_int64)
_ORDER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)

_APART = 2e-3
"""Seconds over which the rate of time stamps is found: reading both clocks takes a thousandth of that."""

_CALL = np.dtype([("function", np.int64), ("set", np.int64), ("begin", np.int64), ("end", np.int64)])
"""What `in_order` reads of a call, and the ticks of the processor's time stamps that it writes."""

_IN_ORDER = """
declare i64 @llvm.readcyclecounter()

define i64 @ticks() {
  %now = call i64 @llvm.readcyclecounter()
  ret i64 %now
}

define void @in_order(ptr %calls, i64 %count, ptr %scratch, ptr %symbols) {
entry:
  br label %test
test:
  %number = phi i64 [0, %entry], [%next, %one]
  %more = icmp slt i64 %number, %count
  br i1 %more, label %one, label %done
one:
  %function_at = getelementptr {ptr, ptr, i64, i64}, ptr %calls, i64 %number
  %set_at = getelementptr {ptr, ptr, i64, i64}, ptr %calls, i64 %number, i32 1
  %begin_at = getelementptr {ptr, ptr, i64, i64}, ptr %calls, i64 %number, i32 2
  %end_at = getelementptr {ptr, ptr, i64, i64}, ptr %calls, i64 %number, i32 3
  %function = load ptr, ptr %function_at
  %begin = call i64 @llvm.readcyclecounter()
  call void %function(ptr %set_at, i64 1, i64 1, ptr %scratch, ptr %symbols)
  %end = call i64 @llvm.readcyclecounter()
  store i64 %begin, ptr %begin_at
  store i64 %end, ptr %end_at
  %next = add i64 %number, 1
  br label %test
done:
  ret void
}
"""
"""Calls functions one after the other with nothing in between: Python takes long enough to let caches, predictors and
the power of wide vector units go, which made kernels up to a quarter slower on one CPU."""


class Repeats:
    """Machine code of repeated kernels.

    Args:
        text: LLVM text that defines functions `name(sets, count, turns, scratch, symbols)`.
        exports: their names.
        symbols: the values of the symbolic dimensions.
        scratch_size: the name of the function that says how many bytes of scratch they need, if they need any.
        time_limit: seconds that LLVM may take.

    Raises:
        CodegenError: LLVM failed.
    """

    def __init__(
        self,
        text: str,
        exports: Sequence[str],
        symbols: Sequence[int] = (),
        scratch_size: str | None = None,
        time_limit: float = 300.0,
    ):
        names = [*exports, "in_order", "ticks", *([scratch_size] if scratch_size else [])]
        code = WORKER.request("object", [text, _IN_ORDER], names, time_limit)
        self._tracker = link([code], names, f"repeats.{next(_numbers)}")
        self._ticks = _TICKS(self._tracker["ticks"])
        self._first = self._moment()
        self._symbols = np.array([*symbols, 0], np.int64)
        need = _SIZE(self._tracker[scratch_size])(self._symbols.ctypes.data) if scratch_size else 0
        self._scratch = aligned(np.zeros(int(need) + 64, np.uint8))

    def run(self, name: str, sets: NDArray[np.int64], turns: int) -> float:
        """Call a kernel `turns` times with each set of arguments; returns the seconds of one call.

        Args:
            sets: the address of the argument array of each set.
        """
        call = _VOID(self._tracker[name])
        arguments = sets.ctypes.data, len(sets), turns, self._scratch.ctypes.data, self._symbols.ctypes.data
        begin = time.perf_counter()
        call(*arguments)
        return (time.perf_counter() - begin) / (turns * len(sets))

    def run_in_order(self, calls: Sequence[tuple[str, int]]) -> list[float]:
        """Call kernels once each, one after the other; returns the seconds of each.

        Args:
            calls: the function and the address of the argument array of each.
        """
        table = np.zeros(len(calls), _CALL)
        table["function"] = [self._tracker[name] for name, _ in calls]
        table["set"] = [address for _, address in calls]
        run = _ORDER(self._tracker["in_order"])
        run(table.ctypes.data, len(calls), self._scratch.ctypes.data, self._symbols.ctypes.data)
        rate = self._ticks_per_second()
        return [max(0, int(taken)) / rate for taken in table["end"] - table["begin"]]

    def _moment(self) -> tuple[int, float]:
        """A time stamp, and the seconds of another clock at about the same time."""
        return self._ticks(), time.perf_counter()

    def _ticks_per_second(self) -> float:
        """Time stamps count at a constant rate, which two moments tell that are far enough apart."""
        ticks, seconds = self._moment()
        while seconds - self._first[1] < _APART:
            ticks, seconds = self._moment()
        return (ticks - self._first[0]) / (seconds - self._first[1])

    def turns_for(self, name: str, sets: NDArray[np.int64], seconds: float) -> int:
        """How many turns take about so many seconds, at least 1."""
        turns = 1
        while (taken := self.run(name, sets, turns) * turns * len(sets)) < seconds / 4 and turns < 1 << 40:
            turns *= 4
        return max(1, round(turns * seconds / max(taken, 1e-9)))
