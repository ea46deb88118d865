"""DeepSparse. The model is an ONNX file, best with integer products spelled out: it does not fuse plain Q/DQ."""

from __future__ import annotations

import importlib
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np


def open_model(path: str, threads: int, feed: dict[str, Any]) -> tuple[str, Callable[[], list[Any]]]:
    """See `sparsec/engines/adapters/__init__.py`."""
    deepsparse = importlib.import_module("deepsparse")
    arrays = [np.ascontiguousarray(value) for value in feed.values()]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.onnx"
        shutil.copy(path, copy)  # the engine overwrites the file that it is given
        shapes = [list(array.shape) for array in arrays]
        engine = deepsparse.Engine(str(copy), batch_size=shapes[0][0], num_cores=threads, input_shapes=shapes)
    return f"DeepSparse {deepsparse.__version__}", partial(engine.run, arrays, val_inp=False)
