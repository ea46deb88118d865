"""Tuning: what is measured, what is kept, and that choices follow the figures. No test looks at the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sparsec
from sparsec import api, tune
from sparsec.cost import Product
from sparsec.dialects.sparse import layout_read_by
from sparsec.errors import OptionError, TargetError
from sparsec.kept import Kept
from sparsec.options import Options
from sparsec.schedule import Dataflow, Schedule
from sparsec.target import TARGETS, CpuTarget, host, host_core, runnable_targets
from sparsec.timings import MOST_TOKENS, product_key, schedule_text, tuned_cycles, worth_measuring

PAGE = """
weight a: i8[64, 64] blocks(4x1) random(seed = 1, sparsity = 0.5) quantized(scale = 0.01)
weight b: i8[64, 64] blocks(4x1) random(seed = 3, sparsity = 0.5) quantized(scale = 0.01)
weight c: f32[32, 64] blocks(4x1) random(seed = 3, sparsity = 0.3)
weight d: f32[32, 32] blocks(4x1) random(seed = 3, sparsity = 0.5) schedule(dataflow = gather_rows)
model layers(x: u8[batch, sequence, 64] quantized(scale = 0.02, zero = 128)) -> (y) {
  h = quantize(linear(x, a), u8, scale = 0.05, zero = 128)
  h = quantize(linear(h, b), u8, scale = 0.05, zero = 128)
  y = linear(relu(linear(dequantize(h), c)), d)
}
"""
EXPECT = {"batch": 1, "sequence": 8}
HOST = host()
PORTS = HOST.ports_of(host_core())


class Measured:
    """Stands for the measuring: counts, and says what it is told to say."""

    def __init__(self, seconds: Callable[[Schedule], float]):
        self.seconds = seconds
        self.layers: list[tune.Layer] = []

    def __call__(self, layer: tune.Layer, target: CpuTarget) -> dict[str, float]:
        """As `measure_layer`."""
        self.layers.append(layer)
        return {schedule_text(schedule): self.seconds(schedule) for schedule in layer.schedules}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Two alike layers of bytes, one of floats, and one whose schedule is given by hand."""
    path = tmp_path / "layers.spc"
    path.write_text(PAGE)
    return path


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """Tuning with a cache folder of its own."""
    return Options.of(tune=True, expect=EXPECT, unroll="never", cache=True, cache_dir=tmp_path / "cache")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measured:
    """Every schedule is equally fast."""
    measured = Measured(lambda schedule: 1e-6)
    monkeypatch.setattr(tune, "measure_layer", measured)
    return measured


def file_of(options: Options) -> Path:
    """Where the figures are."""
    return tune.timings_path(options, HOST)


def dataflows(page: Path, options: Options) -> list[str]:
    """Of the layers."""
    weights: list[dict[str, Any]] = api.scheduled_signature(api.read(page), options).metadata["weights"]
    return [weight["dataflow"] for weight in weights]


def test_a_model_is_tuned_and_computes_the_same(page: Path, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "RUNS", 1)
    program = sparsec.compile(page, tune=True, expect=EXPECT, unroll="never", cache=True, cache_dir=options.cache_dir)
    content = json.loads(file_of(options).read_text())
    assert len(content["timings"]) == 2, "layers that are alike share figures; schedules given by hand stay"
    for figures in content["timings"].values():
        assert len(figures) > 1 and all(seconds > 0 for seconds in figures.values())
    x = np.random.default_rng(0).integers(0, 256, (3, 9, 64)).astype(np.uint8)
    (expected,) = sparsec.compile(page, cache=False)(x)
    np.testing.assert_allclose(program(x)[0], expected, rtol=1e-5, atol=1e-5)  # fp32 sums have no order

    def never(layer: tune.Layer, target: CpuTarget) -> dict[str, float]:
        raise AssertionError("a second compilation measures nothing")

    monkeypatch.setattr(tune, "measure_layer", never)
    source = api.read(page)
    assert api.build(source, options).cached
    assert source.context.timings == content["timings"]


@pytest.mark.parametrize("blocks", [None, (4, 1), (4, 4), (16, 4)], ids=str)
@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("target", runnable_targets(), ids=lambda target: target.name)
def test_every_schedule_is_measured(
    dtype: str, blocks: tuple[int, int] | None, target: CpuTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "RUNS", 1)
    matrix = weight(blocks or (1, 1), 0.5 if blocks else 0.0).astype(dtype)
    product = Product(Kept(matrix), dtype == "int8", blocks=blocks, tokens=7)
    schedules = worth_measuring(product, target, target.ports_of(host_core()))
    found = tune.measure_layer(tune.Layer(matrix, product, schedules), target)
    assert found.keys() == {schedule_text(schedule) for schedule in schedules}
    assert all(seconds > 0 for seconds in found.values())


def weight(blocks: tuple[int, int], sparsity: float) -> np.ndarray[Any, np.dtype[np.int8]]:
    """64 rows of 128 channels."""
    random = np.random.default_rng(0)
    rows, columns = blocks
    kept = (random.random((64 // rows, 128 // columns)) >= sparsity).repeat(rows, 0).repeat(columns, 1)
    return (random.integers(1, 128, kept.shape) * kept).astype(np.int8)


def test_the_choice_follows_the_figures(page: Path, options: Options, measured: Measured) -> None:
    seen: set[Dataflow] = set()
    dataflows(page, options)
    for wanted in {schedule.dataflow for layer in measured.layers for schedule in layer.schedules}:
        file_of(options).unlink()
        measured.seconds = lambda schedule, wanted=wanted: 1e-7 if schedule.dataflow is wanted else 1e-5
        chosen = dataflows(page, options)
        assert chosen[3] == "gather_rows", "given by hand"
        assert (wanted in chosen[:2]) if wanted.is_integer else (chosen[2] == wanted)
        seen.add(wanted)
    assert {layout_read_by(wanted) for wanted in seen if wanted.is_integer} >= {None}
    assert {Dataflow.DENSE_ROWS, Dataflow.GATHER_ROWS} <= seen


def test_figures_are_part_of_what_the_cache_goes_by(page: Path, options: Options, measured: Measured) -> None:
    assert not api.build(api.read(page), options).cached
    assert api.build(api.read(page), options).cached and len(measured.layers) == 2
    assert not api.build(api.read(page), options.with_(tune=False)).cached
    file_of(options).unlink()
    measured.seconds = lambda schedule: 2e-6
    assert not api.build(api.read(page), options).cached


def test_other_models_add_to_the_file(page: Path, options: Options, measured: Measured) -> None:
    dataflows(page, options)
    before = json.loads(file_of(options).read_text())["timings"]
    dataflows(page, options.with_(expect={"batch": 2, "sequence": 64}))
    after = json.loads(file_of(options).read_text())["timings"]
    assert len(after) == 4 and before.items() <= after.items()


DAMAGES = ("", "{", "[]", '{"version": 3}', '{"version": VERSION, "timings": [1]}', "\xff",
           '{"version": VERSION, "timings": {"KEY": 3}}', '{"version": VERSION, "timings": {"KEY": {"a": -1.0}}}',
           '{"version": VERSION, "timings": {"KEY": {"a": NaN}}}',
           '{"version": VERSION, "timings": {"KEY": {"a": "b"}}}',
           '{"version": "of another compiler", "timings": TIMINGS}')  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_written_anew(damage: str, page: Path, options: Options, measured: Measured) -> None:
    dataflows(page, options)
    good = file_of(options).read_text()
    content = json.loads(good)
    text = damage.replace("VERSION", json.dumps(content["version"])).replace("KEY", next(iter(content["timings"])))
    file_of(options).write_text(text.replace("TIMINGS", json.dumps(content["timings"])), "latin-1")
    dataflows(page, options)
    assert file_of(options).read_text() == good and len(measured.layers) == 4


def test_without_a_cache_nothing_is_kept(page: Path, options: Options, measured: Measured) -> None:
    source = api.read(page)
    api.build(source, options.with_(cache=False))
    assert not options.cache_dir.exists() and len(measured.layers) == 2, "it is measured once"


def test_a_folder_that_cannot_be_written_is_no_error(page: Path, options: Options, measured: Measured) -> None:
    options.cache_dir.write_text("this is a file")
    assert dataflows(page, options) and len(measured.layers) == 2


def test_progress_is_told(page: Path, options: Options, measured: Measured) -> None:
    told: list[str] = []
    for _ in range(2):
        api.take_timings(api.read(page), options, told.append)
    assert told == ["tuning layer 1 of 2", "tuning layer 2 of 2"]


def test_sizes_are_needed(page: Path, options: Options, measured: Measured) -> None:
    with pytest.raises(OptionError) as caught:
        dataflows(page, options.with_(expect={}))
    assert str(caught.value) == (
        "tuning measures layers at the sizes that the model is used with, and batch and sequence are unknown: "
        "give --expect batch=SIZE --expect sequence=SIZE, or expect={'batch': SIZE, 'sequence': SIZE} in Python"
    )
    with pytest.raises(OptionError, match="and sequence is unknown: give --expect sequence=SIZE, or"):
        dataflows(page, options.with_(expect={"batch": 1}))


def test_the_best_target_must_run_here(page: Path, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsec.measure.runnable_targets", lambda: (TARGETS["avx2"], TARGETS["x86_64"]))
    with pytest.raises(TargetError) as caught:
        dataflows(page, options.with_(targets=("avx512vnni", "avx2")))
    assert str(caught.value) == (
        "kernels for avx512vnni cannot be measured here: this machine runs only avx2, x86_64; "
        "give one of these as the target, or measure on a machine with avx512vnni"
    )


def test_a_model_without_layers_needs_nothing(tmp_path: Path, options: Options) -> None:
    page = tmp_path / "plain.spc"
    page.write_text("model plain(x: f32[batch, 4]) -> (y) {\n  y = relu(x)\n}\n")
    assert dataflows(page, options.with_(expect={})) == []


def test_what_layers_have_in_common() -> None:
    def key(matrix: np.ndarray[Any, Any], tokens: int, **more: Any) -> str:
        return product_key(Product(Kept(matrix), True, tokens=tokens, **more), HOST, "somebody")

    layer = weight((4, 1), 0.5)
    other = layer * (np.arange(128) % 2 * 2 - 1).astype(np.int8)
    assert key(layer, 8) == key(other, 8) == key(layer[::-1], 8)
    assert key(layer, MOST_TOKENS) == key(layer, 9 * MOST_TOKENS)
    different = [key(layer, 8), key(layer, 9), key(layer, 8, wide=True), key(layer, 8, blocks=(4, 1)),
                 key(layer.T, 8), key(weight((4, 1), 0.8), 8)]  # fmt: skip
    assert len(set(different)) == len(different)


def test_seconds_become_cycles_by_one_factor() -> None:
    product = Product(Kept(weight((4, 1), 0.5)), True, tokens=8)
    schedules = worth_measuring(product, HOST, PORTS)
    assert len(schedules) > 1
    seconds = {schedule_text(schedule): 1e-6 * (1 + number) for number, schedule in enumerate(schedules)}
    cycles = tuned_cycles(product, HOST, PORTS, seconds)
    assert list(cycles) and set(cycles) == set(schedules)
    factors = [cycles[schedule] / seconds[schedule_text(schedule)] for schedule in schedules]
    assert max(factors) == pytest.approx(min(factors))
    twice = tuned_cycles(product, HOST, PORTS, {name: 2 * time for name, time in seconds.items()})
    assert twice == pytest.approx(cycles), "a slower clock changes nothing"
    assert tuned_cycles(product, HOST, PORTS, {"no such schedule": 1.0}) == {}
    assert worth_measuring(Product(product.kept, True, wide=True, tokens=8), HOST, PORTS) == [], "there is no choice"
