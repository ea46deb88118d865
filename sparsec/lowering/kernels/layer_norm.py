"""`kernel.layer_norm`: over the channels of each token, tiled or row-major, f32; in tiles with a body behind it.

Sums run over the channels as `sums.py` says. In tiles tokens lie side by side, so that is vertical. In rows it is done
for 16 rows at a time with gathers; only the last pass, which has no order, goes along the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import f32, i32
from xdsl.ir import Attribute

from sparsec.dialects.body import yielded
from sparsec.dialects.encoding import Layout, sizes_of
from sparsec.dialects.kernel import LayerNorm, buffer_element, buffer_layout, tensor_of
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.body import BodyEmitter, ByChannel, numbers_and_channels
from sparsec.lowering.kernels.elements import bytes_of, load
from sparsec.lowering.kernels.frame import Frame, KernelRow, Sizes
from sparsec.lowering.kernels.matmul import store_tile_rows
from sparsec.lowering.kernels.shared import by_token
from sparsec.lowering.kernels.sums import Load, sum_over
from sparsec.lowering.kernels.token_order import TokenOrder
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, vector_of
from sparsec.lowering.kernels.walk import Chunk, for_chunks
from sparsec.schedule import TILE

_F32 = 4
_LANE_BYTES = _F32 * LANES
f32x16 = vector_of(f32, LANES)


@dataclass(frozen=True)
class _Constants:
    """What all tokens share: the channel count, 1 / that in f32, epsilon, whether to divide by the deviation, and
    whether the mean is taken off."""

    channels: Value
    share: Value
    epsilon: float
    divide: bool
    is_centred: bool

    def centred(self, e: Emitter, x: Value, mean: Value) -> Value:
        """x without its mean."""
        return e.sub(x, mean) if self.is_centred else x

    def normalised(self, e: Emitter, x: Value, mean: Value, deviation: Value) -> Value:
        """x without its mean, in units of what `_statistics` gave for the deviation."""
        centred = self.centred(e, x, mean)
        # Dividing each number by the same deviation could be done by its inverse too: multiplied by it and corrected
        # by the remainder, which a fused multiply-add gives exactly, the quotient has the same bits.
        return e.div(centred, deviation) if self.divide else e.mul(centred, deviation)


def _is_tiled(op: LayerNorm) -> bool:
    return buffer_layout(op.outs[0]) == Layout.TILED


def items(op: LayerNorm, e: Emitter, sizes: Sizes) -> Value:
    """Tiles, or groups of 16 rows."""
    tensor = tensor_of(op.outs[0])
    return sizes.tiles(tensor) if _is_tiled(op) else e.ceil_div(sizes.tokens(tensor), LANES)


def emit(op: LayerNorm, frame: Frame) -> None:
    """Write the body of the function."""
    e = frame.e
    tensor = tensor_of(op.outs[0])
    channels, tokens = frame.sizes(sizes_of(tensor)[-1]), frame.sizes.tokens(tensor)
    share = e.broadcast(e.div(1.0, e.to_float(channels)))
    constants = _Constants(channels, share, op.epsilon.value.data, op.divide is not None, op.uncentred is None)
    if _is_tiled(op):
        behind = _Behind.of(op, frame)
        e.for_loop(frame.begin, frame.end, lambda tile, held: _emit_tile(frame, constants, behind, tokens, tile))
        return
    if len(op.ins) != 3 or list(yielded(op.body)) != list(op.body.block.args):
        raise CompilerBug("kernel.layer_norm in rows has a body")
    lanes = e.stack(2 * _LANE_BYTES)
    e.for_loop(frame.begin, frame.end, lambda group, held: _emit_rows(frame, constants, tokens, lanes, group))


def _statistics(e: Emitter, constants: _Constants, count: int, load: Load) -> tuple[list[Value], list[Value]]:
    """Mean and 1 / deviation (the deviation itself to divide by) of `count` vectors of tokens. Means that are not
    taken off are 0."""
    means = [e.constant(0.0, f32x16)] * count
    if constants.is_centred:
        means = [e.mul(each, constants.share) for each in sum_over(e, constants.channels, f32x16, count, load)]

    def squared(k: Value) -> Sequence[Value]:
        centred = [constants.centred(e, x, mean) for x, mean in zip(load(k), means, strict=True)]
        return [e.mul(d, d) for d in centred]

    squares = sum_over(e, constants.channels, f32x16, count, squared)
    deviations = [e.sqrt(e.add(e.mul(total, constants.share), constants.epsilon)) for total in squares]
    return means, deviations if constants.divide else [e.div(1.0, deviation) for deviation in deviations]


@dataclass(frozen=True)
class _Behind:
    """The body, prepared for one vector of tokens and for four of them, and what it takes by channel.

    Attributes:
        bodies: by number of vectors.
        channels: the extras that it takes by channel.
        outs: element types of the outs.
    """

    bodies: Mapping[int, BodyEmitter]
    channels: Sequence[ByChannel]
    outs: Sequence[Attribute]

    @staticmethod
    def of(op: LayerNorm, frame: Frame) -> _Behind:
        """Emits what does not depend on the channel; call it outside of loops."""
        e = frame.e
        scalars, channels = numbers_and_channels(op.body, 1, e, op.ins[3:], frame.ins[3:])
        bodies = {count: BodyEmitter(op.body, e, count * LANES).prepare(scalars) for count in (1, TILE // LANES)}
        return _Behind(bodies, channels, [buffer_element(out) for out in op.outs])

    def apply(self, e: Emitter, k: Value, vectors: Sequence[Value]) -> list[list[Value]]:
        """[out][vector] of channel k."""
        known = {
            argument: load(e, element, place, e.mul(k, bytes_of(element))) for argument, element, place in self.channels
        }
        body = self.bodies[len(vectors)]
        results = (body.prepare(known) if known else body).apply([e.concat(vectors)])
        return [e.split(result, LANES) for result in results]


def _emit_tile(frame: Frame, constants: _Constants, behind: _Behind, tokens: Value, tile: Value) -> None:
    """Four vectors at once; a tile that needs fewer takes them one by one."""
    e = frame.e
    elements = e.mul(tile, e.mul(constants.channels, TILE))
    source = e.offset(frame.ins[0], e.mul(elements, _F32))
    targets = [
        e.offset(out, e.mul(elements, bytes_of(element))) for out, element in zip(frame.outs, behind.outs, strict=True)
    ]
    groups = e.ceil_div(e.minimum(e.sub(tokens, e.mul(tile, TILE)), TILE), LANES)
    whole = TILE // LANES

    def one(group: Value, held: tuple[Value, ...]) -> None:
        lane = e.mul(group, LANES)
        places = [
            e.offset(target, e.mul(lane, bytes_of(element)))
            for target, element in zip(targets, behind.outs, strict=True)
        ]
        _emit_columns(frame, constants, behind, e.offset(source, e.mul(lane, _F32)), places, 1)

    e.if_(
        e.equal(groups, whole),
        lambda: _emit_columns(frame, constants, behind, source, targets, whole),
        lambda: e.for_loop(0, groups, one),
    )


def _emit_columns(
    frame: Frame, constants: _Constants, behind: _Behind, source: Value, targets: Sequence[Value], count: int
) -> None:
    """`count` vectors of 16 tokens side by side in one tile."""
    e = frame.e

    def read(k: Value) -> Sequence[Value]:
        channel = e.offset(source, e.mul(k, TILE * _F32))
        return [e.load(f32x16, channel, index * _LANE_BYTES) for index in range(count)]

    means, deviations = _statistics(e, constants, count, read)

    def write(k: Value, held: tuple[Value, ...]) -> None:
        scale, bias = (e.load_broadcast(f32, frame.ins[index], e.mul(k, _F32)) for index in (1, 2))
        normal = [
            constants.normalised(e, x, mean, deviation)
            for x, mean, deviation in zip(read(k), means, deviations, strict=True)
        ]
        rows = behind.apply(e, k, [e.add(e.mul(x, scale), bias) for x in normal])
        for row, element, target in zip(rows, behind.outs, targets, strict=True):
            store_tile_rows(e, TokenOrder(count * LANES, interleaved=False), element, [row], target, [k])

    e.for_loop(0, constants.channels, write)


def _emit_rows(frame: Frame, constants: _Constants, tokens: Value, lanes: Value, group: Value) -> None:
    """16 rows; `lanes` is room for their means and deviations."""
    e = frame.e
    first = e.mul(group, LANES)
    count = e.minimum(e.sub(tokens, first), LANES)
    start = e.mul(first, e.mul(constants.channels, _F32))
    source, target = e.offset(frame.ins[0], start), e.offset(frame.outs[0], start)
    last = e.broadcast(e.truncate(e.sub(count, 1), i32))
    rows = e.mul(e.minimum(e.iota(), last), e.broadcast(e.truncate(constants.channels, i32)))

    def load(k: Value) -> Sequence[Value]:
        return [e.gather(f32, e.offset(source, e.mul(k, _F32)), rows)]

    (mean,), (deviation,) = _statistics(e, constants, 1, load)
    e.store(mean, lanes)
    e.store(deviation, lanes, _LANE_BYTES)

    def row(index: Value, held: tuple[Value, ...]) -> None:
        lane = e.mul(index, _F32)
        row_mean = e.load_broadcast(f32, lanes, lane)
        row_deviation = e.load_broadcast(f32, e.offset(lanes, _LANE_BYTES), lane)
        begin = e.mul(index, e.mul(constants.channels, _F32))

        def turn(chunk: Chunk, held: tuple[Value, ...]) -> None:
            at = e.mul(chunk.start, _F32)
            places = [e.offset(e.offset(source, begin), at), *(e.offset(frame.ins[index], at) for index in (1, 2))]
            x, scale, bias = chunk.load([f32] * 3, places)
            normal = constants.normalised(e, x, row_mean, row_deviation)
            chunk.store([e.add(e.mul(normal, scale), bias)], [e.offset(e.offset(target, begin), at)])

        for_chunks(e, 0, constants.channels, turn)

    e.for_loop(0, count, row)


LAYER_NORM = KernelRow(emit, items, shared=by_token)
