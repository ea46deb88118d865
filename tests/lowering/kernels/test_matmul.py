"""kernel.matmul against the reference of sparse.matmul: bytes bit for bit, floats within rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from xdsl.dialects.builtin import UnitAttr, f32, i32
from xdsl.ir import Attribute, Block, Region, SSAValue

from sparsec.builder import Builder
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import element_of, ui8
from sparsec.dialects.sparse import MatMul, ScheduleAttr
from sparsec.lowering.kernels.matmul import CHUNK, MATMUL
from sparsec.packing import WeightLayout, pack_weight, pairs_cannot_saturate
from sparsec.reference import evaluate_op
from sparsec.schedule import Dataflow, Schedule
from sparsec.weights import WeightStore
from tests.lowering.kernels.run_kernel import Compiled, assert_same, buffer, kernel_call

Write = Callable[[Builder, Sequence[SSAValue]], Sequence[SSAValue]]

GATHER, DENSE = Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS
POINTS = [(1, 1), (1, 13), (2, 8), (1, 17), (3, 11), (7, 7), (2, 32), (5, 13), (2, 64)]
"""(b, s): token counts on either side of 16, 32, 48, 64 and 128."""


@dataclass(frozen=True)
class Extra:
    """An operand of the body: its dtype and shape."""

    dtype: str
    sizes: tuple[str | int, ...]

    @property
    def tiled(self) -> bool:
        """Whether it has one number for each token and channel."""
        return "b" in self.sizes

    def draw(self, random: np.random.Generator, symbols: dict[str, int]) -> np.ndarray:
        """Numbers over the whole range of small types, others near zero."""
        shape = [symbols.get(str(size), size) for size in self.sizes]
        dtype = np.dtype(self.dtype)
        if dtype.kind == "f":
            return random.normal(size=shape).astype(dtype)
        if dtype.kind == "b":
            return random.integers(0, 2, shape).astype(dtype)
        limits = np.iinfo(dtype) if dtype.itemsize == 1 else (np.iinfo(np.int16))
        return random.integers(limits.min, limits.max + 1, shape).astype(dtype)


@dataclass(frozen=True)
class Given(Extra):
    """An operand whose numbers are given."""

    numbers: np.ndarray

    def draw(self, random: np.random.Generator, symbols: dict[str, int]) -> np.ndarray:
        """The numbers."""
        return np.asarray(self.numbers)


class Product:
    """One product, as native code and as the reference knows it."""

    def __init__(
        self, weight: np.ndarray, dataflow: Dataflow, outs: Sequence[str], extras: Sequence[Extra], write: Write
    ):
        self.weight, self.extras = weight, extras
        rows, columns = weight.shape
        is_float = not dataflow.is_integer
        self.x = "float32" if is_float else "uint8"
        types = [buffer(extra.dtype, extra.sizes, extra.tiled) for extra in extras]
        x = buffer(self.x, ("b", "s", columns), tiled=True)
        results = [buffer(dtype, ("b", "s", rows), tiled=True) for dtype in outs]
        builder = Builder(WeightStore(), Block())
        body = builder.body([f32 if is_float else i32, *(element_of(t) for t in types)], write)
        schedule = ScheduleAttr.of(Schedule(dataflow))
        ins = [x, kernel.PackedType(), *types]
        self.packed = pack_weight(weight, Schedule(dataflow))
        properties: dict[str, Attribute] = {"schedule": schedule}
        if dataflow is Dataflow.DENSE_QUADS and pairs_cannot_saturate(
            self.packed, WeightLayout(rows, columns, dataflow)
        ):
            properties["pairs_fit"] = UnitAttr()
        op = kernel_call(kernel.MatMul, ins, results, properties, [body.clone()])
        self.native = Compiled(op, MATMUL, ("b", "s"), exact=not is_float)
        self.meaning = self._meaning(body, is_float, [t for t in types], rows, columns)

    def _meaning(self, body: Region, is_float: bool, extras: Sequence[Attribute], rows: int, columns: int) -> MatMul:
        element = f32 if is_float else ui8
        weight = np.zeros((rows, columns), self.weight.dtype)
        block = Block(arg_types=[buffer("float32" if element == f32 else "uint8", ("b", "s", columns)), *extras])
        builder = Builder(WeightStore(), block)
        builder.sparse_matmul(block.args[0], builder.constant(weight), block.args[1:], body)
        op = block.last_op
        assert isinstance(op, MatMul)
        self._block = block
        return op

    def check(self, seed: int = 0, tolerance: float = 0.0, points: Sequence[tuple[int, int]] = POINTS) -> None:
        """Compare at all token counts."""
        for b, s in points:
            random = np.random.default_rng(seed + 100 * b + s)
            symbols = {"b": b, "s": s}
            x = Extra(self.x, ("b", "s", self.weight.shape[1])).draw(random, symbols)
            extras = [extra.draw(random, symbols) for extra in self.extras]
            expected = evaluate_op(self.meaning, [x, self.weight, *extras], symbols)
            found = self.native(x, self.packed, *extras, **symbols)
            for one, other in zip(found, expected, strict=True):
                if tolerance:
                    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
                else:
                    assert_same(one, other)


def sum_itself(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
    """The body that does nothing."""
    return [args[0]]


def requantised(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
    """`quantize(relu(cast(acc + bias) * multiplier), scale, zero)`"""
    real = b.apply(ew.Mul, b.cast(b.apply(ew.Add, args[0], args[1]), f32), args[2])
    return [b.quantize(b.apply(ew.Relu, real), args[3], args[4])]


def drawn_weight(rows: int, columns: int, zeros: float, seed: int = 0) -> np.ndarray:
    """s8 over its whole range, pruned in 4x1 blocks."""
    random = np.random.default_rng(seed)
    weight = random.integers(-128, 128, (rows, columns)).astype(np.int8)
    weight[np.repeat(random.random((-(-rows // 4), columns)) < zeros, 4, axis=0)[:rows]] = 0
    return weight


@pytest.mark.parametrize("dataflow", [GATHER, DENSE])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 5), (4, 4), (5, 33), (CHUNK + 7, 18)])
def test_sums_of_every_shape(rows: int, columns: int, dataflow: Dataflow) -> None:
    Product(drawn_weight(rows, columns, 0.4), dataflow, ["int32"], [], sum_itself).check()


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("dataflow", [GATHER, DENSE])
def test_requantised(dataflow: Dataflow, signed: bool) -> None:
    rows = 13
    out = "int8" if signed else "uint8"
    extras = [Extra("int32", (rows,)), Extra("float32", (1, rows)), Extra("float32", ()), Extra(out, (1, 1))]
    Product(drawn_weight(rows, 20, 0.6), dataflow, [out], extras, requantised).check()


@pytest.mark.parametrize("out", ["uint8", "int8"])
@pytest.mark.parametrize("zero", [0, 100, -128])
def test_bounded_quantisation_saturates(out: str, zero: int) -> None:
    """Quotients on either side of the range and up to the largest that are promised."""

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        q = b.quantize(b.apply(ew.Mul, b.cast(args[0], f32), args[1]), args[2], args[3])
        q.owner.properties["bounded"] = UnitAttr()  # pyright: ignore
        return [q]

    multipliers = np.float32([1, 1e-3, 1000, -1000, 0, 0.3, 1, -1])
    parameters = (np.asarray(0.5, np.float32), np.asarray(zero, np.int64).astype(out))
    extras = [Given("float32", (8,), multipliers), Given("float32", (), parameters[0]), Given(out, (), parameters[1])]
    Product(drawn_weight(8, 12, 0.0), DENSE, [out], extras, write).check()


def test_every_operand_and_result_that_a_tile_can_hold() -> None:
    rows = 6
    kinds = ["float32", "int32", "uint8", "int8", "bool"]
    extras = [Extra(kind, ("b", "s", rows)) for kind in kinds] + [Extra(kind, (rows,)) for kind in (*kinds, "int64")]

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total, real, whole, byte, signed, flag, *channels = args
        wide = b.cast(byte, i32)
        total = b.apply(ew.Add, b.apply(ew.Add, total, whole), b.apply(ew.Mul, wide, b.cast(signed, i32)))
        chosen = b.apply(ew.Where, flag, b.cast(total, f32), b.apply(ew.Mul, real, channels[0]))
        below = b.apply(ew.Less, chosen, b.cast(b.apply(ew.Add, channels[1], b.cast(channels[5], i32)), f32))
        either = b.apply(ew.Or, below, channels[4])
        two = b.scalar(2.0, f32)
        bytes_ = [b.quantize(chosen, two, channels[2]), b.quantize(chosen, two, channels[3])]
        return [chosen, total, *bytes_, either, byte, signed]

    outs = ["float32", "int32", "uint8", "int8", "bool", "uint8", "int8"]
    Product(drawn_weight(rows, 9, 0.5), GATHER, outs, extras, write).check()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("used_twice", [False, True])
def test_bias_that_begins_the_sum(swapped: bool, used_twice: bool) -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total = b.apply(ew.Add, *(args[1::-1] if swapped else args[:2]))
        return [b.apply(ew.Mul, total, args[1]) if used_twice else total, args[2]]

    extras = [Extra("int32", (7,)), Extra("int32", (1, 1, 7))]
    Product(drawn_weight(7, 6, 0.5), GATHER, ["int32", "int32"], extras, write).check()


def test_one_channel_whose_numbers_are_scalars() -> None:
    extras = [Extra("int32", (1,)), Extra("float32", (1,)), Extra("float32", ()), Extra("uint8", ())]
    Product(drawn_weight(1, 3, 0.0), DENSE, ["uint8"], extras, requantised).check()


def test_wide_weights_are_sums_of_bytes() -> None:
    weight = np.random.default_rng(3).integers(-255, 256, (9, 11)).astype(np.int16)
    weight[0] = [255, -255, 128, -128, 127, -129, 254, -254, 0, 1, -1]
    Product(weight, GATHER, ["int32"], [], sum_itself).check()


@pytest.mark.parametrize("columns", [8192, 8195])
@pytest.mark.parametrize("dataflow", [GATHER, DENSE])
def test_many_columns(columns: int, dataflow: Dataflow) -> None:
    weight = drawn_weight(5, columns, 0.9)
    weight[:, -1] = -128
    Product(weight, dataflow, ["int32"], [], sum_itself).check(points=[(1, 1), (1, 65)])


@pytest.mark.parametrize("fill", [0, -128, 127])
def test_nothing_stored_and_extreme_sums(fill: int) -> None:
    weight = np.full((6, 40), fill, np.int8)
    Product(weight, GATHER, ["int32"], [], sum_itself).check(points=[(1, 3), (2, 40)])


@pytest.mark.parametrize("dataflow", [Dataflow.GATHER_ROWS, Dataflow.DENSE_ROWS])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 5), (9, 33)])
def test_floats(rows: int, columns: int, dataflow: Dataflow) -> None:
    weight = np.random.default_rng(5).normal(size=(rows, columns)).astype(np.float32)
    weight[drawn_weight(rows, columns, 0.5) == 0] = 0
    extras = [Extra("float32", (rows,)), Extra("float32", ("b", "s", rows))]

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        return [b.apply(ew.Add, b.apply(ew.Add, args[0], args[1]), args[2])]

    Product(weight, dataflow, ["float32"], extras, write).check(tolerance=1e-5)


def test_empty_batch() -> None:
    Product(drawn_weight(5, 6, 0.5), GATHER, ["int32"], [], sum_itself).check(points=[(0, 4), (3, 0)])
