"""What the benchmarks print: the machine's name and tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from sparsec.target import host


def machine() -> str:
    """The processor's name, family and model (clouds hide the rest), its best target and how many of them there are."""
    pairs = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    facts = {key.strip(): value.strip() for key, _, value in pairs}
    name = facts.get("model name", platform.processor())
    numbers = f"family {facts.get('cpu family', '?')} model {facts.get('model', '?')}"
    return f"{name}, {numbers}, {host().name} ({os.cpu_count()} CPUs)"


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns are aligned, so that it reads well as text too."""
    widths = [max(len(row[index]) for row in (heads, *rows)) for index in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
