"""Random small models: the [graph] passes keep every number, and the IR stays valid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as draws
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import tensor
from sparsec.dialects.tensor_op import sizes
from sparsec.dims import Size, product
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.fold_constants import FoldConstants
from sparsec.transforms.infer_shapes import InferShapes
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from sparsec.transforms.recognise_layer_norm import RecogniseLayerNorm
from sparsec.weights import WeightStore
from tests.transforms.formulas import DIVIDED, MULTIPLIED, OTHER, TANH, written
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES, layer_norm_of
from tests.transforms.passes import require_same, run_passes, understood

EXACT = (
    InferShapes(), FoldConstants(), CanonicaliseGraph(), FoldConstants(), MatmulToLinear(), RecogniseLayerNorm(),
    RecogniseAttention(),
)  # fmt: skip
ACTIVATIONS = [*MULTIPLIED.values(), *DIVIDED.values(), *TANH.values(), *OTHER.values()]

Step = Callable[[Builder, list[SSAValue], draws.DataObject], SSAValue]


def _pick(values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    return data.draw(draws.sampled_from(values))


def _number(builder: Builder, data: draws.DataObject) -> SSAValue:
    return builder.constant(data.draw(draws.sampled_from([0.0, -0.0, 1.0, 0.5, -2.0])))


def unary(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """An elementwise op of one operand."""
    op = data.draw(draws.sampled_from([ew.Neg, ew.Abs, ew.Relu, ew.Tanh, ew.Gelu, ew.Exp]))
    return builder.apply(op, _pick(values, data))


def with_number(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """An elementwise op with a constant, on either side."""
    op = data.draw(draws.sampled_from([ew.Add, ew.Sub, ew.Mul, ew.Div, ew.Maximum]))
    operands = [_pick(values, data), _number(builder, data)]
    return builder.apply(op, *(operands if data.draw(draws.booleans()) else reversed(operands)))


def binary(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """An elementwise op of two values, the second one in the shape of the first or one that broadcasts to it."""
    x = _pick(values, data)
    shape = sizes(x)
    fits = [y for y in values if sizes(y) == shape]
    y = _pick(fits, data)
    if data.draw(draws.booleans()):
        y = builder.reduce(rd.ReduceMax, y, [data.draw(draws.integers(0, len(shape) - 1))], keepdims=True)
    return builder.apply(data.draw(draws.sampled_from([ew.Add, ew.Sub, ew.Mul])), x, y)


def transpose(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """Axes permuted."""
    x = _pick(values, data)
    return builder.transpose(x, data.draw(draws.permutations(range(len(sizes(x))))))


def reshape(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """Axes joined, or an axis of size 1 put in."""
    x = _pick(values, data)
    shape = list(sizes(x))
    axis = data.draw(draws.integers(0, len(shape) - 1))
    if len(shape) > 1 and data.draw(draws.booleans()):
        axis = min(axis, len(shape) - 2)
        joined: list[Size] = [*shape[:axis], product(shape[axis : axis + 2]), *shape[axis + 2 :]]
        return builder.reshape(x, joined)
    return builder.reshape(x, [*shape[:axis], 1, *shape[axis:]]) if len(shape) < 5 else x


def broadcast(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """Axes of size 1 widened, or an axis put in front."""
    x = _pick(values, data)
    wide: list[Size] = [3 if size == 1 else size for size in sizes(x)]
    return builder.broadcast(x, [2, *wide] if len(wide) < 4 and data.draw(draws.booleans()) else wide)


def quantised(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """Quantised and dequantised, by the same parameters or others."""
    dtype = data.draw(draws.sampled_from([np.uint8, np.int8]))
    scale, other = builder.constant(0.05), builder.constant(data.draw(draws.sampled_from([0.05, 0.07])))
    zero = builder.constant(np.asarray(data.draw(draws.integers(0, 100)), dtype))
    return builder.dequantize(builder.quantize(_pick(values, data), scale, zero), other, zero)


def projected(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """A product with a weight, plain or quantised."""
    x = _pick(values, data)
    inputs = sizes(x)[-1]
    if not isinstance(inputs, int):
        return x
    random = np.random.default_rng(data.draw(draws.integers(0, 99)))
    matrix = random.integers(-20, 20, size=(inputs, 3)).astype(np.int8)
    scale = random.uniform(0.01, 0.1, size=3).astype(np.float32)
    weight = builder.dequantize(
        builder.constant(matrix), builder.constant(scale), builder.constant(np.zeros(3, np.int8)), 1
    )
    return builder.matmul(x, weight)


def attended(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """Attention of a value with itself, without heads."""
    x = _pick([value for value in values if len(sizes(value)) == 3], data)
    if not isinstance(sizes(x)[2], int):
        return x
    scores = builder.matmul(builder.apply(ew.Mul, x, builder.constant(0.5)), builder.transpose(x, [0, 2, 1]))
    return builder.matmul(builder.softmax(scores, 2), x)


def activated(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """GELU spelled out, or nearly."""
    return written(data.draw(draws.sampled_from(ACTIVATIONS)))(builder, _pick(values, data))


def normalised(builder: Builder, values: list[SSAValue], data: draws.DataObject) -> SSAValue:
    """Layer normalisation spelled out."""
    x = _pick(values, data)
    if not isinstance(sizes(x)[-1], int):
        return x
    divide = data.draw(draws.sampled_from(["div", "reciprocal", "one_by", "power"]))
    return layer_norm_of(builder, x, divide=divide, affine=data.draw(draws.booleans()))


STEPS: list[Step] = [
    unary, with_number, binary, transpose, reshape, broadcast, quantised, projected, attended, activated, normalised,
]  # fmt: skip


@draws.composite
def models(draw: draws.DrawFn) -> tuple[ModuleOp, WeightStore]:
    """A model of up to twelve random ops; its outputs are the last three values."""
    data = draw(draws.data())
    weights = WeightStore()
    builder, inputs, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, 4]))])
    values = [inputs["x"]]
    for step in draw(draws.lists(draws.sampled_from(STEPS), min_size=1, max_size=12)):
        values.append(step(builder, values, data))
    return finish([(f"y{place}", value) for place, value in enumerate(values[-3:])]), weights


@settings(max_examples=150, deadline=None)
@given(models())
def test_graph_passes_change_no_bit(model: tuple[ModuleOp, WeightStore]) -> None:
    module, weights = model
    understood(module, weights)
    require_same(module, run_passes(module, weights, *EXACT), weights, SIZES, seeds=(0,))
