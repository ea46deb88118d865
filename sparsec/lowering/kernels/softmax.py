"""`kernel.softmax`: along any axis of a row-major f32 array.

The sum is formed as `sums.py` says. Where the axis is not the last one, what lies behind it goes 16 lanes at a time;
along the last axis only the sum is scalar.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import f32

from sparsec import elementary
from sparsec.dialects.kernel import Softmax, buffer_element, buffer_sizes
from sparsec.dims import product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import sums
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of
from sparsec.lowering.kernels.walk import Chunk, fold_lanes, for_chunks

_F32 = 4
_LOWEST = float("-inf")
f32x16 = vector_of(f32, LANES)


def _axis(op: Softmax) -> int:
    return op.axis.value.data % max(len(buffer_sizes(op.ins[0])), 1)


def items(op: Softmax, e: Emitter, sizes: Sizes) -> Value:
    """What lies before the axis."""
    return sizes(product(buffer_sizes(op.ins[0])[: _axis(op)]))


def emit(op: Softmax, frame: Frame) -> None:
    """Write the body of the function."""
    if buffer_element(op.ins[0]) != f32:
        raise CompilerBug(f"kernel.softmax computes in f32, not {buffer_element(op.ins[0])}")
    e, shape, axis = frame.e, buffer_sizes(op.ins[0]), _axis(op)
    length = frame.sizes(shape[axis] if shape else 1)
    inner_size = product(shape[axis + 1 :])
    inner = frame.sizes(inner_size)
    step = e.mul(inner, _F32)

    def one(number: Value, held: tuple[Value, ...]) -> None:
        start = e.mul(number, e.mul(length, step))
        source, target = e.offset(frame.ins[0], start), e.offset(frame.outs[0], start)
        if inner_size == 1:
            _emit_row(e, source, target, length)
        else:
            for_chunks(e, 0, inner, lambda chunk, held: _emit_columns(e, source, target, length, step, chunk))

    e.for_loop(frame.begin, frame.end, one)


def _emit_row(e: Emitter, source: Value, target: Value, length: Value) -> None:
    lowest = e.constant(_LOWEST, f32x16)

    def take(chunk: Chunk, held: tuple[Value, ...]) -> Sequence[Value]:
        (x,) = chunk.load([f32], [e.offset(source, e.mul(chunk.start, _F32))])
        # lanes beyond the row were loaded as 0
        inside = e.select(e.tail_mask(chunk.count), x, lowest)
        return [e.maximum(inside, held[0])]

    # exact, so the order does not matter; with a NaN the result is NaN whatever this is
    highest = e.broadcast(fold_lanes(e, for_chunks(e, 0, length, take, [lowest])[0], e.maximum))

    def raise_to(chunk: Chunk, held: tuple[Value, ...]) -> None:
        at = e.mul(chunk.start, _F32)
        (x,) = chunk.load([f32], [e.offset(source, at)])
        chunk.store([elementary.exp_of_non_positive(e, e.sub(x, highest))], [e.offset(target, at)])

    for_chunks(e, 0, length, raise_to)
    (total,) = sums.sum_over(e, length, f32, 1, lambda k: [e.load(f32, target, e.mul(k, _F32))])
    share = e.broadcast(e.div(1.0, total))

    def divide(chunk: Chunk, held: tuple[Value, ...]) -> None:
        place = e.offset(target, e.mul(chunk.start, _F32))
        (x,) = chunk.load([f32], [place])
        chunk.store([e.mul(x, share)], [place])

    for_chunks(e, 0, length, divide)


def _emit_columns(e: Emitter, source: Value, target: Value, length: Value, step: Value, chunk: Chunk) -> None:
    at = e.mul(chunk.start, _F32)
    first, out = e.offset(source, at), e.offset(target, at)

    def load(base: Value, k: Value) -> Value:
        return chunk.load([f32], [e.offset(base, e.mul(k, step))])[0]

    (highest,) = e.for_loop(
        0, length, lambda k, held: [e.maximum(load(first, k), held[0])], [e.constant(_LOWEST, f32x16)]
    )

    def raise_to(k: Value, held: tuple[Value, ...]) -> Sequence[Value]:
        power = elementary.exp_of_non_positive(e, e.sub(load(first, k), highest))
        chunk.store([power], [e.offset(out, e.mul(k, step))])
        return sums.add_rotating(e, held, [power])

    (total,) = sums.total(e, e.for_loop(0, length, raise_to, sums.no_parts(e, f32x16)))
    share = e.div(1.0, total)

    def divide(k: Value, held: tuple[Value, ...]) -> None:
        chunk.store([e.mul(load(out, k), share)], [e.offset(out, e.mul(k, step))])

    e.for_loop(0, length, divide)


SOFTMAX = KernelRow(emit, items)
