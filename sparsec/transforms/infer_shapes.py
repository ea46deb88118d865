"""Derives every type again from the inputs of the function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from sparsec.dialects.encoding import blocks_of, element_of, layout_of, same_value_type, sizes_of, tensor
from sparsec.dialects.nn_structure import Broadcast, Reshape, Slice
from sparsec.dialects.tensor_op import TensorOp, sizes, where_of
from sparsec.dims import Dim, Size, product
from sparsec.errors import ShapeError


@dataclass(frozen=True)
class InferShapes(ModulePass):
    """Result types follow from operand types, in order; what was written there before counts for nothing.

    Reshapes, broadcasts and slices alone state their own shape: there, a size in symbols that the inputs lack is
    stale, and is worked out from the operand.

    Raises:
        ShapeError: the operands of an op do not fit; names its source.
    """

    name = "infer-shapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, FuncOp) and function.body.blocks:
                _infer_block(function.body.block)
                function.update_function_type()


def _infer_block(block: Block) -> None:
    known = {name for argument in block.args for name in _symbols(sizes_of(argument.type))}
    for op in list(block.ops):
        if not isinstance(op, TensorOp):
            continue
        try:
            if isinstance(op, Reshape | Broadcast | Slice):
                _set_type(op.result, tensor(element_of(op.operand.type), _wanted(op, known)))
            inferred = op.infer_types()
        except ShapeError as error:
            raise ShapeError(f"{where_of(op)}: {error}") from None
        for result, type in zip(list(op.results), inferred, strict=True):
            _set_type(result, type)


def _set_type(value: SSAValue, type: Attribute) -> None:
    """Give a value another type; layout and sparsity stay what they were."""
    if not same_value_type(value.type, type):
        old = value.type
        type = tensor(element_of(type), sizes_of(type), layout=layout_of(old), blocks=blocks_of(old))
        Rewriter.replace_value_with_new_type(value, type)


def _wanted(op: Reshape | Broadcast | Slice, known: set[str]) -> tuple[Size, ...]:
    """The shape that an op states, with stale sizes worked out from its operand."""
    given, wanted = sizes(op.operand), sizes(op.result)
    stale = [axis for axis, size in enumerate(wanted) if isinstance(size, Dim) and not known.issuperset(size.symbols)]
    if isinstance(op, Broadcast):
        aligned = (*[1] * (len(wanted) - len(given)), *given)
        return tuple(
            there if axis in stale or (there != 1 and isinstance(there, Dim)) else here
            for axis, (here, there) in enumerate(zip(wanted, aligned, strict=True))
        )
    if isinstance(op, Slice):
        return tuple(given[axis] if axis in stale else size for axis, size in enumerate(wanted))
    return _reshaped(given, wanted, stale)


def _reshaped(given: Sequence[Size], wanted: Sequence[Size], stale: Sequence[int]) -> tuple[Size, ...]:
    """The shape of a reshape: stale sizes are those of the same axis of the operand, the last is what is left over."""
    shape = list(wanted)
    for axis in stale[:-1]:
        if axis >= len(given):
            raise ShapeError(f"cannot tell what the size {wanted[axis]} is: no input has it")
        shape[axis] = given[axis]
    if stale:
        others = product(size for axis, size in enumerate(shape) if axis != stale[-1])
        total = product(given)
        shape[stale[-1]] = _quotient(total, others)
    return tuple(shape)


def _quotient(total: Size, divisor: Size) -> Size:
    """Exact division of sizes."""
    if isinstance(total, Dim):
        return total // divisor
    if isinstance(divisor, Dim) or not divisor or total % divisor:
        raise ShapeError(f"{total} elements do not divide into rows of {divisor}")
    return total // divisor


def _symbols(shape: Sequence[Size]) -> set[str]:
    return {name for size in shape if isinstance(size, Dim) for name in size.symbols}
