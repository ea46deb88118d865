"""Layouts: products work on tiles, and as few bytes as possible are converted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp, f32, i32, i64
from xdsl.ir import SSAValue

from sparsec import forms
from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import Layout, element_of, layout_of, sizes_of, tensor, ui8
from sparsec.dialects.sparse import ConvertLayout, Map, MatMul
from sparsec.transforms.assign_layouts import AssignLayouts
from sparsec.transforms.choose_schedules import ChooseSchedules
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.transforms.fuse_elementwise import FuseElementwise
from sparsec.weights import WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES
from tests.transforms.passes import require_same, run_passes

Inputs = dict[str, SSAValue]


def scheduled(write: Callable[[Builder, Inputs], Sequence[SSAValue]]) -> ModuleOp:
    """The [scheduled] module of a graph with inputs x f32[batch, sequence, 8] and ids i64[batch, sequence]."""
    weights = WeightStore()
    inputs = [("x", tensor(f32, [BATCH, SEQUENCE, 8])), ("ids", tensor(i64, [BATCH, SEQUENCE]))]
    b, values, finish = begin_module(weights, inputs)
    module = finish([(f"y{index}", value) for index, value in enumerate(write(b, values))])
    before = run_passes(module, weights, FormSparseMatmuls(), FuseElementwise())
    after = run_passes(before, weights, AssignLayouts(), ChooseSchedules())
    forms.scheduled(after)
    require_same(before, after, weights, SIZES)
    return after


def conversions(module: ModuleOp) -> list[tuple[str, str]]:
    """Element type and new layout of each conversion."""
    found = (op.result.type for op in module.walk() if isinstance(op, ConvertLayout))
    return [(str(element_of(type)), "tiled" if layout_of(type) is Layout.TILED else "rows") for type in found]


def linear(b: Builder, x: SSAValue, out: int = 8) -> SSAValue:
    """A product with random weights."""
    inputs = sizes_of(x.type)[-1]
    assert isinstance(inputs, int)
    return b.linear(x, b.constant(np.random.default_rng(0).normal(size=(out, inputs)).astype(np.float32)))


def table(b: Builder, seed: int) -> SSAValue:
    """Embeddings of two ids."""
    return b.constant(np.random.default_rng(seed).normal(size=(2, 8)).astype(np.float32))


def test_embeddings_are_gathered_as_tiles() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        words = b.gather(table(b, 1), v["ids"], 0)
        kinds = b.gather(table(b, 2), v["ids"], 0)
        places = b.reshape(b.gather(table(b, 3), b.constant(np.zeros(1, np.int64)), 0), [1, 1, 8])
        return [b.softmax(linear(b, b.apply(ew.Add, b.apply(ew.Add, words, kinds), places)), -1)]

    module = scheduled(write)
    assert conversions(module) == [("f32", "rows")]
    gathers = [layout_of(op.result.type) for op in module.walk() if isinstance(op, st.Gather)]
    assert gathers == [Layout.TILED, Layout.TILED, None]


def test_the_first_token_is_read_out_of_tiles() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        y = linear(b, v["x"])
        first = b.slice(y, [0, 0, 0], [BATCH, 1, 8], [1, 1, 1])
        return [linear(b, b.reshape(first, [BATCH, 8]), 3)]

    assert conversions(scheduled(write)) == [("f32", "tiled"), ("f32", "rows")]


def test_bytes_are_converted_rather_than_floats() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        scale, zero = b.constant(np.float32(0.1)), b.constant(np.uint8(9))
        narrow = b.quantize(b.softmax(v["x"], -1), scale, zero)
        return [_byte_product(b, narrow)]

    assert conversions(scheduled(write)) == [("ui8", "tiled"), ("f32", "rows")]


def _byte_product(b: Builder, q: SSAValue) -> SSAValue:
    weight = b.constant(np.ones((8, 8), np.int8))
    body = b.body([i32], lambda inner, arguments: [inner.cast(arguments[0], f32)])
    return b.sparse_matmul(q, weight, [], body)[0]


def test_a_conversion_serves_all_readers() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        y = linear(b, v["x"])
        return [y, b.softmax(y, -1), b.reduce(st.ReduceSum, y, [1]), linear(b, v["x"])]

    assert conversions(scheduled(write)) == [("f32", "tiled"), ("f32", "rows"), ("f32", "rows")]


def test_row_major_work_stays_row_major() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        return [b.softmax(b.apply(ew.Exp, b.softmax(b.apply(ew.Neg, v["x"]), -1)), -1)]

    assert conversions(scheduled(write)) == []


def test_maps_between_products_work_on_tiles() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        y = linear(b, v["x"])
        factor = b.reduce(st.ReduceMax, v["x"], [2], keepdims=True)
        both = b.apply(ew.Mul, b.apply(ew.Add, y, b.constant(np.ones(8, np.float32))), factor)
        return [linear(b, both)]

    module = scheduled(write)
    assert conversions(module) == [("f32", "tiled"), ("f32", "rows")]
    (work,) = (op for op in module.walk() if isinstance(op, Map))
    layouts = [layout_of(value.type) for value in work.inputs]
    assert layouts.count(Layout.TILED) == 1 and layout_of(work.outputs[0].type) is Layout.TILED


def test_dynamic_quantisation_works_on_tiles() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        narrow, scale, _ = b.dynamic_quantize(linear(b, v["x"]))
        return [_byte_product(b, narrow), scale]

    module = scheduled(write)
    assert conversions(module) == [("f32", "tiled"), ("f32", "rows")]
    (op,) = (op for op in module.walk() if isinstance(op, st.DynamicQuantize))
    assert [layout_of(value.type) for value in op.results] == [Layout.TILED, None, None]


def test_only_elements_that_tiles_can_hold_lie_in_tiles() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        y = linear(b, v["x"])
        return [b.cast(b.apply(ew.Mul, b.cast(y, i64), b.cast(v["x"], i64)), f32)]

    module = scheduled(write)
    for op in module.walk():
        for value in op.results:
            assert layout_of(value.type) is None or element_of(value.type) == f32


def test_broadcast_operands_of_a_product_stay_row_major() -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [4, 8])), ("r", tensor(f32, [4, 8]))])
    factor = b.reduce(st.ReduceMax, values["r"], [1], keepdims=True)
    weight = b.constant(np.ones((8, 8), np.float32))
    body = b.body([f32, f32, f32], lambda inner, a: [inner.apply(ew.Mul, inner.apply(ew.Add, a[0], a[1]), a[2])])
    product = b.sparse_matmul(b.cast(values["x"], f32), weight, [values["r"], factor], body)[0]
    module = finish([("y", product)])
    after = run_passes(module, weights, FuseElementwise(), AssignLayouts())
    (matmul,) = (op for op in after.walk() if isinstance(op, MatMul))
    assert [layout_of(extra.type) for extra in matmul.extras] == [Layout.TILED, None]
