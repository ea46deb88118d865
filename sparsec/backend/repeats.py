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
        names = [*exports, *([scratch_size] if scratch_size else [])]
        code = WORKER.request("object", [text], names, time_limit)
        self._tracker = link([code], names, f"repeats.{next(_numbers)}")
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

    def idle(self, name: str, sets: NDArray[np.int64]) -> float:
        """Seconds that a call of a function takes when the kernel is called not even once."""
        call = _VOID(self._tracker[name])
        arguments = sets.ctypes.data, len(sets), 0, self._scratch.ctypes.data, self._symbols.ctypes.data
        begin = time.perf_counter()
        call(*arguments)
        return time.perf_counter() - begin

    def turns_for(self, name: str, sets: NDArray[np.int64], seconds: float) -> int:
        """How many turns take about so many seconds, at least 1."""
        turns = 1
        while (taken := self.run(name, sets, turns) * turns * len(sets)) < seconds / 4 and turns < 1 << 40:
            turns *= 4
        return max(1, round(turns * seconds / max(taken, 1e-9)))
