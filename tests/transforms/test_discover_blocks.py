"""The block shape that pruned a weight is found again, whatever quantisation did to the weights that were kept."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import f32

from sparsec.builder import begin_module
from sparsec.dialects.encoding import blocks_of, tensor
from sparsec.dialects.sparse import MatMul
from sparsec.pattern import Bitmaps, BlockPattern
from sparsec.transforms.discover_blocks import CANDIDATES, DiscoverBlocks, find_blocks, stored_elements
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.weights import Array, WeightStore
from tests.fixtures.prune import prune_blocks
from tests.transforms.passes import run_passes


def pruned(shape: tuple[int, int], block: tuple[int, int], sparsity: float, seed: int = 0) -> Array:
    """Normal weights, pruned by magnitude and rounded to int8: about 1 % of those kept become zero."""
    weight = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    weight = prune_blocks(weight, block, sparsity)
    return np.rint(weight / np.abs(weight).max() * 127).astype(np.int8)


def found(matrix: Array) -> tuple[int, int] | None:
    """The shape that `find_blocks` reports."""
    pattern = find_blocks(matrix)
    return None if pattern is None else (pattern.rows, pattern.columns)


@pytest.mark.parametrize("sparsity", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("block", CANDIDATES, ids=lambda block: f"{block[0]}x{block[1]}")
def test_finds_the_block_shape_that_pruned_a_weight(block: tuple[int, int], sparsity: float) -> None:
    assert found(pruned((256, 384), block, sparsity)) == block


@pytest.mark.parametrize("block", [(4, 1), (16, 1), (4, 4), (1, 32)])
def test_finds_light_pruning_too(block: tuple[int, int]) -> None:
    assert found(pruned((256, 384), block, 0.2)) == block


def test_many_small_weights_that_round_to_zero_do_not_hide_the_blocks() -> None:
    weight = np.random.default_rng(1).laplace(size=(128, 256)).astype(np.float32)
    weight = prune_blocks(weight, (4, 1), 0.8)
    coarse = np.rint(weight / np.abs(weight).max() * 20).astype(np.int8)
    assert np.mean(coarse[weight != 0] == 0) > 0.05
    assert found(coarse) == (4, 1)


@pytest.mark.parametrize("zeros", [0.0, 0.1, 0.25])
def test_scattered_zeros_are_no_pattern(zeros: float) -> None:
    random = np.random.default_rng(2)
    weight = random.integers(1, 100, (128, 128)) * (random.random((128, 128)) >= zeros)
    assert find_blocks(weight.astype(np.int8)) is None


def test_unstructured_pruning_is_blocks_of_one() -> None:
    random = np.random.default_rng(3)
    weight = random.integers(1, 100, (128, 128)) * (random.random((128, 128)) < 0.1)
    assert found(weight.astype(np.int8)) == (1, 1)


def test_a_weight_of_zeros_stores_nothing() -> None:
    pattern = find_blocks(np.zeros((8, 8), np.float32))
    assert pattern is not None and pattern.blocks == 0


def test_blocks_are_cut_at_the_edges() -> None:
    kept = np.random.default_rng(4).random((37, 21)) < 0.1
    for shape, elements in stored_elements(Bitmaps(kept)).items():
        stored = BlockPattern.of(kept, *shape).stored
        assert elements == np.kron(stored, np.ones(shape, int))[:37, :21].sum(), shape


def test_the_type_of_a_weight_carries_its_blocks() -> None:
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f32, [3, 64]))])
    sparse_weight = pruned((32, 64), (4, 1), 0.75).astype(np.float32)
    y = builder.linear(values["x"], builder.constant(sparse_weight))
    dense = np.random.default_rng(5).normal(size=(8, 32)).astype(np.float32)
    module = finish([("y", builder.linear(y, builder.constant(dense)))])
    after = run_passes(module, weights, FormSparseMatmuls(), DiscoverBlocks())
    blocks = [blocks_of(op.weight.type) for op in after.walk() if isinstance(op, MatMul)]
    assert blocks[1] is None
    assert blocks[0] is not None
    assert (blocks[0].rows.data, blocks[0].columns.data, blocks[0].stored.data) == (4, 1, 128)
    assert [bits.data for bits in blocks[0].bits] == [32]


def test_blocks_given_by_hand_stay() -> None:
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [("x", tensor(f32, [3, 64]))])
    matrix = pruned((32, 64), (4, 1), 0.75).astype(np.float32)
    weight = builder.weight(matrix, BlockPattern.of(matrix, 8, 2))
    module = finish([("y", builder.linear(values["x"], weight))])
    after = run_passes(module, weights, FormSparseMatmuls(), DiscoverBlocks())
    (blocks,) = (blocks_of(op.weight.type) for op in after.walk() if isinstance(op, MatMul))
    assert blocks is not None and (blocks.rows.data, blocks.columns.data) == (8, 2)
