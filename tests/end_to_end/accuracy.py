"""How far results may be from what a quantised file says.

The reference is onnxruntime with its optimisations off. With them on it moves by several percent on such files, since
a value that falls on the other side of a rounding moves everything after it; sparsec rounds where the file says so and
must not be further away than that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime

Array = np.ndarray
Feed = dict[str, Array]


@dataclass(frozen=True)
class Distance:
    """Mean and maximum difference, as fractions of the range (max - min) of the reference."""

    mean: float
    maximum: float


def distance(results: Array, reference: Array) -> Distance:
    """Compare two arrays of one shape."""
    difference = np.abs(results.astype(np.float64) - reference) / np.ptp(reference)
    return Distance(float(difference.mean()), float(difference.max()))


def objections(found: Distance, optimised: Distance) -> list[str]:
    """What the rule has against a distance, nothing if it holds.

    Mean <= 1 %, and mean and maximum no larger than optimised onnxruntime's + 0.2 %.
    """
    clauses = {
        "mean above 1 %": found.mean <= 0.01,
        "mean above onnxruntime's + 0.2 %": found.mean <= optimised.mean + 0.002,
        "max above onnxruntime's + 0.2 %": found.maximum <= optimised.maximum + 0.002,
    }
    return [text for text, holds in clauses.items() if not holds]


def require_close(found: Distance, optimised: Distance) -> None:
    """Fail unless the rule holds."""
    assert not objections(found, optimised), (found, optimised)


def session(model: onnx.ModelProto, *, optimised: bool) -> onnxruntime.InferenceSession:
    """The model in onnxruntime, as the file says or as fast as it can."""
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def run_all(run: Callable[[None, Feed], Sequence[Array]], feeds: Sequence[Feed]) -> Array:
    """Every value of every output of every call, one after the other."""
    return np.concatenate([output.ravel() for feed in feeds for output in run(None, feed)])
