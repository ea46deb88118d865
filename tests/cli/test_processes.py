"""What needs a process of its own: signals, pipes, terminals, the installed command."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import sparsec
from sparsec.cli import COMMANDS
from sparsec.options import child_environment
from tests.cli.command import done
from tests.fixtures import FIXTURES

COMMAND = [sys.executable, "-m", "sparsec.cli"]


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """`sparsec ARGUMENTS` in a process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([*COMMAND, *map(str, arguments)], text=True, env=child_environment(), **pipes)  # type: ignore[call-overload]


NAMES = {"in a locale without them": ("ü", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
         "that are no text": ("b\udcff", {})}  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
def test_names_of_files(kind: str, folder: Path) -> None:
    name, variables = NAMES[kind]
    Path("layer.spc").rename(f"{name}.spc")
    shutil.copy(FIXTURES / "mlp_qdq_u8_tensor_80.onnx", f"{name}.onnx")
    for line in (
        f"compile {name}.spc -o {name}.so --target host", f"compile {name}.onnx -o {name}.mlir --target host",
        f"info {name}.so", f"run {name}.so", f"info {name}.onnx",
    ):  # fmt: skip
        result = subprocess.run([*COMMAND, *line.split()], env=child_environment() | variables, capture_output=True)
        assert result.returncode == 0, (line, result.stderr)
    assert f"/* {name}.so, compiled by".encode("utf-8", "surrogateescape") in Path(f"{name}.h").read_bytes()
    missing = [*COMMAND, "run", f"missing {name}.so"]
    result = subprocess.run(missing, env=child_environment() | variables, capture_output=True)
    assert result.returncode == 2 and result.stderr.startswith(b"error: cannot load missing ")


def test_version_and_help() -> None:
    assert done("--version").out == f"sparsec {sparsec.__version__}\n"
    text = done("--help").out
    for name in COMMANDS:
        assert f"    {name} " in text
        own = done(name, "--help").out
        assert own.startswith(f"usage: sparsec {name}")
        assert "examples:" in own or name == "opt"


def test_the_installed_command_is_the_module() -> None:
    installed = Path(sys.executable).with_name("sparsec")
    shown = subprocess.run([installed, "--version"], check=True, capture_output=True, text=True)
    assert shown.stdout == f"sparsec {sparsec.__version__}\n"


def test_a_reader_that_goes_away(compiled: Path) -> None:
    for arguments in (("info", compiled / "layer.so"), ("info", compiled / "layer.so", "--json"), ("--help",)):
        reader, writer = os.pipe()
        os.close(reader)
        process = start(*arguments, stdout=writer)
        os.close(writer)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "") or arguments == ("--help",)
        assert "Traceback" not in err


def test_a_full_disk(compiled: Path) -> None:
    with open("/dev/full", "w") as full:
        process = start("info", compiled / "layer.so", stdout=full)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (2, "error: the output: No space left on device\n")


def test_closed_streams(compiled: Path) -> None:
    for number in (1, 2):
        process = start("info", compiled / "layer.so", preexec_fn=lambda number=number: os.close(number))
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0 and (out + err == "") == (number == 1)


def test_an_interrupted_compilation_leaves_nothing(folder: Path) -> None:
    model = FIXTURES / "bert_qdq_u8_channel_90.onnx"
    # a shell that runs the tests in the background has them ignore it, and what they start, too
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = start("compile", model, "-o", "out.so", "--no-cache", "--dump-ir", "ir", **heard)
    deadline = time.monotonic() + 60
    while not [*(folder / "ir").glob("*_fold-constants.mlir")]:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "interrupted: nothing more was done\n")
    assert {path.name for path in folder.iterdir()} == {"layer.spc", "ir"}


def test_an_interrupt_while_modules_are_imported_is_quiet() -> None:
    program = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from sparsec.cli import entry
early = {"numpy", "rich", "argparse"} & set(sys.modules)

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == sys.argv[-1]:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
assert not early, early
sys.exit(entry())
"""
    for module in ("rich", "numpy", "argparse"):
        command = [sys.executable, "-c", program, "run", module]
        ran = subprocess.run(command, capture_output=True, text=True, env=child_environment())
        assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


def read_to_the_end(terminal: int) -> str:
    """What a process writes to a terminal of which this is our end."""
    seen = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the way in which Linux says that nobody writes to a terminal any more
            break
        if not part:
            break
        seen += part
    os.close(terminal)
    return seen.decode()


def test_progress_is_for_terminals_only(folder: Path) -> None:
    def err_of(stderr: int | None) -> subprocess.Popen[str]:
        return start("info", "layer.spc", stderr=subprocess.PIPE if stderr is None else stderr)

    process = err_of(None)
    assert process.communicate(timeout=60)[1] == ""
    ours, theirs = pty.openpty()
    process = err_of(theirs)
    os.close(theirs)
    seen = read_to_the_end(ours)
    process.communicate(timeout=60)
    assert "layer.spc" in seen and process.returncode == 0


def test_tables_are_as_wide_as_the_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # as processes that run tests side by side have it
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 72))
    process = start("explain", "layer.spc", "--dim", "tokens=3", stdout=theirs)
    os.close(theirs)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", read_to_the_end(ours)).splitlines()
    process.communicate(timeout=60)
    assert process.returncode == 0 and 60 < max(map(len, lines)) <= 72
    assert {"32x16", "int8", "4x1", "50.0%", "64/128"} <= set(" ".join(lines).split())


def test_no_memory_is_no_traceback(compiled: Path) -> None:
    process = start("run", compiled / "layer.so", "--dim", "tokens=400000000", preexec_fn=limit_memory)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and err.startswith("error: not enough memory"), err


def limit_memory() -> None:
    """2 GB of address space for the process about to start."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
