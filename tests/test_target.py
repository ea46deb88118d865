"""The table of CPUs."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

import sparsec.runtime
from sparsec.errors import TargetError
from sparsec.target import (
    FEATURE_BITS,
    TARGETS,
    CpuTarget,
    Ports,
    best_row,
    choose_targets,
    find_target,
    host,
    host_core,
    host_ports,
    runnable_targets,
)

CPUINFO = "processor\t: 0\nflags\t\t: fpu sse2 {}\nbugs\t\t: none\n"
V3 = "avx avx2 fma f16c bmi1 bmi2 abm movbe"


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ("", "x86_64"),
        ("avx avx2", "x86_64"),
        (V3, "avx2"),
        (f"{V3} avx512f avx512bw avx512dq avx512vl", "avx2"),
        (f"{V3} avx_vnni", "avxvnni"),
        (f"{V3} avx512f avx512bw avx512dq avx512vl avx512_vnni", "avx512vnni"),
        (f"{V3} avx512f avx512bw avx512dq avx512vl avx512_vnni avx_vnni", "avx512vnni"),
        (f"{V3} avx512f avx512bw avx512dq avx512vl avx512vbmi", "avx2"),
        (f"{V3} avx512f avx512bw avx512dq avx512vl avx512_vnni avx512vbmi", "avx512vbmi"),
    ],
)
def test_host_is_the_best_row_that_fits(tmp_path: Path, flags: str, name: str):
    (tmp_path / "cpuinfo").write_text(CPUINFO.format(flags))
    assert host(tmp_path / "cpuinfo").name == name


@pytest.mark.parametrize(("system", "machine"), [("darwin", "arm64"), ("linux", "aarch64"), ("win32", "AMD64")])
def test_other_platforms_are_refused(monkeypatch: pytest.MonkeyPatch, system: str, machine: str):
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(TargetError, match=f"sparsec makes code for Linux on x86-64, and this is .* on {machine}"):
        host()


def test_names():
    assert find_target("avx2") is TARGETS["avx2"]
    names = "avx512vbmi, avx512vnni, avxvnni, avx2, x86_64, host, all"
    with pytest.raises(TargetError, match=f"no target 'neon'; the targets are: {names}"):
        find_target("neon")


def test_choices_come_best_first_and_once():
    assert [target.name for target in choose_targets(["x86_64", "avx2", "x86_64"])] == ["avx2", "x86_64"]
    assert choose_targets(["all"]) == tuple(TARGETS.values())
    assert choose_targets(["host"]) == (host(),)
    assert choose_targets(["host", "all"]) == tuple(TARGETS.values())
    with pytest.raises(TargetError, match="no target is given"):
        choose_targets([])


def test_feature_strings():
    target = CpuTarget("a", "x86-64", ("fma", "avx2"), 16, 256, False, 16, {})
    assert target.llvm_features == "+fma,+avx2"
    assert target.feature_mask == 1 << FEATURE_BITS["fma"] | 1 << FEATURE_BITS["avx2"]
    assert target.has("fma") and not target.has("fma", "avx512f")
    assert TARGETS["x86_64"].feature_mask == 0 and TARGETS["x86_64"].llvm_features == ""


def test_a_row_is_at_least_as_wide_as_those_after_it():
    """So that the first row a CPU can run is the best one."""
    rows = list(TARGETS.values())
    for better, worse in pairwise(rows):
        assert better.vector_bits >= worse.vector_bits
        assert not worse.has(*better.features)
        assert better.has(*TARGETS["avx2"].features) or worse.name == "x86_64"
    assert rows[-1].features == ()


def test_the_best_row_of_some_features():
    for target in TARGETS.values():
        assert best_row(target.features) is target
        assert best_row((*target.features, "amx-int8")) is target
    assert best_row(["avx", "avx512f"]).name == "x86_64"


def test_runnable_targets_need_not_be_a_tail_of_the_table(tmp_path: Path):
    (tmp_path / "cpuinfo").write_text(CPUINFO.format(f"{V3} avx512f avx512bw avx512dq avx512vl avx512_vnni"))
    names = [target.name for target in runnable_targets(tmp_path / "cpuinfo")]
    assert names == ["avx512vnni", "avx2", "x86_64"]


@pytest.mark.parametrize(
    ("vendor", "ports"),
    [
        ("GenuineIntel", Ports(2, 3, 2, latency=5, tile_rate=31.0)),
        ("AuthenticAMD", Ports(2, 2, 4)),
        ("Hygon", Ports(2, 2, 2, latency=5, tile_rate=31.0)),
    ],
)
def test_ports_depend_on_the_vendor(tmp_path: Path, vendor: str, ports: Ports):
    (tmp_path / "cpuinfo").write_text(f"vendor_id\t: {vendor}\n" + CPUINFO.format(f"{V3} avx_vnni"))
    assert host_ports(tmp_path / "cpuinfo") == ports


def test_ports_depend_on_the_family_where_one_differs(tmp_path: Path):
    cpuinfo = tmp_path / "cpuinfo"
    features = f"{V3} avx512f avx512bw avx512dq avx512vl avx512_vnni"
    for family, ports in (
        (25, Ports(1, 1, 1.5, instructions=1.45, row_rate=28.0, first_cache=32 << 10)),
        (26, Ports(2, 2, 4)),
    ):
        cpuinfo.write_text(f"vendor_id\t: AuthenticAMD\ncpu family\t: {family}\n" + CPUINFO.format(features))
        assert host_core(cpuinfo) == f"AuthenticAMD {family}"
        assert host_ports(cpuinfo) == ports


def test_a_core_that_nobody_knows_is_the_worst_of_the_usual_ones():
    worst = Ports(
        2, 1.6, 1, shared=True, instructions=2, latency=5, far_byte=0.11, far_rate=5.0, tile_rate=42.0, row_rate=36.0
    )
    assert TARGETS["avx512vnni"].ports_of("") == worst


def test_the_c_runtime_has_the_same_bits():
    text = (Path(sparsec.runtime.__file__).parent / "runtime_cpu.h").read_text()
    names = re.findall(r'^    \{"([a-z0-9-]+)",', text, re.MULTILINE)
    assert names == list(FEATURE_BITS)
