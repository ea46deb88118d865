"""The weight store: equal arrays are one, digests tell arrays apart, unknown digests are our bug."""

import numpy as np
import pytest

from sparsec.errors import CompilerBug
from sparsec.weights import WeightStore, digest_of


def test_equal_arrays_are_kept_once() -> None:
    store = WeightStore()
    first = store.put(np.arange(6, dtype=np.int8).reshape(2, 3))
    assert store.put(np.arange(6, dtype=np.int8).reshape(2, 3)) == first
    assert list(store) == [first]
    assert store.get(first).shape == (2, 3)


def test_dtype_shape_and_content_count() -> None:
    array = np.arange(6, dtype=np.int8)
    others = [array.reshape(2, 3), array.astype(np.uint8), array + 1, array[:5], array[:0]]
    assert len({digest_of(each) for each in (array, *others)}) == 6


def test_layout_in_memory_does_not_count() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert digest_of(np.asfortranarray(array)) == digest_of(array)
    assert WeightStore().put(array.T) == digest_of(np.ascontiguousarray(array.T))


def test_scalars_are_arrays() -> None:
    store = WeightStore()
    assert store.get(store.put(np.float32(-np.inf))).shape == ()


def test_an_unknown_digest() -> None:
    with pytest.raises(CompilerBug, match="no weight with digest 77: was this IR parsed without its weights"):
        WeightStore().get("77")
