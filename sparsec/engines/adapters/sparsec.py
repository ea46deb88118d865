"""sparsec itself. The model is a compiled `.so`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any


def open_model(path: str, threads: int, feed: dict[str, Any]) -> tuple[str, Callable[[], list[Any]]]:
    """See `sparsec/engines/adapters/__init__.py`."""
    sparsec = importlib.import_module("sparsec")
    program = sparsec.load(path, threads=threads)
    return f"sparsec {sparsec.__version__}", partial(program.run, None, feed)
