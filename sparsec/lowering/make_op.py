"""Makes many ops of few kinds.

A constructor of xDSL takes three to six times as long to find out what an op looks like as to make one. Here it is
asked once for each kind and types.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache

from xdsl.dialects import llvm
from xdsl.ir import Attribute, Block, Operation, SSAValue

from sparsec.identity_cache import by_identity

Build = Callable[..., Operation]
"""Builds an op from operands and other arguments. What it looks like depends on the types of the operands only."""


def make_op(build: Build, operands: Sequence[SSAValue], *others: Hashable) -> Operation:
    """`build(*operands, *others)`, for ops without regions and successors."""
    model = _model(build, tuple([_intern(operand.type) for operand in operands]), others)
    return type(model).create(operands=operands, result_types=model.result_types, properties=model.properties)


@lru_cache(1024)
def intrinsic_call(name: str, *result_types: Attribute) -> Build:
    """What builds a call of an LLVM intrinsic from its arguments."""
    return lambda *arguments: llvm.CallIntrinsicOp(name, arguments, result_types)


class _Interned:
    """A type that is one object: hashing and comparing it takes no look inside."""

    def __init__(self, type: Attribute):
        self.type = type


_intern = by_identity(lru_cache(4096)(_Interned))


@lru_cache(4096)
def _model(build: Build, types: tuple[_Interned, ...], others: tuple[Hashable, ...]) -> Operation:
    return build(*Block(arg_types=[interned.type for interned in types]).args, *others)
