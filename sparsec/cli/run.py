"""`sparsec run MODEL`: run a model once, on given or generated inputs."""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from sparsec.cli.arguments import (
    Commands,
    add_command,
    add_compilation,
    add_dims,
    add_json,
    add_model,
    add_threads,
    file_path,
    parse_dims,
)
from sparsec.cli.console import Output, new_table, print_table
from sparsec.cli.feeds import find_feed, match_inputs, read_arrays
from sparsec.cli.files import replacing, require_writable
from sparsec.cli.profile import RUNS, add_profile, check_profile, print_profile, profile_facts, write_trace
from sparsec.cli.programs import open_program
from sparsec.errors import OptionError


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "run",
        "run a model once",
        "Run a compiled .so, or compile and run an ONNX model or .spc page, and summarise its outputs.",
        "  sparsec run model.so --dim batch=2 --dim sequence=48\n"
        "  sparsec run model.onnx --inputs inputs.npz --outputs outputs.npz\n"
        "  sparsec run model.so --dim sequence=128 --profile trace.json",
    )
    add_model(parser, "an .onnx, .spc or compiled .so file")
    parser.add_argument("--inputs", type=file_path, metavar="NPZ", help="inputs by name (default: generated, seeded)")
    parser.add_argument("--outputs", type=file_path, metavar="NPZ", help="write the outputs here, by name")
    parser.add_argument("--seed", type=int, default=0, help="seed of generated inputs (default: 0)")
    add_profile(parser)
    add_dims(parser)
    add_threads(parser)
    add_compilation(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    sizes = parse_dims(chosen.dim)
    if chosen.inputs and sizes:
        raise OptionError("--dim is for generated inputs; with --inputs, sizes are those of the arrays")
    if chosen.seed < 0:
        raise OptionError(f"--seed {chosen.seed}: expected 0 or more")
    check_profile(chosen)
    arrays = read_arrays(chosen.inputs) if chosen.inputs else None
    if chosen.outputs:
        require_writable(chosen.outputs, chosen.model, *([chosen.inputs] if chosen.inputs else []))
    program = open_program(chosen)
    if arrays is None:
        feed = find_feed(program, sizes, chosen.seed)
    else:
        feed = match_inputs(arrays, chosen.inputs, program.inputs)
    begin = time.perf_counter()
    values = program.run(None, feed)
    seconds = time.perf_counter() - begin
    outputs = {tensor.name: value for tensor, value in zip(program.outputs, values, strict=True)}
    if chosen.outputs:
        write_npz(chosen.outputs, outputs)
    profile = program.profile(feed, chosen.runs or RUNS) if chosen.profile else None
    if profile and isinstance(chosen.profile, Path):
        write_trace(chosen.profile, profile)
    if chosen.json:
        facts: dict[str, Any] = {"seconds": seconds, "target": program.target, "threads": program.threads}
        facts["outputs"] = {name: _json_safe(summarise(value)) for name, value in outputs.items()}
        print(json.dumps(facts | ({"profile": profile_facts(profile)} if profile else {})))
        return 0
    console = Output()
    _print_tensors(console, feed, outputs)
    threads = f"{program.threads} thread{'s' if program.threads > 1 else ''}"
    console.print(f"{seconds * 1e3:.3f} ms, {threads}, {program.target}")
    if profile:
        print_profile(console, profile)
    for path in (chosen.outputs, chosen.profile):
        if isinstance(path, Path):
            console.print(f"wrote {path}", markup=False)
    return 0


def _print_tensors(console: Output, feed: dict[str, NDArray[Any]], outputs: dict[str, NDArray[Any]]) -> None:
    table = new_table("", "name", "dtype", "shape", "min", "mean", "max", right=("min", "mean", "max"))
    for kind, tensors in (("input", feed), ("output", outputs)):
        for name, value in tensors.items():
            summary = summarise(value)
            table.add_row(
                kind, Text(name), summary["dtype"], "x".join(map(str, value.shape)) or "scalar",
                *(f"{summary[key]:.6g}" if summary[key] is not None else "" for key in ("min", "mean", "max")),
            )  # fmt: skip
    print_table(console, table, "name")


def summarise(value: NDArray[Any]) -> dict[str, Any]:
    """dtype, shape and range of an array; None where it is empty."""
    numbers = value.astype(np.float64)
    with np.errstate(all="ignore"):
        ranges = {name: float(getattr(numbers, name)()) if value.size else None for name in ("min", "mean", "max")}
    return {"dtype": str(value.dtype), "shape": list(value.shape), **ranges}


def _json_safe(summary: dict[str, Any]) -> dict[str, Any]:
    """JSON has neither NaN nor infinities: they become texts."""
    return {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in summary.items()
    }


def write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays under their names, all or nothing.

    Raises:
        OptionError: the file cannot be written.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # pyright: ignore[reportArgumentType] - a name is a name
