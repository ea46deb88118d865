"""`sparsec run MODEL`: run a model once, on given or generated inputs."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sparsec.cli.arguments import add_compilation, add_dims, add_model, add_threads, compilation_options, parse_dims
from sparsec.cli.feeds import generate_feed, read_feed
from sparsec.errors import InputError
from sparsec.runtime.program import Program


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage]
    """Add the command to the parser."""
    parser = commands.add_parser(
        "run",
        help="run a model once",
        description="Run a compiled .so, or compile and run an ONNX model or .spc page, and summarise its outputs.",
    )
    add_model(parser, "an .onnx, .spc or compiled .so file")
    parser.add_argument("--inputs", type=Path, metavar="NPZ", help="inputs by name (default: generated, seeded)")
    parser.add_argument("--outputs", type=Path, metavar="NPZ", help="write the outputs here")
    parser.add_argument("--seed", type=int, default=0, help="seed of generated inputs (default: 0)")
    add_dims(parser)
    add_threads(parser)
    add_compilation(parser)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(execute=execute)


def open_program(chosen: argparse.Namespace) -> Program:
    """The program of the MODEL argument: a `.so` is loaded, anything else is compiled."""
    import sparsec

    options = compilation_options(chosen)
    if chosen.model.suffix == ".so":
        return sparsec.load(chosen.model, threads=options.get("threads", 1))
    with Console(stderr=True).status(f"compiling {chosen.model.name}"):
        return sparsec.compile(chosen.model, **options)


def execute(chosen: argparse.Namespace) -> int:
    """Run the command."""
    program = open_program(chosen)
    if chosen.inputs:
        feed = read_feed(chosen.inputs, program.inputs)
    else:
        feed = generate_feed(program.inputs, parse_dims(chosen.dim), chosen.seed)
    begin = time.perf_counter()
    values = program.run(None, feed)
    seconds = time.perf_counter() - begin
    outputs = {tensor.name: value for tensor, value in zip(program.outputs, values, strict=True)}
    if chosen.outputs:
        write_npz(chosen.outputs, outputs)
    if chosen.json:
        print(json.dumps({"seconds": seconds, "outputs": {name: summarise(value) for name, value in outputs.items()}}))
        return 0
    table = Table("tensor", "dtype", "shape", "min", "mean", "max")
    for kind, tensors in (("input", feed), ("output", outputs)):
        for name, value in tensors.items():
            summary = summarise(value)
            table.add_row(
                f"{kind} {name}", summary["dtype"], "x".join(map(str, value.shape)) or "scalar",
                *(f"{summary[key]:.6g}" if summary[key] is not None else "" for key in ("min", "mean", "max")),
            )  # fmt: skip
    console = Console()
    console.print(table)
    console.print(f"{seconds * 1e3:.3f} ms, {program.threads} thread(s), {program.target}", highlight=False)
    return 0


def summarise(value: NDArray[Any]) -> dict[str, Any]:
    """dtype, shape and range of an array; None where it is empty."""
    numbers = value.astype(np.float64)
    ranges = {name: float(getattr(numbers, name)()) if value.size else None for name in ("min", "mean", "max")}
    return {"dtype": str(value.dtype), "shape": list(value.shape), **ranges}


def write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays under their names, all or nothing.

    Raises:
        InputError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # pyright: ignore[reportArgumentType] - a name is a name
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
