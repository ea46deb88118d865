"""Tensors of an ONNX file as numpy arrays: raw or typed data, external files (memory-mapped), sparse ones densified."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from onnx import SparseTensorProto, TensorProto, numpy_helper
from onnx.helper import tensor_dtype_to_np_dtype

from sparsec.errors import ModelError
from sparsec.weights import Array

MAX_ELEMENTS = 1 << 34
"""More elements than any file we could read; a tensor that claims more is damaged."""

MAX_SPARSE_ELEMENTS = 1 << 28
"""A sparse tensor becomes a dense one in memory, whatever little its file holds."""

_READABLE = frozenset(
    {
        TensorProto.FLOAT,
        TensorProto.UINT8,
        TensorProto.INT8,
        TensorProto.UINT16,
        TensorProto.INT16,
        TensorProto.INT32,
        TensorProto.INT64,
        TensorProto.BOOL,
        TensorProto.FLOAT16,
        TensorProto.DOUBLE,
        TensorProto.UINT32,
        TensorProto.UINT64,
        TensorProto.BFLOAT16,
    }
)


@dataclass(frozen=True)
class UnreadTensor:
    """A tensor whose element type sparsec does not read; only its use is an error."""

    type_name: str

    @property
    def refusal(self) -> str:
        """Its type, and what to do about it."""
        narrow = self.type_name.startswith(("INT", "UINT", "FLOAT"))  # of 4 bits, 2, or a float of 8
        instead = "quantise weights to INT8, activations to UINT8 or INT8"
        advice = instead if narrow else "use FLOAT, INT64, INT32, INT8, UINT8 or BOOL"
        return f"type {self.type_name}, which is not supported; {advice}"


def require_text(name: object) -> str:
    """A name of the file; protobuf hands out bytes when it is no valid UTF-8.

    Raises:
        ModelError: it is not text.
    """
    if not isinstance(name, str):
        raise ModelError(f"the name {name!r} is no valid text: the file is damaged")
    if "\0" in name:
        raise ModelError(f"the name {name!r} has a zero character in it, which no C interface can carry: rename it")
    return name


def dtype_of(data_type: int) -> np.dtype[np.generic] | None:
    """The numpy dtype of an ONNX element type; None when sparsec does not read it (strings, 4-bit and 8-bit floats)."""
    return np.dtype(tensor_dtype_to_np_dtype(data_type)) if data_type in _READABLE else None


def type_name(data_type: int) -> str:
    """An ONNX element type as ONNX writes it, e.g. `FLOAT16`."""
    known = {int(value): name for name, value in TensorProto.DataType.items()}
    return known.get(data_type, f"type number {data_type}")


def read_tensor(tensor: TensorProto, directory: Path | None) -> Array | UnreadTensor:
    """The array of a tensor; external data is memory-mapped and must lie in `directory`.

    Raises:
        ModelError: sizes and data disagree, or the external file is missing, too short or outside `directory`.
    """
    dtype = dtype_of(tensor.data_type)
    if dtype is None:
        return UnreadTensor(type_name(tensor.data_type))
    shape = tuple(tensor.dims)
    if any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise ModelError(f"tensor `{tensor.name}` claims the shape {list(shape)}: the file is damaged")
    if tensor.data_location == TensorProto.EXTERNAL:
        return _read_external(tensor, shape, dtype, directory)
    if tensor.HasField("raw_data"):
        data = tensor.raw_data
        wanted = math.prod(shape) * dtype.itemsize
        if len(data) != wanted:
            raise ModelError(
                f"tensor `{tensor.name}` of shape {list(shape)} and type {type_name(tensor.data_type)} "
                f"holds {len(data)} bytes instead of {wanted}: the file is damaged"
            )
        return np.frombuffer(data, dtype.newbyteorder("<")).reshape(shape).astype(dtype, copy=False)
    try:
        return np.asarray(numpy_helper.to_array(tensor)).reshape(shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise ModelError(f"tensor `{tensor.name}` of shape {list(shape)} cannot be read: {error}") from error


def read_sparse_tensor(sparse: SparseTensorProto, directory: Path | None) -> Array | UnreadTensor:
    """The dense array of a sparse tensor in coordinate form: linear indices `[n]` or coordinates `[n, rank]`.

    Raises:
        ModelError: indices reach outside the shape or do not match the values, or the dense array would be too large.
    """
    name = sparse.values.name
    values = read_tensor(sparse.values, directory)
    indices = read_tensor(sparse.indices, directory)
    if isinstance(values, UnreadTensor):
        return values
    if isinstance(indices, UnreadTensor):
        raise ModelError(f"sparse tensor `{name}` has indices of type {indices.type_name}: expected INT64")
    shape = tuple(sparse.dims)
    if any(size < 0 for size in shape):
        raise ModelError(f"sparse tensor `{name}` claims the shape {list(shape)}: the file is damaged")
    if math.prod(shape) > MAX_SPARSE_ELEMENTS:
        raise ModelError(
            f"sparse tensor `{name}` of shape {list(shape)} has {math.prod(shape)} elements when dense, "
            f"more than the {MAX_SPARSE_ELEMENTS} that sparsec makes of one: store it as a dense tensor"
        )
    if values.ndim != 1 or indices.dtype.kind not in "iu" or len(indices) != len(values):
        raise ModelError(
            f"sparse tensor `{name}` has values {list(values.shape)} and indices {list(indices.shape)}: "
            "expected [n] and [n] or [n, rank]"
        )
    if indices.ndim == 2 and indices.shape[1] == len(shape):
        flat = np.zeros(len(indices), np.int64)
        for axis, size in enumerate(shape):
            _require_inside(name, indices[:, axis], size)
            flat = flat * size + indices[:, axis]
    elif indices.ndim == 1:
        _require_inside(name, indices, math.prod(shape))
        flat = indices
    else:
        raise ModelError(f"sparse tensor `{name}` of rank {len(shape)} has indices of shape {list(indices.shape)}")
    dense = np.zeros(math.prod(shape), values.dtype)
    dense[flat] = values
    return dense.reshape(shape)


def _require_inside(name: str, indices: Array, size: int) -> None:
    if indices.size and (int(indices.min()) < 0 or int(indices.max()) >= size):
        raise ModelError(f"sparse tensor `{name}` has an index outside [0, {size}): the file is damaged")


def _read_external(
    tensor: TensorProto, shape: tuple[int, ...], dtype: np.dtype[np.generic], directory: Path | None
) -> Array:
    where = f"external data of tensor `{tensor.name}`"
    entries = {require_text(entry.key): require_text(entry.value) for entry in tensor.external_data}
    location = entries.get("location", "")
    if directory is None:
        raise ModelError(f"{where} lies in `{location}`, but the model has no directory: pass its path instead")
    path = _confined(where, location, directory)
    wanted = math.prod(shape) * dtype.itemsize
    offset, length = (
        _number(where, key, entries.get(key), default) for key, default in (("offset", 0), ("length", wanted))
    )
    if length != wanted:
        raise ModelError(f"{where} has {length} bytes, its shape {list(shape)} needs {wanted}: the file is damaged")
    size = path.stat().st_size
    if offset + length > size:
        raise ModelError(
            f"{where} is bytes {offset} to {offset + length} of `{location}`, which has only {size}: "
            "the data file is truncated or not the one that belongs to this model"
        )
    if not wanted:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype.newbyteorder("<"), "r", offset, shape)


def _confined(where: str, location: str, directory: Path) -> Path:
    """The path of a location, which must be relative and stay inside the model's directory, links followed."""
    absolute = PurePosixPath(location).is_absolute() or bool(PureWindowsPath(location).anchor)
    if not location or "\0" in location or absolute or ".." in PureWindowsPath(location).parts:
        raise ModelError(
            f"{where} has the location {location!r}: only paths inside the model's directory are allowed, "
            "without a leading slash and without `..`"
        )
    root = directory.resolve()
    path = (root / location).resolve()
    if not path.is_relative_to(root):
        raise ModelError(
            f"{where}: `{location}` is a link to a place outside the model's directory; copy the file next to the model"
        )
    if not path.is_file():
        raise ModelError(f"{where} is missing: there is no file `{location}` beside the model")
    return path


def _number(where: str, key: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ModelError(f"{where} has the {key} {text!r}: expected a number of bytes")
    return int(text)
