"""Weights are packed once, here or elsewhere, whatever happens there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsec.context import CompilerContext
from sparsec.errors import CodegenError, CompilerBug
from sparsec.packer import Packer, Packing
from sparsec.packing import Bytes, pack_weight
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import TARGETS
from sparsec.variants import Assistant
from sparsec.weights import Array, WeightStore

QUADS = Schedule(Dataflow.GATHER_QUADS)


class Other:
    """Another process, in this one."""

    def __init__(self, pack: Callable[[Packing, Array], Bytes] | None = None, ready: bool = True):
        self._pack, self._free = pack or (lambda packing, weight: packing.of(weight)), threading.Event()
        self.packed: list[str] = []
        if ready:
            self._free.set()

    def wait(self) -> None:
        self._free.wait()

    def let_go(self) -> None:
        self._free.set()

    def pack(self, packing: Packing, weight: Array) -> Bytes:
        result = self._pack(packing, weight)
        self.packed.append(packing.digest)
        return result


def some_weights(count: int) -> tuple[WeightStore, list[Packing]]:
    """Random matrices, and how to pack them."""
    random, store = np.random.default_rng(0), WeightStore()
    arrays = [random.integers(-127, 128, (12, 40)).astype(np.int8) * random.integers(0, 2, 40) for _ in range(count)]
    return store, [Packing(store.put(array.astype(np.int8)), QUADS, pairs=True) for array in arrays]


def expected(packing: Packing, store: WeightStore) -> bytes:
    return pack_weight(store.get(packing.digest), packing.schedule, pairs=packing.pairs).tobytes()


def pack_all(packer: Packer, store: WeightStore, wanted: list[Packing]) -> None:
    """Begin, then ask for all, and compare."""
    packer.begin(wanted, store)
    for packing in wanted:
        assert packer.pack(packing, store.get(packing.digest)).tobytes() == expected(packing, store)


def test_the_other_begins_with_the_last() -> None:
    store, wanted = some_weights(9)
    other = Other()
    with Packer(other) as packer:
        packer.begin(wanted, store)
        while len(other.packed) < 4:
            time.sleep(0.01)
        pack_all(packer, store, wanted)
    assert other.packed[:4] == [packing.digest for packing in reversed(wanted)][:4]


def test_equal_weights_are_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    real = Packing.of

    def counting(self: Packing, weight: Array) -> Bytes:
        calls.append(self.digest)
        return real(self, weight)

    monkeypatch.setattr(Packing, "of", counting)
    store, wanted = some_weights(2)
    other = Other()
    with Packer(other) as packer:
        pack_all(packer, store, [*wanted, *wanted, *wanted])
    assert sorted(calls) == sorted({packing.digest for packing in wanted})


def test_nobody_waits_for_another_that_is_not_ready() -> None:
    store, wanted = some_weights(3)
    other = Other(ready=False)
    with Packer(other) as packer:
        pack_all(packer, store, wanted)
    other.let_go()
    assert not other.packed


@pytest.mark.parametrize("failure", [CodegenError("died"), OSError("no process"), MemoryError()])
def test_what_fails_elsewhere_is_done_here_and_not_tried_again(failure: Exception) -> None:
    calls: list[str] = []

    def fail(packing: Packing, weight: Array) -> Bytes:
        calls.append(packing.digest)
        raise failure

    store, wanted = some_weights(5)
    with Packer(Other(fail)) as packer:
        packer.begin(wanted, store)
        while not calls:
            time.sleep(0.01)
        for packing in wanted:
            assert packer.pack(packing, store.get(packing.digest)).tobytes() == expected(packing, store)
    assert calls == [wanted[-1].digest]


def test_what_nobody_asks_for_is_given_up() -> None:
    store, wanted = some_weights(5)
    other = Other(ready=False)
    with Packer(other) as packer:
        packer.begin(wanted, store)
    other.let_go()
    time.sleep(0.1)
    assert not other.packed


def test_a_weight_that_does_not_fit_is_a_bug_wherever_it_is_packed() -> None:
    store = WeightStore()
    wrong = Packing(store.put(np.ones((4, 8), np.float32)), QUADS)
    for other in (None, Other()):
        with Packer(other) as packer, pytest.raises(CompilerBug, match="packs integers"):
            packer.begin([wrong], store)
            packer.pack(wrong, store.get(wrong.digest))


SCHEDULES = st.sampled_from(
    [
        (Schedule(Dataflow.GATHER_QUADS), np.int8),
        (Schedule(Dataflow.GATHER_QUADS, 16), np.int16),
        (Schedule(Dataflow.DENSE_QUADS), np.int8),
        (Schedule(Dataflow.BLOCK_QUADS, 64, 1), np.int8),
        (Schedule(Dataflow.BLOCK_QUADS, 64, 4), np.int8),
        (Schedule(Dataflow.BLOCK_QUADS, 64, 6), np.int8),
        (Schedule(Dataflow.GATHER_DWORDS, 4, 16), np.int8),
        (Schedule(Dataflow.DENSE_ROWS), np.float32),
        (Schedule(Dataflow.GATHER_ROWS), np.float32),
    ]
)


@pytest.fixture(scope="module")
def assistant_packs() -> Iterator[Callable[[Packing, Array], Bytes]]:
    """The real other process."""
    affinity = os.sched_getaffinity
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda pid: affinity(pid) | {0, 1})
        assistant = Assistant(tuple(TARGETS.values()), wanted=True)
    context = CompilerContext()
    with assistant, assistant.packing(context):
        assert context.elsewhere is not None
        context.elsewhere.wait()
        yield context.elsewhere.pack
    assert context.elsewhere is None


@given(
    choice=SCHEDULES, rows=st.integers(1, 40), columns=st.integers(4, 70), pairs=st.booleans(), seed=st.integers(0, 9)
)
def test_another_process_packs_the_same_bytes(
    assistant_packs: Callable[[Packing, Array], Bytes],
    choice: tuple[Schedule, type],
    rows: int,
    columns: int,
    pairs: bool,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    weight = (random.integers(-127, 128, (rows, columns)) * random.integers(0, 2, columns)).astype(choice[1])
    packing = Packing("any", choice[0], pairs)
    assert assistant_packs(packing, weight).tobytes() == packing.of(weight).tobytes()


def test_a_weight_that_does_not_fit_is_refused_by_the_other_process(
    assistant_packs: Callable[[Packing, Array], Bytes],
) -> None:
    with pytest.raises(CodegenError, match="packs integers"):
        assistant_packs(Packing("any", QUADS), np.ones((4, 8), np.float32))
    assert len(assistant_packs(Packing("any", QUADS), np.ones((4, 8), np.int8)))


def test_a_failure_here_does_not_wait_for_another_process() -> None:
    store, wanted = some_weights(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
        assistant = Assistant(tuple(TARGETS.values()), wanted=True, module="tests.sleeps")
    context, begin = CompilerContext(), time.monotonic()
    with pytest.raises(ZeroDivisionError), assistant, assistant.packing(context), Packer(context.elsewhere) as packer:
        packer.begin(wanted, store)
        raise ZeroDivisionError
    assert time.monotonic() - begin < 60
