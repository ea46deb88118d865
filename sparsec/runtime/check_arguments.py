"""What Python hands to a program, as what it should be, or an error that says what was expected.

Arguments are `object` here: whoever calls has no type checker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from operator import index
from pathlib import Path
from typing import Any, SupportsIndex, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsec.errors import InputError, ModelError, OptionError
from sparsec.runtime.signature import MAX_RANK, TensorInfo

Array = NDArray[Any]


def require_count(threads: object) -> int:
    """A number of threads; the library says whether there can be as many.

    Raises:
        OptionError: it is no integer.
    """
    if not isinstance(threads, SupportsIndex):
        raise OptionError(f"threads is {threads!r}, expected a number of 1 or more")
    return index(threads)


def require_path(path: object) -> Path:
    """Where a library is.

    Raises:
        ModelError: it is no path.
    """
    if not isinstance(path, str | os.PathLike):
        raise ModelError(f"a library is given by its path, not by {type(path).__name__}")
    return Path(os.fspath(cast("str | os.PathLike[str]", path)))


def require_names(names: object, known: Sequence[str]) -> list[str]:
    """Names of outputs.

    Raises:
        InputError: they are no names, or there is no output of such a name.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InputError(
            f"output_names is {names!r}, expected None or a list of names; outputs are: {', '.join(known)}"
        )
    chosen = list(cast("Iterable[str]", names))
    for name in chosen:
        if name not in known:
            raise InputError(f"there is no output {name!r}; the outputs are: {', '.join(known)}")
    return chosen


def require_arrays(feed: object, inputs: Sequence[TensorInfo]) -> dict[str, Array]:
    """An array for each input, of its dtype, in the order of the graph.

    Raises:
        InputError: they are not given by name, names are missing or unknown, or an array has another dtype.
    """
    names = ", ".join(tensor.name for tensor in inputs)
    if not isinstance(feed, Mapping):
        kind = type(feed).__name__
        raise InputError(f"arrays are given by name, as {{name: array}}, not as {kind}; the inputs are: {names}")
    given = cast("Mapping[str, ArrayLike]", feed)
    expected = {tensor.name for tensor in inputs}
    for name in given:
        if name not in expected:
            raise InputError(f"there is no input {name!r}; the inputs are: {names}")
    if missing := [repr(tensor.name) for tensor in inputs if tensor.name not in given]:
        raise InputError(f"no array is given for {', '.join(missing)}; the inputs are: {names}")
    return {tensor.name: _as_array(tensor, given[tensor.name]) for tensor in inputs}


def require_request(request: object, inputs: Sequence[TensorInfo], number: int) -> dict[str, Array]:
    """`require_arrays` of one of several requests, by name or in the order of the inputs.

    Raises:
        InputError: as there, with the number of the request.
    """
    try:
        if not isinstance(request, Sequence) or isinstance(request, str):
            return require_arrays(request, inputs)
        arrays = cast("Sequence[ArrayLike]", request)
        if len(arrays) != len(inputs):
            raise InputError(f"{len(arrays)} arrays are given, the model has {len(inputs)} inputs")
        return require_arrays({info.name: array for info, array in zip(inputs, arrays, strict=True)}, inputs)
    except InputError as error:
        raise InputError(f"request {number}: {error}") from None


def _as_array(info: TensorInfo, value: ArrayLike) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"input {info.name!r} is not an array: {error}") from error
    if array.dtype == object:
        raise InputError(f"input {info.name!r} is no array of numbers, but {type(value).__name__}")
    if array.dtype.newbyteorder("=") != np.dtype(info.dtype):
        raise InputError(
            f"input {info.name!r} is {array.dtype}, expected {info.dtype}; convert it with .astype({info.dtype!r})"
        )
    if array.ndim > MAX_RANK:
        shape = ", ".join(map(str, info.shape))
        raise InputError(f"input {info.name!r} has shape {array.shape}, expected [{shape}] (rank {len(info.shape)})")
    return np.require(array, np.dtype(info.dtype), ["C_CONTIGUOUS", "ALIGNED"])
