"""`kernel.iota` and `kernel.dimension`: numbers that follow from sizes alone."""

from __future__ import annotations

from xdsl.dialects.builtin import i64

from sparsec.dialects.kernel import Dimension, Iota, buffer_element, buffer_sizes
from sparsec.dims import parse_size, product
from sparsec.lowering.kernels.body_ops import cast
from sparsec.lowering.kernels.elements import bytes_of, store
from sparsec.lowering.kernels.frame import Frame, KernelRow
from sparsec.lowering.kernels.vector import Value


def emit_iota(op: Iota, frame: Frame) -> None:
    """Write the body of the function; a single work item, it is short."""
    e, element = frame.e, buffer_element(op.outs[0])
    length = frame.sizes(product(buffer_sizes(op.outs[0])))

    def one(index: Value, held: tuple[Value, ...]) -> None:
        number = e.add(e.mul(index, op.step.value.data), op.start.value.data)
        store(e, cast(e, number, i64, element), element, frame.outs[0], e.mul(index, bytes_of(element)))

    e.for_loop(frame.begin, frame.end, lambda item, held: e.for_loop(0, length, one))


def emit_dimension(op: Dimension, frame: Frame) -> None:
    """Write the body of the function."""
    e = frame.e
    size = frame.sizes(parse_size(op.size.data))
    e.for_loop(frame.begin, frame.end, lambda item, held: e.store(size, frame.outs[0]))


IOTA = KernelRow(emit_iota)
DIMENSION = KernelRow(emit_dimension)
