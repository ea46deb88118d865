"""Weights whose pattern is written into the code: which pieces of code they need, and the stream that these read.

A *piece* is the code for one pattern: the columns of the quads of a group of 4 output rows. Groups with the same
columns share it. The stream is `u32 group[groups]`, in the order of the pieces, padded to 64 bytes, then for each of
these groups its quads of `s8 w[4 rows][4]`. numpy only; all numbers are little endian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import CompilerBug
from sparsec.schedule import GROUP

_ALIGNMENT = 64

CODE_BYTES_PER_QUAD = 250
"""Machine code of one quad of 64 tokens, AVX-512."""

CODE_BYTES_PER_PIECE = 600
"""Machine code around the quads of a piece: the loop over its groups, requantisation and stores."""


@dataclass(frozen=True)
class Piece:
    """The code of one pattern.

    Attributes:
        count: how many groups it is for.
        rows: output rows of each of them: 4, or less for the last group of a matrix.
        columns: input channels, 4 for each quad; a quad that is not full repeats its last one, with zero weights.
    """

    count: int
    rows: int
    columns: tuple[int, ...]

    @property
    def quads(self) -> int:
        """Quads of each group."""
        return len(self.columns) // 4


def groups_at(groups: int) -> int:
    """Where the weights begin in the stream of a matrix of so many groups."""
    return -(-4 * groups // _ALIGNMENT) * _ALIGNMENT


def bake(weight: NDArray[np.integer]) -> tuple[tuple[Piece, ...], NDArray[np.uint8]]:
    """The pieces of a matrix [M, K] of s8, and its stream.

    Raises:
        CompilerBug: the weights are not s8.
    """
    if weight.min(initial=0) < -128 or weight.max(initial=0) > 127:
        raise CompilerBug("only s8 weights can be baked")
    rows, columns = weight.shape
    groups = -(-rows // GROUP)
    padded = np.zeros((groups * GROUP, columns), np.int8)
    padded[:rows] = weight
    grouped = padded.reshape(groups, GROUP, columns)
    members: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for group in range(groups):
        members.setdefault((min(GROUP, rows - GROUP * group), _columns(grouped[group])), []).append(group)
    order = np.array([group for found in members.values() for group in found], np.uint32)
    table = np.zeros(groups_at(groups), np.uint8)
    table[: 4 * groups] = order.view(np.uint8)
    parts = [table]
    for (_, kept), found in members.items():
        parts += [_quads(grouped[group], kept) for group in found]
    pieces = tuple(Piece(len(found), count, kept) for (count, kept), found in members.items())
    return pieces, np.concatenate(parts)


def _columns(group: NDArray[np.int8]) -> tuple[int, ...]:
    kept = [int(column) for column in np.flatnonzero(group.any(axis=0))]
    return (*kept, *[kept[-1]] * (-len(kept) % 4)) if kept else ()


def _quads(group: NDArray[np.int8], columns: Sequence[int]) -> NDArray[np.uint8]:
    weights = group[:, list(columns)].copy()
    stored = len(set(columns))
    weights[:, stored:] = 0
    quads = weights.reshape(GROUP, -1, 4).transpose(1, 0, 2)
    return np.ascontiguousarray(quads).reshape(-1).view(np.uint8)


def flatten(pieces: Sequence[Piece]) -> list[int]:
    """Numbers that `unflatten` makes the pieces of again: for each its count, rows, quads and columns."""
    return [number for piece in pieces for number in (piece.count, piece.rows, piece.quads, *piece.columns)]


def unflatten(numbers: Sequence[int]) -> tuple[Piece, ...]:
    """The inverse of `flatten`."""
    pieces: list[Piece] = []
    at = 0
    while at < len(numbers):
        count, rows, quads = numbers[at : at + 3]
        pieces.append(Piece(count, rows, tuple(numbers[at + 3 : at + 3 + 4 * quads])))
        at += 3 + 4 * quads
    return tuple(pieces)
