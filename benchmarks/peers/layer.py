"""One pruned layer that every peer multiplies, and the loop in which an adapter answers requests.

An adapter is a script that reads requests (the fields of `Layer` in JSON), one a line, and answers each with a line of
JSON: `seconds` and `median` of one layer, `what` was measured, and `error`, null unless the layer cannot be measured.
Adapters run in the peers' own environments, Python 3.10 and numpy 1.23 among them, and import this file by its path:
it needs numpy only. A layer is a weight [rows, columns] times the activations of some tokens. Zero points are 0, since
any other one of the activations becomes part of the bias when weights are constant:

    int8:  u8 activations x s8 weights -> s32, then f32 = s32 * scale, or u8 = clamp(round(s32 * scale), 0, 255)
    fp32:  f32 activations x f32 weights -> f32
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

Call = Callable[[], object]
MIN_RUN_SECONDS = 2e-4
ACTIVATIONS_RMS = math.sqrt(21700)
"""Of numbers from 0 to 255."""
HOPELESS = 2.0
"""So many times slower than the fastest spelling at first sight, a spelling is not looked at twice."""
KINDS = ("int8", "fp32")


@dataclass(frozen=True)
class Layer:
    """A request: which layer to time, and how often."""

    rows: int
    columns: int
    tokens: int
    kind: str = "int8"
    sparsity: float = 0.0
    block: tuple[int, int] = (4, 1)
    seed: int = 0
    runs: int = 9
    weights: int = 8
    """How many different weights take turns, lest they stay in the nearest cache."""

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        for name in ("rows", "columns", "tokens", "runs", "weights"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)} is not positive")
        if self.rows % self.block[0] or self.columns % self.block[1]:
            block, matrix = (f"{shape[0]}x{shape[1]}" for shape in (self.block, (self.rows, self.columns)))
            raise ValueError(f"block {block} does not divide matrix {matrix}")
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} is none of {', '.join(KINDS)}")
        if not 0 <= self.sparsity < 1:
            raise ValueError(f"sparsity {self.sparsity} is not in [0, 1)")

    @staticmethod
    def from_json(text: str, kinds: tuple[str, ...] = KINDS) -> Layer:
        """The layer that a line of JSON asks for; `kinds` are those that can be run, the first by default."""
        request = json.loads(text)
        if request.setdefault("kind", kinds[0]) not in kinds:
            raise ValueError(f"runs {' and '.join(kinds)} layers, not {request['kind']}")
        unknown = sorted(set(request) - {field.name for field in fields(Layer)})
        if unknown:
            raise ValueError(f"unknown request {', '.join(unknown)}")
        if "block" in request:
            request["block"] = tuple(request["block"])
        return Layer(**request)

    def pattern(self, number: int) -> np.ndarray:
        """Which blocks of a weight are kept: a share of exactly 1 - sparsity, rounded, drawn from the whole matrix."""
        shape = self.rows // self.block[0], self.columns // self.block[1]
        kept = max(1, round(shape[0] * shape[1] * (1 - self.sparsity)))
        flat = np.arange(shape[0] * shape[1]) < kept
        return np.random.default_rng((self.seed, number, 0)).permutation(flat).reshape(shape)

    def weight(self, number: int) -> np.ndarray:
        """[rows, columns], int8 or float32; no value of a kept block is zero."""
        random = np.random.default_rng((self.seed, number, 1))
        shape = self.rows, self.columns
        magnitude = random.integers(1, 128, shape) * random.choice(np.array([-1, 1]), shape)
        kept = np.kron(self.pattern(number), np.ones(self.block, bool))
        weight = np.where(kept, magnitude, 0).astype(np.int8)
        return weight if self.kind == "int8" else weight.astype(np.float32) / np.float32(128)

    def activations(self) -> np.ndarray:
        """[tokens, columns], uint8 or float32."""
        values = np.random.default_rng((self.seed, 2)).integers(0, 256, (self.tokens, self.columns)).astype(np.uint8)
        return values if self.kind == "int8" else values.astype(np.float32) / np.float32(128) - np.float32(1)

    @property
    def scale(self) -> float:
        """What an int8 layer's sums are multiplied with, so that u8 results use their range."""
        kept = max(1.0, self.columns * (1 - self.sparsity))
        return float(np.float32(64 / (math.sqrt(kept * 5400) * ACTIVATIONS_RMS)))

    def product(self, number: int) -> np.ndarray:
        """[tokens, rows] in float64: exact for int8."""
        return self.activations().astype(np.float64) @ self.weight(number).T.astype(np.float64)

    def check(self, number: int, result: np.ndarray) -> str:
        """How close a peer's [tokens, rows] is to numpy's, or an error if it is not."""
        expected, tolerance = self.product(number), 0.0
        if result.dtype in (np.uint8, np.int8):
            info = np.iinfo(result.dtype)
            expected, tolerance = np.clip(np.rint(expected * self.scale), info.min, info.max), 1.0
        elif result.dtype == np.float32:
            expected = expected * (self.scale if self.kind == "int8" else 1.0)
            tolerance = 1e-5 * float(np.abs(expected).max())
        error = float(np.abs(result - expected).max())
        if not error <= tolerance:
            raise ArithmeticError(f"result differs from numpy by {error:.3g}, more than {tolerance:.3g}")
        return f"within {error:.1g} of numpy" if error else "equal to numpy"


def chain(layer: Layer, length: int) -> list[Layer]:
    """Layers that take each other's results: the layer again and again, or in turns with its transpose."""
    back = layer if layer.rows == layer.columns else replace(layer, rows=layer.columns, columns=layer.rows)
    return [back if number % 2 else layer for number in range(length)]


def more_layers(layer: Layer) -> int:
    """How many layers to add to a chain of one, for as many weights as shall take turns and no odd transpose."""
    return layer.weights + (layer.weights % 2 if layer.rows != layer.columns else 0)


def describe_chain(layer: Layer) -> str:
    """What the difference between two chains' times is."""
    turns = "" if layer.rows == layer.columns else f", every other one {layer.columns}x{layer.rows}"
    return f"what {more_layers(layer)} more layers add to a chain of one{turns}"


@dataclass(frozen=True)
class Contestant:
    """One way in which a peer can run the layer."""

    what: str
    calls: list[Call]
    """One per weight, or one that computes `layers` layers."""
    result: Callable[[int], np.ndarray]
    """[tokens, rows] of a weight's layer; float32, int32, uint8 or int8."""
    layers: int = 1
    overhead: Call | None = None
    """What a call does besides its layers: timed in the same way, and subtracted."""
    alive: object = None
    """What calls hold by address only."""


def time_calls(calls: list[Call], runs: int) -> list[float]:
    """Seconds per call in each run. A run is some rounds of all calls, at least 200 microseconds."""

    def run(rounds: int) -> float:
        start = time.perf_counter()
        for _ in range(rounds):
            for call in calls:
                call()
        return time.perf_counter() - start

    run(1)
    rounds = max(1, math.ceil(MIN_RUN_SECONDS / run(1)))
    run(rounds)
    return [run(rounds) / (rounds * len(calls)) for _ in range(runs)]


def measure(contestant: Contestant, runs: int) -> tuple[float, float, float]:
    """Seconds of one layer: the fastest and the median run; then of one call with a single layer."""
    times = time_calls(contestant.calls, runs)
    rest = time_calls([contestant.overhead], runs) if contestant.overhead else [0.0]
    fastest, median = min(times) - min(rest), statistics.median(times) - statistics.median(rest)
    if min(fastest, median) <= 0:
        raise TimeoutError(f"{contestant.layers} layers are lost in the noise of an overhead of {min(rest):.2g} s")
    call = min(rest) if contestant.overhead else min(times)
    return fastest / contestant.layers, median / contestant.layers, call


def answer(layer: Layer, contestants: Iterable[Contestant]) -> dict:
    """Check and time every contestant, and name the fastest."""
    best: dict = {}
    for contestant in contestants:
        checked = layer.check(0, contestant.result(0))
        if best and contestant.layers == 1 and time_calls(contestant.calls[:1], 1)[0] > HOPELESS * best["seconds"]:
            continue
        seconds, median, call = measure(contestant, layer.runs)
        if not best or seconds < best["seconds"]:
            what = f"{contestant.what}; {checked}"
            best = {"seconds": seconds, "median": median, "call": call, "what": what, "error": None}
    if not best:
        raise ValueError("refuses every spelling of this layer")
    return best


def requests() -> Iterator[tuple[str, Callable[[dict], None]]]:
    """Lines on standard input, and where to answer. Whatever a library prints goes to standard error instead."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def reply(message: dict) -> None:
        print(json.dumps(message), file=out, flush=True)

    for line in sys.stdin:
        yield line, reply


def serve(contestants: Callable[[Layer], Iterable[Contestant]], kinds: tuple[str, ...] = KINDS) -> None:
    """Answer requests until there are none; a request that fails is answered with its reason."""
    for line, reply in requests():
        try:
            layer = Layer.from_json(line, kinds)
            reply(answer(layer, contestants(layer)))
        except Exception as error:
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            reason = (f"{kind}{error}".strip() or type(error).__name__).splitlines()[0]
            reply({"seconds": None, "median": None, "what": "", "error": reason})
