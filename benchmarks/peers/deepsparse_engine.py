"""DeepSparse on a chain of layers, int8 or fp32.

A call of the engine costs more than a small layer, and its ends are fp32. So what is measured is what further layers
add to a chain of one: in int8 they take u8 and give u8. A layer that is not square takes turns with its transpose in
the chain, and the average is reported. Quantised layers are spelled QuantizeLinear, MatMulInteger, Cast, Mul: the
engine does not fuse QuantizeLinear, DequantizeLinear, MatMul.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from deepsparse import Engine
from layer import ACTIVATIONS_RMS, Contestant, Layer, chain, describe_chain, more_layers, serve
from onnx import TensorProto, helper, numpy_helper

NEXT_RMS = 64 / math.sqrt(2)


class Chain:
    """`length` layers, one after the other, in numpy and as a model."""

    def __init__(self, layer: Layer, length: int) -> None:
        """Draw the weights."""
        self.layer = layer
        layers = chain(layer, length)
        self.weights = [each.weight(number).T.copy() for number, each in enumerate(layers)]
        gain = ACTIVATIONS_RMS / NEXT_RMS  # later layers see the clipped results of earlier ones, and keep their size
        self.scales = [each.scale * (gain if number else 1) for number, each in enumerate(layers)]
        if layer.kind == "fp32":
            # Powers of 2 keep the results of any length near 1; the first layer is left as it is.
            norms = [1 / math.sqrt(each.columns * (1 - each.sparsity) / 3) for each in layers]
            exponents = [round(math.log2(norm)) if number else 0 for number, norm in enumerate(norms)]
            self.weights = [w * np.float32(2.0**exponent) for w, exponent in zip(self.weights, exponents, strict=True)]

    def expected(self) -> np.ndarray:
        """What numpy computes: in int8 the very float32 steps of the model, lest a tie be rounded otherwise."""
        values = self.layer.activations().astype(np.float64)
        for weight, scale in zip(self.weights, self.scales, strict=True):
            if self.layer.kind == "int8":
                values = np.clip(np.rint(values), 0, 255)
            values = values @ weight
            if self.layer.kind == "int8":
                values = values.astype(np.float32) * np.float32(scale)
        return values

    def model(self) -> onnx.ModelProto:
        """The chain in ONNX, from and to fp32."""
        constants = {"one": np.float32(1), "u8_zero": np.uint8(0), "s8_zero": np.int8(0)}
        nodes, name = [], "x"
        for number, (weight, scale) in enumerate(zip(self.weights, self.scales, strict=True)):
            constants[f"w{number}"] = weight
            if self.layer.kind == "fp32":
                nodes.append(helper.make_node("MatMul", [name, f"w{number}"], [f"y{number}"]))
            else:
                constants[f"scale{number}"] = np.float32(scale)
                q, m, c = f"q{number}", f"m{number}", f"c{number}"
                nodes += [
                    helper.make_node("QuantizeLinear", [name, "one", "u8_zero"], [q]),
                    helper.make_node("MatMulInteger", [q, f"w{number}", "u8_zero", "s8_zero"], [m]),
                    helper.make_node("Cast", [m], [c], to=TensorProto.FLOAT),
                    helper.make_node("Mul", [c, f"scale{number}"], [f"y{number}"]),
                ]
            name = f"y{number}"
        shapes = {"x": (self.layer.tokens, self.layer.columns), name: (self.layer.tokens, self.weights[-1].shape[1])}
        ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, shape) for end, shape in shapes.items()]
        arrays = [numpy_helper.from_array(np.asarray(array), label) for label, array in constants.items()]
        graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], arrays)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

    def compile(self) -> Engine:
        """An engine on one core. It may overwrite its file, which is gone afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "chain.onnx"
            onnx.save(self.model(), str(path))
            return Engine(str(path), batch_size=self.layer.tokens, num_cores=1)


def contestants(layer: Layer) -> Iterator[Contestant]:
    """A chain of one layer, and one with as many more as there shall be weights."""
    source = [layer.activations().astype(np.float32)]
    short, long = Chain(layer, 1), Chain(layer, 1 + more_layers(layer))
    engines = short.compile(), long.compile()
    expected = long.expected()
    error = float(np.abs(engines[1].run(source)[0] - expected).max() / np.abs(expected).max())
    if not error <= 1e-4:
        raise ArithmeticError(f"the end of the chain differs from numpy by {error:.2g} of the largest value")
    call, overhead = (partial(engine.run, source, val_inp=False) for engine in engines[::-1])
    ends = "u8 in and out" if layer.kind == "int8" else "f32 in and out"
    what = f"{layer.kind}, {ends}, {describe_chain(layer)}"
    yield Contestant(what, [call], lambda number: overhead()[0], more_layers(layer), overhead)


if __name__ == "__main__":
    serve(contestants)
