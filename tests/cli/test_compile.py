"""`sparsec compile`: every kind of output, every look inside, and what is left on disk."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import sparsec
from sparsec import api, pipeline
from sparsec.debug import known_names
from sparsec.target import host
from tests.cli.command import done
from tests.cli.command import sparsec as run
from tests.filecheck_item import parse

CODE = ("kernels-to-loops", "loops-to-llvm")
STAGES = (pipeline.READING, *pipeline.PIPELINE, *pipeline.code_stages(host()))
PASSES = [each.name for stage in STAGES for each in stage.passes]


def files(folder: Path) -> set[str]:
    """The names of what lies in a folder."""
    return {path.name for path in folder.iterdir()}


def test_library_and_header(folder: Path) -> None:
    result = done("compile", "layer.spc", "-o", "made.so", "--prefix", "my_layer")
    assert files(folder) == {"layer.spc", "made.so", "made.h"}
    assert result.out == "" and result.err.startswith("wrote made.so (")
    assert "my_layer_create" in Path("made.h").read_text()
    assert sparsec.load("made.so").prefix == "my_layer"


def test_the_output_names_itself(folder: Path) -> None:
    done("compile", "layer.spc")
    assert files(folder) == {"layer.spc", "layer.so", "layer.h"}
    assert sparsec.load("layer.so").prefix == "layer"


def test_what_was_there_is_replaced(folder: Path, compiled: Path) -> None:
    shutil.copy(compiled / "layer.so", "old.so")
    before = sparsec.load("old.so")
    done("compile", "layer.spc", "-o", "old.so", "--prefix", "new")
    assert (before.prefix, sparsec.load("old.so").prefix) == ("layer", "new")


@pytest.mark.parametrize(
    ("kind", "suffix", "start"),
    [("obj", ".o", b"\x7fELF"), ("asm", ".s", b"\t."), ("llvm", ".ll", b"; ModuleID"), ("mlir", ".mlir", b"builtin")],
)
def test_other_kinds_by_suffix_and_by_option(kind: str, suffix: str, start: bytes, folder: Path) -> None:
    by_option = done("compile", "layer.spc", "--emit", kind)
    assert f"wrote layer{suffix}" in by_option.err
    header = {"layer.h"} if kind == "obj" else set[str]()
    assert files(folder) == {"layer.spc", f"layer{suffix}"} | header
    content = Path(f"layer{suffix}").read_bytes()
    assert content.startswith(start)
    if kind == "mlir":
        done("compile", "layer.spc", "-o", f"again{suffix}")
        assert Path(f"again{suffix}").read_bytes() == content
        parse(content.decode())


def test_an_object_links_into_a_program(folder: Path) -> None:
    done("compile", "layer.spc", "--emit", "obj")
    source = '#include <stdio.h>\n#include "layer.h"\nint main(void) { puts(layer_metadata()); return 0; }\n'
    Path("main.c").write_text(source)
    subprocess.run(["cc", "-o", "main", "main.c", "layer.o", "-lpthread"], check=True)
    metadata = json.loads(subprocess.run(["./main"], check=True, capture_output=True).stdout)
    assert metadata["inputs"][0]["name"] == "x"


def test_targets() -> None:
    facts = json.loads(done("compile", "layer.spc", "--target", f"x86_64,{host().name}", "--json").out)
    assert facts["targets"] == list(dict.fromkeys([host().name, "x86_64"]))
    program = sparsec.load("layer.so")
    assert program.targets == tuple(facts["targets"]) and program.target == host().name
    done("compile", "layer.spc", "--target", "x86_64", "-o", "portable.so")
    portable = sparsec.load("portable.so")
    x = np.random.default_rng(0).integers(0, 256, (70, 16)).astype(np.uint8)
    assert portable.target == "x86_64"
    assert portable(x)[0].tobytes() == program(x)[0].tobytes()


def test_expected_sizes() -> None:
    def schedule(*more: str) -> str:
        arguments = (
            "--target",
            "x86_64",
            "--stop-after",
            "scheduled",
            "--print-ir-after",
            "scheduled",
            "--unroll",
            "never",
        )
        return done("compile", "layer.spc", *arguments, *more).out.partition("dataflow = ")[2].partition(",")[0]

    assert schedule() in ("gather_quads", "dense_quads")
    assert schedule("--expect", "tokens=1") in ("gather_dwords", "dense_dwords")
    assert schedule("--expect", "tokens=1000") == schedule()
    done("compile", "layer.spc", "-o", "few.so", "--expect", "tokens=1")
    done("compile", "layer.spc", "-o", "any.so")
    for tokens in (1, 70):
        x = np.random.default_rng(0).integers(0, 256, (tokens, 16)).astype(np.uint8)
        assert sparsec.load("few.so")(x)[0].tobytes() == sparsec.load("any.so")(x)[0].tobytes()


def test_tuning() -> None:
    arguments = ("compile", "layer.spc", "--tune", "--expect", "tokens=5")
    assert "cache" not in done(*arguments, "-o", "tuned.so", "--no-cache").err
    done("compile", "layer.spc", "-o", "predicted.so")
    x = np.random.default_rng(0).integers(0, 256, (5, 16)).astype(np.uint8)
    assert sparsec.load("tuned.so")(x)[0].tobytes() == sparsec.load("predicted.so")(x)[0].tobytes()
    done(*arguments, "--stop-after", "scheduled")
    assert json.loads(done("info", *arguments[1:], "--json").out)["weights"]


def test_json_says_what_was_done(folder: Path) -> None:
    facts = json.loads(done("compile", "layer.spc", "--json", "-o", "j.so").out)
    assert facts["files"] == {name: (folder / name).stat().st_size for name in ("j.so", "j.h")}
    assert facts["model"] == "layer.spc" and facts["seconds"] > 0


def test_cache_and_its_switch() -> None:
    def cached(*more: str) -> bool:
        named = "-o", "c.so", "--prefix", "cache_test", "--target", "host"
        return json.loads(done("compile", "layer.spc", *named, "--json", *more).out)["cached"]

    assert not cached("--no-cache")
    assert not cached()  # the first one kept nothing
    assert cached()
    assert not cached("--no-cache")
    assert not cached("--time-passes")
    Path("layer.spc").write_text(Path("layer.spc").read_text().replace("seed = 2", "seed = 3"))
    assert not cached()


def test_every_pass_leaves_a_file_that_parses_and_verifies() -> None:
    done("compile", "layer.spc", "--dump-ir", "deep/ir", "--target", f"{host().name},x86_64")
    names = [f"{index:02d}_{name}" for index, name in enumerate(["file", *PASSES])]
    targets = [target for target in dict.fromkeys((host().name, "x86_64"))]
    expected = {f"{name}.mlir" for name in names if name[3:] not in CODE}
    expected |= {f"{name}_{target}.mlir" for name in names if name[3:] in CODE for target in targets}
    assert files(Path("deep/ir")) == {*expected, "weights.npz"}
    for path in Path("deep/ir").glob("*.mlir"):
        text = path.read_text()
        assert str(parse(text)) == text.rstrip("\n"), path


@pytest.mark.parametrize("name", known_names())
def test_printing_and_stopping_after_each_stage_and_pass(name: str, folder: Path) -> None:
    result = done("compile", "layer.spc", "--print-ir-after", name, "--stop-after", name)
    heading, _, text = result.out.partition("\n")
    assert heading.startswith("// [") and (name in heading)
    parse(text)
    assert files(folder) == {"layer.spc"} and result.err == ""


@pytest.mark.parametrize("name", ["file", "input"])
def test_nothing_is_measured_for_who_stops_before(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "take_timings", lambda *asked: pytest.fail("measured"))
    result = done("compile", "layer.spc", "--tune", "--stop-after", name, "--print-ir-after", name)
    assert result.out.startswith(f"// [{name}]") and result.out.count("builtin.module") == 1


def test_times_go_to_stderr() -> None:
    result = done("compile", "layer.spc", "--time-passes", "--stop-after", "scheduled")
    assert "choose-schedules" in result.err and "total" in result.err
    assert "nn-to-kernels" not in result.err and result.out == ""


@pytest.mark.parametrize("flag", ["--target", "--dump-ir", "--stop-after", "--print-ir-after", "--prefix", "-o"])
def test_nothing_where_something_belongs(flag: str, folder: Path) -> None:
    result = run("compile", "layer.spc", flag, "")
    assert result.code == 2 and ("''" in result.err or "an empty text names no file" in result.err)
    assert files(folder) == {"layer.spc"}


def test_a_mistake_leaves_what_was_there(folder: Path) -> None:
    Path("old.so").write_text("old")
    Path("layer.spc").write_text("nonsense")
    assert run("compile", "layer.spc", "-o", "old.so").code == 2
    assert Path("old.so").read_text() == "old" and files(folder) == {"layer.spc", "old.so"}


def test_text_can_go_to_a_pipe(folder: Path) -> None:
    done("compile", "layer.spc", "--emit", "mlir", "-o", "/dev/null")
    assert Path("/dev/null").is_char_device() and files(folder) == {"layer.spc"}
