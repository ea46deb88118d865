"""What the numpy meaning of an op may look at: sizes, weights, and how to run a body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import Attribute, Operation, Region, SSAValue

from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dims import evaluate
from sparsec.errors import CompilerBug
from sparsec.weights import Array, WeightStore


@dataclass(frozen=True)
class Scope:
    """The values of symbols, the weights, and the table of meanings.

    Attributes:
        symbols: name -> size; ops that work out a size while they run add it.
        weights: digest -> array.
        meaning: op class -> function.
    """

    symbols: MutableMapping[str, int]
    weights: WeightStore
    meaning: Mapping[type[Operation], Meaning]

    def shape(self, type: Attribute) -> tuple[int, ...]:
        """The sizes of a tensor type in numbers."""
        return tuple(evaluate(size, self.symbols) for size in sizes_of(type))

    def run(self, op: Operation, operands: Sequence[Array]) -> tuple[Array, ...]:
        """The results of an op, in the dtypes of its result types."""
        meaning = self.meaning.get(type(op))
        if meaning is None:
            raise CompilerBug(f"reference.py has no meaning for {op.name}")
        results = tuple(np.asarray(result) for result in meaning(op, operands, self))
        for result, value in zip(results, op.results, strict=True):
            if result.dtype != to_numpy(element_of(value.type)):
                raise CompilerBug(f"reference.py made {result.dtype} for {op.name} of type {value.type}")
        return results

    def run_body(self, body: Region, arguments: Sequence[Array]) -> tuple[Array, ...]:
        """What a body yields for whole arrays of arguments, not yet broadcast to the result's shape."""
        values: dict[SSAValue, Array] = dict(zip(body.block.args, arguments, strict=True))
        for op in body.block.ops:
            operands = [values[operand] for operand in op.operands]
            if isinstance(op, Yield):
                return tuple(operands)
            values.update(zip(op.results, self.run(op, operands), strict=True))
        raise CompilerBug("a body does not end in sparse.yield")


Meaning = Callable[[Operation, Sequence[Array], Scope], Sequence[Array]]
"""`(op, operands, scope) -> results`."""
