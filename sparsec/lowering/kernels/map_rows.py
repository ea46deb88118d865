"""`kernel.map` on row-major buffers of any rank: axes merged, the last one 16 elements at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sparsec.dialects.kernel import Map, buffer_element, buffer_sizes
from sparsec.dims import product
from sparsec.lowering.kernels.body import BodyEmitter
from sparsec.lowering.kernels.elements import bytes_of, load, memory_type, widen
from sparsec.lowering.kernels.frame import Frame, Sizes
from sparsec.lowering.kernels.last_lookups import LoadedTable, load_tables, narrow_or_look_up, split_lookups
from sparsec.lowering.kernels.vector import Emitter, Value
from sparsec.lowering.kernels.walk import Axis, Chunk, Walk, axes_of, broadcast_strides, for_chunks

CHUNK = 4096
"""Elements per work item when all axes merge into one."""


def _axes(op: Map) -> list[Axis]:
    """The axes over the ins, then the outs; at least one."""
    shape = buffer_sizes(op.outs[0])
    buffers = [*op.ins, *op.outs]
    axes = axes_of(shape, [broadcast_strides(buffer_sizes(buffer), shape) for buffer in buffers])
    return axes or [Axis(1, (0,) * len(op.ins) + (1,) * len(op.outs))]


def items(op: Map, e: Emitter, sizes: Sizes) -> Value:
    """Rows, or runs of `CHUNK` elements when there is only one row."""
    axes = _axes(op)
    if len(axes) == 1:
        return e.ceil_div(sizes(axes[0].size), CHUNK)
    return sizes(product(axis.size for axis in axes[:-1]))


def emit(op: Map, frame: Frame) -> None:
    """Write the body of the function."""
    e, axes = frame.e, _axes(op)
    length = frame.sizes(axes[-1].size)
    walk = Walk(e, frame.sizes, axes[:-1])
    never = [index for index in range(len(op.ins)) if all(axis.strides[index] == 0 for axis in axes)]
    region, lookups = split_lookups(op.body)
    body = BodyEmitter(region, e).prepare(_scalars(op, frame.e, frame.ins, never))
    tables = load_tables(e, lookups, frame.ins)
    buffers = [*frame.ins, *frame.outs]

    def one_row(number: Value, held: tuple[Value, ...]) -> None:
        if len(axes) == 1:
            start = e.mul(number, CHUNK)
            end = e.minimum(e.add(start, CHUNK), length)
            _emit_row(op, e, body, tables, buffers, (start, end), set(never))
            return
        offsets = walk.offsets(number, len(buffers))
        starts = [
            e.offset(buffer, e.mul(offset, bytes_of(buffer_element(operand))))
            for buffer, offset, operand in zip(buffers, offsets, [*op.ins, *op.outs], strict=True)
        ]
        constant = [i for i in range(len(op.ins)) if axes[-1].strides[i] == 0 and i not in never]
        row = body.prepare(_scalars(op, e, starts, constant)) if constant else body
        _emit_row(op, e, row, tables, starts, (e.i64(0), length), {*never, *constant})

    e.for_loop(frame.begin, frame.end, one_row)


def _scalars(op: Map, e: Emitter, places: Sequence[Value], which: Sequence[int]) -> dict[int, Value]:
    return {index: load(e, buffer_element(op.ins[index]), places[index]) for index in which}


def _emit_row(
    op: Map,
    e: Emitter,
    body: BodyEmitter,
    tables: Sequence[LoadedTable | None],
    places: Sequence[Value],
    bounds: tuple[Value, Value],
    known: set[int],
) -> None:
    """The elements [bounds) of one row; `places` are where the row starts in each buffer."""
    varying = [index for index in range(len(op.ins)) if index not in known]
    elements = [buffer_element(operand) for operand in (*op.ins, *op.outs)]

    def turn(chunk: Chunk, held: tuple[Value, ...]) -> None:
        at = [e.offset(places[i], e.mul(chunk.start, bytes_of(elements[i]))) for i in range(len(places))]
        loaded = chunk.load([memory_type(elements[i]) for i in varying], [at[i] for i in varying])
        results = body.apply([widen(e, value, elements[i]) for value, i in zip(loaded, varying, strict=True)])
        given = zip(results, elements[len(op.ins) :], tables, strict=True)
        chunk.store([narrow_or_look_up(e, *each) for each in given], at[len(op.ins) :])

    for_chunks(e, bounds[0], bounds[1], turn)
