"""Programs: compiled models that are called with numpy arrays. Needs numpy and ctypes, not the compiler."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from sparsec.errors import CompilerBug, InputError, LinkError, SparsecError, TargetError
from sparsec.runtime import abi
from sparsec.runtime.check_arguments import (
    Array,
    require_arrays,
    require_count,
    require_names,
    require_path,
    require_request,
    require_requests,
    require_switch,
)
from sparsec.runtime.profile import Profile, Span
from sparsec.runtime.requests import check_request, cut, is_packable, joined
from sparsec.runtime.signature import DTYPE_CODES, MAX_RANK, Signature, TensorInfo

T = TypeVar("T")

MOST_IDLE = max(8, os.cpu_count() or 1)
"""Contexts that are kept for later calls. After a burst of more calls at once, the memory of the others is freed."""


class Program:
    """A compiled model.

    Call it with arrays in the order of `inputs`, by name, or both; it returns a tuple in the order of `outputs`. Any
    number of threads may call it at once: every call has a context (memory and threads) to itself, taken from those
    that are idle, and the weights are shared.

    Args:
        library: the code.
        saver: writes the model to a path as a shared library, with its header beside it.
        threads: how many threads one call may use; None is one for every physical core that this thread may use.
        pinned: whether the threads that a call adds to its own stay on a core each.

    Raises:
        TargetError: the CPU lacks what the model was compiled for.
    """

    def __init__(
        self, library: abi.Library, saver: Callable[[Path], None], threads: int | None = None, pinned: bool = False
    ):
        self._library = library
        self._saver = saver
        self._pinned = require_switch("pinned", pinned)
        first = _Context(library)
        self._threads = first.threads
        self._idle: deque[_Context] = deque()  # append and pop are atomic, and hold no lock over a fork
        self._idle.append(first)
        if threads is not None:
            self.threads = threads

    @property
    def signature(self) -> Signature:
        """Everything there is to know about inputs and outputs."""
        return self._library.signature

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """Name, dtype and shape of every input, in the order of the graph."""
        return self.signature.inputs

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """Name, dtype and shape of every output, in the order of the graph."""
        return self.signature.outputs

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the compiler says about the model: producer, sparsity and the like."""
        return self.signature.metadata

    @property
    def prefix(self) -> str:
        """What the names of its C functions start with."""
        return self._library.json["prefix"]

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that it was compiled for, best first."""
        return tuple(self._library.json["targets"])

    @property
    def target(self) -> str:
        """The target whose code runs on this CPU."""
        return self._with_context(lambda context: context.target)

    @property
    def threads(self) -> int:
        """How many threads one call may use, its own included. Results do not depend on it."""
        return self._threads

    @threads.setter
    def threads(self, count: int) -> None:
        count = require_count("threads", count)
        self._with_context(lambda context: context.set_threads(count))
        self._threads = count

    @property
    def pinned(self) -> bool:
        """Whether the threads that a call adds to its own stay on a core each."""
        return self._pinned

    @pinned.setter
    def pinned(self, on: bool) -> None:
        self._pinned = require_switch("pinned", on)

    def __call__(self, *arrays: ArrayLike, **by_name: ArrayLike) -> tuple[Array, ...]:
        """Run the model.

        Raises:
            InputError: names, number, dtypes, ranks or sizes of the arrays do not fit, or their values are impossible.
        """
        if len(arrays) > len(self.inputs):
            count = len(self.inputs)
            raise InputError(f"{len(arrays)} arrays are given, the model has {count} inputs: {self._names()}")
        feed = {tensor.name: array for tensor, array in zip(self.inputs, arrays, strict=False)}
        for name, array in by_name.items():
            if name in feed:
                raise InputError(f"input {name!r} is given twice, by position and by name")
            feed[name] = array
        return self._run(feed)

    def run(self, output_names: Sequence[str] | None, feed: Mapping[str, ArrayLike]) -> list[Array]:
        """Run the model on arrays by name, and return the outputs of these names, or all in the order of the graph.

        Raises:
            InputError: as for a call, or there is no output of such a name.
        """
        names = [tensor.name for tensor in self.outputs]
        chosen = names if output_names is None else require_names(output_names, names)
        results = dict(zip(names, self._run(feed), strict=True))
        return [results[name] for name in chosen]

    def profile(self, feed: Mapping[str, ArrayLike], runs: int = 20, warm_up: int = 3) -> Profile:
        """Run the model on arrays by name and record when each thread worked on each kernel call.

        Args:
            feed: the inputs.
            runs: how many runs are recorded.
            warm_up: how many come before them.

        Raises:
            InputError: as for a call, or there is nothing to record.
        """
        arrays = list(require_arrays(feed, self.inputs).values())
        runs, warm_up = require_count("runs", runs, least=1), require_count("warm_up", warm_up, least=0)

        def record(context: _Context) -> list[Span]:
            self._prepare(context)
            for _ in range(warm_up):
                context.run(arrays)
            return [span for number in range(runs) for span in context.run_recorded(arrays, number)]

        return Profile(self.signature.calls, self._threads, self._with_context(record))

    def run_list(self, requests: Sequence[Mapping[str, ArrayLike] | Sequence[ArrayLike]]) -> list[tuple[Array, ...]]:
        """Run the model on requests of different length in one call, in which the shorter ones cost less.

        Args:
            requests: each has arrays as a call takes them, by name or in the order of `inputs`: one sequence, or
                several of one length.

        Returns, for each request, what a call with its arrays alone returns, to the bit.

        Raises:
            InputError: as for a call, or the model was not compiled so that padding is left out.
        """
        packing = self.signature.packing
        if isinstance(packing, str):
            raise InputError(
                f"this model takes no lists of requests: {packing}; run each request by itself, or compile the model "
                "with padding='zero' if only outputs at padded tokens depend on padding"
            )
        checked = [
            check_request(self.signature, packing, number, require_request(request, self.inputs, number))
            for number, request in enumerate(require_requests(requests))
        ]
        together = [request for request in checked if is_packable(packing, request)]
        results: dict[int, tuple[Array, ...]] = {}
        if together:
            outputs = self._run(joined(self.signature, packing, together))
            cuts = cut(self.signature, packing, together, outputs)
            results = {request.number: own for request, own in zip(together, cuts, strict=True)}
        for request in checked:
            if request.number not in results:
                results[request.number] = self._run(request.arrays)
        return [results[request.number] for request in checked]

    def save(self, path: str | Path) -> None:
        """Write the model as a shared library that needs nothing but libc, and `<stem>.h` beside it for C programs.

        Args:
            path: of the library, which ends in `.so`; a library that is there already is replaced.

        Raises:
            ModelError: the path is none.
            LinkError: it does not end in `.so` or cannot be written, no linker was found (the message says what to
                install), or it failed.
        """
        target = require_path(path)
        if target.suffix not in (".so", ".h"):  # one letter too few must not cost the model that this came from
            raise LinkError(f"cannot save {target}: programs are saved as libraries; give a name such as model.so")
        self._saver(target)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            SparsecError: with what to do instead.
        """
        raise SparsecError(
            "a program is native code and cannot be pickled or copied: save it, and load the file where it is needed; "
            "threads can share one"
        )

    def __repr__(self) -> str:
        def line(tensor: TensorInfo) -> str:
            return f"{tensor.name}: {tensor.dtype}[{', '.join(map(str, tensor.shape))}]"

        return f"<Program ({', '.join(map(line, self.inputs))}) -> ({', '.join(map(line, self.outputs))})>"

    def _names(self) -> str:
        return ", ".join(tensor.name for tensor in self.inputs)

    def _run(self, feed: Mapping[str, ArrayLike]) -> tuple[Array, ...]:
        arrays = list(require_arrays(feed, self.inputs).values())

        def run(context: _Context) -> tuple[Array, ...]:
            self._prepare(context)
            return context.run(arrays)

        return self._with_context(run)

    def _prepare(self, context: _Context) -> None:
        context.set_threads(self._threads)
        context.set_pinning(self._pinned)
        context.set_profiling(False)  # an interrupt may have left it on

    def _with_context(self, use: Callable[[_Context], T]) -> T:
        try:
            context = self._idle.pop()
        except IndexError:
            context = _Context(self._library)
        try:
            return use(context)
        finally:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(context)


class _Context:
    """One `sparsec_context`: memory and threads of one call at a time."""

    def __init__(self, library: abi.Library):
        self._library = library
        self._interface = library.interface
        handle = self._interface.create()
        if not handle:
            raise TargetError(f"{library.name} cannot run here: {_text(self._interface.last_error(None))}")
        self._handle: int = handle
        self._pinned = self._profiling = False
        # Not at exit: a daemon thread may still be inside, and the system frees everything anyway.
        weakref.finalize(self, _destroy, library, handle).atexit = False

    @property
    def target(self) -> str:
        return _text(self._interface.variant(self._handle))

    @property
    def threads(self) -> int:
        return self._interface.get_threads(self._handle)

    def set_threads(self, count: int) -> None:
        if self.threads != count:
            self._check(self._interface.set_threads(self._handle, count))

    def set_pinning(self, on: bool) -> None:
        if self._pinned != on:
            self._check(self._interface.set_pinning(self._handle, on))
            self._pinned = on

    def set_profiling(self, on: bool) -> None:
        if self._profiling or on:
            self._profiling = True
            self._check(self._interface.set_profiling(self._handle, on))
            self._profiling = on

    def run(self, arrays: Sequence[Array]) -> tuple[Array, ...]:
        """Arrays are C-contiguous, in native byte order, in the order of the inputs."""
        signature = self._library.signature
        inputs = (abi.Tensor * len(arrays))(*map(_tensor, arrays))
        outputs = (abi.Tensor * len(signature.outputs))()
        self._check(self._interface.output_shapes(self._handle, inputs, outputs))
        results: list[Array] = []
        for info, output in zip(signature.outputs, outputs, strict=True):
            result: Array = np.empty(tuple(output.shape[: output.rank]), info.dtype)
            output.data = result.ctypes.data
            results.append(result)
        self._check(self._interface.run(self._handle, inputs, outputs))
        return tuple(results)

    def run_recorded(self, arrays: Sequence[Array], number: int) -> list[Span]:
        """Run, and say who did what; `number` is the run's."""
        self.set_profiling(True)
        try:
            self.run(arrays)
            count = self._interface.profile(self._handle, None, 0)
            spans = (abi.Span * count)()
            self._interface.profile(self._handle, spans, count)
        finally:
            self.set_profiling(False)
        return [Span(number, span.call, span.thread, span.begin, span.end, span.items) for span in spans]

    def _check(self, status: int) -> None:
        if status == abi.OK:
            return
        text = _text(self._interface.last_error(self._handle))
        match status:
            case abi.BAD_ARGUMENT | abi.BAD_DATA:
                raise InputError(text)
            case abi.NO_MEMORY:
                raise MemoryError(text)
            case abi.NO_THREADS:
                raise SparsecError(f"{text}; ask for fewer threads")
            case _:
                raise CompilerBug(f"the model answered with status {status}: {text}")


def _destroy(library: abi.Library, handle: int) -> None:
    library.interface.destroy(handle)


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _tensor(array: Array) -> abi.Tensor:
    shape = (ctypes.c_int64 * MAX_RANK)(*array.shape)
    return abi.Tensor(array.ctypes.data, array.nbytes, DTYPE_CODES[array.dtype.name], array.ndim, shape)
