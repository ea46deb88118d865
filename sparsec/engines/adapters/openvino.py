"""OpenVINO at static shapes, set for latency. The model is an ONNX file."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def open_model(path: str, threads: int, feed: dict[str, Any]) -> tuple[str, Callable[[], list[Any]]]:
    """See `sparsec/engines/adapters/__init__.py`."""
    openvino = importlib.import_module("openvino")
    core = openvino.Core()
    model = core.read_model(path)
    model.reshape({name: list(value.shape) for name, value in feed.items()})
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = core.compile_model(model, "CPU", settings)
    request = compiled.create_infer_request()
    for name, value in feed.items():
        request.set_tensor(name, openvino.Tensor(value))

    def call() -> list[Any]:
        request.infer()
        return [request.get_output_tensor(index).data for index in range(len(compiled.outputs))]

    return f"OpenVINO {openvino.__version__.partition('-')[0]}", call
