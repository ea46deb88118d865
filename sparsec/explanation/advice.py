"""The few changes that would help most, in plain words, each with what it would save."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sparsec.dialects import kernel
from sparsec.explanation.instructions import OF_LOOKUP
from sparsec.explanation.islands import Call
from sparsec.explanation.kernels import Machine, attention_cycles, is_integer_product
from sparsec.explanation.report import Advice, Island, LayerReport

MOST = 5
"""Pieces of advice that are given."""

WORTHWHILE = 0.01
"""The share of an inference that a change must save."""

FASTER = 1.15
"""How many times as fast a weight must be in other blocks to be pruned again."""


def give_advice(
    layers: Sequence[LayerReport],
    calls: Sequence[Call],
    islands: Sequence[Island],
    machine: Machine,
    expected: tuple[Mapping[str, int], float] | None,
) -> list[Advice]:
    """The best first, at most `MOST`.

    Args:
        expected: the sizes that are asked about and the cycles of code that is made for them; None if this one is.
    """
    total = sum(call.cycles for call in calls)
    found = [*_of_weights(layers, total), *_of_attention(calls, machine, total), *_of_islands(islands, total)]
    if expected is not None:
        flags = " ".join(f"--expect {name}={size}" for name, size in expected[0].items())
        saved = total - expected[1]
        text = f"this batch x sequence is small: compile with {flags}: saves {_percent(saved, total)}"
        found.append(Advice(text, saved))
    worth = [advice for advice in found if advice.saved >= WORTHWHILE * total]
    return sorted(worth, key=lambda advice: -advice.saved)[:MOST]


def _percent(saved: float, total: float) -> str:
    return f"{saved / total:.0%}".replace("%", " %")


def _of_weights(layers: Sequence[LayerReport], total: float) -> Iterator[Advice]:
    """One piece of advice for all layers of one shape and pattern, the one that saves most at the same accuracy first:
    pruning again in other blocks, quantising, pruning more."""
    groups: dict[tuple[object, ...], list[LayerReport]] = {}
    for layer in layers:
        key = layer.rows, layer.columns, layer.tokens, layer.dtype, layer.blocks, round(20 * layer.sparsity)
        groups.setdefault(key, []).append(layer)
    for group in groups.values():
        yield from _of_group(group, total)


def _of_group(group: Sequence[LayerReport], total: float) -> Iterator[Advice]:
    one, names = group[0], _names(group)
    now = sum(layer.cycles for layer in group)
    share = f"{one.sparsity:.0%}".replace("%", " %")
    if one.integer is not None:
        saved = now - sum(layer.integer or 0.0 for layer in group)
        text = (
            f"{names} multiplied in float32: quantised to bytes, activations and weights, {_would(group, now, saved)}"
        )
        yield Advice(f"{text}: saves {_percent(saved, total)}", saved)
    pruned = one.blocks != "dense"
    same = sum(layer.same_in_4x1 for layer in group)
    if pruned and now > FASTER * same:
        kind = f"unstructured {share}" if one.unstructured else f"pruned {share} in {one.blocks} blocks"
        text = f"{names} {kind}: re-pruned in 4x1 blocks {_would(group, now, now - same)}"
        yield Advice(f"{text}: saves {_percent(now - same, total)}", now - same)
        return
    goal = next((percent for percent in (80, 90) if 100 * one.sparsity < percent - 5), None)
    if goal is not None:
        saved = now - sum(layer.pruned[goal] for layer in group)
        dense = "which is dense," if len(group) == 1 else "which are dense,"
        state = f"from {share}" if pruned else dense
        text = f"prune {_names(group, verb=False)} {state} to {goal} % in 4x1 blocks"
        yield Advice(f"{text}: saves {_percent(saved, total)}", saved)


def _names(group: Sequence[LayerReport], *, verb: bool = True) -> str:
    one, size = group[0], f"{group[0].rows}x{group[0].columns}"
    if len(group) == 1:
        return f"{one.name} ({size})" + (" is" if verb else "")
    return f"{len(group)} weights of {size} ({one.name} ... {group[-1].name})" + (" are" if verb else "")


def _would(group: Sequence[LayerReport], now: float, saved: float) -> str:
    factor = now / max(now - saved, 1.0)
    return f"{'it' if len(group) == 1 else 'they'} would run {factor:.1f}x faster"


def _of_attention(calls: Iterable[Call], machine: Machine, total: float) -> Iterator[Advice]:
    saved, count = 0.0, 0
    for call in calls:
        if not isinstance(call.op, kernel.Attention):
            continue
        if not (is_integer_product(call.op, False) and is_integer_product(call.op, True)):
            now, then = attention_cycles(call.op, machine), attention_cycles(call.op, machine, integer=True)
            saved, count = saved + now.total - then.total, count + 1
    if count:
        many = f"{count} attentions multiply" if count > 1 else "the attention multiplies"
        text = f"{many} in float32: quantise the operands of both products"
        yield Advice(f"{text}: saves {_percent(saved, total)}", saved)


def _of_islands(islands: Iterable[Island], total: float) -> Iterator[Advice]:
    for island in islands:
        many = f"{island.count} times" if island.count > 1 else "once"
        if island.name.endswith("behind a product"):
            curve = island.name.removesuffix(" behind a product")
            saved = island.cycles * (1 - OF_LOOKUP / 30)
            text = f"{curve} is computed in float32 {many}: quantise its argument and its result, and it is a table"
            yield Advice(f"{text}: saves {_percent(saved, total)}", saved)
        elif island.name == "dynamic quantisation":
            text = f"activations are quantised dynamically {many}: fixed scales, found by calibration, make it part of "
            yield Advice(f"{text}what comes before: saves {_percent(island.cycles, total)}", island.cycles)
