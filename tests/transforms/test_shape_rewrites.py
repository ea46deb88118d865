"""Bytes are moved before they are dequantised, so that products find them; no number changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32, i64
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, i8, sizes_of, tensor, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_elementwise import Dequantize
from sparsec.dialects.nn_products import MatMul
from sparsec.dialects.sparse import MatMul as SparseMatMul
from sparsec.dims import Dim
from sparsec.reference import evaluate
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.legalise_quantisation import LegaliseQuantisation
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.weights import WeightStore
from tests.transforms.drawn_models import fake_quantised
from tests.transforms.passes import draw_inputs, run_passes

BATCH, SEQUENCE, HEADS, CHANNELS = Dim.symbol("batch"), Dim.symbol("sequence"), 2, 8
HIDDEN = HEADS * CHANNELS
SIZES = {"batch": 2, "sequence": 13}
RANDOM = np.random.default_rng(5)
PASSES = (CanonicaliseGraph(), MatmulToLinear(), RecogniseAttention(), CanonicaliseGraph(), LegaliseQuantisation())

Write = Callable[[Builder, SSAValue], SSAValue]


def graph(write: Write, channels: int = HIDDEN) -> tuple[ModuleOp, WeightStore]:
    """`y = write(x)` for f32 `x[batch, sequence, channels]`."""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, channels]))])
    return finish([("y", write(b, values["x"]))]), weights


def quantised(b: Builder, x: SSAValue, scale: float = 0.05, zero: int = 120) -> SSAValue:
    """The same numbers on a grid of bytes."""
    return fake_quantised(b, x, "u8", scale, zero)


def weight(b: Builder, *shape: int, scale: float = 0.02) -> SSAValue:
    """A constant in bytes, dequantised by a single scale."""
    numbers = RANDOM.integers(-127, 128, shape).astype(np.int8)
    return b.dequantize(b.constant(numbers), b.constant(np.float32(scale)), b.constant(np.int8(0)))


def taken(b: Builder, x: SSAValue) -> SSAValue:
    """The first token, taken by its number."""
    return b.gather(x, b.constant(np.int64(0)), 1)


MOVES: dict[str, Write] = {
    "reshape": lambda b, x: b.reshape(x, [BATCH * SEQUENCE, HIDDEN]),
    "transpose": lambda b, x: b.transpose(x, [1, 0, 2]),
    "slice": lambda b, x: b.slice(x, [0, 0, 4], [BATCH, 1, 8], [1, 1, 1]),
    "gather": taken,
    "concat": lambda b, x: b.concat([b.slice(x, [0, 0, 0], [BATCH, 1, HIDDEN], [1, 1, 1]), x], 1),
    "several": lambda b, x: b.transpose(b.reshape(taken(b, x), [HEADS * BATCH, CHANNELS]), [1, 0]),
}


@pytest.mark.parametrize("move", MOVES)
def test_what_is_moved_after_it_is_dequantised_is_moved_as_bytes(move: str) -> None:
    module, weights = graph(lambda b, x: MOVES[move](b, quantised(b, x)))
    after = run_passes(module, weights, CanonicaliseGraph())
    last = after.body.block.first_op.body.block.last_op  # pyright: ignore
    assert isinstance(last.operands[0].owner, Dequantize)
    inputs = draw_inputs(module, SIZES)
    np.testing.assert_array_equal(evaluate(after, inputs, weights)["y"], evaluate(module, inputs, weights)["y"])


@pytest.mark.parametrize("move", [name for name in MOVES if name != "several"])
def test_products_find_the_bytes_behind_a_move(move: str) -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        moved = MOVES[move](b, quantised(b, x))
        return b.matmul(moved, weight(b, sizes_of(moved.type)[-1], 24))  # pyright: ignore

    module, weights = graph(write)
    (product,) = (op for op in run_passes(module, weights, *PASSES).walk() if isinstance(op, SparseMatMul))
    assert (element_of(product.x.type), element_of(product.weight.type)) == (ui8, i8)


WEIGHTS: dict[str, Callable[[Builder], SSAValue]] = {
    "concat": lambda b: b.concat([weight(b, HIDDEN, 8), weight(b, HIDDEN, 12)], 1),
    "slice": lambda b: b.slice(weight(b, HIDDEN, 30), [0, 10], [HIDDEN, 20], [1, 1]),
    "reshape": lambda b: b.reshape(weight(b, 4, 4, 20), [HIDDEN, 20]),
    "transpose": lambda b: b.transpose(b.reshape(weight(b, 5, 4, HIDDEN), [20, HIDDEN]), [1, 0]),
}


@pytest.mark.parametrize("made", WEIGHTS)
def test_products_find_the_bytes_of_a_weight_that_is_moved(made: str) -> None:
    module, weights = graph(lambda b, x: b.matmul(quantised(b, x), WEIGHTS[made](b)))
    after = run_passes(module, weights, *PASSES)
    (product,) = (op for op in after.walk() if isinstance(op, SparseMatMul))
    assert (element_of(product.x.type), element_of(product.weight.type)) == (ui8, i8)
    inputs = draw_inputs(module, SIZES)
    given, expected = (evaluate(each, inputs, weights)["y"] for each in (after, module))
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)


def test_only_bytes_of_one_scale_are_concatenated_and_tables_stay_tables() -> None:
    ids = WeightStore()
    b, values, finish = begin_module(ids, [("ids", tensor(i64, [BATCH]))])
    table = b.gather(weight(b, 10, HIDDEN), values["ids"], 0)
    mixed = b.concat([weight(b, 2, HIDDEN, scale=0.1), weight(b, 2, HIDDEN)], 0)
    positions = b.slice(weight(b, 50, HIDDEN), [0, 0], [BATCH, HIDDEN], [1, 1])
    last = b.slice(weight(b, 50, HIDDEN), [BATCH - 1, 0], [1, HIDDEN], [1, 1])
    module = finish([("y", table), ("z", mixed), ("p", positions), ("l", last)])
    after = run_passes(module, ids, CanonicaliseGraph())
    outputs = after.body.block.first_op.body.block.last_op.operands  # pyright: ignore
    assert [type(value.owner) for value in outputs] == [st.Gather, st.Concat, st.Slice, st.Slice]


def test_scales_of_channels_stay_beside_them() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        parameters = b.constant(np.linspace(0.1, 0.2, HIDDEN, dtype=np.float32)), b.constant(np.zeros(HIDDEN, np.uint8))
        moved = b.transpose(b.dequantize(b.quantize(x, *parameters, 2), *parameters, 2), [2, 0, 1])
        return b.reshape(moved, [HEADS, CHANNELS, BATCH, SEQUENCE])

    module, weights = graph(write)
    after = run_passes(module, weights, CanonicaliseGraph())
    inputs = draw_inputs(module, SIZES)
    np.testing.assert_array_equal(evaluate(after, inputs, weights)["y"], evaluate(module, inputs, weights)["y"])


def test_repeated_values_are_transposed_once() -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        row = b.slice(x, [0, 0, 0], [1, 1, HIDDEN], [1, 1, 1])
        return b.transpose(b.broadcast(b.reshape(row, [HIDDEN]), [BATCH, SEQUENCE, HIDDEN]), [2, 0, 1])

    module, weights = graph(write)
    after = run_passes(module, weights, CanonicaliseGraph())
    assert not any(isinstance(op, st.Transpose) for op in after.walk())  # only axes of size 1 would move
    inputs = draw_inputs(module, SIZES)
    np.testing.assert_array_equal(evaluate(after, inputs, weights)["y"], evaluate(module, inputs, weights)["y"])


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_picked_products_are_transposed_before(axis: int, order: tuple[int, ...]) -> None:
    def write(b: Builder, x: SSAValue) -> SSAValue:
        product = b.matmul(x, b.transpose(x, [0, 2, 1]))
        shape = list(sizes_of(product.type))
        shape[axis] = 2
        return b.transpose(b.gather_elements(product, b.broadcast(b.constant(np.int64(0)), shape), axis), order)

    module, weights = graph(write)
    after = run_passes(module, weights, CanonicaliseGraph())
    (picked,) = (op for op in after.walk() if isinstance(op, st.GatherElements))
    last = after.body.block.first_op.body.block.last_op.operands[0].owner  # pyright: ignore
    if order == (0, 2, 1):
        assert picked is last and picked.axis.value.data == order[axis] and isinstance(picked.operand.owner, MatMul)
    else:
        assert isinstance(last, st.Transpose)
    inputs = draw_inputs(module, SIZES)
    given, expected = (evaluate(each, inputs, weights)["y"] for each in (after, module))
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-5)


def attention(b: Builder, x: SSAValue, *, first: bool, merged_after: bool) -> SSAValue:
    """Q, K and V from one product, told apart by an axis of their own, in bytes before or after that."""
    split = b.reshape(b.matmul(x, weight(b, HIDDEN, 3 * HIDDEN)), [BATCH, SEQUENCE, 3, HEADS, CHANNELS])
    split = b.transpose(quantised(b, split) if first else split, [2, 0, 3, 1, 4])
    q, k, v = (b.gather(split, b.constant(np.int64(index)), 0) for index in range(3))
    if not first:
        q, k, v = (quantised(b, each) for each in (q, k, v))
    share = quantised(b, b.softmax(b.matmul(q, b.transpose(k, [0, 1, 3, 2])), -1), 1 / 255, 0)
    mixed = b.matmul(share, v)
    if not merged_after:
        mixed = quantised(b, mixed)
    merged = b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [BATCH, SEQUENCE, HIDDEN])
    return b.matmul(quantised(b, merged) if merged_after else merged, weight(b, HIDDEN, HIDDEN))


@pytest.mark.parametrize("merged_after", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_attention_and_what_reads_it_find_the_bytes(first: bool, merged_after: bool) -> None:
    module, weights = graph(lambda b, x: attention(b, quantised(b, x), first=first, merged_after=merged_after))
    after = run_passes(module, weights, *PASSES)
    found = [op for op in after.walk() if isinstance(op, Attention | SparseMatMul | MatMul)]
    assert [type(op) for op in found] == [SparseMatMul, Attention, SparseMatMul]
    for op in found:
        assert element_of(op.operands[0].type) == ui8
    inputs = draw_inputs(module, SIZES)
    given, expected = (evaluate(each, inputs, weights)["y"] for each in (after, module))
    assert np.abs(given - expected).max() < 0.01 * np.ptp(expected)  # where a sum rounds to the next byte
