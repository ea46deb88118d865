"""`sparsec explain`: what it prints of a model with a different pattern in each layer, and what it writes.

`python -m tests.cli.test_explain` writes the golden text anew; read the difference before committing it.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from unittest.mock import patch

import onnx
import pytest

from sparsec.cli.explain import print_report
from sparsec.explanation.report import LayerReport, Report
from sparsec.target import AMD
from tests.cli.command import done
from tests.explanation.models import TARGET, mixed_bert_mini

GOLDEN = Path(__file__).parent.parent / "golden" / "explain" / "mixed_bert_mini.txt"
MODELS = Path(__file__).parent.parent.parent / "examples" / "models"
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


@pytest.mark.parametrize("long", [False, True])
def test_no_name_and_no_number_is_cut(long: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx.save(mixed_bert_mini(), "mixed.onnx")
    explained("mixed.onnx" if long else str(MODELS / "tiny_bert_90_int8.onnx"), *SIZES, "--json", "report.json")
    report = Report.from_json(Path("report.json").read_text())
    for width in (60, 80, 100, 120):
        monkeypatch.setattr("sparsec.cli.console.PIPED", width)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            print_report(report)
        lines = out.getvalue().splitlines()
        assert all(len(line) <= width for line in lines[1:])  # the first one is a sentence
        words, letters = set(" ".join(lines).split()), "".join(lines).replace(" ", "")
        for layer in report.layers:
            assert facts_of(layer) <= words and set(layer.why.split()) <= words
            assert layer.name in words or (long and width == 60 and layer.name in letters)


def facts_of(layer: LayerReport) -> set[str]:
    """What the tables say of a layer."""
    facts = {f"{layer.rows}x{layer.columns}", "unstructured" if layer.unstructured else layer.blocks, layer.dtype}
    facts |= {layer.dataflow, f"{layer.sparsity:.1%}", f"{layer.stored}/{layer.total}", str(layer.padded)}
    facts |= {str(layer.tokens), f"{layer.share_of_bound:.0%}"}
    return facts | {f"{cycles / 1e3:,.1f}" for cycles in (layer.cycles, layer.dense, *layer.pruned.values())}


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
