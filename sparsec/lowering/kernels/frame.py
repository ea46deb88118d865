"""What every kernel function is given, and what every kernel must provide.

A kernel function is `void(args, begin, end, scratch)`: it does the work items [begin, end), and any split of all items
among threads gives the same bytes. `args` is an array of pointers: the ins, the outs, the status word, the symbols'
values, and the numbers that calls of the function may differ in, if there are any (`shared.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import i64

from sparsec.dialects.encoding import Tensor, element_of, layout_of, sizes_of, tile_channels, to_numpy
from sparsec.dialects.kernel import KernelOp
from sparsec.dims import Dim, Size, product
from sparsec.lowering.kernels.shared import TOKENS, Shared, all_in_full
from sparsec.lowering.kernels.vector import Emitter, Value, pointer
from sparsec.schedule import TILE


class Sizes:
    """Emits sizes as i64 values. Those asked for at the top of a function are computed once.

    Args:
        symbols: pointer to the symbols' values, i64 each.
        order: the symbols' names.
        bounds: for symbols that have no value yet, the most that they can be, in other symbols.
        known: sizes that need no symbols.
    """

    def __init__(
        self,
        emitter: Emitter,
        symbols: Value,
        order: Sequence[str],
        bounds: Mapping[str, Size] | None = None,
        known: Mapping[Size, Value] | None = None,
    ):
        self._emitter = emitter
        self._symbols = symbols
        self._order = {name: index for index, name in enumerate(order)}
        self._bounds = bounds or {}
        self._known = dict(known or {})

    def __call__(self, size: Size) -> Value:
        """The value of a size."""
        if isinstance(size, Dim) and self._bounds:
            size = size.substitute(self._bounds)
        if isinstance(size, int):
            return self._emitter.i64(size)
        if size not in self._known:
            value = self._polynomial(size)
            if not self._emitter.at_top():
                return value
            self._known[size] = value
        return self._known[size]

    def define(self, symbol: str, value: Value) -> None:
        """Give a symbol its value, for all that runs later."""
        self._emitter.store(value, self._symbols, 8 * self._order[symbol])

    def _polynomial(self, size: Dim) -> Value:
        e = self._emitter
        total: Value | None = None
        for monomial, coefficient in size.terms:
            term: Value | None = None
            for name in monomial:
                value = e.load(i64, self._symbols, 8 * self._order[name])
                term = value if term is None else e.mul(term, value)
            term = e.i64(coefficient) if term is None else e.mul(term, coefficient)
            total = term if total is None else e.add(total, term)
        return e.i64(0) if total is None else total

    def tokens(self, tensor: Tensor) -> Value:
        """How many tokens a tensor has: the product of all sizes but the last."""
        return self(product(sizes_of(tensor)[:-1]))

    def tiles(self, tensor: Tensor) -> Value:
        """How many 64-token tiles a tiled tensor has."""
        return self._emitter.ceil_div(self.tokens(tensor), TILE)

    def bytes(self, tensor: Tensor) -> Value:
        """How many bytes a tensor takes in its layout, not rounded up."""
        width = to_numpy(element_of(tensor)).itemsize
        sizes = sizes_of(tensor)
        if (layout := layout_of(tensor)) is not None:
            return self._emitter.mul(self.tiles(tensor), self(tile_channels(sizes[-1], layout) * (TILE * width)))
        return self(product(sizes) * width)


@dataclass(frozen=True)
class Frame:
    """The insides of one kernel function.

    Attributes:
        e: where to emit.
        ins, outs: pointers to the buffers, in the op's order.
        begin, end: the work items to do, i64.
        scratch: 64-byte aligned memory of this thread alone, as large as the kernel's `scratch` says.
        sizes: emits sizes.
        status: pointer to the status word.
        numbers: those of `Shared`, i64.
    """

    e: Emitter
    ins: tuple[Value, ...]
    outs: tuple[Value, ...]
    begin: Value
    end: Value
    scratch: Value
    sizes: Sizes
    status: Value
    numbers: Mapping[str, Value]

    def report(self, message: int) -> None:
        """Make the run fail with run-time message number `message`, once it is over."""
        self.e.store(self.e.i32(message + 1), self.status)


def _open_frame(op: KernelOp, e: Emitter, arguments: Sequence[Value], symbols: Sequence[str], shared: Shared) -> Frame:
    args, begin, end, scratch = arguments
    fixed = len(op.operands) + 2
    *pointers, status, values = (e.load(pointer, args, 8 * index) for index in range(fixed))
    given = e.load(pointer, args, 8 * fixed) if shared.numbers else values
    numbers = {name: e.load(i64, given, 8 * index) for index, name in enumerate(shared.numbers)}
    if TOKENS in shared.numbers:
        sizes = Sizes(e, values, (), known={shared.numbers[TOKENS]: numbers[TOKENS]})
    else:
        sizes = Sizes(e, values, symbols)
    ins, outs = tuple(pointers[: len(op.ins)]), tuple(pointers[len(op.ins) :])
    return Frame(e, ins, outs, begin, end, scratch, sizes, status, numbers)


Count = Callable[[Any, Emitter, Sizes], Value]
"""Emits a number (i64) that depends on the op and its sizes."""


def _no_scratch(op: KernelOp, e: Emitter, sizes: Sizes) -> Value:
    return e.i64(0)


@dataclass(frozen=True)
class KernelRow:
    """How one kind of kernel op is compiled.

    Attributes:
        emit: writes what is inside the frame of the function.
        items: how many independent work items there are (i64), emitted in the caller; 1 means no parallelism.
        scratch: bytes of scratch per thread (i64), emitted in the caller.
        shared: what calls may differ in that share a function.
    """

    emit: Callable[[Any, Frame], None]
    items: Count = lambda op, e, sizes: e.i64(1)
    scratch: Count = _no_scratch
    shared: Callable[[Any], Shared] = all_in_full

    def write(self, op: KernelOp, e: Emitter, arguments: Sequence[Value], symbols: Sequence[str]) -> None:
        """Write the body of a kernel function.

        Args:
            op: one of its calls.
            arguments: (args, begin, end, scratch).
            symbols: the names of the values that it is given.
        """
        self.emit(op, _open_frame(op, e, arguments, symbols, self.shared(op)))


KernelTable = Mapping[type[KernelOp], KernelRow]
