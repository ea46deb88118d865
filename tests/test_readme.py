"""What README, ARCHITECTURE and the pages under docs/ promise is true."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sparsec
from sparsec import pipeline
from sparsec.cli import COMMANDS
from sparsec.options import child_environment
from tests.cli.command import done

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])


def blocks(language: str, text: str = README) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_python_example_runs(tmp_path: Path) -> None:
    (example,) = blocks("python")
    shutil.copytree(ROOT / "examples" / "models", tmp_path / "examples" / "models")
    ran = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, env=child_environment(), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "input_ids" in ran.stdout and {"tiny_bert.so", "tiny_bert.h"} <= {path.name for path in tmp_path.iterdir()}


def test_the_header_that_python_saves_has_the_names_of_the_page(tmp_path: Path) -> None:
    """The two commands of the page have written a library of the same name."""
    (prefix,) = re.findall(r'prefix="(\w+)"', README)
    sparsec.compile(ROOT / "examples" / "models" / "tiny_bert_90_int8.onnx", prefix=prefix).save(tmp_path / "saved.so")
    page = tmp_path / f"{prefix}.so"
    done("compile", ROOT / "examples" / "models" / "tiny_bert_90_int8.onnx", "-o", page, "--target", "host")
    names = [
        set(re.findall(rf"\b{prefix}_\w+", header.read_text())) - {f"{prefix}_so"}
        for header in (tmp_path / "saved.h", page.with_suffix(".h"))
    ]
    said = set(re.findall(rf"`({prefix}_\w+)`", README + (ROOT / "examples" / "02_c_program" / "main.c").read_text()))
    assert said and said <= names[0] and names[0] == names[1]


def test_ci_runs_the_two_commands_of_the_page() -> None:
    """The same cut that `.ci/run` makes."""
    script = (ROOT / ".ci" / "run").read_text()
    function = re.search(r"^readme_command\(\) \{.*?^\}", script, re.MULTILINE | re.DOTALL)
    assert function is not None
    names = re.findall(r"<!-- command: (.+) -->", README)
    assert names == ["main-job", "tests"] and f"for name in {' '.join(names)};" in script
    for name, block in zip(names, blocks("sh"), strict=True):
        cut = subprocess.run(
            ["bash", "-c", f"{function[0]}\nreadme_command {name}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert cut.strip() == block.strip() and "\n" not in block.strip()
        assert ".venv/bin/pip install -q -e " in cut


def test_the_table_of_commands_is_the_help() -> None:
    listed = re.findall(r"^\| `sparsec (\w+)", README, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)
    for row in re.findall(r"^\| `sparsec \w+.*$", README, re.MULTILINE):
        command = row.split()[2].strip("`")
        for flag in re.findall(r"`(--[a-z-]+)", row):
            assert flag in done(command, "--help").out, f"{command} {flag}"


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_every_stage_has_its_place(page: str) -> None:
    text = (ROOT / page).read_text()
    for stage in [*(stage.name for stage in pipeline.PIPELINE), "loops", "llvm", "object"]:
        assert f"[{stage}]" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    for name in re.findall(r"`((?:sparsec|tests|examples|docs|benchmarks)/[\w./-]*\w)`", page.read_text()):
        assert (ROOT / name).exists(), name


def summaries(page: Path) -> list[str]:
    """The rows of a page's tables that have a column for each engine."""
    tables = re.findall(r"^\| model, 4x1 +\| sparsec, ms.*\n\|[-| ]+\n((?:\|.*\n)+)", page.read_text(), re.MULTILINE)
    return [row for table in tables for row in table.splitlines()]


def test_the_table_of_the_page_is_the_measured_one() -> None:
    rows = summaries(ROOT / "README.md")
    assert len(rows) == 6
    assert rows == summaries(ROOT / "docs" / "models.md")[:6]


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/models*.md")), ids=lambda page: page.name)
def test_pruned_models_are_ahead_as_the_page_says(page: Path) -> None:
    rows = [row for row in summaries(page) if "dense" not in row]
    assert len(rows) >= 20
    for row in rows:
        ratios = [float(cell) for cell in row.strip("| ").split("|")[2:] if cell.strip() not in ("", "-", "–")]
        assert ratios and min(ratios) > 1, row
