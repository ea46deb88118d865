"""Drawn bodies of elementwise ops that quantise and dequantise every now and then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as draws
from xdsl.dialects.builtin import IntegerType, ModuleOp, f32, i8, i32
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor, to_numpy, ui8
from sparsec.weights import WeightStore

Write = Callable[[Builder, Sequence[SSAValue]], Sequence[SSAValue]]

UNARY = (
    ew.Neg, ew.Abs, ew.Sign, ew.Exp, ew.Log, ew.Sqrt, ew.Reciprocal, ew.Sin, ew.Cos, ew.Erf, ew.Tanh, ew.Sigmoid,
    ew.Relu, ew.Gelu, ew.GeluTanh, ew.Floor, ew.Ceil, ew.Round,
)  # fmt: skip
BINARY = (ew.Add, ew.Sub, ew.Mul, ew.Div, ew.Pow, ew.Maximum, ew.Minimum)
ARGUMENTS = {"x": f32, "u": ui8, "s": i8, "k": i32}
BYTES: tuple[IntegerType, ...] = (ui8, i8)


class Drawn(NamedTuple):
    """What hypothesis prints as IR: by itself it would walk through all of its links."""

    module: ModuleOp
    weights: WeightStore

    def __repr__(self) -> str:
        return str(self.module)


def module_of(write: Write) -> Drawn:
    """A map over one vector of each of `ARGUMENTS`."""
    weights = WeightStore()
    builder, values, finish = begin_module(weights, [(name, tensor(type, [300])) for name, type in ARGUMENTS.items()])
    operands = list(values.values())
    outs = builder.map(operands, builder.body([value.type for value in operands], write))
    return Drawn(finish([(f"y{index}", value) for index, value in enumerate(outs)]), weights)


def number(b: Builder, value: float, element: IntegerType) -> SSAValue:
    """A byte constant, any number wrapped into its range."""
    return b.scalar(int(np.asarray(int(value) % 256, np.uint8).astype(to_numpy(element))), element)


@draws.composite
def bodies(draw: draws.DrawFn) -> Drawn:
    """Ops on earlier values and constants, quantised and dequantised every now and then; several results."""

    def write(b: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        x, unsigned, signed, whole = arguments
        floats, bytes_ = [x, b.cast(whole, f32)], [unsigned, signed]
        scales = draws.sampled_from([1.0, 0.25, 0.03, 1e-3, 1e-30, 40.0])
        for _ in range(draw(draws.integers(1, 14))):
            kind = draw(draws.sampled_from(["quantize", "dequantize", "unary", "unary", "binary", "constant", "byte"]))
            recent = draws.sampled_from(floats[-3:])
            if kind == "quantize":
                element = draw(draws.sampled_from(BYTES))
                zero = number(b, draw(draws.integers(0, 255)), element)
                bytes_.append(b.quantize(draw(recent), b.scalar(draw(scales), f32), zero))
            elif kind == "dequantize":
                byte = draw(draws.sampled_from(bytes_))
                zero = number(b, draw(draws.integers(0, 255)), byte.type)  # pyright: ignore
                floats.append(b.dequantize(byte, b.scalar(draw(scales), f32), zero))
            elif kind == "unary":
                floats.append(b.apply(draw(draws.sampled_from(UNARY)), draw(recent)))
            elif kind == "binary":
                floats.append(b.apply(draw(draws.sampled_from(BINARY)), draw(recent), draw(draws.sampled_from(floats))))
            elif kind == "constant":
                other = b.scalar(draw(draws.sampled_from([0.5, -1.0, 2.0, 3.0])), f32)
                floats.append(b.apply(draw(draws.sampled_from(BINARY)), draw(recent), other))
            else:
                byte = draw(draws.sampled_from(bytes_))
                below = b.apply(ew.Less, byte, number(b, draw(draws.integers(0, 255)), byte.type))  # pyright: ignore
                bytes_.append(b.apply(ew.Where, below, byte, b.apply(ew.Neg, byte)))
        results = draw(
            draws.lists(draws.sampled_from([*bytes_[2:], *floats[2:], x]), min_size=1, max_size=3, unique=True)
        )
        return [*results, *bytes_[-1:]]

    return module_of(write)
