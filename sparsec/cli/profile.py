"""`sparsec run --profile`: where the time of runs goes, as tables and as a Chrome trace."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from rich.text import Text

from sparsec.cli.arguments import file_path
from sparsec.cli.console import Output, new_table, print_table
from sparsec.cli.files import require_writable, write_bytes
from sparsec.errors import OptionError
from sparsec.runtime.profile import Operation, Profile

RUNS, _MOST_RUNS = 20, 10_000
_ROWS = 30
"""Operations that the table shows; JSON has all."""


def add_profile(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "--profile",
        nargs="?",
        const=True,
        type=_trace_file,
        metavar="FILE",
        help="then run it again and again and print the time of every operation; FILE gets a trace for "
        "chrome://tracing or ui.perfetto.dev",
    )
    parser.add_argument("--runs", type=int, metavar="N", help=f"recorded runs of --profile (default: {RUNS})")


def _trace_file(text: str) -> Path:
    """The argument of `--profile`; argparse would also take the model that a person wrote behind the flag."""
    if Path(text).suffix in (".so", ".onnx", ".spc"):
        raise argparse.ArgumentTypeError(f"{text} is a model: write it before --profile, or give --profile a file")
    return file_path(text)


def check_profile(chosen: argparse.Namespace) -> None:
    """Refuse what cannot work before the work.

    Raises:
        OptionError: with the reason.
    """
    if chosen.runs is not None and not chosen.profile:
        raise OptionError("--runs counts the runs of --profile; give --profile too, or use `sparsec bench` for latency")
    if chosen.runs is not None and not 1 <= chosen.runs <= _MOST_RUNS:
        raise OptionError(f"--runs {chosen.runs}: expected 1 to {_MOST_RUNS}")
    if isinstance(chosen.profile, Path):
        require_writable(chosen.profile, chosen.model, *([chosen.inputs] if chosen.inputs else []))


def write_trace(path: Path, profile: Profile) -> None:
    """Write the Chrome trace.

    Raises:
        OptionError: the file cannot be written.
    """
    write_bytes(path, json.dumps(profile.chrome_trace()).encode())


def profile_facts(profile: Profile) -> dict[str, Any]:
    """The profile as plain values, in seconds."""
    return {"runs": profile.runs(), "operations": [asdict(operation) for operation in profile.operations()]}


def print_profile(console: Output, profile: Profile) -> None:
    """The table by kernel, and that of the operations that take most."""
    operations, runs = profile.operations(), profile.runs()
    console.print(f"recorded runs: {len(runs)}, {median(runs) * 1e3:.3f} ms each (median)")
    _print_kernels(console, operations, sum(runs), len(runs))
    title = "operations" if len(operations) <= _ROWS else f"the {_ROWS} of {len(operations)} operations that take most"
    columns = ("items", "count", "total ms", "median us", "share", "busy")
    table = new_table("#", "kernel", *columns, "source", right=("#", *columns), title=title)
    for operation in sorted(operations, key=lambda operation: -operation.total)[:_ROWS]:
        table.add_row(
            str(operation.call), operation.kernel, str(operation.items), str(operation.count),
            f"{operation.total * 1e3:.3f}", f"{operation.median * 1e6:.1f}", f"{operation.share:.1%}",
            f"{operation.busy:.0%}", Text(operation.source),
        )  # fmt: skip
    print_table(console, table, "#")
    console.print("items: independent pieces of work; busy: the part of the time in which threads worked")


def _print_kernels(console: Output, operations: Sequence[Operation], seconds: float, runs: int) -> None:
    """What kernels take together, and what is left between them: starting and joining threads."""
    columns = ("calls", "ms per run", "share", "busy")
    table = new_table("kernel", *columns, right=columns, title="kernels")
    kernels: dict[str, list[Operation]] = {}
    for operation in operations:
        kernels.setdefault(operation.kernel, []).append(operation)

    def total(group: Sequence[Operation]) -> float:
        return sum(operation.total for operation in group)

    for kernel, group in sorted(kernels.items(), key=lambda item: -total(item[1])):
        busy = sum(operation.busy * operation.total for operation in group) / (total(group) or 1.0)
        table.add_row(
            kernel, str(len(group)), f"{total(group) / runs * 1e3:.3f}",
            f"{total(group) / (seconds or 1.0):.1%}", f"{busy:.0%}",
        )  # fmt: skip
    rest = seconds - total(operations)
    table.add_row("(between them)", "", f"{rest / runs * 1e3:.3f}", f"{rest / (seconds or 1.0):.1%}", "")
    print_table(console, table, "kernel")
