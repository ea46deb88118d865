"""Which operands of an attention hide keys: a hidden key's weight is exactly 0, so its token changes nothing.

A key is hidden from a query where a number of at most `hidden` is added to its score, or takes its place. If the same
query sees another key, one to which nothing below `seen` is added, the difference of their scores is below -100, where
the softmax's exponential is exactly +0 (from `EXP_LOWEST` on); added to partial sums in any order, that changes no bit.
What a body makes of the weight 0 must be 0, too (the zero point, if it quantises).

Masks of -1e38 and the like hide keys under any score, if scores without masks are finite and smaller than 1e29: a model
that exceeds this has long overflowed. Masks of -10000 hide keys where scores are quantised, or made of quantised
operands, and so known to be small enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from xdsl.dialects.builtin import f32, i1, i32
from xdsl.ir import BlockArgument, Region, SSAValue

from sparsec.builder import constant_value
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield, yielded
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_structure import Constant
from sparsec.dims import is_number
from sparsec.reference import evaluate_op
from sparsec.transforms.bound_quantisations import Interval, follow_intervals, know
from sparsec.weights import Array, WeightStore

HIDDEN, SEEN = -1e30, -1e29
"""What hides a key, and what leaves it seen, under any score."""

CLEAR = -100.0
"""A difference of scores at which the smaller one has no weight, with room for rounding."""


@dataclass(frozen=True)
class Mask:
    """An operand that hides keys.

    Attributes:
        value: broadcasts to `[batch, heads, queries, keys]`.
        hides: the boolean that hides a key; None for numbers that are added to scores.
        hidden, seen: up to which and from which number on that is so.
    """

    value: SSAValue
    hides: bool | None = None
    hidden: float = HIDDEN
    seen: float = SEEN


def masks_of(op: Attention, weights: WeightStore) -> list[Mask]:
    """The operands that can hide keys in this attention; none if something about it is not understood."""
    if not _keeps_zero(op, weights):
        return []
    (score,) = yielded(op.score)
    found: list[Mask] = []
    for extra, argument in zip(op.extras, op.score.block.args[1:], strict=True):
        if argument.first_use is None or is_number(sizes_of(extra.type)):
            continue  # a number alone, such as a scale, hides no key in particular
        if argument.type == f32 and argument in _terms(score) and len(list(argument.uses)) == 1:
            found.append(Mask(extra))
            continue
        senses = [sense for sense in (False, True) if _is_hidden(op.score, argument, sense, weights)]
        if argument.type != i1 or len(senses) != 1:
            return []
        found.append(Mask(extra, senses[0]))
    bound = _score_bound(op, found, weights)
    return found if bound is None else [replace(found[0], hidden=2 * (CLEAR / 2 - bound), seen=0.0)]


def _score_bound(op: Attention, masks: Sequence[Mask], weights: WeightStore) -> float | None:
    """The largest absolute value of a score without the one number that masks it; None if that is not known."""
    if len(masks) != 1 or masks[0].hides is not None:
        return None
    known: dict[SSAValue, Interval] = {}
    arguments, channels = op.score.block.args, sizes_of(op.q.type)[-1]
    if arguments[0].type == i32 and isinstance(channels, int):
        most = np.asarray(255.0 * 255.0 * channels / op.heads.value.data)
        if (sums := Interval(-most, most).stored(i32)) is not None:
            known[arguments[0]] = sums
    for argument, array in _constant_arguments(op, op.score, weights):
        know(known, argument, array)
    follow_intervals(op.score, known, weights)
    mask = next(argument for extra, argument in zip(op.extras, arguments[1:], strict=True) if extra is masks[0].value)
    others = [term for term in _terms(yielded(op.score)[0]) if term is not mask]
    if not all(term in known for term in others):
        return None
    return sum(known[term].magnitude for term in others)


def _keeps_zero(op: Attention, weights: WeightStore) -> bool:
    """Whether a key of weight 0 adds nothing to the result."""
    known = {argument: array for argument, array in _constant_arguments(op, op.weight, weights)}
    known[op.weight.block.args[0]] = np.zeros((), np.float32)
    weight = known_values(op.weight, known, weights).get(yielded(op.weight)[0])
    return weight is not None and bool((weight == op.zero("w")).all())


def _constant_arguments(op: Attention, body: Region, weights: WeightStore) -> Sequence[tuple[SSAValue, Array]]:
    pairs = zip(body.block.args[1:], op.extras, strict=True)
    arrays = ((argument, constant_value(extra, weights)) for argument, extra in pairs)
    return [(argument, array.reshape(())) for argument, array in arrays if array is not None and array.size == 1]


def _terms(value: SSAValue) -> list[SSAValue]:
    """What is added up to make a value."""
    if isinstance(value.owner, ew.Add):
        return [*_terms(value.owner.lhs), *_terms(value.owner.rhs)]
    return [value]


def _is_hidden(score: Region, argument: BlockArgument, sense: bool, weights: WeightStore) -> bool:
    """Whether a score is far below all others where a boolean argument has this value."""
    if argument.type != i1:
        return False
    known = known_values(score, {argument: np.asarray(sense)}, weights)
    terms = (known.get(term) for term in _terms(yielded(score)[0]))
    return any(term is not None and bool((term <= HIDDEN).all()) for term in terms)


def known_values(body: Region, given: Mapping[SSAValue, Array], weights: WeightStore) -> dict[SSAValue, Array]:
    """What the values in a body are when some of its arguments are `given`, as far as the others do not matter.

    The others are taken to be finite: a product with 0 is 0, of either sign.
    """
    known = dict(given)
    for op in body.block.ops:
        if isinstance(op, Yield):
            break
        operands = [known.get(operand) for operand in op.operands]
        match op:
            case Constant():
                array = constant_value(op.result, weights)
                if array is not None:
                    known[op.result] = array
            case ew.Where() if operands[0] is not None and operands[0].size == 1:
                chosen = operands[1 if operands[0].all() else 2]
                if chosen is not None:
                    known[op.result] = chosen
            case ew.Mul() | ew.And() if any(operand is not None and not operand.any() for operand in operands):
                known[op.result] = np.zeros((), to_numpy(element_of(op.result.type)))
            case _:
                arrays = [operand for operand in operands if operand is not None]
                if len(arrays) == len(operands):
                    known.update(zip(op.results, evaluate_op(op, arrays, weights=weights), strict=True))
    return known
