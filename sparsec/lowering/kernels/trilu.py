"""`kernel.trilu`: one triangle of the last two axes, the other one zero, row-major."""

from __future__ import annotations

from sparsec.dialects.kernel import Trilu, buffer_element, buffer_sizes
from sparsec.dims import product
from sparsec.lowering.kernels.elements import bytes_of, raw
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.vector import Emitter, Value
from sparsec.lowering.kernels.walk import copy_row, fill_row


def items(op: Trilu, e: Emitter, sizes: Sizes) -> Value:
    """Rows."""
    return sizes(product(buffer_sizes(op.ins[0])[:-1]))


def emit(op: Trilu, frame: Frame) -> None:
    """Write the body of the function."""
    e, shape, element = frame.e, buffer_sizes(op.ins[0]), raw(buffer_element(op.ins[0]))
    width = bytes_of(buffer_element(op.ins[0]))
    rows, columns = frame.sizes(shape[-2]), frame.sizes(shape[-1])
    zero = e.constant(0, element)
    diagonal = op.k.value.data

    def row(number: Value, held: tuple[Value, ...]) -> None:
        """The first `cut` elements are on one side of the diagonal, the rest on the other."""
        start = e.mul(e.mul(number, columns), width)
        source, target = e.offset(frame.ins[0], start), e.offset(frame.outs[0], start)
        place = e.add(e.rem(number, rows), diagonal if op.upper else diagonal + 1)
        cut = e.minimum(e.maximum(place, 0), columns)
        at, rest = e.mul(cut, width), e.sub(columns, cut)
        if op.upper:
            fill_row(e, zero, target, cut)
            copy_row(e, e.offset(source, at), e.offset(target, at), rest, element)
        else:
            copy_row(e, source, target, cut, element)
            fill_row(e, zero, e.offset(target, at), rest)

    e.for_loop(frame.begin, frame.end, row)


TRILU = KernelRow(emit, items)
