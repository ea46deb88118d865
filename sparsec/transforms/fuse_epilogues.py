"""Bias, activation, residual and requantisation move into the bodies of what they follow: products, layer norms."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.body import TILE_ELEMENTS
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import LayerNorm, MatMul
from sparsec.dims import is_number, is_per_channel
from sparsec.transforms.bodies import Fused, absorb, has_room, repeated_in, replace, widens_bytes, wrap
from sparsec.transforms.straight_line import erase_dead, function_blocks, move_before, path_between
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class FuseEpilogues(ModulePass):
    """`add(sparse.matmul(x, w) { f }, b)` -> `sparse.matmul(x, w, b) { f + b }`, and so on while shapes stay equal.

    A result that others use too stays a result: a product may yield an f32 residual and its quantised copy. An op
    that only widens bytes is repeated by its readers and fused itself only when somebody else needs the wide copy.
    Attention has one result, so there only a single user is fused. Behind attention and layer norms, what is fused
    reads numbers of the channel alone.
    A body of `MOST_OPS` ops takes no more.
    """

    name = "fuse-epilogues"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for block in function_blocks(op):
            for widening in (False, True):
                for producer in list(block.ops):
                    if isinstance(producer, rd.LayerNorm) and _is_followed(producer):
                        producer = _with_body(producer, weights)
                    if isinstance(producer, MatMul | LayerNorm | Attention):
                        _fuse_users(producer, widening or isinstance(producer, Attention), weights)
                erase_dead(block)


def _is_followed(norm: rd.LayerNorm) -> bool:
    """Whether it can lie in tiles, and elementwise work comes next."""
    shape = sizes_of(norm.result.type)
    if len(shape) < 2 or not isinstance(shape[-1], int):
        return False
    return any(
        isinstance(use.operation, ew.ElementwiseOp) and sizes_of(use.operation.results[0].type) == shape
        for use in norm.result.uses
    )


def _with_body(norm: rd.LayerNorm, weights: WeightStore) -> LayerNorm:
    """`nn.layer_norm(x)` -> `sparse.layer_norm(x) { x }`, in place."""
    builder = Builder.before(weights, norm)
    body = builder.body([norm.result.type], lambda inner, arguments: arguments)
    new = builder.create(LayerNorm, norm.operands, norm.properties, regions=[body])
    assert isinstance(new, LayerNorm)
    replace(norm, new.results)
    return new


def _fuse_users(producer: Fused, widening: bool, weights: WeightStore) -> None:
    refused: set[Operation] = set()
    while has_room(producer) and (user := _next_user(producer, widening, refused)) is not None:
        between = path_between(producer, user)
        if between.needed_by(_outside(user, producer)) is None or not _is_allowed(producer, user):
            refused.add(user)
            continue
        wrapped = wrap(user, weights)
        needed = path_between(producer, wrapped).needed_by(wrapped.inputs)  # the parameters that wrapping aligned, too
        assert needed is not None
        move_before(needed, producer)
        producer = absorb(producer, wrapped)


def _next_user(producer: Fused, widening: bool, refused: set[Operation]) -> ew.ElementwiseOp | None:
    """The first elementwise op of the producer's shape that reads it, directly or through an op that widens bytes."""
    shape = sizes_of(producer.results[0].type)
    candidates: set[Operation] = set()
    for result in producer.results:
        for use in result.uses:
            candidates.add(use.operation)
            for wide in use.operation.results:
                if widens_bytes(wide) is use.operation:
                    candidates.update(inner.operation for inner in wide.uses)
    fusable = {
        op
        for op in candidates
        if isinstance(op, ew.ElementwiseOp)
        and op not in refused
        and sizes_of(op.results[0].type) == shape
        and (widening or widens_bytes(op.results[0]) is None)
    }
    place = producer.next_op if fusable else None
    while place is not None and place not in fusable:
        place = place.next_op
    return place if isinstance(place, ew.ElementwiseOp) else None


def _outside(user: ew.ElementwiseOp, producer: Fused) -> list[SSAValue]:
    """What `user` reads besides the results of `producer`, looking through ops that its body will repeat."""
    values: list[SSAValue] = []
    for operand in user.operands:
        maker = repeated_in(user, operand)
        values.extend(maker.operands if maker is not None else [operand])
    return [value for value in values if value.owner is not producer]


def _is_allowed(producer: Fused, user: ew.ElementwiseOp) -> bool:
    """Whether the producer may take the op: it reads and writes elements that tiles hold, as the kernel can do."""
    if element_of(user.results[0].type) not in TILE_ELEMENTS:
        return False
    varying = [value for value in _outside(user, producer) if not _is_known_by_channel(value, user)]
    if isinstance(producer, Attention):
        return not varying and {use.operation for use in producer.result.uses} == {user}
    if isinstance(producer, LayerNorm):
        return not varying
    return all(element_of(value.type) in TILE_ELEMENTS for value in varying)


def _is_known_by_channel(value: SSAValue, user: ew.ElementwiseOp) -> bool:
    shape, result = sizes_of(value.type), sizes_of(user.results[0].type)
    by_last_axis = not isinstance(user, ew.QuantisationOp)  # whose parameters may lie along any axis
    return shape != result and (is_number(shape) or (by_last_axis and is_per_channel(shape, result[-1])))
