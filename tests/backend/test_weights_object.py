"""The ELF object of the weights, read by binutils."""

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sparsec.backend.weights_object import write_weights_object


@pytest.mark.parametrize("size", [0, 1, 63, 4096, 100_001])
def test_what_binutils_see(tmp_path: Path, size: int):
    weights = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    path = tmp_path / "weights.o"
    with path.open("wb") as file:
        write_weights_object(file, weights, "bert_weights")

    def read(*flags: str) -> str:
        result = subprocess.run(["readelf", "-W", *flags, path], check=True, capture_output=True, text=True)
        assert result.stderr == ""
        return result.stdout

    (symbol,) = [line.split() for line in read("-s").splitlines() if "bert_weights" in line]
    assert int(symbol[2], 0) == size + 64
    assert [symbol[1], *symbol[3:7]] == ["0" * 16, "OBJECT", "GLOBAL", "HIDDEN", "1"]
    (section,) = [line for line in read("-S").splitlines() if ".rodata.weights" in line]
    assert section.split()[-4:] == ["A", "0", "0", "4096"]
    assert ".note.GNU-stack" in read("-S")
    raw = path.read_bytes()
    assert raw[4096 : 4096 + size] == weights.tobytes() and raw[4096 + size : 4160 + size] == bytes(64)


def test_the_same_bytes_every_time():
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        write_weights_object(file, np.arange(5, dtype=np.uint8), "w")
    assert files[0].getvalue() == files[1].getvalue()
