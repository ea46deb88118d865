"""The CPUs that sparsec knows: one row each.

A row is what a person would look up in a manual; everything that depends on the CPU asks here. A model may be compiled
for several rows at once: which one runs is decided when a context is created, by the C runtime, with cpuid.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sparsec.errors import TargetError

FEATURE_BITS: dict[str, int] = {
    name: bit
    for bit, name in enumerate(
        (
            "avx", "avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe",
            "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd", "avx512vnni", "avx512vbmi",
            "avxvnni", "amx-tile", "amx-int8",
        )
    )
}  # fmt: skip
"""LLVM's name of a feature -> its bit in the C runtime, where `cpu_features` of runtime_cpu.h is the same list."""

_PROC_NAMES = {
    "lzcnt": "abm", "bmi": "bmi1", "avxvnni": "avx_vnni", "avx512vnni": "avx512_vnni",
    "amx-tile": "amx_tile", "amx-int8": "amx_int8",
}  # fmt: skip
"""How /proc/cpuinfo spells the features that it spells differently."""


@dataclass(frozen=True)
class CpuTarget:
    """One instruction set that models can be compiled for.

    Attributes:
        name: what options and messages call it; also the suffix of the generated functions.
        llvm_cpu: the processor that LLVM starts from.
        features: LLVM's names of what the CPU must have beyond baseline x86-64.
        vector_registers: how many there are.
        vector_bits: how wide one is.
        masks: whether loads, stores and selects can be masked by registers of their own.
    """

    name: str
    llvm_cpu: str
    features: tuple[str, ...]
    vector_registers: int
    vector_bits: int
    masks: bool

    @property
    def llvm_features(self) -> str:
        """LLVM's `target-features` string, e.g. `+avx2,+fma`; empty for the baseline."""
        return ",".join(f"+{feature}" for feature in self.features)

    @property
    def feature_mask(self) -> int:
        """The features as bits of the C runtime."""
        return sum(1 << FEATURE_BITS[feature] for feature in self.features)

    def has(self, *features: str) -> bool:
        """Whether the target has all these features."""
        return set(features) <= set(self.features)


_AVX2 = ("avx", "avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe")

TARGETS: dict[str, CpuTarget] = {
    target.name: target
    for target in (
        CpuTarget(
            name="avx512vnni",
            llvm_cpu="x86-64-v3",
            features=(*_AVX2, "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni"),
            vector_registers=32,
            vector_bits=512,
            masks=True,
        ),
        CpuTarget(name="avx2", llvm_cpu="x86-64-v3", features=_AVX2, vector_registers=16, vector_bits=256, masks=False),
        CpuTarget(name="x86_64", llvm_cpu="x86-64", features=(), vector_registers=16, vector_bits=128, masks=False),
    )
}
"""Best first."""


def find_target(name: str) -> CpuTarget:
    """The row with this name.

    Raises:
        TargetError: there is none; the message lists those that exist.
    """
    if name in TARGETS:
        return TARGETS[name]
    raise TargetError(f"there is no target {name!r}; the targets are: {', '.join(TARGETS)}, host, all")


def choose_targets(names: Iterable[str]) -> tuple[CpuTarget, ...]:
    """The rows of these names, best first; `host` is the best one that this CPU can run and `all` is every row.

    Raises:
        TargetError: a name that does not exist, no names, or `host` on a machine that sparsec cannot serve.
    """
    chosen: set[str] = set()
    for name in names:
        chosen.update(TARGETS if name == "all" else {host().name if name == "host" else find_target(name).name})
    if not chosen:
        raise TargetError(f"no target is given; the targets are: {', '.join(TARGETS)}, host, all")
    return tuple(target for target in TARGETS.values() if target.name in chosen)


def require_platform() -> None:
    """Refuse machines that sparsec cannot make code for.

    Raises:
        TargetError: this is not Linux on x86-64.
    """
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise TargetError(
            f"sparsec makes code for Linux on x86-64, and this is {platform.system()} on {platform.machine()}; "
            "use such a machine, or a container or virtual machine of that kind"
        )


def host(cpuinfo: Path = Path("/proc/cpuinfo")) -> CpuTarget:
    """The best row that this CPU can run.

    Args:
        cpuinfo: where Linux describes the CPU. It leaves out what the kernel has not enabled.

    Raises:
        TargetError: this is not Linux on x86-64.
    """
    require_platform()
    flags = _cpu_flags(cpuinfo)
    for target in TARGETS.values():
        if all(_PROC_NAMES.get(feature, feature) in flags for feature in target.features):
            return target
    raise AssertionError("the baseline needs no features")


def _cpu_flags(cpuinfo: Path) -> frozenset[str]:
    for line in cpuinfo.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            return frozenset(value.split())
    return frozenset()
