"""The extras of an attention's bodies: masks and numbers that broadcast to [batch, heads, queries, keys]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute, Region, SSAValue

from sparsec.dialects import kernel
from sparsec.dims import Size, is_number, is_per_channel, product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import elements
from sparsec.lowering.kernels.body import BodyEmitter
from sparsec.lowering.kernels.frame import Frame
from sparsec.lowering.kernels.vector import Value


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


class ScoreBody:
    """A body on scores or probabilities, given one key and 16 queries at a time.

    Args:
        region: its first argument is the score, then come all extras.
    """

    def __init__(self, region: Region, frame: Frame, extras: Sequence[Extra]):
        self._frame, self._e = frame, frame.e
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
        self, vectors: Sequence[Value], head: tuple[Value, Value], key: Value, queries: Sequence[Value]
    ) -> list[Value]:
        """What the body yields for these scores.

        Args:
            head: batch and head.
            key: which key, i64, in range.
            queries: per vector, which queries its lanes hold, i32x16, in range.
        """
        if self._identity:
            return list(vectors)
        starts = {extra: self._start(extra, head, key) for extra in (*self._by_key, *self._by_query)}
        body = self._body
        if self._by_key:
            e = self._e
            body = body.prepare({x.argument: elements.load(e, x.element, starts[x]) for x in self._by_key})
        return [
            body.apply([vector, *(self._gather(extra, starts[extra], lanes) for extra in self._by_query)])[0]
            for vector, lanes in zip(vectors, queries, strict=True)
        ]

    def _start(self, extra: Extra, head: tuple[Value, Value], key: Value) -> Value:
        e, sizes = self._e, self._frame.sizes
        batch, heads, _, keys = extra.strides()
        index = e.i64(0)
        for number, stride in ((head[0], batch), (head[1], heads), (key, keys)):
            if stride != 0:
                index = e.add(index, e.mul(number, sizes(stride)))
        return e.offset(extra.pointer, e.mul(index, elements.bytes_of(extra.element)))

    def _gather(self, extra: Extra, start: Value, queries: Value) -> Value:
        e = self._e
        # in 64 bits: queries times keys may exceed 2**31
        indices = e.mul(e.sign_extend(queries, i64), e.broadcast(self._frame.sizes(extra.strides()[2])))
        return elements.widen(e, elements.gather(e, elements.memory_type(extra.element), start, indices), extra.element)


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
