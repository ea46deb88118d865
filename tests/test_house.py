"""The rules of the house that a machine can check; ARCHITECTURE.md says why they are there."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import sparsec
from sparsec import pipeline

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sparsec"
FILES = sorted(PACKAGE.rglob("*.py"))

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "collector", "identity_cache"),
    ("dims", "weights", "pattern", "schedule", "target", "options", "elementary_tables", "arithmetic"),
    (
        "elementary",
        "kept",
        "cost",
        "timings",
        "packer",
        "packing",
        "packing_baked",
        "packing_pairs",
        "packing_rows",
        "runtime",
    ),
    ("context", "dialects"),
    ("builder", "numpy_arithmetic"),
    ("reference", "reference_elementwise", "reference_products", "reference_scope", "reference_structure"),
    ("frontend", "transforms", "lowering", "forms", "backend"),
    ("pipeline", "metadata", "debug", "clock", "measure", "tune", "variants", "shortcut"),
    ("explanation",),
    ("api", "api_explain", "api_text", "inference_session", "engines"),
    ("cli",),
)
"""Low to high. A unit, a file or folder of sparsec/, may import from lower layers and from its own."""

ROOMS = frozenset({"frontend", "transforms", "lowering", "forms", "backend", "runtime"})
"""Units that never import each other, but that backend writes what runtime reads."""

DOORS = {
    "lark": ("frontend/dsl.py",),
    "onnx": ("frontend/onnx_*.py", "api.py", "api_explain.py"),
    "llvmlite": ("backend/*.py",),
    "ctypes": ("backend/*.py", "runtime/*.py"),
    "rich": ("cli/*.py", "debug.py"),
}
"""Which files may import a library. `api.py` and `api_explain.py` name onnx in annotations only."""

FORBIDDEN_NAMES = frozenset({"utils", "helpers", "common", "misc", "base", "core", "manager", "types"})

MAX_LINES, MAX_FUNCTION_LINES = 400, 60
LONG_FILES = {
    "dialects/kernel.py": "one definition per kernel call, all of one form: a table in prose",
    "dialects/nn_elementwise.py": "one definition per elementwise op, all of one form: a table in prose",
}
LONG_FUNCTIONS: dict[str, str] = {}
"""`file.py:function` and the reason."""


def relative(path: Path) -> str:
    """The path below sparsec/."""
    return path.relative_to(PACKAGE).as_posix()


def unit_of(path: Path) -> str:
    """The file or folder of sparsec/ that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever the statement stands, importlib with a literal name included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def layer_of(unit: str) -> int:
    """The number of the layer that a unit belongs to."""
    return next((number for number, units in enumerate(LAYERS) if unit in units), -1)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_go_down(path: Path) -> None:
    unit = unit_of(path)
    if unit == "__init__":
        return
    assert layer_of(unit) >= 0, f"{unit} has no layer: add it to LAYERS"
    for module in imports_of(path):
        top, _, rest = module.partition(".")
        target = rest.partition(".")[0]
        if top != "sparsec" or layer_of(target) < 0 or target == unit:
            continue
        assert layer_of(target) <= layer_of(unit), f"{relative(path)} imports {module}, which is a layer above it"
        rooms = {unit, target} <= ROOMS and (unit, target) != ("backend", "runtime")
        assert not rooms, f"{relative(path)} imports {module}: rooms do not know each other"


@pytest.mark.parametrize("library", DOORS)
def test_a_library_is_imported_in_its_room_only(library: str) -> None:
    for path in FILES:
        names = {module.partition(".")[0] for module in imports_of(path)}
        allowed = any(fnmatch(relative(path), pattern) for pattern in DOORS[library])
        assert library not in names or allowed, f"{relative(path)} imports {library}"


def test_a_compiled_model_is_loaded_without_the_compiler() -> None:
    code = (
        "import sys, sparsec; sparsec.load; sparsec.Program; "
        "print(*(name for name in ('xdsl', 'llvmlite', 'onnx', 'lark', 'rich') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []


def test_the_front_door_is_what_it_says() -> None:
    assert len(set(sparsec.__all__)) == len(sparsec.__all__)
    for name in sparsec.__all__:
        assert getattr(sparsec, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sparsec.nothing  # pyright: ignore


@pytest.mark.parametrize("pass_class", pipeline.all_passes(), ids=lambda pass_class: pass_class.name)
def test_a_pass_has_one_name_in_four_spellings_and_a_test(pass_class: type) -> None:
    name = pass_class.name  # pyright: ignore
    file = name.replace("-", "_")
    assert pass_class.__name__.lower() == name.replace("-", "")
    assert pass_class.__module__.rpartition(".")[2] == file
    assert pass_class.__doc__ and importlib.import_module(pass_class.__module__).__doc__
    folder = ROOT / "tests" / pass_class.__module__.split(".")[1]
    assert (folder / f"{file}.mlir").exists() or (folder / f"test_{file}.py").exists(), f"{name} has no test"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert path.stem not in FORBIDDEN_NAMES, f"{relative(path)}: name it by what it does"
    lines = len(text.splitlines())
    assert lines <= MAX_LINES or relative(path) in LONG_FILES, f"{relative(path)} has {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            known = f"{relative(path)}:{node.name}" in LONG_FUNCTIONS
            assert length <= MAX_FUNCTION_LINES or known, f"{relative(path)}:{node.name} has {length} lines"


def test_reasons_for_length_are_still_needed() -> None:
    for name in LONG_FILES:
        assert len((PACKAGE / name).read_text().splitlines()) > MAX_LINES, f"{name} is short by now"


def test_three_environment_variables_at_most_and_one_file_that_reads_them() -> None:
    for path in FILES:
        reads = re.search(r"os\.environ|getenv", path.read_text())
        assert not reads or relative(path) == "options.py", f"{relative(path)} reads the environment"
    names = set(re.findall(r"SPARSEC_[A-Z_]+", (PACKAGE / "options.py").read_text()))
    assert len(names) <= 3, sorted(names)
