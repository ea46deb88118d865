"""kernel.attention on sequences of different length side by side, against the reference of nn.packed_attention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from xdsl.dialects.builtin import IntegerAttr, IntegerType, StringAttr, f32, i32, i64
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import Layout, tensor, to_element, to_numpy, ui8, with_layout
from sparsec.dialects.nn_tokens import PackedAttention
from sparsec.dims import Dim
from sparsec.lowering.kernels.attention import ATTENTION
from sparsec.lowering.nn_to_kernels import lower_function
from sparsec.reference import evaluate, main_function
from sparsec.weights import WeightStore
from tests.lowering.kernels.run_kernel import Compiled, assert_same

HEADS, CHANNELS = 2, 5
HIDDEN = HEADS * CHANNELS
LENGTHS = [(1,), (5,), (16, 1, 17), (64, 65), (3, 0, 70), (33, 33, 2, 64)]
B, S, T = (Dim.symbol(name) for name in "bst")


class Packed:
    """A packed attention with a mask of keys and a bias of queries and keys, as native code and in numpy.

    Args:
        queries: of each sequence; None for one for each of its keys.
    """

    def __init__(self, dtype: str, queries: int | None = None):
        self.dtype, self.queries, self.weights = dtype, queries, WeightStore()
        x = tensor(to_element(dtype), [T, HIDDEN])
        q = x if queries is None else tensor(to_element(dtype), [B, queries, HIDDEN])
        inputs = [("q", q), ("k", x), ("v", x), ("offsets", tensor(i64, [B + 1]))]
        inputs += [("mask", tensor(f32, [B, 1, 1, S])), ("bias", tensor(f32, [HEADS, queries or S, S]))]
        b, values, finish = begin_module(self.weights, inputs)
        exact = dtype != "float32"
        accumulator = i32 if exact else f32

        def score(inner: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
            scaled = inner.apply(ew.Mul, inner.cast(args[0], f32), inner.scalar(1e-4 if exact else 0.5, f32))
            return [inner.apply(ew.Add, inner.apply(ew.Add, scaled, args[1]), args[2])]

        def weight(inner: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
            return [inner.quantize(args[0], inner.scalar(1 / 255, f32), inner.scalar(0, ui8)) if exact else args[0]]

        def output(inner: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
            real = inner.cast(args[0], f32)
            return [inner.quantize(real, inner.scalar(200.0, f32), inner.scalar(128, ui8)) if exact else args[0]]

        bodies = [b.body([accumulator, f32, f32], score), b.body([f32] * 3, weight)]
        bodies.append(b.body([accumulator, f32, f32], output))
        tiled = [b.convert_layout(values[name], Layout.TILED) for name in "qkv"]
        properties = {"heads": _int(HEADS), "sequence": StringAttr("s")}
        if exact:
            properties |= {"q_zero": _int(100), "k_zero": _int(120), "v_zero": _int(7)}
        operands = [values["offsets"], *tiled, values["mask"], values["bias"]]
        y = b.create(PackedAttention, operands, properties, regions=bodies).results[0]
        y._type = with_layout(y.type, Layout.TILED)  # pyright: ignore
        self.module = finish([("y", b.convert_layout(y, None))])
        self.module.verify()
        program = lower_function(main_function(self.module.clone()), self.weights)
        (op,) = [op for op in program.body.block.ops if isinstance(op, kernel.Attention)]
        self._program = program
        self.native = Compiled(op, ATTENTION, ("b", "s", "t"), exact=exact)
        self.zeros = np.asarray([100, 120 - 128, 0, 7 - 128] if exact else [0] * 4, np.int32)

    def check(self, lengths: tuple[int, ...], sequence: int) -> None:
        """Compare for sequences of these lengths, of at most `sequence` tokens."""
        random = np.random.default_rng(sum(lengths))
        b, t = len(lengths), sum(lengths)
        shapes = [(t, HIDDEN) if self.queries is None else (b, self.queries, HIDDEN), (t, HIDDEN), (t, HIDDEN)]
        if self.dtype == "float32":
            q, k, v = (random.normal(size=shape).astype(np.float32) for shape in shapes)
        else:
            q, k, v = (random.integers(0, 256, shape).astype(self.dtype) for shape in shapes)
        mask = np.where(random.random((b, 1, 1, sequence)) < 0.3, np.float32(-3e38), np.float32(0))
        mask[..., 0] = 0
        bias = random.normal(size=(HEADS, self.queries or sequence, sequence)).astype(np.float32)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        feed = {"q": q, "k": k, "v": v, "offsets": offsets, "mask": mask, "bias": bias}
        expected = evaluate(self.module, feed, self.weights)["y"]
        (y,) = self.native(q, k, v, self.zeros, offsets, mask, bias, *self.constants(), b=b, s=sequence, t=t)
        if self.dtype == "float32":
            np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
        else:
            assert_same(y, expected)

    def constants(self) -> list[np.ndarray]:
        """What was moved out of the bodies."""
        blob = self.weights.get(self._program.weights.data)
        found: list[np.ndarray] = []
        for operand in self.native.op.ins[7:]:
            at, dtype = operand.owner.index_value, to_numpy(kernel.buffer_element(operand))  # pyright: ignore
            found.append(blob[at : at + dtype.itemsize].view(dtype).reshape(()))
        return found


def _int(value: int) -> IntegerAttr[IntegerType]:
    return IntegerAttr(value, i64)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_sequences_of_any_length(dtype: str) -> None:
    packed = Packed(dtype)
    for lengths in LENGTHS:
        for sequence in (max(lengths), 80):
            packed.check(lengths, sequence)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("queries", [1, 3])
def test_queries_that_are_not_packed(dtype: str, queries: int) -> None:
    packed = Packed(dtype, queries)
    for lengths in LENGTHS:
        if 0 not in lengths:  # a query of a sequence without keys has no weights
            packed.check(lengths, max(lengths))
