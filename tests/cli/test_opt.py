"""`sparsec opt`: what one pass prints, the next one takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparsec import __version__, pipeline
from sparsec.target import host
from tests.cli.command import done
from tests.cli.command import sparsec as run

STAGES = (pipeline.READING, *pipeline.PIPELINE, *pipeline.code_stages(host()))
PASSES = [each.name for stage in STAGES for each in stage.passes]
NEED_NO_WEIGHTS = {"recognise-gelu", "infer-shapes", "recognise-attention", "fuse-epilogues", *PASSES[-2:]}
"""Some passes that never look at the numbers of weights."""


@pytest.fixture(scope="module")
def dumped(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The IR as it was given and after each pass."""
    folder = tmp_path_factory.mktemp("ir")
    done("compile", compiled / "layer.spc", "-o", folder / "layer.so", "--target", "host", "--dump-ir", folder / "ir")
    return sorted((folder / "ir").iterdir())


@pytest.mark.parametrize("index", range(len(PASSES)), ids=PASSES)
def test_each_pass_alone(index: int, dumped: list[Path]) -> None:
    name = PASSES[index]
    options = f"{{target={host().name}}}" if name == "kernels-to-loops" else ""
    result = run("opt", dumped[index], "-p", name + options)
    if result.code == 0 or name in NEED_NO_WEIGHTS:
        assert result.code == 0, result.err
        assert result.out.strip() == dumped[index + 1].read_text().strip()
    else:
        assert result.code == 2 and "needs the numbers of weight" in result.err and "--print-ir-after" in result.err
        assert result.out == ""


def test_text_out_again(dumped: list[Path], folder: Path) -> None:
    assert done("opt", dumped[0]).out.strip() == dumped[0].read_text().strip()
    done("opt", dumped[0], "-o", "again.mlir")
    assert Path("again.mlir").read_text().strip() == dumped[0].read_text().strip()
    done("opt", "again.mlir", "-p", "infer-shapes,recognise-layer-norm", "-o", "again.mlir")  # in place


def test_no_file_after_a_mistake(dumped: list[Path], folder: Path) -> None:
    for arguments in (("-p", "no-such-pass"), ("-t", "wasm")):
        assert run("opt", dumped[1], *arguments, "-o", "out.mlir").code == 2
    assert run("opt", dumped[-4], "-p", "discover-blocks,nn-to-kernels", "-o", "out.mlir").code == 2
    Path("wrong.mlir").write_text("func.func @main(")
    assert run("opt", "wrong.mlir", "-o", "out.mlir").code == 2
    assert {path.name for path in folder.iterdir()} == {"layer.spc", "wrong.mlir"}


def test_it_speaks_for_itself() -> None:
    assert done("opt", "--version").out.startswith(f"sparsec {__version__}, built on xdsl 0.")
    text = done("opt", "--help").out
    assert text.startswith("usage: sparsec opt") and all(p.name in text for p in pipeline.all_passes())
