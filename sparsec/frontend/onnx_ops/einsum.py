"""Einsum of one or two operands: sums, one matrix product, moves of axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from sparsec.dialects import nn_reductions as rd
from sparsec.dims import Size, product
from sparsec.errors import ModelError
from sparsec.frontend.onnx_call import Call, Translate, dtype_of_value
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.movement import transposed
from sparsec.frontend.onnx_ops.products import is_weight, multiplied
from sparsec.frontend.onnx_ops.shapes import reshaped
from sparsec.frontend.onnx_values import Known, Value, shape_of

_ELLIPSIS, _ANY = "...", "0123456789"
"""The axes that an ellipsis stands for have digits as letters, the last one 9."""


@dataclass(frozen=True)
class _Operand:
    """A value with a letter for each of its axes."""

    value: Value
    letters: str

    def in_order(self, call: Call, letters: str) -> Value:
        """With its axes in another order."""
        return transposed(call, self.value, [self.letters.index(letter) for letter in letters])


def _einsum(call: Call) -> Value:
    operands, wanted = _read(call)
    sizes: dict[str, Size] = {}
    for operand in operands:
        for letter, size in zip(operand.letters, shape_of(operand.value), strict=True):
            known = sizes.setdefault(letter, size)
            if letter in _ANY and known != size and 1 in (known, size):
                raise Unsupported(f"an axis of `...` has {known} and {size} elements; expand the one before")
            name = _ELLIPSIS if letter in _ANY else letter
            call.emitter.require_equal(known, size, f"the sizes of axes `{name}`")
    first, *others = operands
    if not others:
        return _summed(call, first, wanted).in_order(call, wanted)
    (second,) = others
    if _is_weight(first) and not _is_weight(second):
        first, second = second, first  # what is multiplied by a constant on its right is a linear
    first = _summed(call, first, second.letters + wanted)
    second = _summed(call, second, first.letters + wanted)
    return _multiplied(call, first, second, wanted, sizes).in_order(call, wanted)


def _read(call: Call) -> tuple[list[_Operand], str]:
    """The operands with their letters, and the letters of the result."""
    equation = call.text("equation").replace(" ", "")
    given, arrow, wanted = equation.partition("->")
    terms, values = given.split(","), call.inputs()
    if len(terms) != len(values):
        raise ModelError(f'{call.node.title}: "{equation}" has {len(terms)} terms for {len(values)} operands')
    if len(values) > 2:
        raise Unsupported(f'"{equation}" has {len(values)} operands; write it as products of two')
    operands = [_operand(call, term, value) for term, value in zip(terms, values, strict=True)]
    count = Counter("".join(operand.letters for operand in operands))
    spread = "".join(sorted(letter for letter in count if letter in _ANY))
    if not arrow:
        wanted = spread + "".join(sorted(letter for letter in count if count[letter] == 1 and letter not in _ANY))
    wanted = wanted.replace(_ELLIPSIS, spread)
    if len(set(wanted)) < len(wanted) or not set(wanted) <= set(count):
        raise ModelError(f'{call.node.title}: "{equation}" has a result with letters that no operand has, or twice')
    return operands, wanted


def _operand(call: Call, term: str, value: Value) -> _Operand:
    rank, written = len(shape_of(value)), term.replace(_ELLIPSIS, "")
    letters = term.replace(_ELLIPSIS, _ANY[len(_ANY) - max(rank - len(written), 0) :])
    if len(letters) != rank or (written and not written.isalpha()):
        raise ModelError(f'{call.node.title}: "{term}" does not name the {rank} axes of an operand')
    if len(set(letters)) < rank:
        raise Unsupported(f'"{term}" takes a diagonal, which is not supported; gather it')
    if (dtype := dtype_of_value(value).name) != "float32":
        raise Unsupported(f"it takes {dtype}; cast to float32 first")
    return _Operand(value, letters)


def _is_weight(operand: _Operand) -> bool:
    return isinstance(operand.value, Known) or (isinstance(operand.value, SSAValue) and is_weight(operand.value))


def _summed(call: Call, operand: _Operand, kept: str) -> _Operand:
    """Without the axes that nobody else has."""
    axes = [axis for axis, letter in enumerate(operand.letters) if letter not in kept]
    if not axes:
        return operand
    total = call.build.reduce(rd.ReduceSum, call.emitter.materialise(operand.value), axes)
    return _Operand(total, "".join(letter for letter in operand.letters if letter in kept))


def _multiplied(call: Call, lhs: _Operand, rhs: _Operand, wanted: str, sizes: dict[str, Size]) -> _Operand:
    """One matrix product: of matrices for each of the letters that both operands and the result have."""
    both = [letter for letter in lhs.letters if letter in rhs.letters]
    batch = "".join(letter for letter in both if letter in wanted)
    inner = "".join(letter for letter in both if letter not in wanted)
    rows = "".join(letter for letter in lhs.letters if letter not in rhs.letters)
    columns = "".join(letter for letter in rhs.letters if letter not in lhs.letters)

    def shaped(operand: _Operand, *groups: str) -> Value:
        """One axis for each letter of the first group and for each of the others as a whole."""
        apart, *whole = groups
        shape = [*_sizes(apart, sizes), *(product(_sizes(group, sizes)) for group in whole)]
        return reshaped(call, operand.in_order(call, "".join(groups)), shape)

    left = shaped(lhs, batch, rows, inner) if batch else shaped(lhs, rows, inner)  # a weight has no batches
    right = shaped(rhs, batch, inner, columns)
    result = multiplied(call, call.emitter.materialise(left), call.emitter.materialise(right))
    letters = batch + rows + columns
    return _Operand(reshaped(call, result, _sizes(letters, sizes)), letters)


def _sizes(letters: str, sizes: dict[str, Size]) -> Sequence[Size]:
    return [sizes[letter] for letter in letters]


EINSUM: dict[str, Translate] = {"Einsum": _einsum}
