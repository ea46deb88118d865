"""`nn.attention`: scaled dot-product attention of all heads as one op, with every step between its two products."""

from __future__ import annotations

import abc
from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, f32, i8, i32
from xdsl.ir import Attribute
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from sparsec.dialects.body import verify_body, verify_results, yielded
from sparsec.dialects.encoding import element_of, tensor, ui8
from sparsec.dialects.tensor_op import TensorOp, element, sizes
from sparsec.dims import Size, broadcast, is_number, is_per_channel
from sparsec.errors import ShapeError


class AttentionOp(TensorOp):
    """What `nn.attention` and `nn.packed_attention` have in common: heads, bodies and zero points."""

    q = operand_def()
    k = operand_def()
    v = operand_def()
    extras = var_operand_def()
    heads = prop_def(IntegerAttr)
    q_zero = opt_prop_def(IntegerAttr)
    k_zero = opt_prop_def(IntegerAttr)
    w_zero = opt_prop_def(IntegerAttr)
    v_zero = opt_prop_def(IntegerAttr)
    score = region_def("single_block")
    weight = region_def("single_block")
    output = region_def("single_block")
    result = result_def()
    traits = traits_def(Pure())

    def zero(self, which: str) -> int:
        """The zero point of `q`, `k`, `w` or `v`; 0 when absent or in floating point."""
        attribute = getattr(self, f"{which}_zero")
        return attribute.value.data if attribute is not None else 0

    @property
    @abc.abstractmethod
    def score_sizes(self) -> tuple[Size, ...]:
        """`[batch, heads, queries, keys]`, what extras of `score` and `weight` broadcast to."""

    def is_read_by_scores(self, extra: int) -> bool:
        """Whether extra number `extra` is read by `score` or `weight`."""
        return any(region.block.args[1 + extra].first_use is not None for region in (self.score, self.weight))

    def require_heads(self) -> None:
        """Refuse channels that the heads do not divide."""
        for hidden in (sizes(self.q)[-1], sizes(self.v)[-1]):
            heads = self.heads.value.data
            if not isinstance(hidden, int) or heads < 1 or hidden % heads:
                raise ShapeError(f"{self.name}: {heads} heads do not divide {hidden} channels")

    def verify_(self) -> None:
        super().verify_()
        extras = [element(extra) for extra in self.extras]
        score_acc = self._accumulator(element(self.q), element(self.k), "q", "k")
        verify_body(self, "score", self.score, [score_acc], extras)
        if [value.type for value in yielded(self.score)] != [f32]:
            raise VerifyException(f"{self.name}: the score must yield one f32")
        verify_body(self, "weight", self.weight, [f32], extras)
        weight = yielded(self.weight)[0].type
        verify_body(self, "output", self.output, [self._accumulator(weight, element(self.v), "w", "v")], extras)
        verify_results(self, self.output)
        for number, extra in enumerate(self.extras):
            shape = sizes(extra)
            if self.is_read_by_scores(number) and not _broadcasts_to(shape, self.score_sizes):
                raise VerifyException(f"{self.name}: an operand {extra.type} does not broadcast to the scores")
            in_outputs = self.output.block.args[1 + number].first_use is not None
            if in_outputs and not (is_number(shape) or is_per_channel(shape, sizes(self.v)[-1])):
                raise VerifyException(
                    f"{self.name}: the output reads {extra.type}, which is neither a number nor one per channel"
                )

    @staticmethod
    def _accumulator(a: Attribute, b: Attribute, a_name: str, b_name: str) -> Attribute:
        if a == b == f32:
            return f32
        if a in (i8, ui8) and b in (i8, ui8):
            return i32
        raise VerifyException(f"nn.attention: {a_name} is {a} and {b_name} is {b}; both must be f32, or both i8 or ui8")


@irdl_op_definition
class Attention(AttentionOp):
    """For each batch b, head h, query i and key j, with D = hidden / heads:

        s[b,h,i,j] = score(sum_d (q[b,i,h*D+d] - q_zero) * (k[b,j,h*D+d] - k_zero), extras...)
        p[b,h,i,:] = softmax over j of s[b,h,i,:]
        w[b,h,i,j] = weight(p[b,h,i,j], extras...)
        y[b,i,h*D+d] = output(sum_j (w[b,h,i,j] - w_zero) * (v[b,j,h*D+d] - v_zero), extras...)

    `q` is `[batch, queries, hidden]`, `k` and `v` are `[batch, keys, hidden]`, f32 or quantised (i8, ui8). Sums of
    quantised operands are exact i32, sums of f32 ones are fp32 products (any order). Extras of `score` and `weight`
    broadcast to `[batch, heads, queries, keys]` (masks), those of `output` are numbers or one per channel; every body
    takes them all. `w` may be quantised by `weight`; then `v` must be quantised too.
    """

    name = "nn.attention"

    @property
    def score_sizes(self) -> tuple[Size, ...]:
        return (sizes(self.q)[0], self.heads.value.data, sizes(self.q)[1], sizes(self.k)[1])

    def infer_types(self) -> Sequence[Attribute]:
        q, k, v = sizes(self.q), sizes(self.k), sizes(self.v)
        if not len(q) == len(k) == len(v) == 3 or q[0] != k[0] or k[:2] != v[:2] or q[2] != k[2]:
            shapes = ", ".join("[" + ", ".join(map(str, shape)) + "]" for shape in (q, k, v))
            raise ShapeError(f"nn.attention of {shapes}: expected [batch, tokens, hidden]")
        self.require_heads()
        return [tensor(element_of(yielded(self.output)[0].type), [q[0], q[1], v[2]])]


def _broadcasts_to(shape: Sequence[Size], target: Sequence[Size]) -> bool:
    try:
        return broadcast(shape, target) == tuple(target)
    except ShapeError:
        return False
