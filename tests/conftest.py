"""Collects FileCheck files: every `.mlir` file under tests/ is a test, see `tests/filecheck_item.py`."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.filecheck_item import FileCheckFile

# as many as let the whole suite end in 20 minutes on two slow cores; tests that need more say so
settings.register_profile("sparsec", max_examples=60)
settings.load_profile("sparsec")


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Make a test of each .mlir file."""
    return FileCheckFile.from_parent(parent, path=file_path) if file_path.suffix == ".mlir" else None


def pytest_configure() -> None:
    """IR is made by the hundred thousand objects and lives long: collecting seldom saves a third of the time."""
    gc.set_threshold(200_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled models are kept in a folder of this run, where tests find each other's; the user's is left alone."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"  # processes share it
    folder.mkdir(exist_ok=True)
    os.environ["SPARSEC_CACHE_DIR"] = str(folder)
    return folder
