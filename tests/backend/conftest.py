"""Toy models that several files use: made once per session, compiling is slow."""

from pathlib import Path

import numpy as np
import pytest

from sparsec.backend import jit, shared_library
from sparsec.backend.artifact import Artifact
from sparsec.options import Options
from sparsec.runtime.loading import load
from sparsec.runtime.program import Program
from sparsec.target import TARGETS, host
from tests.backend.toy import toy_artifact


@pytest.fixture(scope="session")
def artifact() -> Artifact:
    """The toy for every target."""
    return toy_artifact(tuple(TARGETS.values()))


@pytest.fixture(scope="session")
def library(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy as a shared library."""
    path = tmp_path_factory.mktemp("library") / "toy.so"
    shared_library.write(artifact, path, Options())
    return path


@pytest.fixture(params=["jit", "so"])
def program(request: pytest.FixtureRequest, artifact: Artifact, library: Path) -> Program:
    """The toy as a program, by both ways."""
    return jit.load(artifact, Options()) if request.param == "jit" else load(library)


@pytest.fixture
def weak_artifact(artifact: Artifact) -> Artifact:
    """The best that this CPU can do, alone, with bias 2."""
    return toy_artifact([host()], bias=2.0)


@pytest.fixture
def x() -> np.ndarray:
    """float32[1000]."""
    return np.linspace(-1, 1, 1000, dtype=np.float32)
