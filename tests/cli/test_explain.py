"""`sparsec explain`: what it prints of a model with a different pattern in each layer, and what it writes.

`python -m tests.cli.test_explain` writes the golden text anew; read the difference before committing it.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from unittest.mock import patch

import onnx
import pytest

from sparsec.explanation.report import Report
from sparsec.target import AMD
from tests.cli.command import done
from tests.explanation.models import TARGET, mixed_bert_mini

GOLDEN = Path(__file__).parent.parent / "golden" / "explain" / "mixed_bert_mini.txt"
SIZES = ("--expect", "batch=1", "--expect", "sequence=128")


def explained(model: str, *arguments: str) -> str:
    """What is printed, on a machine of one core, whatever this one is."""
    with patch("sparsec.api_explain.host_core", lambda: AMD):
        return done("explain", model, "--target", TARGET, *arguments).out


def golden() -> str:
    """What is printed of the mixed model, without the blanks at the ends of lines."""
    onnx.save(mixed_bert_mini(), "mixed.onnx")
    text = explained("mixed.onnx", *SIZES, "--json", "report.json", "--csv", "layers.csv")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def test_each_pattern_is_called_by_its_name() -> None:
    assert golden() == GOLDEN.read_text()
    report = Report.from_json(Path("report.json").read_text())
    layers = [layer for layer in report.layers if "encoder" in layer.name]
    said = [(layer.blocks, layer.unstructured, round(layer.sparsity, 1)) for layer in layers]
    expected = [("4x1", False, 0.9), ("1x1", True, 0.9), ("dense", False, 0.0), ("4x1", False, 0.5)]
    assert said == [facts for facts in expected for _ in range(6)]
    with Path("layers.csv").open() as file:
        assert [row["name"] for row in csv.DictReader(file)] == [layer.name for layer in report.layers]


def test_a_page_with_its_own_sizes() -> None:
    out = explained("layer.spc", "--dim", "tokens=3", "--json", "report.json")
    assert out.startswith(f"layer.spc for {TARGET}, tokens=3: ")
    assert json.loads(Path("report.json").read_text())["sizes"] == {"tokens": 3}


def test_a_model_without_products() -> None:
    Path("plain.spc").write_text("model m(x: f32[n]) -> (y: f32[n]) {\n  y = relu(x)\n}\n")
    out = explained("plain.spc")
    assert "no product with a constant weight" in out and "nothing that would save 1 % or more" in out


def test_measured_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    out = done("explain", "layer.spc", "--dim", "tokens=3", "--measure").out
    assert "measured" in out and "GHz" in out


if __name__ == "__main__":
    from contextlib import chdir
    from tempfile import TemporaryDirectory

    GOLDEN.parent.mkdir(exist_ok=True)
    with TemporaryDirectory() as scratch, chdir(scratch):
        GOLDEN.write_text(golden())
