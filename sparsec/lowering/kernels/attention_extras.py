"""The extras of an attention's bodies: masks and numbers that broadcast to [batch, heads, queries, keys].

Those that differ by query and key (masks of pairs, biases of relative positions) are turned for as many queries as are
worked on, to `[key][64 queries]`: then a vector of queries is loaded instead of picked together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import f32, i1, i8, i32, i64
from xdsl.ir import Attribute, Region, SSAValue

from sparsec.dialects import kernel
from sparsec.dialects.encoding import ui8
from sparsec.dims import Size, is_number, is_per_channel, product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import elements
from sparsec.lowering.kernels.body import BodyEmitter
from sparsec.lowering.kernels.frame import Frame
from sparsec.lowering.kernels.matmul import load_tile_row
from sparsec.lowering.kernels.tiles import ROW_TABLE_BYTES, fill_row_table, rows_to_tile
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import Emitter, Value
from sparsec.schedule import TILE


@dataclass(frozen=True)
class Extra:
    """One extra, seen as [batch, heads, queries, keys].

    Attributes:
        argument: its number in every body (0 is the accumulator or probability).
        pointer: where it lies, row-major.
        element: its element type.
        shape: its sizes, padded with 1 in front to rank 4.
    """

    argument: int
    pointer: Value
    element: Attribute
    shape: tuple[Size, ...]

    @property
    def is_scalar(self) -> bool:
        """Whether it is one number."""
        return is_number(self.shape)

    def strides(self) -> tuple[Size, ...]:
        """Elements from one batch, head, query, key to the next; 0 where it broadcasts."""
        return tuple(0 if size == 1 else product(self.shape[axis + 1 :]) for axis, size in enumerate(self.shape))

    def start(self, frame: Frame, head: tuple[Value, Value], key: Value | None = None) -> Value:
        """Where the numbers of a batch and head begin, or of one of their keys."""
        e, (batch, heads, _, keys) = frame.e, self.strides()
        index = e.i64(0)
        for number, stride in ((head[0], batch), (head[1], heads), (key, keys)):
            if stride != 0 and number is not None:
                index = e.add(index, e.mul(number, frame.sizes(stride)))
        return e.offset(self.pointer, e.mul(index, elements.bytes_of(self.element)))


def extras_of(op: kernel.Attention, frame: Frame) -> list[Extra]:
    """The extras of an attention op, in order."""
    found: list[Extra] = []
    for argument, buffer in enumerate(op.ins[op.first_extra :], 1):
        shape = kernel.buffer_sizes(buffer)
        if len(shape) > 4 or kernel.buffer_layout(buffer) is not None:
            raise CompilerBug(f"kernel.attention cannot read {buffer.type} as [batch, heads, queries, keys]")
        padded = (1,) * (4 - len(shape)) + shape
        found.append(Extra(argument, frame.ins[op.first_extra - 1 + argument], kernel.buffer_element(buffer), padded))
    return found


def turned_areas(op: kernel.Attention, e: Emitter, width: Value) -> dict[str, Value]:
    """The names and sizes of scratch for extras that are turned.

    Args:
        width: the most keys.
    """
    found: dict[str, Value] = {}
    for argument, buffer in enumerate(op.ins[op.first_extra :], 1):
        shape, element = kernel.buffer_sizes(buffer), kernel.buffer_element(buffer)
        is_read = any(region.block.args[argument].first_use is not None for region in (op.score, op.weight))
        if is_read and len(shape) > 1 and 1 not in shape[-2:] and element in (f32, i32, ui8, i8, i1):
            found[f"extra{argument}"] = e.mul(width, TILE * elements.bytes_of(element))
    return found


class TurnedExtras:
    """Extras in scratch memory, for one head and a tile of queries.

    Args:
        at: where the areas are.
    """

    def __init__(self, frame: Frame, extras: Sequence[Extra], at: Mapping[str, Value]):
        self._frame = frame
        self._places = {x: at[f"extra{x.argument}"] for x in extras if f"extra{x.argument}" in at}
        self._table = frame.e.stack(ROW_TABLE_BYTES)

    def __contains__(self, extra: Extra) -> bool:
        return extra in self._places

    def fill(self, head: tuple[Value, Value], first: Value, count: Value, keys: Value) -> None:
        """Turn them for `count` queries from `first` on, up to 64."""
        e = self._frame.e
        for extra, place in self._places.items():
            stride = e.mul(self._frame.sizes(extra.strides()[2]), elements.bytes_of(extra.element))
            _, groups = fill_row_table(
                e, self._table, first, e.add(first, count), lambda query, stride=stride: e.mul(query, stride)
            )
            start = extra.start(self._frame, head)
            rows_to_tile(e, elements.raw(extra.element), start, self._table, place, keys, groups)

    def load(self, extra: Extra, order: TokenOrder, key: Value) -> list[Value]:
        """Its numbers for one key."""
        return load_tile_row(self._frame.e, order, extra.element, self._places[extra], key)


class ScoreBody:
    """A body on scores or probabilities, given one key and 16 queries at a time.

    Args:
        region: its first argument is the score, then come all extras.
        turned: those of them that are.
    """

    def __init__(self, region: Region, frame: Frame, extras: Sequence[Extra], turned: TurnedExtras):
        self._frame, self._e, self._turned = frame, frame.e, turned
        self._identity = _is_identity(region)
        known: dict[int, Value] = {}
        self._by_key: list[Extra] = []
        self._by_query: list[Extra] = []
        for extra in extras:
            if region.block.args[extra.argument].first_use is None:
                known[extra.argument] = elements.unread(self._e, extra.element, extra.pointer)
            elif extra.is_scalar:
                known[extra.argument] = elements.load(self._e, extra.element, extra.pointer)
            elif extra.strides()[2] == 0:
                self._by_key.append(extra)
            else:
                self._by_query.append(extra)
        self._body = BodyEmitter(region, self._e).prepare(known)

    def apply(
        self, vectors: Sequence[Value], order: TokenOrder, head: tuple[Value, Value], key: Value,
        queries: Sequence[Value],
    ) -> list[Value]:  # fmt: skip
        """What the body yields for these scores.

        Args:
            order: of the queries in the lanes.
            head: batch and head.
            key: which key, i64, in range.
            queries: per vector, which queries its lanes hold, i32x16, in range.
        """
        if self._identity:
            return list(vectors)
        body, e = self._body, self._e
        if self._by_key:
            loaded = {x.argument: elements.load(e, x.element, x.start(self._frame, head, key)) for x in self._by_key}
            body = body.prepare(loaded)
        others = [
            self._turned.load(extra, order, key)
            if extra in self._turned
            else self._gather(extra, extra.start(self._frame, head, key), queries)
            for extra in self._by_query
        ]
        return [body.apply([*each])[0] for each in zip(vectors, *others, strict=True)]

    def _gather(self, extra: Extra, start: Value, queries: Sequence[Value]) -> list[Value]:
        e, memory = self._e, elements.memory_type(extra.element)
        stride = e.broadcast(self._frame.sizes(extra.strides()[2]))
        # in 64 bits: queries times keys may exceed 2**31
        places = [e.mul(e.sign_extend(lanes, i64), stride) for lanes in queries]
        return [elements.widen(e, elements.gather(e, memory, start, place), extra.element) for place in places]


class OutputBody:
    """The body on outputs, given one channel at a time; its extras are numbers or one number per channel."""

    def __init__(self, region: Region, frame: Frame, extras: Sequence[Extra], hidden: int):
        self._e = frame.e
        self._channels: list[Extra] = []
        known: dict[int, Value] = {}
        for extra in extras:
            if region.block.args[extra.argument].first_use is None:
                known[extra.argument] = elements.unread(self._e, extra.element, extra.pointer)
            elif extra.is_scalar:
                known[extra.argument] = elements.load(self._e, extra.element, extra.pointer)
            elif is_per_channel(extra.shape, hidden):
                self._channels.append(extra)
            else:
                raise CompilerBug(f"the output of kernel.attention cannot read an extra of shape {extra.shape}")
        self._body = BodyEmitter(region, self._e).prepare(known)

    def apply(self, vectors: Sequence[Value], channel: Value) -> list[Value]:
        """What the body yields for these accumulators of one channel of the whole hidden size."""
        e, body = self._e, self._body
        if self._channels:
            body = body.prepare(
                {
                    extra.argument: elements.load(
                        e, extra.element, extra.pointer, e.mul(channel, elements.bytes_of(extra.element))
                    )
                    for extra in self._channels
                }
            )
        return [body.apply([vector])[0] for vector in vectors]


def _is_identity(region: Region) -> bool:
    last = region.block.last_op
    return last is region.block.first_op and last is not None and list(last.operands) == [_first(region)]


def _first(region: Region) -> SSAValue:
    return region.block.args[0]
