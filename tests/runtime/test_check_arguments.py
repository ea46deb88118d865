"""Mistakes in what is handed to a program are told from bugs, and say what was expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sparsec.errors import InputError, ModelError
from sparsec.runtime.check_arguments import (
    require_arrays,
    require_count,
    require_names,
    require_path,
    require_request,
    require_requests,
)
from sparsec.runtime.signature import TensorInfo

INPUTS = [TensorInfo("ids", "int64", ("batch",)), TensorInfo("x", "float32", (3,))]
IDS, X = np.arange(4), np.ones(3, np.float32)


def test_what_is_right_comes_back() -> None:
    assert require_count("threads", np.int64(3)) == 3
    assert require_requests(iter([[IDS, X], {"x": X}])) == [[IDS, X], {"x": X}]
    assert require_path("a.so") == require_path(Path("a.so")) == Path("a.so")
    assert require_names(("b", "a"), ["a", "b"]) == require_names(iter(["b", "a"]), ["a", "b"]) == ["b", "a"]
    by_name = {"ids": IDS, "x": X}
    for request in (by_name, Duck(by_name), [IDS, X], (list(IDS), X), by_name.values(), iter([IDS, X])):
        arrays = require_request(request, INPUTS, 0)
        assert list(arrays) == ["ids", "x"] and arrays["ids"].dtype == np.int64 and arrays["x"] is X
    foreign = X.astype(">f4")
    assert require_arrays({"ids": IDS, "x": foreign}, INPUTS)["x"].dtype == np.dtype("<f4")


class Duck:
    """Used like a mapping, and none."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.keys, self._arrays = arrays.keys, arrays

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]


class Refuses:
    def __array__(self, *arguments: object, **more: object) -> np.ndarray:
        raise RuntimeError("call detach() first")


@pytest.mark.parametrize("threads", ["2", 2.0, None, np.array([1, 2]), 1 << 32, 1 << 70])
def test_threads(threads: object) -> None:
    with pytest.raises(InputError, match=r"threads is .*, (expected a whole number|which is far too many)"):
        require_count("threads", threads)


@pytest.mark.parametrize("requests", [None, "ab", {"x": X}, 3])
def test_no_list_of_requests(requests: object) -> None:
    with pytest.raises(InputError, match="expected a list of requests, each with the arrays of one, not"):
        require_requests(requests)


@pytest.mark.parametrize("path", [None, 3, b"a.so", "a\0b"])
def test_paths(path: object) -> None:
    with pytest.raises(ModelError, match="a library is given by its path, not by"):
        require_path(path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("ab", "output_names is 'ab', expected None or a list of names; outputs are: a, b"),
        (3, "output_names is 3, expected None or a list of names"),
        (b"a", "output_names is b'a', expected None or a list of names"),
        ([IDS], "there is no output array"),
        (["c"], "there is no output 'c'; the outputs are: a, b"),
    ],
)
def test_names(names: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        require_names(names, ["a", "b"])


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        (None, r"arrays are given by name, as \{name: array\}, not as NoneType; the inputs are: ids, x"),
        ([IDS, X], "not as list"),
        ({"ids": IDS}, "no array is given for 'x'; the inputs are: ids, x"),
        ({"ids": IDS, "x": X, "z": X}, "there is no input 'z'; the inputs are: ids, x"),
        ({"ids": IDS, "x": None}, "input 'x' is no array of numbers, but None"),
        ({"ids": IDS, "x": [1, None, 3]}, r"input 'x' is no array of numbers, but \[1, None, 3\]"),
        ({"ids": IDS, "x": X.astype(object)}, r"input 'x' is object, expected float32; .*astype\('float32'\)"),
        ({"ids": IDS, "x": X.astype(str)}, "input 'x' is <U32, expected float32"),
        ({"ids": IDS, "x": Refuses()}, r"input 'x' is not an array: call detach\(\) first"),
        ({"ids": IDS, "x": [[1.0], [2.0, 3.0]]}, "input 'x' is not an array"),
        ({"ids": IDS, "x": X.astype(np.float64)}, r"input 'x' is float64, expected float32; .*astype\('float32'\)"),
        ({"ids": IDS, "x": X.reshape([1] * 20 + [3])}, r"input 'x' has shape .*, expected \[3\] \(rank 1\)"),
    ],
)
def test_arrays(feed: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        require_arrays(feed, INPUTS)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ([IDS], "request 4: 1 arrays are given, the model has 2 inputs"),
        (None, "request 4: expected arrays, by name or in the order of the inputs, not None"),
        ("ab", "request 4: expected arrays, .* not 'ab'"),
        ({"x": X}, "request 4: no array is given for 'ids'"),
    ],
)
def test_requests(request_: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        require_request(request_, INPUTS, 4)
