"""docs/language.md is true: every page on it is read and run, and agrees with the Python that follows it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from sparsec.dialects.encoding import Layout, element_of, sizes_of, to_numpy
from sparsec.dialects.sparse import layout_read_by
from sparsec.dims import evaluate
from sparsec.errors import DslError
from sparsec.frontend.dsl import read_dsl, read_weights
from sparsec.frontend.dsl_functions import FUNCTIONS
from sparsec.reference import evaluate as run
from sparsec.schedule import Dataflow
from sparsec.weights import Array, WeightStore

DOCUMENT = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
SIZES = {"batch": 3, "sequence": 5}


@dataclass(frozen=True)
class Example:
    """A page of the document, the Python that prepares its files, and what follows it: its meaning or its error."""

    line: int
    page: str
    prepare: str
    follows: str
    wrong: bool


def examples() -> list[Example]:
    """All pages of the document with what belongs to them."""
    blocks = [
        (DOCUMENT.count("\n", 0, match.start()) + 1, match[1], match[2])
        for match in re.finditer(r"^```(\w[^\n]*)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    ]
    found: list[Example] = []
    for place, (line, kind, text) in enumerate(blocks):
        if kind.startswith("spc"):
            before, after = blocks[place - 1], blocks[place + 1]
            assert after[1] == ("text" if kind == "spc wrong" else "python"), f"line {line} says nothing after its page"
            prepare = before[2] if before[1] == "python first" else ""
            found.append(Example(line, text, prepare, after[2], kind == "spc wrong"))
    return found


EXAMPLES = examples()
RIGHT = [example for example in EXAMPLES if not example.wrong]


def draw_inputs(module: ModuleOp, seed: int) -> dict[str, Array]:
    """Arrays that fit the inputs of a module: small integers, which index any table here; floats of both signs."""
    generator = np.random.default_rng(seed)
    function = module.body.block.first_op
    arrays: dict[str, Array] = {}
    for name, argument in zip(function.attributes["input_names"], function.body.block.args, strict=True):
        shape = [evaluate(size, SIZES) for size in sizes_of(argument.type)]
        dtype = to_numpy(element_of(argument.type))
        if dtype.kind == "f":
            arrays[name.data] = generator.standard_normal(shape).astype(dtype)
        else:
            high = {"u": 256, "b": 2}.get(dtype.kind, 10)
            arrays[name.data] = generator.integers(0, high, shape).astype(dtype)
    return arrays


def meaning(example: Example, inputs: dict[str, Array], weights: dict[str, Array]) -> dict[str, Any]:
    """The variables after the Python that follows a page."""
    erf = np.vectorize(math.erf)
    variables: dict[str, Any] = {"np": np, "erf": erf, **SIZES, **weights, **inputs}
    exec(example.follows, variables)
    return variables


def require_equal(name: str, actual: Array, expected: Any) -> None:
    """Equal up to rounding; a quantised value may fall on the other side of a tie."""
    expected = np.asarray(expected)
    assert actual.shape == expected.shape, name
    if actual.dtype.kind == "f":
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-6, err_msg=name)
    elif actual.dtype.kind == "b":
        np.testing.assert_array_equal(actual, expected, err_msg=name)
    else:
        away = np.abs(actual.astype(np.int64) - expected.astype(np.int64))
        assert away.max() <= (1 if actual.dtype.itemsize == 1 else 0) and np.mean(away > 0) <= 0.02, name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("example", RIGHT, ids=lambda example: f"line{example.line}")
@pytest.mark.parametrize("seed", [0, 1])
def test_page_agrees_with_python(example: Example, seed: int, folder: Path) -> None:
    exec(example.prepare, {"np": np})
    page = folder / "layer.spc"
    page.write_text(example.page)
    store = WeightStore()
    module = read_dsl(page, store)
    module.verify()
    inputs = draw_inputs(module, seed)
    variables = meaning(example, inputs, read_weights(page))
    for name, array in run(module, inputs, store).items():
        require_equal(name, array, variables[name])


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.wrong], ids=lambda example: f"line{example.line}")
def test_mistake_is_shown_as_documented(example: Example, folder: Path) -> None:
    page = folder / "layer.spc"
    page.write_text(example.page)
    with pytest.raises(DslError) as caught:
        read_dsl(page, WeightStore())
    assert str(caught.value) + "\n" == example.follows


def test_every_function_is_documented() -> None:
    missing = [builtin.signature for builtin in FUNCTIONS.values() if f"`{builtin.signature}`" not in DOCUMENT]
    assert not missing


def test_every_dataflow_is_in_the_table() -> None:
    """With the numbers that it takes; a range is written as its ends."""

    def written(numbers: tuple[int, ...]) -> str:
        return "8 to 1" if numbers == tuple(range(8, 0, -1)) else ", ".join(map(str, numbers))

    layouts = {Layout.TILED: "tiles", Layout.INTERLEAVED: "interleaved tiles", None: "rows"}
    found = re.findall(r"^\| `(\w+)` \| (\S+) \| [^|]* \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", DOCUMENT, re.MULTILINE)
    assert found == [
        (
            flow.value,
            "8-bit" if flow.is_integer else "`f32`",
            layouts[layout_read_by(flow)],
            written(flow.tiles),
            written(flow.row_counts),
        )
        for flow in Dataflow
    ]
