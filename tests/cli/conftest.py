"""A small model, compiled once, and a folder of one's own to work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import done

PAGE = """\
weight w: i8[32, 16] blocks(4x1) random(seed = 1, sparsity = 0.5) quantized(scale = 0.02)
weight b: f32[32] random(seed = 2)

model layer(x: u8[tokens, 16] quantized(scale = 0.02, zero = 128)) -> (y) {
  y = quantize(relu(linear(x, w) + b), u8, scale = 0.05)
}
"""


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `layer.spc`, `layer.so` and `layer.h`, to be read only."""
    folder = tmp_path_factory.mktemp("layer")
    (folder / "layer.spc").write_text(PAGE)
    done("compile", folder / "layer.spc", "-o", folder / "layer.so")
    return folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: an empty one with `layer.spc` in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layer.spc").write_text(PAGE)
    return tmp_path
