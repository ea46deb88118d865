"""What calls of one kernel function may differ in, beside their pointers: then equal layers are not the only ones that
share code.

The function is given such sizes as numbers, behind its pointers. They are sizes that its loops have in a register
anyway: how many tokens there are, how far it is from one tile of inputs to the next, how many queries a sequence has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.ir import Attribute, SSAValue

from sparsec.dialects.kernel import Attention, KernelOp, PackedType, buffer_element, buffer_layout, buffer_sizes
from sparsec.dims import Dim, Size, product
from sparsec.identity_cache import by_identity

TOKENS = "tokens"
"""The name of the number of tokens in `Shared.numbers`."""

QUERIES = "queries"
"""The name of what `_queries_of` gives."""


def _text(attribute: Attribute) -> str:
    return str(attribute)


spelled = by_identity(_text)
"""An attribute as text: printing those of all calls again and again took a tenth of lowering a BERT-Base."""


@dataclass(frozen=True)
class Shared:
    """How a call fits a function.

    Attributes:
        types: of each operand, what the function is written for. Calls with equal ones share it.
        numbers: the sizes of this call that the function is given, by name. With `TOKENS` among them all other sizes
            are known, and it knows no symbols: they may be others in other calls.
    """

    types: tuple[str, ...]
    numbers: Mapping[str, Size] = field(default_factory=dict[str, Size])


def all_in_full(op: KernelOp) -> Shared:
    """Calls differ in their pointers alone."""
    return Shared(tuple(spelled(operand.type) for operand in op.operands))


def by_token(op: KernelOp) -> Shared:
    """Calls may differ in their tokens, too, if the number of these is the one size that is not known yet.

    The function asks only how many tokens a buffer has (the product of all sizes but the last) and how many channels
    (the last).
    """
    unknown = {size for operand in op.operands for size in _tokens_and_channels(operand) if isinstance(size, Dim)}
    if len(unknown) != 1:
        return all_in_full(op)
    (tokens,) = unknown
    types = tuple(
        spelled(operand.type) if isinstance(operand.type, PackedType) else _type_without(operand, tokens)
        for operand in op.operands
    )
    return Shared(types, {TOKENS: tokens})


def _tokens_and_channels(buffer: SSAValue) -> tuple[Size, ...]:
    """The two sizes of a buffer, none of a packed weight or a single number."""
    if isinstance(buffer.type, PackedType) or not (sizes := buffer_sizes(buffer)):
        return ()
    return product(sizes[:-1]), sizes[-1]


def _type_without(buffer: SSAValue, tokens: Size) -> str:
    """The type of a buffer, its number of tokens left out."""
    sizes = ("?" if size == tokens else str(size) for size in _tokens_and_channels(buffer))
    return f"{'x'.join(sizes)} {buffer_element(buffer)} {buffer_layout(buffer)}"


def by_query(op: Attention) -> Shared:
    """Calls may differ in how many queries a sequence has: of a classifier's last layer, only the first token's."""
    types = list(all_in_full(op).types)
    batch = buffer_sizes(op.ins[0])[:1] if op.sequence is None else ()  # else the offsets say it
    for index in (0, len(op.ins)):
        buffer = op.operands[index]
        sizes = "x".join(map(str, (*batch, "?", buffer_sizes(buffer)[-1])))
        types[index] = f"{sizes} {buffer_element(buffer)} {buffer_layout(buffer)}"
    return Shared(tuple(types), {QUERIES: _queries_of(op)})


def _queries_of(op: Attention) -> Size:
    """How many queries each sequence has, -1 if it has one for each of its keys."""
    *lead, queries, _ = buffer_sizes(op.ins[0])
    return queries if lead else -1
