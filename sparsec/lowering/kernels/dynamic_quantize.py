"""`kernel.dynamic_quantize`: scale and zero point from the tensor's own range, then the bytes. One work item.

A NaN anywhere makes the range empty, as numpy's minimum and maximum do in `reference.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import f32, i1, i8, i32

from sparsec import elementary
from sparsec.dialects.encoding import Layout, ui8
from sparsec.dialects.kernel import DynamicQuantize, buffer_layout, buffer_sizes, tensor_of
from sparsec.dims import product
from sparsec.lowering.kernels.elements import narrow
from sparsec.lowering.kernels.frame import Frame, KernelRow
from sparsec.lowering.kernels.vector import LANES, Value, vector_of
from sparsec.lowering.kernels.walk import Chunk, fold_lanes, for_chunks
from sparsec.schedule import TILE

_F32 = 4
f32x16 = vector_of(f32, LANES)

Visit = Callable[[Value, Sequence[Value]], tuple[Sequence[Value], Value | None]]
"""`(numbers, carried values) -> (next carried values, bytes to write)`; lanes without a number hold 0."""


def emit(op: DynamicQuantize, frame: Frame) -> None:
    """Write the body of the function."""
    walk = _walk_tiles if buffer_layout(op.ins[0]) == Layout.TILED else _walk_row

    def item(number: Value, held: tuple[Value, ...]) -> None:
        _emit(op, frame, walk)

    frame.e.for_loop(frame.begin, frame.end, item)


Walk = Callable[[DynamicQuantize, Frame, Visit, Sequence[Value]], Sequence[Value]]


def _emit(op: DynamicQuantize, frame: Frame, walk: Walk) -> None:
    e = frame.e

    def extend(x: Value, held: Sequence[Value]) -> tuple[Sequence[Value], Value | None]:
        low, high, unordered = held
        return [e.minimum(x, low), e.maximum(x, high), e.either(unordered, e.is_nan(x))], None

    zero = e.constant(0.0, f32x16)
    low, high, unordered = walk(op, frame, extend, [zero, zero, e.constant(0, vector_of(i1, LANES))])
    ordered = e.equal(fold_lanes(e, e.zero_extend(unordered, i32), e.either), 0)
    lowest = e.select(ordered, fold_lanes(e, low, e.minimum), 0.0)
    highest = e.select(ordered, fold_lanes(e, high, e.maximum), 0.0)
    scale = e.div(e.sub(highest, lowest), 255.0)
    scale = e.select(e.equal(scale, 0.0), 1.0, scale)
    shifted = e.div(elementary.negate(e, lowest), scale)
    point = e.round_to_int(e.minimum(e.maximum(shifted, 0.0), 255.0))
    e.store(scale, frame.outs[1])
    e.store(e.truncate(point, i8), frame.outs[2])
    inverses, points = e.broadcast(e.div(1.0, scale)), e.broadcast(point)

    def quantise(x: Value, held: Sequence[Value]) -> tuple[Sequence[Value], Value | None]:
        return [], narrow(e, elementary.quantize(e, x, inverses, points, 0, 255), ui8)

    walk(op, frame, quantise, [])


def _walk_row(op: DynamicQuantize, frame: Frame, visit: Visit, carried: Sequence[Value]) -> Sequence[Value]:
    e = frame.e

    def turn(chunk: Chunk, held: tuple[Value, ...]) -> Sequence[Value]:
        (x,) = chunk.load([f32], [e.offset(frame.ins[0], e.mul(chunk.start, _F32))])
        after, written = visit(x, held)
        if written is not None:
            chunk.store([written], [e.offset(frame.outs[0], chunk.start)])
        return after

    return for_chunks(e, 0, frame.sizes(product(buffer_sizes(op.ins[0]))), turn, carried)


def _walk_tiles(op: DynamicQuantize, frame: Frame, visit: Visit, carried: Sequence[Value]) -> Sequence[Value]:
    """Groups of 16 tokens, one after the other, down the channels of each."""
    e, tensor = frame.e, tensor_of(op.ins[0])
    tokens, channels = frame.sizes.tokens(tensor), frame.sizes(buffer_sizes(op.ins[0])[-1])

    def group(first: Value, held: tuple[Value, ...]) -> Sequence[Value]:
        mask = e.tail_mask(e.sub(tokens, first))
        lane = e.both(first, TILE - 1)
        start = e.add(e.mul(e.sub(first, lane), channels), lane)

        def channel(k: Value, held: tuple[Value, ...]) -> Sequence[Value]:
            at = e.add(start, e.mul(k, TILE))
            x = e.select(mask, e.load(f32x16, frame.ins[0], e.mul(at, _F32)), 0.0)
            after, written = visit(x, held)
            if written is not None:
                e.store(written, frame.outs[0], at)
            return after

        return e.for_loop(0, channels, channel, held)

    return e.for_loop(0, tokens, group, carried, LANES)


DYNAMIC_QUANTIZE = KernelRow(emit)
