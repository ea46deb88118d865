"""Tensors of a file: raw, typed, sparse and external ones; damaged and hostile ones are refused."""

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from onnx import SparseTensorProto, StringStringEntryProto, TensorProto, helper, numpy_helper

from sparsec.errors import ModelError
from sparsec.frontend.onnx_tensor import UnreadTensor, read_sparse_tensor, read_tensor

DTYPES = [np.float32, np.float64, np.float16, np.int8, np.uint8, np.int32, np.int64, np.bool_, ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 5)])
def test_raw_data(dtype: type, shape: tuple[int, ...]) -> None:
    array = np.arange(15)[: int(np.prod(shape))].reshape(shape).astype(dtype)
    found = read_tensor(numpy_helper.from_array(array, "w"), None)
    assert isinstance(found, np.ndarray)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_typed_data() -> None:
    for data_type in (TensorProto.FLOAT, TensorProto.INT8, TensorProto.INT64, TensorProto.DOUBLE, TensorProto.BOOL):
        found = read_tensor(helper.make_tensor("w", data_type, [3], [1, 0, 1]), None)
        assert isinstance(found, np.ndarray)
        assert found.tolist() == [1, 0, 1]


def test_types_that_are_not_read() -> None:
    for data_type, name in (
        (TensorProto.STRING, "STRING"),
        (TensorProto.FLOAT8E4M3FN, "FLOAT8E4M3FN"),
        (99, "type number 99"),
    ):
        assert read_tensor(TensorProto(name="w", data_type=data_type, dims=[1]), None) == UnreadTensor(name)


@pytest.mark.parametrize("dims", [[3], [-1], [2**40, 2**40], [1, 2, 2]])
def test_sizes_and_data_disagree(dims: list[int]) -> None:
    with pytest.raises(ModelError):
        read_tensor(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, raw_data=b"12345678"), None)
    with pytest.raises(ModelError):
        read_tensor(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, float_data=[1, 2]), None)


def sparse(values: list[float], indices: np.ndarray, dims: list[int]) -> SparseTensorProto:
    """A sparse tensor."""
    return SparseTensorProto(
        values=numpy_helper.from_array(np.asarray(values, np.float32), "w"),
        indices=numpy_helper.from_array(np.asarray(indices, np.int64)),
        dims=dims,
    )


def test_sparse() -> None:
    expected = [[0, 1, 0], [2, 0, 3]]
    for indices in ([1, 3, 5], [[0, 1], [1, 0], [1, 2]]):
        found = read_sparse_tensor(sparse([1, 2, 3], np.asarray(indices), [2, 3]), None)
        assert isinstance(found, np.ndarray)
        assert found.tolist() == expected


@pytest.mark.parametrize("indices", [[1, 3, 6], [-1, 3, 5], [1, 3], [[0, 1, 2]] * 3, [[0, 1], [2, 0], [1, 2]]])
def test_damaged_sparse(indices: list[object]) -> None:
    with pytest.raises(ModelError):
        read_sparse_tensor(sparse([1, 2, 3], np.asarray(indices), [2, 3]), None)


def test_sparse_indices_of_four_bits() -> None:
    model = sparse([1], np.asarray([0]), [2])
    model.indices.data_type = TensorProto.INT4
    with pytest.raises(ModelError, match=r"`w` has indices of type INT4: expected INT64"):
        read_sparse_tensor(model, None)


def test_sparse_that_would_be_huge_when_dense() -> None:
    with pytest.raises(ModelError, match=r"`w` of shape \[131072, 131072\] has 17179869184 elements"):
        read_sparse_tensor(sparse([1], np.asarray([0]), [1 << 17, 1 << 17]), None)


def external(**entries: str) -> TensorProto:
    """A tensor of 4 floats elsewhere."""
    return TensorProto(
        name="w",
        data_type=TensorProto.FLOAT,
        dims=[2, 2],
        data_location=TensorProto.EXTERNAL,
        external_data=[StringStringEntryProto(key=key, value=value) for key, value in entries.items()],
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A model's directory with a data file of 8 floats, and a secret beside it."""
    np.arange(8, dtype=np.float32).tofile(tmp_path / "secret")
    (tmp_path / "model" / "data").mkdir(parents=True)
    np.arange(8, dtype=np.float32).tofile(tmp_path / "model" / "weights.bin")
    np.arange(8, dtype=np.float32).tofile(tmp_path / "model" / "data" / "weights.bin")
    (tmp_path / "model" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "model" / "inside").symlink_to(tmp_path / "model" / "weights.bin")
    (tmp_path / "model" / "elsewhere").symlink_to(tmp_path)
    return tmp_path / "model"


@pytest.mark.parametrize("location", ["weights.bin", "data/weights.bin", "./weights.bin", "inside"])
def test_external_data_is_mapped(directory: Path, location: str) -> None:
    found = read_tensor(external(location=location, offset="16", length="16"), directory)
    assert isinstance(found, np.memmap)
    assert found.tolist() == [[4, 5], [6, 7]]
    found = read_tensor(external(location=location), directory)
    assert isinstance(found, np.memmap)
    assert found.tolist() == [[0, 1], [2, 3]]


OUTSIDE = ["../secret", "data/../../secret", "/etc/passwd", "C:\\secret", "..\\secret", "link", "elsewhere/secret"]


@pytest.mark.parametrize("location", ["", *OUTSIDE, "a\0b", "missing.bin", "data", "."])
def test_external_data_stays_in_its_directory(directory: Path, location: str) -> None:
    with pytest.raises(ModelError):
        read_tensor(external(location=location), directory)


@pytest.mark.parametrize(
    "entries",
    [{"offset": "17"}, {"offset": "-4"}, {"length": "12"}, {"offset": "0x0"}, {"offset": "9" * 30}, {"length": ""}],
)
def test_external_range_is_checked(directory: Path, entries: dict[str, str]) -> None:
    with pytest.raises(ModelError):
        read_tensor(external(location="weights.bin", **entries), directory)


def test_bytes_have_no_directory() -> None:
    with pytest.raises(ModelError, match="pass its path"):
        read_tensor(external(location="weights.bin"), None)
