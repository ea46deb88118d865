"""The facts that `sparsec explain` shows, as plain values; to JSON and back, and to CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from io import StringIO
from typing import Any

SPARSITIES = (70, 80, 90)
"""Percent of 4x1 blocks pruned, of which a report says what a layer would take."""


@dataclass(frozen=True)
class Alternative:
    """A dataflow that a layer could be computed with, at its best schedule.

    Attributes:
        dataflow: its name, with the rows or tokens at a time where these are not the usual ones.
        cycles: predicted.
    """

    dataflow: str
    cycles: float


@dataclass(frozen=True)
class LayerReport:
    """A product with a constant weight. Cycles are predicted, for all tokens of one inference.

    Attributes:
        name: the node or line that it comes from.
        rows, columns: of the weight `[out, in]`.
        tokens: how many activations it is multiplied with.
        dtype: "int8", or "int16" for asymmetric weights with the zero point taken off, or "float32".
        blocks: the block shape found, e.g. "4x1"; "dense" where there is none.
        unstructured: whether single weights were pruned, in no blocks.
        sparsity: share of the weights that are zero.
        stored, total: blocks that are kept, and all; of a dense weight, its elements.
        padded: blocks' worth of weights that the kernel multiplies: the stored ones and what fills up its steps.
        dataflow: the chosen one.
        why: why it was chosen.
        alternatives: all dataflows, the best first.
        cycles: the chosen schedule's, the weight's first reading and the body's.
        body: cycles of what is fused behind the product, beyond a plain requantisation.
        bound: cycles that the products with weights that are not zero keep the multipliers busy.
        dense: cycles if every weight were stored.
        break_even: the share of 4x1 blocks that must be pruned to be faster than dense; None if even all do not help.
        pruned: cycles with so many percent of 4x1 blocks pruned.
        same_in_4x1: cycles with as much of the weight pruned as now, in 4x1 blocks.
        integer: cycles if it multiplied bytes; None if it does.
        measured: cycles, in the order of an inference; None if nothing was measured.
    """

    name: str
    rows: int
    columns: int
    tokens: int
    dtype: str
    blocks: str
    unstructured: bool
    sparsity: float
    stored: int
    total: int
    padded: int
    dataflow: str
    why: str
    alternatives: tuple[Alternative, ...]
    cycles: float
    body: float
    bound: float
    dense: float
    break_even: float | None
    pruned: Mapping[int, float]
    same_in_4x1: float
    integer: float | None
    measured: float | None = None

    @property
    def share_of_bound(self) -> float:
        """How close it comes to the bound, 0 to 1: measured if it was, else predicted."""
        taken = self.cycles if self.measured is None else self.measured
        return self.bound / taken if taken else 0.0


@dataclass(frozen=True)
class Kind:
    """All kernel calls of one kind.

    Attributes:
        name: e.g. "int8 products".
        calls: how many.
        cycles: predicted.
        measured: None if nothing was measured.
    """

    name: str
    calls: int
    cycles: float
    measured: float | None = None


@dataclass(frozen=True)
class Island:
    """Work that is left in float32 between products of bytes because of how the file is quantised.

    Attributes:
        name: what it is.
        first: the node or line of the first one.
        count: how many.
        cycles: predicted.
        why: what in the file makes it so.
        measured: None if it was not, or if it is part of other kernels.
    """

    name: str
    first: str
    count: int
    cycles: float
    why: str
    measured: float | None = None


@dataclass(frozen=True)
class Advice:
    """Something that would help.

    Attributes:
        text: what to do, and what it gives.
        saved: predicted cycles.
    """

    text: str
    saved: float


@dataclass(frozen=True)
class Report:
    """What a model spends its time on.

    Attributes:
        model: its name.
        target: the CPU that predictions are made for.
        sizes: of the dynamic dimensions.
        expect: the sizes that code is chosen for.
        layers: products with constant weights, in order.
        kinds: all kernel calls, the costliest kind first.
        islands: float32 work, the costliest first.
        advice: what would help most, the best first.
        hertz: cycles per second while it was measured; None if nothing was.
    """

    model: str
    target: str
    sizes: Mapping[str, int]
    expect: Mapping[str, int]
    layers: tuple[LayerReport, ...]
    kinds: tuple[Kind, ...]
    islands: tuple[Island, ...]
    advice: tuple[Advice, ...]
    hertz: float | None = None

    @property
    def cycles(self) -> float:
        """Predicted cycles of one inference."""
        return sum(kind.cycles for kind in self.kinds)

    @property
    def measured(self) -> float | None:
        """Measured cycles of one inference; None if nothing was measured."""
        if self.hertz is None:
            return None
        return sum(kind.measured or 0.0 for kind in self.kinds)

    def to_json(self) -> str:
        """All of it as one line of JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Report:
        """The report that was written."""
        facts: dict[str, Any] = json.loads(text)
        facts["layers"] = tuple(_layer(layer) for layer in facts["layers"])
        for name, kind in (("kinds", Kind), ("islands", Island), ("advice", Advice)):
            facts[name] = tuple(kind(**each) for each in facts[name])
        return Report(**facts)

    def to_csv(self) -> str:
        """The layers, one row each, below a row of names; `alternatives` is left out."""
        names = [field.name for field in fields(LayerReport) if field.name not in ("alternatives", "pruned")]
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*names, *(f"pruned_{percent}" for percent in SPARSITIES), "share_of_bound"])
        for layer in self.layers:
            values = ("" if (value := getattr(layer, name)) is None else value for name in names)
            writer.writerow([*values, *(layer.pruned[percent] for percent in SPARSITIES), layer.share_of_bound])
        return text.getvalue()


def _layer(facts: dict[str, Any]) -> LayerReport:
    alternatives = tuple(Alternative(**each) for each in facts["alternatives"])
    pruned = {int(percent): cycles for percent, cycles in facts["pruned"].items()}
    values: dict[str, Any] = {**facts, "alternatives": alternatives, "pruned": pruned}
    return LayerReport(**values)
