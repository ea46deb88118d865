"""`sparsec info MODEL`: what a model takes and gives, and how sparse its weights are."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sparsec.cli.arguments import add_compilation, add_model, compilation_options


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage]
    """Add the command to the parser."""
    parser = commands.add_parser(
        "info",
        help="show the signature of a model and the sparsity of its weights",
        description="Show inputs, outputs, targets and size of a compiled .so, or of an ONNX model or .spc page also "
        "the blocks found in each weight.",
    )
    add_model(parser, "an .onnx, .spc or compiled .so file")
    add_compilation(parser)
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    if chosen.model.suffix == ".so":
        import sparsec

        program = sparsec.load(chosen.model)
        facts = describe(chosen.model, program.signature, program.targets)
    else:
        from sparsec import api
        from sparsec.options import Options

        options = Options.of(**compilation_options(chosen))
        signature = api.scheduled_signature(api.read(chosen.model))
        facts = describe(chosen.model, signature, [target.name for target in options.cpu_targets()])
    if chosen.json:
        print(json.dumps(facts))
    else:
        _print(facts)
    return 0


def describe(path: Path, signature: Any, targets: Any) -> dict[str, Any]:
    """The facts as plain values."""

    def tensors(infos: Any) -> list[dict[str, Any]]:
        return [{"name": info.name, "dtype": info.dtype, "shape": list(info.shape)} for info in infos]

    return {
        "model": str(path),
        "bytes": path.stat().st_size,
        "targets": list(targets),
        "inputs": tensors(signature.inputs),
        "outputs": tensors(signature.outputs),
        "weights": signature.metadata.get("weights", []),
    }


def _print(facts: dict[str, Any]) -> None:
    console = Console()
    console.print(f"[bold]{facts['model']}[/] {facts['bytes'] / 1e6:.2f} MB, for {', '.join(facts['targets'])}")
    table = Table("", "name", "dtype", "shape")
    for kind in ("inputs", "outputs"):
        for tensor in facts[kind]:
            shape = "[" + ", ".join(map(str, tensor["shape"])) + "]"
            table.add_row(kind[:-1], tensor["name"], tensor["dtype"], shape.replace("[", r"\["))
    console.print(table)
    if not facts["weights"]:
        return
    table = Table("weight", "shape", "dtype", "blocks", "stored", "density", "dataflow")
    for weight in facts["weights"]:
        table.add_row(
            weight["name"], "x".join(map(str, weight["shape"])), weight["dtype"], weight["blocks"],
            f"{weight['stored']} of {weight['total']}", f"{weight['density']:.1%}", weight["dataflow"],
        )  # fmt: skip
    console.print(table)
