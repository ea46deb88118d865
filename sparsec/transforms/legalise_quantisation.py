"""Products of dequantised tensors become integer products with a multiplier: what the file means, done in bytes.

This is the one pass that may change a result: `sum((q - z) * s * (w - y) * t)` in floats becomes
`sum((q - z) * (w - y)) * (s * t)`, and a quantisation that follows directly folds its scale into the multiplier. After
requantisation at most one value in a thousand differs, by one quantum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32, i8, i32
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder, constant_value
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of, sizes_of, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_products import Linear
from sparsec.dialects.nn_structure import Constant
from sparsec.reference import evaluate_op
from sparsec.transforms.bodies import replace
from sparsec.transforms.quantised_attention import legalise_attention
from sparsec.transforms.quantised_values import Quantised, combined, dequantised, parameters_of
from sparsec.transforms.straight_line import erase_dead, function_blocks, only_user
from sparsec.transforms.weight_products import (
    as_tokens,
    centred_weight,
    constant_like,
    emit_product,
    fits_accumulator,
    same_everywhere,
    sums_of_rows,
)
from sparsec.weights import Array, WeightStore


@dataclass(frozen=True)
class LegaliseQuantisation(ModulePass):
    """`linear(dequantize(q), dequantize(w))` -> `sparse.matmul(q, w) { cast(acc + c) * m }`, and attention alike.

    What cannot be multiplied in bytes stays a float product; constants that are still dequantised then are folded.
    """

    name = "legalise-quantisation"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for inner in list(block.ops):
                if isinstance(inner, Linear):
                    _legalise_linear(inner, weights)
                elif isinstance(inner, Attention):
                    legalise_attention(inner, weights)
            erase_dead(block)
            for inner in list(block.ops):
                if isinstance(inner, ew.Dequantize):
                    _fold_constant(inner, weights)
            erase_dead(block)


@dataclass(frozen=True, eq=False)
class _Plan:
    """One quantised product, decided: what to multiply, and what comes after.

    Attributes:
        replaced: the value that the new op computes: the product, or the product with its bias added.
        centred: the weight without its zero point.
        correction: int32 added to the accumulator: the bias, and what the zero point of x contributes.
        multiplier: float32 scale of the accumulator.
    """

    x: Quantised
    weight: Quantised
    replaced: SSAValue
    centred: Array
    correction: Array
    multiplier: Array


def _legalise_linear(linear: Linear, weights: WeightStore) -> None:
    """`linear(dequantize(q, s, z), dequantize(w, t, y)) [+ dequantize(b, s * t, 0)]` -> `sparse.matmul(q, w - y)`.

    The body is `cast(acc + b - z * rowsum(w - y)) * (s * t)`, or when a `quantize(., r, v)` alone follows,
    `quantize(cast(acc + ...) * (s * t * (1 / r)), 1, v)`.
    """
    plan = _plan(linear, weights)
    if plan is None:
        return
    owner = plan.replaced.owner
    follower = only_user(plan.replaced)
    multiplier, requantise = plan.multiplier, None
    if isinstance(follower, ew.Quantize) and (parameters := parameters_of(follower, weights)) is not None:
        scale, zero, axis = parameters
        finer = combined(plan.multiplier, np.float32(1) / np.float32(scale))
        if axis is None and element_of(follower.result.type) == ui8 and finer is not None:
            multiplier, requantise, owner = finer, int(zero), follower
    builder = Builder.before(weights, linear)
    weight = constant_like(plan.centred, plan.weight.value, builder)
    correction, multiplier = same_everywhere(plan.correction), same_everywhere(multiplier)

    def write(inner: Builder, accumulator: SSAValue, values: Sequence[SSAValue]) -> SSAValue:
        total = inner.apply(ew.Add, accumulator, values[0]) if correction.any() else accumulator
        scaled = inner.apply(ew.Mul, inner.cast(total, f32), values[-1])
        if requantise is None:
            return scaled
        return inner.quantize(scaled, inner.scalar(1.0, f32), inner.scalar(requantise, ui8))

    values = [correction, multiplier] if correction.any() else [multiplier]
    assert isinstance(owner, Operation)
    x = as_tokens(plan.x.value, builder)
    product = emit_product(builder, x, weight, values, write)
    replace(owner, [builder.reshape(product, sizes_of(owner.results[0].type))])


def _plan(linear: Linear, weights: WeightStore) -> _Plan | None:
    """Decide whether and how a linear is done in bytes; None when its operands do not allow it."""
    x, weight = dequantised(linear.x, weights), dequantised(linear.weight, weights)
    if x is None or weight is None or x.axis is not None or element_of(x.value.type) != ui8:
        return None
    if weight.axis not in (None, 0):
        return None
    matrix = constant_value(weight.value, weights)
    if matrix is None or element_of(weight.value.type) not in (i8, ui8):
        return None
    centred = centred_weight(matrix, weight.zero)
    if centred is None:
        return None
    multiplier = combined(x.step, weight.scale)
    if multiplier is None:
        return None
    correction = -x.zero * sums_of_rows(centred)[0]
    replaced: SSAValue = linear.result
    biased = _integer_bias(linear, multiplier, weights)
    if biased is not None and fits_accumulator(centred, correction + biased[1]):
        replaced, correction = biased[0], correction + biased[1]
    if not fits_accumulator(centred, correction):
        return None
    return _Plan(x, weight, replaced, centred, correction.astype(np.int32), np.asarray(multiplier))


def _integer_bias(linear: Linear, multiplier: Array, weights: WeightStore) -> tuple[SSAValue, Array] | None:
    """The sum and the int64 bias[M] of `linear + dequantize(bias, multiplier, 0)`, if that is how linear is used."""
    add = only_user(linear.result)
    if not isinstance(add, ew.Add) or sizes_of(add.result.type) != sizes_of(linear.result.type):
        return None
    other = add.rhs if add.lhs is linear.result else add.lhs
    bias = dequantised(other, weights)
    if bias is None or other is linear.result or element_of(bias.value.type) != i32 or bias.zero.any():
        return None
    array = constant_value(bias.value, weights)
    if array is None or array.shape[-1:] != sizes_of(linear.weight.type)[:1] or array.size != array.shape[-1]:
        return None
    scales: list[Array] = [np.broadcast_to(scale, array.shape[-1:]) for scale in (bias.scale, multiplier)]
    if not np.array_equal(scales[0], scales[1]):
        return None
    return add.result, array.reshape(-1).astype(np.int64)


def _fold_constant(dequantize: ew.Dequantize, weights: WeightStore) -> None:
    """`dequantize(constant)` -> f32 constant."""
    arrays = [constant_value(operand, weights) for operand in dequantize.operands]
    if not isinstance(dequantize.operand.owner, Constant) or any(array is None for array in arrays):
        return
    (value,) = evaluate_op(dequantize, [array for array in arrays if array is not None], weights=weights)
    replace(dequantize, [constant_like(value, dequantize.operand, Builder.before(weights, dequantize))])
