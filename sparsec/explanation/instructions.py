"""How many vector instructions of a target's full width a body takes for as many elements, counted by running the
steps of its ops.

Elementary functions are generic over machines that can do arithmetic; here they run on one that only counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import FloatAttr, IntegerAttr, i1, i32
from xdsl.ir import Attribute, Block, Operation, SSAValue

from sparsec import elementary
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import ui8
from sparsec.dialects.nn_structure import Constant
from sparsec.target import CpuTarget, Ports

DIVISION = 16
"""How many other instructions start while a vector is divided, or its root is taken."""

REQUANTISATION = 4.5
"""Instructions that `cost.OVERHEADS` has for 16 results already: of sums that are scaled, rounded and packed."""

OF_LOOKUP = 2.5
"""Of 16 bytes in a table of 256, when 64 are looked up at a time."""


PICKED, PICKED_BYTEWISE, PICKED_ONE_BY_ONE = 1.0, 4.5, 16.0
"""Of elements of a table: for each 16 floats of it a permutation, with AVX-512, or `pshufb` of each of their bytes,
with AVX2; loads of single elements of any table."""


class CountingArithmetic:
    """An `Arithmetic` whose values are nothing; `count` is what the steps so far take on a target."""

    def __init__(self, target: CpuTarget) -> None:
        self.count = 0.0
        self._target = target

    def _one(self, *operands: object) -> None:
        self.count += 1

    def _none(self, *operands: object) -> None:
        """Part of the instruction that uses the result, or no instruction at all."""

    def magnitude_up_to(self, a: None, limit: float) -> None:
        """One step where there is AVX-512."""
        self.count += 1 if self._target.has("avx512dq") else 2

    def from_nearest(self, a: None) -> None:
        """One step where there is AVX-512."""
        self.count += 1 if self._target.has("avx512dq") else 2

    def pick(self, table: Sequence[float], index: None) -> None:
        """From a table, whose elements lie in memory if they cannot be picked from registers."""
        if self._target.has("avx2"):
            self.count += len(table) / 16 * (PICKED if self._target.has("avx512f") else PICKED_BYTEWISE)
        else:
            self.count += PICKED_ONE_BY_ONE

    def _division(self, *operands: object) -> None:
        self.count += DIVISION

    add = sub = mul = select = both = either = differ = shift_left = shift_right = _one
    round_to_int = to_float = _one
    like = less = greater = equal = is_nan = bits = from_bits = _none
    div = sqrt = _division


def instructions_of(function: Callable[..., None], target: CpuTarget, operands: int = 1) -> float:
    """How many instructions an elementary function takes."""
    machine = CountingArithmetic(target)
    function(machine, *[None] * operands)
    return machine.count


_FUNCTIONS: Mapping[type[Operation], Callable[..., Any]] = {
    ew.Exp: elementary.exp,
    ew.Log: elementary.log,
    ew.Sin: elementary.sin,
    ew.Cos: elementary.cos,
    ew.Erf: elementary.erf,
    ew.Tanh: elementary.tanh,
    ew.Sigmoid: elementary.sigmoid,
    ew.Gelu: elementary.gelu,
    ew.GeluTanh: elementary.gelu_tanh,
    ew.Floor: elementary.floor,
    ew.Ceil: elementary.ceil,
    ew.Round: elementary.round_even,
}

CURVES: Mapping[type[Operation], str] = {
    ew.Gelu: "gelu", ew.GeluTanh: "gelu", ew.Tanh: "tanh", ew.Erf: "erf", ew.Sigmoid: "sigmoid", ew.Exp: "exp",
}  # fmt: skip
"""Functions that cost so much that a table of bytes would be cheaper, and what people call them."""


def of_op(op: Operation, target: CpuTarget) -> float:
    """Instructions of one op of a body whose operands are vectors."""
    if type(op) in _FUNCTIONS:
        return instructions_of(_FUNCTIONS[type(op)], target)
    match op:
        case Constant() | Yield():
            return 0
        case ew.Div() | ew.Reciprocal() | ew.Sqrt():
            return DIVISION
        case ew.Pow():
            return instructions_of(elementary.power, target, 2)
        case ew.Lookup():
            return OF_LOOKUP
        case ew.Quantize():
            scaling = 0 if _number(op.scale) == 1.0 else 1
            clipping = 0 if op.bounded is not None else 1 if op.result.type == ui8 else 2
            return scaling + 1 + clipping + (0 if _number(op.zero_point) == 0 else 0.5)
        case ew.Dequantize():
            return 2 + (0 if _number(op.zero_point) == 0 else 1)
        case _:
            return 1


def of_body(block: Block, varying: Collection[int], target: CpuTarget) -> float:
    """Instructions for a vector of what a body yields, loads and stores included.

    Args:
        varying: the numbers of the arguments that differ from element to element; all else is worked out before.
            What comes first of an op that makes its own arguments, as a product does, lies in registers.
    """
    known: set[SSAValue] = {block.args[number] for number in varying}
    total = 0.0
    for op in block.ops:
        operands = [operand for operand in op.operands if operand in known]
        if operands and not isinstance(op, Yield):
            known.update(op.results)
            total += 0 if _is_bias(op, block) else of_op(op, target)
        elif isinstance(op, Yield):
            total += sum(transfer(value.type) for value in op.values)
    return total


def transfer(element: Attribute) -> float:
    """Instructions that load or store 16 elements: bytes are packed 64 at a time."""
    return 0.5 if element in (ui8, i1) or getattr(getattr(element, "width", None), "data", 32) == 8 else 1.0


def _is_bias(op: Operation, block: Block) -> bool:
    """Whether an integer is added to an accumulator: sums start from it."""
    return isinstance(op, ew.Add) and block.args[0] in op.operands and op.result.type == i32


def _number(value: SSAValue) -> float | None:
    owner = value.owner
    if isinstance(owner, Constant) and isinstance(owner.value, IntegerAttr | FloatAttr):
        return float(owner.value.value.data)
    return None


def cycles_of(instructions: float, vectors: float, target: CpuTarget, ports: Ports) -> float:
    """What so many instructions take for each of so many vectors of 16 elements."""
    return instructions * vectors * max(1.0, 512 / target.vector_bits) / ports.instructions


def curves_in(block: Block, target: CpuTarget) -> list[tuple[str, float]]:
    """The names and instructions of the costly functions in a body."""
    return [(CURVES[type(op)], of_op(op, target)) for op in block.ops if type(op) in CURVES]
