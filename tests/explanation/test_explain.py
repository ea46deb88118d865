"""Reports of whole models, predicted and measured. How long kernels take is nobody's promise."""

from __future__ import annotations

import pytest

import sparsec
from sparsec.errors import OptionError, TargetError
from sparsec.target import TARGETS, host
from tests.fixtures import FIXTURES

MODEL = FIXTURES / "bert_qdq_u8_channel_90.onnx"


def test_measured_cycles_come_beside_predicted_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsec.explanation.explain.LONGEST", 0.5)
    report = sparsec.explain(MODEL, sizes={"batch": 2, "sequence": 9}, measure=True)
    assert report.target == host().name and report.hertz is not None and report.hertz > 1e8
    assert all(layer.measured is not None for layer in report.layers)
    assert report.measured is not None and report.measured > 0
    assert sum(kind.measured or 0.0 for kind in report.kinds if kind.name == "int8 products") == pytest.approx(
        sum(layer.measured or 0.0 for layer in report.layers)
    )
    assert any(island.measured is not None for island in report.islands)


def test_expected_sizes_are_those_that_are_not_given() -> None:
    report = sparsec.explain(MODEL, sizes={"batch": 2}, expect={"batch": 1, "sequence": 16}, targets="avx2")
    assert report.sizes == {"batch": 2, "sequence": 16} and report.expect == {"batch": 1, "sequence": 16}


def test_sizes_must_be_known() -> None:
    with pytest.raises(OptionError, match=r"sequence has no size; .* those are: batch, sequence"):
        sparsec.explain(MODEL, sizes={"batch": 1})
    with pytest.raises(OptionError, match="tokens is no dynamic dimension of the model"):
        sparsec.explain(MODEL, sizes={"batch": 1, "sequence": 2, "tokens": 3})


def test_only_what_this_machine_runs_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsec.measure.runnable_targets", lambda: (TARGETS["x86_64"],))
    with pytest.raises(TargetError, match="cannot be measured here: this machine runs only x86_64"):
        sparsec.explain(MODEL, sizes={"batch": 1, "sequence": 2}, targets="avx2", measure=True)
