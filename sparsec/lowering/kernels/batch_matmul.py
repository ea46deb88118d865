"""`kernel.batch_matmul`: numpy's `lhs @ rhs` of computed operands, row-major, f32 (fused where it can be) or i32.

A work item is a block of rows of one product. Blocks of 4 rows by 2 vectors of 16 columns keep 8 sums in registers.
Rows that are left are done one by one, columns that are left a vector at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute

from sparsec.dialects.kernel import BatchMatMul, buffer_element, buffer_sizes
from sparsec.dims import Size, product
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of
from sparsec.lowering.kernels.walk import Chunk, Walk, axes_of, broadcast_strides, for_chunks

ROWS = 4
VECTORS = 2
_WIDTH = 4
"""Bytes of an f32 or i32."""


def _shapes(op: BatchMatMul) -> tuple[tuple[Size, ...], tuple[Size, ...], tuple[Size, ...]]:
    return buffer_sizes(op.ins[0]), buffer_sizes(op.ins[1]), buffer_sizes(op.outs[0])


def items(op: BatchMatMul, e: Emitter, sizes: Sizes) -> Value:
    """Blocks of rows."""
    _, _, out = _shapes(op)
    return e.mul(sizes(product(out[:-2])), e.ceil_div(sizes(out[-2]), ROWS))


@dataclass(frozen=True)
class _Product:
    """One block of rows: pointers to its first row in lhs and out and to the whole of rhs; sizes as i64."""

    e: Emitter
    element: Attribute
    lhs: Value
    rhs: Value
    out: Value
    inner: Value
    columns: Value

    def rows(self, first: Value) -> _Product:
        """The same block from one of its rows on."""
        e = self.e
        lhs = e.offset(self.lhs, e.mul(first, e.mul(self.inner, _WIDTH)))
        out = e.offset(self.out, e.mul(first, e.mul(self.columns, _WIDTH)))
        return _Product(e, self.element, lhs, self.rhs, out, self.inner, self.columns)

    def multiply(self, rows: int) -> None:
        """All columns of the first `rows` rows."""
        e, vector = self.e, vector_of(self.element, LANES)
        whole = e.sub(self.columns, e.rem(self.columns, VECTORS * LANES))

        def block(column: Value, held: tuple[Value, ...]) -> None:
            at = e.mul(column, _WIDTH)

            def load(row: Value) -> list[Value]:
                return [e.load(vector, e.offset(row, at), index * LANES * _WIDTH) for index in range(VECTORS)]

            for row, sums in enumerate(self._sums(rows, VECTORS, load)):
                place = e.offset(self._out_row(row), at)
                for index, total in enumerate(sums):
                    e.store(total, place, index * LANES * _WIDTH)

        def rest(chunk: Chunk, held: tuple[Value, ...]) -> None:
            at = e.mul(chunk.start, _WIDTH)

            def load(row: Value) -> list[Value]:
                return chunk.load([self.element], [e.offset(row, at)])

            for row, (total,) in enumerate(self._sums(rows, 1, load)):
                chunk.store([total], [e.offset(self._out_row(row), at)])

        e.for_loop(0, whole, block, step=VECTORS * LANES)
        for_chunks(e, whole, self.columns, rest)

    def _out_row(self, row: int) -> Value:
        e = self.e
        return e.offset(self.out, e.mul(self.columns, row * _WIDTH))

    def _sums(self, rows: int, vectors: int, load: Callable[[Value], Sequence[Value]]) -> list[list[Value]]:
        """The sums over the inner axis; `load` takes the address of a row of rhs."""
        e = self.e
        starts = [e.offset(self.lhs, e.mul(self.inner, row * _WIDTH)) for row in range(rows)]
        rhs_row = e.mul(self.columns, _WIDTH)
        zero = e.constant(0, vector_of(self.element, LANES))

        def one(k: Value, sums: tuple[Value, ...]) -> Sequence[Value]:
            loaded = load(e.offset(self.rhs, e.mul(k, rhs_row)))
            totals: list[Value] = []
            for row, start in enumerate(starts):
                x = e.load_broadcast(self.element, start, e.mul(k, _WIDTH))
                for index, y in enumerate(loaded):
                    total = sums[row * vectors + index]
                    totals.append(e.fma(x, y, total) if self.element == f32 else e.add(e.mul(x, y), total))
            return totals

        sums = e.for_loop(0, self.inner, one, [zero] * (rows * vectors))
        return [list(sums[row * vectors : (row + 1) * vectors]) for row in range(rows)]


def emit(op: BatchMatMul, frame: Frame) -> None:
    """Write the body of the function."""
    e, (lhs, rhs, out) = frame.e, _shapes(op)
    rows, inner, columns = (frame.sizes(size) for size in (lhs[-2], lhs[-1], out[-1]))
    blocks = e.ceil_div(rows, ROWS)
    walk = Walk(e, frame.sizes, axes_of(out[:-2], [broadcast_strides(shape[:-2], out[:-2]) for shape in (lhs, rhs)]))
    matrix_bytes = [e.mul(frame.sizes(product(shape[-2:])), _WIDTH) for shape in (lhs, rhs, out)]

    def item(number: Value, held: tuple[Value, ...]) -> None:
        matrix, first = e.div(number, blocks), e.mul(e.rem(number, blocks), ROWS)
        offsets = [*walk.offsets(matrix, 2), matrix]
        left, right, result = (
            e.offset(place, e.mul(offset, size))
            for place, offset, size in zip((*frame.ins, *frame.outs), offsets, matrix_bytes, strict=True)
        )
        block = _Product(e, buffer_element(op.outs[0]), left, right, result, inner, columns).rows(first)
        count = e.minimum(e.sub(rows, first), ROWS)

        def one_by_one() -> None:
            e.for_loop(0, count, lambda row, held: block.rows(row).multiply(1))

        e.if_(e.equal(count, ROWS), lambda: block.multiply(ROWS), one_by_one)

    e.for_loop(frame.begin, frame.end, item)


BATCH_MATMUL = KernelRow(emit, items)
