"""Several requests of different length in one call: filled up with zeros, then results cut to their lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsec.errors import InputError
from sparsec.runtime.signature import Packing, Signature, TensorInfo

Array = NDArray[Any]


@dataclass(frozen=True)
class Request:
    """Checked arrays of one request, by input, and the sizes in which requests differ.

    Attributes:
        number: its place in the caller's list.
        rows: how many sequences it has.
        length: of each of them.
    """

    number: int
    arrays: Mapping[str, Array]
    rows: int
    length: int


def check_request(signature: Signature, packing: Packing, number: int, arrays: Mapping[str, Array]) -> Request:
    """A request whose arrays have the ranks and dtypes of the inputs.

    Raises:
        InputError: its sizes do not fit, with the number of the request.
    """
    sizes: dict[str, int] = {}
    for info in signature.inputs:
        shape = arrays[info.name].shape
        if len(shape) != len(info.shape):
            raise InputError(f"request {number}: input {info.name!r} has rank {len(shape)}, expected {len(info.shape)}")
        for expected, actual in zip(info.shape, shape, strict=True):
            known = sizes.setdefault(expected, actual) if isinstance(expected, str) else expected
            if known != actual:
                written = ", ".join(map(str, info.shape))
                bound = "".join(f", {name} = {size}" for name, size in sizes.items())
                raise InputError(
                    f"request {number}: input {info.name!r} has shape {shape}, expected [{written}]{bound}"
                )
    return Request(number, arrays, sizes[packing.batch], sizes[packing.sequence])


def is_packable(packing: Packing, request: Request) -> bool:
    """Whether each of its sequences begins with a token that is no padding: other ones keep what they are given."""
    mask = request.arrays[packing.mask]
    return request.length > 0 and bool((mask[:, :1] == 1).all())


def joined(signature: Signature, packing: Packing, requests: Sequence[Request]) -> dict[str, Array]:
    """One array per input for all requests: their sequences one after the other, zeros behind each."""
    rows, length = sum(request.rows for request in requests), max(request.length for request in requests)
    feed: dict[str, Array] = {}
    for info in signature.inputs:
        shape = [{packing.batch: rows, packing.sequence: length}.get(str(size), size) for size in info.shape]
        whole = feed[info.name] = np.zeros([int(size) for size in shape], info.dtype)
        row = 0
        for request in requests:
            array = request.arrays[info.name]
            whole[(slice(row, row + request.rows), *map(slice, array.shape[1:]))] = array
            row += request.rows
    return feed


def cut(
    signature: Signature, packing: Packing, requests: Sequence[Request], outputs: Sequence[Array]
) -> list[tuple[Array, ...]]:
    """The outputs of each request."""
    results: list[tuple[Array, ...]] = []
    row = 0
    for request in requests:
        own = slice(row, row + request.rows)
        results.append(
            tuple(
                output[(own, *_lengths(info, packing, request))].copy()  # does not keep the others' alive
                for info, output in zip(signature.outputs, outputs, strict=True)
            )
        )
        row += request.rows
    return results


def _lengths(info: TensorInfo, packing: Packing, request: Request) -> list[slice]:
    """What to take of the axes behind the batch."""
    return [slice(request.length) if size == packing.sequence else slice(None) for size in info.shape[1:]]
