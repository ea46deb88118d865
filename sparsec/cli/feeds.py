"""Inputs for a program: read from an npz file, or generated to match its signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import InputError, OptionError
from sparsec.runtime.program import Program
from sparsec.runtime.signature import TensorInfo

Feed = dict[str, NDArray[Any]]

DEFAULT_SIZE = 128
"""Of a dynamic dimension that nobody gave. One that comes first somewhere, or is called batch, is 1."""

ID_LIMITS = (100, 10, 2, 1)
"""Generated integers are below the first of these; a model that refuses them gets smaller ones."""


def read_arrays(path: Path) -> Feed:
    """The arrays of an npz file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        arrays = np.load(path, allow_pickle=False)
        if isinstance(arrays, np.ndarray):
            raise InputError(f"{path} is an npy file, which names no inputs; write an npz file with np.savez")
        with arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (OSError, ValueError, BadZipFile, EOFError, KeyError, NotImplementedError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged or something else"
        raise InputError(f"{path} cannot be read as an npz file: {reason}; write one with np.savez") from error


def match_inputs(arrays: Feed, path: Path, inputs: Sequence[TensorInfo]) -> Feed:
    """The arrays in the order of the inputs.

    Raises:
        InputError: one is missing, or is no input.
    """
    missing = [tensor.name for tensor in inputs if tensor.name not in arrays]
    if missing:
        raise InputError(
            f"{path} has no array {', '.join(map(repr, missing))}; it has {', '.join(map(repr, arrays)) or 'none'}"
        )
    names = [tensor.name for tensor in inputs]
    if others := [name for name in arrays if name not in names]:
        raise InputError(
            f"{path} has an array {others[0]!r}, and there is no input of that name; leave it out. "
            f"The inputs are: {', '.join(names) or 'none'}"
        )
    return {name: arrays[name] for name in names}


def choose_sizes(inputs: Sequence[TensorInfo], given: Mapping[str, int]) -> dict[str, int]:
    """A size for every dynamic dimension.

    Raises:
        OptionError: a size is given for a dimension that no input has.
    """
    sizes = {size: DEFAULT_SIZE for tensor in inputs for size in tensor.shape if isinstance(size, str)}
    unknown = [name for name in given if name not in sizes]
    if unknown:
        known = f"the dynamic ones are: {', '.join(sizes)}" if sizes else "all sizes are fixed"
        raise OptionError(f"--dim {unknown[0]}={given[unknown[0]]}: no input has a dimension of that name; {known}")
    firsts = {tensor.shape[0] for tensor in inputs if tensor.shape}
    ones = {name: 1 for name in sizes if name in firsts or "batch" in name.lower()}
    return sizes | ones | dict(given)


def generate_feed(inputs: Sequence[TensorInfo], sizes: Mapping[str, int], seed: int = 0, limit: int = 100) -> Feed:
    """Seeded random inputs: normal floats, small integers, masks of ones, token types of zeros.

    Args:
        sizes: of all dynamic dimensions.
        limit: integers are below it.
    """
    random = np.random.default_rng(seed)
    feed: Feed = {}
    for tensor in inputs:
        shape = [size if isinstance(size, int) else sizes[size] for size in tensor.shape]
        dtype = np.dtype(tensor.dtype)
        if dtype.kind == "f":
            feed[tensor.name] = random.standard_normal(shape, np.float32).astype(dtype)
        elif "mask" in tensor.name or dtype.kind == "b":
            feed[tensor.name] = np.ones(shape, dtype)
        elif "type" in tensor.name:
            feed[tensor.name] = np.zeros(shape, dtype)
        else:
            feed[tensor.name] = random.integers(0, limit, shape).astype(dtype)
    return feed


def find_feed(program: Program, given: Mapping[str, int], seed: int = 0) -> Feed:
    """Generated inputs that the program accepts: what its integers mean, and how large they may be, is not known.

    Raises:
        OptionError: a size is given for a dimension that no input has.
        InputError: the program accepts none.
    """
    sizes = choose_sizes(program.inputs, given)
    reason = ""
    for limit in ID_LIMITS:
        feed = generate_feed(program.inputs, sizes, seed, limit)
        try:
            program.run(None, feed)
        except InputError as error:
            reason = str(error)
            continue
        return feed
    shapes = ", ".join(f"{name}={size}" for name, size in sizes.items())
    raise InputError(
        f"the model refuses generated inputs{f' with {shapes}' if shapes else ''}: {reason}; "
        "choose other sizes with --dim, or give arrays with `sparsec run --inputs`"
    )
