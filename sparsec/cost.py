"""Predicted cycles of a product with a weight, and the choice they lead to: pure functions over plain values.

A step of a kernel is bounded by the ports that its instructions need (`target.Ports`), by the sums that wait for the
ones before, or by the bytes of the weight. What a step takes beyond its bound, and what surrounds the steps, was
measured, on Zen 5 unless it is said (`benchmarks/calibrate_cost.py` prints it beside the prediction). Predictions serve
to compare schedules and to explain; they are not a promise of absolute time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sparsec.kept import Kept, sets_of
from sparsec.packing_rows import fits_rows
from sparsec.schedule import GROUP, TALL_GROUP, TILE, Dataflow, Schedule
from sparsec.target import USUAL_INSTRUCTIONS, CpuTarget, Ports

FLOAT_LATENCY = 4
"""Cycles until the next fused multiply-add can add to the same sum."""

BYTES_PER_CYCLE = ((256 << 10, 56.0), (1 << 62, 28.0))
"""Sizes of weights, and the bytes of them that arrive per cycle: from the second-level cache, or from beyond."""

NARROW_SLACK = {32: 1.42, 16: 1.25}
"""What a step of quads on a narrow tile takes of its bound: loads and multiplications leave no room for each other.
Where unpacks share their ports, these bound it alone."""

OVERLAP, SHORT_GROUP = 0.65, 32
"""What is left of waiting for sums when a group has at most so many steps: the next group's sums do not wait."""

FAR_TILE, FAR_SLACK = 48 << 10, 1.18
"""What a step of gathered quads takes of its bound where rows come from the second-level cache and are not asked for
ahead: from tiles of more bytes that are computed in narrower pieces."""

LINE = 64
"""Bytes of a cache line, of which each row of a narrow tile takes one."""

STAYING = 1 << 20
"""Bytes of a model's weights that stay in the second-level cache from one inference to the next."""

USUAL_LOADS = 2
"""Loads of any width on the cores that `OVERHEADS` were measured on. A core that starts one with 512 bits takes two
steps for each, but not for narrower ones."""

AS_WORDS, GATHERED_PAIRS, IN_PAIRS, TALL_PAIRS, EACH_TIME = 2.7, 2.4, 2.0, 2.4, 3.6
"""How many multiplications a dot product of bytes counts for where there is no such instruction: bytes are widened to
16 bits, or pairs of products are added up in 16 bits, or two pairs, as most of dense weights can be. Measured, pairs on
whole models; gathered quads have rows to interleave and fewer couples. Blocks of more rows have fewer, too, since all
rows must fit. Patterns in the code widen both operands each time, 1.0 to 1.5 times as long as the loop."""

ONE_ROW_SLACK, STREAMED_SLACK = 1.2, 1.15
"""What a step of blocks with a single row takes of its bound; and a step of 4 rows where tiles pass by
(`_is_streamed`), on Granite Rapids, where with 6 rows dense weights take 1.02 to 1.05 of it."""

WIDTHS = (64, 32, 16)
"""Tokens of a tile that can be kept in registers at a time."""

MOST_ROW_TOKENS = 64
"""From more tokens on, rows are not considered: tiles keep the multipliers busy and need no conversions."""

_ROW_TILE = 8
"""Tokens in rows at a time."""


@dataclass(frozen=True)
class Overhead:
    """What a dataflow takes beyond the bounds of its steps, in cycles; measured.

    Attributes:
        slack: what a step takes of its bound.
        block: around the steps of one block of rows, for one tile of tokens.
        vector: for each vector of 16 results: the body and the store.
    """

    slack: float
    block: float
    vector: float


OVERHEADS: Mapping[Dataflow, Overhead] = {
    Dataflow.DENSE_QUADS: Overhead(1.01, 8.0, 1.1),
    Dataflow.GATHER_QUADS: Overhead(1.04, 8.0, 1.1),
    Dataflow.BAKED_QUADS: Overhead(1.04, 4.0, 1.1),
    Dataflow.BLOCK_QUADS: Overhead(1.04, 3.0, 1.2),
    Dataflow.GATHER_DWORDS: Overhead(1.05, 10.0, 2.2),
    Dataflow.DENSE_DWORDS: Overhead(1.05, 10.0, 2.2),
    Dataflow.PERMUTE_WINDOWS: Overhead(1.08, 12.0, 5.0),
    Dataflow.DENSE_ROWS: Overhead(1.02, 8.0, 1.1),
    Dataflow.GATHER_ROWS: Overhead(1.09, 8.0, 1.1),
}


@dataclass(frozen=True)
class _Step:
    """What the innermost step of a kernel does: instructions on 512 bits, independent sums, bytes of the weight.

    Attributes:
        small: loads of less than 512 bits, and of a number for all lanes.
    """

    multiplies: float
    loads: float
    small: float
    shuffles: float
    sums: float
    size: float


def _step(schedule: Schedule, tokens: int, target: CpuTarget, sets: int) -> _Step:
    rows = schedule.rows
    vectors = tokens / 16
    held = min(tokens, target.row_tile if rows == 1 else target.register_tile) / 16
    match schedule.dataflow:
        case Dataflow.GATHER_QUADS | Dataflow.DENSE_QUADS | Dataflow.BAKED_QUADS:
            # narrow tiles: inserts, and permutations at half the rate of unpacks; with VBMI one permutation per vector
            shuffles = 10.0
            if tokens == TILE or target.has("avx512vbmi"):
                shuffles = 8.0 if tokens > 16 else 6.0
            size = 16 if schedule.dataflow is not Dataflow.GATHER_QUADS else 24
            rows_of_input, numbers = (4, 4) if tokens == TILE else (0, 8)
            return _Step(4 * vectors, rows_of_input, numbers, shuffles, 4 * held, size)
        case Dataflow.BLOCK_QUADS:
            return _Step(rows * vectors, vectors, rows, 0, rows * held * sets, 2 + 4 * rows)
        case Dataflow.GATHER_DWORDS | Dataflow.DENSE_DWORDS:
            products = rows / 16 * tokens
            return _Step(products, rows / 16, tokens, 0, products * sets, 4 * rows + 2)
        case Dataflow.PERMUTE_WINDOWS:
            # permutations of 128 bytes take more than their share of the shuffle ports; measured
            return _Step(4 * tokens, 2 * tokens + 8, 0, 14.5 * tokens, 4 * tokens, 322)
        case Dataflow.GATHER_ROWS | Dataflow.DENSE_ROWS:
            size = 4 * rows if schedule.dataflow.is_dense else 20
            return _Step(rows * vectors, vectors, rows, 0, rows * held, size)


def _step_cycles(
    schedule: Schedule, tokens: int, target: CpuTarget, ports: Ports, sets: int, steps: float, short: bool
) -> float:
    step = _step(schedule, tokens, target, sets)
    bandwidth = next(rate for limit, rate in BYTES_PER_CYCLE if steps * step.size <= limit)
    latency = ports.latency if schedule.dataflow.is_integer else FLOAT_LATENCY
    wait = latency * step.multiplies / step.sums * (OVERLAP if short else 1.0)
    pieces = max(1.0, 512 / target.vector_bits)
    multiplies = step.multiplies * pieces
    if schedule.dataflow.is_integer and not target.multiplies_bytes:
        multiplies *= _multiplications(schedule, target)
    if schedule.dataflow is Dataflow.PERMUTE_WINDOWS and not target.has("avx512vbmi"):
        return 600.0 * tokens  # byte by byte through memory
    shuffles = step.shuffles * pieces
    # where one port has the unpacks, others take their share of narrow tiles' inserts and of permutations
    shuffling = (multiplies + shuffles) / ports.multiplies if ports.shared else shuffles / ports.unpacks
    return max(
        multiplies / ports.multiplies,
        (step.loads / ports.loads + step.small / max(ports.loads, USUAL_LOADS)) * pieces,
        shuffling,
        wait,
        step.size / bandwidth,
    )


def gains_from_blocks(target: CpuTarget, ports: Ports) -> bool:
    """Whether any weight may be faster as blocks on interleaved tiles: where bytes are multiplied in pairs, since only
    entries with an offset can be ordered such that pairs fit; where unpacks take the ports of multiplies, since such
    tiles are unpacked once for all output rows (a dense quad takes 8 cycles on Intel's AVX-512 instead of 12); and
    where registers hold so few sums of quads that these wait for each other, since blocks may have more rows."""
    sums = GROUP * target.register_tile * 32 // target.vector_bits
    waits = sums < ports.latency * ports.multiplies
    return target.multiplies_in_pairs or (target.multiplies_bytes and (ports.shared or waits))


def _are_rows_far(columns: int, quads: float, ports: Ports) -> bool:
    """Whether all rows of a tile are fetched from the second-level cache: groups of so many quads read over half of
    them in order, and that fills most of the first-level cache, so each row is gone when it is due again."""
    return 4 * quads > columns / 2 and 4 * LINE * quads > 0.75 * ports.first_cache


def _is_streamed(columns: int, entries: float, schedule: Schedule, target: CpuTarget, ports: Ports) -> bool:
    """Whether each group of 4 rows fetches its tile from the second-level cache, where that takes longer than what is
    done with it: in fp32, and in bytes on interleaved tiles with vectors of 512 bits."""
    match schedule.dataflow:
        case Dataflow.DENSE_ROWS:
            return columns * TILE * 4 > ports.first_cache
        case Dataflow.BLOCK_QUADS:
            return target.vector_bits == 512 and _are_rows_far(columns, entries, ports)
        case _:
            return False


def _far_cycles(size: float, ports: Ports) -> float:
    """What a step of quads takes at least whose 4 rows and `size` bytes of the weight come from the second-level
    cache."""
    return (4 * LINE + size) / ports.row_rate


def _multiplications(schedule: Schedule, target: CpuTarget) -> float:
    """For a dot product of bytes that the target does not have."""
    match schedule.dataflow:
        case Dataflow.BAKED_QUADS:
            return EACH_TIME
        case Dataflow.BLOCK_QUADS if target.multiplies_in_pairs:
            return IN_PAIRS if schedule.rows <= GROUP else TALL_PAIRS
        case Dataflow.GATHER_QUADS if target.multiplies_in_pairs:
            return GATHERED_PAIRS
        case _:
            return AS_WORDS


def passes(schedule: Schedule, tokens: int) -> list[tuple[int, int]]:
    """How often the kernel runs over the weight, and for how many tokens at a time."""
    full, rest = divmod(tokens, TILE if not schedule.dataflow.is_token_major else schedule.tile)
    if schedule.dataflow.is_token_major:
        return [(full, schedule.tile)] * bool(full) + [(1, rest)] * bool(rest)
    return [(full, TILE)] * bool(full) + [(1, width_for(rest))] * bool(rest)


def predicted_cycles(kept: Kept, schedule: Schedule, target: CpuTarget, ports: Ports, tokens: int | None) -> float:
    """Cycles of one product with `tokens` activations (64 if unknown)."""
    overhead = OVERHEADS[schedule.dataflow]
    sets = sets_of(schedule, kept.rows, kept.columns)
    steps = kept.steps(schedule)
    blocks = -(-kept.rows // schedule.rows)
    short = steps <= SHORT_GROUP * blocks
    if schedule.dataflow in (Dataflow.DENSE_ROWS, Dataflow.BLOCK_QUADS):
        steps *= kept.rows / (blocks * schedule.rows)  # the last group has only the rows that there are
    total = 0.0
    for count, width in passes(schedule, TILE if tokens is None else tokens):
        results = kept.rows * width / 16 * max(1.0, 512 / target.vector_bits) * USUAL_INSTRUCTIONS / ports.instructions
        around = blocks * overhead.block + results * overhead.vector
        is_quads = schedule.dataflow in (Dataflow.DENSE_QUADS, Dataflow.GATHER_QUADS, Dataflow.BAKED_QUADS)
        slack = NARROW_SLACK.get(width, overhead.slack) if is_quads and not ports.shared else overhead.slack
        one_row = schedule.dataflow is Dataflow.BLOCK_QUADS and schedule.rows == 1
        if one_row:
            slack = ONE_ROW_SLACK
        elif schedule.rows == GROUP and _is_streamed(kept.columns, steps / blocks, schedule, target, ports):
            slack = STREAMED_SLACK
        in_pieces = width == TILE > target.register_tile
        if schedule.dataflow is Dataflow.GATHER_QUADS and in_pieces and kept.columns * TILE > FAR_TILE:
            slack = max(slack, FAR_SLACK)
        cycles = slack * _step_cycles(schedule, width, target, ports, sets, steps, short)
        if is_quads and width < TILE and _are_rows_far(kept.columns, steps / blocks, ports):
            cycles = max(cycles, _far_cycles(_step(schedule, width, target, sets).size, ports))
        if one_row and kept.columns * TILE > FAR_TILE:
            cycles = max(cycles, 4 * width / ports.tile_rate)
        total += count * (steps * cycles + around)
    return total


def packed_bytes(kept: Kept, schedule: Schedule, target: CpuTarget) -> float:
    """About how many bytes the packed weight takes."""
    return kept.steps(schedule) * _step(schedule, TILE, target, 1).size


def with_first_reading(cycles: float, size: float, of_model: float, ports: Ports) -> float:
    """Cycles of a product that takes `cycles` with its weight of `size` bytes at hand, in a model with `of_model`."""
    if of_model <= STAYING:
        return cycles
    coming = size * (1 - STAYING / of_model)
    return max(cycles + size * ports.far_byte, coming / ports.far_rate)


@dataclass(frozen=True)
class Product:
    """What there is to know of a product when its schedule is chosen.

    Attributes:
        kept: of its weight.
        integer: bytes or fp32.
        wide: integer weights beyond s8; only gathered quads hold them.
        blocks: the block shape that the weight was found to have, None for a dense one.
        tokens: how many there are, None if that is only known at run time.
        as_blocks: weights without blocks of 4 neighbouring channels may be faster as such, on interleaved tiles.
    """

    kept: Kept
    integer: bool
    wide: bool = False
    blocks: tuple[int, int] | None = None
    tokens: int | None = None
    as_blocks: bool = False


def tiled_schedules(product: Product) -> Iterator[Schedule]:
    """The schedules on tiles that are worth a thought."""
    tile = width_for(product.tokens)
    if not product.integer:
        yield from (Schedule(Dataflow.DENSE_ROWS, tile, rows) for rows in _groups(product))
        yield Schedule(Dataflow.GATHER_ROWS, tile)
        return
    if not product.wide:
        yield Schedule(Dataflow.DENSE_QUADS, tile)
    yield Schedule(Dataflow.GATHER_QUADS, tile)


def interleaved_schedules(product: Product) -> Iterator[Schedule]:
    """The schedules on interleaved tiles: for blocks of at least 4 neighbouring channels, and for all `as_blocks`."""
    of_four = product.as_blocks or (product.blocks is not None and product.blocks[1] % 4 == 0)
    if product.integer and not product.wide and of_four:
        tile = width_for(product.tokens)
        yield from (Schedule(Dataflow.BLOCK_QUADS, tile, rows) for rows in (1, *_groups(product)))


def _groups(product: Product) -> tuple[int, ...]:
    """How many rows groups may have; more than there are would change nothing."""
    return (GROUP, TALL_GROUP) if product.kept.rows > GROUP else (GROUP,)


def row_schedules(product: Product) -> Iterator[Schedule]:
    """The schedules on rows: for a known, small number of tokens."""
    tokens = product.tokens
    if not product.integer or product.wide or tokens is None or not 0 < tokens <= MOST_ROW_TOKENS:
        return
    tile = min(tokens, _ROW_TILE)
    for flow in (Dataflow.DENSE_DWORDS, Dataflow.GATHER_DWORDS, Dataflow.PERMUTE_WINDOWS):
        if not fits_rows(product.kept.columns, flow):
            continue
        if flow is Dataflow.PERMUTE_WINDOWS:
            yield Schedule(flow, min(tile, max(flow.tiles)), 16)
        else:
            heights = (16, 32) if tile > 4 else (16, 32, 64)
            yield from (Schedule(flow, tile, rows) for rows in heights if rows == 16 or rows < 2 * product.kept.rows)


def cycles_of(
    product: Product,
    schedules: Iterable[Schedule],
    target: CpuTarget,
    ports: Ports,
    tuned: Mapping[Schedule, float] | None = None,
) -> dict[Schedule, float]:
    """What schedules take.

    Args:
        tuned: the cycles of schedules that were measured; those of others are predicted.
    """
    known = tuned or {}
    return {
        schedule: known.get(schedule) or predicted_cycles(product.kept, schedule, target, ports, product.tokens)
        for schedule in schedules
    }


def fastest(cycles: Mapping[Schedule, float]) -> tuple[Schedule, float]:
    """The schedule with the fewest cycles, and these; the first of equal ones."""
    return min(cycles.items(), key=lambda item: item[1])


def width_for(tokens: int | None) -> int:
    """The narrowest width of a tile that holds `tokens`, 64 when there are more or the number is unknown."""
    return next((width for width in sorted(WIDTHS) if tokens and tokens <= width), TILE)
