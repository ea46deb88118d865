"""MatMulInteger with a constant weight becomes a product of bytes, exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects.encoding import element_of, i16, tensor, ui8
from sparsec.dialects.sparse import MatMul
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.transforms.legalise_integer_products import LegaliseIntegerProducts
from sparsec.transforms.unsigned_activations import UnsignedActivations
from sparsec.weights import WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES
from tests.transforms.passes import count, require_same, run_passes

Write = Callable[[Builder, SSAValue, SSAValue], SSAValue]


def weight_of(b: Builder, dtype: type = np.int32, bound: int = 128) -> SSAValue:
    """Random integers `[6, 8]`."""
    return b.constant(np.random.default_rng(1).integers(-bound, bound, (6, 8)).astype(dtype))


def minus(b: Builder, x: SSAValue, zero: SSAValue) -> SSAValue:
    """`cast(x) - cast(zero)`, as MatMulInteger is read."""
    return b.apply(ew.Sub, b.cast(x, i32), b.cast(zero, i32))


def signed(b: Builder, x: SSAValue) -> SSAValue:
    """Signed bytes of the activation."""
    return b.quantize(x, b.constant(np.float32(0.1)), b.constant(np.int8(3)))


def dynamic(b: Builder, x: SSAValue, q: SSAValue) -> SSAValue:
    """DynamicQuantizeLinear before MatMulInteger."""
    narrow, _, zero = b.dynamic_quantize(x)
    return b.linear(minus(b, narrow, zero), weight_of(b))


GRAPHS: dict[str, Write] = {
    "no zero point": lambda b, x, q: b.linear(b.cast(q, i32), weight_of(b)),
    "constant zero point": lambda b, x, q: b.linear(minus(b, q, b.constant(np.uint8(7))), weight_of(b)),
    "zero point that is computed": dynamic,
    "signed activation": lambda b, x, q: b.linear(minus(b, signed(b, x), b.constant(np.int8(3))), weight_of(b)),
    "weight cast from bytes": lambda b, x, q: b.linear(b.cast(q, i32), b.cast(weight_of(b, np.int8), i32)),
    "weight minus a zero point": lambda b, x, q: b.linear(
        b.cast(q, i32), minus(b, weight_of(b, np.int8), b.constant(np.int8(5)))
    ),
    "a single vector": lambda b, x, q: b.linear(b.cast(b.slice(q, [0, 0, 0], [1, 1, 8], [1, 1, 1]), i32), weight_of(b)),
}


def module_of(write: Write):
    """A module with inputs x f32 and q ui8, both `[batch, sequence, 8]`."""
    weights = WeightStore()
    shape = [BATCH, SEQUENCE, 8]
    b, values, finish = begin_module(weights, [("x", tensor(f32, shape)), ("q", tensor(ui8, shape))])
    return finish([("y", write(b, values["x"], values["q"]))]), weights


@pytest.mark.parametrize("name", GRAPHS)
def test_integer_products_multiply_bytes(name: str) -> None:
    module, weights = module_of(GRAPHS[name])
    after = run_passes(module, weights, UnsignedActivations(), LegaliseIntegerProducts())
    (product,) = (op for op in after.walk() if isinstance(op, MatMul))
    assert element_of(product.x.type) == ui8
    assert count(after, pr.Linear) == 0
    require_same(module, after, weights, SIZES)


def test_weights_of_nine_bits_take_16() -> None:
    module, weights = module_of(lambda b, x, q: b.linear(b.cast(q, i32), weight_of(b, np.int32, 250)))
    after = run_passes(module, weights, LegaliseIntegerProducts())
    (product,) = (op for op in after.walk() if isinstance(op, MatMul))
    assert element_of(product.weight.type) == i16
    require_same(module, after, weights, SIZES)


@pytest.mark.parametrize(
    "write",
    [
        lambda b, x, q: b.linear(b.cast(q, i32), weight_of(b, np.int32, 1000)),
        lambda b, x, q: b.linear(b.cast(x, i32), weight_of(b)),
    ],
    ids=["weights too large", "activations are no bytes"],
)
def test_what_no_byte_kernel_can_hold_becomes_a_plain_product(write: Write) -> None:
    module, weights = module_of(write)
    after = run_passes(module, weights, LegaliseIntegerProducts(), FormSparseMatmuls())
    assert count(after, MatMul) == 0 and count(after, pr.MatMul) == 1 and count(after, pr.Linear) == 0
    require_same(module, after, weights, SIZES)
