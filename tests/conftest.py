"""Collects FileCheck files: every `.mlir` file under tests/ is a test, see `tests/filecheck_item.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.filecheck_item import FileCheckFile


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Make a test of each .mlir file."""
    return FileCheckFile.from_parent(parent, path=file_path) if file_path.suffix == ".mlir" else None
