"""`kernel.reduce`: over any axes of a row-major array, in row-major order of the reduced elements.

Neighbouring results are reduced 16 at a time where they read neighbouring elements, else one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import llvm
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import Attribute

from sparsec.dialects.encoding import is_float, to_numpy, ui8
from sparsec.dialects.kernel import Reduce, buffer_element, buffer_sizes
from sparsec.dialects.tensor_op import integers
from sparsec.dims import Size, product
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels import sums
from sparsec.lowering.kernels.body_ops import convert, wrap
from sparsec.lowering.kernels.elements import bytes_of, carried, load, memory_type, narrow, store, widen
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, lanes_of
from sparsec.lowering.kernels.walk import Axis, Chunk, Walk, axes_of, for_chunks, row_major_strides


@dataclass(frozen=True)
class _Reduction:
    """One kind of reduction.

    Attributes:
        start: the carried values before the first element, for a number of lanes.
        step: from the carried values, an element and its number to the next carried values.
        finish: from the carried values and the number of elements to the result.
    """

    start: Callable[[int], list[Value]]
    step: Callable[[Sequence[Value], Value, Value], list[Value]]
    finish: Callable[[Sequence[Value]], Value]


def _extreme(element: Attribute, highest: bool) -> float | int:
    """The number that loses against every other one."""
    if is_float(element):
        return float("-inf") if highest else float("inf")
    if element == i1:
        return 0 if highest else 1
    bits = 8 * to_numpy(element).itemsize
    low, high = (0, 2**bits - 1) if element == ui8 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return low if highest else high


def _reduction(e: Emitter, kind: str, element: Attribute, count: Value) -> _Reduction:
    """
    Args:
        count: how many elements make one result, i64.
    """

    def folding(start: float | int, fold: Callable[[Value, Value], Value]) -> _Reduction:
        return _Reduction(
            lambda lanes: [e.constant(start, carried(element, lanes))],
            lambda held, x, number: [wrap(e, fold(held[0], x), element)],
            lambda held: held[0],
        )

    match kind:
        case "sum":
            return _float_sum(e, element) if is_float(element) else folding(0, e.add)
        case "mean":
            if not is_float(element):
                raise CompilerBug(f"kernel.reduce: a mean of {element}")
            share = e.div(1.0, convert(e, llvm.SIToFPOp, count, element))
            summed = _float_sum(e, element)

            def shared(held: Sequence[Value]) -> Value:
                whole = summed.finish(held)
                return e.mul(whole, share if lanes_of(whole.type) == 1 else e.broadcast(share))

            return _Reduction(summed.start, summed.step, shared)
        case "prod":
            return folding(1, e.mul)
        case "max":
            return folding(_extreme(element, True), e.either if element == i1 else e.maximum)
        case "min":
            return folding(_extreme(element, False), e.both if element == i1 else e.minimum)
        case "arg_max":
            return _arg_max(e, element)
        case _:
            raise CompilerBug(f"kernel.reduce does not know the kind {kind!r}")


def _float_sum(e: Emitter, element: Attribute) -> _Reduction:
    return _Reduction(
        lambda lanes: sums.no_parts(e, carried(element, lanes)),
        lambda held, x, number: sums.add_rotating(e, held, [x]),
        lambda held: sums.total(e, held)[0],
    )


def _arg_max(e: Emitter, element: Attribute) -> _Reduction:
    """The first of the highest; of NaNs the first one."""

    def step(held: Sequence[Value], x: Value, number: Value) -> list[Value]:
        best, place = held
        better = e.both(x, e.negate_mask(best)) if element == i1 else e.greater(x, best)
        if is_float(element):
            better = e.either(better, e.both(e.is_nan(x), e.negate_mask(e.is_nan(best))))
        lanes = lanes_of(x.type)
        return [e.select(better, x, best), e.select(better, number if lanes == 1 else e.broadcast(number), place)]

    return _Reduction(
        lambda lanes: [
            e.constant(_extreme(element, True), carried(element, lanes)),
            e.constant(0, carried(i64, lanes)),
        ],
        step,
        lambda held: held[1],
    )


def _axes(op: Reduce) -> tuple[list[Axis], list[Axis]]:
    """The kept axes and the reduced ones, each merged, over the in."""
    shape = buffer_sizes(op.ins[0])
    strides = row_major_strides(shape)
    reduced = {axis % len(shape) for axis in integers(op.axes)}
    groups: list[list[Axis]] = []
    for chosen in ([a for a in range(len(shape)) if a not in reduced], sorted(reduced)):
        groups.append(axes_of([shape[a] for a in chosen], [[strides[a] for a in chosen]]))
    return groups[0], groups[1]


def _is_vertical(kept: Sequence[Axis]) -> bool:
    return bool(kept) and kept[-1].strides == (1,)


def items(op: Reduce, e: Emitter, sizes: Sizes) -> Value:
    """Results, or rows of neighbouring results."""
    kept, _ = _axes(op)
    return sizes(product(axis.size for axis in (kept[:-1] if _is_vertical(kept) else kept)))


def emit(op: Reduce, frame: Frame) -> None:
    """Write the body of the function."""
    e, element, out = frame.e, buffer_element(op.ins[0]), buffer_element(op.outs[0])
    kept, reduced = _axes(op)
    width = bytes_of(element)
    count = frame.sizes(product(axis.size for axis in reduced))
    reduction = _reduction(e, op.kind.data, element, count)
    elements = _Elements(frame, reduced, width)
    vertical = _is_vertical(kept)
    walk = Walk(e, frame.sizes, kept[:-1] if vertical else kept)
    row: Size = kept[-1].size if vertical else 1
    length = frame.sizes(row)

    def one(number: Value, held: tuple[Value, ...]) -> None:
        source = e.offset(frame.ins[0], e.mul(walk.offsets(number, 1)[0], width))
        target = e.offset(frame.outs[0], e.mul(e.mul(number, length), bytes_of(out)))
        if not vertical:
            result = elements.fold(reduction, source, 1, lambda place: load(e, element, place))
            store(e, result, out, target)
            return

        def chunk_of(chunk: Chunk, held: tuple[Value, ...]) -> None:
            def take(place: Value) -> Value:
                return widen(e, chunk.load([memory_type(element)], [place])[0], element)

            start = e.offset(source, e.mul(chunk.start, width))
            result = elements.fold(reduction, start, LANES, take)
            chunk.store([narrow(e, result, out)], [e.offset(target, e.mul(chunk.start, bytes_of(out)))])

        for_chunks(e, 0, length, chunk_of)

    e.for_loop(frame.begin, frame.end, one)


class _Elements:
    """Walks over the elements of one result; created outside all loops."""

    def __init__(self, frame: Frame, reduced: Sequence[Axis], width: int):
        self._e, self._width = frame.e, width
        self._outer = Walk(frame.e, frame.sizes, reduced[:-1])
        inner = reduced[-1] if reduced else Axis(1, (0,))
        self._rows = frame.sizes(product(axis.size for axis in reduced[:-1]))
        self._length = frame.sizes(inner.size)
        self._step = frame.e.mul(frame.sizes(inner.strides[0]), width)

    def fold(self, reduction: _Reduction, source: Value, lanes: int, take: Callable[[Value], Value]) -> Value:
        """The result, from elements that `take` loads at their address."""
        e = self._e

        def row(number: Value, held: tuple[Value, ...]) -> Sequence[Value]:
            start = e.offset(source, e.mul(self._outer.offsets(number, 1)[0], self._width))
            before = e.mul(number, self._length)

            def one(index: Value, held: tuple[Value, ...]) -> Sequence[Value]:
                x = take(e.offset(start, e.mul(index, self._step)))
                return reduction.step(held, x, e.add(before, index))

            return e.for_loop(0, self._length, one, held)

        return reduction.finish(e.for_loop(0, self._rows, row, reduction.start(lanes)))


REDUCE = KernelRow(emit, items)
