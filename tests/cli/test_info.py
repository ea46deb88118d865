"""`sparsec info`: the signature and the sparsity, before and after compilation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparsec.cli.info import size_text
from tests.cli.command import done
from tests.cli.command import sparsec as run
from tests.fixtures import FIXTURES


def test_a_model_and_what_is_made_of_it_say_the_same(compiled: Path) -> None:
    of_page, of_library = (
        json.loads(done("info", compiled / name, "--json", *more).out)
        for name, more in (("layer.spc", ("--target", "all")), ("layer.so", ()))
    )
    for facts in (of_page, of_library):
        del facts["model"], facts["bytes"]
    calls, functions = (of_library.pop(name) for name in ("calls", "functions"))
    assert 0 < functions <= calls
    out = done("info", compiled / "layer.so").out
    assert f"kernel calls in a run: {calls}, functions that do for them on avx512vbmi: {functions}" in out
    assert (of_page.pop("calls"), of_page.pop("functions")) == (None, None)  # there is no code yet
    assert of_page == of_library
    assert of_page["inputs"] == [{"name": "x", "dtype": "uint8", "shape": ["tokens", 16]}]
    assert of_page["outputs"] == [{"name": "y", "dtype": "uint8", "shape": ["tokens", 32]}]
    (weight,) = of_page["weights"]
    assert (weight["shape"], weight["blocks"], weight["stored"], weight["total"]) == ([32, 16], "4x1", 64, 128)
    assert (of_page["values"], of_page["stored"], of_page["sparsity"]) == (512, 256, 0.5)


def test_names_are_whole_whatever_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsec.cli.console.PIPED", 60)
    out = done("info", FIXTURES / "bert_qdq_u8_channel_90.onnx").out
    facts = json.loads(done("info", FIXTURES / "bert_qdq_u8_channel_90.onnx", "--json").out)
    for weight in facts["weights"]:
        assert weight["name"] in "".join(out.split()) and f"{weight['stored']}/{weight['total']}" in out.split()
        assert "x".join(map(str, weight["shape"])) in out.split() and weight["dataflow"] in out
    assert "% sparse" in out.splitlines()[-1]
    assert "[batch, sequence]" in out


def test_a_model_without_products() -> None:
    Path("plain.spc").write_text("model m(x: f32[n]) -> (y: f32[n]) {\n  y = relu(x)\n}\n")
    assert "no product with a constant weight" in done("info", "plain.spc").out


def test_options_of_the_compiler_cannot_change_what_is_compiled(compiled: Path) -> None:
    for command in ("info", "run", "bench"):
        result = run(command, compiled / "layer.so", "--target", "x86_64", "--no-cache")
        assert result.code == 2 and "is compiled already: --target, --no-cache cannot change it" in result.err


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (397_912, "397.9 kB"), (5 * 10**12, "5000 GB")]
)
def test_sizes_for_people(count: int, text: str) -> None:
    assert size_text(count) == text
