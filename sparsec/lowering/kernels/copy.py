"""`kernel.copy`: transposes, slices, broadcasts, concatenations and changes of layout.

Whole arrays change layout tile by tile. Copies between row-major arrays merge axes and move runs of neighbours.
Whatever else touches a tile goes element by element.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerType, i8, i32
from xdsl.ir import SSAValue

from sparsec.dialects.encoding import Layout
from sparsec.dialects.kernel import Copy, buffer_element, buffer_layout, buffer_sizes, tensor_of
from sparsec.dialects.tensor_op import integers
from sparsec.dims import Size, parse_size, product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.elements import bytes_of, raw
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.tiles import ROW_TABLE_BYTES, fill_row_table, rows_to_tile, tile_to_rows
from sparsec.lowering.kernels.token_order import TokenOrder, interleave, to_token_order
from sparsec.lowering.kernels.vector import Emitter, Value, vector_of
from sparsec.lowering.kernels.walk import Axis, Walk, axes_of, copy_row, fill_row, row_major_strides
from sparsec.schedule import TILE

RUN = 65536
"""Elements per work item when a copy is one run of neighbours."""


@dataclass(frozen=True)
class _Side:
    """Where one side of a copy is, as a linear function of the place in the region.

    Attributes:
        start, strides: in elements of a row-major array; in tokens when tiled.
        channel_start, channel_strides: which channel; only when tiled.
        channels: of the array; None when row-major.
    """

    start: Size
    strides: tuple[Size, ...]
    channel_start: Size
    channel_strides: tuple[Size, ...]
    channels: Size | None


def _side(buffer: SSAValue, moves: list[list[Size]], starts: list[Size], rank: int) -> _Side:
    """
    Args:
        moves: for each axis of the buffer, for each axis of the region: how far a step leads.
        starts: for each axis of the buffer.
        rank: of the region.
    """
    shape = buffer_sizes(buffer)
    if buffer_layout(buffer) == Layout.TILED:
        (*rows, channel), (*row_starts, channel_start) = moves, starts
        start, strides = _linear(row_major_strides(shape[:-1]), rows, row_starts, rank)
        return _Side(start, strides, channel_start, tuple(channel), shape[-1])
    start, strides = _linear(row_major_strides(shape), moves, starts, rank)
    return _Side(start, strides, 0, (0,) * rank, None)


def _linear(
    weights: tuple[Size, ...], moves: list[list[Size]], starts: list[Size], rank: int
) -> tuple[Size, tuple[Size, ...]]:
    start: Size = 0
    strides: list[Size] = [0] * rank
    for weight, along, offset in zip(weights, moves, starts, strict=True):
        start = offset * weight + start
        strides = [moved * weight + stride for moved, stride in zip(along, strides, strict=True)]
    return start, tuple(strides)


def _sizes(op: Copy) -> tuple[Size, ...]:
    """The region's sizes; that of a scalar has one axis, too."""
    return tuple(parse_size(size.data) for size in op.sizes) or (1,)


def _sides(op: Copy) -> tuple[_Side, _Side]:
    rank = len(_sizes(op))
    axes, steps = integers(op.in_axes), integers(op.in_steps)
    reads: list[list[Size]] = [
        [step if axis == place else 0 for place in range(rank)] for axis, step in zip(axes, steps, strict=True)
    ]
    writes: list[list[Size]] = [[int(axis == place) for place in range(rank)] for axis in range(len(op.sizes))]
    in_starts = [parse_size(start.data) for start in op.in_starts]
    out_starts = [parse_size(start.data) for start in op.out_starts]
    return _side(op.ins[0], reads, in_starts, rank), _side(op.outs[0], writes, out_starts, rank)


def _is_tiled(buffer: SSAValue) -> bool:
    return buffer_layout(buffer) == Layout.TILED


def _changes_layout(op: Copy) -> bool:
    """Whether whole arrays go from row-major to tiled or back, tokens and channels in order."""
    tiled = [_is_tiled(op.ins[0]), _is_tiled(op.outs[0])]
    tile, row = (op.ins[0], op.outs[0]) if tiled[0] else (op.outs[0], op.ins[0])
    tile_sizes, row_sizes = buffer_sizes(tile), buffer_sizes(row)
    if tiled[0] == tiled[1] or product(tile_sizes) != product(row_sizes) or _sizes(op) != buffer_sizes(op.outs[0]):
        return False
    source, target = _sides(op)
    rows = target if tiled[0] else source
    tokens = source if tiled[0] else target
    if (rows.start, tokens.start, tokens.channel_start) != (0, 0, 0):
        return False
    # one token further is one row of channels further, one channel further is the next element
    channels = tile_sizes[-1]
    return all(
        row == token * channels + channel
        for row, token, channel in zip(rows.strides, tokens.strides, tokens.channel_strides, strict=True)
    )


def _plain_axes(op: Copy) -> list[Axis]:
    source, target = _sides(op)
    return axes_of(_sizes(op), [source.strides, target.strides]) or [Axis(1, (1, 1))]


def _interleaves(op: Copy) -> bool:
    """Whether whole tiles become interleaved ones."""
    return buffer_layout(op.outs[0]) == Layout.INTERLEAVED


def items(op: Copy, e: Emitter, sizes: Sizes) -> Value:
    """Tiles, rows, or runs."""
    if _interleaves(op):
        return sizes.tiles(tensor_of(op.outs[0]))
    if _changes_layout(op):
        return sizes.tiles(tensor_of(op.ins[0] if _is_tiled(op.ins[0]) else op.outs[0]))
    if _is_tiled(op.ins[0]) or _is_tiled(op.outs[0]):
        return sizes(product(_sizes(op)[:-1]))
    axes = _plain_axes(op)
    if len(axes) == 1:
        return e.ceil_div(sizes(axes[0].size), RUN)
    return sizes(product(axis.size for axis in axes[:-1]))


def emit(op: Copy, frame: Frame) -> None:
    """Write the body of the function."""
    element = raw(buffer_element(op.ins[0]))
    if _interleaves(op):
        _emit_interleaving(op, frame)
    elif _changes_layout(op):
        _emit_layout(op, frame, element)
    elif _is_tiled(op.ins[0]) or _is_tiled(op.outs[0]):
        _emit_elements(op, frame, element)
    else:
        _emit_plain(op, frame, element)


def _emit_layout(op: Copy, frame: Frame, element: IntegerType) -> None:
    e, to_rows = frame.e, _is_tiled(op.ins[0])
    tensor = tensor_of(op.ins[0] if to_rows else op.outs[0])
    tokens, channels = frame.sizes.tokens(tensor), frame.sizes(buffer_sizes(op.ins[0] if to_rows else op.outs[0])[-1])
    row_bytes = e.mul(channels, bytes_of(buffer_element(op.ins[0])))
    table = e.stack(ROW_TABLE_BYTES)

    def tile(number: Value, held: tuple[Value, ...]) -> None:
        count, groups = fill_row_table(e, table, e.mul(number, TILE), tokens, lambda token: e.mul(token, row_bytes))
        start = e.mul(number, e.mul(row_bytes, TILE))
        if to_rows:
            tile_to_rows(e, element, e.offset(frame.ins[0], start), frame.outs[0], table, channels, count)
        else:
            rows_to_tile(e, element, frame.ins[0], table, e.offset(frame.outs[0], start), channels, groups)

    e.for_loop(frame.begin, frame.end, tile)


def _emit_interleaving(op: Copy, frame: Frame) -> None:
    """From tiles to interleaved tiles. All 64 tokens of a tile are moved, also those beyond the last one."""
    e, channels = frame.e, buffer_sizes(op.ins[0])[-1]
    if buffer_layout(op.ins[0]) != Layout.TILED or not isinstance(channels, int):
        raise CompilerBug(f"kernel.copy cannot interleave {op.ins[0].type}")
    whole, rest = divmod(channels, 4)
    order = TokenOrder(TILE, interleaved=True)

    def tile(number: Value, _: tuple[Value, ...]) -> None:
        source = e.offset(frame.ins[0], e.mul(number, channels * TILE))
        target = e.offset(frame.outs[0], e.mul(number, -(-channels // 4) * 4 * TILE))

        def dword(index: Value, count: int) -> None:
            start = e.offset(source, e.mul(index, 4 * TILE))
            rows = [e.load(vector_of(i8, TILE), start, TILE * min(row, count - 1)) for row in range(4)]
            vectors = [e.reinterpret(vector, i32) for vector in interleave(e, rows)]
            place = e.offset(target, e.mul(index, 4 * TILE))
            for position, vector in enumerate(to_token_order(e, order, vectors)):
                e.store(vector, place, 64 * position)

        e.for_loop(0, whole, lambda index, _: dword(index, 4))
        if rest:
            dword(e.i64(whole), rest)

    e.for_loop(frame.begin, frame.end, tile)


def _emit_plain(op: Copy, frame: Frame, element: IntegerType) -> None:
    """Between row-major arrays."""
    e, width, axes = frame.e, bytes_of(buffer_element(op.ins[0])), _plain_axes(op)
    sides = _sides(op)
    source, target = (
        e.offset(place, e.mul(frame.sizes(side.start), width))
        for place, side in zip((frame.ins[0], frame.outs[0]), sides, strict=True)
    )
    length = frame.sizes(axes[-1].size)
    walk = Walk(e, frame.sizes, axes[:-1])
    steps = [frame.sizes(stride) for stride in axes[-1].strides]

    def row(number: Value, held: tuple[Value, ...]) -> None:
        if len(axes) > 1:
            offsets, count = walk.offsets(number, 2), length
        else:
            begin = e.mul(number, RUN)
            offsets, count = [e.mul(begin, step) for step in steps], e.minimum(e.sub(length, begin), RUN)
        read, write = (e.offset(p, e.mul(o, width)) for p, o in zip((source, target), offsets, strict=True))
        if axes[-1].strides == (1, 1):
            copy_row(e, read, write, count, element)
        elif axes[-1].strides == (0, 1):
            fill_row(e, e.load(element, read), write, count)
        else:
            _copy_strided(e, read, write, count, element, [e.mul(step, width) for step in steps])

    e.for_loop(frame.begin, frame.end, row)


def _copy_strided(
    e: Emitter, source: Value, target: Value, count: Value, element: IntegerType, steps: list[Value]
) -> None:
    def one(index: Value, held: tuple[Value, ...]) -> None:
        e.store(e.load(element, source, e.mul(index, steps[0])), target, e.mul(index, steps[1]))

    e.for_loop(0, count, one)


class _Place:
    """Emits the address of one side at a place of the region; created outside all loops."""

    def __init__(self, frame: Frame, side: _Side, base: Value, width: int):
        self._e, self._base, self._width = frame.e, base, width
        self._start, self._channel_start = frame.sizes(side.start), frame.sizes(side.channel_start)
        self._stride, self._channel_stride = frame.sizes(side.strides[-1]), frame.sizes(side.channel_strides[-1])
        self._channels = None if side.channels is None else frame.sizes(side.channels)

    def row(self, position: Value, channel: Value) -> Callable[[Value], Value]:
        """The addresses along the last axis of the region, given both offsets at its start."""
        e, channels = self._e, self._channels
        start, channel_start = e.add(position, self._start), e.add(channel, self._channel_start)
        if channels is None:
            return lambda i: e.offset(self._base, e.mul(e.add(start, e.mul(i, self._stride)), self._width))

        def tiled(i: Value) -> Value:
            token = e.add(start, e.mul(i, self._stride))
            k = e.add(channel_start, e.mul(i, self._channel_stride))
            row = e.add(e.mul(e.shift_right(token, 6), channels), k)
            return e.offset(self._base, e.mul(e.add(e.mul(row, TILE), e.both(token, TILE - 1)), self._width))

        return tiled


def _emit_elements(op: Copy, frame: Frame, element: IntegerType) -> None:
    """Element by element, any layouts; row after row of the region's last axis."""
    e, sizes, width = frame.e, _sizes(op), bytes_of(buffer_element(op.ins[0]))
    sides = _sides(op)
    linear = [s for side in sides for s in (side.strides, side.channel_strides)]
    length = frame.sizes(sizes[-1])
    walk = Walk(e, frame.sizes, axes_of(sizes[:-1], [strides[:-1] for strides in linear]))
    reading, writing = (
        _Place(frame, side, base, width) for side, base in zip(sides, (frame.ins[0], frame.outs[0]), strict=True)
    )

    def row(number: Value, held: tuple[Value, ...]) -> None:
        offsets = walk.offsets(number, 4)
        read, write = reading.row(offsets[0], offsets[1]), writing.row(offsets[2], offsets[3])
        e.for_loop(0, length, lambda i, held: e.store(e.load(element, read(i)), write(i)))

    e.for_loop(frame.begin, frame.end, row)


COPY = KernelRow(emit, items)
