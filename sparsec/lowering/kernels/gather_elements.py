"""`kernel.gather_elements`: one element picked by each index, 16 along the last axis at a time.

An index may be negative, counting from the end. One that is out of range is reported, and its 16 are not read.
"""

from __future__ import annotations

from xdsl.dialects.builtin import i16, i64
from xdsl.ir import Attribute

from sparsec.dialects.kernel import GatherElements, buffer_element, buffer_layout, buffer_sizes
from sparsec.dims import product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.elements import gather, raw
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.vector import LANES, Emitter, Value
from sparsec.lowering.kernels.walk import (
    Axis,
    Chunk,
    Walk,
    axes_of,
    broadcast_strides,
    for_chunks,
    row_major_strides,
    scaled,
)


def _axes(op: GatherElements) -> list[Axis]:
    """The axes of the out, over the out, the data (which does not move along its own axis) and the indices."""
    if any(buffer_layout(buffer) is not None for buffer in (*op.ins, *op.outs)):
        raise CompilerBug("kernel.gather_elements reads and writes rows")
    shape, axis = buffer_sizes(op.outs[0]), op.axis.value.data
    data = list(broadcast_strides(buffer_sizes(op.ins[0]), shape))
    data[axis] = 0
    strides = [row_major_strides(shape), data, broadcast_strides(buffer_sizes(op.ins[1]), shape)]
    return axes_of(shape, strides) or [Axis(1, (1, 0, 0))]


def items(op: GatherElements, e: Emitter, sizes: Sizes) -> Value:
    """Rows of the out."""
    return sizes(product(axis.size for axis in _axes(op)[:-1]))


def emit(op: GatherElements, frame: Frame) -> None:
    """Write the body of the function."""
    e, axes = frame.e, _axes(op)
    data_shape, axis = buffer_sizes(op.ins[0]), op.axis.value.data
    element, index = raw(buffer_element(op.ins[0])), buffer_element(op.ins[1])
    length, (_, along, step) = frame.sizes(axes[-1].size), axes[-1].strides
    extent = e.broadcast(frame.sizes(data_shape[axis]))
    stride, further = (e.broadcast(frame.sizes(s)) for s in (row_major_strides(data_shape)[axis], along))
    walk = Walk(e, frame.sizes, axes[:-1])

    def row(number: Value, held: tuple[Value, ...]) -> None:
        starts = walk.offsets(number, 3)
        out, data, indices = (
            e.offset(base, scaled(e, start, kind))
            for base, start, kind in zip((*frame.outs, *frame.ins), starts, (element, element, index), strict=True)
        )

        def chunk(part: Chunk, held: tuple[Value, ...]) -> None:
            found = _indices(part, indices, index, moves=step != 0)
            places = e.select(e.less(found, 0), e.add(found, extent), found)
            outside = e.extract(e.reinterpret(e.compare("uge", places, extent), i16), 0)

            def pick() -> None:
                offsets = places if axis == len(data_shape) - 1 else e.mul(places, stride)
                if along != 0:
                    offsets = e.add(offsets, e.mul(_lanes(part), further))
                part.store([gather(e, element, data, offsets)], [e.offset(out, scaled(e, part.start, element))])

            e.if_(e.equal(outside, 0), pick, lambda: frame.report(op.message.value.data))

        for_chunks(e, 0, length, chunk)

    e.for_loop(frame.begin, frame.end, row)


def _indices(chunk: Chunk, row: Value, element: Attribute, *, moves: bool) -> Value:
    """The indices of a chunk as i64; beyond the row 0, or what the whole row has if it does not move."""
    e = chunk.e
    if moves:
        (found,) = chunk.load([element], [e.offset(row, scaled(e, chunk.start, element))])
    else:
        found = e.load_broadcast(element, row)
    return found if element == i64 else e.sign_extend(found, i64)


def _lanes(chunk: Chunk) -> Value:
    """Where each lane is in the row, i64; lanes beyond the row are where its last element is."""
    e = chunk.e
    last = e.sub(e.add(chunk.start, e.minimum(chunk.count, LANES)), 1)
    return e.minimum(e.add(e.constant_vector(range(LANES), i64), e.broadcast(chunk.start)), e.broadcast(last))


GATHER_ELEMENTS = KernelRow(emit, items)
