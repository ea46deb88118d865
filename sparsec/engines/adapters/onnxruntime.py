"""onnxruntime with all of its optimisations. The model is an ONNX file."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any


def open_model(path: str, threads: int, feed: dict[str, Any]) -> tuple[str, Callable[[], list[Any]]]:
    """See `sparsec/engines/adapters/__init__.py`."""
    onnxruntime = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return f"onnxruntime {onnxruntime.__version__}", partial(session.run, None, feed)
