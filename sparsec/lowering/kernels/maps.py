"""`kernel.map`: elementwise ops with broadcasting, tiled or row-major."""

from __future__ import annotations

from sparsec.dialects.encoding import Layout
from sparsec.dialects.kernel import Map, buffer_layout
from sparsec.lowering.kernels import map_rows, map_tiles
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.vector import Emitter, Value


def _is_tiled(op: Map) -> bool:
    return buffer_layout(op.outs[0]) == Layout.TILED


def emit(op: Map, frame: Frame) -> None:
    """Write the body of the function."""
    (map_tiles if _is_tiled(op) else map_rows).emit(op, frame)


def items(op: Map, e: Emitter, sizes: Sizes) -> Value:
    """Tiles, rows, or runs of elements."""
    return (map_tiles if _is_tiled(op) else map_rows).items(op, e, sizes)


def scratch(op: Map, e: Emitter, sizes: Sizes) -> Value:
    """What tiles need to bring row-major ins into their order."""
    return map_tiles.scratch(op, e, sizes) if _is_tiled(op) else e.i64(0)


MAP = KernelRow(emit, items, scratch)
