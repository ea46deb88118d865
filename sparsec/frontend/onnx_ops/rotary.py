"""The op RotaryEmbedding (opset 23), written out: pairs of channels are rotated by angles that grow with the place of
their token (https://arxiv.org/abs/2104.09864)."""

from __future__ import annotations

from xdsl.ir import SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of
from sparsec.errors import ModelError
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.activations import require_float
from sparsec.frontend.onnx_ops.shapes import written_shape
from sparsec.frontend.onnx_values import Value


def _rotary_embedding(call: Call) -> Value:
    """Inputs: x, cosines, sines, and the places of tokens `[batch, tokens]`.

    x is `[batch, heads, tokens, d]` or `[batch, tokens, heads * d]`, and so is the result. Cosines and sines are
    `[places, r / 2]`, or without places `[batch, tokens, r / 2]`; of d channels, the first r are rotated.
    """
    require_float(call)
    build, given = call.build, call.shape(0)
    x, across = _with_heads(call)
    shape = sizes_of(x.type)
    width = shape[3]
    if not isinstance(width, int):
        raise Unsupported(f"its heads have the dynamic width {width}")
    rotated = call.integer("rotary_embedding_dim", 0) or width
    cosine, sine = (_angles(call, index, across) for index in (1, 2))
    if rotated % 2 or rotated > width:
        raise ModelError(
            f"{call.node.title}: it rotates {rotated} of {width} channels; expected an even number of them"
        )
    for what, angles in (("cosines", cosine), ("sines", sine)):
        count = sizes_of(angles.type)[3]
        if isinstance(count, int) and count != rotated // 2:
            raise ModelError(f"{call.node.title}: {count} {what} for each token, expected {rotated // 2}")
        call.emitter.require_equal(count, rotated // 2, f"the number of {what} and half of the rotated channels")
    interleaved = call.flag("interleaved")
    half, step = rotated // 2, 2 if interleaved else 1

    def part(start: int, count: int, step: int = 1) -> SSAValue:
        return build.slice(x, [0, 0, 0, start], [*shape[:3], count], [1, 1, 1, step])

    one, other = part(0, half, step), part(1 if interleaved else half, half, step)
    turned = [
        build.apply(ew.Sub, build.apply(ew.Mul, cosine, one), build.apply(ew.Mul, sine, other)),
        build.apply(ew.Add, build.apply(ew.Mul, sine, one), build.apply(ew.Mul, cosine, other)),
    ]
    if interleaved:
        pairs = build.concat([build.reshape(value, [*shape[:3], half, 1]) for value in turned], 4)
        turned = [build.reshape(pairs, [*shape[:3], rotated])]
    rest = [part(rotated, width - rotated)] if rotated < width else []
    return build.reshape(build.concat([*turned, *rest], 3), given)


def _with_heads(call: Call) -> tuple[SSAValue, int]:
    """x with four axes, and which of them is that of the heads."""
    x, shape = call.data(0), call.shape(0)
    heads = call.integer("num_heads", 0)
    if len(shape) == 4:
        return x, 1
    if len(shape) != 3:
        raise ModelError(
            f"{call.node.title}: it rotates {written_shape(shape)}; expected [batch, heads, tokens, d] or "
            "[batch, tokens, heads * d]"
        )
    hidden = shape[2]
    if not isinstance(hidden, int):
        raise Unsupported(f"its heads have the dynamic width {hidden} together")
    if heads < 1 or hidden % heads:
        raise ModelError(f"{call.node.title}: num_heads is {heads}, for {hidden} channels of all heads together")
    return call.build.reshape(x, [*shape[:2], heads, hidden // heads]), 2


def _angles(call: Call, index: int, across: int) -> SSAValue:
    """Cosines or sines of each token, equal for all heads."""
    angles = call.data(index)
    if call.has(3):
        angles = call.build.gather(angles, call.data(3), 0)
    shape = list(sizes_of(angles.type))
    if len(shape) != 3:
        raise ModelError(f"{call.node.title}: its angles are {written_shape(shape)}, not one row for each token")
    return call.build.reshape(angles, [*shape[:across], 1, *shape[across:]])


ROTARY: dict[str, Translate] = {"RotaryEmbedding": _rotary_embedding}
