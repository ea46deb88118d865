"""Which ops of a function can work on some tokens only, because nobody looks at what they compute for the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects.builtin import i1
from xdsl.dialects.func import ReturnOp
from xdsl.ir import Block, Operation, SSAValue, Use

from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.body import yielded
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import LayerNorm, Map, MatMul
from sparsec.dialects.tensor_op import integers
from sparsec.dims import Size
from sparsec.transforms.hidden_keys import Mask, known_values, masks_of
from sparsec.weights import WeightStore

Lead = tuple[Size, Size]
"""Batch and sequence, the first two sizes of an activation."""


@dataclass(frozen=True)
class Factor:
    """What tells which tokens a sum leaves out, `[batch, sequence, ...]`, and its number for those."""

    value: SSAValue
    drops: int


@dataclass
class TokenRegion:
    """The ops that work on kept tokens, and what decides which tokens are kept.

    Attributes:
        lead: the sizes of the two axes that become one.
        ops: in order; their results are read by each other, or as `find_region` says.
        readers: attentions of other queries that read keys or values from `ops`.
        masks: of each attention in both; keys that they hide need not be kept.
        factors: by which results are multiplied, or replaced by 0, before they are summed over all tokens; where they
            do not say so, tokens must be kept.
    """

    lead: Lead
    ops: list[Operation] = field(default_factory=list[Operation])
    readers: list[Attention] = field(default_factory=list[Attention])
    masks: list[tuple[Mask, ...]] = field(default_factory=list[tuple[Mask, ...]])
    factors: list[Factor] = field(default_factory=list[Factor])


def find_region(block: Block, weights: WeightStore, *, outputs_too: bool) -> TokenRegion | None:
    """The region of a function; None if there is no attention in it.

    Every result of it is read only

    * by other ops of the region, token for token, or as queries, keys and values under masks that hide keys,
    * as keys and values of attention outside, under such masks,
    * at the first token of each sequence,
    * where it is multiplied with 0, or replaced by it, for tokens that are not kept, and then summed up,
    * with `outputs_too`, as an output of the model.

    Whatever else reads an activation needs all of its tokens, for example a scale that is found while the model runs;
    and then so does all that it is computed from.
    """
    attentions = {op: masks for op in block.ops if isinstance(op, Attention) and (masks := masks_of(op, weights))}
    first = next(iter(attentions), None)
    if first is None or len(sizes_of(first.k.type)) != 3:
        return None
    lead = sizes_of(first.k.type)[:2]
    found = _Finder((lead[0], lead[1]), attentions, weights, outputs_too)
    return found.find(block)


@dataclass
class _Finder:
    lead: Lead
    attentions: Mapping[Attention, list[Mask]]
    weights: WeightStore
    outputs_too: bool
    inside: set[Operation] = field(default_factory=set[Operation])
    factors: list[Factor] = field(default_factory=list[Factor])

    def find(self, block: Block) -> TokenRegion | None:
        for op in block.ops:
            if self._works_on_tokens(op):
                self.inside.add(op)
        for op in reversed(list(block.ops)):
            if op in self.inside and any(not self._is_harmless(use.operation, value) for value, use in _uses(op)):
                self.inside.remove(op)
        kept = [op for op in block.ops if op in self.inside]
        readers = [
            op
            for op in self.attentions
            if op not in self.inside
            and any(value.owner in self.inside and self._reads_keys(op, value) for value in (op.k, op.v))
        ]
        within = [op for op in kept if isinstance(op, Attention)]
        masks = [tuple(self.attentions[op]) for op in (*within, *readers)]
        if not masks:
            return None
        return TokenRegion(self.lead, kept, readers, list(dict.fromkeys(masks)), list(dict.fromkeys(self.factors)))

    def _works_on_tokens(self, op: Operation) -> bool:
        """Whether each token of the results follows from the same token of some operands, or from keys under masks."""
        if not op.results or any(sizes_of(result.type)[:2] != self.lead for result in op.results):
            return False
        match op:
            case Attention():
                fits = all(sizes_of(value.type)[:2] == self.lead for value in (op.q, op.k, op.v))
                return fits and op in self.attentions
            case MatMul():
                return sizes_of(op.x.type)[:2] == self.lead and len(sizes_of(op.x.type)) > 2
            case rd.LayerNorm() | LayerNorm():
                return len(sizes_of(op.operands[0].type)) > 2
            case st.Gather():
                return op.axis.value.data == 0 and sizes_of(op.indices.type) == self.lead
            case Map():
                return self._has_token_operand(op.inputs)
            case st.Reshape():
                return self._has_token_operand([op.operand]) and sizes_of(op.operand.type)[:2] == self.lead
            case st.Slice():
                whole = op.start_sizes[:2] == (0, 0) and integers(op.steps)[:2] == (1, 1)
                return whole and self._has_token_operand([op.operand])
            case _:
                return False

    def _has_token_operand(self, operands: Iterable[SSAValue]) -> bool:
        return any(value.owner in self.inside for value in operands)

    def _is_harmless(self, reader: Operation, value: SSAValue) -> bool:
        """Whether `reader` needs nothing of the tokens of `value` that are not kept."""
        if reader in self.inside:
            same_rank = isinstance(reader, st.Reshape | st.Gather) or rank_of(value) == rank_of(reader.results[0])
            return same_rank and value in token_operands(reader) and value not in _other_operands(reader)
        if isinstance(reader, ReturnOp):
            return self.outputs_too
        if takes_first_token(reader) or (isinstance(reader, Attention) and self._reads_keys(reader, value)):
            return True
        factor = self._factor_of(reader, value) if isinstance(reader, Map) else None
        if factor is not None:
            self.factors.append(factor)
        return factor is not None

    def _reads_keys(self, op: Attention, value: SSAValue) -> bool:
        """Whether an attention of other tokens reads `value` as nothing but keys or values, of the same sequences.

        Where all tokens ask, little would be gained: what they are computed from is needed of all tokens, too.
        """
        q, *shapes = (sizes_of(operand.type) for operand in (op.q, op.k, op.v))
        fits = q[0] == self.lead[0] and q[1] != self.lead[1] and all(shape[:2] == self.lead for shape in shapes)
        return op in self.attentions and fits and value not in (op.q, *op.extras)

    def _factor_of(self, op: Map, value: SSAValue) -> Factor | None:
        """The operand of a map that makes its results 0, whatever `value` is, where it is 0 itself, or a boolean."""
        if not all(isinstance(use.operation, rd.ReduceSum) for _, use in _uses(op)):
            return None  # a zero may be -0, which a sum does not tell from +0
        for factor, argument in zip(op.inputs, op.body.block.args, strict=True):
            element = element_of(factor.type)
            shape = sizes_of(factor.type)
            if factor is value or factor.owner in self.inside or shape[:2] != self.lead or set(shape[2:]) - {1}:
                continue
            if not rank_of(factor) == rank_of(value) == rank_of(op.results[0]):
                continue  # its axes are others than batch and sequence, whatever their sizes
            for drops in (0, 1) if element == i1 else (0,):
                known = known_values(op.body, {argument: np.asarray(drops, to_numpy(element))}, self.weights)
                results = [known.get(result) for result in yielded(op.body)]
                if all(result is not None and not result.any() for result in results):
                    return Factor(factor, drops)
        return None


def _uses(op: Operation) -> list[tuple[SSAValue, Use]]:
    return [(value, use) for value in op.results for use in value.uses]


def rank_of(value: SSAValue) -> int:
    """How many axes a value has."""
    return len(sizes_of(value.type))


def token_operands(op: Operation) -> Sequence[SSAValue]:
    """The operands of an op of a region that it reads token for token, if they have tokens at all."""
    match op:
        case Attention():
            return [op.q, op.k, op.v]
        case MatMul():
            return [op.x, *op.extras]
        case Map():
            return list(op.inputs)
        case st.Gather():
            return [op.indices]
        case _:
            return [op.operands[0]]


def _other_operands(op: Operation) -> Sequence[SSAValue]:
    match op:
        case Attention():
            return list(op.extras)
        case st.Gather():
            return [op.operand]
        case _:
            return []


def takes_first_token(op: Operation) -> bool:
    """Whether `op` is the slice of the first token of each sequence, with all its channels."""
    if not isinstance(op, st.Slice):
        return False
    given, taken = sizes_of(op.operand.type), sizes_of(op.result.type)
    whole = len(given) > 2 and (taken[0], *taken[2:]) == (given[0], *given[2:])
    return whole and taken[1] == 1 and set(op.start_sizes) == {0}
