"""The builder: constants come back as they went in, types are inferred, mistakes name their source."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import f32, i32, i64

from sparsec.builder import INLINE_LIMIT, Builder, begin_module, constant_value
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of, tensor
from sparsec.dialects.nn_reductions import ReduceSum
from sparsec.dialects.nn_structure import Constant
from sparsec.dims import Dim
from sparsec.errors import ShapeError
from sparsec.weights import WeightStore

BATCH = Dim.symbol("batch")
DTYPES = (np.float32, np.int8, np.uint8, np.int32, np.int64, np.bool_)


def builder() -> Builder:
    return begin_module(WeightStore(), [])[0]


@given(st.sampled_from(DTYPES), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_constants_come_back_bit_for_bit(dtype: type, count: int, seed: int) -> None:
    raw = np.random.default_rng(seed).integers(0, 256, count * np.dtype(dtype).itemsize, np.uint8)
    array = raw.view(dtype) if dtype is not np.bool_ else raw > 127
    b = builder()
    found = constant_value(b.constant(array), b.weights)
    assert found is not None and found.dtype == dtype
    assert found.tobytes() == array.tobytes()


def test_only_small_finite_constants_stand_in_the_ir() -> None:
    b = builder()
    for array, inline in (
        (np.zeros(INLINE_LIMIT, np.float32), True),
        (np.zeros(INLINE_LIMIT + 1, np.float32), False),
        (np.array([np.inf], np.float32), False),
        (np.zeros(0, np.float32), False),
    ):
        op = b.constant(array).owner
        assert isinstance(op, Constant)
        assert (op.value is not None) == inline


def test_a_computed_value_is_no_constant() -> None:
    b, inputs, _ = begin_module(WeightStore(), [("x", tensor(f32, [BATCH, 4]))])
    assert constant_value(b.apply(ew.Tanh, inputs["x"]), b.weights) is None


def test_types_are_inferred_with_symbols() -> None:
    b, inputs, finish = begin_module(WeightStore(), [("x", tensor(f32, [BATCH, 4])), ("ids", tensor(i64, [BATCH]))])
    x = inputs["x"]
    assert sizes_of(b.reduce(ReduceSum, x, [1], keepdims=True).type) == (BATCH, 1)
    assert sizes_of(b.concat([x, x], 0).type) == (2 * BATCH, 4)
    assert b.cast(x, i32).type == tensor(i32, [BATCH, 4])
    assert b.reshape(x, [BATCH, 4]) is x
    finish([("y", x)]).verify()


def test_mistakes_name_their_source() -> None:
    b, inputs, _ = begin_module(WeightStore(), [("x", tensor(f32, [BATCH, 4]))])
    b.source = "/encoder/MatMul"
    with pytest.raises(ShapeError, match=r"/encoder/MatMul: nn.linear of \[batch, 4\] with a weight \[2, 3\]"):
        b.linear(inputs["x"], b.constant(np.zeros((2, 3), np.float32)))
    with pytest.raises(ShapeError, match=r"cannot reshape \[batch, 4\] \(4\*batch elements\) to \[3\] \(3 elements\)"):
        b.reshape(inputs["x"], [3])


@pytest.mark.parametrize(("start", "step"), [(0, -(2**63)), (2**32, 1), (BATCH * 2**32, 1)])
def test_a_slice_ends_where_64_bits_can_tell(start: int | Dim, step: int) -> None:
    """A program had found (batch - 1) * -2**63 to be 0, and read there."""
    b, values, _ = begin_module(WeightStore(), [("x", tensor(f32, [BATCH]))])
    with pytest.raises(ShapeError, match="beyond any axis"):
        b.slice(values["x"], [start], [BATCH - 1], [step])
