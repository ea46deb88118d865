"""What is marked as bounded is bounded, whatever the inputs, and what could overflow on the way is not marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp, f32, i8, i16
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import tensor, ui8
from sparsec.transforms.bound_quantisations import BoundQuantisations
from sparsec.weights import WeightStore
from tests.transforms.passes import require_same, run_passes

Write = Callable[[Builder, Sequence[SSAValue]], SSAValue]
"""Of the sum as f32, a byte and a number per channel: what is quantised."""

WEIGHT = np.asarray([[127, -128, 5, 0], [1, 2, 3, 4], [-7, -7, -7, -7]], np.int8)
LARGEST_SUM = 255 * 132
CHANNELS = np.asarray([0.5, -2.0, 1.0], np.float32)


def module_of(write: Write, scale: float) -> tuple[ModuleOp, WeightStore]:
    """quantize(write(...), scale, 9) behind a product of bytes."""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [5, 4])), ("s", tensor(i8, [5, 3]))])

    def body(inner: Builder, arguments: Sequence[SSAValue]) -> Sequence[SSAValue]:
        total, byte, channel = arguments
        real = write(inner, [inner.cast(total, f32), byte, channel])
        return [inner.quantize(real, inner.scalar(scale, f32), inner.scalar(9, ui8))]

    extras = [values["s"], b.constant(CHANNELS)]
    region = b.body([b.constant(np.zeros((), np.int32)).type, *(extra.type for extra in extras)], body)
    (y,) = b.sparse_matmul(values["x"], b.constant(WEIGHT), extras, region)
    return finish([("y", y)]), weights


def marked(write: Write, scale: float = 1.0) -> bool:
    """Whether the last quantisation is bounded; no number changes."""
    module, weights = module_of(write, scale)
    after = run_passes(module, weights, BoundQuantisations())
    require_same(module, after, weights, {})
    return [op for op in after.walk() if isinstance(op, ew.Quantize)][-1].bounded is not None


def times(factor: float) -> Write:
    """The sum times a number."""
    return lambda b, args: b.apply(ew.Mul, args[0], b.scalar(factor, f32))


def test_sums_are_bounded_by_their_weights() -> None:
    just = 2.0**30 / LARGEST_SUM
    assert marked(times(0.99 * just)) and marked(times(-0.99 * just)) and not marked(times(1.01 * just))


@pytest.mark.parametrize(("scale", "expected"), [(1e-4, True), (1e-5, False), (0.0, False), (1e-39, False)])
def test_the_scale_counts(scale: float, expected: bool) -> None:
    assert marked(lambda b, args: args[0], scale) == expected


def test_a_scale_whose_inverse_is_infinite() -> None:
    assert not marked(times(1e-42), 1e-39)


def test_what_follows_from_bytes() -> None:
    def real(b: Builder, byte: SSAValue) -> SSAValue:
        return b.dequantize(byte, b.scalar(0.1, f32), b.scalar(-128, i8))

    assert marked(lambda b, args: real(b, args[1]))
    assert marked(lambda b, args: b.apply(ew.Gelu, b.apply(ew.Mul, real(b, args[1]), args[2])))
    assert marked(lambda b, args: b.apply(ew.Tanh, b.apply(ew.Add, real(b, args[1]), args[0])))
    table = np.arange(256, dtype=np.uint8).view(np.int8)
    assert marked(lambda b, args: real(b, b.apply(ew.Lookup, args[1], b.table(table))))
    assert not marked(lambda b, args: b.apply(ew.Exp, real(b, args[1])))


def test_infinities_on_the_way() -> None:
    def there_and_back(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        x = args[0]
        for factor in (1e20, 1e20, 1e-20, 1e-20):
            x = b.apply(ew.Mul, x, b.scalar(factor, f32))
        return x

    assert not marked(there_and_back)


def test_integers_that_wrap() -> None:
    def narrow(b: Builder, args: Sequence[SSAValue]) -> SSAValue:
        return b.cast(b.cast(args[0], i16), f32)

    assert not marked(narrow)
