"""The sparse kernels of Intel's neural engine (arXiv 2306.16601): int8, 4x1 blocks, feature-major activations.

The engine is handed a graph of InnerProduct ops without its ONNX compiler. What is measured is what further layers add
to a chain of one, u8 in and out; a layer that is not square takes turns with its transpose, and the average is
reported. Three things to know about these kernels: weights need a scale per row, u8 results must not be negative
before they are clamped, so zero points are 128 and sit in the bias, and below 70 % of zeros the engine calls oneDNN.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial

import neural_engine_py as engine
import numpy as np
from layer import ACTIVATIONS_RMS, Contestant, Layer, chain, describe_chain, more_layers, serve

TYPES = {"int8": "s8", "uint8": "u8", "int32": "s32", "float32": "fp32"}
RMS, SCALE_RMS, ZERO_POINT = 15, 64, 128
"""Results have the first root mean square around the zero point, far from 0; `Layer.scale` aims at the second."""
THRESHOLD = 0.7


class Chain:
    """`length` layers, one after the other, in numpy and as a model."""

    def __init__(self, layer: Layer, length: int, output: str = "u8") -> None:
        """Draw weights and choose biases; a single layer with f32 results has none."""
        self.layer, self.output = layer, output
        layers = chain(layer, length)
        self.weights = [each.weight(number) for number, each in enumerate(layers)]
        sizes = [ACTIVATIONS_RMS if number == 0 else RMS for number in range(length)]
        zeros = [0 if number == 0 else ZERO_POINT for number in range(length)]
        self.scales = [
            each.scale * RMS / SCALE_RMS * ACTIVATIONS_RMS / size for each, size in zip(layers, sizes, strict=True)
        ]
        self.biases = [
            (round(ZERO_POINT / scale) - zero * weight.sum(1, dtype=np.int64)).astype(np.int32)[:, None]
            for scale, zero, weight in zip(self.scales, zeros, self.weights, strict=True)
        ]
        if output == "fp32":
            self.scales, self.biases = [layer.scale], [np.zeros((layer.rows, 1), np.int32)]

    def expected(self) -> np.ndarray:
        """What numpy computes, [rows, tokens], in the float32 steps of the kernel lest a tie be rounded otherwise."""
        values = self.layer.activations().T.astype(np.float64)
        for weight, bias, scale in zip(self.weights, self.biases, self.scales, strict=True):
            sums = (weight @ values + bias).astype(np.float32)
            values = np.clip(np.rint(sums * (np.float32(255) / np.float32(255 / scale))), 0, 255).astype(np.float64)
        return values

    def compile(self) -> engine.Model:
        """The model; it takes [columns, tokens]."""
        tensors, contents, operators = [engine.tensor_config("x0", [-1, -1], "u8", [], [])], [], []

        def constant(name: str, array: np.ndarray) -> engine.tensor_config:
            location = [sum(map(len, contents)), array.nbytes]
            contents.append(array.tobytes())
            tensors.append(engine.tensor_config(name, list(array.shape), TYPES[array.dtype.name], [], location))
            return tensors[-1]

        def operator(name: str, kind: str, inputs: list, outputs: list, **attributes: str) -> engine.op_config:
            return engine.op_config(name, kind, inputs, outputs, engine.attrs_config(attributes))

        def between(number: int) -> engine.tensor_config:
            return engine.tensor_config(f"x{number}", [], "u8", [], [])

        for number, (weight, bias, scale) in enumerate(zip(self.weights, self.biases, self.scales, strict=True)):
            # An operand's scale is 255 or 127 by its range. Results in u8 have one, those in f32 borrow the source's.
            largest, result = (255, [255 / scale]) if self.output == "u8" else (255 * scale, [])
            rows = np.ones(len(weight))
            ranges = [(-127 * rows, 127 * rows), ([0], [largest]), *(([0], [end]) for end in result)]
            flat = [np.asarray(limit, np.float32) for limits in ranges for limit in limits]
            inputs = [constant(f"w{number}", weight), between(number), constant(f"b{number}", bias)]
            inputs += [constant(f"limit{number}.{place}", limit) for place, limit in enumerate(flat)]
            outputs = [between(number + 1)]
            operators.append(operator(f"p{number}", "InnerProduct", inputs, outputs, output_dtype=self.output))
        first = operator("input", "Input", [], tensors)
        last = operator("output", "Output", [between(len(self.weights))], [])
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(b"".join(contents))
            file.flush()
            return engine.Model(engine.model_config("chain", [first, *operators, last]), file.name)


def require_sparse(layer: Layer) -> None:
    """Refuse what the sparse kernels do not take, which crashes or runs forever."""
    if layer.rows % 4 or layer.columns % 4 or layer.tokens % 16:
        raise ValueError("needs rows and columns by 4 and tokens by 16")
    blocks = layer.weight(0).reshape(layer.rows // 4, 4, layer.columns)
    zeros = 1 - blocks.any(axis=1).mean()
    if zeros < THRESHOLD:
        raise ValueError(f"calls oneDNN unless more than {THRESHOLD:.0%} of 4x1 blocks are zero; here are {zeros:.1%}")


def contestants(layer: Layer) -> Iterator[Contestant]:
    """A chain of one layer, and one with as many more as there shall be weights."""
    require_sparse(layer)
    source = [np.ascontiguousarray(layer.activations().T)]
    single = Chain(layer, 1, "fp32").compile()
    short, long = Chain(layer, 1), Chain(layer, 1 + more_layers(layer))
    models = short.compile(), long.compile()
    for numbers, model in zip((short, long), models, strict=True):
        error = float(np.abs(np.array(model.forward(source)[0]) - numbers.expected()).max())
        if error:
            raise ArithmeticError(f"the end of a chain differs from numpy by {error:g} of 255")
    call, overhead = (partial(model.forward, source) for model in models[::-1])
    what = f"int8, u8 in and out, feature-major, {describe_chain(layer)}"
    yield Contestant(what, [call], lambda number: np.array(single.forward(source)[0]).T, more_layers(layer), overhead)


if __name__ == "__main__":
    serve(contestants, kinds=("int8",))
