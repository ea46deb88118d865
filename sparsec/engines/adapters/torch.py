"""PyTorch. The model is a program that `torch.export.save` wrote, an ATen graph in eager mode: a .pt2 file."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def open_model(path: str, threads: int, feed: dict[str, Any]) -> tuple[str, Callable[[], list[Any]]]:
    """See `sparsec/engines/adapters/__init__.py`."""
    torch = importlib.import_module("torch")
    if not path.endswith(".pt2"):
        raise ValueError("torch runs what torch.export.save wrote, a .pt2 file, and no ONNX: give it one, torch=FILE")
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    module = torch.export.load(path).module()
    arguments = [torch.from_numpy(value) for value in feed.values()]

    def call() -> list[Any]:
        result: Any = module(*arguments)
        values: list[Any] = [result] if isinstance(result, torch.Tensor) else list(result)
        return [value.numpy() for value in values]

    return f"torch {torch.__version__.partition('+')[0]}", call
