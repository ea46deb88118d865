"""Lookups in bodies, last or not, in every kernel that has bodies, on every target, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from xdsl.dialects.builtin import IntegerType, UnitAttr, f32, i8
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import ENTRIES, TableType, tensor, to_element, to_numpy, ui8
from sparsec.lowering.kernels.last_lookups import LastLookup, split_lookups
from sparsec.lowering.kernels.maps import MAP
from sparsec.lowering.nn_to_kernels import lower_function
from sparsec.reference import evaluate, main_function
from sparsec.schedule import Dataflow
from sparsec.transforms.tabulate_bytes import TabulateBytes
from tests.lowering.kernels.run_kernel import Compiled, assert_same, body_reference, buffer, kernel_op
from tests.lowering.kernels.test_matmul import Extra, Given, Product, drawn_weight
from tests.transforms.drawn_bodies import Drawn, bodies
from tests.transforms.passes import draw_inputs, run_passes

WRITTEN: dict[str, IntegerType] = {"ui8": ui8, "i8": i8}
each_pair = pytest.mark.parametrize(("operand", "entry"), [("ui8", "ui8"), ("ui8", "i8"), ("i8", "ui8"), ("i8", "i8")])
POINTS = [(1, 1), (1, 13), (1, 64), (4, 25), (0, 3)]
"""(b, s): 1, 13, 64, 100 and no tokens."""


def table_of(entry: IntegerType, seed: int = 0) -> np.ndarray:
    """256 random bytes."""
    table = np.zeros((), to_numpy(TableType(entry)))
    table[ENTRIES] = np.random.default_rng(seed).integers(0, 256, 256).astype(np.uint8).view(to_numpy(entry))
    return table


def body_text(operand: str, entry: str) -> str:
    """A lookup that comes last, one whose result is computed with, one of what a lookup gave, and a bare byte."""
    tables = f"%t : !nn.table<{entry}>, %u : !nn.table<{operand}>"
    return f"""(%x : f32, %s : f32, %z : {operand}, %b : {operand}, {tables}) {{
      %q = nn.quantize %x, %s, %z : (f32, f32, {operand}) -> {operand}
      %l = nn.lookup %q, %t : ({operand}, !nn.table<{entry}>) -> {entry}
      %m = nn.lookup %b, %u : ({operand}, !nn.table<{operand}>) -> {operand}
      %n = nn.lookup %m, %t : ({operand}, !nn.table<{entry}>) -> {entry}
      %f = nn.cast %l <to = f32> : ({entry}) -> f32
      %g = nn.add %f, %x : f32
      sparse.yield %l, %n, %g, %m : {entry}, {entry}, f32, {operand}
    }}"""


def check_map(operand: str, entry: str, channels: int, tiled: bool, bytes_shape: tuple[str | int, ...]) -> None:
    """Run the body above at every point."""
    names = {"ui8": "uint8", "i8": "int8"}
    ins = [
        buffer("float32", ("b", "s", channels), tiled), buffer("float32", ()), buffer(names[operand], ()),
        buffer(names[operand], bytes_shape, tiled and "b" in bytes_shape),
        tensor(TableType(WRITTEN[entry]), []), tensor(TableType(WRITTEN[operand]), []),
    ]  # fmt: skip
    outs = [
        buffer(dtype, ("b", "s", channels), tiled) for dtype in (names[entry], names[entry], "float32", names[operand])
    ]
    compiled = Compiled(kernel_op("map", ins, outs, body=body_text(operand, entry)), MAP, ("b", "s"))
    for b, s in POINTS:
        random = np.random.default_rng(b + 10 * s)
        x = (random.normal(size=(b, s, channels)) * 10.0 ** random.integers(-2, 6, (b, s, channels))).astype(np.float32)
        x.reshape(-1)[:3] = (np.nan, np.inf, -np.inf)[: x.size]
        shape = [{"b": b, "s": s}.get(str(size), size) for size in bytes_shape]
        bytes_ = random.integers(0, 256, shape).astype(np.uint8).view(names[operand])
        zero = random.integers(0, 256, ()).astype(np.uint8).view(names[operand])
        arrays = [
            x,
            np.asarray(0.3, np.float32),
            zero,
            bytes_,
            table_of(WRITTEN[entry], 1),
            table_of(WRITTEN[operand], 2),
        ]
        expected = body_reference(compiled.op, arrays, x.shape)
        for one, other in zip(compiled(*arrays, b=b, s=s), expected, strict=True):
            assert_same(one, other)


@each_pair
@pytest.mark.parametrize("tiled", [False, True])
def test_map(operand: str, entry: str, tiled: bool) -> None:
    check_map(operand, entry, 5, tiled, ("b", "s", 5))


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (3,)], ids=str)
def test_bytes_that_are_known_before_the_loop(tiled: bool, shape: tuple[int, ...]) -> None:
    check_map("ui8", "i8", 3 if shape == (3,) else 1, tiled, shape)


class Table(Extra):
    """A table as an operand of the body."""

    def draw(self, random: np.random.Generator, symbols: dict[str, int]) -> np.ndarray:
        """The same for all points."""
        return table_of(to_element(self.dtype).entry)  # pyright: ignore


def extra_table(entry: IntegerType) -> Table:
    """A table with entries of this type."""
    return Table(to_numpy(TableType(entry)), ())  # pyright: ignore


@each_pair
@pytest.mark.parametrize("rows", [1, 6])
def test_product(operand: str, entry: str, rows: int) -> None:
    names = {"ui8": "uint8", "i8": "int8"}
    extras = [Extra("float32", (rows,)), Extra("float32", ()), Extra(names[operand], ()), extra_table(WRITTEN[entry])]

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total, multiplier, scale, zero, table = args
        q = b.quantize(b.apply(ew.Mul, b.cast(total, f32), multiplier), scale, zero)
        found = b.apply(ew.Lookup, q, table)
        return [found, b.cast(found, f32), q]

    outs = [names[entry], "float32", names[operand]]
    Product(drawn_weight(rows, 9, 0.5), Dataflow.GATHER_QUADS, outs, extras, write).check(points=POINTS)


def test_product_whose_every_byte_is_looked_up() -> None:
    extras = [Extra("float32", ()), Extra("uint8", ()), extra_table(ui8), extra_table(i8)]

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        q = b.quantize(b.cast(args[0], f32), args[1], args[2])
        return [b.apply(ew.Lookup, q, args[3]), b.apply(ew.Lookup, q, args[4])]

    Product(drawn_weight(7, 9, 0.0), Dataflow.DENSE_QUADS, ["uint8", "int8"], extras, write).check(points=POINTS)


@pytest.mark.parametrize("operand", ["ui8", "i8"])
def test_bounded_byte_that_is_stored_and_looked_up(operand: str) -> None:
    """Its store may add the zero point, but then the lookup in between would lack it."""
    dtype = {"ui8": "uint8", "i8": "int8"}[operand]
    scale = Given("float32", (), np.asarray(500, np.float32))
    extras = [scale, Extra(dtype, ()), extra_table(ui8), Extra("float32", ())]

    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        q = b.quantize(b.cast(args[0], f32), args[1], args[2])
        q.owner.properties["bounded"] = UnitAttr()  # pyright: ignore
        found = b.apply(ew.Lookup, q, args[3])
        return [q, found, b.apply(ew.Mul, b.cast(found, f32), args[4])]

    Product(drawn_weight(6, 9, 0.0), Dataflow.DENSE_QUADS, [dtype, "uint8", "float32"], extras, write).check()


def test_product_of_floats() -> None:
    def write(b: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        q = b.quantize(b.apply(ew.Relu, args[0]), b.scalar(0.01, f32), b.scalar(-128, i8))
        return [b.apply(ew.Lookup, q, args[1])]

    weight = np.eye(5, 7, dtype=np.float32)  # exact on every target
    product = Product(weight, Dataflow.DENSE_ROWS, ["uint8"], [extra_table(ui8)], write)
    product.native.exact = True
    product.check(points=POINTS)


def test_lookups_at_the_end_are_taken_off_a_copy() -> None:
    op = kernel_op(
        "map",
        [buffer("float32", (4,)), buffer("float32", ()), buffer("uint8", ()), buffer("uint8", (4,))]
        + [tensor(TableType(ui8), [])] * 2,
        [buffer(dtype, (4,)) for dtype in ("uint8", "uint8", "float32", "uint8")],
        body=body_text("ui8", "ui8"),
    )
    copy, lookups = split_lookups(op.regions[0])
    assert lookups == (LastLookup(ui8, 4), LastLookup(ui8, 4), None, LastLookup(ui8, 5))
    kinds: list[list[type]] = [[type(each) for each in region.block.ops] for region in (op.regions[0], copy)]
    assert [kind.count(ew.Lookup) for kind in kinds] == [3, 2]


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(bodies())
def test_drawn_bodies_after_the_pass(drawn: Drawn) -> None:
    before, weights = drawn
    module = run_passes(before, weights, TabulateBytes())
    program = lower_function(main_function(module), weights)
    (op,) = (op for op in program.body.block.ops if isinstance(op, kernel.Map))
    random = np.random.default_rng(0)
    inputs = draw_inputs(before, {})
    inputs["x"] *= 10.0 ** random.integers(-3, 9, 300).astype(np.float32)
    inputs["k"] = (random.integers(-(2**31), 2**31, 300) >> random.integers(0, 32, 300)).astype(np.int32)
    blob = weights.get(program.weights.data)
    ins: list[np.ndarray] = []
    for operand in op.ins:
        place = operand.owner
        assert isinstance(place, kernel.PlaceOp)
        if isinstance(place, kernel.Input):
            ins.append(list(inputs.values())[place.index_value])
        else:
            dtype = to_numpy(kernel.buffer_element(operand))
            ins.append(np.frombuffer(blob.tobytes(), dtype, 1, place.index_value).reshape(()))
    found = Compiled(op, MAP)(*ins)
    for one, other in zip(found, evaluate(before, inputs, weights).values(), strict=True):
        assert_same(one, other)
