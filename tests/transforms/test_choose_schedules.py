"""Schedules: those given by hand must fit the product; others follow the number of tokens, known or expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from xdsl.dialects.builtin import f32, i8, i32

from sparsec.builder import begin_module
from sparsec.cost import cycles_of
from sparsec.dialects.encoding import Layout, layout_of, tensor, ui8, with_layout
from sparsec.dialects.sparse import MatMul, layout_read_by
from sparsec.dims import Dim, Size
from sparsec.errors import CompilerBug, ShapeError
from sparsec.kept import Kept
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import AMD, INTEL, TARGETS
from sparsec.transforms.assign_layouts import AssignLayouts
from sparsec.transforms.choose_schedules import ChooseSchedules
from sparsec.transforms.scheduler import Scheduler
from sparsec.weights import Array, WeightStore
from tests.transforms.graphs import BATCH, SEQUENCE
from tests.transforms.passes import require_same, run_passes

TILES = (Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS, Dataflow.BAKED_QUADS, Dataflow.BLOCK_QUADS)
ROWS = (Dataflow.GATHER_DWORDS, Dataflow.DENSE_DWORDS, Dataflow.PERMUTE_WINDOWS)


def drawn(rows: int, columns: int, block: tuple[int, int] = (16, 4), density: float = 0.1) -> Array:
    """s8 in random blocks."""
    random = np.random.default_rng(rows + columns)
    kept = random.random((-(-rows // block[0]), -(-columns // block[1]))) < density
    kept = kept.repeat(block[0], 0).repeat(block[1], 1)[:rows, :columns]
    return (random.integers(1, 127, (rows, columns)) * kept).astype(np.int8)


def scheduled(
    weight: Array,
    tokens: Sequence[Size] = (BATCH, SEQUENCE),
    hint: Schedule | None = None,
    unroll: str = "auto",
    **options: str,
) -> MatMul:
    """The product of `x[*tokens, in]` with a weight, after both passes with these options."""
    weights = WeightStore()
    is_float = weight.dtype == np.float32
    b, values, finish = begin_module(weights, [("x", tensor(f32 if is_float else ui8, [*tokens, weight.shape[1]]))])
    body = b.body([f32 if is_float else i32], lambda _, arguments: [arguments[0]])
    constant = b.weight(weight, schedule=hint) if hint else b.constant(weight)
    module = finish([("y", b.sparse_matmul(values["x"], constant, [], body)[0])])
    after = run_passes(module, weights, AssignLayouts(**options), ChooseSchedules(**options, unroll=unroll))
    if not is_float:
        require_same(module, after, weights, {"batch": 2, "sequence": 3})
    (found,) = (op for op in after.walk() if isinstance(op, MatMul))
    assert found.schedule is not None
    assert layout_of(found.x.type) == layout_read_by(found.schedule.schedule.dataflow)
    return found


def schedule_of(*arguments: object, **options: object) -> Schedule:
    """The schedule that is chosen."""
    attribute = scheduled(*arguments, **options).schedule  # pyright: ignore
    assert attribute is not None
    return attribute.schedule


def test_unknown_tokens_take_tiles() -> None:
    assert schedule_of(drawn(64, 128)).dataflow in TILES
    assert schedule_of(drawn(64, 128), (BATCH, 1)).dataflow in TILES
    assert schedule_of(drawn(64, 128)).tile == 64


@pytest.mark.parametrize("tokens", [(1,), (2, 3), (8,)])
def test_few_tokens_take_rows(tokens: tuple[int, ...]) -> None:
    schedule = schedule_of(drawn(256, 256), tokens)
    assert schedule.dataflow is Dataflow.GATHER_DWORDS and schedule.tile == np.prod(tokens)


def test_many_tokens_take_tiles() -> None:
    assert schedule_of(drawn(256, 256, (4, 1)), (65,)) == Schedule(Dataflow.GATHER_QUADS, 64)


def test_expected_sizes_are_taken_as_known() -> None:
    few = schedule_of(drawn(256, 256), expect="batch=1,sequence=2")
    assert few == schedule_of(drawn(256, 256), (1, 2)) and few.dataflow in ROWS
    assert schedule_of(drawn(256, 256, (4, 1)), expect="batch=2,sequence=64,other=1").dataflow in TILES
    assert schedule_of(drawn(256, 256, (4, 1)), expect="batch=7,sequence=4").tile == 32
    assert schedule_of(drawn(256, 256), (BATCH, 2), expect="batch=1") == few


def test_one_size_that_is_expected_is_not_enough() -> None:
    assert schedule_of(drawn(256, 256), expect="batch=1").dataflow in TILES
    assert schedule_of(drawn(256, 256), expect="other=1").dataflow in TILES


def test_the_target_counts() -> None:
    weight = drawn(256, 256, (4, 1))
    assert schedule_of(weight, (1,), target="avx512vbmi").dataflow is Dataflow.PERMUTE_WINDOWS
    assert schedule_of(weight, (1,), target="avx2").dataflow is not Dataflow.PERMUTE_WINDOWS


def test_no_other_target_suffers_much() -> None:
    few, dense = drawn(256, 256, (4, 1)), drawn(256, 256, density=1)
    assert schedule_of(few, (1,), others="avx512vnni,avx2").dataflow is Dataflow.GATHER_DWORDS
    for others in ("", "avxvnni"):
        assert schedule_of(dense, (128,), core=AMD, others=others).dataflow is Dataflow.DENSE_QUADS
    assert schedule_of(dense, (128,), core=AMD, others="avx512vnni,avxvnni,avx2").dataflow is Dataflow.BLOCK_QUADS


@pytest.mark.parametrize(
    ("target", "others", "rows"), [("avx512vbmi", "avx512vnni,avxvnni,avx2", 6), ("avxvnni", "", 6), ("avx2", "", 4)]
)
def test_dense_bytes_are_in_groups_that_no_target_suffers_from(target: str, others: str, rows: int) -> None:
    """Of all targets, AVX-VNNI would lose more with 4 rows than AVX2 does with 6."""
    found = schedule_of(drawn(768, 768, density=1), (128,), target=target, core=INTEL, others=others)
    assert (found.dataflow, found.rows) == (Dataflow.BLOCK_QUADS, rows)


def test_a_schedule_counts_as_on_the_target_that_it_is_worst_for() -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [64, 256]))])
    body = b.body([i32], lambda _, arguments: [arguments[0]])
    finish([("y", b.sparse_matmul(values["x"], b.constant(drawn(256, 256, density=1)), [], body)[0])])
    (op,) = (op for op in values["x"].owner.ops if isinstance(op, MatMul))  # pyright: ignore
    alone, both = (Scheduler(weights, "avx512vnni", AMD, "", others) for others in ("", "avx2"))
    gathered, blocks = Schedule(Dataflow.GATHER_QUADS), Schedule(Dataflow.BLOCK_QUADS, rows=4)
    here, there = (
        cycles_of(both.product_of(op), (gathered, blocks), row, row.ports_of(core))
        for row, core in ((TARGETS["avx512vnni"], AMD), (TARGETS["avx2"], ""))
    )
    ratio = there[gathered] / there[blocks]
    _, least = min((found for layout in Layout if (found := alone.best(op, layout))), key=lambda found: found[1])
    assert ratio > 1.15
    assert both.best(op, Layout.TILED) == (gathered, pytest.approx(least * ratio))
    assert both.best(op, Layout.INTERLEAVED) == (blocks, here[blocks])


def test_patterns_are_unrolled_where_all_targets_gain() -> None:
    weight = drawn(64, 64, (4, 1), 0.2)
    assert schedule_of(weight, (128,), core=AMD).dataflow is Dataflow.BAKED_QUADS
    assert schedule_of(weight, (128,), core=AMD, others="avx512vnni").dataflow is Dataflow.BAKED_QUADS
    assert schedule_of(weight, (128,), core=AMD, others="avx512vnni,avx2").dataflow is Dataflow.GATHER_QUADS


def test_the_baseline_has_no_say() -> None:
    for weight, tokens in ((drawn(256, 256, (4, 1)), 1), (drawn(256, 256, density=1), 128)):
        alone = schedule_of(weight, (tokens,), core=AMD)
        assert schedule_of(weight, (tokens,), core=AMD, others="x86_64") == alone
        assert schedule_of(weight, (tokens,), core=AMD, others="avx2,x86_64") != alone


@pytest.mark.parametrize("flow", [*ROWS, Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS])
@pytest.mark.parametrize("tokens", [(BATCH, SEQUENCE), (1,), (500,)])
def test_a_schedule_given_by_hand_wins(flow: Dataflow, tokens: tuple[Size, ...]) -> None:
    hint = Schedule(flow, flow.tiles[-1], flow.row_counts[-1])
    assert schedule_of(drawn(70, 130), tokens, hint) == hint


WIDE = np.full((8, 200), 200, np.int16)
SMALL = np.ones((8, 100), np.int8)
NO_FIT = [
    (np.ones((8, 8), np.float32), Dataflow.GATHER_QUADS, "f32 by f32 with 8 input channels: use gather_rows or dense_"),
    (SMALL, Dataflow.GATHER_ROWS, "ui8 by i8 with 100 input channels: use gather_quads or dense_quads or "),
    (SMALL, Dataflow.PERMUTE_WINDOWS, "ui8 by i8 with 100 input channels: .* gather_dwords or dense_dwords$"),
    (SMALL[:, :3], Dataflow.DENSE_DWORDS, "ui8 by i8 with 3 input channels: use gather_quads or dense_quads"),
    (WIDE, Dataflow.DENSE_DWORDS, "ui8 by i16 with 200 input channels: use gather_quads$"),
    (WIDE, Dataflow.DENSE_QUADS, "ui8 by i16 with 200 input channels: use gather_quads$"),
]


@pytest.mark.parametrize(("weight", "flow", "message"), NO_FIT)
def test_a_schedule_that_does_not_fit_is_refused(weight: Array, flow: Dataflow, message: str) -> None:
    hint = Schedule(flow, flow.tiles[0], flow.row_counts[0])
    with pytest.raises(ShapeError, match=f"dataflow {flow.value} does not fit a product of {message}") as caught:
        scheduled(weight, (4,), hint)
    possible = str(caught.value).split(": use ")[1].split(" or ")
    assert flow not in possible and "permute_windows" not in possible


def test_the_place_is_named() -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [3, 8]))])
    weight = b.weight(np.ones((8, 8), np.int8), schedule=Schedule(Dataflow.PERMUTE_WINDOWS, 4, 16))
    body = b.body([i32], lambda _, arguments: [arguments[0]])
    b.source = "page.spc:3:5"
    module = finish([("y", b.sparse_matmul(values["x"], weight, [], body)[0])])
    with pytest.raises(ShapeError, match=r"^page.spc:3:5: dataflow permute_windows does not fit"):
        run_passes(module, weights, ChooseSchedules())


def test_a_layout_that_no_schedule_reads() -> None:
    weights = WeightStore()
    symbol = Dim.symbol("tokens")
    b, values, finish = begin_module(weights, [("x", with_layout(tensor(ui8, [symbol, 8]), Layout.TILED))])
    rows = b.convert_layout(values["x"], None)
    body = b.body([i32], lambda _, arguments: [arguments[0]])
    module = finish([("y", b.sparse_matmul(rows, b.constant(np.ones((8, 8), np.int8)), [], body)[0])])
    with pytest.raises(CompilerBug, match=r"no schedule of sparse.matmul reads activations that are row-major"):
        run_passes(module, weights, ChooseSchedules())


def test_a_weight_that_is_no_constant() -> None:
    weights = WeightStore()
    inputs = [("x", tensor(ui8, [3, 8])), ("w", tensor(i8, [8, 8]))]
    b, values, finish = begin_module(weights, inputs)
    body = b.body([i32], lambda _, arguments: [arguments[0]])
    module = finish([("y", b.sparse_matmul(values["x"], values["w"], [], body)[0])])
    with pytest.raises(CompilerBug, match=r"the weight of sparse.matmul is made by .*, not a constant"):
        run_passes(module, weights, ChooseSchedules())


def test_small_patterns_of_known_sizes_are_unrolled_within_the_budget() -> None:
    small, large = drawn(16, 32, (4, 1), 0.3), drawn(256, 256, (4, 1), 0.3)
    assert schedule_of(small, [128]).dataflow is Dataflow.BAKED_QUADS
    assert schedule_of(small).dataflow is Dataflow.GATHER_QUADS
    assert schedule_of(large, [128]).dataflow is Dataflow.GATHER_QUADS


@pytest.mark.parametrize(
    ("target", "unroll", "wanted"),
    [
        ("avx512vnni", "auto", Dataflow.BAKED_QUADS),
        ("avx2", "auto", Dataflow.GATHER_QUADS),
        ("avx2", "always", Dataflow.BAKED_QUADS),
        ("x86_64", "auto", Dataflow.GATHER_QUADS),
    ],
)
def test_patterns_are_not_unrolled_where_that_is_slower(target: str, unroll: str, wanted: Dataflow) -> None:
    assert schedule_of(drawn(16, 32, (4, 1), 0.3), [128], target=target, unroll=unroll).dataflow is wanted


@pytest.mark.parametrize(("unroll", "tokens"), [("never", [128]), ("always", [128]), ("always", [BATCH, SEQUENCE])])
def test_unrolling_can_be_forced_and_forbidden(unroll: str, tokens: list[Size]) -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [*tokens, 64]))])
    body = b.body([i32], lambda _, arguments: [arguments[0]])
    module = finish([("y", b.sparse_matmul(values["x"], b.constant(drawn(64, 64, (4, 1), 0.2)), [], body)[0])])
    after = run_passes(module, weights, AssignLayouts(), ChooseSchedules(unroll=unroll))
    (found,) = (op for op in after.walk() if isinstance(op, MatMul))
    expected = Dataflow.BAKED_QUADS if unroll == "always" else Dataflow.GATHER_QUADS
    assert found.schedule is not None and found.schedule.schedule.dataflow is expected
    require_same(module, after, weights, {"batch": 2, "sequence": 3})


def test_the_budget_is_for_all_products_together() -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(ui8, [128, 32]))])
    outputs = []
    for seed in range(3):
        weight = drawn(16, 32, (4, 1), 0.3) * np.int8(seed + 1)
        body = b.body([i32], lambda _, arguments: [arguments[0]])
        outputs.append((f"y{seed}", b.sparse_matmul(values["x"], b.constant(weight), [], body)[0]))
    module = finish(outputs)
    size = Kept(drawn(16, 32, (4, 1), 0.3)).code_size(64)
    after = run_passes(module, weights, AssignLayouts(), ChooseSchedules(budget=2 * size))
    flows = [op.schedule.schedule.dataflow for op in after.walk() if isinstance(op, MatMul) and op.schedule]
    assert flows == [Dataflow.BAKED_QUADS, Dataflow.BAKED_QUADS, Dataflow.GATHER_QUADS]
