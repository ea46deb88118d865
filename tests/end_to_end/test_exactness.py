"""Whole models, drawn and hand-made: compiled code has the bits of the reference on every CPU and thread count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as draws
from xdsl.dialects.builtin import ModuleOp, f32, f64, i1, i8, i64
from xdsl.ir import Attribute, SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import tensor, to_numpy, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import MatMul
from sparsec.dialects.tensor_op import sizes
from sparsec.dims import Dim, Size
from sparsec.weights import WeightStore
from tests.end_to_end.exactness import EXTREMES, Exact
from tests.transforms.drawn_models import ACTIVATIONS, LinearKind, drawn_linear, fake_quantised
from tests.transforms.graphs import BATCH, SEQUENCE

Model = tuple[ModuleOp, WeightStore]


class Drawn:
    """A model that hypothesis prints as IR: by itself it would walk through all of its links."""

    def __init__(self, model: Model):
        self.model = model

    def __repr__(self) -> str:
        return str(self.model[0])


CHANNELS = (2, 3, 5, 16, 33)

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: every example is two compilations."""

PLAIN = LinearKind("qdq", "u8", "s8", True, "i32", True, (4, 1), 0.5)

byte_kinds = draws.builds(
    LinearKind,
    draws.sampled_from(["qdq", "qdq", "dynamic", "integer"]),
    draws.sampled_from(["u8", "s8"]),
    draws.sampled_from(["u8", "s8"]),
    draws.booleans(),
    draws.sampled_from(["none", "f32", "i32"]),
    draws.booleans(),
    draws.sampled_from([(4, 1), (8, 1), (16, 16), (1, 1)]),
    draws.sampled_from([0.0, 0.5, 0.9, 1.0]),
)


def quantised_linear(b: Builder, x: SSAValue, out: int, kind: LinearKind, random: np.random.Generator) -> SSAValue:
    """As `drawn_linear`, pruned in single numbers where blocks do not divide the weight."""
    rows, columns = kind.blocks
    if out % rows or int(sizes(x)[-1]) % columns:  # pyright: ignore
        kind = replace(kind, blocks=(1, 1))
    return drawn_linear(b, x, out, kind, random)


def layer(
    write: Callable[[Builder, dict[str, SSAValue]], list[SSAValue]], **inputs: tuple[Attribute, list[Size]]
) -> Model:
    """A model of the values that `write` returns; `x` is f32 [batch, sequence, 12] unless said otherwise."""
    weights = WeightStore()
    given_inputs = inputs or {"x": (f32, [BATCH, SEQUENCE, 12])}
    signature = [(name, tensor(element, shape)) for name, (element, shape) in given_inputs.items()]
    builder, values, finish = begin_module(weights, signature)
    outputs = write(builder, values)
    return finish([(f"y{index}", value) for index, value in enumerate(outputs)]), weights


@draws.composite
def chains(draw: draws.DrawFn) -> Drawn:
    """Quantised linears in a row and side by side, with activations, residuals, norms, pooling and a head."""
    random = np.random.default_rng(draw(draws.integers(0, 2**16)))
    width = draw(draws.sampled_from(CHANNELS))

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        x, outputs = inputs["x"], []
        for _ in range(draw(draws.sampled_from([1, 1, 2]))):
            y = quantised_linear(b, x, draw(draws.sampled_from(CHANNELS)), draw(byte_kinds), random)
            activation = ACTIVATIONS[draw(draws.sampled_from(sorted(ACTIVATIONS)))]
            y = y if activation is None else b.apply(activation, y)
            y = quantised_linear(b, y, width, draw(byte_kinds), random)
            if draw(draws.booleans()):
                side = quantised_linear(b, x, width, draw(byte_kinds), random)
                y = b.apply(ew.Mul, y, b.apply(ew.Sigmoid, side))
            x = b.apply(ew.Add, x, y) if draw(draws.booleans()) else y
            if draw(draws.booleans()):
                scale, bias = (b.constant(random.normal(size=width).astype(np.float32)) for _ in range(2))
                x = b.layer_norm(x, scale, bias, 1e-5)
            outputs.append(x)
        first = b.reshape(b.slice(x, [0, 0, 0], [BATCH, 1, width], [1, 1, 1]), [BATCH, width])
        head = quantised_linear(b, first, 3, draw(byte_kinds), random)
        return [*outputs[-1:], head, fake_quantised(b, head, "s8", 0.03, 7)]

    return Drawn(layer(write, x=(f32, [BATCH, SEQUENCE, width])))


@settings(max_examples=4, deadline=None, phases=PHASES)
@given(chains())
def test_chains_of_quantised_layers(drawn: Drawn) -> None:
    exact = Exact(*drawn.model, EXTREMES)
    assert exact.exact
    exact.check()


MASKS: dict[str, tuple[Attribute, list[Size]]] = {
    "none": (f32, []),
    "keys": (f32, [BATCH, 1, 1, SEQUENCE]),
    "square": (f32, [SEQUENCE, SEQUENCE]),
    "heads": (f32, [1, 2, SEQUENCE, SEQUENCE]),
    "all": (f32, [BATCH, 2, SEQUENCE, SEQUENCE]),
    "flags": (i1, [BATCH, 1, 1, SEQUENCE]),
    "square flags": (i1, [BATCH, 1, SEQUENCE, SEQUENCE]),
}


def attend(b: Builder, qkv: list[SSAValue], mask: SSAValue | None, heads: int, kind: str | None) -> SSAValue:
    """Attention as exporters spell it, its operands and probabilities quantised as `kind` says."""
    batch, queries, hidden = sizes(qkv[0])
    keys = sizes(qkv[1])[1]
    assert isinstance(hidden, int)
    quantised = [x if kind is None else fake_quantised(b, x, kind, 0.03, 120 + i) for i, x in enumerate(qkv)]
    q, k, v = (
        b.transpose(b.reshape(x, (batch, tokens, heads, hidden // heads)), [0, 2, 1, 3])
        for x, tokens in zip(quantised, (queries, keys, keys), strict=True)
    )
    scores = b.apply(ew.Mul, b.matmul(q, b.transpose(k, [0, 1, 3, 2])), b.constant(0.5))
    if mask is not None and mask.type.get_element_type() == i1:  # pyright: ignore
        scores = b.apply(ew.Where, mask, scores, b.constant(-1e4))
    elif mask is not None:
        scores = b.apply(ew.Add, scores, mask)
    weight = b.softmax(scores, -1)
    if kind is not None:
        weight = fake_quantised(b, weight, kind, 1 / 255, 0)
    return b.reshape(b.transpose(b.matmul(weight, v), [0, 2, 1, 3]), (batch, queries, hidden))


@draws.composite
def transformers(draw: draws.DrawFn) -> Drawn:
    """One layer of a quantised Transformer."""
    random = np.random.default_rng(draw(draws.integers(0, 2**16)))
    hidden, mask = draw(draws.sampled_from([2, 6, 16])), draw(draws.sampled_from(sorted(MASKS)))
    kind = draw(draws.sampled_from(["u8", "s8"]))

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        x = inputs["x"]
        qkv = [quantised_linear(b, x, hidden, draw(byte_kinds), random) for _ in range(3)]
        mixed = attend(b, qkv, inputs["mask"] if mask != "none" else None, 2, kind)
        y = quantised_linear(b, mixed, hidden, draw(byte_kinds), random)
        scale, bias = (b.constant(random.normal(size=hidden).astype(np.float32)) for _ in range(2))
        x = b.layer_norm(b.apply(ew.Add, y, x), scale, bias, 1e-12)
        wide = b.apply(ew.Gelu, quantised_linear(b, x, 12, draw(byte_kinds), random))
        return [b.apply(ew.Add, quantised_linear(b, wide, hidden, draw(byte_kinds), random), x)]

    return Drawn(layer(write, x=(f32, [BATCH, SEQUENCE, hidden]), mask=MASKS[mask]))


@settings(max_examples=3, deadline=None, phases=PHASES)
@given(transformers())
def test_layers_of_quantised_transformers(drawn: Drawn) -> None:
    exact = Exact(*drawn.model, EXTREMES)
    assert exact.exact
    assert any(isinstance(op, Attention) for op in exact.scheduled.walk())
    exact.check([(1, 1), (3, 13), (2, 17), (1, 65)])


def test_float_transformer() -> None:
    random = np.random.default_rng(0)

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        def linear(x: SSAValue, out: int) -> SSAValue:
            matrix = random.normal(size=(out, int(sizes(x)[-1]))).astype(np.float32) / 3  # pyright: ignore
            matrix[:, ::3] = 0
            return b.apply(
                ew.Add, b.linear(x, b.constant(matrix)), b.constant(random.normal(size=out).astype(np.float32))
            )

        x, memory = inputs["x"], inputs["memory"]
        across = attend(b, [linear(x, 10), linear(memory, 10), linear(memory, 10)], None, 2, None)
        x = b.apply(ew.Add, x, linear(across, 10))
        x = b.apply(ew.Add, x, attend(b, [x, x, x], inputs["mask"], 5, None))
        return [x, b.reduce(rd.ReduceMean, x, [1])]

    exact = Exact(
        *layer(
            write, x=(f32, [BATCH, SEQUENCE, 10]), memory=(f32, [BATCH, Dim.symbol("keys"), 10]),
            mask=(f32, [BATCH, 1, 1, SEQUENCE]),
        )
    )  # fmt: skip
    assert sum(isinstance(op, Attention) for op in exact.scheduled.walk()) == 2
    exact.check([(1, 1), (3, 13), (2, 65)], keys=17)


SHAPES: list[list[Size]] = [
    [1, SEQUENCE, 5], [BATCH, 1, 5], [BATCH, SEQUENCE, 1], [SEQUENCE, 1], [SEQUENCE, 5], [1, 1, 1], [5], [],
    [BATCH, SEQUENCE, 5],
]  # fmt: skip


def test_operands_of_every_broadcast_shape() -> None:
    random = np.random.default_rng(1)

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        y = quantised_linear(b, inputs["x"], 5, PLAIN, random)
        for index in range(len(SHAPES)):
            y = b.apply(ew.Add, b.apply(ew.Mul, y, b.constant(0.5)), inputs[f"e{index}"])
        return [y]

    extras = {f"e{index}": (f32, shape) for index, shape in enumerate(SHAPES)}
    Exact(*layer(write, x=(f32, [BATCH, SEQUENCE, 7]), **extras)).check()


def test_elements_that_tiles_cannot_hold_stay_outside() -> None:
    random = np.random.default_rng(2)

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        y = quantised_linear(b, inputs["x"], 12, PLAIN, random)
        whole = b.cast(b.apply(ew.Mul, y, b.constant(8.0)), i64)
        double = b.apply(ew.Add, b.cast(y, f64), inputs["double"])
        counted = b.apply(ew.Add, y, b.cast(inputs["count"], f32))
        by_channel = b.apply(ew.Add, y, b.cast(inputs["channel"], f32))
        mixed = attend(b, [y, y, y], None, 2, "u8")
        return [whole, double, counted, by_channel, b.cast(b.apply(ew.Mul, mixed, b.constant(9.0)), i64)]

    model = layer(
        write, x=(f32, [BATCH, SEQUENCE, 12]), double=(f64, [BATCH, SEQUENCE, 12]),
        count=(i64, [BATCH, SEQUENCE, 12]), channel=(i64, [12]),
    )  # fmt: skip
    Exact(*model).check([(1, 1), (3, 21)])


def test_what_follows_attention() -> None:
    """Residuals, operands that broadcast oddly, numbers by channel or by position, several readers."""
    random = np.random.default_rng(3)

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        x = inputs["x"]
        qkv = [quantised_linear(b, x, 12, PLAIN, random) for _ in range(3)]

        def attention(scale: float) -> SSAValue:
            return attend(b, [b.apply(ew.Mul, qkv[0], b.constant(scale)), *qkv[1:]], None, 3, "u8")

        channel = b.constant(random.normal(size=12).astype(np.float32))
        residual = b.apply(ew.Add, attention(0.1), x)
        by_token = b.apply(ew.Mul, attention(0.2), inputs["token"])
        by_channel = b.apply(ew.Relu, b.apply(ew.Add, attention(0.3), channel))
        shared = attention(0.4)
        both = b.apply(ew.Mul, b.apply(ew.Add, shared, channel), b.apply(ew.Tanh, shared))
        scales = b.constant(random.uniform(0.01, 0.1, 12).astype(np.float32))
        rounded = b.quantize(attention(0.5), scales, b.constant(np.full(12, 9, np.uint8)), 2)
        signed = b.quantize(attention(0.6), b.constant(0.02), b.constant(np.int8(-3)))
        return [residual, by_token, by_channel, both, rounded, signed]

    exact = Exact(*layer(write, x=(f32, [BATCH, SEQUENCE, 12]), token=(f32, [BATCH, SEQUENCE, 1])))
    assert sum(isinstance(op, Attention) for op in exact.scheduled.walk()) == 6
    exact.check([(1, 1), (3, 21)])


def test_scores_by_relative_positions() -> None:
    """As DeBERTa adds them to its scores, all of them and those of the first token."""
    random = np.random.default_rng(7)

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        x, places = inputs["x"], b.iota(SEQUENCE)
        distance = b.apply(ew.Sub, b.reshape(places, [SEQUENCE, 1]), places)
        near = b.apply(ew.Minimum, b.apply(ew.Maximum, distance, b.constant(np.int64(-4))), b.constant(np.int64(4)))
        index = b.reshape(near, [1, 1, SEQUENCE, SEQUENCE])  # negative ones count from the end
        heads = b.transpose(b.reshape(x, [BATCH, SEQUENCE, 2, 6]), [0, 2, 1, 3])
        tables = [b.constant(random.normal(size=(1, 2, 6, 9)).astype(np.float32)) for _ in range(2)]
        by_query, by_key = (
            b.gather_elements(b.matmul(heads, b.broadcast(table, [BATCH, 2, 6, 9])), index, 3) for table in tables
        )
        bias = b.apply(ew.Add, by_query, b.transpose(by_key, [0, 1, 3, 2]))
        mixed = attend(b, [x, x, x], bias, 2, None)
        return [mixed, b.slice(attend(b, [x, x, mixed], bias, 2, None), [0, 0, 0], [BATCH, 1, 12], [1, 1, 1])]

    exact = Exact(*layer(write))
    found = [op for op in exact.scheduled.walk() if isinstance(op, Attention)]
    assert [sizes(op.result)[1] for op in found] == [SEQUENCE, 1]
    exact.check([(1, 1), (3, 21), (2, 70)])


def test_one_token_of_known_size() -> None:
    random = np.random.default_rng(4)

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        y = quantised_linear(b, inputs["x"], 6, PLAIN, random)
        y = b.apply(ew.Add, b.apply(ew.Add, y, b.cast(inputs["i"], f32)), inputs["r"])
        return [y, attend(b, [y, y, y], None, 2, "u8"), quantised_linear(b, inputs["v"], 4, PLAIN, random)]

    one: list[Size] = [1, 1, 6]
    Exact(*layer(write, x=(f32, one), i=(i64, one), r=(f32, one), v=(f32, [7]))).check([(1, 1)])


def test_embeddings_and_many_channels() -> None:
    random, columns = np.random.default_rng(5), 8200

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        table = b.constant(random.normal(size=(2, columns)).astype(np.float32))
        x = b.gather(table, inputs["ids"], 0)
        return [quantised_linear(b, x, 6, PLAIN, random)]

    exact = Exact(*layer(write, ids=(i64, [BATCH, SEQUENCE])))
    assert any(isinstance(op, MatMul) for op in exact.scheduled.walk())
    exact.check([(1, 1), (3, 21)])


def test_extreme_bytes() -> None:
    """Every weight and activation at its limit, layers of zeros, empty and full rows, results that saturate."""

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        results: list[SSAValue] = []
        for element, low, high in ((ui8, 0, 255), (i8, -128, 127)):
            dtype = to_numpy(element)
            x = b.dequantize(inputs[dtype.name], b.constant(1.0), b.constant(np.asarray(low, dtype)))
            for fill in (-128, 127, 0):
                matrix = np.full((6, 40), fill, np.int8)
                matrix[2], matrix[3] = 0, np.where(np.arange(40) % 2, -128, 127)
                weight = b.dequantize(b.constant(matrix), b.constant(1.0), b.constant(np.int8(0)))
                y = b.linear(x, weight)
                results += [y, b.quantize(y, b.constant(0.25), b.constant(np.asarray(high, dtype)))]
        return results

    shape: list[Size] = [BATCH, SEQUENCE, 40]
    exact = Exact(*layer(write, uint8=(ui8, shape), int8=(i8, shape)))
    for unsigned, signed in ((0, -128), (255, 127)):
        fills = {"uint8": np.uint8(unsigned), "int8": np.int8(signed)}
        exact.check_inputs({name: np.full((2, 9, 40), fill) for name, fill in fills.items()})
    exact.check([(1, 1), (3, 21)])


def test_what_is_not_a_number_becomes_the_lowest_byte() -> None:
    """Layer norms and weights of attention are left to the packs, which must know NaN, too."""
    hidden, numbers = 16, [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-38, 0.0, -0.0, 1e20]

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        scale, bias = (b.constant(np.linspace(low, 9, hidden).astype(np.float32)) for low in (-3, 5))
        normal = b.layer_norm(inputs["x"], scale, bias, 1e-12)
        bytes_of_it = [b.quantize(normal, b.constant(0.1), b.constant(zero)) for zero in (np.uint8(0), np.uint8(77))]
        mixed = attend(b, [inputs["q"]] * 3, inputs["mask"], 2, "u8")
        return [*bytes_of_it, mixed]

    square: list[Size] = [SEQUENCE, SEQUENCE]
    tokens: list[Size] = [BATCH, SEQUENCE, hidden]
    exact = Exact(*layer(write, x=(f32, tokens), q=(f32, tokens), mask=(f32, square)))
    assert exact.exact
    text = str(exact.scheduled)
    assert text.count("<bounded>") >= 3 and "nn.attention" in text and "sparse.layer_norm" in text
    random = np.random.default_rng(3)
    x, q = (random.normal(size=(2, 40, hidden)).astype(np.float32) for _ in range(2))
    mask = random.normal(size=(40, 40)).astype(np.float32)
    for index, number in enumerate(numbers):
        x[0, index, index], x[1, index] = number, number
        mask[index, 2 * index] = number
        mask[20 + index] = number
    exact.check_inputs({"x": x, "q": q, "mask": mask})


def test_nothing_at_all() -> None:
    random = np.random.default_rng(6)

    def write(b: Builder, inputs: dict[str, SSAValue]) -> list[SSAValue]:
        y = quantised_linear(b, inputs["x"], 12, PLAIN, random)
        return [b.apply(ew.Add, attend(b, [y, y, y], None, 2, "u8"), y)]

    Exact(*layer(write)).check([(0, 5), (2, 0)])
