"""Small encoders with masks and heads in the spellings of exporters, and inputs with every kind of padding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
from xdsl.dialects.builtin import ModuleOp, f32, i1, i32, i64
from xdsl.ir import Attribute, SSAValue

from sparsec import pipeline
from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import tensor, to_numpy
from sparsec.dialects.tensor_op import sizes
from sparsec.dims import Size
from sparsec.transforms.compact_tokens import CompactTokens
from sparsec.weights import Array, WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE
from tests.transforms.passes import context_of

HEADS, CHANNELS, WORDS, PLACES = 2, 4, 11, 80
HIDDEN = HEADS * CHANNELS

ELEMENTS: dict[str, Attribute] = {"i64": i64, "i32": i32, "i1": i1, "f32": f32}
MASKS = ("lowest", "infinite", "replace", "causal", "thousands", "none")
HEADS_OF_MODELS = ("first", "mean", "filled mean", "all", "first and all", "unmasked mean")


@dataclass(frozen=True)
class Encoder:
    """A model of `ids` and `mask`.

    Attributes:
        mask: how attention is masked: "lowest" and "infinite" are added, "replace" replaces scores, "causal" is added
            as [b,1,s,s], "thousands" adds -10000.
        element: of the mask input.
        head: which tokens of the last layer are looked at.
        layers: how many.
        quantised: "none", "static" or "dynamic".
        residual: whether positions are added, and inputs of layers to their outputs.
        spoiled: whether the embedding of word 0 is NaN.
        batch, sequence: sizes of the inputs.
    """

    mask: str = "lowest"
    element: str = "i64"
    head: str = "first"
    layers: int = 1
    quantised: str = "none"
    residual: bool = True
    spoiled: bool = False
    batch: Size = BATCH
    sequence: Size = SEQUENCE

    def build(self) -> tuple[ModuleOp, WeightStore]:
        """The [input] module."""
        weights = WeightStore()
        shape = [self.batch, self.sequence]
        inputs = [("ids", tensor(i64, shape)), ("mask", tensor(ELEMENTS[self.element], shape))]
        b, values, finish = begin_module(weights, inputs)
        writer = _Writer(self, b, np.random.default_rng(7))
        return finish([(f"y{n}", y) for n, y in enumerate(writer.write(values["ids"], values["mask"]))]), weights

    def sparse(self) -> tuple[ModuleOp, WeightStore]:
        """The module with all tokens that `compact-tokens` is given."""
        module, weights = self.build()
        graph, sparse = pipeline.stages()[:2]
        before = tuple(takewhile(lambda step: not isinstance(step, CompactTokens), sparse.passes))
        stages = graph, replace(sparse, passes=before)
        pipeline.finish(pipeline.run(module, context_of(weights), stages, thorough=False))
        return module, weights

    def draw(self, lengths: list[int], sequence: int, holes: float, seed: int) -> dict[str, Array]:
        """Inputs whose masks show so many tokens, but for some holes."""
        random = np.random.default_rng(seed)
        shape = len(lengths), sequence
        mask = np.arange(sequence) < np.asarray(lengths)[:, None]
        mask &= random.random(shape) >= holes
        dtype = to_numpy(ELEMENTS[self.element])
        return {"ids": random.integers(0, WORDS, shape), "mask": mask.astype(dtype)}


@dataclass
class _Writer:
    model: Encoder
    b: Builder
    random: np.random.Generator

    def write(self, ids: SSAValue, mask: SSAValue) -> list[SSAValue]:
        b = self.b
        words = self.random.normal(size=(WORDS, HIDDEN)).astype(np.float32)
        if self.model.spoiled:
            words[0] = np.nan
        x = b.gather(b.constant(words), ids, 0)
        if self.model.residual:
            places = b.slice(self._weight(PLACES, HIDDEN), [0, 0], [self.model.sequence, HIDDEN], [1, 1])
            x = b.apply(ew.Add, x, b.reshape(places, [1, self.model.sequence, HIDDEN]))
        x = self._normalised(x)
        for _ in range(self.model.layers):
            x = self._layer(x, mask)
        first = b.slice(x, [0, 0, 0], [self.model.batch, 1, HIDDEN], [1, 1, 1])
        pooled = self._linear(b.reshape(first, [self.model.batch, HIDDEN]), 3)
        factor = b.reshape(b.cast(mask, f32), [self.model.batch, self.model.sequence, 1])
        match self.model.head:
            case "first":
                return [pooled]
            case "all":
                return [x]
            case "first and all":
                return [pooled, self._linear(x, 2)]
            case "mean" | "filled mean":
                left = b.apply(ew.Mul, x, factor)
                if self.model.head == "filled mean":  # as `masked_fill` does
                    padding = b.apply(ew.Equal, factor, b.constant(np.float32(0)))
                    left = b.apply(ew.Where, padding, b.constant(np.float32(0)), x)
                total = b.reduce(rd.ReduceSum, left, [1])
                return [b.apply(ew.Div, total, b.reduce(rd.ReduceSum, factor, [1]))]
            case _:
                return [b.reduce(rd.ReduceMean, x, [1])]

    def _weight(self, *shape: int) -> SSAValue:
        return self.b.constant(self.random.normal(size=shape).astype(np.float32))

    def _normalised(self, x: SSAValue) -> SSAValue:
        return self.b.layer_norm(x, self._weight(HIDDEN), self._weight(HIDDEN), 1e-12)

    def _linear(self, x: SSAValue, out: int = HIDDEN) -> SSAValue:
        b, inputs = self.b, sizes(x)[-1]
        assert isinstance(inputs, int)
        matrix, bias = self._weight(out, inputs), self._weight(out)
        if self.model.quantised != "none":
            numbers = self.random.integers(-127, 128, (out, inputs)).astype(np.int8)
            matrix = b.dequantize(b.constant(numbers), b.constant(0.01), b.constant(np.int8(0)))
            x = self._rounded(x) if self.model.quantised == "static" else b.dequantize(*b.dynamic_quantize(x))
        return b.apply(ew.Add, b.linear(x, matrix), bias)

    def _rounded(self, x: SSAValue, scale: float = 0.05, zero: int = 120) -> SSAValue:
        parameters = self.b.constant(scale), self.b.constant(np.uint8(zero))
        return self.b.dequantize(self.b.quantize(x, *parameters), *parameters)

    def _layer(self, x: SSAValue, mask: SSAValue) -> SSAValue:
        b, split = self.b, (self.model.batch, self.model.sequence, HEADS, CHANNELS)
        q, k, v = (self._linear(x) for _ in range(3))
        if self.model.quantised == "static":
            q, k, v = map(self._rounded, (q, k, v))
        q, k, v = (b.transpose(b.reshape(part, split), [0, 2, 1, 3]) for part in (q, k, v))
        scores = b.apply(ew.Div, b.matmul(q, b.transpose(k, [0, 1, 3, 2])), b.constant(2.0))
        shares = b.softmax(self._masked(scores, mask), -1)
        if self.model.quantised == "static":
            shares = self._rounded(shares, 1 / 255, 0)
        mixed = b.reshape(
            b.transpose(b.matmul(shares, v), [0, 2, 1, 3]), [self.model.batch, self.model.sequence, HIDDEN]
        )
        y = self._linear(mixed)
        if self.model.residual:
            y = b.apply(ew.Add, y, x)
        return self._normalised(y)

    def _masked(self, scores: SSAValue, mask: SSAValue) -> SSAValue:
        b = self.b
        wide = b.reshape(mask, [self.model.batch, 1, 1, self.model.sequence])
        real = b.cast(wide, f32)
        lowest = b.constant(np.finfo(np.float32).min)
        match self.model.mask:
            case "none":
                return scores
            case "replace":
                return b.apply(ew.Where, b.cast(wide, i1), scores, lowest)
            case "infinite":
                low = b.constant(np.float32(-np.inf))
                return b.apply(ew.Add, scores, b.apply(ew.Where, b.cast(wide, i1), b.constant(0.0), low))
            case "causal":
                places = b.iota(self.model.sequence)
                past = b.apply(ew.LessEqual, places, b.reshape(places, [self.model.sequence, 1]))
                shown = b.apply(ew.And, b.cast(wide, i1), past)
                return b.apply(ew.Add, scores, b.apply(ew.Where, shown, b.constant(0.0), lowest))
            case _:
                low = lowest if self.model.mask == "lowest" else b.constant(-10000.0)
                hidden = b.apply(ew.Sub, b.constant(1.0), real)
                return b.apply(ew.Add, scores, b.apply(ew.Mul, hidden, low))
