"""Which packages a peer needs, and a virtual environment for each. Pins are exact: figures hold for these versions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path("~/.cache/sparsec-benchmarks/peers").expanduser()
ADAPTERS = Path(__file__).parent


@dataclass(frozen=True)
class Environment:
    """What to install, and into which Python."""

    requirements: tuple[str, ...]
    python: tuple[int, int] | None = None
    """None is the one that runs this."""
    options: tuple[str, ...] = ()
    """Options of pip."""
    preload: str | None = None
    """A C file beside this one that is compiled and loaded before anything else."""
    variables: dict[str, str] = field(default_factory=dict[str, str])
    """What to set in the environment of the adapter."""
    layers: bool = True
    """Whether there is a script beside this one that measures single layers."""


ENVIRONMENTS = {
    "onednn": Environment(("onednn-cpu-gomp==2023.2.0", "numpy==2.4.6")),
    "onemkl": Environment(("mkl==2026.2.0", "numpy==2.4.6")),
    "deepsparse_engine": Environment(
        ("deepsparse==1.8.0", "onnx==1.14.1", "numpy==1.26.4", "setuptools<70"), python=(3, 11)
    ),
    "neural_engine": Environment(
        # Without dependencies, which would bring torch and tensorflow; what follows numpy reads whole models.
        (
            "intel-extension-for-transformers==1.0.1",
            "numpy==1.23.5",
            "onnx==1.14.1",
            "protobuf==4.25.8",
            "PyYAML==6.0.2",
            "schema==0.7.7",
            "tqdm==4.67.1",
        ),
        python=(3, 10),
        options=("--no-deps",),
        preload="neural_engine_cpu.c",
        variables={"LLGA_DISABLE": "1", "GLOG_minloglevel": "2"},
    ),
    "scipy_sparse": Environment(("scipy==1.17.1", "numpy==2.4.6")),
    "onnxruntime": Environment(("onnxruntime==1.31.1", "numpy==2.4.6"), layers=False),
    "openvino": Environment(("openvino==2026.4.1", "numpy==2.4.6"), layers=False),
    "torch": Environment(("torch==2.13.0", "numpy==2.4.6"), layers=False),
    # No engine: exports the classic BERT graph, for `benchmarks/build_models.py`.
    "classic_export": Environment(
        (
            "torch==2.13.0",
            "transformers==4.38.2",
            "onnx==1.23.2",
            "onnxruntime==1.31.1",
            "onnxscript==0.7.2",
            "numpy==2.4.6",
        ),
        layers=False,
    ),
}


class CannotInstall(Exception):
    """A peer's environment cannot be made; the message says why."""


def python_of(name: str, folder: Path = FOLDER) -> Path:
    """The Python of a peer's environment, whether or not it exists."""
    return folder / name / "bin" / "python"


def library_to_preload(name: str, folder: Path = FOLDER) -> Path | None:
    """Where a peer's C file is compiled to, if it has one."""
    return folder / name / "lib" / f"{name}_preload.so" if ENVIRONMENTS[name].preload else None


def variables_of(name: str, folder: Path = FOLDER) -> dict[str, str]:
    """What to set in the environment of a peer's processes."""
    library = library_to_preload(name, folder)
    return ENVIRONMENTS[name].variables | ({"LD_PRELOAD": str(library)} if library else {})


def find_python(version: tuple[int, int] | None) -> Path:
    """A Python of that version."""
    if version in (None, sys.version_info[:2]):
        return Path(sys.executable)
    name = ".".join(map(str, version))
    candidates = [path for path in (shutil.which(f"python{name}"),) if path]
    candidates += sorted(Path("~/.pyenv/versions").expanduser().glob(f"{name}.*/bin/python"))
    for path in candidates:
        command = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if subprocess.run(command, capture_output=True, text=True).stdout.strip() == name:
            return Path(path)
    raise CannotInstall(f"needs Python {name}, and none was found")


def install(name: str, folder: Path = FOLDER) -> None:
    """Make a peer's environment anew."""
    if name not in ENVIRONMENTS:
        raise CannotInstall(f"no such peer; there are {', '.join(ENVIRONMENTS)}")
    environment = ENVIRONMENTS[name]
    if environment.preload and not shutil.which("cc"):
        raise CannotInstall("needs a C compiler, and there is no cc")
    python = python_of(name, folder)
    commands = [
        [find_python(environment.python), "-m", "venv", "--clear", folder / name],
        [python, "-m", "pip", "install", "--quiet", *environment.options, *environment.requirements],
    ]
    if environment.preload:
        library = str(library_to_preload(name, folder))
        commands.append(["cc", "-shared", "-fPIC", "-O1", ADAPTERS / environment.preload, "-o", library, "-ldl"])
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            shutil.rmtree(folder / name, ignore_errors=True)
            lines = [line for line in done.stderr.splitlines() if "WARNING" not in line]
            raise CannotInstall("\n".join(lines[-3:]) or f"exit code {done.returncode}")
