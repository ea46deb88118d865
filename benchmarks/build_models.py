"""Build real-size models with seeded random weights: `python -m benchmarks.build_models FOLDER --model bert-mini ...`.

Run from the root of the repository, in an environment with the `examples` extra (torch, transformers, onnxscript,
onnxruntime). Writes `FOLDER/<model>_<dense|80|90>_<fp32|kind>.onnx`; files that exist are kept. Pruning is in 4x1
blocks (4 consecutive output channels x 1 input channel) by magnitude within each weight. Quantisation is
onnxruntime's, of MatMul and Gemm, per channel, u8 activations and s8 weights, calibrated on random sentences. `mmi` is
made from the file of `qdqn`, with the same numbers; `pt2` is the float model as torch.export writes it. `_op14` after a
kind is the same on the classic graph, which some engines are made for: opset 14 of the older exporter, layer norms and
attention decomposed. The neural engine takes that of transformers 4.38 only: run this in the environment that
`python -m benchmarks.peers install classic_export` makes, as benchmarks/models.py does by itself.
"""

import argparse
from pathlib import Path
from typing import Any

import onnx

try:
    import torch

    from tests.fixtures.architectures import Sizes, build, export, export_program
except ModuleNotFoundError as error:
    raise SystemExit(f"error: models are made with {error.name}: pip install -e '.[examples]'") from error

from tests.fixtures.inputs import draw_inputs
from tests.fixtures.prune import prune_blocks, prune_model
from tests.fixtures.quantise import KINDS, integer_products, quantise

VOCABULARY = 30522
BLOCK = (4, 1)
CLASSIC = "_op14"
CLASSIC_EXPORT = {"exporter": "torchscript", "opset": 14, "attention": "eager"}
# Model: architecture of tests/fixtures/architectures.py, sizes.
MODELS = {
    "bert-mini": ("bert", Sizes(256, 4, 4, 1024, VOCABULARY, 512)),
    "minilm-l6": ("minilm", Sizes(384, 6, 12, 1536, VOCABULARY, 512)),
    "distilbert": ("distilbert", Sizes(768, 6, 12, 3072, VOCABULARY, 512)),
    "bert-base": ("bert", Sizes(768, 12, 12, 3072, VOCABULARY, 512)),
    "bert-base-features": ("bert_features", Sizes(768, 12, 12, 3072, VOCABULARY, 512)),
    "bert-large": ("bert", Sizes(1024, 24, 16, 4096, VOCABULARY, 512)),
    "mlp": ("mlp", Sizes(hidden=1024, intermediate=4096)),
}


CHOICES = ("pt2", *(f"{kind}{graph}" for kind in ("fp32", *KINDS) for graph in ("", CLASSIC)))


def export_model(model: str, path: Path, *, exporter: str, opset: int, attention: str) -> None:
    """Write the dense float32 model."""
    architecture, sizes = MODELS[model]
    export(architecture, build(architecture, sizes, attention), path, exporter=exporter, opset=opset, sizes=sizes)


def write_program(model: str, path: Path, *, sparsity: float, attention: str) -> None:
    """Write the float32 model for torch, pruned as `derive` prunes."""
    architecture, sizes = MODELS[model]
    module = build(architecture, sizes, attention)
    for layer in module.modules():
        if sparsity and isinstance(layer, torch.nn.Linear) and layer.out_features % BLOCK[0] == 0:
            pruned = prune_blocks(layer.weight.detach().numpy(), BLOCK, sparsity)
            layer.weight.data = torch.from_numpy(pruned)
    export_program(architecture, module, path, sizes=sizes)


def derive(dense: Path, path: Path, *, sparsity: float, kind: str) -> None:
    """Write a pruned, quantised version of the float file `dense`."""
    kind = kind.removesuffix(CLASSIC)
    if kind == "mmi":
        products = path.with_name(path.name.replace("_mmi", "_qdqn"))
        if not products.exists():
            derive(dense, products, sparsity=sparsity, kind="qdqn")
        onnx.save(integer_products(onnx.load(products)), path)
        return
    model = onnx.load(dense)
    if sparsity:
        prune_model(model, BLOCK, sparsity)
    if kind != "fp32":
        shapes = ((1, 128), (4, 32), (8, 13))
        calibration = [
            draw_inputs(model, {"batch": batch, "sequence": sequence}, seed=seed, vocabulary=VOCABULARY)
            for seed, (batch, sequence) in enumerate(shapes)
        ]
        model = quantise(model, kind, calibration)
    onnx.save(model, path)


def file_name(model: str, sparsity: int, kind: str) -> str:
    """What a model's file is called; `sparsity` is in percent."""
    ending = "fp32.pt2" if kind == "pt2" else f"{kind}.onnx"
    return f"{model.replace('-', '_')}_{sparsity or 'dense'}_{ending}"


def main() -> None:
    """Parse the command line and write what is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", nargs="+", choices=MODELS, default=["bert-mini"])
    parser.add_argument("--sparsity", nargs="+", type=int, default=[0, 80, 90], metavar="PERCENT")
    parser.add_argument("--kind", nargs="+", choices=CHOICES, default=["fp32", "qdq"])
    parser.add_argument("--exporter", choices=("dynamo", "torchscript"), default="dynamo")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--opset", type=int, default=18)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    settings = {"exporter": arguments.exporter, "opset": arguments.opset, "attention": arguments.attention}
    for model in arguments.model:
        for sparsity in arguments.sparsity:
            for kind in arguments.kind:
                path = arguments.folder / file_name(model, sparsity, kind)
                if not path.exists():
                    write(path, model, sparsity, kind, settings)
                    print(path)


def write(path: Path, model: str, sparsity: int, kind: str, settings: dict[str, Any]) -> None:
    """Write one file, and the dense float32 file that it is made from if that is missing."""
    if kind == "pt2":
        write_program(model, path, sparsity=sparsity / 100, attention=settings["attention"])
        return
    graph = CLASSIC if kind.endswith(CLASSIC) else ""
    dense = path.with_name(file_name(model, 0, f"fp32{graph}"))
    if not dense.exists():
        export_model(model, dense, **(CLASSIC_EXPORT if graph else settings))
    if path != dense:
        derive(dense, path, sparsity=sparsity / 100, kind=kind)


if __name__ == "__main__":
    main()
