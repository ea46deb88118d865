"""The types of ops that move data."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdsl.dialects.builtin import f32, i64
from xdsl.ir import Attribute, Block

from sparsec.builder import Builder
from sparsec.dialects.encoding import sizes_of, tensor
from sparsec.dims import Dim, Size
from sparsec.errors import ShapeError
from sparsec.weights import WeightStore

N = Dim.symbol("n")


def picked(data: Sequence[Size], indices: Sequence[Size], axis: int = -1, element: Attribute = i64) -> tuple[Size, ...]:
    """The shape of `gather_elements`."""
    block = Block(arg_types=[tensor(f32, data), tensor(element, indices)])
    return sizes_of(Builder(WeightStore(), block).gather_elements(*block.args, axis).type)


def test_elements_are_picked_on_one_axis_and_broadcast_on_others() -> None:
    assert picked([4, N, 7], [1, N, N]) == (4, N, N)
    assert picked([1, 7, N], [4, 3, 1], 1) == (4, 3, N)
    assert picked([7], [N]) == (N,)
    assert picked([4, 1], [4, 5]) == (4, 5)


@pytest.mark.parametrize(
    ("data", "indices", "element", "message"),
    [
        ([4, N, 7], [N, N], i64, r"of \[4, n, 7\] by \[n, n\]: both need as many axes"),
        ([], [], i64, "both need as many axes, at least one"),
        ([4, 7], [3, 7], i64, "do not broadcast: 4 against 3 on axis 0"),
        ([4, 7], [4, 7], f32, "takes i32 or i64 indices, got f32"),
    ],
)
def test_what_elements_cannot_be_picked_from(
    data: Sequence[Size], indices: Sequence[Size], element: Attribute, message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        picked(data, indices, element=element)


def test_no_such_axis() -> None:
    with pytest.raises(ShapeError, match="has no axis 2"):
        picked([4, 7], [4, 7], 2)
