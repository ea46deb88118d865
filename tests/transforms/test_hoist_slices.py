"""Slices move up to where something else is read, and nothing changes but the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, f32, i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_products as pr
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as ns
from sparsec.dialects.encoding import sizes_of, tensor, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dims import Size
from sparsec.transforms.hoist_slices import HoistSlices
from sparsec.weights import WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE
from tests.transforms.passes import count, require_same, run_passes

HIDDEN = 4
SIZES = {"batch": 3, "sequence": 5}

Model = tuple[ModuleOp, WeightStore]
Write = Callable[[Builder, dict[str, SSAValue]], Sequence[SSAValue]]


def model_of(write: Write) -> Model:
    """Results of `write`, which gets x [batch, sequence, 4], bias [1, sequence, 4] and mask [batch, 1, seq, seq]."""
    weights = WeightStore()
    shapes: dict[str, list[Size]] = {
        "x": [BATCH, SEQUENCE, HIDDEN],
        "bias": [1, SEQUENCE, HIDDEN],
        "mask": [BATCH, 1, SEQUENCE, SEQUENCE],
    }
    b, values, finish = begin_module(weights, [(name, tensor(f32, shape)) for name, shape in shapes.items()])
    return finish([(f"y{number}", value) for number, value in enumerate(write(b, values))]), weights


def hoisted(write: Write) -> ModuleOp:
    """The module after the pass, which computes the same."""
    module, weights = model_of(write)
    after = run_passes(module, weights, HoistSlices())
    require_same(module, after, weights, SIZES)
    return after


def first_token(b: Builder, x: SSAValue, token: Size = 0) -> SSAValue:
    batch, _, channels = sizes_of(x.type)
    return b.slice(x, [0, token, 0], [batch, 1, channels], [1, 1, 1])


def linear(b: Builder, x: SSAValue, seed: int = 0) -> SSAValue:
    return b.linear(x, b.constant(np.random.default_rng(seed).normal(size=(HIDDEN, HIDDEN)).astype(np.float32)))


def norm(b: Builder, x: SSAValue) -> SSAValue:
    return b.layer_norm(x, b.constant(np.ones(HIDDEN, np.float32)), b.constant(np.ones(HIDDEN, np.float32)), 1e-5)


def attention(b: Builder, qkv: tuple[SSAValue, SSAValue, SSAValue], mask: SSAValue) -> SSAValue:
    score = b.body([f32, f32], lambda inner, args: [inner.apply(ew.Add, *args)])
    bodies = (score, *(b.body([f32, f32], lambda _, args: [args[0]]) for _ in range(2)))
    return b.attention(qkv, [mask], 2, bodies)


def tokens_of(module: ModuleOp, op_class: type[pr.Linear | rd.LayerNorm | Attention | ew.Gelu]) -> list[Size]:
    """How many tokens of a sequence each op of a class works on."""
    return [sizes_of(op.results[0].type)[1] for op in module.walk() if isinstance(op, op_class)]


@pytest.mark.parametrize("token", [0, 2, SEQUENCE - 1])
def test_the_last_layer_of_a_classifier_works_on_one_token(token: Size) -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> Sequence[SSAValue]:
        x = b.apply(ew.Add, values["x"], values["bias"])
        for layer in range(2):
            q, k, v = (linear(b, x, seed) for seed in range(3))
            x = norm(b, b.apply(ew.Add, linear(b, attention(b, (q, k, v), values["mask"]), layer), x))
            x = norm(b, b.apply(ew.Add, linear(b, b.apply(ew.Gelu, linear(b, x)), layer), x))
        return [b.reshape(first_token(b, x, token), [BATCH, HIDDEN])]

    after = hoisted(write)
    assert tokens_of(after, Attention) == [SEQUENCE, 1]
    assert tokens_of(after, ew.Gelu) == [SEQUENCE, 1]
    assert tokens_of(after, rd.LayerNorm) == [SEQUENCE, SEQUENCE, 1, 1]
    # q, k, v, projection and two more; of the second layer only keys and values are needed of all tokens
    assert sorted(map(str, tokens_of(after, pr.Linear))) == ["1"] * 4 + [str(SEQUENCE)] * 8


def test_bytes_are_cut_instead_of_what_they_stand_for() -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> Sequence[SSAValue]:
        parameters = b.constant(np.float32(0.1)), b.constant(np.uint8(100))
        read = b.dequantize(b.quantize(values["x"], *parameters), *parameters)
        return [linear(b, first_token(b, read)), linear(b, read)]

    (cut,) = [op for op in hoisted(write).walk() if isinstance(op, ns.Slice)]
    assert cut.result.type.get_element_type() == ui8  # pyright: ignore


def test_bytes_are_cut_before_a_zero_point_is_taken_off() -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> Sequence[SSAValue]:
        q = b.quantize(values["x"], b.constant(np.float32(0.1)), b.constant(np.uint8(100)))
        wide = b.apply(ew.Sub, b.cast(q, i32), b.constant(np.int32(100)))
        weight = b.constant(np.arange(HIDDEN * HIDDEN, dtype=np.int32).reshape(HIDDEN, HIDDEN))
        return [b.matmul(first_token(b, wide), weight), b.matmul(wide, weight)]

    (cut,) = [op for op in hoisted(write).walk() if isinstance(op, ns.Slice)]
    assert cut.result.type.get_element_type() == ui8  # pyright: ignore


def test_what_is_read_whole_is_computed_once() -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> Sequence[SSAValue]:
        y = norm(b, linear(b, values["x"]))
        other = first_token(b, y, 1)
        return [y, first_token(b, b.apply(ew.Exp, y)), other, first_token(b, linear(b, y, 3), 1)]

    after = hoisted(write)
    assert tokens_of(after, rd.LayerNorm) == [SEQUENCE]
    assert sorted(map(str, tokens_of(after, pr.Linear))) == ["1", str(SEQUENCE)]
    assert count(after, ns.Slice) == 2


def test_who_is_read_by_nobody_is_no_reader() -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> Sequence[SSAValue]:
        inner = b.apply(ew.Gelu, values["x"])
        b.apply(ew.Relu, inner)
        return [first_token(b, linear(b, b.apply(ew.Gelu, inner)))]

    assert tokens_of(hoisted(write), ew.Gelu) == [1, 1]


def test_channels_are_left_where_ops_mix_them() -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> Sequence[SSAValue]:
        x = values["x"]
        half: list[Size] = [BATCH, SEQUENCE, 2]
        cut = [b.slice(y, [0, 0, 1], half, [1, 1, 2]) for y in (norm(b, x), linear(b, x), b.softmax(x, -1))]
        return [*cut, b.slice(b.softmax(x, 1), [0, 0, 0], half, [1, 1, 1])]

    after = hoisted(write)
    assert tokens_of(after, rd.LayerNorm) == [SEQUENCE] and tokens_of(after, pr.Linear) == [SEQUENCE]
    widths = [sizes_of(op.result.type)[-1] for op in after.walk() if isinstance(op, rd.Softmax)]
    assert widths == [4, 2]


def part_of(b: Builder, x: SSAValue, start: int, number: int, axis: int) -> SSAValue:
    """Every second element on one axis."""
    shape = list(sizes_of(x.type))
    starts: list[Size] = [0] * len(shape)
    steps = [1] * len(shape)
    starts[axis], shape[axis], steps[axis] = start, number, 2
    return b.slice(x, starts, shape, steps)


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(["product", "picked", "turned", "regrouped"]), axis=st.integers(0, 3), of=st.integers(0, 3))
def test_moves_and_products_are_of_parts(kind: str, axis: int, of: int) -> None:
    """What is sliced of 3 batches, 4 heads, 5 queries and 6 keys is all that is computed of them, on each axis."""

    def write(b: Builder, values: dict[str, SSAValue]) -> Sequence[SSAValue]:
        random, shape = np.random.default_rng(of), [3, 4, 5, 6]

        def drawn(given: Sequence[int]) -> SSAValue:  # no constant: those need not be computed
            numbers = b.constant(random.integers(0, 4, given).astype(np.float32))
            return b.apply(ew.Add, numbers, b.reshape(b.slice(values["bias"], [0, 0, 0], [1, 1, 1], [1, 1, 1]), []))

        match kind:
            case "product":
                lhs, rhs = [3, 4, 5, 6], [3, 4, 6, 6]
                if of < 2:
                    (lhs if of else rhs)[of] = 1
                result = b.matmul(drawn(lhs), drawn(rhs))
            case "picked":
                data, indices = list(shape), [1, 1, *shape[2:]] if axis else list(shape)
                data[of] = 7
                indices[of] = shape[of]
                picked = b.constant(random.integers(-7, 7, indices))
                result = b.gather_elements(drawn(data), picked, of)
            case "turned":
                order = [[0, 1, 3, 2], [0, 2, 1, 3], [3, 2, 1, 0], [1, 2, 3, 0]][of]
                result = b.transpose(drawn([shape[order.index(place)] for place in range(4)]), order)
            case _:
                result = b.reshape(drawn([[12, 5, 6], [3, 20, 6], [3, 4, 30], [3, 4, 1, 5, 6]][of]), shape)
        return [b.apply(ew.Mul, part_of(b, result, 1, 2 if axis else 1, axis), b.constant(np.float32(2)))]

    after = hoisted(write)
    computed = [op for op in after.walk() if isinstance(op, pr.MatMul | ns.GatherElements | ns.Transpose)]
    assert all(sizes_of(op.results[0].type)[axis] == (2 if axis else 1) for op in computed)


@st.composite
def wirings(draw: st.DrawFn) -> Model:
    """Ops in any wiring, some of them slices with any start and step."""
    random = np.random.default_rng(draw(st.integers(0, 99)))

    def write(b: Builder, inputs: dict[str, SSAValue]) -> Sequence[SSAValue]:
        values = [inputs["x"]]
        for number in range(draw(st.integers(2, 9))):
            x = draw(st.sampled_from(values))
            kind = draw(st.sampled_from(["add", "linear", "norm", "quantise", "attention", "bias", "slice", "slice"]))
            same = [value for value in values if value.type == x.type]
            match kind:
                case "add":
                    y = b.apply(ew.Add, x, draw(st.sampled_from(same)))
                case "linear":
                    y = linear(b, x, number)
                case "norm":
                    y = norm(b, x)
                case "quantise":
                    parameters = b.constant(np.float32(0.05)), b.constant(np.uint8(128))
                    y = b.dequantize(b.quantize(x, *parameters), *parameters)
                case "attention" if x.type == values[0].type:
                    y = attention(b, (x, *(draw(st.sampled_from(same)) for _ in range(2))), inputs["mask"])
                case "bias" if x.type == values[0].type:
                    y = b.apply(ew.Mul, x, inputs["bias"])
                case _ if x.type == values[0].type:
                    step = draw(st.sampled_from([1, 2]))
                    length = draw(st.integers(1, 2))
                    start = draw(st.integers(0, SIZES["sequence"] - 1 - (length - 1) * step))
                    y = b.slice(x, [0, start, 0], [BATCH, length, HIDDEN], [1, step, 1])
                case _:
                    y = b.apply(ew.Gelu, x)
            values.append(y)
        outputs = [*values[-2:], draw(st.sampled_from(values))]
        return [b.apply(ew.Mul, y, b.constant(np.float32(random.normal()))) for y in outputs]

    return model_of(write)


@settings(max_examples=60, deadline=None)
@given(wirings())
def test_any_wiring_keeps_its_numbers(drawn: Model) -> None:
    module, weights = drawn
    require_same(module, run_passes(module, weights, HoistSlices()), weights, SIZES)


def channels(b: Builder, x: SSAValue, start: int, number: int) -> SSAValue:
    batch, tokens, _ = sizes_of(x.type)
    return b.slice(x, [0, 0, start], [batch, tokens, number], [1, 1, 1])


def packed(b: Builder, x: SSAValue, weight: str) -> SSAValue:
    """A product for 48 channels, with a bias and a scale."""
    random = np.random.default_rng(1)
    if weight == "f32":
        w = b.constant(random.normal(size=(48, HIDDEN)).astype(np.float32))
    else:
        steps = 48 if weight == "per channel" else 1
        scale = random.uniform(0.01, 0.1, steps).astype(np.float32)
        parameters = [b.constant(scale), b.constant(np.arange(steps).astype(np.int8))]
        if steps == 1:
            parameters = [b.reshape(each, []) for each in parameters]
        numbers = random.integers(-128, 128, (48, HIDDEN)).astype(np.int8)
        w = b.dequantize(b.constant(numbers), *parameters, 0 if steps > 1 else None)
    biased = b.apply(ew.Add, b.linear(x, w), b.constant(random.normal(size=48).astype(np.float32)))
    return b.apply(ew.Mul, biased, b.constant(0.5))


@pytest.mark.parametrize("weight", ["f32", "per tensor", "per channel"])
@pytest.mark.parametrize("parts", [[(0, 16), (16, 16), (32, 16)], [(2, 17), (20, 28)], [(5, 7)]])
def test_channels_that_are_read_apart_are_computed_apart(parts: list[tuple[int, int]], weight: str) -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> list[SSAValue]:
        x = packed(b, values["x"], weight)
        return [b.apply(ew.Tanh, channels(b, x, *part)) for part in parts]

    after = hoisted(write)
    found = [sizes_of(op.result.type)[-1] for op in after.walk() if isinstance(op, pr.Linear)]
    assert found == [number for _, number in parts] and count(after, ns.Slice) == 0


@pytest.mark.parametrize("others", ["overlap", "whole", "every second", "few", "no weight"])
def test_channels_that_others_read_too_are_computed_once(others: str) -> None:
    def write(b: Builder, values: dict[str, SSAValue]) -> list[SSAValue]:
        x = values["x"]
        product = packed(b, x, "f32") if others != "no weight" else b.layer_norm(
            b.concat([x] * 12, 2), *(b.constant(np.ones(48, np.float32)) for _ in range(2)), 1e-5
        )  # fmt: skip
        batch, tokens, _ = sizes_of(x.type)
        second = {
            "overlap": lambda: channels(b, product, 15, 20),
            "few": lambda: channels(b, product, 16, 15),
            "whole": lambda: product,
            "every second": lambda: b.slice(product, [0, 0, 16], [batch, tokens, 16], [1, 1, 2]),
            "no weight": lambda: channels(b, product, 16, 32),
        }[others]()
        return [channels(b, product, 0, 16), b.apply(ew.Exp, second)]

    after = hoisted(write)
    assert count(after, pr.Linear) == (others != "no weight") and count(after, ns.Slice) > 0
