"""Pages of the language run as native code and give what the reference gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings

import sparsec
from sparsec.frontend.dsl import read_dsl, read_weights
from sparsec.reference import evaluate
from sparsec.weights import WeightStore
from tests.frontend.test_dsl_examples import FOLDER, MEANINGS, draw_example_inputs
from tests.frontend.test_dsl_language import RIGHT, Example, draw_inputs, meaning, require_equal
from tests.frontend.test_dsl_programs import Program, programs

SCHEDULES = [("gather_quads", 64), ("gather_quads", 16), ("dense_quads", 32)]


@pytest.mark.parametrize("example", RIGHT, ids=lambda example: f"line{example.line}")
def test_page_of_the_document_compiles(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(example.prepare, {"np": np})
    page = tmp_path / "layer.spc"
    page.write_text(example.page)
    program = sparsec.compile(page, cache=False)
    inputs = draw_inputs(read_dsl(page, WeightStore()), seed=2)
    variables = meaning(example, inputs, read_weights(page))
    for output, array in zip(program.outputs, program(**inputs), strict=True):
        require_equal(output.name, array, variables[output.name])


@pytest.mark.parametrize("page", sorted(MEANINGS))
def test_example_compiles(page: str) -> None:
    path, store, inputs = FOLDER / f"{page}.spc", WeightStore(), draw_example_inputs(page)
    program = sparsec.compile(path, cache=False)
    expected = evaluate(read_dsl(path, store), inputs, store)
    for output, array in zip(program.outputs, program(**inputs), strict=True):
        if array.dtype.kind == "f":
            np.testing.assert_allclose(array, expected[output.name], rtol=1e-4, atol=1e-5)
        else:
            np.testing.assert_array_equal(array, expected[output.name])


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(programs())
def test_random_program_runs_as_the_reference_does(program: Program) -> None:
    store = WeightStore()
    module = read_dsl(program.page(), store)
    expected = evaluate(module, program.inputs, store)
    compiled = sparsec.compile(module, weights=store, cache=False)
    for output, array in zip(compiled.outputs, compiled(**program.inputs), strict=True):
        message = f"{output.name} of {program.page()}"
        if array.dtype.kind == "f":
            np.testing.assert_allclose(array, expected[output.name], rtol=1e-5, atol=1e-5, err_msg=message)
        else:
            np.testing.assert_array_equal(array, expected[output.name], err_msg=message)


def test_a_schedule_given_by_hand_changes_no_result() -> None:
    page = """
    weight w: i8[32, 64] blocks(4x1) random(seed = 1, sparsity = 0.8) quantized(scale = 0.01) {}
    model layer(x: u8[batch, 64] quantized(scale = 0.02, zero = 128)) -> (y) {{
      y = quantize(linear(x, w), u8, scale = 0.02, zero = 100)
    }}"""
    x = np.random.default_rng(0).integers(0, 256, (100, 64)).astype(np.uint8)
    results: list[bytes] = []
    for clause in ("", *(f"schedule(dataflow = {flow}, tile = {tile})" for flow, tile in SCHEDULES)):
        store = WeightStore()
        module = read_dsl(page.format(clause), store)
        (y,) = sparsec.compile(module, weights=store, cache=False)(x)
        results.append(y.tobytes())
    assert len(set(results)) == 1
