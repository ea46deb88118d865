"""Layouts: products work on tiles or, few tokens, on rows, and as few bytes as possible are converted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp, f32, i32, i64
from xdsl.ir import SSAValue

from sparsec import forms
from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import Layout, element_of, layout_of, sizes_of, tensor, ui8
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import ConvertLayout, Map, MatMul
from sparsec.dims import Dim, Size
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import AMD, INTEL
from sparsec.transforms.assign_layouts import AssignLayouts
from sparsec.transforms.choose_schedules import ChooseSchedules
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.transforms.fuse_elementwise import FuseElementwise
from sparsec.weights import WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES
from tests.transforms.passes import require_same, run_passes

Inputs = dict[str, SSAValue]


def scheduled(write: Callable[[Builder, Inputs], Sequence[SSAValue]], core: str = AMD) -> ModuleOp:
    """The [scheduled] module of a graph with inputs x f32[batch, sequence, 8] and ids i64[batch, sequence]."""
    weights = WeightStore()
    inputs = [("x", tensor(f32, [BATCH, SEQUENCE, 8])), ("ids", tensor(i64, [BATCH, SEQUENCE]))]
    b, values, finish = begin_module(weights, inputs)
    module = finish([(f"y{index}", value) for index, value in enumerate(write(b, values))])
    before = run_passes(module, weights, FormSparseMatmuls(), FuseElementwise())
    after = run_passes(before, weights, AssignLayouts(core=core), ChooseSchedules(core=core))
    forms.scheduled(after)
    require_same(before, after, weights, SIZES)
    return after


def conversions(module: ModuleOp) -> list[tuple[str, str]]:
    """Element type and new layout of each conversion."""
    found = (op.result.type for op in module.walk() if isinstance(op, ConvertLayout))
    return [(str(element_of(type)), (layout_of(type) or "rows").lower()) for type in found]


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


def test_dense_bytes_are_interleaved_where_unpacks_take_the_ports_of_multiplies() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        narrow, _, _ = b.dynamic_quantize(linear(b, v["x"]))
        return [_byte_product(b, narrow), _byte_product(b, narrow)]

    module = scheduled(write, INTEL)
    assert ("ui8", "interleaved") in conversions(module) and len(conversions(module)) == 4
    assert conversions(scheduled(write)) == [("f32", "tiled"), ("f32", "rows"), ("f32", "rows")]


def _byte_product(b: Builder, q: SSAValue) -> SSAValue:
    weight = b.constant(np.ones((8, 8), np.int8))
    body = b.body([i32], lambda inner, arguments: [inner.cast(arguments[0], f32)])
    return b.sparse_matmul(q, weight, [], body)[0]


def test_a_conversion_serves_all_readers() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        y = linear(b, v["x"])
        return [y, b.softmax(y, -1), b.reduce(rd.ReduceSum, y, [1]), linear(b, v["x"])]

    assert conversions(scheduled(write)) == [("f32", "tiled"), ("f32", "rows"), ("f32", "rows")]


def test_row_major_work_stays_row_major() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        return [b.softmax(b.apply(ew.Exp, b.softmax(b.apply(ew.Neg, v["x"]), -1)), -1)]

    assert conversions(scheduled(write)) == []


def test_maps_between_products_work_on_tiles() -> None:
    def write(b: Builder, v: Inputs) -> list[SSAValue]:
        y = linear(b, v["x"])
        factor = b.reduce(rd.ReduceMax, v["x"], [2], keepdims=True)
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
    (op,) = (op for op in module.walk() if isinstance(op, rd.DynamicQuantize))
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
    factor = b.reduce(rd.ReduceMax, values["r"], [1], keepdims=True)
    weight = b.constant(np.ones((8, 8), np.float32))
    body = b.body([f32, f32, f32], lambda inner, a: [inner.apply(ew.Mul, inner.apply(ew.Add, a[0], a[1]), a[2])])
    product = b.sparse_matmul(b.cast(values["x"], f32), weight, [values["r"], factor], body)[0]
    module = finish([("y", product)])
    after = run_passes(module, weights, FuseElementwise(), AssignLayouts())
    (matmul,) = (op for op in after.walk() if isinstance(op, MatMul))
    assert [layout_of(extra.type) for extra in matmul.extras] == [Layout.TILED, None]


class Few:
    """A graph of bytes in and floats out with few tokens, after the pass.

    Args:
        write: makes the outputs of `x` f32[tokens, 256].
        weight: i8[256, 256], zero but for some 4x1 blocks.
    """

    def __init__(
        self,
        write: Callable[[Few, Builder, SSAValue], Sequence[SSAValue]],
        tokens: Size = 8,
        expect: str = "",
        hint: Schedule | None = None,
    ):
        self.weights, random = WeightStore(), np.random.default_rng(0)
        kept = (random.random((64, 256)) < 0.1).repeat(4, axis=0)
        self._weight = np.where(kept, random.integers(-128, 128, (256, 256)), 0).astype(np.int8)
        self._hint = hint
        b, values, finish = begin_module(self.weights, [("x", tensor(f32, [tokens, 256]))])
        module = finish([(f"y{i}", value) for i, value in enumerate(write(self, b, values["x"]))])
        before = run_passes(module, self.weights, FuseElementwise())
        options = {"target": "avx512vbmi", "core": "AuthenticAMD", "expect": expect}
        self.module = run_passes(before, self.weights, AssignLayouts(**options), ChooseSchedules(**options))
        forms.scheduled(self.module)
        require_same(before, self.module, self.weights, {"tokens": 3})

    def bytes(self, b: Builder, x: SSAValue) -> SSAValue:
        """Quantised."""
        return b.quantize(x, b.constant(np.float32(0.05)), b.constant(np.uint8(128)))

    def product(self, b: Builder, q: SSAValue, residual: SSAValue | None = None) -> SSAValue:
        """`q` times the weight, as floats, plus a residual."""
        extras = [] if residual is None else [residual]

        def write(inner: Builder, a: Sequence[SSAValue]) -> Sequence[SSAValue]:
            real = inner.cast(a[0], f32)
            return [real if residual is None else inner.apply(ew.Add, real, a[1])]

        body = b.body([i32, *[f32 for _ in extras]], write)
        weight = b.weight(self._weight, schedule=self._hint) if self._hint else b.constant(self._weight)
        return b.sparse_matmul(q, weight, extras, body)[0]

    def norm(self, b: Builder, x: SSAValue) -> SSAValue:
        """Layer normalisation, which wants tiles."""
        ones = b.constant(np.ones(256, np.float32))
        return b.layer_norm(x, ones, ones, 1e-5)

    @property
    def layouts(self) -> list[Layout | None]:
        """In which the products read their bytes."""
        return [layout_of(op.x.type) for op in self.module.walk() if isinstance(op, MatMul)]


def test_few_tokens_stay_in_rows_where_that_is_cheaper() -> None:
    def write(g: Few, b: Builder, x: SSAValue) -> list[SSAValue]:
        return [g.product(b, g.bytes(b, g.product(b, g.bytes(b, x))))]

    for tokens in (1, 2, 8):  # 8: no op alone would leave the tiles
        few = Few(write, tokens)
        assert few.layouts == [None, None] and conversions(few.module) == []
    assert Few(write, tokens=60).layouts == [Layout.TILED, Layout.TILED]


def test_conversions_count() -> None:
    """Alone, a product of 8 tokens is cheaper in rows; between layer norms it would have to be converted twice."""

    def alone(g: Few, b: Builder, x: SSAValue) -> list[SSAValue]:
        return [g.product(b, g.bytes(b, x))]

    def between(g: Few, b: Builder, x: SSAValue) -> list[SSAValue]:
        return [g.norm(b, g.product(b, g.bytes(b, g.norm(b, x))))]

    assert Few(alone).layouts == [None]
    assert Few(between).layouts == [Layout.TILED]
    assert conversions(Few(between).module) == [("f32", "tiled"), ("f32", "rows")]
    assert Few(between, tokens=1).layouts == [
        None
    ]  # one token is so much cheaper in rows that conversions do not matter


def test_what_is_added_lies_as_the_results_do() -> None:
    def write(g: Few, b: Builder, x: SSAValue) -> list[SSAValue]:
        q = g.bytes(b, x)
        return [g.product(b, q, x)]

    for tokens, layout in ((4, None), (100, Layout.TILED)):
        few = Few(write, tokens)
        (matmul,) = (op for op in few.module.walk() if isinstance(op, MatMul))
        found = [layout_of(value.type) for value in (matmul.x, matmul.extras[0], matmul.outputs[0])]
        assert found == [layout] * 3


def test_a_query_that_is_its_own_mask_is_read_both_ways() -> None:
    def write(b: Builder, values: Inputs) -> list[SSAValue]:
        first = b.slice(values["x"], [0, 0, 0], [1, 1, 8], [1, 1, 1])
        query, keys = linear(b, first), linear(b, b.broadcast(first, [1, 8, 8]))
        score = b.body([f32, f32], lambda inner, arguments: [inner.apply(ew.Add, *arguments)])
        weight, output = (b.body([f32, f32], lambda _, arguments: [arguments[0]]) for _ in range(2))
        return [b.attention((query, keys, keys), [query], 1, (score, weight, output))]

    (attention,) = (op for op in scheduled(write).walk() if isinstance(op, Attention))
    assert [layout_of(value.type) for value in attention.operands] == [*[Layout.TILED] * 3, None]


def test_expected_tokens_count_as_known_ones() -> None:
    def write(g: Few, b: Builder, x: SSAValue) -> list[SSAValue]:
        return [g.product(b, g.bytes(b, x))]

    tokens = Dim.symbol("tokens")
    assert Few(write, tokens).layouts == [Layout.TILED]
    assert Few(write, tokens, "tokens=4").layouts == [None]
    assert Few(write, tokens, "tokens=400").layouts == [Layout.TILED]
    assert Few(write, tokens, "other=4").layouts == [Layout.TILED]


def test_a_schedule_given_by_hand_decides() -> None:
    def write(g: Few, b: Builder, x: SSAValue) -> list[SSAValue]:
        return [g.norm(b, g.product(b, g.bytes(b, g.norm(b, x))))]

    rows = Few(write, 200, hint=Schedule(Dataflow.DENSE_DWORDS, 8, 64))
    assert rows.layouts == [None]
    assert conversions(rows.module) == [("f32", "tiled"), ("ui8", "rows"), ("f32", "tiled"), ("f32", "rows")]
    assert Few(write, 1, hint=Schedule(Dataflow.GATHER_QUADS, 16)).layouts == [Layout.TILED]
