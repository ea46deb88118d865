"""What is folded, what is not, and that weights are left where they lie."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import sizes_of
from sparsec.transforms.fold_constants import FoldConstants
from tests.transforms.graphs import SIZES, elementwise_graph
from tests.transforms.passes import count, require_same, run_passes

WEIGHT = np.random.default_rng(1).integers(-9, 9, size=(64, 8)).astype(np.int8)


def dequantized(builder: Builder) -> SSAValue:
    """A quantised weight."""
    return builder.dequantize(builder.constant(WEIGHT), builder.constant(0.1), builder.constant(np.int8(1)))


def widened(builder: Builder) -> SSAValue:
    """A large constant in a wider type."""
    large = np.arange(4096, dtype=np.int8)
    wide = builder.cast(builder.constant(large), builder.constant(np.int64(0)).type.element_type)
    return builder.reduce(rd.ReduceSum, wide, [0])


NOT_FOLDED: list[tuple[Callable[[Builder], SSAValue], type]] = [(dequantized, ew.Dequantize), (widened, ew.Cast)]


@pytest.mark.parametrize(("write", "kept"), NOT_FOLDED, ids=["dequantize", "cast"])
def test_large_constants_do_not_grow(write: Callable[[Builder], SSAValue], kept: type) -> None:
    module, weights = elementwise_graph(lambda builder, x: write(builder))
    after = run_passes(module, weights, FoldConstants())
    assert count(after, kept) == 1
    require_same(module, after, weights, SIZES)


def test_a_row_whose_place_is_a_size_is_taken_when_the_program_runs() -> None:
    def write(builder: Builder, x: SSAValue) -> SSAValue:
        last = sizes_of(x.type)[0] - 1
        return builder.slice(builder.constant(WEIGHT), [last, 0], [1, 8], [1, 1])

    module, weights = elementwise_graph(write)
    after = run_passes(module, weights, FoldConstants())
    assert count(after, st.Slice) == 1
    require_same(module, after, weights, SIZES)


def test_moves_of_weights_are_done_at_compile_time() -> None:
    module, weights = elementwise_graph(lambda builder, x: builder.transpose(builder.constant(WEIGHT), [1, 0]))
    after = run_passes(module, weights, FoldConstants())
    assert count(after, st.Transpose) == 0
    require_same(module, after, weights, SIZES)


def test_untouched_weights_stay_memory_maps(tmp_path: object) -> None:
    path = f"{tmp_path}/weight.npy"
    np.save(path, np.ones((8, 1000), np.float32))
    mapped = np.load(path, mmap_mode="r")
    module, weights = elementwise_graph(lambda builder, x: builder.matmul(x, builder.constant(mapped)))
    run_passes(module, weights, FoldConstants())
    assert any(np.shares_memory(weights.get(digest), mapped) for digest in weights)


def test_an_index_out_of_range_is_left_to_the_program() -> None:
    module, weights = elementwise_graph(
        lambda builder, x: builder.gather(builder.constant(WEIGHT), builder.constant(np.int64([70])), 0)
    )
    assert count(run_passes(module, weights, FoldConstants()), st.Gather) == 1
