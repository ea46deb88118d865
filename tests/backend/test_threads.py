"""Threads of compiled models: how many, where, whose, and that none is left behind. `threads.c` is the program."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sparsec
from sparsec.backend import jit
from sparsec.backend.artifact import Artifact
from sparsec.options import Options
from sparsec.runtime.loading import load
from sparsec.runtime.program import Program

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

EXPECTED = """\
default: {cores}
run: 0 threads 2
pinned: 0 threads 2
let go: 0 threads 2
eager: 0 threads 0
calls: 3
lonely: 0 threads 0
calls: 3
broken: 0 threads 0
calls: 1
taken back: 0 threads 2
modes: 0 kept 2
cancelled: 0 threads 2
profile: 0 spans 2 items 20000 last -1 of 2
not recorded: 0 0
child: 0 threads 2
child ended: 0
destroyed: 0
forgotten: 0 threads 6
unloaded: 0 mapped 0
"""


def physical_cores(allowed: set[int]) -> int:
    """How many cores have one of these CPUs, as sysfs says, within the container's quota."""
    topology = "/sys/devices/system/cpu/cpu{}/topology/{}"
    cores = {
        tuple(Path(topology.format(cpu, name)).read_text() for name in ("physical_package_id", "core_cpus_list"))
        for cpu in allowed
    }
    quota = Path("/sys/fs/cgroup/cpu.max")
    most, period = quota.read_text().split() if quota.exists() else ("max", "1")
    return len(cores) if most == "max" else min(len(cores), -(-int(most) // int(period)))


def test_a_c_program(library: Path, tmp_path: Path):
    program = tmp_path / "program"
    flags = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", f"-I{library.parent}"]
    subprocess.run(["cc", *flags, "-o", program, HERE / "threads.c", "-ldl", "-lpthread"], check=True)
    result = subprocess.run([program, library], capture_output=True, text=True, timeout=60)
    expected = EXPECTED.format(cores=physical_cores(os.sched_getaffinity(0)))
    assert (result.stdout, result.returncode, result.stderr) == (expected, 0, "")


def test_the_default_is_what_may_be_used(artifact: Artifact, library: Path):
    allowed = os.sched_getaffinity(0)
    assert jit.load(artifact, Options()).threads == load(library).threads == physical_cores(allowed)
    one = min(allowed)
    code = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
import sparsec
os.sched_setaffinity(0, {{{one}}})
print(sparsec.load({str(library)!r}).threads)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "1\n"


def test_a_pinned_program_computes_the_same(program: Program, x: np.ndarray):
    expected = program(x, x)[0].tobytes()
    program.threads = 3
    for pinned in (True, False, True):
        program.pinned = pinned
        assert program(x, x)[0].tobytes() == expected


def test_ways_to_say_it(artifact: Artifact, library: Path):
    programs = [jit.load(artifact, Options(threads=3, pinned=True)), load(library, threads=3, pinned=True)]
    assert [(program.threads, program.pinned) for program in programs] == [(3, True)] * 2
    with pytest.raises(sparsec.OptionError, match="option pinned is 1, expected a value of type bool"):
        Options.of(pinned=1)
