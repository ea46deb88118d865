"""Models that were compiled before are found by the bytes of their file, and by nothing less."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import pytest

import sparsec
from sparsec import api, shortcut
from sparsec.options import Options, child_environment
from tests.fixtures import FIXTURES

MODEL = FIXTURES / "mlp_qdq_u8_tensor_80.onnx"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file of our own."""
    return Path(shutil.copy(MODEL, tmp_path / "mlp.onnx"))


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """An empty cache."""
    return Options(cache=True, cache_dir=tmp_path / "cache")


def test_what_is_found(model: Path, options: Options, tmp_path: Path) -> None:
    assert shortcut.find(model, options) is None
    built = api.build(api.read(model), options).artifact
    found = shortcut.find(str(model), options)
    assert found is not None and found.objects == built.objects and found.signature == built.signature
    assert (found.weights == built.weights).all() and found.prefix == "mlp"
    for other in (
        options.with_(prefix="other"), options.with_(targets="x86_64"), options.with_(expect={"batch": 3}),
        options.with_(unroll="never"), options.with_(cache=False), options.with_(cache_dir=tmp_path / "none"),
        options.with_(tune=True), options.with_(dump_ir=tmp_path / "ir"),
    ):  # fmt: skip
        if other.cpu_targets() != options.cpu_targets() or other.targets == options.targets:
            assert shortcut.find(model, other) is None


def test_another_file_of_the_same_name(model: Path, options: Options) -> None:
    api.build(api.read(model), options)
    changed = onnx.load(model)
    changed.graph.doc_string = "something else"
    onnx.save(changed, model)
    assert shortcut.find(model, options) is None


def test_a_file_that_changes_while_it_is_compiled(model: Path, options: Options) -> None:
    """What was made is what the old bytes say."""
    before = api.read(model)
    changed = onnx.load(model)
    changed.graph.doc_string = "something else"
    onnx.save(changed, model)
    for source in (before, api.read(MODEL)):  # made, and found by its graph
        api.build(source, options)
    assert shortcut.find(model, options) is None
    shutil.copy(MODEL, model)
    assert shortcut.find(model, options) is not None


def test_numbers_in_another_file(model: Path, options: Options) -> None:
    """The file does not say what they are."""
    whole = onnx.load(model)
    onnx.save(whole, model, save_as_external_data=True, location="mlp.data", size_threshold=0)
    api.build(api.read(model), options)
    assert shortcut.find(model, options) is None


class Pieces(BytesIO):
    """A file that is read a few bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(3)


@pytest.mark.parametrize("file", [BytesIO, Pieces])
def test_digests_are_of_all_bytes(file: type[BytesIO]) -> None:
    content = bytes(range(256)) * (8000 if file is BytesIO else 10)
    assert shortcut.digest_of(file(content)) == hashlib.sha256(content).hexdigest()
    assert shortcut.digest_of_bytes(content) == shortcut.digest_of(file(content))
    for start in (0, 5, (1 << 20) - 4, len(content)):
        elsewhere = content[:start] + b"location" + content[start:]
        assert shortcut.digest_of(file(elsewhere)) is None
        assert shortcut.digest_of_bytes(elsewhere) is None


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_files_that_are_no_models(tmp_path: Path, options: Options, content: bytes | None) -> None:
    path = tmp_path / "no.onnx"
    if content is not None:
        path.write_bytes(content)
    assert shortcut.find(path, options) is None
    assert shortcut.find(tmp_path, options) is None and shortcut.find(b"bytes", options) is None


def test_a_graph_that_the_cache_lost(model: Path, options: Options) -> None:
    api.build(api.read(model), options)
    files = sorted((options.cache_dir / "models").iterdir(), key=lambda path: path.stat().st_size)
    files[-1].unlink()
    assert shortcut.find(model, options) is None
    api.build(api.read(model), options)
    assert shortcut.find(model, options) is not None


def test_python_gets_the_same_program(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled() -> sparsec.Program:
        return sparsec.compile(model, cache=True, cache_dir=str(tmp_path / "cache"))

    first = compiled()
    monkeypatch.setattr(api, "read", lambda *arguments: pytest.fail("the model was read again"))
    again = compiled()
    x = np.ones((3, first.inputs[0].shape[1]), np.float32)  # pyright: ignore[reportArgumentType]
    assert again(x)[0].tobytes() == first(x)[0].tobytes() and again.signature == first.signature


def test_the_command_does_not_import_the_compiler(model: Path, tmp_path: Path) -> None:
    code = """
import sys
from sparsec.cli import main
assert main(["compile", sys.argv[1], "-o", sys.argv[2], "--target", "host"]) == 0
print(*(name for name in ("xdsl", "onnx", "numpy") if name in sys.modules))
"""
    environment = {**child_environment(), "SPARSEC_CACHE_DIR": str(tmp_path / "cache"), "SPARSEC_CACHE": "1"}
    outputs: list[bytes] = []
    for expected in ("xdsl onnx numpy\n", "\n"):
        command = [sys.executable, "-c", code, str(model), str(tmp_path / "mlp.so")]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        assert done.stdout == expected
        outputs.append((tmp_path / "mlp.so").read_bytes())
    assert outputs[0] == outputs[1] and "from the cache" in done.stderr
