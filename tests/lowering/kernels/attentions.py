"""Attentions of every kind, as native code and as the reference knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, StringAttr, f32, i32
from xdsl.ir import Attribute, SSAValue

from sparsec.builder import INPUT_NAMES, Builder, begin_module
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import Layout, element_of, sizes_of, tensor, to_element, to_numpy
from sparsec.dialects.tensor_op import sizes
from sparsec.dims import Size, evaluate, parse_size, product
from sparsec.lowering.kernels.attention import ATTENTION
from sparsec.lowering.nn_to_kernels import lower_function
from sparsec.reference import evaluate as evaluate_module
from sparsec.reference import main_function, names_of
from sparsec.weights import WeightStore
from tests.lowering.kernels.run_kernel import Compiled, assert_same

Write = Callable[[Builder, Sequence[SSAValue]], SSAValue]

POINTS = [(1, 1, 1), (2, 13, 5), (3, 16, 17), (2, 33, 64), (1, 65, 3), (2, 70, 66), (5, 13, 13)]
"""(b, s, t): sequences, queries and keys on either side of 16, 32 and 64, beginning anywhere in a tile."""

FEW_POINTS = [(1, 1, 1), (2, 13, 5), (3, 18, 65)]
"""For what takes many kernels."""


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
