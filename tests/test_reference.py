"""Reference meanings against onnx's own evaluator, numpy and exact arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator
from xdsl.dialects.builtin import f32, i32, i64

from sparsec.builder import begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import tensor, to_element
from sparsec.dims import Dim
from sparsec.errors import InputError
from sparsec.reference import MEANING, evaluate
from sparsec.reference_products import interleaved_sum, product
from sparsec.weights import WeightStore

RANDOM = np.random.default_rng(7)
F = RANDOM.normal(size=(2, 3, 4)).astype(np.float32)
G = RANDOM.normal(size=(3, 1)).astype(np.float32)
POSITIVE = np.abs(F) + np.float32(0.1)
INTEGERS = RANDOM.integers(-50, 50, size=(2, 3, 4)).astype(np.int64)
DIVISORS = np.array([[-7], [3], [2]], np.int64)
BITS = F > 0


def run(write: Any, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Build a module over inputs shaped like `arrays` and evaluate it."""
    weights = WeightStore()
    inputs = [(f"x{i}", tensor(to_element(array.dtype), array.shape)) for i, array in enumerate(arrays)]
    builder, values, finish = begin_module(weights, inputs)
    results = write(builder, *values.values())
    results = results if isinstance(results, tuple) else (results,)
    module = finish([(f"y{i}", result) for i, result in enumerate(results)])
    module.verify()
    outputs = evaluate(module, {f"x{i}": array for i, array in enumerate(arrays)}, weights)
    return tuple(outputs.values())


def onnx_result(op_type: str, arrays: Sequence[np.ndarray], opset: int = 20, **attributes: Any) -> Sequence[np.ndarray]:
    """What onnx's reference evaluator makes of one node."""
    names = [f"x{i}" for i in range(len(arrays))]
    node = helper.make_node(op_type, names, ["y"], **attributes)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
    output = onnx.ValueInfoProto(name="y")
    model = helper.make_model(
        helper.make_graph([node], "one", inputs, [output]), opset_imports=[helper.make_opsetid("", opset)]
    )
    return ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))


ELEMENTWISE: list[tuple[type[ew.ElementwiseOp], str, Sequence[np.ndarray]]] = [
    (ew.Neg, "Neg", [F]),
    (ew.Abs, "Abs", [INTEGERS]),
    (ew.Sign, "Sign", [F]),
    (ew.Not, "Not", [BITS]),
    (ew.Exp, "Exp", [F]),
    (ew.Log, "Log", [POSITIVE]),
    (ew.Sqrt, "Sqrt", [POSITIVE]),
    (ew.Reciprocal, "Reciprocal", [F]),
    (ew.Sin, "Sin", [F]),
    (ew.Cos, "Cos", [F]),
    (ew.Erf, "Erf", [F]),
    (ew.Tanh, "Tanh", [F]),
    (ew.Sigmoid, "Sigmoid", [F]),
    (ew.Relu, "Relu", [F]),
    (ew.Gelu, "Gelu", [F]),
    (ew.Floor, "Floor", [F * 5]),
    (ew.Ceil, "Ceil", [F * 5]),
    (ew.Round, "Round", [np.float32([0.5, 1.5, -0.5, 2.4])]),
    (ew.IsNaN, "IsNaN", [np.float32([1, np.nan, np.inf])]),
    (ew.Add, "Add", [F, G]),
    (ew.Sub, "Sub", [G, F]),
    (ew.Mul, "Mul", [F, G]),
    (ew.Div, "Div", [F, G]),
    (ew.Mod, "Mod", [INTEGERS, DIVISORS]),
    (ew.Pow, "Pow", [POSITIVE, G]),
    (ew.Maximum, "Max", [F, G]),
    (ew.Minimum, "Min", [F, G]),
    (ew.Equal, "Equal", [INTEGERS, DIVISORS]),
    (ew.Less, "Less", [F, G]),
    (ew.LessEqual, "LessOrEqual", [INTEGERS, DIVISORS]),
    (ew.Greater, "Greater", [F, G]),
    (ew.GreaterEqual, "GreaterOrEqual", [INTEGERS, DIVISORS]),
    (ew.And, "And", [BITS, ~BITS]),
    (ew.Or, "Or", [BITS, F > 1]),
    (ew.Xor, "Xor", [BITS, F > 1]),
    (ew.Where, "Where", [BITS, F, G]),
]


@pytest.mark.parametrize(("op", "onnx_name", "arrays"), ELEMENTWISE, ids=[row[1] for row in ELEMENTWISE])
def test_elementwise_ops_mean_what_onnx_says(
    op: type[ew.ElementwiseOp], onnx_name: str, arrays: Sequence[np.ndarray]
) -> None:
    (ours,) = run(lambda builder, *values: builder.apply(op, *values), *arrays)
    (theirs,) = onnx_result(onnx_name, arrays)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=3e-6, atol=1e-6)


def test_every_op_has_a_meaning() -> None:
    from sparsec.dialects.nn import Nn
    from sparsec.dialects.sparse import Sparse, Yield

    assert {*Nn.operations, *Sparse.operations} - {Yield} == set(MEANING)


def test_gelu_tanh() -> None:
    (ours,) = run(lambda builder, x: builder.apply(ew.GeluTanh, x), F)
    np.testing.assert_allclose(ours, onnx_result("Gelu", [F], approximate="tanh")[0], rtol=3e-6, atol=1e-6)


def test_maximum_takes_the_second_operand_when_unordered() -> None:
    a, b = np.float32([np.nan, 1, 0.0]), np.float32([1, np.nan, -0.0])
    larger, smaller = run(
        lambda builder, a, b: (builder.apply(ew.Maximum, a, b), builder.apply(ew.Minimum, a, b)), a, b
    )
    assert larger[0] == smaller[0] == 1 and np.isnan(larger[1]) and np.isnan(smaller[1])
    assert np.signbit(larger[2]) and np.signbit(smaller[2])


def test_integer_division_truncates_and_survives_zero() -> None:
    (quotient,) = run(
        lambda builder, a, b: builder.apply(ew.Div, a, b), np.int64([-7, 7, -7, 7, 5]), np.int64([2, -2, -2, 2, 0])
    )
    assert quotient.tolist() == [-3, -3, 3, 3, 0]


def test_casts_truncate_and_out_of_range_is_the_lowest_integer() -> None:
    x = np.float32([1.9, -1.9, np.nan, np.inf, 3e9])
    to_i32, to_i64 = run(lambda builder, x: (builder.cast(x, i32), builder.cast(x, i64)), x)
    assert to_i32.tolist() == [1, -1, -(2**31), -(2**31), -(2**31)]
    assert to_i64.tolist() == [1, -1, -(2**63), -(2**63), 3_000_000_000]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_quantize_and_dequantize_per_channel(dtype: type) -> None:
    scale = np.float32([0.1, 0.02, 0.7])
    zero = np.array([3, 0, 100], dtype)
    (q,) = run(lambda builder, x, s, z: builder.quantize(x, s, z, 1), F, scale, zero)
    (theirs,) = onnx_result("QuantizeLinear", [F, scale, zero], axis=1)
    assert q.dtype == dtype
    assert np.abs(q.astype(int) - theirs.astype(int)).max() <= 1  # x * (1/s) against x / s
    (x,) = run(lambda builder, q, s, z: builder.dequantize(q, s, z, 1), q, scale, zero)
    np.testing.assert_array_equal(x, onnx_result("DequantizeLinear", [q, scale, zero], axis=1)[0])


def test_quantize_saturates_rounds_to_even_and_maps_nan_to_the_lowest() -> None:
    x = np.float32([1e30, -1e30, np.nan, 0.5, 1.5, 2.5])
    (q,) = run(lambda builder, x, s, z: builder.quantize(x, s, z), x, np.float32(1), np.uint8(10))
    assert q.tolist() == [255, 0, 0, 10, 12, 12]


def test_dynamic_quantize() -> None:
    q, scale, zero = run(lambda builder, x: builder.dynamic_quantize(x), F)
    np.testing.assert_allclose(scale, (F.max() - F.min()) / 255, rtol=1e-6)
    np.testing.assert_allclose((q.astype(np.float32) - zero) * scale, F, atol=scale)
    # both are quotients, as the operator's definition says: a product with the inverse would give 128
    _, scale, zero = run(lambda builder, x: builder.dynamic_quantize(x), np.float32([-20, 20, 3]))
    assert (scale, zero) == (np.float32(40) / np.float32(255), 127)
    parts = run(lambda builder, x: builder.dynamic_quantize(x), np.zeros(1, np.float32))
    assert [part.item() for part in parts] == [0, 1, 0]


def test_integer_products_are_exact_at_every_magnitude() -> None:
    for bound in (100, 3000, 2**31):
        a, b = (RANDOM.integers(-bound, bound, size=(5, 600)).astype(np.int32) for _ in range(2))
        exact = np.array(a.astype(object) @ b.T.astype(object))
        wrapped = np.array([[(int(x) + 2**31) % 2**32 - 2**31 for x in row] for row in exact], np.int32)
        np.testing.assert_array_equal(product(a, b.T), wrapped)


def test_sums_are_four_partial_sums() -> None:
    for count in (0, 1, 3, 4, 1000, 1003):
        x = RANDOM.normal(size=count).astype(np.float32)
        parts = np.zeros(4, np.float32)
        for index, value in enumerate(x):
            parts[index % 4] += value
        assert interleaved_sum(x) == (parts[0] + parts[2]) + (parts[1] + parts[3])


def test_matmul_broadcasts_like_numpy() -> None:
    a, b = RANDOM.normal(size=(2, 1, 3, 4)).astype(np.float32), RANDOM.normal(size=(5, 4, 2)).astype(np.float32)
    (ours,) = run(lambda builder, a, b: builder.matmul(a, b), a, b)
    np.testing.assert_allclose(ours, a @ b, rtol=1e-5, atol=1e-6)


def test_softmax_and_layer_norm() -> None:
    scale, bias = RANDOM.normal(size=(2, 4)).astype(np.float32)
    (p,) = run(lambda builder, x: builder.softmax(x, 1), F)
    np.testing.assert_allclose(p, onnx_result("Softmax", [F], axis=1)[0], rtol=1e-6)
    (y,) = run(lambda builder, x, s, b: builder.layer_norm(x, s, b, 1e-5), F, scale, bias)
    np.testing.assert_allclose(
        y, onnx_result("LayerNormalization", [F, scale, bias], epsilon=1e-5)[0], rtol=1e-5, atol=1e-6
    )


REDUCTIONS = [
    (rd.ReduceSum, np.sum),
    (rd.ReduceMean, np.mean),
    (rd.ReduceMax, np.max),
    (rd.ReduceMin, np.min),
    (rd.ReduceProd, np.prod),
]


@pytest.mark.parametrize(("op", "function"), REDUCTIONS, ids=[row[0].name for row in REDUCTIONS])
@pytest.mark.parametrize("axes", [(0,), (-1, 0), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(op: type[rd.ReduceOp], function: Any, axes: tuple[int, ...], keepdims: bool) -> None:
    (ours,) = run(lambda builder, x: builder.reduce(op, x, axes, keepdims), F)
    np.testing.assert_allclose(ours, function(F, axis=axes, keepdims=keepdims), rtol=1e-5)


@pytest.mark.parametrize("op", [row[0] for row in REDUCTIONS])
def test_reductions_of_an_empty_batch(op: type[rd.ReduceOp]) -> None:
    (ours,) = run(lambda builder, x: builder.reduce(op, x, [2]), F[:0])
    assert ours.shape == F[:0, :, 0].shape and ours.dtype == F.dtype


def test_arg_max_takes_the_first() -> None:
    (ours,) = run(lambda builder, x: builder.reduce(rd.ArgMax, x, [1]), np.float32([[1, 3, 3], [2, 0, 1]]))
    assert ours.tolist() == [1, 0] and ours.dtype == np.int64


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_cumsum(exclusive: bool, reverse: bool) -> None:
    (ours,) = run(lambda builder, x: builder.cumsum(x, 1, exclusive=exclusive, reverse=reverse), INTEGERS)
    (theirs,) = onnx_result("CumSum", [INTEGERS, np.int64(1)], exclusive=int(exclusive), reverse=int(reverse))
    np.testing.assert_array_equal(ours, theirs)


def test_gather_counts_from_the_end_and_refuses_what_is_outside() -> None:
    (taken,) = run(lambda builder, x, i: builder.gather(x, i, 1), F, np.int64([[2, -1]]))
    np.testing.assert_array_equal(taken, F[:, [[2, 2]]])
    with pytest.raises(InputError, match="indices from 0 to 3, but there are only 3 entries"):
        run(lambda builder, x, i: builder.gather(x, i, 1), F, np.int64([0, 3]))


def test_gather_nd() -> None:
    indices = np.int64([[[0, 1]], [[2, -1]]])
    (flat,) = run(lambda builder, x, i: builder.gather_nd(x, i), F, indices % 2)
    np.testing.assert_array_equal(flat, onnx_result("GatherND", [F, indices % 2])[0])
    (batched,) = run(lambda builder, x, i: builder.gather_nd(x, i, 1), F, indices)
    np.testing.assert_array_equal(batched, onnx_result("GatherND", [F, indices], batch_dims=1)[0])


def test_gather_elements() -> None:
    indices = np.int64([[[0, -1, 2]], [[2, 1, 0]]])
    (picked,) = run(lambda builder, x, i: builder.gather_elements(x, i, -1), F[:, :1], indices)
    np.testing.assert_array_equal(picked, onnx_result("GatherElements", [F[:, :1], indices], axis=2)[0])
    (wide,) = run(lambda builder, x, i: builder.gather_elements(x, i, 2), F, np.int32(indices))
    repeated = np.repeat(indices, F.shape[1], 1)
    np.testing.assert_array_equal(wide, onnx_result("GatherElements", [F, repeated], axis=2)[0])
    with pytest.raises(InputError, match="indices from 0 to 4, but there are only 4 entries"):
        run(lambda builder, x, i: builder.gather_elements(x, i, 2), F, np.int64([[[0, 4]]]))


def test_moving_data() -> None:
    moved, flat, wide, twice, part, lower = run(
        lambda builder, x: (
            builder.transpose(x, [2, 0, 1]),
            builder.reshape(x, [6, 4]),
            builder.broadcast(builder.reshape(x, [2, 1, 12]), [2, 5, 12]),
            builder.concat([x, x], -2),
            builder.slice(x, [1, 2, 0], [1, 2, 2], [1, -1, 3]),
            builder.trilu(x, -1, upper=False),
        ),
        F,
    )
    np.testing.assert_array_equal(moved, F.transpose(2, 0, 1))
    np.testing.assert_array_equal(flat, F.reshape(6, 4))
    np.testing.assert_array_equal(wide, np.broadcast_to(F.reshape(2, 1, 12), (2, 5, 12)))
    np.testing.assert_array_equal(twice, np.concatenate([F, F], axis=1))
    np.testing.assert_array_equal(part, F[1:, 2:0:-1, ::3])
    np.testing.assert_array_equal(lower, np.tril(F, -1))


def symbolic_module() -> tuple[Any, WeightStore]:
    """`y[batch*sequence] = reshape(x[batch, sequence])`, and a second input that shares `sequence`."""
    weights, batch, sequence = WeightStore(), Dim.symbol("batch"), Dim.symbol("sequence")
    inputs = [("x", tensor(f32, [batch, sequence])), ("m", tensor(i64, [sequence]))]
    builder, values, finish = begin_module(weights, inputs)
    flat = builder.reshape(values["x"], [batch * sequence])
    places = builder.iota(sequence, start=2, step=3)
    return finish([("y", flat), ("n", builder.apply(ew.Add, places, builder.dimension(batch * 2)))]), weights


def test_sizes_are_bound_from_the_inputs() -> None:
    module, weights = symbolic_module()
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    outputs = evaluate(module, {"x": x, "m": np.zeros(3, np.int64)}, weights)
    assert outputs["y"].tolist() == [0, 1, 2, 3, 4, 5] and outputs["n"].tolist() == [6, 9, 12]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.zeros((2, 3), np.float32)}, "missing inputs m"),
        ({"x": np.zeros((2, 3), np.float32), "m": np.zeros(3, np.int64), "z": np.zeros(1)}, "unknown inputs z"),
        ({"x": np.zeros((2, 3)), "m": np.zeros(3, np.int64)}, "'x' is float64, the model takes float32"),
        (
            {"x": np.zeros(6, np.float32), "m": np.zeros(3, np.int64)},
            r"shape \[6\], the model takes \[batch, sequence\]",
        ),
        (
            {"x": np.zeros((2, 3), np.float32), "m": np.zeros(4, np.int64)},
            "sequence is 3 in input 'x' and 4 in input 'm'",
        ),
    ],
    ids=["missing", "unknown", "dtype", "rank", "symbol"],
)
def test_wrong_inputs_are_refused(inputs: dict[str, np.ndarray], message: str) -> None:
    module, weights = symbolic_module()
    with pytest.raises(InputError, match=message):
        evaluate(module, inputs, weights)
