"""Packs constant weights into the streams that the matmul kernels read. numpy only.

A *group* is 4 output rows, or as many as the schedule says; the last group is padded with zero rows. Each layout below
is known to this file and to the cores in `lowering/kernels/` (`*quads.py` and `blocks.py` for int8, `rows.py` for
fp32). Numbers are little endian.

=============  =====================================================================================================
gather_quads   u32 first_quad[groups + 1]; u32 first_unfit[groups]; u32 first_single[groups], padded to 64 bytes, then
               quads of `{offset[4]; s8 w[4 rows][4]}`: four blocks of 4x1. An offset is the byte distance of input row
               k in a tile, divided by 8: u16 for K <= 8192, else u32. Groups are padded with zero weights to whole
               quads, at least one. The neighbouring weights of quads before first_unfit cannot saturate `pmaddubsw`,
               and each two quads before first_single are a couple, of which sums of two products at the same place
               can be added in 16 bits. Entries of zeros follow the last group, as many as kernels look ahead
dense_quads    quads of `s8 w[4 rows][4]`, ceil(K / 4) per group: input rows 4q .. 4q + 3
block_quads    u32 first_entry[groups + 1]; u32 first_unfit[groups]; u32 first_single[groups], padded to 64 bytes, then
               entries `{offset; s8 w[rows][4]}`: blocks of 4, 6 or 1 rows x 4 columns; here a group has as many rows.
               The offset counts dwords of a token: input rows 4 offset to 4 offset + 3. Groups of 1 row are padded
               with zero weights to an even number of entries; their first_unfit is even, too. Entries of zeros follow
               the last group of 6 rows
gather_rows    u32 first_entry[groups + 1], padded to 64 bytes, then entries `{u32 offset; f32 w[4 rows]}`: the offset
               is the byte distance of input row k in a tile. Entries of zeros follow here, too
dense_rows     entries of `f32 w[rows]`, K per group of 4 or 6 rows
=============  =====================================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import CompilerBug
from sparsec.packing_pairs import Sums, order_for_couples, order_for_pairs
from sparsec.packing_rows import pack_rows, places
from sparsec.schedule import GROUP, TILE, Dataflow, Schedule

ALIGNMENT = 64
"""Bytes to which packed weights, their parts and arena slots are aligned: a cache line and a 512-bit vector."""

HOT_BYTES = 32 << 10
"""A tile of input rows up to this size stays in the first-level cache beside the weights and results that pass by."""
LOOK_AHEAD, BLOCKS_AHEAD = 8, 4
"""How many entries ahead of their use the rows of a larger tile are asked for, and the dwords of blocks."""

_LAST_SHORT_COLUMN = 0xFFFF * 8 // TILE

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class WeightLayout:
    """Where things lie in a packed weight of `rows` x `columns`.

    Attributes:
        rows: M, the output channels.
        columns: K, the input channels.
        dataflow: which of the layouts above.
        group: output rows in a group.
    """

    rows: int
    columns: int
    dataflow: Dataflow
    group: int = GROUP

    @staticmethod
    def of(shape: tuple[int, int], schedule: Schedule) -> WeightLayout:
        """The layout of a weight `[out, in]` for a schedule on tiles."""
        return WeightLayout(*shape, schedule.dataflow, schedule.rows)

    @property
    def groups(self) -> int:
        """Groups of output rows, the last one perhaps partly beyond the matrix."""
        return -(-self.rows // self.group)

    @property
    def is_gathered(self) -> bool:
        """Whether entries carry offsets and groups have different lengths."""
        return self.dataflow in (Dataflow.GATHER_QUADS, Dataflow.BLOCK_QUADS, Dataflow.GATHER_ROWS)

    @property
    def is_blocks(self) -> bool:
        """Whether an entry is a block of 4 columns, read from interleaved tiles."""
        return self.dataflow is Dataflow.BLOCK_QUADS

    @property
    def multiple(self) -> int:
        """Groups are padded to a multiple of so many entries: as many sets of sums take turns where one would wait."""
        return 2 if self.is_blocks and self.group == 1 else 1

    @property
    def tile_columns(self) -> int:
        """Input rows that a tile has room for."""
        return -(-self.columns // 4) * 4 if self.is_blocks else self.columns

    @property
    def is_quads(self) -> bool:
        """Whether an entry is a quad of int8 weights (else one f32 column)."""
        return self.dataflow in (Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS)

    @property
    def looks_ahead(self) -> int:
        """How many entries ahead a kernel reads offsets, to bring input rows into the first-level cache.

        In int8, that saves 2 to 8 % of the time at 768 input channels and 11 % at 3072; at 512 it costs what it saves.
        Only blocks of more than 4 rows have loads to spare for it: with 4 it costs 4 to 7 % at 768 (Granite Rapids).
        """
        if not self.is_gathered or self.is_near or (self.is_blocks and self.group <= GROUP):
            return 0
        return BLOCKS_AHEAD if self.is_blocks else LOOK_AHEAD

    @property
    def is_near(self) -> bool:
        """Whether a tile of the input stays in the first-level cache."""
        return self.columns * TILE * (1 if self.is_quads or self.is_blocks else 4) <= HOT_BYTES

    @property
    def offset_size(self) -> int:
        """Bytes of one offset: 0, 2 or 4."""
        if not self.is_gathered:
            return 0
        if self.is_blocks:
            return 2 if self.columns <= 4 << 16 else 4
        return 2 if self.is_quads and self.columns - 1 <= _LAST_SHORT_COLUMN else 4

    @property
    def weights_at(self) -> int:
        """Where in an entry the weights begin, after its offsets."""
        return self.offset_size * (4 if self.is_quads else 1)

    @property
    def entry_size(self) -> int:
        """Bytes of one entry: int8 weights of 4 columns or a float weight of one, of each row, and their offsets."""
        return self.weights_at + 4 * self.group

    @property
    def dense_entries(self) -> int:
        """Entries of each group when nothing is skipped."""
        return -(-self.columns // 4) if self.is_quads or self.is_blocks else self.columns

    @property
    def has_unfit(self) -> bool:
        """Whether the table of groups says which entries can saturate `pmaddubsw`, and which are couples: two and two
        of which the sums of pairs can be added in 16 bits."""
        return self.dataflow in (Dataflow.GATHER_QUADS, Dataflow.BLOCK_QUADS)

    @property
    def unfit_at(self) -> int:
        """Where the first of these of each group is written, after the first entries of groups."""
        return 4 * (self.groups + 1)

    @property
    def single_at(self) -> int:
        """Where the first entry of each group is written that is in no couple, after those."""
        return self.unfit_at + 4 * self.groups

    @property
    def entries_at(self) -> int:
        """Where the first entry lies, after the table of groups."""
        table = self.single_at + 4 * self.groups if self.has_unfit else self.unfit_at
        return -(-table // ALIGNMENT) * ALIGNMENT if self.is_gathered else 0


def is_whole(packed: Bytes, layout: WeightLayout) -> bool:
    """Whether there are as many entries as if nothing were left out."""
    entries = (len(packed) - layout.entries_at) // layout.entry_size - layout.looks_ahead
    return entries == layout.groups * layout.dense_entries


def fits_int8(weight: NDArray[np.integer]) -> bool:
    """Whether all weights are s8; wider ones (a u8 weight minus its zero point) need `gather_quads`."""
    return bool(weight.size == 0 or (weight.min() >= -128 and weight.max() <= 127))


def pairs_cannot_saturate(packed: Bytes, layout: WeightLayout) -> bool:
    """Whether u8 times s8 of any two neighbours within a quad's row sum up to what 16 bits hold, whatever the bytes.

    Then `pmaddubsw`, which saturates, is exact. So it is for files that were quantised with 7-bit weights to that end.
    """
    entries = packed[layout.entries_at :].reshape(-1, layout.entry_size)[:, layout.weights_at :]
    return bool(_pair_sums(entries.view(np.int8).reshape(-1, 4)).fit.all())


def pack_weight(weight: NDArray[np.generic], schedule: Schedule, *, pairs: bool = False) -> Bytes:
    """Pack a dense [M, K] matrix for a kernel; blocks of 4x1 that are all zero are left out where the layout gathers.

    Args:
        weight: float32 for `*_rows`; any integers within [-32768, 32767] for `gather_quads`, where numbers beyond s8
            become several entries of the same input row that add up; s8 only for `dense_quads`.
        pairs: order the blocks of a group of `gather_quads` and `block_quads` such that as many as possible come before
            the first that can saturate `pmaddubsw`, and first those of which sums can be added in 16 bits.

    Returns:
        uint8[n], laid out as `WeightLayout.of((M, K), schedule)` says.

    Raises:
        CompilerBug: the weight does not fit the dataflow.
    """
    if weight.ndim != 2:
        raise CompilerBug(f"only matrices are packed, not arrays of shape {weight.shape}")
    if schedule.dataflow.is_token_major:
        if weight.dtype.kind not in "iu" or not fits_int8(weight.astype(np.int64)):
            raise CompilerBug(f"{schedule.dataflow} packs s8")
        return pack_rows(weight.astype(np.int8), schedule)
    layout = WeightLayout.of((weight.shape[0], weight.shape[1]), schedule)
    grouped = np.zeros((layout.groups * layout.group, layout.columns), weight.dtype)
    grouped[: layout.rows] = weight
    grouped = grouped.reshape(layout.groups, layout.group, layout.columns)
    if layout.is_blocks:
        return _pack_blocks(grouped.astype(np.int64), layout, pairs)
    if layout.is_quads:
        if weight.dtype.kind not in "iu":
            raise CompilerBug(f"{schedule.dataflow} packs integers, not {weight.dtype}")
        return _pack_quads(cast("NDArray[np.integer]", grouped), layout, pairs)
    if weight.dtype != np.float32:
        raise CompilerBug(f"{schedule.dataflow} packs float32, not {weight.dtype}")
    return _pack_rows(grouped.astype(np.float32), layout)


def _pack_quads(grouped: NDArray[np.integer], layout: WeightLayout, pairs: bool) -> Bytes:
    """[groups, 4, K] to gather_quads or dense_quads."""
    if not layout.is_gathered:
        if not fits_int8(grouped):
            raise CompilerBug(f"weights in [{grouped.min()}, {grouped.max()}] do not fit dense_quads; use gather_quads")
        padded = np.zeros((layout.groups, GROUP, 4 * layout.dense_entries), np.int8)
        padded[:, :, : layout.columns] = grouped
        quads = padded.reshape(layout.groups, GROUP, layout.dense_entries, 4).transpose(0, 2, 1, 3)
        return np.ascontiguousarray(quads).reshape(-1).view(np.uint8)
    group, column, values = _stored_blocks(grouped)
    if pairs:
        order = order_for_pairs(group, values)
        column, values = column[order], values[order]
    blocks = np.bincount(group, minlength=layout.groups)
    quads = np.maximum(1, -(-blocks // 4))
    first_quad = np.concatenate([[0], np.cumsum(quads)])
    first_block = np.concatenate([[0], np.cumsum(blocks)])
    place = 4 * first_quad[group] + np.arange(len(group)) - first_block[group]
    columns = np.zeros(4 * first_quad[-1], np.int64)
    columns[place] = column
    weights = np.zeros((4 * first_quad[-1], GROUP), np.int8)
    weights[place] = values
    entries = np.zeros((int(first_quad[-1]), layout.entry_size), np.uint8)
    offsets = (columns * (TILE // 8)).astype(np.uint16 if layout.offset_size == 2 else np.uint32)
    entries[:, : layout.weights_at] = offsets.view(np.uint8).reshape(len(entries), -1)
    by_row = np.ascontiguousarray(weights.reshape(-1, 4, GROUP).transpose(0, 2, 1))
    entries[:, layout.weights_at :] = by_row.view(np.uint8).reshape(len(entries), 16)
    return _with_table(_tables(first_quad, by_row, 1, pairs), entries, layout)


def _pack_blocks(grouped: NDArray[np.int64], layout: WeightLayout, pairs: bool) -> Bytes:
    """[groups, rows, K] to block_quads."""
    if not fits_int8(grouped):
        raise CompilerBug(f"weights in [{grouped.min()}, {grouped.max()}] do not fit block_quads; use gather_quads")
    padded = np.zeros((layout.groups, layout.group, layout.tile_columns), np.int8)
    padded[:, :, : layout.columns] = grouped
    dwords = padded.reshape(layout.groups, layout.group, -1, 4).transpose(0, 2, 1, 3)
    group, dword = _rows_and_columns(dwords.any(axis=(2, 3)))
    if pairs:
        dword = dword[order_for_couples(group, _pair_sums(dwords[group, dword]))]
    room = -(-np.bincount(group, minlength=layout.groups) // layout.multiple) * layout.multiple
    place, first = places(group, room)
    entries = np.zeros((int(first[-1]), layout.entry_size), np.uint8)
    offsets = dword.astype(np.uint16 if layout.offset_size == 2 else np.uint32)
    entries[place, : layout.weights_at] = offsets.view(np.uint8).reshape(len(dword), layout.weights_at)
    stored = np.zeros((len(entries), layout.group, 4), np.int8)
    stored[place] = dwords[group, dword]
    entries[:, layout.weights_at :] = stored.view(np.uint8).reshape(len(entries), 4 * layout.group)
    return _with_table(_tables(first, stored, layout.multiple, pairs), entries, layout)


def _pair_sums(stored: NDArray[np.int8]) -> Sums:
    """Of entries [n, ..., 4], what one instruction adds up: [n, ..., 2]."""
    each = Sums.of(stored)
    return Sums(*(part[..., ::2] + part[..., 1::2] for part in (each.above, each.below)))


def _tables(first: NDArray[np.int64], stored: NDArray[np.int8], multiple: int, pairs: bool) -> NDArray[np.int64]:
    """Where groups begin, then of each group the first entry that can saturate, then the first that is in no couple.

    Args:
        first: where groups begin, and the end of the last.
        stored: s8 [entry, row, 4].
        multiple: entries that fit are counted in multiples of it.
        pairs: whether couples are looked for.
    """
    sums = _pair_sums(stored)
    unfit = _first_of_groups(first, first[1:], np.flatnonzero(~sums.fit) // multiple * multiple)
    if not pairs:
        return np.concatenate([first, unfit, first[:-1]])
    together = sums[np.arange(len(stored) - 1)] + sums[np.arange(1, len(stored))]
    no_couple = np.flatnonzero(~together.fit)
    begin = first[np.searchsorted(first, no_couple, side="right") - 1]
    whole = first[:-1] + np.diff(first) // 2 * 2
    return np.concatenate([first, unfit, _first_of_groups(first, whole, no_couple[(no_couple - begin) % 2 == 0])])


def _first_of_groups(
    first: NDArray[np.int64], otherwise: NDArray[np.int64], entries: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The first of these entries in each group; where there is none before it, `otherwise`."""
    found = otherwise.copy()
    np.minimum.at(found, np.searchsorted(first, entries, side="right") - 1, entries)
    return found


def _stored_blocks(grouped: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]:
    """The blocks that are not zero: group [n], column [n], s8 weights [n, 4], by group and column.

    A weight beyond s8 is a sum: its block appears again with the rest, until nothing is left.
    """
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]] = []
    group, column = _rows_and_columns(grouped.any(axis=1))
    width = grouped.shape[2]
    elements: NDArray[np.int64] = group * (GROUP * width) + column + np.arange(GROUP)[:, None] * width
    stored: NDArray[np.integer] = np.ascontiguousarray(grouped).reshape(-1).take(elements).T
    if fits_int8(stored):
        return group, column, stored.astype(np.int8)
    rest = stored.astype(np.int32)
    while len(rest):
        part = np.clip(rest, -128, 127)
        parts.append((group, column, part.astype(np.int8)))
        rest = rest - part
        left = rest.any(axis=1)
        group, column, rest = group[left], column[left], rest[left]
    if not parts:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros((0, GROUP), np.int8)
    groups, columns, values = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    order = np.lexsort((columns, groups))
    return groups[order], columns[order], values[order]


def _rows_and_columns(mask: np.bool_ | NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of what is true, like `np.nonzero`, which takes four times as long for matrices."""
    row, column = np.divmod(np.flatnonzero(mask), np.asarray(mask).shape[1])
    return row, column


def _pack_rows(grouped: NDArray[np.float32], layout: WeightLayout) -> Bytes:
    """[groups, rows, K] to gather_rows or dense_rows."""
    by_column = np.ascontiguousarray(grouped.transpose(0, 2, 1))
    if not layout.is_gathered:
        return by_column.reshape(-1).view(np.uint8)
    group, column = _rows_and_columns(by_column.any(axis=2))
    first_entry = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=layout.groups))])
    entries = np.zeros((len(group), layout.entry_size), np.uint8)
    offsets = (column * TILE * 4).astype(np.uint32)
    entries[:, :4] = offsets.view(np.uint8).reshape(-1, 4)
    entries[:, 4:] = by_column[group, column].view(np.uint8).reshape(-1, 16)
    return _with_table(first_entry, entries, layout)


def _with_table(table: NDArray[np.int64], entries: Bytes, layout: WeightLayout) -> Bytes:
    if layout.columns * TILE * 4 >= 2**32 or table.max() >= 2**31:
        raise CompilerBug(f"a weight of {layout.rows} x {layout.columns} is too large for 32-bit offsets")
    packed = np.zeros(layout.entries_at + entries.size + layout.looks_ahead * layout.entry_size, np.uint8)
    packed[: 4 * len(table)] = table.astype(np.uint32).view(np.uint8)
    packed[layout.entries_at :][: entries.size] = entries.reshape(-1)
    return packed
