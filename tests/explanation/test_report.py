"""Reports as JSON and CSV hold what they were made of."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from sparsec.explanation.report import Report
from tests.explanation.models import explained

PAGE = """\
weight a: i8[64, 64] blocks(4x1) random(seed = 1, sparsity = 0.5) quantized(scale = 0.02)
weight b: f32[64, 64] random(seed = 2)
model two(x: u8[tokens, 64] quantized(scale = 0.02, zero = 128)) -> (y) {
  y = linear(gelu(linear(x, a)), b)
}
"""


@pytest.fixture(scope="module")
def report() -> Report:
    """Of a layer of bytes and one of floats."""
    return explained(PAGE, {"tokens": 40})


def test_json_and_back(report: Report) -> None:
    assert len(report.layers) == 2 and report.islands and report.advice
    assert Report.from_json(report.to_json()) == report


def test_csv_has_a_row_for_each_layer(report: Report) -> None:
    rows = list(csv.DictReader(StringIO(report.to_csv())))
    for row, layer in zip(rows, report.layers, strict=True):
        assert (row["name"], row["blocks"], row["dtype"]) == (layer.name, layer.blocks, layer.dtype)
        assert float(row["cycles"]) == layer.cycles and float(row["pruned_80"]) == layer.pruned[80]
        assert int(row["stored"]) == layer.stored and row["measured"] == ""
        assert float(row["share_of_bound"]) == layer.share_of_bound


def test_kinds_add_up(report: Report) -> None:
    assert report.cycles == sum(kind.cycles for kind in report.kinds)
    products = [kind.cycles for kind in report.kinds if kind.name.endswith("products")]
    assert sum(products) == pytest.approx(sum(layer.cycles for layer in report.layers))
    assert report.measured is None
