"""Make the model that the first examples run: `python -m examples.models.make_tiny_bert` from the root.

A BERT classifier over bytes (2 layers, hidden 128, 256 "words", 128 positions) with seeded random weights, exported
by transformers 5.23.0 and PyTorch 2.13.0 (dynamo), pruned to 90 % in 4x1 blocks and quantised by onnxruntime 1.31.1.
Nobody trained it: its answers mean nothing, but every step to them is that of a real model. Beside it goes
`tiny_bert_90_int8.npz`: inputs, and the outputs that onnxruntime computes from them when it changes nothing.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from tests.fixtures.architectures import Sizes, build, export
from tests.fixtures.inputs import Array, draw_inputs
from tests.fixtures.prune import prune_model
from tests.fixtures.quantise import quantise

FOLDER = Path(__file__).parent
NAME = "tiny_bert_90_int8"
SIZES = Sizes(hidden=128, layers=2, heads=4, intermediate=512, vocabulary=256, positions=128)


def main() -> None:
    """Write the model and its expected outputs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float.onnx"
        model = build("bert", SIZES, "sdpa", seed=7)
        export("bert", model, path, exporter="dynamo", opset=18, sizes=SIZES)
        graph = onnx.load(path)
    prune_model(graph, (4, 1), 0.9)
    shapes = ((8, 32), (4, 64), (2, 128), (16, 5))
    calibration = [_inputs(graph, batch, sequence, seed) for seed, (batch, sequence) in enumerate(shapes)]
    onnx.save(quantise(graph, "qdq", calibration), FOLDER / f"{NAME}.onnx")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(FOLDER / f"{NAME}.onnx", options)
    inputs = _inputs(graph, 8, 48, seed=100)
    (logits,) = session.run(None, inputs)
    np.savez_compressed(FOLDER / f"{NAME}.npz", **inputs, logits=logits)
    for path in sorted(FOLDER.glob(f"{NAME}.*")):
        print(f"{path.name}: {path.stat().st_size} bytes")


def _inputs(graph: onnx.ModelProto, batch: int, sequence: int, seed: int) -> dict[str, Array]:
    return draw_inputs(graph, {"batch": batch, "sequence": sequence}, seed=seed, vocabulary=SIZES.vocabulary)


if __name__ == "__main__":
    main()
