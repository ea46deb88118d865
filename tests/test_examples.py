"""The examples that need no torch do what they say."""

import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_compile_and_run() -> None:
    script = EXAMPLES / "01_compile_and_run.py"
    done = subprocess.run(
        [sys.executable, script, "a", "text"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        cwd=EXAMPLES.parent,
    )
    program, answer, difference = done.stdout.splitlines()
    assert "input_ids: int64[batch, sequence]" in program
    assert answer.startswith("'a text': logits [")
    assert float(difference.partition(": ")[2].partition("%")[0]) < 3


def test_c_program(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "02_c_program", tmp_path / "02_c_program")
    shutil.copytree(EXAMPLES / "models", tmp_path / "models")
    command = [
        "make",
        "-B",
        "run",
        f"SPARSEC={sys.executable} -m sparsec.cli",
        "CFLAGS=-std=c99 -O1 -Wall -Wextra -Werror",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=300, cwd=tmp_path / "02_c_program"
    )
    assert "running on " in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith(("Zeros in blocks", "A second"))]
    assert [len(row.split()[-3:]) for row in rows] == [3, 3]
