"""The integer bias of a product: sums start from it instead of having it added."""

from __future__ import annotations

from xdsl.dialects.builtin import i32
from xdsl.ir import Region

from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dims import is_per_channel


def without_bias(op: kernel.MatMul) -> tuple[Region, int | None]:
    """`body(acc + bias) -> body(acc)`, with the i32 channel vector `bias` (its argument number) as the initial sum.

    The sum is exact in i32, so it may be done first, where it costs nothing.
    """
    region = op.body.clone()
    accumulator = region.block.args[0]
    channels = kernel.buffer_sizes(op.outs[0])[-1]
    uses = list(accumulator.uses)
    if accumulator.type != i32 or len(uses) != 1 or not isinstance(add := uses[0].operation, ew.Add):
        return region, None
    bias = add.rhs if add.lhs is accumulator else add.lhs
    for number, argument in enumerate(region.block.args[1:], 1):
        buffer = op.ins[1 + number]
        vector = kernel.buffer_layout(buffer) is None and is_per_channel(kernel.buffer_sizes(buffer), channels)
        if bias is argument and vector and len(list(argument.uses)) == 1:
            add.result.replace_all_uses_with(accumulator)
            add.detach()
            return region, number
    return region, None
