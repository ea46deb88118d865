"""kernel.attention against the reference of nn.attention: bytes bit for bit, floats within rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from xdsl.dialects.builtin import ArrayAttr, StringAttr, f32, i8, i32
from xdsl.ir import Attribute, Block, Region, SSAValue

from sparsec.builder import INPUT_NAMES, Builder, begin_module
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import Layout, element_of, sizes_of, tensor, to_element, to_numpy, ui8
from sparsec.dialects.tensor_op import sizes
from sparsec.dims import Size, evaluate, parse_size, product
from sparsec.lowering.kernels.attention import ATTENTION
from sparsec.lowering.kernels.attention_extras import Extra, ScoreBody, TurnedExtras
from sparsec.lowering.kernels.frame import Frame, Sizes
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import Emitter, Value, build_function, pointer, vector_of
from sparsec.lowering.nn_to_kernels import lower_function
from sparsec.reference import evaluate as evaluate_module
from sparsec.reference import main_function, names_of
from sparsec.weights import WeightStore
from tests.lowering.kernels.machine_code import Loop, innermost_loops
from tests.lowering.kernels.run_kernel import Compiled, assert_same
from tests.native import AVX2, AVX512, PORTABLE, Native, assembly, runnable

Write = Callable[[Builder, Sequence[SSAValue]], SSAValue]

POINTS = [(1, 1, 1), (2, 13, 5), (3, 16, 17), (2, 33, 64), (1, 65, 3), (2, 70, 66), (5, 13, 13)]
"""(b, s, t): sequences, queries and keys on either side of 16, 32 and 64, beginning anywhere in a tile."""


def nothing(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
    """The body that does nothing."""
    return args[0]


def real(factor: float) -> Write:
    """`cast(x) * factor`"""
    return lambda b, args: b.apply(ew.Mul, b.cast(args[0], f32), b.scalar(factor, f32))


def rounded(scale: float, zero: int, element: Attribute) -> Write:
    """`quantize(x, scale, zero)`"""
    return lambda b, args: b.quantize(args[0], b.scalar(scale, f32), b.scalar(zero, element))


def then(first: Write, second: Write) -> Write:
    """`second(first(x))`"""
    return lambda b, args: second(b, [first(b, args), *args[1:]])


@dataclass(frozen=True)
class Kind:
    """One attention.

    Attributes:
        q, k, v: element types.
        heads, channels, value_channels: sizes of one head.
        score, weight, output: the bodies.
        extras: element type and sizes of each further operand.
        zeros: zero points of q, k, w, v.
        corrected: which of them the kernel must take for other than 0.
    """

    q: str = "float32"
    k: str = "float32"
    v: str = "float32"
    heads: int = 2
    channels: int = 5
    value_channels: int = 3
    score: Write = nothing
    weight: Write = nothing
    output: Write = nothing
    extras: tuple[tuple[str, tuple[str | int, ...]], ...] = ()
    zeros: tuple[int, int, int, int] = (0, 0, 0, 0)
    corrected: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether both products are of bytes."""
        return self.q != "float32" and self.v != "float32"


class Attention:
    """An attention as native code and as the reference knows it."""

    def __init__(self, kind: Kind):
        self.kind, self.weights = kind, WeightStore()
        hidden, out = kind.heads * kind.channels, kind.heads * kind.value_channels
        shapes = [("q", kind.q, ("b", "s", hidden)), ("k", kind.k, ("b", "t", hidden)), ("v", kind.v, ("b", "t", out))]
        shapes += [(f"e{index}", *extra) for index, extra in enumerate(kind.extras)]
        inputs = [(name, tensor(to_element(dtype), _sizes(shape))) for name, dtype, shape in shapes]
        builder, values, finish = begin_module(self.weights, inputs)
        q, k, v, *extras = values.values()
        accumulators = (i32 if kind.q != "float32" else f32, f32)
        types = [element_of(extra.type) for extra in extras]
        score = builder.body([accumulators[0], *types], lambda b, args: [kind.score(b, args)])
        weight = builder.body([f32, *types], lambda b, args: [kind.weight(b, args)])
        second = i32 if kind.v != "float32" else f32
        output = builder.body([second, *types], lambda b, args: [kind.output(b, args)])
        tiled = (builder.convert_layout(q, Layout.TILED), *(builder.convert_layout(x, Layout.TILED) for x in (k, v)))
        zeros = dict(zip("qkwv", kind.zeros, strict=True))
        y = builder.attention(tiled, extras, kind.heads, (score, weight, output), zeros)
        y._type = tensor(element_of(y.type), sizes(y), layout=Layout.TILED)  # pyright: ignore
        self.module = finish([("y", builder.convert_layout(y, None))])
        self.module.verify()
        program = lower_function(main_function(self.module.clone()), self.weights)
        (op,) = [op for op in program.body.block.ops if isinstance(op, kernel.Attention)]
        if kind.corrected:
            op.properties["corrected"] = ArrayAttr([StringAttr(name) for name in kind.corrected])
        self.op, self._program = op, program
        self.native = Compiled(op, ATTENTION, ("b", "s", "t"), exact=kind.is_exact)

    def draw(self, b: int, s: int, t: int) -> dict[str, np.ndarray]:
        """Bytes over their whole range, most of them near its middle where s is odd; floats near zero, masks that never
        hide every key."""
        random, symbols = np.random.default_rng(b + 10 * s + 1000 * t), {"b": b, "s": s, "t": t}
        arrays: dict[str, np.ndarray] = {}
        function = main_function(self.module)
        for key, argument in zip(names_of(function, INPUT_NAMES), function.body.block.args, strict=True):
            shape = [evaluate(size, symbols) for size in sizes_of(argument.type)]
            dtype = to_numpy(element_of(argument.type))
            if dtype.kind == "f":
                arrays[key] = random.normal(size=shape).astype(dtype)
            elif dtype.kind == "b":
                arrays[key] = random.random(shape) < 0.7
            else:
                limits = np.iinfo(np.int8 if dtype.itemsize > 1 else dtype)
                drawn = random.integers(limits.min, limits.max + 1, shape)
                if s % 2:
                    middle = (limits.min + limits.max + 1) // 2
                    drawn = np.where(random.random(shape) < 0.97, middle + (drawn - middle) // 3, drawn)
                arrays[key] = drawn.astype(dtype)
        return arrays

    def check(self, points: Sequence[tuple[int, int, int]] = POINTS) -> None:
        """Compare at all sizes."""
        for b, s, t in points:
            arrays = self.draw(b, s, t)
            expected = evaluate_module(self.module, arrays, self.weights)["y"]
            blob = self.weights.get(self._program.weights.data)
            inputs, tiled = list(arrays.values()), iter(arrays.values())
            ins: list[np.ndarray] = []
            for operand in self.op.ins:
                match operand.owner:
                    case kernel.Weights() as place:
                        shape, dtype = kernel.buffer_sizes(operand), to_numpy(kernel.buffer_element(operand))
                        count = int(product(shape)) * dtype.itemsize  # pyright: ignore
                        found = blob[place.index_value : place.index_value + count].view(dtype)
                        ins.append(np.ascontiguousarray(found).reshape(shape))  # pyright: ignore
                    case kernel.Input() as place:
                        ins.append(inputs[place.index_value])
                    case _:
                        ins.append(next(tiled))
            (y,) = self.native(*ins, b=b, s=s, t=t)
            if self.kind.is_exact:
                assert_same(y, expected)
            else:
                np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def _sizes(shape: Sequence[str | int]) -> list[Size]:
    return [parse_size(size) for size in shape]


@pytest.mark.parametrize(
    ("elements", "zeros"),
    [
        (("uint8", "uint8", "uint8"), (200, 130, 3, 120)),
        (("uint8", "int8", "int8"), (7, -3, 0, 5)),
        (("int8", "uint8", "uint8"), (-128, 128, 1, 0)),
        (("uint8", "uint8", "int8"), (0, 9, 2, 0)),
    ],
)
def test_bytes(elements: tuple[str, str, str], zeros: tuple[int, int, int, int]) -> None:
    q, k, v = elements
    kind = Kind(
        q, k, v, zeros=zeros, score=real(1e-4), weight=rounded(1 / 100, zeros[2], i8 if q == "int8" else ui8),
        output=then(real(1 / 100), rounded(0.5, 100, ui8)),
    )  # fmt: skip
    Attention(kind).check()


def loops_of_bytes(features: frozenset[str]) -> list[Loop]:
    """The innermost loops of an attention with 64 channels, all in bytes."""
    op = Attention(Kind("uint8", "uint8", "uint8", 1, 64, 64, real(0.01), rounded(1 / 255, 0, ui8), real(0.1))).op

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        ATTENTION.write(op, e, args, ("b", "s", "t"))

    return innermost_loops(assembly([build_function("f", features, body)]))


def test_products_of_bytes_multiply_what_was_interleaved_before() -> None:
    loops = [loop for loop in loops_of_bytes(AVX512) if loop.count("vpdpbusd") == 16]
    assert len(loops) == 2 and not any(loop.count("vpunpck.*|vperm.*") for loop in loops)


class AtLimits(Attention):
    """Queries and weights mostly 255; keys and values whose neighbours add up to 128 in magnitude or just more."""

    def draw(self, b: int, s: int, t: int) -> dict[str, np.ndarray]:
        """Neighbours are channels of a key, and keys of a value."""
        arrays, random = super().draw(b, s, t), np.random.default_rng(b + s + t)
        arrays["q"] = np.where(random.random(arrays["q"].shape) < 0.9, 255, arrays["q"]).astype(np.uint8)
        for name, axis in (("k", 1), ("v", 2)):
            shape = arrays[name].shape
            of_neighbours = [1 if number == axis else size for number, size in enumerate(shape)]
            limits = random.choice([63, 64, 65, -64, -65], of_neighbours)
            fitting = np.where(random.random(shape) < 0.02, -128, random.integers(-64, 64, shape))
            arrays[name] = np.where(random.random(of_neighbours) < 0.3, fitting, limits).astype(np.int8)
        return arrays


@pytest.mark.parametrize("factor", [1e-6, 3e-5])  # scores of all keys alike, or such that each product is seen
def test_neighbouring_keys_and_values_at_the_limits_of_16_bits(factor: float) -> None:
    kind = Kind(
        "uint8", "int8", "int8", channels=14, value_channels=11, score=real(factor), weight=rounded(0.01, 250, ui8),
        zeros=(0, 0, 250, 0),
    )  # fmt: skip
    AtLimits(kind).check([(2, 3, 7), (3, 5, 6), (2, 17, 9), (4, 2, 12), (1, 16, 70)])


def test_bytes_are_multiplied_as_such_on_avx2_where_they_fit() -> None:
    loops = [loop for loop in loops_of_bytes(AVX2) if loop.count("vpmaddubsw") == 8]
    assert len(loops) == 2 and all(loop.count("vpmaddwd") == 8 for loop in loops)
    assert not any(loop.count("vpunpck.*") or loop.stack_traffic for loop in loops)


def test_bytes_that_are_looked_up() -> None:
    def looked_up(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.apply(ew.Lookup, args[0], b.table((np.arange(256) * 7 % 256).astype(np.uint8)))

    def back(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.dequantize(args[0], b.scalar(0.01, f32), b.scalar(3, ui8))

    byte = then(rounded(0.05, 100, ui8), looked_up)
    kind = Kind(
        "uint8", "int8", "int8", zeros=(7, -3, 3, 5), score=then(real(1e-4), then(byte, back)),
        weight=then(rounded(1 / 100, 3, ui8), looked_up), output=then(real(1 / 100), byte),
    )  # fmt: skip
    Attention(kind).check()


@pytest.mark.parametrize(("channels", "value_channels"), [(1, 1), (8, 12), (33, 16)])
def test_channels_of_a_head(channels: int, value_channels: int) -> None:
    kind = Kind(
        "uint8", "int8", "uint8", 3, channels, value_channels, real(1e-4), rounded(1 / 255, 0, ui8), nothing,
        zeros=(3, 4, 0, 6),
    )  # fmt: skip
    Attention(kind).check(points=[(2, 17, 5), (1, 64, 65)])


def test_floats() -> None:
    Attention(Kind()).check()


def test_scores_of_bytes_and_values_of_floats() -> None:
    Attention(Kind("uint8", "int8", score=real(1e-3), zeros=(3, 4, 0, 0))).check()


@pytest.mark.parametrize("zeros", [(3, 4, 0, 5), (200, 4, 0, 5)])
def test_groups_of_keys_that_are_not_full(zeros: tuple[int, int, int, int]) -> None:
    """Scores so far apart that a wrong maximum, of a key that does not exist, would show in the weights."""
    kind = Kind("uint8", "int8", "int8", channels=8, score=real(1e-2), weight=rounded(1 / 255, 0, ui8), zeros=zeros)
    Attention(kind).check([(8, 3, 1), (2, 17, 5), (1, 13, 62), (1, 3, 61)])


class HighKeys(Attention):
    """Every key is 127 in all channels, more than what lies in scratch memory behind the last one."""

    def draw(self, b: int, s: int, t: int) -> dict[str, np.ndarray]:
        arrays = super().draw(b, s, t)
        arrays["k"][:] = 127
        return arrays


def test_sums_of_keys_are_repeated_to_whole_groups() -> None:
    """A zero point of q counts them: too low a sum would be too high a score, of a key that does not exist."""
    weight = rounded(1 / 255, 0, ui8)
    HighKeys(Kind("uint8", "int8", "int8", channels=8, score=real(1e-2), weight=weight, zeros=(200, 4, 0, 5))).check(
        [(2, 3, 1), (1, 17, 5), (1, 13, 62)]
    )


def test_a_zero_point_that_happens_to_be_zero() -> None:
    """Layers share a function that corrects for what is not 0 in some of them."""
    for zeros in ((0, 0, 0, 0), (3, 0, 0, 5)):
        kind = Kind("uint8", "int8", "int8", score=real(1e-3), weight=rounded(1 / 100, zeros[2], ui8), zeros=zeros)
        Attention(replace(kind, corrected="qkwv")).check()


def test_scores_of_floats_and_values_of_bytes() -> None:
    # only weights that no rounding of the scores can move to another byte can be compared
    kind = Kind(v="uint8", score=lambda b, args: b.scalar(0.0, f32), weight=rounded(1 / 7, 0, ui8), zeros=(0, 0, 0, 9))
    Attention(kind).check()


MASKS = [(), (1,), ("t",), ("s", 1), ("s", "t"), ("b", 1, 1, "t"), (1, 2, 1, 1), (1, 2, "s", "t"), ("b", 1, "s", "t"),
         ("b", 2, "s", "t"), ("b", 1, "s", 1)]  # fmt: skip
MASK_POINTS = [(1, 1, 1), (2, 13, 5), (3, 18, 65)]


def test_masks_of_every_shape() -> None:
    def score(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        total = real(1e-4)(b, args)
        for mask in args[1 : 1 + len(MASKS)]:
            total = b.apply(ew.Add, total, mask)
        for mask in args[1 + len(MASKS) :]:
            total = b.apply(ew.Where, mask, total, b.apply(ew.Sub, total, b.scalar(1.0, f32)))
        return total

    def weight(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        chosen = b.apply(ew.Where, args[-1], args[0], b.apply(ew.Mul, args[0], b.scalar(0.5, f32)))
        return b.quantize(chosen, b.scalar(1 / 255, f32), b.scalar(0, ui8))

    extras = (*(("float32", mask) for mask in MASKS), *(("bool", mask) for mask in MASKS[4::4]))
    kind = Kind("uint8", "int8", "int8", score=score, weight=weight, zeros=(128, 1, 0, 2), extras=extras)
    Attention(kind).check(points=MASK_POINTS)


@pytest.mark.parametrize(
    "shapes",
    [
        {"int64": ("s", "t"), "int32": ("s", "t"), "uint8": ("s", 1), "int8": ("b", 1, 1, "t")},
        {"uint8": ("b", 1, "s", "t"), "int8": (2, "s", "t"), "bool": ("s", "t")},
    ],
)
def test_masks_of_every_element(shapes: dict[str, tuple[str | int, ...]]) -> None:
    def score(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        total = args[0]
        for arg in args[1:]:
            total = b.apply(ew.Sub, total, b.apply(ew.Mul, b.cast(arg, f32), b.scalar(1e-3, f32)))
        return total

    Attention(Kind(score=score, extras=tuple(shapes.items()))).check(points=[*MASK_POINTS, (1, 70, 33)])


@pytest.mark.parametrize("features", [PORTABLE, AVX512], ids=["portable", "avx512"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_masks_of_more_elements_than_32_bits_count(features: frozenset[str], dtype: str) -> None:
    element = to_element(np.dtype(dtype))
    block = Block(arg_types=[f32, element])
    cast = ew.Cast.create(operands=[block.args[1]], properties={"to": f32}, result_types=[f32])
    block.add_ops([cast, Yield(cast.results[0])])
    region = Region(block)
    # lanes hold the queries 2**21 and later of 2**12 keys each: the pointer is moved back for the mask to start there
    keys, first, key, width = 2**12, 2**21, 7, np.dtype(dtype).itemsize
    mask = np.random.default_rng(3).integers(0, 200, (16, keys)).astype(dtype)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        frame = Frame(e, (), (), e.i64(0), e.i64(1), args[0], Sizes(e, args[0], ()), args[0], {})
        start = e.offset(args[0], e.i64(-first * keys * width))
        extras = [Extra(1, start, element, (1, 1, first + 16, keys))]
        scores = ScoreBody(region, frame, extras, TurnedExtras(frame, extras, {}))
        queries = e.add(e.iota(), first)
        zeros = e.constant(0, vector_of(f32, 16))
        (row,) = scores.apply([zeros], TokenOrder(16, interleaved=False), (e.i64(0), e.i64(0)), e.i64(key), [queries])
        e.store(row, args[1])

    out = np.zeros(16, np.float32)
    if runnable(features):
        Native(build_function("f", features, body, (pointer, pointer))).call("f", mask, out)
        np.testing.assert_array_equal(out, mask[:, key])


def test_rows_that_are_wholly_masked() -> None:
    def score(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.apply(ew.Where, args[1], real(1e-4)(b, args), b.scalar(float("-inf"), f32))

    def weight(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        guarded = b.apply(ew.Where, b.apply(ew.IsNaN, args[0]), b.scalar(0.0, f32), args[0])
        return b.quantize(guarded, b.scalar(1 / 255, f32), b.scalar(0, ui8))

    kind = Kind("uint8", "int8", "int8", score=score, weight=weight, extras=(("bool", ("b", 1, "s", 1)),))
    Attention(kind).check(points=MASK_POINTS[1:])


@pytest.mark.parametrize("out", ["int32", "int8", "bool"])
def test_every_result_and_numbers_by_channel(out: str) -> None:
    def output(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        y = b.apply(ew.Add, b.apply(ew.Mul, b.cast(args[0], f32), args[1]), b.apply(ew.Mul, args[2], args[3]))
        match out:
            case "int32":
                return b.cast(b.apply(ew.Mul, y, b.scalar(0.5, f32)), i32)
            case "bool":
                return b.apply(ew.Less, y, b.scalar(0.0, f32))
            case _:
                return b.quantize(y, b.scalar(3.0, f32), b.scalar(1, to_element(np.dtype(out))))

    kind = Kind(
        "uint8", "int8", "uint8", score=real(1e-4), weight=rounded(1 / 255, 0, ui8), output=output,
        zeros=(3, 4, 0, 6), extras=(("float32", (6,)), ("float32", (1, 1, 6)), ("float32", (1,))),
    )  # fmt: skip
    Attention(kind).check(points=MASK_POINTS[1:])


def test_no_queries_and_no_keys() -> None:
    for kind in (Kind(), Kind("uint8", "int8", "int8", score=real(1e-3), weight=rounded(1 / 255, 0, ui8))):
        Attention(kind).check(points=[(0, 3, 3), (2, 0, 3), (1, 3, 0)])


@pytest.mark.parametrize(
    "kind", [Kind(), Kind("uint8", "int8", "int8", score=real(1e-3), weight=rounded(1 / 255, 0, ui8))]
)
def test_lanes_behind_the_last_token_are_zeros(kind: Kind) -> None:
    """Up to a whole vector: what was left there might be denormal, and products compute with it. The last sequence has
    computed three lanes more than it has queries."""
    attention = Attention(kind)
    attention.check(points=[(2, 13, 5)])
    (tiles,) = attention.native.tiles
    assert tiles.shape[0] == 1 and (tiles[0][:, 29:32] == 0).all()
