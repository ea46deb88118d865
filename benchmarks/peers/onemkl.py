"""oneMKL's sparse products in fp32: a CSR or BSR weight, hinted and optimised, times dense activations.

BSR blocks are square in oneMKL; a layer pruned in other blocks is covered by square ones, which keep some zeros. Both
layouts of the activations are tried: feature-major is row-major [columns, tokens], token-major is column-major.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from layer import Call, Contestant, Layer, serve

LIBRARY = Path(sys.prefix) / "lib" / "libmkl_rt.so.3"
SEQUENTIAL, ZERO_BASED, PLAIN, GENERAL, ROW_MAJOR, COLUMN_MAJOR = 1, 0, 10, 20, 101, 102
LAYOUTS = {"feature-major": ROW_MAJOR, "token-major": COLUMN_MAJOR}
CALLS_EXPECTED = 1000


class Description(ctypes.Structure):
    """matrix_descr."""

    _fields_ = (("type", ctypes.c_int), ("mode", ctypes.c_int), ("diagonal", ctypes.c_int))


def load() -> ctypes.CDLL:
    """The library, on one thread."""
    library = ctypes.CDLL(str(LIBRARY))
    library.MKL_Set_Threading_Layer(SEQUENTIAL)
    return library


def to_block_rows(weight: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start of every row of blocks, column of every block, and the values, of those blocks that are not all zero."""
    rows, columns = weight.shape
    blocks = weight.reshape(rows // size, size, columns // size, size).swapaxes(1, 2)
    row, column = np.nonzero(blocks.any(axis=(2, 3)))
    starts = np.searchsorted(row, np.arange(rows // size + 1))
    return starts.astype(np.int32), column.astype(np.int32), np.ascontiguousarray(blocks[row, column])


class Sparse:
    """A sparse weight in oneMKL's hands; size 1 is CSR."""

    def __init__(self, library: ctypes.CDLL, weight: np.ndarray, size: int, layout: int, tokens: int) -> None:
        """Create and optimise it for products of that many tokens."""
        self.library, self.layout = library, layout
        self.rows, self.columns = weight.shape
        self.general = Description(GENERAL, 0, 0)
        self.arrays = starts, columns, values = to_block_rows(weight, size)
        start, end, indices, data = starts.ctypes.data, starts.ctypes.data + 4, columns.ctypes.data, values.ctypes.data
        pointers = [ctypes.c_void_p(address) for address in (start, end, indices, data)]
        self.handle = ctypes.c_void_p()
        made = ctypes.byref(self.handle)
        if size == 1:
            self.run("s_create_csr", made, ZERO_BASED, self.rows, self.columns, *pointers)
        else:
            shape = self.rows // size, self.columns // size
            self.run("s_create_bsr", made, ZERO_BASED, ROW_MAJOR, *shape, size, *pointers)
        self.run("set_mm_hint", self.handle, PLAIN, self.general, layout, tokens, CALLS_EXPECTED)
        self.run("optimize", self.handle)

    def run(self, name: str, *arguments: object) -> None:
        """Call mkl_sparse_<name>."""
        status = getattr(self.library, f"mkl_sparse_{name}")(*arguments)
        if status:
            raise ValueError(f"mkl_sparse_{name} returned {status}")

    def product(self, source: np.ndarray, result: np.ndarray) -> Call:
        """A function that computes result = weight @ source."""
        tokens = source.shape[1]
        ahead, behind = (tokens, tokens) if self.layout == ROW_MAJOR else (self.columns, self.rows)
        head = ctypes.c_int(PLAIN), ctypes.c_float(1), self.handle, self.general, ctypes.c_int(self.layout)
        tail = ctypes.c_int(tokens), ctypes.c_int(ahead), ctypes.c_float(0)
        ends = ctypes.c_void_p(source.ctypes.data), ctypes.c_void_p(result.ctypes.data)
        arguments = (*head, ends[0], *tail, ends[1], ctypes.c_int(behind))
        multiply = self.library.mkl_sparse_s_mm

        def call() -> None:
            if multiply(*arguments):
                raise ValueError("mkl_sparse_s_mm failed")

        return call


def run(calls: list[Call], result: np.ndarray, number: int) -> np.ndarray:
    """[tokens, rows] of one call."""
    calls[number]()
    return result.T


def contestants(layer: Layer) -> Iterator[Contestant]:
    """CSR and BSR in both layouts, those that oneMKL supports."""
    library = load()
    weights = [layer.weight(number) for number in range(layer.weights)]
    sizes = {2, 4, *layer.block} - {1}
    for size in (1, *sorted(size for size in sizes if layer.rows % size == layer.columns % size == 0)):
        for name, layout in LAYOUTS.items():
            order = "C" if layout == ROW_MAJOR else "F"
            source = np.array(layer.activations().T, order=order)
            result = np.zeros((layer.rows, layer.tokens), np.float32, order=order)
            try:
                sparse = [Sparse(library, weight, size, layout, layer.tokens) for weight in weights]
                calls = [weight.product(source, result) for weight in sparse]
                calls[0]()
            except ValueError as reason:
                print(f"BSR {size}, {name}: {reason}", file=sys.stderr)
                continue
            what = f"fp32 {'CSR' if size == 1 else f'BSR {size}x{size}'}, {name}"
            yield Contestant(what, calls, partial(run, calls, result), alive=(sparse, source))


if __name__ == "__main__":
    serve(contestants, kinds=("fp32",))
