"""kernel.token_index against the reference of nn.token_index."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as draws
from hypothesis.extra.numpy import arrays

from sparsec.builder import begin_module
from sparsec.dialects import kernel
from sparsec.dialects.encoding import tensor, to_element
from sparsec.dims import Dim
from sparsec.lowering.kernels.token_index import TOKEN_INDEX
from sparsec.lowering.nn_to_kernels import lower_function
from sparsec.reference import evaluate, main_function
from sparsec.weights import WeightStore
from tests.lowering.kernels.run_kernel import Compiled, assert_same
from tests.transforms.graphs import token_index

SHAPE = [Dim.symbol("b"), Dim.symbol("s")]
NAMES = ("offsets", "rows", "places")


@cache
def index() -> tuple[Compiled, object, WeightStore]:
    weights = WeightStore()
    flags = tensor(to_element("bool"), SHAPE)
    b, values, finish = begin_module(weights, [("needed", flags), ("seen", flags)])
    results = token_index(b, values["needed"], values["seen"], "t")
    module = finish(list(zip(NAMES, results, strict=True)))
    program = lower_function(main_function(module.clone()), weights)
    (op,) = [op for op in program.body.block.ops if isinstance(op, kernel.TokenIndex)]
    return Compiled(op, TOKEN_INDEX, ("b", "s", "t")), module, weights


@settings(max_examples=25, deadline=None)
@given(draws.data())
def test_it_is_the_reference(data: draws.DataObject) -> None:
    shape = data.draw(draws.tuples(draws.integers(0, 4), draws.sampled_from([0, 1, 2, 7, 64, 65])))
    needed, seen = (data.draw(arrays(np.bool_, shape)) for _ in range(2))
    compiled, module, weights = index()
    expected = evaluate(module, {"needed": needed, "seen": seen}, weights)  # pyright: ignore
    found = compiled(needed, seen, b=shape[0], s=shape[1], t=expected["rows"].size)
    for name, array in zip(NAMES, found, strict=True):
        assert_same(array, expected[name])


def test_what_it_says() -> None:
    needed = np.array([[1, 0, 1, 0], [1, 1, 1, 1], [0, 1, 0, 0], [1, 0, 0, 0]], np.bool_)
    seen = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]], np.bool_)
    _, module, weights = index()
    found = evaluate(module, {"needed": needed, "seen": seen}, weights)  # pyright: ignore
    assert found["offsets"].tolist() == [0, 3, 7, 11, 12]
    assert found["rows"].tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert found["places"].tolist() == [[0, 1, 2, -1], [3, 4, 5, 6], [7, 8, 9, 10], [11, -1, -1, -1]]
