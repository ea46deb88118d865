"""`kernel.token_index`: counts the tokens that are kept and says where each one lies; a single work item."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import i1

from sparsec.dialects.kernel import TokenIndex, buffer_sizes
from sparsec.lowering.kernels import elements
from sparsec.lowering.kernels.frame import Frame, KernelRow
from sparsec.lowering.kernels.vector import Value

_I64 = 8


def emit(op: TokenIndex, frame: Frame) -> None:
    """Write the body of the function."""
    e, (needed, seen), (offsets, rows, places) = frame.e, frame.ins, frame.outs
    batch, sequence = (frame.sizes(size) for size in buffer_sizes(op.ins[0]))

    def length_of(first: Value) -> Value:
        """How many tokens of the sequence that begins at `first` are kept."""

        def later(place: Value, state: tuple[Value, ...]) -> Sequence[Value]:
            wanted = elements.load(e, i1, needed, e.add(first, place))
            return [e.select(wanted, e.add(place, 1), state[0])]

        (last,) = e.for_loop(0, sequence, later, [e.i64(0)])
        return e.select(elements.load(e, i1, seen, first), last, sequence)

    def one(number: Value, state: tuple[Value, ...]) -> Sequence[Value]:
        begin, first = state[0], e.mul(number, sequence)
        length = e.if_(e.greater(sequence, 0), lambda: [length_of(first)], lambda: [e.i64(0)])[0]
        e.store(begin, offsets, e.mul(number, _I64))

        def keep(place: Value, _: tuple[Value, ...]) -> None:
            token, where = e.add(begin, place), e.add(first, place)
            e.store(where, rows, e.mul(token, _I64))
            e.store(token, places, e.mul(where, _I64))

        def drop(place: Value, _: tuple[Value, ...]) -> None:
            e.store(e.i64(-1), places, e.mul(e.add(first, place), _I64))

        e.for_loop(0, length, keep)
        e.for_loop(length, sequence, drop)
        return [e.add(begin, length)]

    def all_of_them(_: Value, __: tuple[Value, ...]) -> None:
        (total,) = e.for_loop(0, batch, one, [e.i64(0)])
        e.store(total, offsets, e.mul(batch, _I64))
        frame.sizes.define(op.tokens.data, total)

    e.for_loop(frame.begin, frame.end, all_of_them)


TOKEN_INDEX = KernelRow(emit)
