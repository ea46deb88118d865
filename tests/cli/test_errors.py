"""What a person reads after a mistake: one golden text for each, exit code 2, and the folder as it was.

`python -m tests.cli.test_errors` writes the golden texts anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.command import sparsec
from tests.cli.conftest import PAGE
from tests.fixtures import FIXTURES

GOLDEN = Path(__file__).parent.parent / "golden" / "errors"
TWO = """\
model two(a: f32[batch, 4], b: f32[batch, 4]) -> (y: f32[batch, 4]) {
  y = a + b
}
"""
IR = "builtin.module {\n  func.func @main(%x: tensor<2xf32>) {\n    nn.magic %x\n  }\n}\n"


def fixture(name: str) -> Callable[[], None]:
    """Puts one of the model files into the folder."""
    return lambda: [shutil.copy(FIXTURES / name, "model.onnx"), None][1]


def content(name: str, text: str | bytes) -> Callable[[], None]:
    """Puts a file into the folder."""
    return lambda: [Path(name).write_bytes(text.encode() if isinstance(text, str) else text), None][1]


def arrays(**named: np.ndarray) -> Callable[[], None]:
    """Puts inputs for the model of two arrays into the folder."""

    def prepare() -> None:
        Path("two.spc").write_text(TWO)
        np.savez("in.npz", **named)

    return prepare


def npy() -> None:
    """Puts a file of one array into the folder."""
    Path("two.spc").write_text(TWO)
    np.save("in.npy", np.ones(3))


def nothing() -> None:
    """The folder holds `layer.spc` only."""


A = np.ones((2, 4), np.float32)
RUN_TWO = "run two.spc --inputs in.npz --outputs out.npz"

CASES: dict[str, tuple[Callable[[], None], str]] = {
    "unsupported": (fixture("unsupported.onnx"), "compile model.onnx -o out.so"),
    "truncated": (fixture("truncated.onnx"), "compile model.onnx -o out.so"),
    "missing_model": (nothing, "compile model.onnx -o out.so"),
    "missing_page": (nothing, "compile model.spc -o out.so"),
    "missing_library": (nothing, "run model.so"),
    "folder_as_model": (lambda: Path("model.onnx").mkdir(), "compile model.onnx -o out.so"),
    "folder_as_page": (lambda: Path("model.spc").mkdir(), "compile model.spc -o out.so"),
    "folder_as_library": (lambda: Path("model.so").mkdir(), "info model.so"),
    "empty_model": (content("model.onnx", ""), "compile model.onnx -o out.so"),
    "empty_page": (content("model.spc", ""), "compile model.spc -o out.so"),
    "empty_library": (content("model.so", ""), "run model.so"),
    "text_as_model": (content("model.onnx", "A letter to a friend.\n"), "info model.onnx"),
    "bytes_as_page": (content("model.spc", b"\x7fELF\xff\xfe"), "compile model.spc -o out.so"),
    "header_as_model": (content("model.h", "int x;\n"), "run model.h"),
    "library_compiled": (content("model.so", b"\x7fELF"), "compile model.so -o out.so"),
    "library_compiled_to_itself": (content("model.so", b"\x7fELF"), "compile model.so"),
    "mistake_in_page": (content("model.spc", PAGE.replace("relu(", "rellu(")), "compile model.spc -o out.so"),
    "schedule_that_does_not_fit": (
        content("model.spc", PAGE.replace("random(seed = 1", "schedule(dataflow = permute_windows) random(seed = 1")),
        "compile model.spc -o out.so",
    ),
    "this_folder_as_model": (nothing, "compile ."),
    "endless_time_limit": (nothing, "compile layer.spc --time-limit inf -o out.so"),
    "unknown_stage": (nothing, "compile layer.spc --print-ir-after linking -o out.so"),
    "unknown_pass": (nothing, "opt layer.mlir -p recognise-geglu"),
    "unknown_target": (nothing, "compile layer.spc --target pentium -o out.so"),
    "unknown_suffix": (nothing, "compile layer.spc -o out.dll"),
    "bad_prefix": (nothing, "compile layer.spc --prefix 2fast -o out.so"),
    "bad_threads": (nothing, "run layer.spc --threads 0"),
    "bad_expect": (nothing, "compile layer.spc --expect tokens=0 -o out.so"),
    "unknown_expect": (nothing, "compile layer.spc --expect batch=3 -o out.so"),
    "tune_without_sizes": (nothing, "compile layer.spc --tune -o out.so"),
    "tune_and_library": (content("model.so", b"\x7fELF"), "run model.so --tune"),
    "expect_and_library": (content("model.so", b"\x7fELF"), "run model.so --expect tokens=1 --no-cache"),
    "explain_library": (content("model.so", b"\x7fELF"), "explain model.so"),
    "explain_unknown_dim": (nothing, "explain layer.spc --dim batch=3"),
    "explain_unknown_expect": (nothing, "explain layer.spc --expect batch=3"),
    "explain_unknown_target": (nothing, "explain layer.spc --target pentium"),
    "explain_into_no_folder": (nothing, "explain layer.spc --json missing/report.json"),
    "explain_into_one_file": (nothing, "explain layer.spc --csv report --json ./report"),
    "explain_over_the_model": (nothing, "explain layer.spc --csv layer.spc"),
    "bad_dim": (nothing, "run layer.spc --dim tokens"),
    "zero_dim": (nothing, "run layer.spc --dim tokens=0"),
    "large_dim": (nothing, "run layer.spc --dim tokens=1000000000"),
    "two_sizes": (nothing, "run layer.spc --dim tokens=3 --dim tokens=4"),
    "unknown_dim": (nothing, "run layer.spc --dim batch=3"),
    "dim_and_inputs": (nothing, "run layer.spc --dim tokens=3 --inputs in.npz"),
    "no_such_folder": (nothing, "compile layer.spc -o missing/out.so"),
    "output_is_a_folder": (lambda: Path("out.so").mkdir(), "compile layer.spc -o out.so"),
    "output_is_the_model": (nothing, "compile layer.spc --emit asm -o layer.spc"),
    "output_of_another_kind": (nothing, "compile layer.spc --emit asm -o layer.so"),
    "output_is_the_header": (nothing, "compile layer.spc --emit so -o out.h"),
    "dump_into_a_file": (nothing, "compile layer.spc -o out.so --dump-ir layer.spc"),
    "outputs_into_no_folder": (arrays(a=A, b=A), "run two.spc --inputs in.npz --outputs missing/out.npz"),
    "no_linker": (lambda: os.environ.update(PATH=""), "compile layer.spc -o out.so"),
    "wrong_linker": (nothing, "compile layer.spc -o out.so --linker lnk"),
    "wrong_dtype": (arrays(a=A, b=A.astype(np.float64)), RUN_TWO),
    "wrong_rank": (arrays(a=A, b=A[0]), RUN_TWO),
    "wrong_size": (arrays(a=A, b=np.ones((2, 5), np.float32)), RUN_TWO),
    "sizes_disagree": (arrays(a=A, b=np.ones((3, 4), np.float32)), RUN_TWO),
    "missing_input": (arrays(a=A, c=A), RUN_TWO),
    "unknown_input": (arrays(a=A, b=A, c=A), RUN_TWO),
    "missing_npz": (nothing, "run layer.spc --inputs in.npz"),
    "npz_is_text": (content("in.npz", "no archive"), "run layer.spc --inputs in.npz"),
    "npz_is_npy": (npy, "run two.spc --inputs in.npy"),
    "missing_ir": (nothing, "opt missing.mlir"),
    "wrong_ir": (content("wrong.mlir", IR), "opt wrong.mlir"),
}


def complaint(name: str) -> str:
    """What is said, in the current folder, below the command that causes it; the folder and the code are checked."""
    prepare, command = CASES[name]
    prepare()
    before = sorted(Path().rglob("*"))
    result = sparsec(*command.split())
    assert result.code == 2, result
    assert result.out == ""
    assert sorted(Path().rglob("*")) == before
    return f"$ sparsec {command}\n{result.err}"


@pytest.mark.parametrize("name", CASES)
def test_complaint(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])  # so that it comes back
    assert complaint(name) == (GOLDEN / f"cli_{name}.txt").read_text()


def test_every_golden_text_has_a_command() -> None:
    assert {path.stem for path in GOLDEN.glob("cli_*.txt")} == {f"cli_{name}" for name in CASES}


if __name__ == "__main__":
    from contextlib import chdir
    from tempfile import TemporaryDirectory

    path = os.environ["PATH"]
    for case in CASES:
        with TemporaryDirectory() as scratch, chdir(scratch):
            Path("layer.spc").write_text(PAGE)
            (GOLDEN / f"cli_{case}.txt").write_text(complaint(case))
            os.environ["PATH"] = path
