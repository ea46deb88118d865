"""Schedules follow the predicted cycles, which follow the weights, the number of tokens and the CPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsec.cost import (
    MOST_ROW_TOKENS,
    Product,
    cycles_of,
    fastest,
    gains_from_blocks,
    interleaved_schedules,
    packed_bytes,
    passes,
    predicted_cycles,
    row_schedules,
    tiled_schedules,
    width_for,
    with_first_reading,
)
from sparsec.kept import Kept
from sparsec.packing_rows import fits_rows
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import AMD, INTEL, TARGETS, ZEN_4
from tests.test_kept import matrix

TARGET = TARGETS["avx512vbmi"]
PORTS = TARGET.ports_of("")
QUADS = (Dataflow.GATHER_QUADS, Dataflow.DENSE_QUADS)
FLOATS = (Dataflow.GATHER_ROWS, Dataflow.DENSE_ROWS)
ROW_FLOWS = tuple(dataflow for dataflow in Dataflow if dataflow.is_token_major)


def chosen(product: Product, schedules=tiled_schedules, target: str = "avx512vbmi", core: str = "") -> Schedule:
    """The best one."""
    schedule, cycles = fastest(cycles_of(product, schedules(product), TARGETS[target], TARGETS[target].ports_of(core)))
    assert cycles > 0
    return schedule


def cycles(weight: np.ndarray, schedule: Schedule, tokens: int | None, target: str = "avx512vbmi") -> float:
    """Predicted for one product."""
    row = TARGETS[target]
    return predicted_cycles(Kept(weight), schedule, row, row.ports_of(""), tokens)


@pytest.mark.parametrize("integer", [True, False])
def test_sparse_weights_are_gathered_and_dense_ones_are_not(integer: bool) -> None:
    sparse, dense = (chosen(Product(Kept(matrix(density)), integer)) for density in (0.1, 1.0))
    assert sparse.dataflow == (QUADS if integer else FLOATS)[0]
    assert dense.dataflow == (QUADS if integer else FLOATS)[1]


@pytest.mark.parametrize("target", ["avx512vbmi", "avxvnni", "avx2"])
@pytest.mark.parametrize("rows", [256, 768, 1024])
def test_dense_floats_are_in_groups_of_six(target: str, rows: int) -> None:
    """Also where the last group has only four."""
    product = Product(Kept(np.ones((rows, 768), np.float32)), integer=False, tokens=128)
    assert chosen(product, target=target) == Schedule(Dataflow.DENSE_ROWS, 64, 6)


def test_wide_weights_are_gathered_even_when_dense() -> None:
    wide = Product(Kept(matrix(1.0)), True, wide=True, tokens=4, blocks=(4, 4))
    assert list(tiled_schedules(wide)) == [Schedule(Dataflow.GATHER_QUADS, 16)]
    assert not [*row_schedules(wide), *interleaved_schedules(wide)]


@pytest.mark.parametrize(("tokens", "tile"), [(1, 16), (16, 16), (17, 32), (32, 32), (33, 64), (64, 64), (500, 64)])
def test_the_tile_is_the_narrowest_that_holds_the_tokens(tokens: int, tile: int) -> None:
    assert width_for(tokens) == tile
    assert {schedule.tile for schedule in tiled_schedules(Product(Kept(matrix(0.5)), True, tokens=tokens))} == {tile}


def test_unknown_tokens_take_full_tiles() -> None:
    product = Product(Kept(matrix(0.5)), True)
    assert width_for(None) == 64 == chosen(product).tile
    assert not list(row_schedules(product))
    schedule = Schedule(Dataflow.GATHER_QUADS)
    assert cycles(matrix(0.5), schedule, None) == cycles(matrix(0.5), schedule, 64)


@pytest.mark.parametrize("tokens", [0, MOST_ROW_TOKENS + 1, 1000])
def test_rows_are_for_a_small_number_of_tokens(tokens: int) -> None:
    assert not list(row_schedules(Product(Kept(matrix(0.5)), True, tokens=tokens)))
    assert list(row_schedules(Product(Kept(matrix(0.5)), True, tokens=MOST_ROW_TOKENS)))


@given(st.integers(1, 140), st.integers(1, 200), st.integers(1, MOST_ROW_TOKENS), st.booleans())
def test_only_schedules_that_exist_are_considered(rows: int, columns: int, tokens: int, integer: bool) -> None:
    product = Product(Kept(np.ones((rows, columns), np.int8)), integer, blocks=(4, 4), tokens=tokens)
    for schedule in (*tiled_schedules(product), *interleaved_schedules(product), *row_schedules(product)):
        flow = schedule.dataflow
        assert flow.is_integer == integer and schedule.tile in flow.tiles and schedule.rows in flow.row_counts
        assert not flow.is_token_major or (fits_rows(columns, flow) and schedule.tile <= tokens)


@pytest.mark.parametrize(
    ("blocks", "wanted"), [(None, False), ((4, 1), False), ((16, 2), False), ((4, 4), True), ((1, 8), True)]
)
def test_interleaved_tiles_are_for_blocks_of_four_neighbours(blocks: tuple[int, int] | None, wanted: bool) -> None:
    found = list(interleaved_schedules(Product(Kept(matrix(0.5)), True, blocks=blocks)))
    assert bool(found) is wanted and {schedule.dataflow for schedule in found} <= {Dataflow.BLOCK_QUADS}
    as_blocks = list(interleaved_schedules(Product(Kept(matrix(0.5)), True, blocks=blocks, as_blocks=True)))
    assert as_blocks


@pytest.mark.parametrize(
    ("target", "core", "rows"),
    [
        ("avx512vbmi", AMD, None),
        ("avx512vbmi", ZEN_4, None),
        ("avx512vbmi", INTEL, 6),
        ("avx512vnni", INTEL, 6),
        ("avxvnni", INTEL, 6),
        ("avxvnni", AMD, None),
        ("avx2", AMD, 4),
        ("x86_64", INTEL, None),
    ],
)
def test_dense_bytes_are_multiplied_as_blocks_where_these_pay(target: str, core: str, rows: int | None) -> None:
    """Where unpacking once pays, where pairs must fit, and where 6 rows have enough sums that none waits."""
    row = TARGETS[target]
    assert gains_from_blocks(row, row.ports_of(core)) is (rows is not None)
    product = Product(Kept(matrix(1.0, (768, 768))), True, tokens=128, as_blocks=rows is not None)
    found = chosen(product, lambda p: (*tiled_schedules(p), *interleaved_schedules(p)), target, core)
    dataflow = Dataflow.DENSE_QUADS if rows is None else Dataflow.BLOCK_QUADS
    assert (found.dataflow, found.rows) == (dataflow, rows or 4)


@pytest.mark.parametrize(
    ("block", "tokens", "dataflow"),
    [
        ((16, 4), 1, Dataflow.GATHER_DWORDS),
        ((16, 4), 8, Dataflow.GATHER_DWORDS),
        ((4, 1), 1, Dataflow.PERMUTE_WINDOWS),
        ((4, 1), 32, Dataflow.GATHER_QUADS),
        ((256, 256), 4, Dataflow.DENSE_DWORDS),
    ],
)
def test_few_tokens_take_rows_where_these_are_cheaper(block: tuple[int, int], tokens: int, dataflow: Dataflow) -> None:
    weight = matrix(1.0 if block == (256, 256) else 0.1, block=block)
    product = Product(Kept(weight), True, tokens=tokens)
    assert chosen(product, lambda p: (*tiled_schedules(p), *row_schedules(p))).dataflow is dataflow


def test_permutations_that_the_target_lacks_are_not_chosen() -> None:
    product = Product(Kept(matrix(0.1)), True, tokens=1)
    for name in ("avx512vnni", "avxvnni", "avx2", "x86_64"):
        assert chosen(product, row_schedules, name).dataflow is not Dataflow.PERMUTE_WINDOWS


def test_the_first_of_equally_good_ones_is_taken() -> None:
    product = Product(Kept(matrix(0.5)), True, tokens=64)
    first, second = Schedule(Dataflow.GATHER_QUADS, 64), Schedule(Dataflow.GATHER_QUADS, 32)
    for order in ((first, second), (second, first)):
        schedule, _ = fastest(cycles_of(product, order, TARGET, PORTS))
        assert schedule is order[0]  # the tile of a schedule is its narrowest, not its cost


@settings(deadline=None)
@given(
    st.floats(0, 1), st.floats(0, 1), st.sampled_from([1, 8, 128, None]),
    st.sampled_from([Schedule(flow) for flow in (*QUADS, *FLOATS)] + [Schedule(Dataflow.GATHER_DWORDS, 4, 32)]),
)  # fmt: skip
def test_fewer_blocks_never_cost_more(a: float, b: float, tokens: int | None, schedule: Schedule) -> None:
    few, many = (cycles(matrix(density, (96, 96)), schedule, tokens) for density in sorted((a, b)))
    assert few <= many


@given(st.integers(1, 200), st.integers(0, 64), st.sampled_from([Schedule(flow, 4, 16) for flow in ROW_FLOWS]))
def test_more_tokens_never_cost_less(tokens: int, more: int, schedule: Schedule) -> None:
    for one in (schedule, Schedule(Dataflow.GATHER_QUADS)):
        covered = sum(count * width for count, width in passes(one, tokens))
        assert covered >= tokens and (covered == tokens or not one.dataflow.is_token_major)
    weight = matrix(0.3, (32, 128))
    assert cycles(weight, Schedule(Dataflow.GATHER_QUADS), tokens) <= cycles(
        weight, Schedule(Dataflow.GATHER_QUADS), tokens + more
    )


def test_other_targets_are_slower() -> None:
    for schedule in (Schedule(Dataflow.DENSE_QUADS), Schedule(Dataflow.GATHER_DWORDS, 4, 16)):
        found = [cycles(matrix(0.5), schedule, 64, name) for name in TARGETS]
        assert found == sorted(found)


def test_narrow_tiles_whose_rows_do_not_stay_near_wait_for_them() -> None:
    """With 16 tokens of 768 channels, most of which each group reads: a core with slow loads is better off dense."""
    for density, dense in ((0.2, True), (0.1, False)):
        product = Product(Kept(matrix(density, (768, 768), (1, 1))), integer=True, blocks=(1, 1), tokens=16)
        schedules = [*tiled_schedules(product), *row_schedules(product)]
        schedule, _ = fastest(cycles_of(product, schedules, TARGET, TARGET.ports_of(ZEN_4)))
        assert schedule.dataflow.is_dense == dense


def test_a_shared_port_costs() -> None:
    schedule, kept = Schedule(Dataflow.GATHER_QUADS), Kept(matrix(0.5))
    intel, amd = (predicted_cycles(kept, schedule, TARGET, TARGET.ports_of(v), 64) for v in (INTEL, "AuthenticAMD"))
    assert intel > amd
    assert predicted_cycles(kept, schedule, TARGET, TARGET.ports_of("unknown"), 64) == intel


def test_rows_of_a_narrow_tile_are_far_where_one_group_reads_more_than_the_first_level_holds() -> None:
    target = TARGETS["avx512vbmi"]

    def per_quad(columns: int, core: str) -> float:
        """Of dense weights, without what surrounds the steps."""
        schedule, ports = Schedule(Dataflow.GATHER_QUADS, 16), target.ports_of(core)
        full, empty = Kept(np.ones((64, columns), np.int8)), Kept(np.zeros((64, columns), np.int8))
        full_cycles, empty_cycles = (predicted_cycles(kept, schedule, target, ports, 1) for kept in (full, empty))
        return (full_cycles - empty_cycles) / (full.quads - empty.quads)

    for core in (INTEL, ZEN_4):
        ports = target.ports_of(core)
        held = ports.first_cache // 64
        near, far = per_quad(held // 4 * 3 - 8, core), per_quad(held // 4 * 3 + 8, core)
        assert 4 <= near < far == pytest.approx((4 * 64 + 24) / ports.row_rate, rel=0.02)


def test_weights_stay_near_while_all_of_them_fit() -> None:
    size = packed_bytes(Kept(np.ones((64, 64), np.int8)), Schedule(Dataflow.DENSE_QUADS), TARGETS["avx512vnni"])
    assert size == 64 * 64
    near, far, farther = (with_first_reading(5000, size, of_model, PORTS) for of_model in (1e5, 1e7, 1e9))
    assert near == 5000 < far == farther < 5500
    slow = replace(PORTS, far_byte=2 * PORTS.far_byte)
    assert with_first_reading(5000, size, 1e7, slow) - far == pytest.approx(far - near)
    # with nothing else to do, it waits for what has not stayed
    quick = replace(PORTS, far_byte=0.01, far_rate=5.0)
    assert with_first_reading(10, size, 1e5, quick) == 10
    assert with_first_reading(10, size, 1 << 40, quick) == pytest.approx(size / 5, rel=1e-3)
    assert with_first_reading(10, size, 2 << 20, quick) == pytest.approx(size / 10)
