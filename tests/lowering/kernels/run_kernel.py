"""Runs one kernel op on arrays, on every target this machine has, with memory guards around every array.

Row-major arrays end where a page begins that must not be touched; what lies before them is checked after the run.
Tiled arrays are whole tiles whose unused lanes hold garbage.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, IntegerAttr, i64
from xdsl.ir import Attribute, Operation, Region
from xdsl.parser import Parser

from sparsec.dialects import kernel
from sparsec.dialects.encoding import Layout, Tensor, element_of, layout_of, sizes_of, tensor, to_element, to_numpy
from sparsec.dialects.nn import Nn
from sparsec.dialects.sparse import Sparse
from sparsec.dims import Size, evaluate, parse_size
from sparsec.lowering.kernels.frame import KernelRow, Sizes
from sparsec.lowering.kernels.vector import Emitter, build_function, pointer
from sparsec.reference import scope_for
from sparsec.weights import WeightStore
from tests.native import ALL_TARGETS, Native

PAGE = mmap.PAGESIZE
TILE = 64


def buffer(dtype: object, sizes: Sequence[str | int], tiled: bool = False) -> Tensor:
    """The tensor type of a buffer: sizes may be text."""
    dims: list[Size] = [parse_size(size) for size in sizes]
    return tensor(to_element(dtype), dims, layout=Layout.TILED if tiled else None)


def kernel_op(
    name: str, ins: Sequence[Tensor], outs: Sequence[Tensor], properties: str = "", body: str = ""
) -> Operation:
    """Parse one kernel op, e.g. `kernel_op("map", [t], [t], body="(%x : f32) { sparse.yield %x : f32 }")`."""
    places = [*ins, *outs]
    lines = [f"%{i} = kernel.arena<{i}> : !kernel.buffer<{t}>" for i, t in enumerate(places)]
    named = [f"%{i}" for i in range(len(places))]
    types = [f"!kernel.buffer<{t}>" for t in places]
    count = len(ins)
    lines.append(
        f"kernel.{name} ins({', '.join(named[:count])}) outs({', '.join(named[count:])}) "
        + (f"<{properties}> " if properties else "")
        + f": ({', '.join(types[:count])}) -> ({', '.join(types[count:])}) "
        + (f"body {body}" if body else "")
    )
    context = Context()
    for dialect in (Builtin, Nn, Sparse, kernel.Kernel):
        context.load_dialect(dialect)
    module = Parser(context, "\n".join(lines)).parse_module()
    module.verify()
    op = module.body.block.last_op
    assert op is not None
    return op


def kernel_call(
    op_class: type[kernel.KernelOp],
    ins: Sequence[Tensor | kernel.PackedType],
    outs: Sequence[Tensor],
    properties: Mapping[str, Attribute],
    regions: Sequence[Region],
) -> kernel.KernelOp:
    """A kernel op on buffers of these types, or packed weights."""

    def place(held: Tensor | kernel.PackedType):
        held = held if isinstance(held, kernel.PackedType) else kernel.BufferType(held)
        return kernel.Arena.create(result_types=[held], properties={"index": IntegerAttr(0, i64)}).buffer

    operands = [[place(held) for held in group] for group in (ins, outs)]
    op = op_class.build(operands=operands, properties=dict(properties), regions=regions)
    op.verify()
    return op


class Guarded:
    """Memory that ends at a page nobody may touch.

    Attributes:
        bytes: the memory, uint8.
    """

    def __init__(self, size: int):
        room = -(-size // PAGE) * PAGE
        self._map = mmap.mmap(-1, room + PAGE)
        everything = np.frombuffer(self._map, np.uint8)
        libc = ctypes.CDLL(None, use_errno=True)
        status = libc.mprotect(ctypes.c_void_p(everything.ctypes.data + room), ctypes.c_size_t(PAGE), 0)
        assert status == 0, "mprotect failed"
        self.before = everything[: room - size]
        self.bytes = everything[room - size : room]
        self.before[:] = 0xA5
        self.bytes[:] = 0x5A

    def check(self) -> None:
        """Nothing before the memory was written."""
        assert (self.before == 0xA5).all()


def to_tiles(array: np.ndarray, seed: int = 0) -> np.ndarray:
    """`[.., K]` to `[tiles][K][64]`, with garbage in the unused lanes."""
    channels = array.shape[-1]
    flat = array.reshape(-1, channels)
    tiles = -(-flat.shape[0] // TILE)
    noise = np.random.default_rng(seed).integers(0, 256, (tiles * TILE, channels, array.itemsize), dtype=np.uint8)
    if array.dtype == np.bool_:
        noise &= 1
    padded = noise.view(array.dtype).reshape(tiles * TILE, channels)
    padded[: flat.shape[0]] = flat
    return np.ascontiguousarray(padded.reshape(tiles, TILE, channels).transpose(0, 2, 1))


def from_tiles(tiles: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """The inverse of `to_tiles`."""
    rows = tiles.transpose(0, 2, 1).reshape(-1, shape[-1])
    return rows[: int(np.prod(shape[:-1]))].reshape(shape)


@dataclass
class Compiled:
    """A kernel op as machine code, once for each target.

    Attributes:
        exact: whether targets must agree bit for bit; fused multiply-add makes f32 products differ.
        targets: whose features; all that this machine can run by default.
        tiles: `[tiles][K][64]` of each tiled out of the last run, lanes behind the last token included.
    """

    op: kernel.KernelOp
    row: KernelRow
    symbols: tuple[str, ...] = ()
    exact: bool = True
    targets: Sequence[frozenset[str]] = tuple(ALL_TARGETS)
    natives: list[Native] = field(default_factory=list)
    status: int = 0
    tiles: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        for features in self.targets:
            self.natives.append(Native(self._kernel(features), *self._questions(features)))

    def _kernel(self, features: frozenset[str]):
        return build_function("kernel", features, lambda e, args: self.row.write(self.op, e, args, self.symbols))

    def _questions(self, features: frozenset[str]):
        def ask(question):
            def body(e: Emitter, args) -> None:
                e.store(question(self.op, e, Sizes(e, args[0], self.symbols)), args[1])

            return body

        arguments = (pointer, pointer)
        yield build_function("items", features, ask(self.row.items), arguments)
        yield build_function("scratch", features, ask(self.row.scratch), arguments)

    def __call__(self, *ins: np.ndarray, **symbols: int) -> tuple[np.ndarray, ...]:
        """Run everywhere, in one piece and in several; all runs must agree bit for bit."""
        values = {name: symbols[name] for name in self.symbols}
        first: tuple[np.ndarray, ...] | None = None
        for native in self.natives:
            if not self.exact:
                first = None
            for split in (False, True):
                outs = self._run(native, ins, values, split)
                if first is None:
                    first = outs
                for one, other in zip(first, outs, strict=True):
                    assert one.tobytes() == other.tobytes() or _same(one, other), "targets or splits disagree"
        assert first is not None
        return first

    def _run(self, native: Native, ins, values: Mapping[str, int], split: bool) -> tuple[np.ndarray, ...]:
        places = [self._place(t, values, array) for t, array in zip(self._types(self.op.ins), ins, strict=True)]
        outs = [self._place(t, values, None) for t in self._types(self.op.outs)]
        status, table = np.zeros(1, np.int32), np.array([*values.values(), 0], np.int64)
        given = self.row.shared(self.op).numbers.values()
        numbers = np.array([evaluate(size, values) for size in given], np.int64)
        pointers = [p.bytes.ctypes.data for p in (*places, *outs)]
        args = np.array([*pointers, *(known.ctypes.data for known in (status, table, numbers))], np.uint64)
        items, scratch = np.zeros(1, np.int64), np.zeros(1, np.int64)
        native.call("items", table, items)
        native.call("scratch", table, scratch)
        memory = Guarded(-(-int(scratch[0]) // 64) * 64)
        count = int(items[0])
        bounds = sorted({0, count // 3, count - count // 4, count}) if split else [0, count]
        ranges = list(pairwise(bounds))
        for begin, end in reversed(ranges):
            native.call("kernel", args, begin, end, memory.bytes)
        for place in (*places, *outs, memory):
            place.check()
        for place, array, t in zip(places, ins, self._types(self.op.ins), strict=True):
            if t is None or layout_of(t) is None:
                assert place.bytes.tobytes() == array.tobytes(), "an in was written"
        self.status = int(status[0])
        self.tiles = []
        return tuple(self._read(p, t, values) for p, t in zip(outs, self._types(self.op.outs), strict=True))

    @staticmethod
    def _types(values) -> list[Tensor | None]:
        """The tensors that buffers hold; None for packed weights."""
        return [None if isinstance(value.type, kernel.PackedType) else kernel.tensor_of(value) for value in values]

    @staticmethod
    def _shape(t: Tensor, values: Mapping[str, int]) -> tuple[int, ...]:
        return tuple(evaluate(size, values) for size in sizes_of(t))

    def _place(self, t: Tensor | None, values: Mapping[str, int], array: np.ndarray | None) -> Guarded:
        if t is None:
            assert array is not None
            place = Guarded(array.nbytes)
            place.bytes[:] = array.view(np.uint8)
            return place
        shape, dtype = self._shape(t, values), to_numpy(element_of(t))
        if array is not None:
            assert array.shape == shape and array.dtype == dtype, (array.shape, shape, array.dtype, dtype)
        tiled = layout_of(t) == Layout.TILED
        count = int(np.prod(shape))
        if tiled:
            count = -(-int(np.prod(shape[:-1])) // TILE) * TILE * shape[-1]
        place = Guarded(count * dtype.itemsize)
        if array is not None:
            laid = to_tiles(array) if tiled else array
            place.bytes[:] = np.frombuffer(laid.tobytes(), np.uint8)
        return place

    def _read(self, place: Guarded, t: Tensor, values: Mapping[str, int]) -> np.ndarray:
        shape, dtype = self._shape(t, values), to_numpy(element_of(t))
        flat = np.frombuffer(place.bytes.tobytes(), np.uint8).view(dtype)
        if layout_of(t) == Layout.TILED:
            self.tiles.append(flat.reshape(-1, shape[-1], TILE))
            return from_tiles(self.tiles[-1], shape)
        return flat.reshape(shape)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal bits, but for those of NaNs, which differ between targets."""
    return one.dtype.kind == "f" and bool(
        ((one == other) & (np.signbit(one) == np.signbit(other)) | np.isnan(one) & np.isnan(other)).all()
    )


def assert_same(actual: np.ndarray, expected: np.ndarray) -> None:
    """Bit for bit, but for the bits of NaNs."""
    assert actual.dtype == expected.dtype and actual.shape == expected.shape, (actual.shape, expected.shape)
    if actual.tobytes() != np.ascontiguousarray(expected).tobytes() and not _same(actual, expected):
        np.testing.assert_array_equal(actual, expected)
        raise AssertionError(f"signs of zeros differ: {actual} {expected}")


def body_reference(op: Operation, arrays: Sequence[np.ndarray], shape: Sequence[int]) -> list[np.ndarray]:
    """What a body yields for whole arrays, broadcast to a shape."""
    with np.errstate(all="ignore"):
        results = scope_for({}, WeightStore()).run_body(op.regions[0], list(arrays))
    return [np.broadcast_to(result, tuple(shape)) for result in results]
