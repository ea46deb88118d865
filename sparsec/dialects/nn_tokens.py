"""Tokens side by side, without the padding between sequences: where each one lies, and attention among them.

`nn.token_index` decides while the model runs how many tokens there are; from then on the symbol that it names is a size
like any other. An activation `[batch, sequence, K]` of which it keeps some tokens is `[tokens, K]`, sequence after
sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import StringAttr, i1, i64
from xdsl.ir import Attribute, Operation
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from sparsec.dialects.body import yielded
from sparsec.dialects.encoding import element_of, tensor
from sparsec.dialects.nn_attention import AttentionOp
from sparsec.dialects.tensor_op import TensorOp, element, sizes, written
from sparsec.dims import Dim, Size, parse_size, product
from sparsec.errors import ShapeError


@irdl_op_definition
class TokenIndex(TensorOp):
    """Which tokens of `[batch, sequence]` are kept: of each sequence, all up to the last one that is `needed`.

    A sequence whose first token is not `seen` keeps all of its tokens. `needed` and `seen` are i1; the results are i64:

    * `offsets[batch + 1]`: how many tokens are kept in the sequences before; the last one is their total.
    * `rows[tokens]`: the place of each kept token in `[batch * sequence]`.
    * `places[batch, sequence]`: the other way round; -1 for tokens that are not kept.

    The symbol `tokens` has the value `offsets[batch]` for all that comes behind; it is at most `bound`.
    """

    name = "nn.token_index"
    needed = operand_def()
    seen = operand_def()
    tokens = prop_def(StringAttr)
    offsets = result_def()
    rows = result_def()
    places = result_def()
    traits = traits_def(Pure())

    @property
    def bound(self) -> Size:
        """How many tokens there are when all are kept."""
        return product(sizes(self.needed))

    def infer_types(self) -> Sequence[Attribute]:
        shape = sizes(self.needed)
        if len(shape) != 2 or sizes(self.seen) != shape or (element(self.needed), element(self.seen)) != (i1, i1):
            raise ShapeError(
                f"nn.token_index of {written(shape)} and {written(sizes(self.seen))}: expected two [batch, sequence] i1"
            )
        return [tensor(i64, [shape[0] + 1]), tensor(i64, [Dim.symbol(self.tokens.data)]), tensor(i64, shape)]


@irdl_op_definition
class PackedAttention(AttentionOp):
    """`nn.attention` of each sequence by itself: q, k and v are `[tokens, hidden]`, sequence b is the tokens from
    `offsets[b]` to `offsets[b + 1]`.

    Queries and keys are numbered from 0 in each sequence. Extras of `score` and `weight` broadcast to
    `[batch, heads, sequence, sequence]`, of which a shorter sequence reads the first queries and keys. With q as
    `[batch, queries, hidden]` each sequence has these queries, and so have the extras and the result.
    """

    name = "nn.packed_attention"
    offsets = operand_def()
    sequence = prop_def(StringAttr)

    @property
    def score_sizes(self) -> tuple[Size, ...]:
        length = parse_size(self.sequence.data)
        queries = length if self.are_queries_packed else sizes(self.q)[1]
        return (sizes(self.offsets)[0] - 1, self.heads.value.data, queries, length)

    @property
    def are_queries_packed(self) -> bool:
        """Whether queries lie side by side as keys do, one for each of them."""
        return len(sizes(self.q)) == 2

    def infer_types(self) -> Sequence[Attribute]:
        q, k, v = sizes(self.q), sizes(self.k), sizes(self.v)
        if (
            not len(k) == len(v) == 2
            or k[0] != v[0]
            or len(q) not in (2, 3)
            or q[-1] != k[1]
            or (len(q) == 2 and q != k)
        ):
            raise ShapeError(
                f"nn.packed_attention of {', '.join(map(written, (q, k, v)))}: expected [tokens, hidden] each"
            )
        if len(sizes(self.offsets)) != 1 or element(self.offsets) != i64:
            raise ShapeError(f"nn.packed_attention with offsets {self.offsets.type}: expected [batch + 1] of i64")
        if not self.are_queries_packed and q[0] != sizes(self.offsets)[0] - 1:
            raise ShapeError(f"nn.packed_attention: queries {written(q)} of other sequences than {self.offsets.type}")
        self.require_heads()
        return [tensor(element_of(yielded(self.output)[0].type), [*q[:-1], v[1]])]


def token_bounds(module: Operation) -> Mapping[str, Size]:
    """The symbols that are worked out while the module runs, and the most that each can be."""
    return {op.tokens.data: op.bound for op in module.walk() if isinstance(op, TokenIndex)}
