"""`kernel.cumsum`: running sums along one axis of a row-major array, one line at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sparsec.dialects.kernel import CumSum, buffer_element, buffer_sizes
from sparsec.dims import product
from sparsec.lowering.kernels.body_ops import wrap
from sparsec.lowering.kernels.elements import bytes_of, carried, load, store
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.vector import Emitter, Value


def _axis(op: CumSum) -> int:
    return op.axis.value.data % max(len(buffer_sizes(op.ins[0])), 1)


def items(op: CumSum, e: Emitter, sizes: Sizes) -> Value:
    """Lines along the axis."""
    shape, axis = buffer_sizes(op.ins[0]), _axis(op)
    return sizes(product((*shape[:axis], *shape[axis + 1 :])))


def emit(op: CumSum, frame: Frame) -> None:
    """Write the body of the function."""
    e, shape, axis, element = frame.e, buffer_sizes(op.ins[0]), _axis(op), buffer_element(op.ins[0])
    length, inner = frame.sizes(product(shape[axis : axis + 1])), frame.sizes(product(shape[axis + 1 :]))
    width = bytes_of(element)
    zero = e.constant(0, carried(element))

    def line(number: Value, held: tuple[Value, ...]) -> None:
        start = e.add(e.mul(e.div(number, inner), e.mul(length, inner)), e.rem(number, inner))

        def one(step: Value, held: tuple[Value, ...]) -> Sequence[Value]:
            place = e.sub(e.sub(length, 1), step) if op.reverse else step
            at = e.mul(e.add(start, e.mul(place, inner)), width)
            x = load(e, element, frame.ins[0], at)
            # the first sum is the element itself: adding it to 0 would lose the sign of -0
            total = e.select(e.equal(step, 0), x, wrap(e, e.add(held[0], x), element))
            store(e, held[0] if op.exclusive else total, element, frame.outs[0], at)
            return [total]

        e.for_loop(0, length, one, [zero])

    e.for_loop(frame.begin, frame.end, line)


CUMSUM = KernelRow(emit, items)
