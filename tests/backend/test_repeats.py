"""Machine code of functions that repeat something: called with every set, as often as asked, and timed."""

from __future__ import annotations

import numpy as np
import pytest

from sparsec.backend.repeats import Repeats
from sparsec.errors import CodegenError

COUNT = """
define void @count(ptr %sets, i64 %count, i64 %turns, ptr %scratch, ptr %symbols) {
entry:
  %symbol = load i64, ptr %symbols
  %more = mul i64 %turns, %symbol
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr ptr, ptr %sets, i64 %i
  %set = load ptr, ptr %at
  %old = load i64, ptr %set
  %new = add i64 %old, %more
  store i64 %new, ptr %set
  store i64 %new, ptr %scratch
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %count
  br i1 %again, label %loop, label %done
done:
  ret void
}

define i64 @scratch(ptr %symbols) {
  %symbol = load i64, ptr %symbols
  %size = mul i64 %symbol, 1000
  ret i64 %size
}
"""


def sets_of(*arrays: np.ndarray) -> np.ndarray:
    """Their addresses."""
    return np.array([array.ctypes.data for array in arrays], np.int64)


@pytest.mark.parametrize("scratch", [None, "scratch"])
def test_every_set_is_called(scratch: str | None) -> None:
    repeats = Repeats(COUNT, ["count"], [7], scratch)
    totals = [np.zeros(1, np.int64) for _ in range(3)]
    assert repeats.run("count", sets_of(*totals), 5) > 0
    assert [int(total[0]) for total in totals] == [35, 35, 35]
    repeats.run("count", sets_of(*totals[:1]), 1)
    assert [int(total[0]) for total in totals] == [42, 35, 35]


def test_calls_in_order_are_made_once_each_and_timed_apart() -> None:
    twice = COUNT.replace("@count(", "@twice(").replace("mul i64 %turns, %symbol", "add i64 %turns, %turns")
    repeats = Repeats(COUNT + twice.partition("define i64 @scratch")[0], ["count", "twice"], [7], "scratch")
    first, second = np.zeros(1, np.int64), np.zeros(1, np.int64)
    calls = [("count", first), ("twice", second), ("count", first)]
    seconds = repeats.run_in_order([(name, array.ctypes.data) for name, array in calls])
    assert (first[0], second[0]) == (14, 2)
    assert len(seconds) == 3 and min(seconds) >= 0
    many = [repeats.run_in_order([("count", first.ctypes.data)] * count) for count in (1, 1000)]
    assert min(min(times) for times in many) < 1e-6  # what calling from Python takes is no part of it
    assert repeats.run_in_order([]) == []


def test_at_least_one_turn() -> None:
    repeats = Repeats(COUNT, ["count"], [1])
    total = np.zeros(1, np.int64)
    assert repeats.turns_for("count", sets_of(total), 1e-12) >= 1
    assert repeats.turns_for("count", sets_of(total), 1e-4) >= 1
    assert total[0] > 0


def test_several_live_side_by_side() -> None:
    first, second = Repeats(COUNT, ["count"], [1]), Repeats(COUNT, ["count"], [100])
    total = np.zeros(1, np.int64)
    first.run("count", sets_of(total), 1)
    second.run("count", sets_of(total), 1)
    first.run("count", sets_of(total), 1)
    assert total[0] == 102


def test_text_that_llvm_refuses() -> None:
    with pytest.raises(CodegenError):
        Repeats("define void @count(", ["count"])
