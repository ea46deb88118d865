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

from sparsec.errors import InputError, ModelError
from sparsec.runtime.signature import MAX_RANK, TensorInfo

Array = NDArray[Any]


def require_count(what: str, value: object, least: int | None = None) -> int:
    """A number of threads or runs; the library says which numbers of threads it takes.

    Raises:
        InputError: it is no integer, less than `least`, or none that the library can read.
    """
    try:
        count = index(cast("SupportsIndex", value))
    except TypeError:
        raise InputError(f"{what} is {value!r}, expected a whole number") from None
    if least is not None and count < least:
        raise InputError(f"{what} is {count}, expected {least} or more")
    if not -(1 << 31) <= count < 1 << 31:
        raise InputError(f"{what} is {count}, which is far too many")
    return count


def require_switch(what: str, value: object) -> bool:
    """Something that is on or off.

    Raises:
        InputError: it is neither.
    """
    if value is not True and value is not False:
        raise InputError(f"{what} is {value!r}, expected True or False")
    return value


def require_path(path: object, what: str = "a library") -> Path:
    """Where a library or something else is.

    Raises:
        ModelError: it is no path.
    """
    name = os.fspath(cast("os.PathLike[str]", path)) if isinstance(path, str | os.PathLike) else None
    if not isinstance(name, str) or not name or "\0" in name:
        raise ModelError(f"{what} is given by its path, not by {path!r}")
    return Path(name)


def compiled_already(path: Path) -> ModelError:
    """What to raise where a model is to be compiled and a library is given."""
    return ModelError(f"{path} is compiled already: run it with `sparsec run` or sparsec.load")


def require_names(names: object, known: Sequence[str]) -> list[str]:
    """Names of outputs.

    Raises:
        InputError: they are no names, or there is no output of such a name.
    """
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise InputError(
            f"output_names is {names!r}, expected None or a list of names; outputs are: {', '.join(known)}"
        )
    chosen = list(cast("Iterable[object]", names))
    for name in chosen:
        if not isinstance(name, str) or name not in known:
            raise InputError(f"there is no output {name!r}; the outputs are: {', '.join(known)}")
    return cast("list[str]", chosen)


def require_arrays(feed: object, inputs: Sequence[TensorInfo]) -> dict[str, Array]:
    """An array for each input, of its dtype, in the order of the graph.

    Raises:
        InputError: they are not given by name, names are missing or unknown, or an array has another dtype.
    """
    names = ", ".join(tensor.name for tensor in inputs)
    if not _is_by_name(feed):
        kind = type(feed).__name__
        raise InputError(f"arrays are given by name, as {{name: array}}, not as {kind}; the inputs are: {names}")
    given = cast("Mapping[str, ArrayLike]", feed)
    known = list(given.keys())
    expected = {tensor.name for tensor in inputs}
    for name in known:
        if name not in expected:
            raise InputError(f"there is no input {name!r}; the inputs are: {names}")
    if missing := [repr(tensor.name) for tensor in inputs if tensor.name not in known]:
        raise InputError(f"no array is given for {', '.join(missing)}; the inputs are: {names}")
    return {tensor.name: _as_array(tensor, given[tensor.name]) for tensor in inputs}


def require_requests(requests: object) -> list[object]:
    """Several requests.

    Raises:
        InputError: they are no list, or a single one.
    """
    if isinstance(requests, str | bytes) or _is_by_name(requests) or not isinstance(requests, Iterable):
        kind = type(requests).__name__
        raise InputError(f"expected a list of requests, each with the arrays of one, not {kind}")
    return list(cast("Iterable[object]", requests))


def require_request(request: object, inputs: Sequence[TensorInfo], number: int) -> dict[str, Array]:
    """`require_arrays` of one of several requests, by name or in the order of the inputs.

    Raises:
        InputError: as there, with the number of the request.
    """
    try:
        if _is_by_name(request):
            return require_arrays(request, inputs)
        if isinstance(request, str | bytes) or not isinstance(request, Iterable):
            raise InputError(f"expected arrays, by name or in the order of the inputs, not {request!r}")
        arrays = list(cast("Iterable[ArrayLike]", request))
        if len(arrays) != len(inputs):
            raise InputError(f"{len(arrays)} arrays are given, the model has {len(inputs)} inputs")
        return require_arrays({info.name: array for info, array in zip(inputs, arrays, strict=True)}, inputs)
    except InputError as error:
        raise InputError(f"request {number}: {error}") from None


def _is_by_name(arrays: object) -> bool:
    """Whether they are a mapping, or anything that is used like one."""
    return isinstance(arrays, Mapping) or (hasattr(arrays, "keys") and hasattr(arrays, "__getitem__"))


def _as_array(info: TensorInfo, value: ArrayLike) -> Array:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # a tensor of torch may refuse
        raise InputError(f"input {info.name!r} is not an array: {error}") from error
    if array.dtype.kind not in "biufc" and not isinstance(value, np.ndarray):
        raise InputError(f"input {info.name!r} is no array of numbers, but {value!r:.60}")
    if array.dtype.kind not in "biufcO":
        raise InputError(f"input {info.name!r} is {array.dtype}, expected {info.dtype}")
    if array.dtype.newbyteorder("=") != np.dtype(info.dtype):
        raise InputError(
            f"input {info.name!r} is {array.dtype}, expected {info.dtype}; convert it with .astype({info.dtype!r})"
        )
    if array.ndim > MAX_RANK:
        shape = ", ".join(map(str, info.shape))
        raise InputError(f"input {info.name!r} has shape {array.shape}, expected [{shape}] (rank {len(info.shape)})")
    return np.require(array, np.dtype(info.dtype), ["C_CONTIGUOUS", "ALIGNED"])
