"""Packs int8 weights for the token-major kernels of `lowering/kernels/matmul_rows.py`. numpy only.

Every part begins at a multiple of 64 bytes; all numbers are little endian. R is the schedule's number of output rows.

===============  ===================================================================================================
gather_dwords    u32 first_entry[row blocks + 1]; offset[entries]; s8 w[entries][R][4]: blocks of R x 4. The offset is
                 the input channel at which a block begins, at most K - 4
dense_dwords     s8 w[row blocks][ceil(K / 4)][R][4]; dword number q begins at channel min(4q, K - 4)
permute_windows  u32 first_entry[row blocks + 1]; offset[entries]; u8 index[entries][4 groups][16];
                 s8 w[entries][4 groups][4 rows][16]: each entry holds up to 16 columns of each of 4 groups of 4 rows,
                 all within 128 channels. The offset is the first of these channels, an index counts from there
===============  ===================================================================================================

Offsets are u16 for K <= 65536, else u32. A block that would reach beyond the last channel begins earlier and holds
zeros for the channels that are not its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import CompilerBug
from sparsec.schedule import GROUP, WINDOW, Dataflow, Schedule

ALIGNMENT = 64
_SUMS = 8
"""Independent sums that keep the multipliers busy: an instruction takes 4 cycles, and two start in each."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class RowsLayout:
    """Where things lie in a weight of `rows` x `columns` packed for a token-major schedule.

    Attributes:
        rows: M, the output channels.
        columns: K, the input channels.
        schedule: of a token-major dataflow.
    """

    rows: int
    columns: int
    schedule: Schedule

    @property
    def block_rows(self) -> int:
        """Output rows that share entries."""
        return self.schedule.rows

    @property
    def blocks(self) -> int:
        """How often there are so many rows; the last ones may be partly beyond the matrix."""
        return -(-self.rows // self.block_rows)

    @property
    def sets(self) -> int:
        """How many sets of sums take turns, so that a sum need not wait for the one before."""
        if self.schedule.dataflow is Dataflow.PERMUTE_WINDOWS:
            return 1
        return max(1, _SUMS // (self.schedule.rows // 16 * self.schedule.tile))

    @property
    def dwords(self) -> int:
        """Dwords of a token."""
        return -(-self.columns // 4)

    @property
    def offset_size(self) -> int:
        """Bytes of one offset."""
        return 2 if self.columns <= 1 << 16 else 4

    @property
    def offsets_at(self) -> int:
        """Where the offsets begin, after the table of first entries."""
        return aligned_size(4 * (self.blocks + 1))

    def dword_start(self, dword: int) -> int:
        """The channel at which a dword begins."""
        return min(4 * dword, self.columns - 4)


def aligned_size(size: int) -> int:
    """The size rounded up to whole cache lines."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def fits_rows(columns: int, dataflow: Dataflow) -> bool:
    """Whether tokens of so many channels are long enough for what the dataflow loads at once."""
    return columns >= (WINDOW if dataflow is Dataflow.PERMUTE_WINDOWS else 4)


def pack_rows(weight: NDArray[np.int8], schedule: Schedule) -> Bytes:
    """Pack a dense [M, K] matrix of s8 for a token-major kernel, as the module's docstring says.

    Raises:
        CompilerBug: the matrix is too narrow for the dataflow.
    """
    layout = RowsLayout(weight.shape[0], weight.shape[1], schedule)
    if not fits_rows(layout.columns, schedule.dataflow):
        raise CompilerBug(f"{schedule.dataflow} needs more than {layout.columns} input channels")
    padded = np.zeros((layout.blocks * layout.block_rows, layout.columns), np.int8)
    padded[: layout.rows] = weight
    blocks = padded.reshape(layout.blocks, layout.block_rows, layout.columns)
    if schedule.dataflow is Dataflow.PERMUTE_WINDOWS:
        return _pack_windows(blocks, layout)
    dwords = _as_dwords(blocks, layout)
    if schedule.dataflow is Dataflow.DENSE_DWORDS:
        return np.ascontiguousarray(dwords).reshape(-1).view(np.uint8)
    block, dword = np.nonzero(dwords.any(axis=(2, 3)))
    entries = -(-np.bincount(block, minlength=layout.blocks) // layout.sets) * layout.sets
    place, first = places(block, entries)
    starts = np.array([layout.dword_start(number) for number in range(layout.dwords)], np.int64)
    offsets = np.zeros(first[-1], np.int64)
    offsets[place] = starts[dword]
    weights = np.zeros((first[-1], layout.block_rows, 4), np.int8)
    weights[place] = dwords[block, dword]
    return _joined(first, _offsets(offsets, layout), weights)


def _as_dwords(blocks: NDArray[np.int8], layout: RowsLayout) -> NDArray[np.int8]:
    """[blocks, R, K] to [blocks, dwords, R, 4]."""
    whole = layout.columns // 4 * 4
    dwords = np.zeros((layout.blocks, layout.dwords, layout.block_rows, 4), np.int8)
    parts = blocks[:, :, :whole].reshape(layout.blocks, layout.block_rows, whole // 4, 4)
    dwords[:, : whole // 4] = parts.transpose(0, 2, 1, 3)
    if rest := layout.columns - whole:
        dwords[:, -1, :, 4 - rest :] = blocks[:, :, whole:]
    return dwords


def _pack_windows(blocks: NDArray[np.int8], layout: RowsLayout) -> Bytes:
    """[blocks, 16, K] to permute_windows."""
    groups = blocks.reshape(layout.blocks, 16 // GROUP, GROUP, layout.columns)
    entry_of_block: list[int] = [0]
    offsets: list[int] = []
    picked: list[tuple[int, int, int, NDArray[np.int64]]] = []
    kept = np.asarray(groups.any(axis=2), np.bool_)
    for number in range(layout.blocks):
        for start, columns in windows_of([np.flatnonzero(row) for row in kept[number]], layout.columns):
            picked += [(number, group, len(offsets), part) for group, part in enumerate(columns) if len(part)]
            offsets.append(start)
        entry_of_block.append(len(offsets))
    indices = np.zeros((len(offsets), 16 // GROUP, 16), np.uint8)
    weights = np.zeros((len(offsets), 16 // GROUP, GROUP, 16), np.int8)
    for number, group, entry, part in picked:
        indices[entry, group, : len(part)] = part - offsets[entry]
        weights[entry, group, :, : len(part)] = groups[number, group][:, part]
    table = np.array(entry_of_block, np.int64)
    return _joined(table, _offsets(np.array(offsets, np.int64), layout), indices, weights)


def windows_of(
    groups: Sequence[NDArray[np.int64]], columns: int
) -> Iterator[tuple[int, tuple[NDArray[np.int64], ...]]]:
    """Cover the sorted columns of some groups by windows: where each begins, and up to 16 columns of each group in it.

    Windows begin at multiples of 64, a cache line, but for the last one, which must end within `columns` channels.
    """
    left = list(groups)
    while any(len(part) for part in left):
        first = min(int(part[0]) for part in left if len(part))
        start = min(first // 64 * 64, columns - WINDOW)
        counts = [min(16, int(np.searchsorted(part, start + WINDOW))) for part in left]
        yield start, tuple(part[:count] for part, count in zip(left, counts, strict=True))
        left = [part[count:] for part, count in zip(left, counts, strict=True)]


def places(block: NDArray[np.int64], entries: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each stored block goes when block row b has room for entries[b], and the first entry of each block row."""
    first = np.concatenate([[0], np.cumsum(entries)])
    before = np.concatenate([[0], np.cumsum(np.bincount(block, minlength=len(entries)))])
    return first[block] + np.arange(len(block)) - before[block], first


def _offsets(offsets: NDArray[np.int64], layout: RowsLayout) -> NDArray[np.generic]:
    return offsets.astype(np.uint16 if layout.offset_size == 2 else np.uint32)


def _joined(first: NDArray[np.int64], *parts: NDArray[np.generic]) -> Bytes:
    """The table and the parts, each at a multiple of 64 bytes."""
    if first[-1] >= 2**31:
        raise CompilerBug("a weight is too large for 32-bit offsets")
    pieces: list[Bytes] = []
    for part in (first.astype(np.uint32), *parts):
        data = np.ascontiguousarray(part).reshape(-1).view(np.uint8)
        pieces += [data, np.zeros(aligned_size(data.size) - data.size, np.uint8)]
    return np.concatenate(pieces)
