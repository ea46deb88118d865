"""The few changes that would help most, in plain words, each with what it would save."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    """One piece of advice for all layers whose weights are alike, whatever their shapes, and one to quantise them."""
    groups: dict[tuple[object, ...], list[LayerReport]] = {}
    for layer in layers:
        groups.setdefault((layer.dtype, layer.blocks, round(20 * layer.sparsity)), []).append(layer)
    for group in groups.values():
        if group[0].integer is not None:
            yield from _about(
                _Change("quantise {}, activations too", "", group, [one.integer or 0.0 for one in group]), total
            )
        yield from _about(_pruning(group), total)


@dataclass(frozen=True)
class _Change:
    """Something to be done to weights that are alike.

    Attributes:
        verb: what, with a place for the weights.
        then: how.
        group: the layers.
        cycles: what each of them would take.
    """

    verb: str
    then: str
    group: Sequence[LayerReport]
    cycles: Sequence[float]


def _pruning(group: Sequence[LayerReport]) -> _Change:
    """To prune in 4x1 blocks: as much as now where other blocks make kernels slow, else the next step further."""
    one = group[0]
    sparsity = statistics.mean(layer.sparsity for layer in group)
    share = f"{sparsity:.0%}".replace("%", " %")
    same = [layer.same_in_4x1 for layer in group]
    if one.blocks not in ("dense", "4x1") and sum(layer.cycles for layer in group) > FASTER * sum(same):
        kind = f"unstructured {share}" if one.unstructured else f"{share} in {one.blocks} blocks"
        return _Change("re-prune {}, " + kind + ",", " in 4x1 blocks", group, same)
    goal = next((percent for percent in (80, 90) if 100 * sparsity < percent - 5), None)
    if goal is None:
        return _Change("", "", (), ())
    state = "dense now," if one.blocks == "dense" else f"from {share}"
    then = f" {state} to {goal} % in 4x1 blocks"
    return _Change("prune {},", then, group, [layer.pruned[goal] for layer in group])


def _about(change: _Change, total: float) -> Iterator[Advice]:
    """Advice on the layers that the change makes faster."""
    pairs = [(layer.cycles - cycles, layer) for layer, cycles in zip(change.group, change.cycles, strict=True)]
    gains = sorted((pair for pair in pairs if pair[0] > 0), key=lambda pair: -pair[0])
    if not gains:
        return
    saved, now = sum(gain for gain, _ in gains), sum(layer.cycles for _, layer in gains)
    first = gains[0][1]
    one = f"{first.name} ({first.rows}x{first.columns})"
    what = one if len(gains) == 1 else f"{len(gains)} weights, {one} first"
    text = change.verb.format(what) + change.then
    faster = f"{'it' if len(gains) == 1 else 'they'} would run {now / (now - saved):.1f}x faster"
    yield Advice(f"{text}: {faster}, which saves {_percent(saved, total)}", saved)


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
