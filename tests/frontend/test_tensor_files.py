"""Reading one tensor out of a file, and files that are not what they say."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sparsec.errors import ModelError
from sparsec.frontend.tensor_files import find_tensor
from sparsec.weights import Array

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def write_safetensors(path: Path, header: object, data: bytes) -> None:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def entry(array: Array, dtype: str, begin: int = 0) -> dict[str, object]:
    return {"dtype": dtype, "shape": list(array.shape), "data_offsets": [begin, begin + array.nbytes]}


@pytest.mark.parametrize("array", [ARRAY, ARRAY.T, ARRAY.astype(">f4"), np.array(True), np.array([1], np.int8)])
def test_npy_and_npz(array: Array, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", w=array, other=ARRAY)
    np.savez_compressed(tmp_path / "c.npz", w=array)
    for spelling in ("a.npy", "a.npz:w", "c.npz", "c.npz:w"):
        stored = find_tensor(spelling, tmp_path)
        loaded = stored.load()
        assert stored.shape == loaded.shape == array.shape
        assert stored.dtype == loaded.dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(loaded, array)


def test_npy_is_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ARRAY)
    assert isinstance(find_tensor("a.npy", tmp_path).load(), np.memmap)


def test_safetensors(tmp_path: Path) -> None:
    second = np.array([[-1], [2]], np.int8)
    header = {"__metadata__": {"format": "np"}, "a": entry(ARRAY, "F32"), "b": entry(second, "I8", ARRAY.nbytes)}
    write_safetensors(tmp_path / "m.safetensors", header, ARRAY.tobytes() + second.tobytes())
    np.testing.assert_array_equal(find_tensor("m.safetensors:a", tmp_path).load(), ARRAY)
    np.testing.assert_array_equal(find_tensor("m.safetensors:b", tmp_path).load(), second)


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ("weights.bin", "names no tensor"),
        ("nowhere.npz:w", "there is no file"),
        ("a.npy:w", "one array without a name"),
        ("two.npz", "holds 2 tensors"),
        ("two.npz:weigth", "did you mean `weight`"),
        ("two.npz:zzz", "it holds bias, weight"),
        ("junk.npy", "is damaged"),
        ("junk.npz:w", "is damaged"),
        ("junk.safetensors:w", "is damaged"),
        ("short.npy", "is damaged"),
        ("pickle.npy", "is damaged"),
        ("pickle.npz:w", "is damaged"),
    ],
)
def test_refusals(spelling: str, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ARRAY)
    np.savez(tmp_path / "two.npz", weight=ARRAY, bias=ARRAY)
    (tmp_path / "short.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-8])
    np.save(tmp_path / "pickle.npy", np.array([{}], object))
    np.savez(tmp_path / "pickle.npz", w=np.array([{}], object))
    for kind in ("npy", "npz", "safetensors"):
        (tmp_path / f"junk.{kind}").write_bytes(pickle.dumps(list(range(100))))
    with pytest.raises(ModelError, match=message):
        find_tensor(spelling, tmp_path).load()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ([], "no table"),
        ({"w": 3}, "lacks a dtype"),
        ({"w": {"dtype": "F32", "shape": [2, 3]}}, "lacks a dtype"),
        ({"w": {"dtype": "F32", "shape": [2, -3], "data_offsets": [0, 24]}}, "lacks a dtype"),
        ({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24, 30]}}, "lacks a dtype"),
        ({"w": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}}, "has dtype BF16"),
        ({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 20]}}, "is said to lie"),
        ({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [4, 28]}}, "is said to lie"),
        ({"w": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 24]}}, "is said to lie"),
    ],
)
def test_safetensors_headers_that_lie(header: object, message: str, tmp_path: Path) -> None:
    write_safetensors(tmp_path / "m.safetensors", header, ARRAY.tobytes())
    with pytest.raises(ModelError, match=message):
        find_tensor("m.safetensors:w", tmp_path)


def test_safetensors_header_longer_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelError, match="does not fit"):
        find_tensor("m.safetensors:w", tmp_path)


def test_damaged_member_of_an_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", w=ARRAY)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        data = archive.read("w.npy")
    with zipfile.ZipFile(tmp_path / "cut.npz", "w") as archive:
        archive.writestr("w.npy", data[:-4])
    with pytest.raises(ModelError, match="is damaged"):
        find_tensor("cut.npz:w", tmp_path).load()
