"""`sparsec bench`: the distribution of the latency."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import done
from tests.cli.command import sparsec as run


def test_figures(compiled: Path) -> None:
    arguments = (
        "bench",
        compiled / "layer.so",
        "--runs",
        "7",
        "--warm-up",
        "0",
        "--dim",
        "tokens=65",
        "--threads",
        "2",
    )
    facts = json.loads(done(*arguments, "--json").out)
    figures = facts["milliseconds"]
    assert 0 < figures["min"] <= figures["p50"] <= figures["p90"] <= figures["p99"] <= figures["max"]
    assert (facts["runs"], facts["threads"], facts["inputs"]) == (7, 2, {"x": [65, 16]})
    out = done(*arguments).out
    assert "7 runs, 2 threads" in out and "p99" in out and "x 65x16" in out


@pytest.mark.parametrize("wrong", [("--runs", "0"), ("--runs", "-1"), ("--warm-up", "-1"), ("--threads", "0")])
def test_senseless_numbers(wrong: tuple[str, str], compiled: Path) -> None:
    result = run("bench", compiled / "layer.so", *wrong)
    assert result.code == 2 and result.err.startswith("error: ") and result.out == ""
