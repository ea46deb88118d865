"""DeepSparse. The model is an ONNX file, best with integer products spelled out: it does not fuse plain Q/DQ."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

NEWEST_IR = 8
"""Of the ONNX format: files of a newer one are refused, though they hold nothing new."""


def open_model(path: str, threads: int, feed: dict[str, Any]) -> tuple[str, Callable[[], list[Any]]]:
    """See `sparsec/engines/adapters/__init__.py`."""
    onnx, deepsparse = (importlib.import_module(name) for name in ("onnx", "deepsparse"))
    model = onnx.load(path)
    model.ir_version = min(model.ir_version, NEWEST_IR)
    arrays = [np.ascontiguousarray(value) for value in feed.values()]
    shapes = [list(array.shape) for array in arrays]
    with tempfile.TemporaryDirectory() as folder:
        copy = str(Path(folder) / "model.onnx")  # the engine overwrites the file that it is given
        onnx.save(model, copy)
        engine = deepsparse.Engine(copy, batch_size=shapes[0][0], num_cores=threads, input_shapes=shapes)
    return f"DeepSparse {deepsparse.__version__}", partial(engine.run, arrays, val_inp=False)
