"""Build real-size models with seeded random weights: `python -m benchmarks.build_models FOLDER --model bert-mini ...`.

Run from the root of the repository, in an environment with the `examples` extra (torch, transformers, onnxscript,
onnxruntime). Writes `FOLDER/<model>_<dense|80|90>_<fp32|kind>.onnx`; files that exist are kept. Pruning is in 4x1
blocks (4 consecutive output channels x 1 input channel) by magnitude within each weight. Quantisation is
onnxruntime's, of MatMul and Gemm, per channel, u8 activations and s8 weights, calibrated on random sentences.
"""

import argparse
from pathlib import Path

import onnx

from tests.fixtures.architectures import Sizes, build, export
from tests.fixtures.inputs import draw_inputs
from tests.fixtures.prune import prune_model
from tests.fixtures.quantise import KINDS, quantise

VOCABULARY = 30522
# Model: architecture of tests/fixtures/architectures.py, sizes.
MODELS = {
    "bert-mini": ("bert", Sizes(256, 4, 4, 1024, VOCABULARY, 512)),
    "minilm-l6": ("minilm", Sizes(384, 6, 12, 1536, VOCABULARY, 512)),
    "distilbert": ("distilbert", Sizes(768, 6, 12, 3072, VOCABULARY, 512)),
    "bert-base": ("bert", Sizes(768, 12, 12, 3072, VOCABULARY, 512)),
    "bert-large": ("bert", Sizes(1024, 24, 16, 4096, VOCABULARY, 512)),
    "mlp": ("mlp", Sizes(hidden=1024, intermediate=4096)),
}


def export_model(model: str, path: Path, *, exporter: str, opset: int, attention: str) -> None:
    """Write the dense float32 model."""
    architecture, sizes = MODELS[model]
    export(architecture, build(architecture, sizes, attention), path, exporter=exporter, opset=opset, sizes=sizes)


def derive(dense: Path, path: Path, *, sparsity: float, kind: str) -> None:
    """Write a pruned, quantised version of the float file `dense`."""
    model = onnx.load(dense)
    if sparsity:
        prune_model(model, (4, 1), sparsity)
    if kind != "fp32":
        shapes = ((1, 128), (4, 32), (8, 13))
        calibration = [
            draw_inputs(model, {"batch": batch, "sequence": sequence}, seed=seed, vocabulary=VOCABULARY)
            for seed, (batch, sequence) in enumerate(shapes)
        ]
        model = quantise(model, kind, calibration)
    onnx.save(model, path)


def main() -> None:
    """Parse the command line and write what is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", nargs="+", choices=MODELS, default=["bert-mini"])
    parser.add_argument("--sparsity", nargs="+", type=int, default=[0, 80, 90], metavar="PERCENT")
    parser.add_argument("--kind", nargs="+", choices=("fp32", *KINDS), default=["fp32", "qdq"])
    parser.add_argument("--exporter", choices=("dynamo", "torchscript"), default="dynamo")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--opset", type=int, default=18)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for model in arguments.model:
        stem = model.replace("-", "_")
        dense = arguments.folder / f"{stem}_dense_fp32.onnx"
        if not dense.exists():
            settings = {"exporter": arguments.exporter, "opset": arguments.opset, "attention": arguments.attention}
            export_model(model, dense, **settings)
            print(dense)
        for sparsity in arguments.sparsity:
            for kind in arguments.kind:
                path = arguments.folder / f"{stem}_{sparsity or 'dense'}_{kind}.onnx"
                if not path.exists():
                    derive(dense, path, sparsity=sparsity / 100, kind=kind)
                    print(path)


if __name__ == "__main__":
    main()
