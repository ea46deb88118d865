"""Integer products that the file spells out (MatMulInteger) become `sparse.matmul` of bytes; exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i32
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder, constant_value
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of, sizes_of, ui8
from sparsec.dialects.nn_products import Linear
from sparsec.dims import product
from sparsec.reference import evaluate_op
from sparsec.transforms.bodies import replace, scalar_constant
from sparsec.transforms.straight_line import erase_dead, function_blocks
from sparsec.transforms.weight_products import (
    as_tokens,
    centred_weight,
    constant_like,
    emit_product,
    same_everywhere,
    sums_of_rows,
)
from sparsec.weights import Array, WeightStore


@dataclass(frozen=True)
class LegaliseIntegerProducts(ModulePass):
    """`linear(cast(q) - z, w : i32)` -> `sparse.matmul(q, w : i8) { acc - z * rowsum(w) }`, even if z is computed."""

    name = "legalise-integer-products"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in list(block.ops):
                if isinstance(inner, Linear) and element_of(inner.x.type) == i32:
                    _legalise(inner, weights)
            erase_dead(block)


def _legalise(linear: Linear, weights: WeightStore) -> None:
    known = _constant_weight(linear.weight, weights)
    found = _centred_bytes(linear.x, weights)
    if known is None or found is None:
        return
    matrix, origin = known
    centred = centred_weight(matrix, np.zeros((), np.int64))
    if centred is None:
        return
    builder = Builder.before(weights, linear)
    sums, _ = sums_of_rows(centred)
    correction = same_everywhere(_wrapped(-found.constant * sums))
    zeros = [_scalar_operand(builder, zero) for zero in found.computed]

    def write(inner: Builder, accumulator: SSAValue, values: Sequence[SSAValue]) -> SSAValue:
        total = accumulator
        if correction.any():
            total, values = inner.apply(ew.Add, total, values[0]), values[1:]
        for zero in values[1:]:
            wrong = inner.apply(ew.Mul, inner.cast(zero, i32), values[0])
            total = inner.apply(ew.Sub, total, wrong)
        return total

    values = [correction] if correction.any() else []
    computed = [same_everywhere(_wrapped(sums)), *zeros] if zeros else []
    weight = constant_like(centred, origin, builder)
    result = emit_product(builder, as_tokens(found.value, builder), weight, [*values, *computed], write)
    replace(linear, [builder.reshape(result, sizes_of(linear.result.type))])


def _constant_weight(value: SSAValue, weights: WeightStore) -> tuple[Array, SSAValue] | None:
    """The numbers of an elementwise function of constants, such as `cast(w) - zero`, and the constant w itself."""
    array = constant_value(value, weights)
    if array is not None:
        return array, value
    if not isinstance(value.owner, ew.ElementwiseOp):
        return None
    known = [_constant_weight(operand, weights) for operand in value.owner.operands]
    operands = [each for each in known if each is not None]
    if len(operands) < len(known):
        return None
    (array,) = evaluate_op(value.owner, [each for each, _ in operands], weights=weights)
    return array, max(operands, key=lambda each: each[0].size)[1]


@dataclass(frozen=True)
class _CentredBytes:
    """`cast(value : ui8) - constant - computed[0] - ...`, the last ones scalars that arrive at run time."""

    value: SSAValue
    constant: int
    computed: tuple[SSAValue, ...]


def _centred_bytes(x: SSAValue, weights: WeightStore) -> _CentredBytes | None:
    """What a tensor of integers is made of, if it is bytes minus scalars."""
    constant = 0
    computed: list[SSAValue] = []
    while isinstance(x.owner, ew.Sub) and product(sizes_of(x.owner.rhs.type)) == 1:
        number = scalar_constant(x.owner.rhs, weights)
        if number is not None:
            constant += number.item()
        else:
            computed.append(_before_cast(x.owner.rhs))
        x = x.owner.lhs
    if not isinstance(x.owner, ew.Cast) or element_of(x.owner.operand.type) != ui8:
        return None
    return _CentredBytes(x.owner.operand, constant, tuple(computed))


def _before_cast(value: SSAValue) -> SSAValue:
    """The byte behind `cast(byte) : i32`, so that no op of its own is needed for one number."""
    owner = value.owner
    return owner.operand if isinstance(owner, ew.Cast) and element_of(owner.operand.type) == ui8 else value


def _scalar_operand(builder: Builder, value: SSAValue) -> SSAValue:
    return builder.reshape(value, ())


def _wrapped(values: Array) -> Array:
    """int64 to int32, wrapping like the accumulators do."""
    return values.astype(np.int32)
