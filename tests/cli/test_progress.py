"""The progress bar: an honest total, every step counted once whoever does it, nothing where nobody looks."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from sparsec import api, pipeline
from sparsec.api_text import emit_text
from sparsec.cli.progress import Plan, Progress, progress
from sparsec.options import Options
from sparsec.pipeline import Step
from sparsec.target import TARGETS, runnable_targets
from tests.cli.command import done

MODEL = Path("layer.spc")
PASSES = sum(len(stage.passes) for stage in pipeline.PIPELINE)


class Seen:
    """What was shown."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.done: list[int] = []
        self.totals: list[int | None] = []

    def __call__(self, text: str, done: int, total: int | None) -> None:
        self.texts.append(text)
        self.done.append(done)
        self.totals.append(total)


def compile_seen(count: int, kind: str = "so", pause: float = 0.0) -> Seen:
    """Compile the layer for the first `count` targets, afresh, `pause` seconds longer for each that is lowered here."""
    seen = Seen()
    shown = Progress(MODEL, seen)
    options = Options.of(targets=tuple(TARGETS)[:count], cache=False)
    shown.expect(Plan.of(count, {"so": count + 1, "asm": 1, "mlir": 0}[kind]))

    def watch(steps: Iterator[Step], target: str) -> Iterator[Step]:
        if target:
            time.sleep(pause)
        return shown(steps, target)

    source = api.read(MODEL)
    if kind == "so":
        api.build(source, options, watch, made=shown.made)
    else:
        emit_text(source, kind, options, watch, shown.made)
    return seen


@pytest.mark.parametrize("count", [1, 3])
def test_a_library_is_all_passes_then_two_for_each_target_then_objects(count: int) -> None:
    seen = compile_seen(count)
    assert set(seen.totals) == {PASSES + 2 * count + count + 1}
    assert seen.done[0] == 0 and seen.done[-1] == seen.totals[-1]
    assert seen.done == sorted(seen.done)
    assert seen.texts[0] == "compiling layer.spc: [graph] infer-shapes"
    assert f"compiling layer.spc: [loops] kernels-to-loops {next(iter(TARGETS))}" in seen.texts
    assert any("[object] 1 of" in text for text in seen.texts) or count > 1


@pytest.mark.parametrize("kind", ["asm", "mlir"])
def test_texts_have_fewer_objects(kind: str) -> None:
    seen = compile_seen(2, kind)
    assert seen.done[-1] == seen.totals[-1] == PASSES + 2 * 2 + (kind == "asm")


def test_what_another_process_lowers_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    seen = compile_seen(5, pause=2.0)
    here = {text.split()[-1] for text in seen.texts if "kernels-to-loops" in text}
    assert 0 < len(here) < 5, "the other process got no target"
    assert seen.done[-1] == seen.totals[-1] == PASSES + 2 * 5 + 6


@pytest.mark.parametrize(
    ("last", "steps"),
    [
        ("file", 0),
        ("recognise-gelu", 0),
        ("input", 0),
        ("fold-constants", 2),
        ("graph", len(pipeline.PIPELINE[0].passes)),
        ("kernels", PASSES),
        ("loops", PASSES + 1),
        ("loops-to-llvm", PASSES + 2),
        ("llvm", PASSES + 2),
    ],
)
def test_a_compilation_that_stops_is_no_longer_than_that(last: str, steps: int) -> None:
    assert Plan.of(targets=3, objects=4).until(last).steps == steps


def test_a_terminal_shows_a_bar_and_keeps_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.StringIO()
    with progress(MODEL, console=Console(file=screen, force_terminal=True, width=100)) as shown:
        shown.expect(Plan.of(targets=1, objects=2))
        shown.tell("[graph] [red]no markup")
        print("result")
        time.sleep(0.3)
    text = screen.getvalue()
    assert f"0/{PASSES + 4}" in text and "compiling layer.spc: [graph] [red]no markup" in text
    assert text.endswith("\x1b[2K"), "the line is erased at the end"
    assert "result" not in text and capsys.readouterr().out == "result\n"


def test_nothing_where_nobody_looks() -> None:
    for console in (Console(file=io.StringIO()), Console(file=io.StringIO(), force_terminal=True)):
        with progress(MODEL, console=console, quiet=console.is_terminal) as shown:
            shown.tell("[graph]")
        assert isinstance(console.file, io.StringIO) and console.file.getvalue() == ""


def test_the_bar_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes what has colour for a terminal
    arguments = "compile", MODEL, "--no-cache", "--target", ",".join(target.name for target in runnable_targets()[:1])
    result = done(*arguments, "-o", "a.so")
    assert f"/{PASSES + 4}" in result.err and result.out == ""
    quiet = done(*arguments, "-o", "b.so", "--quiet")
    assert (quiet.out, quiet.err) == ("", "") and Path("b.so").exists()
    monkeypatch.delenv("FORCE_COLOR")
    plain = done(*arguments, "-o", "c.so")
    assert plain.out == "" and plain.err.startswith("wrote c.so")


def test_python_stays_silent(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    import sparsec

    monkeypatch.setenv("FORCE_COLOR", "1")
    sparsec.compile(MODEL, cache=False)
    assert capfd.readouterr() == ("", "")
