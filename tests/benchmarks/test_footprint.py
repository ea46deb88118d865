"""`benchmarks/footprint.py`: every figure is there, and within the bounds that hold for any model."""

from __future__ import annotations

import re
import sys

import pytest

from benchmarks import footprint
from tests.fixtures import FIXTURES


def test_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    model = FIXTURES / "mlp_qdq_u8_tensor_80.onnx"
    monkeypatch.setattr(sys, "argv", ["footprint", str(model), "--loads", "3"])
    footprint.main()
    rows = dict(
        re.findall(r"^\| ([^|]*\S) *\| ([^|]*\S) *\|$", capsys.readouterr().out.replace("| - ", ""), re.MULTILINE)
    )
    assert rows["for"] == "avx512vbmi, avx512vnni, avxvnni, avx2, x86_64"
    assert float(rows["load from Python"].split()[0]) < 1000
    assert 1 < float(rows["peak memory, C"].split()[0]) < float(rows["peak memory, Python"].split()[0]) < 200
    assert int(rows["read-only pages that are not shared"].split()[0]) <= 8
    assert rows["an inference with one thread, with two"].endswith("x as fast")
