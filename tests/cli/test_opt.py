"""`sparsec opt`: what one pass prints, the next one takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sparsec import __version__, pipeline
from sparsec.target import host, host_core
from tests.cli.command import done
from tests.cli.command import sparsec as run

STAGES = (pipeline.READING, *pipeline.stages(host().name, host_core()), *pipeline.code_stages(host()))
PASSES = [each for stage in STAGES for each in stage.passes]


@pytest.fixture(scope="module")
def dumped(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The IR as it was given and after each pass."""
    folder = tmp_path_factory.mktemp("ir")
    done("compile", compiled / "layer.spc", "-o", folder / "layer.so", "--target", "host", "--dump-ir", folder / "ir")
    return sorted((folder / "ir").glob("*.mlir"))


@pytest.mark.parametrize("index", range(len(PASSES)), ids=[each.name for each in PASSES])
def test_each_pass_alone(index: int, dumped: list[Path]) -> None:
    out = done("opt", dumped[index], "-p", str(PASSES[index].pipeline_pass_spec())).out
    assert out.strip() == dumped[index + 1].read_text().strip()


@pytest.mark.parametrize(("content", "message"), [(None, "beside the weights.npz"), (b"no", "is no file of weights")])
def test_a_pass_without_its_weights(content: bytes | None, message: str, dumped: list[Path], folder: Path) -> None:
    path = shutil.copy(next(path for path in dumped if "form-sparse-matmuls" in path.name), folder)
    if content is not None:
        (folder / "weights.npz").write_bytes(content)
    result = run("opt", path, "-p", "sink-reshapes,discover-blocks")
    assert (result.code, result.out) == (2, "") and message in result.err


def test_text_out_again(dumped: list[Path], folder: Path) -> None:
    assert done("opt", dumped[0]).out.strip() == dumped[0].read_text().strip()
    done("opt", dumped[0], "-o", "again.mlir")
    assert Path("again.mlir").read_text().strip() == dumped[0].read_text().strip()
    done("opt", "again.mlir", "-p", "infer-shapes,recognise-layer-norm", "-o", "again.mlir")  # in place


def test_floats_without_digits_are_read_as_they_are_printed() -> None:
    constants = [f"dense<{bits}> : {kind}" for bits, kind in (
        ("[1.500000e+00, 0xff800000]", "tensor<2xf32>"), ("[[0x7fc00000], [0x7fc00000]]", "vector<2x1xf32>"),
        ("0xff800000", "vector<16xf32>"), ("0x7f800000", "tensor<2x3xf32>"), ("0xfff0000000000000", "tensor<f64>"),
    )]  # fmt: skip
    Path("in.mlir").write_text("\n".join(f"%{i} = arith.constant {each}" for i, each in enumerate(constants)))
    out = done("opt", "in.mlir").out
    assert all(each in out for each in constants), out


def test_bits_of_floats_have_zeros_in_front() -> None:
    Path("in.mlir").write_text("%0 = arith.constant dense<[0x1, 0x3fc00000]> : tensor<2xf32>")
    assert "dense<[1.401300e-45, 1.500000e+00]> : tensor<2xf32>" in done("opt", "in.mlir").out


@pytest.mark.parametrize(("text", "message"), [
    ('// "\n%0 = nn.constant 1 : i8 {source = "never ends}', "in.mlir, line 2: a string does not end"),
    ('%0 = nn.constant 1 : i8 {source = "a long text, then \\q"}', "in.mlir, line 1: a string does not end"),
    ("%0 = nn.neg %1 : f32 %1 = nn.constant 1.0 : f32", "nn.neg reads a value before nn.constant makes it"),
    ('"t.t"() {a = #sparse.schedule<dataflow = gather_quads, tile = 64, rows = 5>} : () -> ()', "rows = 4, not 5"),
    ("%0 = nn.constant 256 : ui8", "Integer value 256 is out of range for type ui8"),
    ("%0 = arith.constant dense<[0x1ffffffff, 0x3fc00000]> : tensor<2xf32>", "has more bits than an f32"),
])  # fmt: skip
def test_what_the_parser_stumbles_over_is_a_mistake(text: str, message: str, folder: Path) -> None:
    Path("in.mlir").write_text(text)
    result = run("opt", "--allow-unregistered-dialect", "in.mlir")
    assert (result.code, result.out) == (2, "") and message in result.err


def test_no_file_after_a_mistake(dumped: list[Path], folder: Path) -> None:
    for arguments in (("-p", "no-such-pass"), ("-t", "wasm")):
        assert run("opt", dumped[1], *arguments, "-o", "out.mlir").code == 2
    shutil.copy(dumped[-4], "bare.mlir")  # away from its weights
    assert run("opt", "bare.mlir", "-p", "discover-blocks,nn-to-kernels", "-o", "out.mlir").code == 2
    Path("wrong.mlir").write_text("func.func @main(")
    assert run("opt", "wrong.mlir", "-o", "out.mlir").code == 2
    assert {path.name for path in folder.iterdir()} == {"layer.spc", "bare.mlir", "wrong.mlir"}


@pytest.mark.parametrize("name", [stage.passes[0].name for stage in STAGES])
def test_a_pass_on_the_ir_of_another_stage_is_no_bug(name: str, dumped: list[Path]) -> None:
    for given in (dumped[5], dumped[16], dumped[-2]):
        result = run("opt", given, "-p", name)
        assert result.code in (0, 2), result.err
    if name == "nn-to-kernels":
        result = run("opt", dumped[16], "-p", name)
        assert "nn-to-kernels takes IR as it is after choose-schedules, and this is other IR" in result.err
        assert "run the passes up to choose-schedules before it" in result.err


def test_it_speaks_for_itself() -> None:
    assert done("opt", "--version").out.startswith(f"sparsec {__version__}, built on xdsl 0.")
    text = done("opt", "--help").out
    assert text.startswith("usage: sparsec opt") and all(p.name in text for p in pipeline.all_passes())
