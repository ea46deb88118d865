"""Code for every target runs on an AVX2 machine. `SPARSEC_EMULATE=1 pytest` does that to all tests; here are some."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sparsec.target import TARGETS, runnable_targets
from tests import emulation

ROOT = Path(__file__).parent.parent

VECTORS = "tests/lowering/kernels/test_vector.py"
"""Each instruction against numpy."""
MODELS = "tests/end_to_end/test_dataflows.py", "-k", "wish"
"""Products of the best target and the baseline in whole models."""


@pytest.mark.skipif(TARGETS["avx2"] not in runnable_targets(), reason="instructions are emulated with those of AVX2")
@pytest.mark.parametrize("tests", [(VECTORS,), MODELS], ids=["vectors", "models"])
def test_every_target_runs(tests: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment | {"SPARSEC_EMULATE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout) and "skipped" not in done.stdout


def test_nothing_beyond_avx2_is_left() -> None:
    text = (
        'declare <8 x i32> @"llvm.x86.avx512.vpdpbusd.256"(<8 x i32>, <32 x i8>, <32 x i8>)\n'
        'define <8 x i32> @f(<8 x i32> %a, <32 x i8> %b) "target-features"="+avx2,+avxvnni,+avx512f" {\n'
        '  %r = call <8 x i32> @"llvm.x86.avx512.vpdpbusd.256"(<8 x i32> %a, <32 x i8> %b, <32 x i8> %b)\n'
        "  ret <8 x i32> %r\n}\n"
    )
    found = emulation.emulated(text)
    assert "avx512f" not in found and "avxvnni" not in found and "llvm.x86.avx512" not in found
    assert (
        '"target-features"="+avx2"' in found and "define internal <8 x i32> @emulated.x86.avx512.vpdpbusd.256" in found
    )
