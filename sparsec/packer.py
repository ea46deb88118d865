"""Packs the weights of a model, each once: the first in this process, the last in another meanwhile, if it is there."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from sparsec.errors import CodegenError
from sparsec.packing import Bytes, pack_weight
from sparsec.schedule import Schedule
from sparsec.weights import Array, WeightStore


@dataclass(frozen=True)
class Packing:
    """A weight, by its digest, as a kernel wants it: see `packing.pack_weight`."""

    digest: str
    schedule: Schedule
    pairs: bool = False

    def of(self, weight: Array) -> Bytes:
        """The packed weight.

        Raises:
            CompilerBug: it does not fit the dataflow.
        """
        return pack_weight(weight, self.schedule, pairs=self.pairs)


class Elsewhere(Protocol):
    """Another process. It may fail: with CodegenError, OSError or MemoryError."""

    def wait(self) -> None:
        """Until the process can be asked."""
        ...

    def pack(self, packing: Packing, weight: Array) -> Bytes:
        """`packing.of(weight)`, made there."""
        ...


class Packer:
    """Packs weights. What was begun elsewhere and not asked for is given up when it is left as a context."""

    def __init__(self, elsewhere: Elsewhere | None = None):
        self._elsewhere = elsewhere
        self._begun: dict[Packing, Future[Bytes]] = {}
        self._done: dict[Packing, Bytes] = {}
        self._beside = ThreadPoolExecutor(1)

    def __enter__(self) -> Packer:
        return self

    def __exit__(self, *error: object) -> None:
        self._beside.shutdown(wait=False, cancel_futures=True)

    def begin(self, wanted: Iterable[Packing], weights: WeightStore) -> None:
        """Have the other process begin with the last of the weights that will be asked for in this order."""
        if self._elsewhere is None:
            return
        self._beside.submit(self._elsewhere.wait)  # a small model is packed before that
        for packing in reversed(list(dict.fromkeys(wanted))):
            weight = weights.get(packing.digest)
            self._begun[packing] = self._beside.submit(self._elsewhere.pack, packing, weight)

    def pack(self, packing: Packing, weight: Array) -> Bytes:
        """The packed weight, made here unless the other process is at it or has done it.

        Raises:
            CompilerBug: it does not fit the dataflow.
        """
        if packing not in self._done:
            begun = self._begun.pop(packing, None)
            found = None
            if begun is not None and not begun.cancel():
                with suppress(CodegenError, OSError, MemoryError):
                    found = begun.result()
            self._done[packing] = packing.of(weight) if found is None else found
        return self._done[packing]
