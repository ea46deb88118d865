"""What a compiled model says of itself beside its signature: the kernels that it calls, the weights that it holds."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import ModuleOp, StringAttr

from sparsec.builder import constant_value
from sparsec.dialects import sparse
from sparsec.dialects.encoding import blocks_of, element_of, sizes_of, to_numpy
from sparsec.dialects.kernel import KernelOp
from sparsec.dialects.kernel import Program as KernelProgram
from sparsec.dialects.tensor_op import SOURCE
from sparsec.lowering.kernels_to_loops import function_key
from sparsec.packing_baked import bake
from sparsec.runtime.signature import KernelCall
from sparsec.schedule import Dataflow
from sparsec.target import CpuTarget
from sparsec.weights import WeightStore


def kernel_calls(program: KernelProgram) -> tuple[KernelCall, ...]:
    """What a run calls, in the order in which `execute` does."""

    def described(op: KernelOp) -> KernelCall:
        schedule, source = op.properties.get("schedule"), op.attributes.get(SOURCE)
        dataflow = f" {schedule.schedule.dataflow.value}" if isinstance(schedule, sparse.ScheduleAttr) else ""
        name = source.data if isinstance(source, StringAttr) else ""
        return KernelCall(op.name.removeprefix("kernel.") + dataflow, name)

    return tuple(described(op) for op in program.body.block.ops if isinstance(op, KernelOp))


def kernel_functions(program: KernelProgram, target: CpuTarget) -> int:
    """How many functions do for these calls on a target: equal layers share theirs."""
    return len({function_key(op, target) for op in program.body.block.ops if isinstance(op, KernelOp)})


def describe_weights(module: ModuleOp, weights: WeightStore) -> list[dict[str, Any]]:
    """The matmuls of a [scheduled] module: name, shape, dtype, blocks, how many are stored, dataflow.

    For patterns that are written into the code also `reuse`: groups of output rows per piece of code.
    """
    found: list[dict[str, Any]] = []
    for op in module.walk():
        if not isinstance(op, sparse.MatMul) or op.schedule is None:
            continue
        rows, columns = sizes_of(op.weight.type)
        name = op.attributes.get(SOURCE)
        blocks = blocks_of(op.weight.type)
        total = blocks.total.data if blocks else int(rows) * int(columns)  # pyright: ignore[reportArgumentType]
        found.append(
            {
                "name": name.data if isinstance(name, StringAttr) else op.name,
                "shape": [rows, columns],
                "dtype": to_numpy(element_of(op.weight.type)).name,
                "blocks": f"{blocks.rows.data}x{blocks.columns.data}" if blocks else "dense",
                "stored": blocks.stored.data if blocks else total,
                "total": total,
                "density": blocks.density if blocks else 1.0,
                "dataflow": op.schedule.schedule.dataflow.value,
            }
        )
        matrix = constant_value(op.weight, weights)
        if op.schedule.schedule.dataflow is Dataflow.BAKED_QUADS and matrix is not None:
            pieces, _ = bake(matrix)
            found[-1]["reuse"] = sum(piece.count for piece in pieces) / len(pieces)
    return found
