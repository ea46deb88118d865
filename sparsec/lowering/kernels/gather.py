"""`kernel.gather` and `kernel.gather_nd`: rows copied from where indices say.

An index may be negative, counting from the end. One that is out of range is reported, and nothing is read for it; when
writing tiles, the first row is read instead.
"""

from __future__ import annotations

from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute

from sparsec.dialects.encoding import Layout
from sparsec.dialects.kernel import Gather, GatherND, buffer_element, buffer_layout, buffer_sizes, tensor_of
from sparsec.dims import Size, product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.elements import bytes_of, load, raw
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.tiles import ROW_TABLE_BYTES, fill_row_table, rows_to_tile
from sparsec.lowering.kernels.vector import Emitter, Value
from sparsec.lowering.kernels.walk import copy_row
from sparsec.schedule import TILE


def _axis(op: Gather) -> int:
    return op.axis.value.data % len(buffer_sizes(op.ins[0]))


def _is_tiled(op: Gather) -> bool:
    return buffer_layout(op.outs[0]) == Layout.TILED


def index_at(e: Emitter, element: Attribute, indices: Value, number: Value) -> Value:
    """Index number `number` of i32 or i64 ones, as i64."""
    index = load(e, element, indices, e.mul(number, bytes_of(element)))
    return index if element == i64 else e.sign_extend(index, i64)


def resolve(frame: Frame, message: int, index: Value, extent: Value) -> tuple[Value, Value]:
    """The index counted from the front, and whether it is in range; if not, that is reported by this message."""
    e = frame.e
    counted = e.select(e.less(index, 0), e.add(index, extent), index)
    valid = e.both(e.greater_equal(counted, 0), e.less(counted, extent))
    e.if_(e.negate_mask(valid), lambda: frame.report(message))
    return counted, valid


def _index(op: Gather | GatherND, frame: Frame, number: Value) -> Value:
    return index_at(frame.e, buffer_element(op.ins[1]), frame.ins[1], number)


def _resolve(op: Gather | GatherND, frame: Frame, index: Value, extent: Value) -> tuple[Value, Value]:
    return resolve(frame, op.message.value.data, index, extent)


def gather_items(op: Gather, e: Emitter, sizes: Sizes) -> Value:
    """Tiles, or rows of neighbours that are copied together."""
    if _is_tiled(op):
        return sizes.tiles(tensor_of(op.outs[0]))
    return sizes(product(buffer_sizes(op.ins[0])[: _axis(op)]) * product(buffer_sizes(op.ins[1])))


def emit_gather(op: Gather, frame: Frame) -> None:
    """Write the body of the function."""
    e, shape, axis = frame.e, buffer_sizes(op.ins[0]), _axis(op)
    if _is_tiled(op):
        _emit_tiles(op, frame)
        return
    if buffer_layout(op.ins[0]) == Layout.TILED:
        _emit_from_tiles(op, frame)
        return
    element = raw(buffer_element(op.ins[0]))
    length, extent = frame.sizes(product(shape[axis + 1 :])), frame.sizes(shape[axis])
    row_bytes = e.mul(length, bytes_of(buffer_element(op.ins[0])))
    count = frame.sizes(product(buffer_sizes(op.ins[1])))

    def row(number: Value, held: tuple[Value, ...]) -> None:
        outer, which = (e.i64(0), number) if axis == 0 else (e.div(number, count), e.rem(number, count))
        index, valid = _resolve(op, frame, _index(op, frame, which), extent)
        source = e.mul(e.add(e.mul(outer, extent), index), row_bytes)

        def copy() -> None:
            target = e.offset(frame.outs[0], e.mul(number, row_bytes))
            copy_row(e, e.offset(frame.ins[0], source), target, length, element)

        e.if_(valid, copy)

    e.for_loop(frame.begin, frame.end, row)


def _emit_tiles(op: Gather, frame: Frame) -> None:
    """An embedding: token t of the out is row `indices[t]`."""
    e, shape = frame.e, buffer_sizes(op.ins[0])
    if len(shape) != 2 or _axis(op) != 0:
        raise CompilerBug(f"kernel.gather of {shape} along axis {_axis(op)} cannot write tiles")
    width = bytes_of(buffer_element(op.ins[0]))
    extent, channels = frame.sizes(shape[0]), frame.sizes(shape[1])
    tokens, table = frame.sizes.tokens(tensor_of(op.outs[0])), e.stack(ROW_TABLE_BYTES)
    row_bytes = e.mul(channels, width)

    def offset(token: Value) -> Value:
        index, valid = _resolve(op, frame, _index(op, frame, token), extent)
        return e.mul(e.select(valid, index, 0), row_bytes)

    def tile(number: Value, held: tuple[Value, ...]) -> None:
        _, groups = fill_row_table(e, table, e.mul(number, TILE), tokens, offset)
        target = e.offset(frame.outs[0], e.mul(number, e.mul(row_bytes, TILE)))
        rows_to_tile(e, raw(buffer_element(op.ins[0])), frame.ins[0], table, target, channels, groups)

    e.for_loop(frame.begin, frame.end, tile)


def _emit_from_tiles(op: Gather, frame: Frame) -> None:
    """A few tokens of many: row t of the out is token `indices[t]`."""
    e, (tokens, channels) = frame.e, buffer_sizes(op.ins[0])
    if _axis(op) != 0:
        raise CompilerBug(f"kernel.gather along axis {_axis(op)} cannot read tiles")
    element = raw(buffer_element(op.ins[0]))
    width, length, extent = bytes_of(buffer_element(op.ins[0])), frame.sizes(channels), frame.sizes(tokens)

    def row(number: Value, held: tuple[Value, ...]) -> None:
        index, valid = _resolve(op, frame, _index(op, frame, number), extent)
        first = e.add(e.mul(e.div(index, TILE), e.mul(length, TILE)), e.rem(index, TILE))
        target = e.mul(number, length)

        def one(channel: Value, held: tuple[Value, ...]) -> None:
            value = e.load(element, frame.ins[0], e.mul(e.add(first, e.mul(channel, TILE)), width))
            e.store(value, frame.outs[0], e.mul(e.add(target, channel), width))

        e.if_(valid, lambda: e.for_loop(0, length, one) and None)

    e.for_loop(frame.begin, frame.end, row)


GATHER = KernelRow(emit_gather, gather_items)


def _depth(op: GatherND) -> int:
    depth = buffer_sizes(op.ins[1])[-1]
    if not isinstance(depth, int):
        raise CompilerBug(f"kernel.gather_nd takes indices of a known number of axes, not {depth}")
    return depth


def gather_nd_items(op: GatherND, e: Emitter, sizes: Sizes) -> Value:
    """Slices that are copied together."""
    return sizes(product(buffer_sizes(op.ins[1])[:-1]))


def emit_gather_nd(op: GatherND, frame: Frame) -> None:
    """Write the body of the function."""
    e, shape, depth, batch = frame.e, buffer_sizes(op.ins[0]), _depth(op), op.batch_dims.value.data
    element = buffer_element(op.ins[0])
    picked: tuple[Size, ...] = shape[batch : batch + depth]
    extents = [frame.sizes(size) for size in picked]
    length = frame.sizes(product(shape[batch + depth :]))
    per_batch = frame.sizes(product(buffer_sizes(op.ins[1])[batch:-1]))

    def one(number: Value, held: tuple[Value, ...]) -> None:
        place = e.div(number, per_batch) if batch else e.i64(0)
        everything: Value | None = None
        for axis, extent in enumerate(extents):
            index = _index(op, frame, e.add(e.mul(number, depth), axis))
            index, valid = _resolve(op, frame, index, extent)
            place = e.add(e.mul(place, extent), index)
            everything = valid if everything is None else e.both(everything, valid)
        if everything is None:
            raise CompilerBug("kernel.gather_nd with empty indices")

        def copy() -> None:
            width = bytes_of(element)
            source = e.offset(frame.ins[0], e.mul(e.mul(place, length), width))
            target = e.offset(frame.outs[0], e.mul(e.mul(number, length), width))
            copy_row(e, source, target, length, raw(element))

        e.if_(everything, copy)

    e.for_loop(frame.begin, frame.end, one)


GATHER_ND = KernelRow(emit_gather_nd, gather_nd_items)
