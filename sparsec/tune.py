"""Tuning: each distinct layer of a model is timed on this machine with every schedule that may be its best.

The figures are kept in the cache folder, one file for each target, and reach the passes through the context.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import SSAValue

from sparsec import pipeline
from sparsec.backend.cache import writing_whole
from sparsec.builder import Builder, begin_module, constant_value
from sparsec.context import CompilerContext
from sparsec.cost import Product
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.encoding import sizes_of, tensor, ui8
from sparsec.dialects.nn_tokens import token_bounds
from sparsec.dialects.sparse import MatMul
from sparsec.dims import Dim, product
from sparsec.errors import OptionError
from sparsec.measure import MeasuredKernel, MeasuredProgram, require_runnable
from sparsec.options import Options
from sparsec.schedule import Schedule
from sparsec.target import CpuTarget, host_core
from sparsec.timings import Timings, measured_tokens, product_key, schedule_text, worth_measuring
from sparsec.transforms.scheduler import Scheduler, hint_of
from sparsec.weights import Array, WeightStore

Tell = Callable[[str], None]
"""Takes a line about what is being done."""

RUNS = 5
"""Short runs of each schedule; the least counts."""

ROTATING_BYTES = 512 << 10
"""How much weight is rotated through: ten times a first-level cache."""

_X_SCALE, _W_SCALE, _Y_SCALE = 2.0**-6, 2.0**-9, 0.05


@dataclass(frozen=True)
class Layer:
    """One of the layers that share a figure, and the schedules to measure."""

    weight: Array
    product: Product
    schedules: Sequence[Schedule]


def tune(
    module: ModuleOp, context: CompilerContext, target: CpuTarget, options: Options, version: str, tell: Tell
) -> Timings:
    """Seconds of the schedules of each distinct layer: those that are kept, and the others measured now.

    Args:
        module: [graph] form; it stays as it is.
        context: holds its weights.
        target: the one that schedules are chosen for.
        version: of the compiler; figures of another one are forgotten.

    Raises:
        OptionError: the size of a dynamic dimension is missing.
        TargetError: this machine cannot run the target.
    """
    require_runnable(target)
    code = module.clone()
    stages = pipeline.stages(target.name, host_core(), options.expected_sizes)
    pipeline.finish(pipeline.run(code, context, [stage for stage in stages if stage.name in ("graph", "sparse")]))
    layers = _layers(code, context, target, options)
    path = timings_path(options, target)
    known = load_timings(path, version) if options.cache else {}
    missing = [key for key in layers if key not in known]
    for number, key in enumerate(missing, 1):
        tell(f"tuning layer {number} of {len(missing)}")
        known[key] = measure_layer(layers[key], target)
        if options.cache:
            store_timings(path, version, {**load_timings(path, version), key: known[key]})
    return {key: known[key] for key in layers}


def _layers(module: ModuleOp, context: CompilerContext, target: CpuTarget, options: Options) -> dict[str, Layer]:
    """The layers that have a choice, by key, one of each kind.

    Raises:
        OptionError: the number of tokens is not known.
    """
    core = host_core()
    scheduler = Scheduler(context.weights, target.name, core, options.expected_sizes, bounds=token_bounds(module))
    matmuls = [op for op in module.walk() if isinstance(op, MatMul) and hint_of(op) is None]
    sizes = [scheduler.most(product(sizes_of(op.x.type)[:-1])) for op in matmuls]
    symbols = dict.fromkeys(name for size in sizes if isinstance(size, Dim) for name in size.symbols)
    unknown = [name for name in symbols if name not in dict(options.expect)]
    if unknown:
        given = " ".join(f"--expect {name}=SIZE" for name in unknown)
        raise OptionError(
            f"tuning measures layers at the sizes that the model is used with, and {_listed(unknown)} unknown: "
            f"give {given}, or expect={{{', '.join(f'{name!r}: SIZE' for name in unknown)}}} in Python"
        )
    layers: dict[str, Layer] = {}
    for op in matmuls:
        known = scheduler.product_of(op)
        weight = constant_value(op.weight, context.weights)
        schedules = worth_measuring(known, target, target.ports_of(core)) if known.tokens else []
        if weight is not None and schedules and np.any(weight):
            layers.setdefault(product_key(known, target, core), Layer(weight, known, schedules))
    return layers


def _listed(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'}"


def measure_layer(layer: Layer, target: CpuTarget) -> dict[str, float]:
    """Seconds of each schedule of a layer, by its text; runs are taken in turns, so that a slow moment hits all."""
    kept = int(np.count_nonzero(layer.weight)) * layer.weight.itemsize
    copies = max(2, min(8, round(ROTATING_BYTES / (1.5 * max(kept, 1)))))
    element = ui8 if layer.product.integer else f32
    weights = WeightStore()
    tokens = measured_tokens(layer.product)
    assert tokens is not None
    b, values, finish = begin_module(weights, [("x", tensor(element, [tokens, layer.product.kept.columns]))])
    outputs = [
        (f"y{index}_{copy}", _emit(b, values["x"], layer, index * copies + copy, schedule))
        for index, schedule in enumerate(layer.schedules)
        for copy in range(copies)
    ]
    module, context = finish(outputs), CompilerContext(weights=weights)
    pipeline.finish(pipeline.run(module, context, pipeline.stages(target.name, host_core())))
    for op in module.walk():
        if isinstance(op, kernel.MatMul):
            op.properties.pop("cold", None)  # many schedules make a large program, but few copies take turns
    program = MeasuredProgram(module, context, target, {})
    timed: dict[Schedule, MeasuredKernel] = {}
    for each in program.kernels:
        if isinstance(each.op, kernel.MatMul):
            schedule = each.op.schedule.schedule
            timed[schedule] = max(timed.get(schedule, each), each, key=lambda found: len(found.sets))
    turns = {schedule: program.turns(each) for schedule, each in timed.items()}
    best = dict.fromkeys(timed, float("inf"))
    for _ in range(RUNS):
        for schedule, each in timed.items():
            best[schedule] = min(best[schedule], program.run(each, turns[schedule]))
    return {schedule_text(schedule): seconds for schedule, seconds in best.items()}


def _emit(b: Builder, x: SSAValue, layer: Layer, number: int, schedule: Schedule) -> SSAValue:
    """The layer as a quantised or a float model spells it, with a weight of its own: one number in it is another."""
    array = layer.weight.copy()
    array.flat[np.flatnonzero(array)[0]] = 1 + number
    weight = b.weight(array, schedule=schedule)
    if not layer.product.integer:
        return b.apply(ew.Add, b.linear(x, weight), b.constant(np.linspace(-1, 1, len(array)), np.float32))
    scaled = b.dequantize(weight, b.constant(_W_SCALE), b.constant(0, np.int8))
    real = b.dequantize(x, b.constant(_X_SCALE), b.constant(128, np.uint8))
    numbers = b.constant(np.linspace(-9999, 9999, len(array)), np.int32)
    bias = b.dequantize(numbers, b.constant(_X_SCALE * _W_SCALE), b.constant(0, np.int32))
    return b.quantize(b.apply(ew.Add, b.linear(real, scaled), bias), b.constant(_Y_SCALE), b.constant(128, np.uint8))


def timings_path(options: Options, target: CpuTarget) -> Path:
    """Where the figures of a target are kept."""
    return options.cache_dir / "timings" / f"{target.name}.json"


def load_timings(path: Path, version: str) -> dict[str, dict[str, float]]:
    """The figures in a file; none if there is no such file, if it is damaged, or from another version."""
    try:
        content = json.loads(path.read_bytes())
        if content["version"] != version:
            return {}
        return {
            str(key): {str(schedule): _seconds(value) for schedule, value in figures.items()}
            for key, figures in content["timings"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _seconds(value: object) -> float:
    if not isinstance(value, float) or not 0 < value < float("inf"):
        raise ValueError(f"{value} is no number of seconds")
    return value


def store_timings(path: Path, version: str, timings: Timings) -> None:
    """Write the figures to a file; without them the next compilation measures again, so a failure is no error."""
    with contextlib.suppress(OSError), writing_whole(path) as file:
        file.write(json.dumps({"version": version, "timings": timings}, indent=1, sort_keys=True).encode())
