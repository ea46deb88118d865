"""Whole models, one inference at a time: sparsec beside other engines.

    python -m benchmarks.models [--model bert-base:90 ...] [--batch 1 ...] [--sequence 128 ...] [--threads 1 ...]
                                [--peers NAME ...] [--rounds 10] [--json FILE] [--markdown FILE] [--plot FILE]

Every engine runs the same weights and inputs, in the spelling that it is fastest with, in a process of its own on the
same cores. Outputs are compared first, by the cosine between them and ours. Then engines take turns; who does not run
sleeps. A ratio is an engine's median divided by ours; it is marked where somebody else ran on the core. Models have
random weights; files that are missing are built (`benchmarks/build_models.py`, which needs the `examples` extra). Peers
are those that `python -m benchmarks.peers install NAME...` has installed; the others are named with the reason.

Without options it is the main table; `--all` adds batch 8, sequences of 32 and 384, and two threads.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from rich.progress import Progress

from benchmarks.contest import CONTENDERS, SAME, Case, Models, Result, hold, to_json
from benchmarks.report import machine, markdown_table
from sparsec.engines.compare import UNDISTURBED

FOLDER = Path("~/.cache/sparsec-benchmarks/models").expanduser()
MAIN = ("bert-base:90", "bert-base:80", "distilbert:90", "minilm-l6:90", "bert-mini:90", "bert-base:0")
SETTINGS = ((1, 128, 1), (8, 128, 1), (1, 32, 1), (1, 384, 1), (1, 128, 2))
"""Batch, sequence and threads of `--all`."""

Rows = list[tuple[Case, list[Result]]]


def settings_text(case: Case) -> str:
    """What a table has in common."""
    threads = f"{case.threads} thread{'s' if case.threads > 1 else ''}"
    return f"batch {case.batch}, sequence {case.sequence}, {threads}"


def by_setting(rows: Rows) -> dict[str, Rows]:
    """One table per batch, sequence and threads."""
    tables: dict[str, Rows] = {}
    for case, results in rows:
        tables.setdefault(settings_text(case), []).append((case, results))
    return tables


def ratio_cell(result: Result | None, ours: Result) -> str:
    """How many times as long as ours it took."""
    if result is None or result.ratio is None:
        return "-"
    disturbed = min(result.share, ours.share) < UNDISTURBED
    same = result.cosine is not None and result.cosine >= SAME
    return f"{result.ratio:.2f}" + ("" if same else " (other outputs)") + (" (disturbed)" if disturbed else "")


def ratio_table(rows: Rows, peers: Sequence[str]) -> str:
    """Our milliseconds, and every peer's time divided by ours."""
    lines = []
    for case, results in rows:
        found = {result.engine: result for result in results}
        ours = found["sparsec"]
        time = "-" if ours.median is None else f"{ours.median * 1e3:.2f} ±{100 * (ours.spread or 0):.0f} %"
        lines.append([str(case), time, *(ratio_cell(found.get(name), ours) for name in peers)])
    return markdown_table(["model, 4x1", "sparsec, ms", *(f"{name} / ours" for name in peers)], lines)


def detail_table(rows: Rows) -> str:
    """Every engine on every model."""
    heads = ["model, 4x1", "engine", "spelling", "median, ms", "spread", "runs", "of its core", "cosine", "ratio"]
    lines = []
    for case, results in rows:
        for result in results:
            if result.median is None or result.spread is None:
                continue
            figures = [f"{result.median * 1e3:.2f}", f"±{100 * result.spread:.1f} %", str(result.runs)]
            figures.append(f"{100 * result.share:.1f} %")
            compared = "-" if result.cosine is None else f"{result.cosine:.5f}"
            ratio = "-" if result.ratio is None else f"{result.ratio:.2f}"
            lines.append([str(case), result.what, result.spelling, *figures, compared, ratio])
    return markdown_table(heads, lines)


def failures(rows: Rows) -> list[str]:
    """A line for whoever did not run, with the reason; equal ones once."""
    lines: dict[str, None] = {}
    for case, results in rows:
        for result in results:
            if result.error:
                spelling = f" on {case}, {result.spelling}" if result.spelling else ""
                lines[f"- {result.engine}{spelling}: {result.error}"] = None
    return list(lines)


def report(rows: Rows, peers: Sequence[str]) -> str:
    """All tables in Markdown."""
    parts = [f"{machine()}; medians, half the distance of the 10th and 90th percentiles beside them."]
    for title, table in by_setting(rows).items():
        parts += [f"## {title}", ratio_table(table, peers), detail_table(table), *failures(table)]
    return "\n\n".join(parts) + "\n"


def plot(rows: Rows, path: Path) -> None:
    """Bars of the ratios, one panel per setting; the format is that of the file's ending."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    tables = by_setting(rows)
    figure, panels = pyplot.subplots(len(tables), 1, figsize=(9, 3.2 * len(tables)), squeeze=False, layout="tight")
    for axes, (title, table) in zip(panels[:, 0], tables.items(), strict=True):
        engines = list(dict.fromkeys(r.engine for _, results in table for r in results if r.median is not None))
        width = 0.8 / max(1, len(engines))
        for number, name in enumerate(engines):
            found = [{r.engine: r for r in results}.get(name) for _, results in table]
            heights = [r.ratio if r and r.ratio else 0 for r in found]
            bars = axes.bar([place + number * width for place in range(len(table))], heights, width, label=name)
            axes.bar_label(bars, fmt=lambda value: f"{value:.1f}" if value else "", fontsize=7)
        axes.set_yscale("log")
        axes.set_xticks([place + 0.4 - width / 2 for place in range(len(table))], [str(case) for case, _ in table])
        axes.set_ylabel("time / sparsec's")
        axes.set_title(f"{title}; longer is slower", fontsize=9)
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=150)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=(__doc__ or "").split("\n")[0])
    model = {"metavar": "NAME[:PERCENT]", "help": "models of benchmarks/build_models.py and how much of them is pruned"}
    parser.add_argument("--model", nargs="+", default=MAIN, **model)
    parser.add_argument("--batch", nargs="+", type=int, default=[1])
    parser.add_argument("--sequence", nargs="+", type=int, default=[128])
    parser.add_argument("--threads", nargs="+", type=int, default=[1], help="and as many cores, the last ones")
    parser.add_argument("--all", action="store_true", help="these models in all the settings that we publish")
    parser.add_argument("--peers", nargs="*", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=10, help="turns of each engine")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where models are and are built, %(default)s")
    for kind in ("json", "markdown", "plot"):
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    if max(arguments.threads) > cores:
        parser.error(f"--threads {max(arguments.threads)}: only {cores} cores may be used here")
    if arguments.plot:
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            parser.error("--plot needs matplotlib: pip install -e '.[peers]'")
    return arguments


def choose_cases(arguments: argparse.Namespace) -> list[Case]:
    """What the command line asks for."""
    grid = product(arguments.batch, arguments.sequence, arguments.threads)
    cases = []
    for setting in SETTINGS if arguments.all else grid:
        for text in arguments.model:
            model, _, percent = text.partition(":")
            cases.append(Case(model, int(percent or 0), *setting))
    return cases


def main() -> None:
    """Measure, print, write."""
    arguments = parse()
    rows: Rows = []
    with Progress() as progress:
        cases = choose_cases(arguments)
        task = progress.add_task("", total=len(cases))
        tick = lambda text: progress.update(task, description=text)  # noqa: E731
        for row in hold(cases, Models(arguments.folder), arguments.peers, arguments.rounds, tick):
            rows.append(row)
            progress.advance(task)
            if arguments.json:  # after every case: a long run may be cut short
                content = {"machine": machine(), "cases": [to_json(*each) for each in rows]}
                arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    text = report(rows, arguments.peers)
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    if arguments.plot:
        plot(rows, arguments.plot)


if __name__ == "__main__":
    main()
