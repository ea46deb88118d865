"""Requests are laid into one array each, zeros behind them, and results are cut out again."""

from __future__ import annotations

import numpy as np
import pytest

from sparsec.errors import InputError
from sparsec.runtime.requests import Request, check_request, cut, is_packable, joined
from sparsec.runtime.signature import Packing, Signature, TensorInfo

PACKING = Packing("mask", "batch", "sequence")
SIGNATURE = Signature(
    (
        TensorInfo("mask", "int64", ("batch", "sequence")),
        TensorInfo("x", "float32", ("batch", 2, "sequence")),
        TensorInfo("kind", "int32", ("batch",)),
    ),
    (TensorInfo("tokens", "float32", ("batch", "sequence", 3)), TensorInfo("pooled", "float32", ("batch", 3))),
    ("batch", "sequence"),
    packing=PACKING,
)


def request(number: int, rows: int, length: int) -> Request:
    """A request of ones."""
    arrays = {"mask": (rows, length), "x": (rows, 2, length), "kind": (rows,)}
    types = {info.name: info.dtype for info in SIGNATURE.inputs}
    ones = {name: np.ones(shape, types[name]) for name, shape in arrays.items()}
    return check_request(SIGNATURE, PACKING, number, ones)


def test_a_request_knows_its_sizes() -> None:
    assert (request(0, 2, 5).rows, request(0, 2, 5).length) == (2, 5)
    with pytest.raises(
        InputError, match=r"request 7: input 'x' has shape \(1, 3, 4\), expected \[batch, 2, sequence\]"
    ):
        arrays = {**request(0, 1, 4).arrays, "x": np.ones((1, 3, 4), np.float32)}
        check_request(SIGNATURE, PACKING, 7, arrays)


def test_zeros_lie_behind_each_sequence() -> None:
    feed = joined(SIGNATURE, PACKING, [request(0, 1, 2), request(1, 2, 4)])
    assert feed["mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
    assert feed["x"][0].tolist() == [[1, 1, 0, 0]] * 2
    assert feed["kind"].tolist() == [1, 1, 1]
    assert {name: array.dtype.name for name, array in feed.items()} == {
        "mask": "int64", "x": "float32", "kind": "int32",
    }  # fmt: skip


def test_results_are_cut_to_what_was_asked() -> None:
    tokens, pooled = np.arange(36.0).reshape(3, 4, 3), np.arange(9.0).reshape(3, 3)
    first, second = cut(SIGNATURE, PACKING, [request(0, 1, 2), request(1, 2, 4)], [tokens, pooled])
    assert np.array_equal(first[0], tokens[:1, :2]) and np.array_equal(first[1], pooled[:1])
    assert np.array_equal(second[0], tokens[1:]) and np.array_equal(second[1], pooled[1:])
    assert all(array.flags.c_contiguous and array.base is None for array in first)


def test_sequences_that_begin_with_padding_stay_alone() -> None:
    assert is_packable(PACKING, request(0, 2, 3))
    assert not is_packable(PACKING, request(0, 2, 0))
    for value in (0, 2, -1):
        given = request(0, 2, 3)
        given.arrays["mask"][1, 0] = value
        assert not is_packable(PACKING, given)


def test_how_requests_share_a_call_travels_with_the_model() -> None:
    assert Signature.from_json(SIGNATURE.to_json()).packing == PACKING
    refused = Signature((), (), packing="no reason")
    assert Signature.from_json(refused.to_json()).packing == "no reason"
