"""[loops] to [llvm]: what runs is what the loops say. The shape of the result is in loops_to_llvm.mlir."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i64

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.vector import Emitter, Value, build_function, pointer
from sparsec.lowering.loops_to_llvm import LoopsToLlvm
from tests.filecheck_item import parse
from tests.native import Native

NOTHING: frozenset[str] = frozenset()


def count_up(e: Emitter, args: tuple[Value, ...]) -> None:
    """out = (turns, sum of indices) of a loop from args[1] to args[2] in steps of args[3]."""
    out, low, high, step = args
    turns, total = e.for_loop(low, high, lambda i, c: [e.add(c[0], 1), e.add(c[1], i)], [e.i64(0), e.i64(0)], step)
    e.store(turns, out)
    e.store(total, out, 8)


@pytest.fixture(scope="module")
def counting() -> Native:
    return Native(build_function("count", NOTHING, count_up, (pointer, i64, i64, i64)))


@settings(deadline=None)
@given(low=st.integers(-50, 50), high=st.integers(-50, 50), step=st.integers(1, 9))
def test_loops_run_as_ranges_do(counting: Native, low: int, high: int, step: int) -> None:
    out = np.zeros(2, np.int64)
    counting.call("count", out, low, high, step)
    assert list(out) == [len(range(low, high, step)), sum(range(low, high, step))]


def collatz(e: Emitter, args: tuple[Value, ...]) -> None:
    """args[0][0] = 20 Collatz steps from args[1]; branches inside a loop inside a branch."""
    out, start = args

    def turn(_: Value, carried: tuple[Value, ...]) -> list[Value]:
        (n,) = carried
        odd = e.equal(e.both(n, 1), 1)
        return list(e.if_(odd, lambda: [e.add(e.mul(n, 3), 1)], lambda: [e.shift_right(n, 1)]))

    (positive,) = e.if_(e.greater(start, 0), lambda: e.for_loop(0, 20, turn, [start]), lambda: [e.i64(-1)])
    e.store(positive, out)


def test_nested_control_flow() -> None:
    native = Native(build_function("collatz", NOTHING, collatz, (pointer, i64)))
    for start in (-3, 1, 7, 27):
        expected = start
        for _ in range(20):
            expected = 3 * expected + 1 if expected % 2 else expected // 2
        out = np.zeros(1, np.int64)
        native.call("collatz", out, start)
        assert out[0] == (expected if start > 0 else -1)


def test_the_result_is_llvm_and_parses_again() -> None:
    module = ModuleOp([build_function("collatz", NOTHING, collatz, (pointer, i64))])
    text = str(module)
    assert str(parse(text)) == text
    LoopsToLlvm().apply(Context(), module)
    names = {op.dialect_name() for op in module.walk() if op is not module}
    assert names == {"llvm"}
    assert str(parse(str(module))) == str(module)


def test_an_unknown_op_is_a_bug_that_names_it() -> None:
    module = parse("func.func @f(%x: i64) {\n  %y = arith.ceildivui %x, %x : i64\n  func.return\n}")
    with pytest.raises(CompilerBug, match=r"arith\.ceildivui has no row in loops-to-llvm"):
        LoopsToLlvm().apply(Context(), module)
