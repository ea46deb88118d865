"""Collects FileCheck files: every `.mlir` file under tests/ is a test, see `tests/filecheck_item.py`."""

from __future__ import annotations

import gc
import os
from functools import lru_cache
from pathlib import Path

import pytest
from xdsl.parser import attribute_parser

from tests import emulation
from tests.filecheck_item import FileCheckFile


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Make a test of each .mlir file."""
    return FileCheckFile.from_parent(parent, path=file_path) if file_path.suffix == ".mlir" else None


def pytest_configure() -> None:
    """IR is made by the hundred thousand objects and lives long: collecting seldom saves a third of the time. And xDSL
    works out the same constraint for each `dense` that it parses, which is most of the time of parsing; equal ones are
    shared here."""
    gc.set_threshold(200_000, 20, 50)
    attribute_parser.base = lru_cache(attribute_parser.base)
    if emulation.ON:
        emulation.install()


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled models are kept in a folder of this run, where tests find each other's; the user's is left alone."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["SPARSEC_CACHE_DIR"] = str(folder)
    return folder
