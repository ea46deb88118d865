"""What a body computes from a single byte becomes a table of 256 bytes, filled in by the reference.

Files that quantise the operand and the result of an activation bracket it so. Nothing is approximated: a byte has only
256 values, and the table holds what the ops say for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i8
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import to_numpy, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.sparse import LayerNorm, Map, MatMul
from sparsec.reference import scope_for
from sparsec.transforms.bodies import replace, simplify
from sparsec.transforms.straight_line import function_blocks
from sparsec.weights import Array, WeightStore

COST: Mapping[type[Operation], int] = {
    Constant: 0,
    ew.Dequantize: 3,
    ew.Quantize: 5,
    ew.Round: 6,
    ew.Floor: 8,
    ew.Ceil: 8,
    ew.Div: 6,
    ew.Reciprocal: 6,
    ew.Sqrt: 6,
    ew.Exp: 18,
    ew.Log: 30,
    ew.Pow: 50,
    ew.Sin: 30,
    ew.Cos: 30,
    ew.Erf: 28,
    ew.Tanh: 26,
    ew.Sigmoid: 24,
    ew.Gelu: 24,
    ew.GeluTanh: 24,
    ew.Lookup: 6,
}
"""About how many instructions an op takes for a vector of elements; 1 for those that are not listed."""

LOOKUP_PAYS_FROM = 10
"""What the ops that a table replaces must cost: more than `quantize(relu(dequantize(q)))`, which a CPU without byte
shuffles does faster than a lookup."""


@dataclass(frozen=True)
class TabulateBytes(ModulePass):
    """`quantize(gelu(dequantize(q, 0.1, 3)), 0.05, 10)` -> `nn.lookup(q, table)`, in the bodies of all ops."""

    name = "tabulate-bytes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in block.ops:
                if isinstance(inner, MatMul | LayerNorm | Map | Attention):
                    for body in inner.regions:
                        if _tabulate(body.block, weights):
                            simplify(body)


@dataclass(frozen=True)
class _Lookup:
    """One lookup, decided: `result` is a function of the byte `source` alone, made by `ops` in this order."""

    source: SSAValue
    result: SSAValue
    ops: tuple[Operation, ...]


def _tabulate(body: Block, weights: WeightStore) -> bool:
    """Replace what is worth it; whether anything was."""
    chosen = choose_lookups(body)
    for lookup in chosen:
        owner = lookup.result.owner
        assert isinstance(owner, Operation)
        builder = Builder.before(weights, owner)
        table = builder.table(_entries(lookup, weights))
        replace(owner, [builder.apply(ew.Lookup, lookup.source, table)])
    return bool(chosen)


def choose_lookups(body: Block) -> list[_Lookup]:
    """The bytes of a body to be looked up, the last ones first: those that are needed outside their region and whose
    table replaces work that nobody else needs."""
    sources = _sources(body)
    ops = [op for op in body.ops if not isinstance(op, Yield)]
    kept: set[Operation] = set()

    def is_candidate(value: SSAValue) -> bool:
        return _is_byte(value) and sources.get(value) not in (None, value)

    def keep(values: Iterable[SSAValue]) -> None:
        """What makes these values stays, back to bytes that may come from a table."""
        pending = list(values)
        while pending:
            value = pending.pop()
            wanted.add(value)
            if isinstance(op := value.owner, Operation) and op not in kept and not is_candidate(value):
                kept.add(op)
                pending.extend(op.operands)

    wanted: set[SSAValue] = set()
    last = body.last_op
    assert last is not None
    keep(last.operands)
    chosen: list[_Lookup] = []
    for op in reversed(ops):
        (result,) = op.results
        if result not in wanted or not is_candidate(result):
            continue
        source = sources[result]
        assert source is not None
        lookup = _Lookup(source, result, _slice(ops, source, result))
        if sum(cost_of(each) for each in lookup.ops if each not in kept) >= LOOKUP_PAYS_FROM:
            chosen.append(lookup)
            keep([source])
        else:
            kept.add(op)
            keep(op.operands)
    return chosen


def cost_of(op: Operation) -> int:
    """About how many instructions an op takes for a vector of elements."""
    return COST.get(type(op), 1)


def _is_byte(value: SSAValue) -> bool:
    return value.type in (ui8, i8)


def _sources(body: Block) -> dict[SSAValue, SSAValue | None]:
    """For each value the byte that it is a function of, and constants; None for the others.

    A byte that is a function of more is its own source.
    """
    sources: dict[SSAValue, SSAValue | None] = {}
    for argument in body.args:
        sources[argument] = argument if _is_byte(argument) else None
    for op in body.ops:
        varying = {sources[operand] for operand in op.operands if operand in sources}
        for result in op.results:
            if len(varying) == 1 and None not in varying:
                sources[result] = next(iter(varying))
            elif varying:
                sources[result] = result if _is_byte(result) else None
    return sources  # constants, and what follows from them alone, are not listed


def _slice(ops: Iterable[Operation], source: SSAValue, result: SSAValue) -> tuple[Operation, ...]:
    """The ops that make `result` of `source`, in order."""
    needed: set[Operation] = set()
    pending = [result]
    while pending:
        value = pending.pop()
        if value is not source and isinstance(op := value.owner, Operation) and op not in needed:
            needed.add(op)
            pending.extend(op.operands)
    return tuple(op for op in ops if op in needed)


def _entries(lookup: _Lookup, weights: WeightStore) -> Array:
    """The result for each of the 256 values of the source, by its bits."""
    scope = scope_for({}, weights)
    values: dict[SSAValue, Array] = {lookup.source: np.arange(256, dtype=np.uint8).view(to_numpy(lookup.source.type))}
    with np.errstate(all="ignore"):
        for op in lookup.ops:
            values.update(zip(op.results, scope.run(op, [values[operand] for operand in op.operands]), strict=True))
    return np.broadcast_to(values[lookup.result], (256,))
