"""Inputs for a program: read from an npz file, or generated to match its signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import InputError
from sparsec.runtime.signature import TensorInfo

DEFAULT_SIZES = {"batch": 1, "batch_size": 1, "sequence": 128, "sequence_length": 128, "seq_len": 128, "seq": 128}
"""Sizes of dynamic dimensions that nobody gave; other names get 1."""

ID_LIMIT = 100
"""Generated token ids are below this, and below 2 where the input is a mask or a token type."""


def read_feed(path: Path, inputs: Sequence[TensorInfo]) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file, by input name.

    Raises:
        InputError: the file cannot be read, or lacks an input.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            feed = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, BadZipFile, EOFError) as error:
        raise InputError(f"{path} is not a readable npz file: {error}") from error
    missing = [tensor.name for tensor in inputs if tensor.name not in feed]
    if missing:
        raise InputError(
            f"{path} has no array {', '.join(map(repr, missing))}; it has {', '.join(map(repr, feed)) or 'none'}"
        )
    return {tensor.name: feed[tensor.name] for tensor in inputs}


def generate_feed(inputs: Sequence[TensorInfo], sizes: Mapping[str, int], seed: int = 0) -> dict[str, NDArray[Any]]:
    """Seeded random inputs: normal floats, small ids, masks of ones, token types of zeros.

    Raises:
        InputError: a size is given for a dimension that no input has.
    """
    symbols = {size for tensor in inputs for size in tensor.shape if isinstance(size, str)}
    unknown = sorted(set(sizes) - symbols)
    if unknown:
        known = ", ".join(sorted(symbols)) or "none"
        raise InputError(f"no input has a dimension {', '.join(unknown)}; the dynamic ones are {known}")
    values = {name: sizes.get(name, DEFAULT_SIZES.get(name, 1)) for name in symbols}
    random = np.random.default_rng(seed)
    feed: dict[str, NDArray[Any]] = {}
    for tensor in inputs:
        shape = [size if isinstance(size, int) else values[size] for size in tensor.shape]
        dtype = np.dtype(tensor.dtype)
        if dtype.kind == "f":
            feed[tensor.name] = random.standard_normal(shape).astype(dtype)
        elif "mask" in tensor.name or dtype.kind == "b":
            feed[tensor.name] = np.ones(shape, dtype)
        elif "type" in tensor.name:
            feed[tensor.name] = np.zeros(shape, dtype)
        else:
            feed[tensor.name] = random.integers(0, ID_LIMIT, shape).astype(dtype)
    return feed
