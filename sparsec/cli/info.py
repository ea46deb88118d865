"""`sparsec info MODEL`: what a model takes and gives, and how sparse its weights are."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

from rich.text import Text

from sparsec.cli.arguments import (
    Commands,
    add_command,
    add_compilation,
    add_json,
    add_model,
    compilation_options,
    refuse_compilation,
)
from sparsec.cli.console import Output, new_table, print_table
from sparsec.cli.progress import Plan, progress
from sparsec.runtime.signature import Signature, TensorInfo


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "info",
        "show the signature of a model and the sparsity of its weights",
        "Show inputs, outputs, targets and size of a model, and the blocks found in each of its weights. Works\n"
        "on what can be compiled and on what was compiled; no code is made.",
        "  sparsec info model.onnx\n  sparsec info model.so --json",
    )
    add_model(parser, "an .onnx, .spc or compiled .so file")
    add_compilation(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    if chosen.model.suffix == ".so":
        import sparsec

        refuse_compilation(chosen)
        program = sparsec.load(chosen.model)
        facts = describe(chosen.model, program.signature, program.targets)
    else:
        from sparsec import api
        from sparsec.options import Options

        options = Options.of(**compilation_options(chosen))
        targets = options.cpu_targets()
        with progress(chosen.model) as shown:
            source = api.read(chosen.model)
            api.take_timings(source, options, shown.tell)
            shown.expect(Plan.of(targets=0, objects=0).until("scheduled"))
            signature = api.scheduled_signature(source, options, shown)
        facts = describe(chosen.model, signature, [target.name for target in targets])
    if chosen.json:
        print(json.dumps(facts))
    else:
        _print(facts)
    return 0


def describe(path: Path, signature: Signature, targets: Sequence[str]) -> dict[str, Any]:
    """The facts as plain values."""

    def tensors(infos: Sequence[TensorInfo]) -> list[dict[str, Any]]:
        return [{"name": info.name, "dtype": info.dtype, "shape": list(info.shape)} for info in infos]

    weights: list[dict[str, Any]] = list(signature.metadata.get("weights", []))
    values = sum(prod(weight["shape"]) for weight in weights)
    stored = sum(prod(weight["shape"]) * weight["density"] for weight in weights)
    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "targets": list(targets),
        "inputs": tensors(signature.inputs),
        "outputs": tensors(signature.outputs),
        "values": values,
        "stored": round(stored),
        "calls": len(signature.calls) or None,
        "functions": signature.metadata.get("functions"),
        "sparsity": 1 - stored / values if values else 0.0,
        "weights": weights,
    }


def _print(facts: dict[str, Any]) -> None:
    console = Output()
    title = Text.assemble((facts["model"], "bold"), f": {size_text(facts['bytes'])}, for {', '.join(facts['targets'])}")
    console.print(title)
    table = new_table("", "name", "dtype", "shape")
    for kind in ("inputs", "outputs"):
        for tensor in facts[kind]:
            table.add_row(
                kind[:-1], Text(tensor["name"]), tensor["dtype"], Text(f"[{', '.join(map(str, tensor['shape']))}]")
            )
    print_table(console, table, "name")
    if facts["functions"]:
        console.print(
            f"kernel calls in a run: {facts['calls']}, functions that do for them on {facts['targets'][0]}: "
            f"{facts['functions']}"
        )
    if not facts["weights"]:
        console.print("no product with a constant weight")
        return
    right = ("stored", "zero")
    table = new_table("weight of", "shape", "dtype", "blocks", *right, "dataflow", right=right)
    for weight in facts["weights"]:
        table.add_row(
            Text(weight["name"]), "x".join(map(str, weight["shape"])), weight["dtype"], weight["blocks"],
            f"{weight['stored']}/{weight['total']}", f"{1 - weight['density']:.1%}", _dataflow(weight),
        )  # fmt: skip
    print_table(console, table, "weight of")
    count = len(facts["weights"])
    console.print(
        f"{count} weight{'s' if count > 1 else ''} of {facts['values']:,} values, {facts['stored']:,} of them stored: "
        f"{facts['sparsity']:.1%} sparse"
    )


def size_text(count: int) -> str:
    """A number of bytes for people."""
    power = min((len(str(count)) - 1) // 3, 3)
    return f"{count / 1000**power:.4g} {('B', 'kB', 'MB', 'GB')[power]}"


def _dataflow(weight: dict[str, Any]) -> str:
    """The dataflow, and for unrolled patterns how many groups of rows share a piece of code."""
    reuse = f", reuse {weight['reuse']:.1f}" if "reuse" in weight else ""
    return weight["dataflow"] + reuse
