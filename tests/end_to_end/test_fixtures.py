"""Every small file from a real exporter or quantiser compiles and computes what it says, at several sizes."""

from pathlib import Path

import numpy as np
import onnx
import pytest

import sparsec
from tests.end_to_end.accuracy import distance, run_all, session
from tests.fixtures import FIXTURES
from tests.fixtures.inputs import draw_inputs
from tests.fixtures.quantise import KINDS

DAMAGED = {"truncated", "unsupported", "mlp_external_outside", "mlp_external_short"}
FILES = sorted(path for path in FIXTURES.glob("*.onnx") if path.stem not in DAMAGED)
QUANTISED = [path for path in FILES if path.stem.split("_")[1] in KINDS]
FLOAT = [path for path in FILES if path not in QUANTISED]
SHAPES = ((1, 1), (2, 7), (3, 33), (1, 64))


def stem(path: Path) -> str:
    """The name of a test case."""
    return path.stem


@pytest.mark.parametrize("path", FLOAT, ids=stem)
def test_float_file(path: Path) -> None:
    model = onnx.load(path)
    program = sparsec.compile(path)
    reference = session(model, optimised=False)
    for batch, sequence in SHAPES:
        feed = draw_inputs(model, {"batch": batch, "sequence": sequence}, seed=sequence)
        for found, expected in zip(program.run(None, feed), reference.run(None, feed), strict=True):
            assert found.shape == expected.shape
            assert found.dtype == expected.dtype
            assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("path", QUANTISED, ids=stem)
def test_quantised_file(path: Path) -> None:
    model = onnx.load(path)
    program = sparsec.compile(path)
    sizes = [{"batch": batch, "sequence": sequence} for batch, sequence in (*SHAPES, (16, 9), (8, 30))]
    feeds = [draw_inputs(model, size, seed=size["sequence"]) for size in sizes]
    found = distance(run_all(program.run, feeds), run_all(session(model, optimised=False).run, feeds))
    # One rounding that falls the other way moves a model this small by more than it would move a real one.
    assert found.mean <= 0.01
    assert found.maximum <= 0.05
