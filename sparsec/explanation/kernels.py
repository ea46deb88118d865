"""Predicted cycles of kernel calls that are no products with a constant weight, and what kind of work each call is.

Coarse on purpose: instructions for each vector, bytes that pass through the second-level cache, and the ports that
products keep busy. `cost.py` has the finer model of products with weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from sparsec import elementary
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import element_of, layout_of, sizes_of, to_numpy
from sparsec.dialects.nn_structure import Constant
from sparsec.dims import Size
from sparsec.explanation.instructions import cycles_of, instructions_of, of_body, transfer
from sparsec.target import CpuTarget, Ports

BYTES_PER_CYCLE = 56.0
"""Of activations, from the second-level cache; fewer than `NEAR` bytes stay in the first."""

NEAR = 48 << 10
CONVERTED, MOVED, LOOKED_UP = 0.25, 0.2, 0.07
"""Cycles for each byte that changes its layout, is copied, or is gathered from a table; measured."""

OF_LAYER_NORM, OF_DYNAMIC_QUANTISATION, OF_SOFTMAX, OF_REDUCTION = 18.0, 7.0, 26.0, 2.0
"""Instructions for 16 elements, all passes together."""

CALL = 1500.0
"""Cycles of a call before its first step: its code and its arguments were last used an inference ago."""

ATTENTION_SLACK, HEAD = 1.1, 2000.0
"""What attention takes of its products and instructions, and around those of one head of one sequence, in cycles."""


@dataclass(frozen=True)
class Machine:
    """What predictions are made for: a CPU and the sizes of the dynamic dimensions."""

    target: CpuTarget
    ports: Ports
    sizes: Mapping[str, int]

    def number(self, size: Size) -> int:
        """The number that a size is."""
        return size if isinstance(size, int) else size.evaluate(self.sizes)

    def elements(self, buffer: SSAValue) -> int:
        """How many elements a buffer has."""
        return prod(self.number(size) for size in kernel.buffer_sizes(buffer))

    def size(self, buffer: SSAValue) -> int:
        """How many bytes that are."""
        width: int = to_numpy(kernel.buffer_element(buffer)).itemsize
        return self.elements(buffer) * width

    def vectors(self, buffer: SSAValue) -> float:
        """How many vectors of 16 elements that are."""
        return self.elements(buffer) / 16

    def instructions(self, count: float, vectors: float) -> float:
        """Cycles of so many instructions for each vector."""
        return cycles_of(count, vectors, self.target, self.ports)

    def traffic(self, *buffers: SSAValue) -> float:
        """Cycles until the bytes of these buffers have come from or gone to the second-level cache."""
        total = sum(self.size(buffer) for buffer in buffers)
        return total / BYTES_PER_CYCLE if total > NEAR else 0.0

    def products(self, count: float, *, integer: bool) -> float:
        """Cycles that the ports need for so many multiplications: the bound that nothing can be faster than."""
        lanes = (64 if self.target.multiplies_bytes else 32) if integer else 16
        return count / (lanes * self.target.vector_bits / 512 * self.ports.multiplies)


@dataclass(frozen=True)
class AttentionCycles:
    """The parts of an attention: both products, the softmax between them, and everything else."""

    scores: float
    outputs: float
    softmax: float
    rest: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.scores + self.outputs + self.softmax + self.rest


def is_integer_product(op: kernel.Attention, second: bool) -> bool:
    """Whether the first or second product of an attention multiplies bytes."""
    return (op.output if second else op.score).block.args[0].type != f32


def attention_cycles(op: kernel.Attention, m: Machine, *, integer: bool | None = None) -> AttentionCycles:
    """Cycles of the parts of an attention.

    Args:
        integer: whether its products multiply bytes; None for what they do.
    """
    batch, queries, channels = (m.number(size) for size in kernel.buffer_sizes(op.ins[0]))
    keys, values = (m.number(kernel.buffer_sizes(op.ins[index])[axis]) for index, axis in ((1, 1), (2, 2)))
    queries = -(-queries // 16) * 16
    scores = batch * op.heads.value.data * queries * keys / 16
    kinds = [is_integer_product(op, second) if integer is None else integer for second in (False, True)]
    exp = instructions_of(elementary.exp_of_non_positive, m.target)
    extras = {0}
    around = of_body(op.score.block, extras, m.target) + of_body(op.weight.block, extras, m.target) + 2
    rest = ATTENTION_SLACK * m.instructions(around, scores)
    rest += m.instructions(of_body(op.output.block, extras, m.target), batch * queries * values / 16)
    return AttentionCycles(
        ATTENTION_SLACK * m.products(batch * queries * keys * channels, integer=kinds[0]),
        ATTENTION_SLACK * m.products(batch * queries * keys * values, integer=kinds[1]),
        ATTENTION_SLACK * m.instructions(exp + 6, scores),
        rest + HEAD * batch * op.heads.value.data,
    )


def predicted(op: kernel.KernelOp, m: Machine) -> float:
    """Cycles of a call, but for products with constant weights."""
    return CALL + _work(op, m)


def _work(op: kernel.KernelOp, m: Machine) -> float:
    out = op.outs[0]
    match op:
        case kernel.Attention():
            return attention_cycles(op, m).total
        case kernel.Map():
            return _map(op, m)
        case kernel.LayerNorm():
            return m.instructions(OF_LAYER_NORM, m.vectors(out)) + m.traffic(op.ins[0], out)
        case kernel.DynamicQuantize():
            return m.instructions(OF_DYNAMIC_QUANTISATION, m.vectors(out)) + m.traffic(op.ins[0], out)
        case kernel.Softmax():
            return m.instructions(OF_SOFTMAX, m.vectors(out)) + m.traffic(op.ins[0], out)
        case kernel.Reduce():
            return m.instructions(OF_REDUCTION, m.vectors(op.ins[0])) + m.traffic(op.ins[0])
        case kernel.Gather() | kernel.GatherND() | kernel.GatherElements():
            return m.size(out) * LOOKED_UP
        case kernel.Embedding():
            return _embedding(op, m)
        case kernel.BatchMatMul():
            inner = m.number(kernel.buffer_sizes(op.ins[0])[-1])
            return 1.3 * m.products(m.elements(out) * inner, integer=False)
        case kernel.Copy():
            moved = layout_of(kernel.tensor_of(op.ins[0])) == layout_of(kernel.tensor_of(out))
            return min(m.size(op.ins[0]), m.size(out)) * (MOVED if moved else CONVERTED)
        case _:
            return m.size(out) * MOVED


def _embedding(op: kernel.Embedding, m: Machine) -> float:
    """Rows that come from far away, the body, and the results transposed: four shuffles for each vector."""
    rows = range(len(op.message_numbers))
    read = sum(to_numpy(kernel.buffer_element(op.ins[number])).itemsize for number in rows) * m.elements(op.outs[0])
    steps = of_body(op.body.block, rows, m.target) + len(rows) + 5 * len(op.outs)
    return read * LOOKED_UP + m.instructions(steps, m.vectors(op.outs[0]))


def _map(op: kernel.Map, m: Machine) -> float:
    """Loads, the body and stores; an operand in another layout than the results is read element by element."""
    out, block = op.outs[0], op.body.block
    shape, layout = kernel.buffer_sizes(out), layout_of(kernel.tensor_of(out))
    whole = [number for number, value in enumerate(op.ins) if kernel.buffer_sizes(value)[-2:] == shape[-2:]]
    loads = sum(transfer(element_of(block.args[number].type)) for number in whole)
    strange = [op.ins[number] for number in whole if layout_of(kernel.tensor_of(op.ins[number])) != layout]
    cycles = m.instructions(of_body(block, whole, m.target) + loads, m.vectors(out))
    cycles += m.traffic(*(op.ins[number] for number in whole), *op.outs)
    return cycles + sum(m.size(out) * CONVERTED for _ in strange)


def kind_of(op: kernel.KernelOp) -> str:
    """What kind of work a call is, for people."""
    match op:
        case kernel.MatMul():
            return "int8 products" if op.schedule.schedule.dataflow.is_integer else "float32 products"
        case kernel.Attention():
            return "attention"
        case kernel.LayerNorm():
            return "layer norms"
        case kernel.DynamicQuantize():
            return "dynamic quantisation"
        case kernel.Map():
            return "quantisation" if is_quantisation(op) else "elementwise"
        case kernel.Copy():
            return "copies and layouts"
        case kernel.Gather() | kernel.GatherND() | kernel.GatherElements() | kernel.Embedding():
            return "embeddings and gathers"
        case kernel.Softmax():
            return "softmax"
        case kernel.BatchMatMul():
            return "products of activations"
        case _:
            return "other"


def is_quantisation(op: kernel.Map) -> bool:
    """Whether a call only quantises or dequantises."""
    kinds = [type(inner) for inner in op.body.block.ops if not isinstance(inner, Constant | Yield)]
    return bool(kinds) and all(kind in (ew.Quantize, ew.Dequantize) for kind in kinds)


def reads_floats(op: kernel.KernelOp) -> bool:
    """Whether a call reads float32 activations that have several dimensions."""
    return any(
        isinstance(value.type, kernel.BufferType)
        and element_of(value.type.tensor) == f32
        and len(sizes_of(value.type.tensor)) > 1
        for value in op.ins
    )
