"""The meaning of every `nn` and `sparse` op in numpy, and an evaluator that runs a module with it.

What this says is the law: kernels, folding and passes are tested against it. It works at every stage from [graph] down
to [scheduled]; layouts and schedules change nothing about values, so they are not looked at. A body is run once over
whole arrays, its block arguments broadcasting like numpy.

A table and a loop instead of `xdsl.interpreter.Interpreter`, because that one buries every exception under the text of
the whole module (an `InputError` must reach the caller as it is) and keeps every array alive until the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.hints import isa

from sparsec import reference_elementwise, reference_products, reference_structure
from sparsec.builder import INPUT_NAMES, OUTPUT_NAMES
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dialects.requirements import requirements_of
from sparsec.dims import Dim
from sparsec.dims import evaluate as evaluate_size
from sparsec.errors import CompilerBug, InputError
from sparsec.reference_scope import Meaning, Scope
from sparsec.weights import Array, WeightStore

Observer = Callable[[Operation, Sequence[Array]], None]
"""Called after each op of the main function with the op and its results."""


def evaluate(
    module: ModuleOp, inputs: Mapping[str, Array], weights: WeightStore, observe: Observer | None = None
) -> dict[str, Array]:
    """Run the function `main` of a module.

    Args:
        inputs: one array per input name, exactly of the input's dtype.
        weights: holds every constant that the module names by digest.
        observe: called after each op of the main function.

    Returns the outputs by name.

    Raises:
        InputError: a name, dtype, rank or size does not fit the signature or what the function requires, or an index is
            out of range.
    """
    function = main_function(module)
    names = names_of(function, INPUT_NAMES)
    arguments = function.body.block.args
    if missing := [name for name in names if name not in inputs]:
        raise InputError(f"missing inputs {', '.join(missing)}: the model takes {', '.join(names)}")
    if unknown := [name for name in inputs if name not in names]:
        raise InputError(f"unknown inputs {', '.join(unknown)}: the model takes {', '.join(names)}")
    arrays = [np.asarray(inputs[name]) for name in names]
    symbols = bind_symbols(names, arguments, arrays)
    for requirement in requirements_of(function):
        if evaluate_size(requirement.lower, symbols) > evaluate_size(requirement.upper, symbols):
            raise InputError(requirement.broken)
    scope = Scope(symbols, weights, MEANING)
    values: dict[SSAValue, Array] = dict(zip(arguments, arrays, strict=True))
    last_use = _last_uses(function)
    with np.errstate(all="ignore"):
        for op in function.body.block.ops:
            if isinstance(op, ReturnOp):
                break
            results = scope.run(op, [values[operand] for operand in op.operands])
            if observe is not None:
                observe(op, results)
            values.update(zip(op.results, results, strict=True))
            for dead in last_use.get(op, ()):
                del values[dead]
    returned = function.body.block.last_op
    if not isinstance(returned, ReturnOp):
        raise CompilerBug("the main function does not end in func.return")
    results = [values[value] for value in returned.operands]
    return dict(zip(names_of(function, OUTPUT_NAMES), results, strict=True))


def evaluate_op(
    op: Operation,
    operands: Sequence[Array],
    symbols: Mapping[str, int] | None = None,
    weights: WeightStore | None = None,
) -> tuple[Array, ...]:
    """The results of one op on given operands.

    Args:
        symbols: values of the symbols in the op's sizes; none are needed when all sizes are known.
        weights: needed by constants that name a digest.

    Raises:
        CompilerBug: reference.py does not know the op.
        InputError: an index is out of range.
        KeyError: a size needs a symbol that `symbols` lacks.
    """
    with np.errstate(all="ignore"):
        return scope_for(symbols or {}, weights or WeightStore()).run(op, operands)


def scope_for(symbols: Mapping[str, int], weights: WeightStore) -> Scope:
    """A scope that knows every op."""
    return Scope(dict(symbols), weights, MEANING)


def main_function(module: ModuleOp) -> FuncOp:
    """The function `main` of a module."""
    for op in module.ops:
        if isinstance(op, FuncOp) and op.sym_name.data == "main":
            return op
    raise CompilerBug("the module has no function `main`")


def names_of(function: FuncOp, attribute: str) -> list[str]:
    """The names of the inputs (`INPUT_NAMES`) or outputs (`OUTPUT_NAMES`) of a main function."""
    names = function.attributes.get(attribute)
    if not isa(names, ArrayAttr[StringAttr]):
        raise CompilerBug(f"the main function has no attribute `{attribute}`")
    return [name.data for name in names]


def bind_symbols(names: Sequence[str], parameters: Sequence[SSAValue], arrays: Sequence[Array]) -> dict[str, int]:
    """The values of all symbols, read from the shapes of the inputs.

    Raises:
        InputError: a dtype, rank or size does not fit the parameter's type, or two inputs disagree about a symbol.
    """
    symbols: dict[str, int] = {}
    bound_by: dict[str, str] = {}
    for name, parameter, array in zip(names, parameters, arrays, strict=True):
        sizes, dtype = sizes_of(parameter.type), to_numpy(element_of(parameter.type))
        if array.dtype != dtype:
            raise InputError(f"input {name!r} is {array.dtype}, the model takes {dtype}: convert it with .astype")
        if array.ndim != len(sizes):
            written = ", ".join(map(str, sizes))
            raise InputError(f"input {name!r} has shape {list(array.shape)}, the model takes [{written}]")
        for size, extent in zip(sizes, array.shape, strict=True):
            if isinstance(size, Dim) and size == Dim.symbol(size.symbols[0]):
                symbol = size.symbols[0]
                if symbols.setdefault(symbol, extent) != extent:
                    raise InputError(
                        f"{symbol} is {symbols[symbol]} in input {bound_by[symbol]!r} and {extent} in input {name!r}"
                    )
                bound_by.setdefault(symbol, name)
    for name, parameter, array in zip(names, parameters, arrays, strict=True):
        expected = tuple(evaluate_size(size, symbols) for size in sizes_of(parameter.type))
        if array.shape != expected:
            raise InputError(f"input {name!r} has shape {list(array.shape)}, the model takes {list(expected)}")
    return symbols


def _last_uses(function: FuncOp) -> dict[Operation, list[SSAValue]]:
    """For each op, the values that nobody needs after it."""
    returned = function.body.block.last_op
    kept = set(returned.operands) if returned else set[SSAValue]()
    seen: set[SSAValue] = set(kept)
    result: dict[Operation, list[SSAValue]] = {}
    for op in reversed(tuple(function.body.block.ops)):
        dead = [value for value in {*op.operands, *op.results} if value not in seen]
        result[op] = dead
        seen.update(dead)
    return result


MEANING: dict[type[Operation], Meaning] = {
    **reference_elementwise.MEANING,
    **reference_structure.MEANING,
    **reference_products.MEANING,
}
