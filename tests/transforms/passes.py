"""Run passes over small modules and compare what they compute before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from sparsec.builder import INPUT_NAMES
from sparsec.context import CompilerContext
from sparsec.dialects import all_dialects
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dims import evaluate as evaluate_size
from sparsec.pipeline import READING
from sparsec.reference import evaluate, main_function, names_of
from sparsec.weights import WeightStore

Arrays = Mapping[str, np.ndarray]


def context_of(weights: WeightStore) -> CompilerContext:
    """A context with our dialects and these weights."""
    context = CompilerContext(weights=weights)
    for dialect in all_dialects():
        context.load_dialect(dialect)
    return context


def run_passes(module: ModuleOp, weights: WeightStore, *passes: ModulePass) -> ModuleOp:
    """A copy of the module after the passes, verified."""
    module = module.clone()
    for step in passes:
        step.apply(context_of(weights), module)
        module.verify()
    return module


def understood(module: ModuleOp, weights: WeightStore) -> ModuleOp:
    """What the nodes of a file mean, as `api.read` gives it; in place."""
    for step in READING.passes:
        step.apply(context_of(weights), module)
        module.verify()
    return module


def count(module: ModuleOp, op_class: type[Operation]) -> int:
    """How many ops of a class the module has."""
    return sum(isinstance(op, op_class) for op in module.walk())


def draw_inputs(module: ModuleOp, symbols: Mapping[str, int], seed: int = 0) -> dict[str, np.ndarray]:
    """Random inputs: normal floats, integers of 0 or 1 (masks), bytes over their whole range."""
    random = np.random.default_rng(seed)
    function = main_function(module)
    arrays: dict[str, np.ndarray] = {}
    for name, argument in zip(names_of(function, INPUT_NAMES), function.body.block.args, strict=True):
        shape = [evaluate_size(size, symbols) for size in sizes_of(argument.type)]
        dtype = to_numpy(element_of(argument.type))
        if dtype.kind == "f":
            arrays[name] = random.normal(size=shape).astype(dtype)
        elif dtype.itemsize == 1 and dtype.kind != "b":
            arrays[name] = random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, shape).astype(dtype)
        else:
            arrays[name] = random.integers(0, 2, shape).astype(dtype)
    return arrays


def require_same(
    before: ModuleOp,
    after: ModuleOp,
    weights: WeightStore,
    symbols: Mapping[str, int],
    *,
    tolerance: float = 0.0,
    seeds: Sequence[int] = (0, 1),
) -> None:
    """Fail unless both modules compute the same outputs: bit for bit, or within an absolute tolerance."""
    for seed in seeds:
        inputs = draw_inputs(before, symbols, seed)
        expected, given = evaluate(before, inputs, weights), evaluate(after, inputs, weights)
        assert given.keys() == expected.keys()
        for name, array in expected.items():
            require_close(given[name], array, tolerance, name)


def require_close(given: np.ndarray, expected: np.ndarray, tolerance: float, what: Any = "") -> None:
    """Equal bits for tolerance 0 (NaN equals NaN), else an absolute tolerance."""
    assert given.dtype == expected.dtype and given.shape == expected.shape, what
    if tolerance == 0:
        np.testing.assert_array_equal(given, expected, err_msg=str(what))
        if given.dtype.kind == "f":  # 0 and -0 are equal numbers but other bits
            numbers = ~np.isnan(expected)
            np.testing.assert_array_equal(np.signbit(given[numbers]), np.signbit(expected[numbers]), err_msg=str(what))
    else:
        np.testing.assert_allclose(given, expected, rtol=tolerance, atol=tolerance, err_msg=str(what))
