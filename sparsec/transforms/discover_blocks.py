"""Finds the block shape that explains the zeros of each weight, and writes it into the weight's type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from sparsec.builder import constant_value
from sparsec.context import weights_of
from sparsec.dialects.encoding import BlocksAttr, blocks_of, element_of, sizes_of, tensor
from sparsec.dialects.sparse import MatMul
from sparsec.pattern import Bitmaps, BlockPattern
from sparsec.transforms.straight_line import function_blocks
from sparsec.weights import Array, WeightStore

CANDIDATES: tuple[tuple[int, int], ...] = (
    (64, 64), (32, 32), (16, 16), (32, 4), (16, 4), (8, 8), (32, 1), (1, 32), (16, 1), (4, 4), (1, 16),
    (8, 1), (1, 8), (4, 1), (1, 4), (2, 1), (1, 1),
)  # fmt: skip
"""Block shapes, rows x columns, the largest first; of equal ones the taller first."""

MAX_ACCIDENTAL_ZEROS = 0.3
"""Weights that were kept may be zero by accident (small ones round to it); more than this share was pruned."""

MIN_AGREEMENT = 0.95
"""How well the zeros left in stored blocks must look scattered: 1 when no finer block shape explains any of them."""

WORTHWHILE = 0.95
"""A pattern that stores more of the matrix than this is no pattern: the weight is dense."""


@dataclass(frozen=True)
class DiscoverBlocks(ModulePass):
    """`tensor<768x768xi8>` -> `tensor<768x768xi8, #sparse.tesa<blocks = "4x1", ...>>` on weights of `sparse.matmul`.

    Zero points are off by then, so zero means pruned. Weights whose blocks were given by hand keep them; dense weights
    get none. `find_blocks` states the rule.
    """

    name = "discover-blocks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in block.ops:
                if isinstance(inner, MatMul):
                    _mark(inner.weight, weights)


def _mark(weight: SSAValue, weights: WeightStore) -> None:
    """Write the blocks of a constant into its type."""
    matrix = constant_value(weight, weights)
    if matrix is None or blocks_of(weight.type) is not None:
        return
    pattern = find_blocks(matrix)
    if pattern is not None:
        element = element_of(weight.type)
        blocks = BlocksAttr.of(pattern, matrix.dtype.itemsize * 8)
        Rewriter.replace_value_with_new_type(weight, tensor(element, sizes_of(weight.type), blocks=blocks))


def find_blocks(matrix: Array) -> BlockPattern | None:
    """The largest candidate block shape that explains the zeros of `matrix[out, in]`; None when it is dense.

    A shape explains the zeros when those left inside its stored blocks are few (`MAX_ACCIDENTAL_ZEROS`) and scattered.
    Scattered: if a share z of the stored elements is zero by accident, a smaller shape of n elements would still store
    1 - z**n of them or more; when it stores clearly fewer (`MIN_AGREEMENT`), the zeros have another structure.
    """
    bitmaps = Bitmaps(matrix != 0)
    nonzero = int(np.count_nonzero(bitmaps.of(1, 1)))
    if nonzero == 0:
        return BlockPattern(*CANDIDATES[0], matrix.shape, bitmaps.of(*CANDIDATES[0]))
    areas = stored_elements(bitmaps)
    for shape in CANDIDATES:
        others = [other for other in CANDIDATES if other != shape and other[0] * other[1] <= shape[0] * shape[1]]
        if _explains(shape, others, areas, nonzero):
            is_dense = areas[shape] > WORTHWHILE * matrix.size
            return None if is_dense else BlockPattern(*shape, matrix.shape, bitmaps.of(*shape))
    return None


def _explains(
    shape: tuple[int, int],
    others: Sequence[tuple[int, int]],
    areas: dict[tuple[int, int], int],
    nonzero: int,
) -> bool:
    stored = areas[shape]
    accidental = 1 - nonzero / stored
    if accidental > MAX_ACCIDENTAL_ZEROS:
        return False
    return all(areas[other] >= MIN_AGREEMENT * stored * (1 - accidental ** (other[0] * other[1])) for other in others)


def stored_elements(bitmaps: Bitmaps) -> dict[tuple[int, int], int]:
    """For each candidate, how many elements lie in blocks that hold any kept element; blocks are cut at the edges."""
    matrix = bitmaps.of(1, 1).shape
    return {shape: _area(bitmaps.of(*shape), shape, matrix) for shape in CANDIDATES}


def _area(stored: NDArray[np.bool_], block: tuple[int, int], shape: tuple[int, ...]) -> int:
    (rows, columns), (out, inputs) = block, shape
    beyond = rows * stored.shape[0] - out, columns * stored.shape[1] - inputs
    count, last_row, last_column = (int(np.count_nonzero(part)) for part in (stored, stored[-1], stored[:, -1]))
    whole = count * rows * columns - last_row * beyond[0] * columns - last_column * beyond[1] * rows
    return whole + int(stored[-1, -1]) * beyond[0] * beyond[1]
