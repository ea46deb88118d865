"""The matmul cores against numpy, on every target this machine can run, for every width and dataflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import f32, i32, i64
from xdsl.dialects.func import FuncOp

from sparsec.lowering.kernels.blocks import BlockCore
from sparsec.lowering.kernels.quads import QuadCore, Work
from sparsec.lowering.kernels.rows import RowCore
from sparsec.lowering.kernels.token_order import WIDTHS, load_bytes, load_row, pack_row, store_bytes, store_row
from sparsec.lowering.kernels.vector import Emitter, Operand, Value, build_function, pointer
from sparsec.packing import WeightLayout, pack_weight
from sparsec.schedule import Dataflow, Schedule
from tests.lowering.kernels.machine_code import hottest_loop, innermost_loops
from tests.lowering.kernels.run_kernel import Guarded
from tests.native import ALL_TARGETS, AVX2, AVX512, AVXVNNI, Native, assembly, each_target, llvm_text

QUADS = (Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS)
ROWS = (Dataflow.GATHER_ROWS, Dataflow.DENSE_ROWS)
ARGUMENTS = (pointer, pointer, pointer, pointer, i64, i64)


def product_function(
    core: QuadCore | RowCore | BlockCore, features: frozenset[str], tokens: int | None = None, cold: bool = False
) -> FuncOp:
    """out[M, 64] = bias + W x for the first `width` tokens of a tile, or more; i32 or f32."""
    element = f32 if isinstance(core, RowCore) else i32

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        x, packed, bias, out, begin, end = args

        def epilogue(row: Value, token: Operand, sums: list[list[Value]]) -> None:
            for index, vectors in enumerate(sums):
                start = e.offset(out, e.mul(e.add(row, index), 256))
                store_row(e, core.order, vectors, e.offset(start, e.scaled(token, 4)))

        def initial(row: Value) -> Value:
            return e.load(element, bias, e.mul(row, 4))

        core.emit(e, Work(x, packed, begin, end, initial, epilogue, tokens, cold))

    return build_function("product", features, body, ARGUMENTS)


def sparse_matrix(rows: int, columns: int, density: float, seed: int, low: int = -128, high: int = 127) -> np.ndarray:
    random = np.random.default_rng(seed)
    kept = np.repeat(random.random((-(-rows // 4), columns)) < density, 4, axis=0)[:rows]
    return np.where(kept, random.integers(low, high + 1, (rows, columns)), 0)


def guarded(array: np.ndarray) -> np.ndarray:
    """A copy of some bytes behind which the process is killed for reading: kernels look ahead, but not farther."""
    memory = Guarded(array.nbytes)
    memory.bytes[:] = array
    return memory.bytes


def check_int8(
    weight: np.ndarray,
    dataflow: Dataflow,
    width: int,
    features: frozenset[str],
    signed: bool = False,
    cold: bool = False,
    part: int = 64,
) -> None:
    rows, columns = weight.shape
    random = np.random.default_rng(1)
    tile = random.integers(0, 256, (columns, 64)).astype(np.uint8)
    tile[: columns // 2] |= 0x80  # many large bytes: saturation would show
    values = tile.view(np.int8) if signed else tile
    bias = random.integers(-1000, 1000, rows).astype(np.int32)
    start = bias - 128 * weight.sum(axis=1) if signed else bias
    out = np.full((rows + 1, 64), -7, np.int32)
    core = QuadCore(WeightLayout(rows, columns, dataflow), width, part, signed)
    packed = guarded(pack_weight(weight, Schedule(dataflow, width)))
    native = Native(product_function(core, features, cold=cold))
    native.call("product", tile, packed, start.astype(np.int32), out, 0, core.weight.groups)
    expected = (weight.astype(np.float64) @ values[:, :width].astype(np.float64)).astype(np.int64) + bias[:, None]
    np.testing.assert_array_equal(out[:rows, :width], expected)
    assert np.all(out[rows] == -7)
    assert np.all(out[:, width:] == -7)


@each_target
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dataflow", QUADS)
@pytest.mark.parametrize("signed", [False, True])
def test_int8_products(features: frozenset[str], width: int, dataflow: Dataflow, signed: bool) -> None:
    for part in WIDTHS:
        check_int8(sparse_matrix(7, 37, 0.4, seed=3), dataflow, width, features, signed, part=part)


@each_target
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (1, 5), (7, 1), (8, 9000), (5, 8193), (3, 8192)])
def test_int8_shapes(features: frozenset[str], shape: tuple[int, int]) -> None:
    for dataflow in QUADS:
        check_int8(sparse_matrix(*shape, 0.5, seed=4), dataflow, 64, features)


@each_target
@pytest.mark.parametrize("fill", [0, -128, 127])
def test_int8_extremes(features: frozenset[str], fill: int) -> None:
    for dataflow in QUADS:
        check_int8(np.full((8, 20), fill), dataflow, 32, features)


@each_target
def test_weights_beyond_s8(features: frozenset[str]) -> None:
    weight = sparse_matrix(6, 30, 0.5, seed=5, low=-255, high=255)
    weight[0, :4] = [255, -255, 128, -129]
    check_int8(weight, Dataflow.GATHER_QUADS, 64, features)


@settings(deadline=None, max_examples=15)
@given(
    st.integers(1, 13),
    st.integers(1, 40),
    st.floats(0, 1),
    st.sampled_from(WIDTHS),
    st.sampled_from(WIDTHS),
    st.sampled_from(QUADS),
    st.sampled_from(ALL_TARGETS),
    st.booleans(),
)
def test_int8_drawn(
    rows: int,
    columns: int,
    density: float,
    width: int,
    part: int,
    dataflow: Dataflow,
    features: frozenset[str],
    cold: bool,
) -> None:
    check_int8(sparse_matrix(rows, columns, density, seed=rows), dataflow, width, features, cold=cold, part=part)


@each_target
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("density", [0.0, 0.01, 0.2])
def test_looking_ahead_stays_within_the_weight(features: frozenset[str], width: int, density: float) -> None:
    weight = sparse_matrix(6, 1000, density, seed=7)
    for dataflow in QUADS:
        check_int8(weight, dataflow, width, features, cold=True)


@pytest.mark.parametrize(
    ("dataflow", "columns", "width", "cold", "count"),
    [
        (Dataflow.GATHER_QUADS, 512, 64, False, 1),  # the weights of later quads
        (Dataflow.GATHER_QUADS, 516, 64, False, 1 + 4),  # and input rows
        (Dataflow.GATHER_QUADS, 516, 64, True, 1 + 4),
        (Dataflow.GATHER_QUADS, 516, 32, False, 0),
        (Dataflow.GATHER_QUADS, 516, 32, True, 1),  # a line of the weights of later groups
        (Dataflow.DENSE_QUADS, 516, 64, True, 1),
        (Dataflow.DENSE_QUADS, 516, 16, False, 0),
        (Dataflow.DENSE_QUADS, 516, 16, True, 1),
        (Dataflow.GATHER_ROWS, 128, 64, False, 1),
        (Dataflow.GATHER_ROWS, 129, 64, False, 1 + 4),  # and a row of 4 vectors
        (Dataflow.GATHER_ROWS, 129, 16, True, 1 + 1),
        (Dataflow.DENSE_ROWS, 128, 64, True, 1),
        (Dataflow.DENSE_ROWS, 129, 64, False, 1 + 4),
        (Dataflow.DENSE_ROWS, 129, 32, True, 1),
    ],
)
def test_what_is_asked_for_ahead(dataflow: Dataflow, columns: int, width: int, cold: bool, count: int) -> None:
    core = (QuadCore if dataflow in QUADS else RowCore)(WeightLayout(8, columns, dataflow), width)
    assert llvm_text([product_function(core, AVX512, cold=cold)]).count('call void @"llvm.prefetch') == count


@pytest.mark.parametrize(
    ("rows", "columns", "width", "cold", "count"),
    [
        (6, 516, 64, False, 1 + 4),  # and dwords
        (6, 512, 64, True, 1),
        (6, 516, 32, True, 1),
        (4, 516, 64, False, 1),
        (4, 516, 64, True, 1),
        (4, 516, 32, False, 0),
        (4, 516, 32, True, 1),
        (1, 516, 64, False, 0),
        (1, 516, 64, True, 1),
    ],
)
def test_what_blocks_ask_for_ahead(rows: int, columns: int, width: int, cold: bool, count: int) -> None:
    core = BlockCore(WeightLayout(12, columns, Dataflow.BLOCK_QUADS, rows), width)
    assert llvm_text([product_function(core, AVX512, cold=cold)]).count('call void @"llvm.prefetch') == count


@each_target
def test_a_range_of_groups(features: frozenset[str]) -> None:
    weight = sparse_matrix(22, 16, 0.5, seed=6)
    tile = np.random.default_rng(2).integers(0, 256, (16, 64)).astype(np.uint8)
    core = QuadCore(WeightLayout(22, 16, Dataflow.GATHER_QUADS))
    packed, bias = pack_weight(weight, Schedule(Dataflow.GATHER_QUADS)), np.zeros(22, np.int32)
    native = Native(product_function(core, features))
    expected = weight @ tile.astype(np.int64)
    for begin, end in ((0, 0), (1, 3), (4, 6), (5, 6), (2, 5)):
        out = np.full((22, 64), 9, np.int32)
        native.call("product", tile, packed, bias, out, begin, end)
        inside = slice(4 * begin, 4 * end)
        np.testing.assert_array_equal(out[inside], expected[inside])
        assert np.all(np.delete(out, inside, axis=0) == 9)


@each_target
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dataflow", ROWS)
@pytest.mark.parametrize("shape", [(1, 1), (7, 37), (8, 64), (5, 300), (17, 131)])
def test_float_products(features: frozenset[str], width: int, dataflow: Dataflow, shape: tuple[int, int]) -> None:
    for height in dataflow.row_counts:
        check_float(features, width, Schedule(dataflow, width, height), shape)


def check_float(features: frozenset[str], width: int, schedule: Schedule, shape: tuple[int, int]) -> None:
    """One weight, in pages that end where it does."""
    rows, columns = shape
    weight = (sparse_matrix(rows, columns, 0.5, seed=8) / 64).astype(np.float32)
    random = np.random.default_rng(9)
    tile = random.normal(size=(columns, 64)).astype(np.float32)
    bias = random.normal(size=rows).astype(np.float32)
    out = np.full((rows + 1, 64), -7, np.float32)
    core = RowCore(WeightLayout.of(shape, schedule), width)
    native = Native(product_function(core, features))
    packed = guarded(pack_weight(weight, schedule))
    native.call("product", tile, packed, bias, out, 0, core.weight.groups)
    expected = weight.astype(np.float64) @ tile.astype(np.float64) + bias[:, None]
    np.testing.assert_allclose(out[:rows, :width], expected[:, :width], rtol=1e-5, atol=1e-4)
    assert np.all(out[rows] == -7)
    assert np.all(out[:, width:] == -7)


@each_target
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("signed", [False, True])
def test_bytes_and_words_come_back_in_order(features: frozenset[str], width: int, signed: bool) -> None:
    core = QuadCore(WeightLayout(4, 4, Dataflow.DENSE_QUADS), width)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        source, words, narrow, wide, sums, _ = args
        store_bytes(e, core.order, load_bytes(e, core.order, source, signed=signed), narrow, signed=signed)
        store_row(e, core.order, load_bytes(e, core.order, source, signed=signed), wide)
        loaded = load_row(e, core.order, i32, words)
        for index, vector in enumerate(loaded):
            e.store(vector, sums, 64 * index)
        e.store(pack_row(e, core.order, loaded, signed=signed), narrow, 64)

    native = Native(build_function("move", features, body, (*[pointer] * 5, i64)))
    source = np.random.default_rng(3).integers(0, 256, 64).astype(np.uint8)
    words = np.random.default_rng(4).integers(-70000, 70000, 64).astype(np.int32)
    words[:16] = np.arange(-8, 8) * 40
    narrow, wide, sums = np.zeros(128, np.uint8), np.zeros(64, np.int32), np.zeros(64, np.int32)
    native.call("move", source, words, narrow, wide, sums, 0)
    np.testing.assert_array_equal(narrow[:width], source[:width])
    np.testing.assert_array_equal(wide[:width], (source.view(np.int8) if signed else source)[:width])
    limits = (-128, 127) if signed else (0, 255)
    np.testing.assert_array_equal(
        narrow[64 : 64 + width].view(np.int8 if signed else np.uint8), np.clip(words, *limits)[:width]
    )
    np.testing.assert_array_equal(sums[:width], words[np.concatenate(core.order.tokens)])


@each_target
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("rows", "columns"), [(7, 516), (12, 1000), (17, 700)])
@pytest.mark.parametrize("density", [0.0, 0.01, 1.0])
def test_looking_for_later_dwords_stays_within_the_weight(
    features: frozenset[str], width: int, rows: int, columns: int, density: float
) -> None:
    layout = WeightLayout(rows, columns, Dataflow.BLOCK_QUADS, 6)
    weight = sparse_matrix(rows, columns, density, seed=rows)
    x = np.random.default_rng(3).integers(0, 256, (columns, 64)).astype(np.uint8)
    tile = np.ascontiguousarray(x.reshape(-1, 4, 64).transpose(0, 2, 1))
    packed = guarded(pack_weight(weight, Schedule(layout.dataflow, rows=6)))
    out = np.zeros((rows, 64), np.int32)
    native = Native(product_function(BlockCore(layout, width), features))
    native.call("product", tile, packed, np.zeros(rows, np.int32), out, 0, layout.groups)
    np.testing.assert_array_equal(out[:, :width], (weight @ x.astype(np.int64))[:, :width])


@each_target
@pytest.mark.parametrize(("rows_of_block", "width"), [(1, 16), (1, 32), (1, 64), (4, 16), (6, 16), (6, 64), (16, 16)])
@pytest.mark.parametrize("pairs", [False, True])
def test_blocks_at_the_limits_of_16_bits(features: frozenset[str], rows_of_block: int, width: int, pairs: bool) -> None:
    random = np.random.default_rng(2)
    layout = WeightLayout(18, 44, Dataflow.BLOCK_QUADS, rows_of_block)
    x = random.integers(0, 256, (44, 64)).astype(np.uint8)
    x[:, ::2] = 255
    tile = np.ascontiguousarray(x.reshape(11, 4, 64).transpose(0, 2, 1))
    bias = np.zeros(18, np.int32)
    core = BlockCore(layout, width)
    native = Native(product_function(core, features, tokens=64))
    for fill in (32, -32, 33, 64, -65, 127, -128, None):
        weight = np.full((18, 44), fill) if fill is not None else random.integers(-60, 60, (18, 44))
        packed = guarded(pack_weight(weight, Schedule(layout.dataflow, rows=rows_of_block), pairs=pairs))
        out = np.zeros((18, 64), np.int32)
        native.call("product", tile, packed, bias, out, 0, layout.groups)
        np.testing.assert_array_equal(out, weight @ x.astype(np.int64))


@pytest.mark.parametrize("dataflow", QUADS)
def test_the_inner_loop_is_bound_by_the_vnni_units(dataflow: Dataflow) -> None:
    core = QuadCore(WeightLayout(768, 768, dataflow))
    loop = hottest_loop(assembly([product_function(core, AVX512)]), "vpdpbusd")
    counts = {name: loop.count(name) for name in ("vpdpbusd", "vpunpck.*", "vpbroadcastd")}
    assert counts == {"vpdpbusd": 16, "vpunpck.*": 8, "vpbroadcastd": 4}
    assert not loop.stack_traffic
    asked_ahead = 8 if core.weight.looks_ahead else 0  # four offsets, four rows
    assert len(loop.instructions) <= 40 + asked_ahead


@pytest.mark.parametrize(("features", "width", "products"), [(AVX512, 64, 24), (AVXVNNI, 16, 12)])
def test_sums_and_operands_of_six_rows_fit_into_registers(features: frozenset[str], width: int, products: int) -> None:
    core = BlockCore(WeightLayout(768, 768, Dataflow.BLOCK_QUADS, 6), width)
    loop = hottest_loop(assembly([product_function(core, features)]), "vpdpbusd")
    assert loop.count("vpdpbusd") == products and loop.count("vpbroadcastd") == 6
    assert not loop.stack_traffic


def test_sums_of_one_row_fill_half_of_the_registers() -> None:
    core = BlockCore(WeightLayout(768, 768, Dataflow.BLOCK_QUADS, 1))
    loop = hottest_loop(assembly([product_function(core, AVXVNNI)]), "vpdpbusd")
    assert loop.count("vpdpbusd") == 16 and loop.count("vpbroadcastd") == 2  # two entries, of 64 tokens
    assert not loop.stack_traffic
    loops = [loop for loop in innermost_loops(assembly([product_function(core, AVX2)])) if loop.count("vpmaddubsw")]
    assert [(loop.count("vpmaddubsw"), loop.count("vpmaddwd")) for loop in loops] == [(16, 8), (16, 16)]
    assert not any(loop.stack_traffic for loop in loops)  # of couples, then of pairs


@pytest.mark.parametrize("dataflow", QUADS)
def test_half_of_a_piece_interleaves_no_more_than_that(dataflow: Dataflow) -> None:
    core = QuadCore(WeightLayout(768, 768, dataflow), 32, 16)
    loops = [loop for loop in innermost_loops(assembly([product_function(core, AVXVNNI)])) if loop.count("vpdpbusd")]
    assert len(loops) == 2  # one for each half
    for loop in loops:
        counts = {name: loop.count(name) for name in ("vpdpbusd", "vpunpck.*", "vpbroadcastd")}
        assert counts == {"vpdpbusd": 8, "vpunpck.*": 4, "vpbroadcastd": 4}
        assert not loop.stack_traffic
