"""`kernel.matmul` on row-major tokens: few tokens, or models that never leave rows.

The body is applied to vectors of 16 output channels of one token. A work item is a chunk of output rows for all tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i32
from xdsl.ir import Attribute

from sparsec.dialects import kernel
from sparsec.dialects.encoding import to_numpy
from sparsec.dims import is_number, is_per_channel, product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import elements
from sparsec.lowering.kernels.body import BodyEmitter
from sparsec.lowering.kernels.dwords import DwordCore
from sparsec.lowering.kernels.frame import Frame, Sizes
from sparsec.lowering.kernels.last_lookups import load_tables, narrow_or_look_up, split_lookups
from sparsec.lowering.kernels.matmul_bias import without_bias
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of
from sparsec.lowering.kernels.windows import Streams, WindowCore
from sparsec.packing_rows import RowsLayout
from sparsec.schedule import Dataflow

CHUNK = 64
"""Output rows in a work item."""


def layout_of(op: kernel.MatMul) -> RowsLayout:
    """What the packed weight looks like."""
    rows, columns = kernel.buffer_sizes(op.outs[0])[-1], kernel.buffer_sizes(op.ins[0])[-1]
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise CompilerBug(f"kernel.matmul with {columns} input and {rows} output channels: both must be known")
    return RowsLayout(rows, columns, op.schedule.schedule)


def items(op: kernel.MatMul, e: Emitter, sizes: Sizes) -> Value:
    """Chunks."""
    return e.i64(-(-layout_of(op).rows // CHUNK))


def emit(op: kernel.MatMul, frame: Frame) -> None:
    """Write the function."""
    RowsEmitter(op, frame).emit()


@dataclass(frozen=True)
class _Buffer:
    """An operand with a number per channel, or per token and channel.

    Attributes:
        argument: its number in the body.
        channels: in a row; None when there is one row for all tokens.
    """

    argument: int
    pointer: Value
    element: Attribute
    channels: int | None

    @property
    def width(self) -> int:
        """Bytes per element."""
        return to_numpy(self.element).itemsize


class RowsEmitter:
    """Emits one token-major `kernel.matmul`."""

    def __init__(self, op: kernel.MatMul, frame: Frame):
        self._op, self._frame, self._e = op, frame, frame.e
        self._layout = layout_of(op)
        region, bias = without_bias(op)
        region, lookups = split_lookups(region)
        self._tables = load_tables(self._e, lookups, frame.ins[1:])
        self._bias = None if bias is None else frame.ins[1 + bias]
        self._extras: list[_Buffer] = []
        scalars: dict[int, Value] = {}
        for argument, buffer in enumerate(op.ins[2:], 1):
            element, sizes = kernel.buffer_element(buffer), kernel.buffer_sizes(buffer)
            if region.block.args[argument].first_use is None:
                scalars[argument] = elements.unread(self._e, element, frame.ins[1 + argument])
            elif is_number(sizes):
                scalars[argument] = elements.load(self._e, element, frame.ins[1 + argument])
            else:
                per_channel = is_per_channel(sizes, self._layout.rows)
                channels = None if per_channel else self._layout.rows
                self._extras.append(_Buffer(argument, frame.ins[1 + argument], element, channels))
        self._body = BodyEmitter(region, self._e).prepare(scalars)
        windows = self._layout.schedule.dataflow is Dataflow.PERMUTE_WINDOWS
        self._windows = Streams.of(self._e, self._layout, frame.ins[1]) if windows else None
        self._step = self._layout.block_rows

    def emit(self) -> None:
        """Loop over work items and the blocks of rows in them."""
        e = self._e
        blocks, per_item = -(-self._layout.rows // self._step), max(1, CHUNK // self._step)

        def item(number: Value, _: tuple[Value, ...]) -> None:
            begin = e.mul(number, per_item)
            e.for_loop(begin, e.minimum(e.add(begin, per_item), blocks), lambda block, _: self._block(block))

        e.for_loop(self._frame.begin, self._frame.end, item)

    def _block(self, block: Value) -> None:
        """All tokens for one block of rows: the full tile again and again, then what is left of it."""
        e = self._e
        tile = self._layout.schedule.tile
        tokens = product(kernel.buffer_sizes(self._op.ins[0])[:-1])
        count = self._frame.sizes(tokens)
        whole = e.mul(e.div(count, tile), tile)
        e.for_loop(0, whole, lambda token, _: self._tokens(block, token, tile), step=tile)
        if isinstance(tokens, int):
            if tokens % tile:
                self._tokens(block, e.i64(tokens - tokens % tile), tokens % tile)
            return
        left = e.sub(count, whole)
        for width in (4, 2, 1):
            if width < tile:
                e.if_(e.compare("ne", e.both(left, width), 0), self._rest(block, whole, left, width))

    def _rest(self, block: Value, whole: Value, left: Value, width: int) -> Callable[[], None]:
        """`width` tokens, after the whole tiles and the wider parts of what is left."""
        return lambda: self._tokens(block, self._e.add(whole, self._e.both(left, -2 * width)), width)

    def _tokens(self, block: Value, token: Value, count: int) -> None:
        e, layout = self._e, self._layout
        channel = e.mul(block, self._step)
        x = e.offset(self._frame.ins[0], e.mul(token, layout.columns))
        starts = [e.add(channel, LANES * vector) for vector in range(self._step // LANES)]
        initial = [self._initial(start) for start in starts]
        if self._windows is not None:
            sums = [WindowCore(layout, count).emit(e, x, self._windows, block, initial[0])]
        else:
            sums = DwordCore(layout, count).emit(e, x, self._frame.ins[1], block, initial)
        for start, vectors in zip(starts, sums, strict=True):
            self._guarded(start, vectors, token)

    def _initial(self, channel: Value) -> Value:
        if self._bias is None:
            return self._e.constant(0, vector_of(i32, LANES))
        return self._load(_Buffer(0, self._bias, i32, None), channel, None)

    def _guarded(self, channel: Value, sums: Sequence[Value], token: Value) -> None:
        """Finish 16 channels, unless a block of more rows than are left begins before them and ends after them."""
        if self._layout.rows % self._step == 0 or self._step == LANES:
            self._finish(channel, sums, token)
        else:
            self._e.if_(self._e.less(channel, self._layout.rows), lambda: self._finish(channel, sums, token))

    def _finish(self, channel: Value, sums: Sequence[Value], token: Value) -> None:
        """Apply the body to 16 channels of each token and store what it yields."""
        e = self._e
        per_channel = {
            extra.argument: self._load(extra, channel, None) for extra in self._extras if extra.channels is None
        }
        body = self._body.prepare(per_channel) if per_channel else self._body
        for number, value in enumerate(sums):
            here = e.add(token, number)
            extras = [self._load(extra, channel, here) for extra in self._extras if extra.channels is not None]
            results = body.apply([value, *extras])
            for result, table, buffer, pointer in zip(
                results, self._tables, self._op.outs, self._frame.outs, strict=True
            ):
                element = kernel.buffer_element(buffer)
                stored = narrow_or_look_up(e, result, element, table)
                self._store(stored, _Buffer(0, pointer, element, self._layout.rows), channel, here)

    def _address(self, buffer: _Buffer, channel: Value, token: Value | None) -> Value:
        e = self._e
        index = channel if token is None or buffer.channels is None else e.add(e.mul(token, buffer.channels), channel)
        return e.offset(buffer.pointer, e.mul(index, buffer.width))

    def _mask(self, channel: Value) -> Value | None:
        """The lanes that are channels; None if all are."""
        if self._layout.rows % LANES == 0:
            return None
        return self._e.tail_mask(self._e.sub(self._layout.rows, channel))

    def _load(self, buffer: _Buffer, channel: Value, token: Value | None) -> Value:
        e, mask = self._e, self._mask(channel)
        address = self._address(buffer, channel, token)
        memory = vector_of(elements.memory_type(buffer.element), LANES)
        loaded = e.load(memory, address) if mask is None else e.load_masked(memory, address, 0, mask)
        return elements.widen(e, loaded, buffer.element)

    def _store(self, value: Value, buffer: _Buffer, channel: Value, token: Value) -> None:
        e, mask = self._e, self._mask(channel)
        address = self._address(buffer, channel, token)
        if mask is None:
            e.store(value, address)
        else:
            e.store_masked(value, address, 0, mask)
