"""Finds the float32 islands: work left in float32 between products of bytes because of how the file is quantised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sparsec.dialects import kernel
from sparsec.dialects.encoding import sizes_of
from sparsec.explanation.instructions import curves_in
from sparsec.explanation.kernels import Machine, attention_cycles, is_integer_product, is_quantisation, reads_floats
from sparsec.explanation.report import Island


@dataclass(frozen=True)
class Call:
    """A kernel call with what is known of it.

    Attributes:
        op: the call.
        name: the node or line that it comes from.
        cycles: predicted.
        measured: None if nothing was measured.
    """

    op: kernel.KernelOp
    name: str
    cycles: float
    measured: float | None


_WEIGHTS_ONLY = "the file quantises the weights only: activations need scales, too"
_NOT_QUANTISED = "the file does not quantise it"
_ATTENTION = "the file quantises products with weights only: the operands of this one need scales, too"
_SOFTMAX = "a softmax has no 8-bit form"
_LAYER_NORM = "a layer norm has no 8-bit form"
_QUANTISATION = "the file quantises what a layer norm or a residual sum leaves in float32"
_DYNAMIC = "the file quantises dynamically: the range of each activation is looked for at run time"
_ELEMENTWISE = "what it reads or writes is not quantised in the file"
_CURVE = "the file leaves its argument in float32: quantised before and after, it is a table of 256 bytes"


def find_islands(calls: Sequence[Call], weights_only: frozenset[str], machine: Machine) -> list[Island]:
    """The islands of a program, the costliest first; none in a program without products of bytes or quantised weights.

    Args:
        weights_only: names of products whose weight is quantised in the file.
    """
    quantised = any(isinstance(call.op, kernel.MatMul) and _is_integer(call.op) for call in calls)
    if not quantised and not weights_only:
        return []
    found: dict[tuple[str, str], list[Island]] = {}
    for call in calls:
        for island in _of_call(call, weights_only, machine):
            found.setdefault((island.name, island.why), []).append(island)
    return sorted((_merged(islands) for islands in found.values()), key=lambda island: -island.cycles)


def _merged(islands: Sequence[Island]) -> Island:
    one, measured = islands[0], [island.measured for island in islands]
    known = [value for value in measured if value is not None]
    total = sum(known) if len(known) == len(measured) else None
    cycles = sum(island.cycles for island in islands)
    return Island(one.name, one.first, len(islands), cycles, one.why, total)


def _is_integer(op: kernel.MatMul) -> bool:
    return op.schedule.schedule.dataflow.is_integer


def _of_call(call: Call, weights_only: frozenset[str], machine: Machine) -> Iterator[Island]:
    def island(name: str, why: str) -> Island:
        return Island(name, call.name, 1, call.cycles, why, call.measured)

    match call.op:
        case kernel.MatMul() as op if not _is_integer(op):
            yield island("product in float32", _WEIGHTS_ONLY if call.name in weights_only else _NOT_QUANTISED)
        case kernel.MatMul() as op:
            yield from _curves(op, call, machine)
        case kernel.Attention() as op:
            parts = attention_cycles(op, machine)
            for second, cycles in ((False, parts.scores), (True, parts.outputs)):
                if not is_integer_product(op, second):
                    name = "product of weights and values" if second else "product of queries and keys"
                    yield Island(f"{name} of attention", call.name, 1, cycles, _ATTENTION)
            yield Island("softmax of attention", call.name, 1, parts.softmax, _SOFTMAX)
        case kernel.BatchMatMul() if reads_floats(call.op):
            yield island("product of activations", _ATTENTION)
        case kernel.Softmax():
            yield island("softmax", _SOFTMAX)
        case kernel.LayerNorm():
            yield island("layer norm", _LAYER_NORM)
        case kernel.DynamicQuantize():
            yield island("dynamic quantisation", _DYNAMIC)
        case kernel.Map() as op if is_quantisation(op):
            yield island("quantisation by itself", _QUANTISATION)
        case kernel.Map() if reads_floats(call.op):
            yield island("elementwise work", _ELEMENTWISE)
        case _:
            return


def _curves(op: kernel.MatMul, call: Call, machine: Machine) -> Iterator[Island]:
    """Functions in the body of a product of bytes, which are computed in float32."""
    vectors = -(-machine.elements(op.outs[0]) // 16)
    if not sizes_of(kernel.tensor_of(op.outs[0])):
        return
    for name, instructions in curves_in(op.body.block, machine.target):
        yield Island(f"{name} behind a product", call.name, 1, machine.instructions(instructions, vectors), _CURVE)
