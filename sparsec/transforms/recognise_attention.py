"""Softmax attention spelled out over split heads becomes one op over `[batch, tokens, hidden]`."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32, i8, i32
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import ui8
from sparsec.dialects.nn_products import MatMul
from sparsec.dialects.nn_reductions import Softmax
from sparsec.dialects.nn_structure import Reshape, Transpose
from sparsec.dialects.tensor_op import SOURCE, element, normalise_axis, sizes
from sparsec.dims import Size
from sparsec.transforms.attention_bodies import Steps, aligned_to_heads, steps_between, write_body
from sparsec.transforms.head_axes import (
    BATCH,
    CHANNEL,
    HEAD,
    ROW_MAJOR,
    TOKEN,
    HeadAxes,
    Source,
    before_steps,
    replay,
    tensor_operand,
    trace_back,
)
from sparsec.transforms.matching import apply_rewrites, made_by, replace, scalar_of
from sparsec.transforms.straight_line import only_user
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class RecogniseAttention(ModulePass):
    """`merge(weight(softmax(score(split(q) @ transpose(split(k))))) @ split(v))` -> `nn.attention(q, k, v)`.

    Score and weight are any elementwise steps (scales, masks, biases, quantisation). The same steps on operands whose
    heads are already split are taken before the split. Every number stays what it was, bit for bit.
    """

    name = "recognise-attention"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_rewrites(op, [Recognise(weights_of(ctx))])


@dataclass(frozen=True)
class Operand:
    """One operand of a product.

    Attributes:
        value: what the product reads, zero point taken off if it is an integer.
        axes: its axes.
        zero: the zero point.
    """

    value: SSAValue
    axes: HeadAxes
    zero: int


@dataclass(frozen=True)
class Ending:
    """What follows the second product.

    Attributes:
        steps: elementwise, become the output body.
        last: the value that the attention replaces.
        row_major: whether it lies in the order of `[batch, tokens, hidden]`.
    """

    steps: Steps
    last: SSAValue
    row_major: bool


@dataclass
class Recognise(RewritePattern):
    """matmul(w(softmax(s(matmul(q, k)))), v) -> attention(q, k, v) {s} {w}"""

    weights: WeightStore

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MatMul, rewriter: PatternRewriter, /) -> None:
        rank = len(sizes(op.result))
        weight, weight_zero = integer_operand(op.lhs, self.weights)
        softmax = _first_softmax(weight)
        if rank not in (3, 4) or softmax is None or normalise_axis(softmax.axis.value.data, rank, softmax) != rank - 1:
            return
        scores = _first_product(softmax.operand)
        if scores is None or not _has_heads(scores, op):
            return
        score_steps = steps_between(scores.result, softmax.operand, self.weights)
        weight_steps = steps_between(softmax.result, weight, self.weights)
        if score_steps is None or weight_steps is None or not self._has_elements(scores, op, weight):
            return
        Match(op, scores, score_steps, weight_steps, weight_zero, self.weights).rewrite(rewriter)

    def _has_elements(self, scores: MatMul, mix: MatMul, weight: SSAValue) -> bool:
        """Whether both products are in floating point, or of bytes whose zero points are known."""
        read = [integer_operand(value, self.weights)[0] for value in (scores.lhs, scores.rhs, mix.rhs)]
        pairs = [(element(read[0]), element(read[1])), (element(weight), element(read[2]))]
        return all(set(pair) == {f32} or set(pair) <= {i8, ui8} for pair in pairs)


@dataclass(frozen=True)
class Match:
    """Attention found in the graph, about to be rewritten."""

    mix: MatMul
    scores: MatMul
    score_steps: Steps
    weight_steps: Steps
    weight_zero: int
    weights: WeightStore

    def rewrite(self, rewriter: PatternRewriter) -> None:
        """Build the op and use its result."""
        rank = len(sizes(self.mix.result))
        names = (BATCH, HEAD, TOKEN, CHANNEL) if rank == 4 else (BATCH, TOKEN, CHANNEL)
        turned = (*names[:-2], CHANNEL, TOKEN)
        q = self._operand(self.scores.lhs, names)
        k = self._operand(self.scores.rhs, turned)
        v = self._operand(self.mix.rhs, names)
        ending = self._ending(HeadAxes.of(names, sizes(self.mix.result)))
        last = ending.last.owner
        assert isinstance(last, Operation)
        builder = Builder.before(self.weights, last)
        source = self.scores.attributes.get(SOURCE)
        qkv = (self._unsplit(q, builder), self._unsplit(k, builder), self._unsplit(v, builder))
        given = tuple(dict.fromkeys((*self.score_steps.extras, *self.weight_steps.extras)))
        extras = [aligned_to_heads(extra, rank, builder) for extra in given]
        bodies = (
            write_body(self.score_steps, given, element(self.scores.result), builder),
            write_body(self.weight_steps, given, element(self.weight_steps.start), builder),
            write_body(ending.steps, given, element(self.mix.result), builder),
        )
        zeros = {"q": q.zero, "k": k.zero, "w": self.weight_zero, "v": v.zero}
        heads = sizes(self.mix.result)[1] if rank == 4 else 1
        assert isinstance(heads, int)
        result = builder.attention(qkv, extras, heads, bodies, zeros)
        if source is not None and isinstance(result.owner, Operation):
            result.owner.attributes[SOURCE] = source
        replace(rewriter, last, self._split(result, ending, builder))

    def _operand(self, value: SSAValue, names: tuple[str, ...]) -> Operand:
        inner, zero = integer_operand(value, self.weights)
        return Operand(inner, HeadAxes.of(names, sizes(inner)), zero)

    def _unsplit(self, operand: Operand, builder: Builder) -> SSAValue:
        """The operand as `[batch, tokens, hidden]`; transposed here, before what is done to each element, if nobody
        split its heads."""
        extent = operand.axes.extent
        shape: list[Size] = [extent[BATCH], extent[TOKEN], extent.get(HEAD, 1) * extent[CHANNEL]]
        source = trace_back(operand.value, operand.axes, self.weights)
        if source is None:
            names = tuple(extent)
            order = [names.index(name) for name in ROW_MAJOR if name in names]
            given = before_steps(operand.value, self.weights)
            source = Source(builder.transpose(given.base, order), given.steps)
        return replay(source, shape, builder)

    def _ending(self, axes: HeadAxes) -> Ending:
        """Follow the only user of each value until heads are merged again."""
        start = value = self.mix.result
        ops: list[ew.ElementwiseOp] = []
        moved: dict[SSAValue, SSAValue] = {}
        while not axes.is_row_major:
            user = only_user(value)
            if isinstance(user, Transpose | Reshape):
                after = axes.after(user)
                if after is None:
                    return Ending(Steps(start, start, ()), start, False)
                axes, moved[user.result] = after, value
            elif isinstance(user, ew.ElementwiseOp) and self._takes_numbers(user, value):
                ops.append(user)
            else:
                return Ending(Steps(start, start, ()), start, False)
            value = user.results[0]
        while isinstance(user := only_user(value), Reshape):
            moved[user.result] = value
            value = user.result
        return Ending(Steps(start, value, tuple(ops), moved=moved), value, True)

    def _takes_numbers(self, op: ew.ElementwiseOp, value: SSAValue) -> bool:
        """Whether all operands but `value` are constant numbers, which a body can hold."""
        others = [operand for operand in op.operands if operand is not value]
        is_tensor_operand = tensor_operand(op, self.weights) is value
        return is_tensor_operand and all(scalar_of(other, self.weights) is not None for other in others)

    def _split(self, result: SSAValue, ending: Ending, builder: Builder) -> SSAValue:
        """The result of the attention in the shape and order of the value that it replaces."""
        shape = sizes(ending.last)
        if ending.row_major or len(shape) == 3:
            return builder.reshape(result, shape)
        batch, heads, tokens, channels = shape
        return builder.transpose(builder.reshape(result, (batch, tokens, heads, channels)), (0, 2, 1, 3))


def integer_operand(value: SSAValue, weights: WeightStore) -> tuple[SSAValue, int]:
    """`(q, zero)` when a value is `cast(q, i32) - zero` for bytes q; the value itself and 0 otherwise."""
    if element(value) != i32:
        return value, 0
    difference = made_by(value, ew.Sub)
    zero = scalar_of(difference.rhs, weights) if difference is not None else 0
    cast = made_by(difference.lhs if difference is not None else value, ew.Cast)
    if zero is None or cast is None or element(cast.operand) not in (i8, ui8):
        return value, 0
    return cast.operand, int(zero)


def _first_softmax(value: SSAValue, depth: int = 8) -> Softmax | None:
    """The softmax that a value is made from by elementwise ops."""
    op = value.owner
    if isinstance(op, Softmax):
        return op
    if not isinstance(op, ew.ElementwiseOp) or not depth:
        return None
    return next((found for operand in op.operands if (found := _first_softmax(operand, depth - 1))), None)


def _first_product(value: SSAValue, depth: int = 8) -> MatMul | None:
    """The product that a value is made from by elementwise ops."""
    op = value.owner
    if isinstance(op, MatMul):
        return op
    if not isinstance(op, ew.ElementwiseOp) or not depth:
        return None
    return next((found for operand in op.operands if (found := _first_product(operand, depth - 1))), None)


def _has_heads(scores: MatMul, mix: MatMul) -> bool:
    """Whether both products have the same batches and heads, no broadcasting, and sizes that attention takes."""
    shapes = [sizes(value) for value in (scores.lhs, scores.rhs, mix.lhs, mix.rhs)]
    rank = len(shapes[0])
    leading = {shape[:-2] for shape in shapes}
    channels = (shapes[0][-1], shapes[3][-1])
    return (
        rank == len(sizes(mix.result))
        and all(len(shape) == rank for shape in shapes)
        and len(leading) == 1
        and all(isinstance(size, int) for size in (*shapes[0][1:-2], *channels))
    )
