"""Does a compiled model compute what its file says, and what has quantisation cost?

    python -m benchmarks.accuracy MODEL.onnx [--against FP32.onnx] [--batch 8] [--sequence 128] [--calls 4]
                                  [--json FILE] [--markdown FILE]

Run from the root of the repository; needs the `test` extra.

**The rule.** What a file says is what onnxruntime computes of it with its optimisations off. sparsec's outputs may be
away from that by 1 % of the output's range (max - min over all inputs) in the mean, and, both in the mean and at most,
by no more than what onnxruntime itself moves when it optimises the same file, plus 0.2 % of the range. Every output is
held to it on inputs without padding, which are drawn as `benchmarks/models.py` draws them, and on sequences of random
length that are padded behind. The exit status is 1 where the rule does not hold.

**Layers.** `--against` takes the float file that MODEL was quantised from: the same pruned weights
(`python -m benchmarks.build_models FOLDER --model minilm-l6 --sparsity 90 --kind fp32` writes it), which is checked. Of
each layer the table says how far the quantised model's result is from the float one's, on the first batch without
padding: by sparsec, and by onnxruntime unoptimised. So it shows what quantising weights and activations costs, summed
up over all layers before; it is a property of the file. "apart" is what lies between the two engines. All errors are of
whole tensors: the largest and the mean absolute error, the root of the mean square as a share of the float tensor's,
and the cosine. A layer is known by the name of its result, which quantisers keep.

Results inside a model are seen by making them outputs of a copy of the file, and what the model itself gives is
compared with what it gave before. Its bytes may only change where the file quantises the result of a product at once:
sparsec folds that scale into the product's own, and cannot while the result in between is asked for
(`legalise-quantisation`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from rich.console import Console
from rich.progress import Progress

import sparsec
from benchmarks.contest import SEED, VOCABULARY
from benchmarks.onnx_layers import Layer, computed_in, foreign_weights, layers_of, with_outputs
from benchmarks.report import machine, markdown_table
from sparsec.target import host
from tests.end_to_end.accuracy import Distance, distance, objections, session
from tests.fixtures.inputs import draw_inputs

Array = np.ndarray
Feed = dict[str, Array]
Run = Callable[[None, Feed], Sequence[Array]]
Tick = Callable[[str], None]

HOLDS, BROKEN, MISTAKE = 0, 1, 2
"""Exit codes."""


class NotComparable(Exception):
    """The two files are not the same model; the text says why."""


@dataclass(frozen=True)
class Verdict:
    """One output on one kind of inputs, compared with onnxruntime unoptimised; see the rule above.

    Attributes:
        inputs: `no padding` or `padded`.
        optimised: what onnxruntime's own optimisations move.
    """

    output: str
    inputs: str
    found: Distance
    optimised: Distance

    @property
    def objections(self) -> list[str]:
        """What the rule has against it, nothing if it holds."""
        return objections(self.found, self.optimised)


@dataclass(frozen=True)
class Error:
    """How far a tensor is from the float one.

    Attributes:
        maximum, mean: absolute.
        relative: the root of the mean square, divided by that of the float tensor.
    """

    maximum: float
    mean: float
    relative: float
    cosine: float


@dataclass(frozen=True)
class LayerErrors:
    """A layer's result in the quantised model against the float one.

    Attributes:
        rms: of the float tensor.
        apart: sparsec's against onnxruntime's, relative to `rms`.
    """

    layer: Layer
    rms: float
    sparsec: Error
    onnxruntime: Error
    apart: float


@dataclass(frozen=True)
class LayerTable:
    """All layers that both files have.

    Attributes:
        missing: layers of the float file whose results have no counterpart.
        moved: the most that the model's own outputs changed when results inside became outputs, as a share of their
            range; 0 for the same bytes.
    """

    rows: tuple[LayerErrors, ...]
    missing: tuple[Layer, ...]
    moved: float


def root_mean_square(values: Array) -> float:
    """Of all values, in float64."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def error_of(found: Array, expected: Array) -> Error:
    """Compare two float arrays of one shape."""
    a, b = found.ravel().astype(np.float64), expected.ravel().astype(np.float64)
    difference = np.abs(a - b)
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    cosine = float(a @ b) / norms if norms else 1.0
    relative = root_mean_square(difference) / (root_mean_square(b) or 1.0)
    return Error(float(difference.max(initial=0.0)), float(difference.mean()), relative, cosine)


def vocabulary_of(model: onnx.ModelProto) -> int:
    """How many token ids there are: the rows of the table that `input_ids` pick from, or else `VOCABULARY`."""
    rows = {constant.name: constant.dims[0] for constant in model.graph.initializer if constant.dims}
    ids = {"input_ids"}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in rows:
            rows[node.output[0]] = rows[node.input[0]]
        elif node.op_type == "Cast" and node.input[0] in ids:
            ids.add(node.output[0])
        elif node.op_type == "Gather" and node.input[0] in rows and node.input[1] in ids:
            return rows[node.input[0]]
    return VOCABULARY


def draw_feeds(model: onnx.ModelProto, batch: int, sequence: int, calls: int, vocabulary: int) -> dict[str, list[Feed]]:
    """Inputs by what is said about them; padded ones only if the model has a mask."""
    sizes: dict[str, int] = {}
    for value in model.graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            sizes.setdefault(dim.dim_param, batch if axis == 0 else sequence)

    def draw(full_rows: int) -> list[Feed]:
        seeds = range(SEED, SEED + calls)
        return [draw_inputs(model, sizes, seed=seed, vocabulary=vocabulary, full_rows=full_rows) for seed in seeds]

    feeds = {"no padding": draw(batch)}
    if any(value.name == "attention_mask" for value in model.graph.input):
        feeds["padded"] = draw(0)
    return feeds


def run_all(run: Run, feeds: Sequence[Feed]) -> list[Array]:
    """Per output, the values of all calls, one after the other."""
    results = [run(None, feed) for feed in feeds]
    return [np.concatenate([output.ravel() for output in outputs]) for outputs in zip(*results, strict=True)]


def judge(model: onnx.ModelProto, program: sparsec.Program, feeds: dict[str, list[Feed]], tick: Tick) -> list[Verdict]:
    """Hold every output to the rule."""
    runs: list[tuple[str, Run]] = [("sparsec", program.run)]
    for name, optimised in (("onnxruntime", False), ("onnxruntime, optimised", True)):
        runs.append((name, session(model, optimised=optimised).run))
    verdicts: list[Verdict] = []
    for inputs, group in feeds.items():
        outputs: list[list[Array]] = []
        for name, run in runs:
            tick(f"{name} runs, {inputs}")
            outputs.append(run_all(run, group))
        for value, found, reference, optimised in zip(model.graph.output, *outputs, strict=True):
            pair = distance(found, reference), distance(optimised, reference)
            verdicts.append(Verdict(value.name, inputs, *pair))
    return verdicts


def compare_layers(
    model: onnx.ModelProto, program: sparsec.Program, float_model: onnx.ModelProto, feed: Feed, tick: Tick
) -> LayerTable:
    """Compare the results of all layers that both files have.

    Raises:
        NotComparable: the weights or the shapes are not the same.
    """
    for name, quanta in foreign_weights(model, float_model):
        raise NotComparable(
            f"weight {name} is not what the model was quantised from: values differ by up to {quanta:.0f} quanta; give "
            "the float file of the same weights, pruned alike"
        )
    names = computed_in(model)
    layers = layers_of(float_model)
    shared = [layer for layer in layers if layer.tensor in names]
    tensors = [layer.tensor for layer in shared]
    seen, seen_float = with_outputs(model, tensors), with_outputs(float_model, tensors)
    tick("sparsec compiles layers as outputs")
    inside = sparsec.compile(seen, cache=False)
    engines: list[tuple[str, Callable[[], Run]]] = [
        ("sparsec", lambda: inside.run),
        ("onnxruntime", lambda: session(seen, optimised=False).run),
        ("onnxruntime, float", lambda: session(seen_float, optimised=False).run),
    ]
    results: list[dict[str, Array]] = []
    for (name, open_run), graph in zip(engines, (seen, seen, seen_float), strict=True):
        tick(f"{name} runs with layers as outputs")
        results.append(dict(zip([value.name for value in graph.graph.output], open_run()(None, feed), strict=True)))
    plain = dict(zip([value.name for value in model.graph.output], program.run(None, feed), strict=True))
    moved = max(distance(results[0][name], output).maximum for name, output in plain.items())
    missing = tuple(layer for layer in layers if layer.tensor not in names)
    return LayerTable(tuple(_errors(layer, *results) for layer in shared), missing, moved)


def _errors(layer: Layer, ours: dict[str, Array], theirs: dict[str, Array], exact: dict[str, Array]) -> LayerErrors:
    found, reference, expected = (each[layer.tensor] for each in (ours, theirs, exact))
    if not found.shape == reference.shape == expected.shape:
        raise NotComparable(
            f"{layer.tensor} has shape {found.shape} in the model and {expected.shape} in the float file"
        )
    rms = root_mean_square(expected)
    apart = root_mean_square(found.astype(np.float64) - reference) / (rms or 1.0)
    return LayerErrors(layer, rms, error_of(found, expected), error_of(reference, expected), apart)


def rule_table(verdicts: Sequence[Verdict]) -> str:
    """The distances in percent of the output's range."""
    heads = ["output", "inputs", "mean", "max", "onnxruntime optimised: mean", "max", "the rule"]
    lines = [
        [
            f"`{each.output}`",
            each.inputs,
            *(f"{share:.3%}" for share in (each.found.mean, each.found.maximum)),
            *(f"{share:.3%}" for share in (each.optimised.mean, each.optimised.maximum)),
            "does not hold: " + ", ".join(each.objections) if each.objections else "holds",
        ]
        for each in verdicts
    ]
    return markdown_table(heads, lines)


def layer_table(table: LayerTable) -> str:
    """One row per layer."""
    heads = ["layer", "kind", "rms", "max", "mean", "relative", "cosine", "onnxruntime: relative", "cosine", "apart"]
    lines = [
        [
            row.layer.name,
            row.layer.kind,
            f"{row.rms:.3f}",
            f"{row.sparsec.maximum:.3f}",
            f"{row.sparsec.mean:.4f}",
            *(
                text
                for each in (row.sparsec, row.onnxruntime)
                for text in (f"{each.relative:.2%}", f"{each.cosine:.5f}")
            ),
            f"{row.apart:.2%}",
        ]
        for row in table.rows
    ]
    return markdown_table(heads, lines)


def report(title: str, verdicts: Sequence[Verdict], against: str, table: LayerTable | None) -> str:
    """Everything in Markdown."""
    parts = [title, "Distance to onnxruntime unoptimised on the same file, of the range of the output:"]
    parts.append(rule_table(verdicts))
    if table is not None:
        parts.append(f"Results of layers against those of {against}, first batch without padding:")
        parts.append(layer_table(table))
        moved = f"moves by up to {table.moved:.4%} of its range" if table.moved else "keeps all of its bytes"
        parts.append(f"With these results as outputs, what the model itself gives {moved}.")
        if table.missing:
            names = ", ".join(f"{layer.name} ({layer.kind})" for layer in table.missing)
            parts.append(f"Without a counterpart: {names}.")
    return "\n\n".join(parts) + "\n"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path, metavar="MODEL.onnx")
    parser.add_argument("--against", type=Path, metavar="FP32.onnx", help="the float file that it was quantised from")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--calls", type=int, default=4, help="batches of each kind of inputs, %(default)s")
    parser.add_argument("--vocabulary", type=int, help="token ids are below (default: those that the model knows)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile, run, compare, print, write; the exit status says whether the rule holds."""
    chosen = parse(arguments)
    table = None
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        tick = lambda text: progress.update(task, description=text)  # noqa: E731
        tick(f"compiling {chosen.model.name}")
        try:
            program = sparsec.compile(chosen.model)
            model = onnx.load(chosen.model)
            vocabulary = chosen.vocabulary or vocabulary_of(model)
            feeds = draw_feeds(model, chosen.batch, chosen.sequence, chosen.calls, vocabulary)
            verdicts = judge(model, program, feeds, tick)
            if chosen.against:
                table = compare_layers(model, program, onnx.load(chosen.against), feeds["no padding"][0], tick)
        except (sparsec.SparsecError, NotComparable) as error:
            print(f"error: {error}", file=sys.stderr)
            return MISTAKE
    sizes = f"{chosen.calls} x {chosen.batch} sequences of {chosen.sequence}"
    engines = f"sparsec {sparsec.__version__} ({host().name}), onnxruntime {onnxruntime.__version__}"
    title = f"{chosen.model.stem}, {sizes}; {engines}; {machine()}."
    text = report(title, verdicts, chosen.against.stem if chosen.against else "", table)
    print(text)
    if chosen.markdown:
        chosen.markdown.write_text(text)
    if chosen.json:
        rule = [{**asdict(each), "objections": each.objections} for each in verdicts]
        content = {"title": title, "rule": rule, "layers": asdict(table) if table else None}
        chosen.json.write_text(json.dumps(content, indent=1) + "\n")
    return BROKEN if any(each.objections for each in verdicts) else HOLDS


if __name__ == "__main__":
    sys.exit(main())
