"""Single layers: time, real GMAC/s, share of what the machine can do at most, and other engines beside them.

    python -m benchmarks.kernels [--json FILE] [--markdown FILE] [--no-peers] [--only TABLE ...]

The limits of the machine come first, and again beside every row, in turns with it: shares and ratios are what can be
compared. One thread on one core; the least of at least 7 runs; weights rotate, so that a call does not find its own in
the first-level cache. GMAC/s count weights that are not zero. Peers are those that
`python -m benchmarks.peers install NAME...` has installed; the others are named.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import Progress

from benchmarks.layers import Layer, TimedLayer, interleaved
from benchmarks.limits import Limits
from benchmarks.peers import ENVIRONMENTS, Measurement, Peer
from benchmarks.report import machine, markdown_table
from sparsec.packing_baked import CODE_BYTES_PER_QUAD, bake
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import host

RUNS = 9
PLACES = 3
"""How often the memory of a layer is laid out anew: which pages it gets makes several percent."""
ROUNDS = 9
"""How often a peer and we take turns, each time at another place."""

BERT_SHAPES = ((256, 256), (1024, 256), (256, 1024), (384, 384), (1536, 384), (384, 1536), (768, 768), (3072, 768),
               (768, 3072), (1024, 1024), (4096, 1024), (1024, 4096))  # fmt: skip
"""Output and input channels of the linears of BERT-Mini, MiniLM, BERT-Base and BERT-Large."""


@dataclass(frozen=True)
class Row:
    """One layer and what it took."""

    layer: Layer
    schedule: str
    seconds: float
    products_per_second: float
    share: float
    clock: float

    def cells(self) -> list[str]:
        """For a table."""
        layer = self.layer
        pattern = "2:4" if layer.two_of_four else f"{layer.block[0]}x{layer.block[1]}"
        return [
            f"{layer.rows}x{layer.columns}", str(layer.tokens), pattern if layer.sparsity else "dense",
            f"{100 * layer.sparsity:.0f} %", self.schedule, f"{self.seconds * 1e6:.2f}",
            f"{self.products_per_second / 1e9:.0f}", f"{100 * self.share:.1f} %", f"{self.clock / 1e9:.2f}",
        ]  # fmt: skip


HEADS = ["shape", "tokens", "block", "pruned", "schedule", "us", "GMAC/s", "of the bound", "GHz"]


class Bench:
    """Measures rows and collects tables."""

    def __init__(self, tick: Callable[[str], None]):
        self.target = host()
        self.limits = Limits(self.target)
        self.tables: dict[str, tuple[list[str], list[list[str]]]] = {}
        self.rows: list[Row] = []
        self.tick = tick

    def row(self, layer: Layer, schedule: Schedule | None = None, places: int = PLACES) -> Row:
        """The least time of a layer at some places in memory, in turns with the rate of byte products and the clock."""
        timers = [TimedLayer(layer, self.target, schedule) for _ in range(places)]
        beside = [lambda: 1 / self.limits.rate("byte_products", 1), lambda: 1 / self.limits.clock.hertz()]
        *times, product, cycle = interleaved([*(timed.run for timed in timers), *beside], RUNS)
        seconds, timed = min(times), timers[0]
        name = f"{timed.schedule.dataflow.value} {timed.schedule.tile}x{timed.schedule.rows}"
        rate = timed.products / seconds
        found = Row(layer, name, seconds, rate, rate * product, 1 / cycle)
        self.rows.append(found)
        self.tick(" ".join(found.cells()))
        return found

    def table(self, name: str, layers: list[tuple[Layer, Schedule | None]]) -> None:
        """A table of plain rows."""
        self.tables[name] = HEADS, [self.row(*each).cells() for each in layers]


def gathered(bench: Bench) -> None:
    """Dataflow A on 4x1 blocks, u8 out."""
    layers: list[tuple[Layer, Schedule | None]] = []
    for rows, columns, tokens in ((768, 768, 64), (3072, 768, 64), (768, 3072, 64), (768, 768, 32), (768, 768, 16)):
        for sparsity in (0.8, 0.9, 0.95):
            schedule = Schedule(Dataflow.GATHER_QUADS, tokens)
            layers.append((Layer(rows, columns, tokens, (4, 1), sparsity), schedule))
    bench.table("4x1 blocks, gathered quads", layers)


def dense(bench: Bench) -> None:
    """Dense int8 by number of input channels."""
    layers: list[tuple[Layer, Schedule | None]] = [
        (Layer(768, columns, 128, (1, 1), 0.0), Schedule(Dataflow.DENSE_QUADS, 64)) for columns in (768, 384, 256)
    ]
    bench.table("Dense int8", layers)


def shapes(bench: Bench) -> None:
    """Other block shapes at the schedules chosen for them."""
    blocks = ((1, 4), (1, 16), (4, 4), (8, 4), (16, 4), (32, 4), (16, 1), (16, 16), (1, 1))
    layers: list[tuple[Layer, Schedule | None]] = [(Layer(768, 768, 128, block, 0.9), None) for block in blocks]
    bench.table("Other block shapes, schedules chosen by predicted cycles", layers)


def few_tokens(bench: Bench) -> None:
    """Token-major kernels against a tile of 16 tokens."""
    tile = bench.row(Layer(768, 768, 16, (4, 1), 0.9), Schedule(Dataflow.GATHER_QUADS, 16))
    rows = [[*tile.cells(), "1.00"]]
    for tokens in (1, 2, 4, 8):
        schedule = Schedule(Dataflow.PERMUTE_WINDOWS, min(4, tokens), 16)
        found = bench.row(Layer(768, 768, tokens, (4, 1), 0.9), schedule)
        rows.append([*found.cells(), f"{found.seconds / tile.seconds:.2f}"])
    for tokens in (1, 4, 8, 128):
        schedule = Schedule(Dataflow.GATHER_DWORDS, min(8, tokens), 32)
        found = bench.row(Layer(768, 768, tokens, (32, 4), 0.9), schedule)
        rows.append([*found.cells(), f"{found.seconds / tile.seconds:.2f}"])
    bench.tables["Few tokens, token-major"] = [*HEADS, "to a tile of 16"], rows


def unrolling(bench: Bench) -> None:
    """The pattern in code against the pattern in data, each alone and hot."""
    rows: list[list[str]] = []
    sizes = ((16, 16), (32, 32), (64, 64), (128, 64), (128, 128), (256, 256))
    cases = [(m, k, (4, 1), s) for m, k in sizes for s in (0.8, 0.9)]
    cases += [(256, 256, (64, 1), 0.9), (768, 64, (768, 1), 0.8)]
    for m, k, block, sparsity in cases:
        for tokens in (16, 64):
            layer = Layer(m, k, tokens, block, sparsity)
            times = [
                TimedLayer(layer, bench.target, Schedule(flow, tokens), copies=1)
                for flow in (Dataflow.GATHER_QUADS, Dataflow.BAKED_QUADS)
            ]
            gather, baked = interleaved([each.run for each in times], RUNS)
            pieces, _ = bake(layer.weight(0))
            size = CODE_BYTES_PER_QUAD * sum(piece.quads for piece in pieces) * tokens // 64
            reuse = sum(piece.count for piece in pieces) / len(pieces)
            cells = [f"{m}x{k}", str(tokens), f"{block[0]}x{block[1]}", f"{100 * sparsity:.0f} %",
                     f"{gather * 1e9:.0f}", f"{baked * 1e9:.0f}", f"{baked / gather:.2f}", f"{size / 1024:.1f}",
                     f"{reuse:.1f}"]  # fmt: skip
            rows.append(cells)
            bench.tick(" ".join(cells))
    heads = ["shape", "tokens", "block", "pruned", "gathered, ns", "unrolled, ns", "ratio", "KB of quads", "reuse"]
    bench.tables["The pattern unrolled into code"] = heads, rows


def _request(layer: Layer, kind: str = "int8") -> dict[str, object]:
    return {"rows": layer.rows, "columns": layer.columns, "tokens": layer.tokens, "sparsity": layer.sparsity,
            "block": list(layer.block), "kind": kind, "seed": 1, "runs": RUNS}  # fmt: skip


def _in_turns(bench: Bench, peer: Peer, layer: Layer, request: dict[str, object]) -> tuple[Row, Measurement]:
    """Ours and the peer's best of several rounds, taken in turns: the clock of the machine drifts."""
    rounds = [(peer.measure(request), bench.row(layer, places=1)) for _ in range(ROUNDS)]
    ours = min((row for _, row in rounds), key=lambda row: row.seconds)
    answers = [measured for measured, _ in rounds if measured.seconds is not None]
    return ours, min(answers, key=lambda measured: measured.seconds or 0.0) if answers else rounds[0][0]


def _against(measured: Measurement, ours: float) -> list[str]:
    """The peer's time, how many times ours it is, and the same of a whole call."""
    if measured.seconds is None or measured.call is None:
        return [measured.error or "no answer", "", "", ""]
    both = (measured.seconds, measured.call)
    return [cell for seconds in both for cell in (f"{seconds * 1e6:.1f}", f"{seconds / ours:.2f}x")]


def against_dense(bench: Bench) -> None:
    """oneDNN's dense int8 on every shape of BERT."""
    rows: list[list[str]] = []
    with Peer("onednn") as peer:
        for m, k in BERT_SHAPES:
            layer = Layer(m, k, 128, (1, 1), 0.0)
            ours, measured = _in_turns(bench, peer, layer, _request(layer))
            rows.append([*ours.cells(), *_against(measured, ours.seconds)[:2]])
    bench.tables["Dense int8 beside oneDNN"] = [*HEADS, "oneDNN, us", "oneDNN / ours"], rows


def against_sparse(bench: Bench) -> None:
    """Every peer on 768x768, 128 tokens."""
    kinds = {"onemkl": "fp32", "scipy_sparse": "fp32"}
    rows: list[list[str]] = []
    for name in ENVIRONMENTS:
        with Peer(name) as peer:
            if not peer.adapter.exists():  # it runs whole models only
                continue
            for sparsity in (0.8, 0.9):
                layer = Layer(768, 768, 128, (4, 1), sparsity)
                asked = Layer(768, 768, 128, (4, 1), 0.0 if name == "onednn" else sparsity)
                ours, measured = _in_turns(bench, peer, layer, _request(asked, kinds.get(name, "int8")))
                what = measured.what.split(";")[0]
                rows.append([name, f"{100 * sparsity:.0f} %", f"{ours.seconds * 1e6:.1f}",
                             *_against(measured, ours.seconds), what])  # fmt: skip
    heads = ["peer", "pruned", "ours, us", "layer, us", "/ ours", "call of one layer, us", "/ ours", "what it runs"]
    bench.tables["Peers on 768x768, 128 tokens, 4x1 blocks"] = heads, rows


TABLES: dict[str, Callable[[Bench], None]] = {
    "gathered": gathered,
    "dense": dense,
    "few_tokens": few_tokens,
    "shapes": shapes,
    "unrolling": unrolling,
    "against_dense": against_dense,
    "against_sparse": against_sparse,
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    wanted = [name for name in arguments.only if not (arguments.no_peers and name.startswith("against"))]
    with Progress() as progress:
        bar = progress.add_task("tables", total=len(wanted))
        bench = Bench(progress.console.print)
        rates = bench.limits.all()
        for name in wanted:
            TABLES[name](bench)
            progress.advance(bar)
    clock = rates["clock"]
    names = {"byte_products": "products of bytes", "float_products": "fused multiply-adds", "loads": "bytes loaded"}
    limits = [[text, f"{rates[name] / 1e9:.0f}", f"{rates[name] / clock:.1f}"] for name, text in names.items()]
    parts = [f"# Kernels on {machine()}, {clock / 1e9:.2f} GHz",
             markdown_table(["limit of one core", "1e9 per second", "per cycle"], limits)]  # fmt: skip
    parts += [f"## {title}\n\n{markdown_table(*table)}" for title, table in bench.tables.items()]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    if arguments.json:
        found = {"machine": machine(), "target": bench.target.name, "limits": rates, "tables": bench.tables,
                 "rows": [asdict(row) for row in bench.rows]}  # fmt: skip
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
