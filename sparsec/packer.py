"""Packs the weights of a model, each once: the first in this process, the last in another meanwhile, if it is there."""

from __future__ import annotations

from collections import Counter
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
        self._left: Counter[Packing] = Counter()
        self._begun: dict[Packing, Future[Bytes]] = {}
        self._kept: dict[Packing, Bytes] = {}
        self._beside = ThreadPoolExecutor(1)

    def __enter__(self) -> Packer:
        return self

    def __exit__(self, *error: object) -> None:
        self._beside.shutdown(wait=False, cancel_futures=True)

    def begin(self, wanted: Iterable[Packing], weights: WeightStore) -> None:
        """Know which weights will be asked for, in this order, and have the other process begin with the last."""
        self._left.update(wanted)
        if self._elsewhere is None:
            return
        self._beside.submit(self._wait, self._elsewhere)  # a small model is packed before that
        for packing in reversed(self._left):
            weight = weights.get(packing.digest)
            self._begun[packing] = self._beside.submit(self._pack_elsewhere, packing, weight)

    def pack(self, packing: Packing, weight: Array) -> Bytes:
        """The packed weight, made here unless the other process is at it or has done it.

        Raises:
            CompilerBug: it does not fit the dataflow.
        """
        found = self._kept.pop(packing, None)
        if found is None:
            found = self._fetched(packing)
        if found is None:
            found = packing.of(weight)
        self._left[packing] -= 1
        if self._left[packing] > 0:
            self._kept[packing] = found
        return found

    def _fetched(self, packing: Packing) -> Bytes | None:
        begun = self._begun.pop(packing, None)
        if begun is not None and not begun.cancel():
            with suppress(CodegenError, OSError, MemoryError):
                return begun.result()
        return None

    def _wait(self, elsewhere: Elsewhere) -> None:
        try:
            elsewhere.wait()
        except BaseException:
            self._elsewhere = None  # it would be started again for each weight
            raise

    def _pack_elsewhere(self, packing: Packing, weight: Array) -> Bytes:
        if self._elsewhere is None:
            raise CodegenError("the other process has failed before")
        try:
            return self._elsewhere.pack(packing, weight)
        except BaseException:
            self._elsewhere = None
            raise
