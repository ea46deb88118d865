"""The CPUs that sparsec knows: one row each.

A row is what a person would look up in a manual; everything that depends on the CPU asks here. A model may be compiled
for several rows at once: which one runs is decided when a context is created, by the C runtime, with cpuid.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
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


USUAL_INSTRUCTIONS = 2.9
"""`Ports.instructions` of Zen 5: measured with bodies like that of a GELU. It can start 4, but not any 4."""


@dataclass(frozen=True)
class Ports:
    """How many vector instructions of a row's full width a core starts per cycle, and what keeps it from that.

    Attributes:
        multiplies: dot products of bytes where there is VNNI, else `pmaddwd`; fp32 multiply-adds too.
        loads: of vectors from the first-level cache.
        unpacks: interleaves of bytes (`punpck*`).
        shared: whether interleaves take a port of the multiplies.
        instructions: of bodies, of all kinds together, which seldom find all ports free.
        latency: cycles until the next dot product of bytes can add to the same sum, where there is VNNI.
        far_byte: cycles that each byte of a weight takes beside the products when it comes from beyond the second-level
            cache. Prefetching hides most of it, from the third level as from memory; the more, the slower products are.
        far_rate: bytes of such a weight per cycle if there is nothing else to do: for a single token, there is not.
        tile_rate: bytes per cycle of an interleaved tile that is in the second-level cache, for blocks of one row.
        row_rate: bytes per cycle of rows of a narrow tile that is there.
        first_cache: bytes of the first-level cache.
    """

    multiplies: float
    loads: float
    unpacks: float
    shared: bool = False
    instructions: float = USUAL_INSTRUCTIONS
    latency: float = 4
    far_byte: float = 0.06
    far_rate: float = 5.0
    tile_rate: float = 64.0
    row_rate: float = 56.0
    first_cache: int = 48 << 10

    def least(self, other: Ports) -> Ports:
        """The worse of each."""
        return Ports(
            min(self.multiplies, other.multiplies),
            min(self.loads, other.loads),
            min(self.unpacks, other.unpacks),
            self.shared or other.shared,
            min(self.instructions, other.instructions),
            max(self.latency, other.latency),
            max(self.far_byte, other.far_byte),
            min(self.far_rate, other.far_rate),
            min(self.tile_rate, other.tile_rate),
            min(self.row_rate, other.row_rate),
            min(self.first_cache, other.first_cache),
        )


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
        register_tile: tokens (64, 32 or 16) whose sums for 4 or 6 output rows are computed at a time: as many as
            registers hold beside the operands of the inner loop. On the baseline none of these fit; 32 is the fastest
            there.
        ports: of a core that has this instruction set, by /proc/cpuinfo's name of its vendor, followed by the number of
            its family where that differs from the vendor's others.
    """

    name: str
    llvm_cpu: str
    features: tuple[str, ...]
    vector_registers: int
    vector_bits: int
    masks: bool
    register_tile: int
    ports: Mapping[str, Ports]

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

    @property
    def row_tile(self) -> int:
        """Tokens (64, 32 or 16) whose sums for one output row fill half of the registers."""
        return min(64, self.vector_registers // 2 * self.vector_bits // 32)

    @property
    def multiplies_bytes(self) -> bool:
        """Whether it has exact products of bytes, without a proof that pairs of them cannot saturate."""
        return self.has("avx512vnni") or self.has("avxvnni")

    @property
    def multiplies_in_pairs(self) -> bool:
        """Whether it has none of these, but products of bytes that are exact where pairs fit 16 bits (`pmaddubsw`)."""
        return self.has("avx2") and not self.multiplies_bytes

    def ports_of(self, core: str) -> Ports:
        """What a core starts per cycle; of a vendor that is not known, the worst of the others' usual cores.

        Args:
            core: as `host_core` names it.
        """
        vendor, _, _ = core.partition(" ")
        usual = (ports for key, ports in self.ports.items() if " " not in key)
        return self.ports.get(core) or self.ports.get(vendor) or reduce(Ports.least, usual)


INTEL, AMD = "GenuineIntel", "AuthenticAMD"
ZEN_4 = f"{AMD} 25"
"""Zen 3 is of this family, too, but has none of the rows that this is a key of."""

_AVX2 = ("avx", "avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe")
_AVX512 = (*_AVX2, "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni")

_SMALL_CACHE = 32 << 10
_INTEL_512 = Ports(
    2, 1.6, 1, shared=True, instructions=2, latency=5, far_byte=0.11, far_rate=7.0, tile_rate=42.0, row_rate=36.0
)
_ZEN_4_512 = Ports(1, 1, 1.5, instructions=USUAL_INSTRUCTIONS / 2, row_rate=28.0, first_cache=_SMALL_CACHE)

TARGETS: dict[str, CpuTarget] = {
    target.name: target
    for target in (
        CpuTarget(
            name="avx512vbmi",
            llvm_cpu="x86-64-v3",
            features=(*_AVX512, "avx512vbmi"),
            vector_registers=32,
            vector_bits=512,
            masks=True,
            register_tile=64,
            ports={INTEL: _INTEL_512, AMD: Ports(2, 2, 4), ZEN_4: _ZEN_4_512},
        ),
        CpuTarget(
            name="avx512vnni",
            llvm_cpu="x86-64-v3",
            features=_AVX512,
            vector_registers=32,
            vector_bits=512,
            masks=True,
            register_tile=64,
            ports={INTEL: _INTEL_512, AMD: Ports(2, 2, 4), ZEN_4: _ZEN_4_512},
        ),
        CpuTarget(
            name="avxvnni",
            llvm_cpu="x86-64-v3",
            features=(*_AVX2, "avxvnni"),
            vector_registers=16,
            vector_bits=256,
            masks=False,
            register_tile=16,
            ports={INTEL: Ports(2, 3, 2, latency=5, tile_rate=31.0), AMD: Ports(2, 2, 4)},
        ),
        CpuTarget(
            name="avx2",
            llvm_cpu="x86-64-v3",
            features=_AVX2,
            vector_registers=16,
            vector_bits=256,
            masks=False,
            register_tile=16,
            ports={
                INTEL: Ports(2, 2, 1, tile_rate=28.0, first_cache=_SMALL_CACHE),
                AMD: Ports(2, 2, 2, far_byte=0.2, tile_rate=20.0, first_cache=_SMALL_CACHE),
            },
        ),
        CpuTarget(
            name="x86_64",
            llvm_cpu="x86-64",
            features=(),
            vector_registers=16,
            vector_bits=128,
            masks=False,
            register_tile=32,
            ports={
                INTEL: Ports(2, 2, 1, first_cache=_SMALL_CACHE),
                AMD: Ports(2, 2, 2, first_cache=_SMALL_CACHE),
            },
        ),
    )
}
"""Best first: a CPU runs the first row whose features it has.

The rows and the cores they are for: `avx512vbmi` Ice Lake and later, Zen 4 and later; `avx512vnni` Cascade Lake;
`avxvnni` Alder Lake and later cores without AVX-512; `avx2` Haswell to Skylake, Zen 1 to 3; `x86_64` any.

Where `ports` come from. AMD: measured with loops of independent instructions, on Zen 5 (a server part with full 512-bit
units), where 512, 256 and 128 bits gave the same, and on Zen 4, which takes two steps for 512 bits. For `avx2` and
`x86_64`, LLVM's scheduling model of Zen 3; how much of reading weights it hides was measured. Intel: 512 bits were
measured on Emerald and Granite Rapids, where two ports start all vector instructions; client parts with AVX-512 have
one 512-bit multiplier. The others are LLVM's scheduling models (ports of `WriteVecIMul`, `WriteVecLoad` and
`WriteShuffle`) of Alder Lake P and Skylake client, latency and caches measured on Granite Rapids.
"""


def best_row(features: Iterable[str]) -> CpuTarget:
    """The best row that needs no more than these features (LLVM's names)."""
    present = set(features)
    return next(target for target in TARGETS.values() if present.issuperset(target.features))


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
    return runnable_targets(cpuinfo)[0]


def runnable_targets(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[CpuTarget, ...]:
    """All rows that this CPU can run, best first; the last one is the baseline.

    Args:
        cpuinfo: as for `host`.

    Raises:
        TargetError: this is not Linux on x86-64.
    """
    require_platform()
    flags = frozenset(_facts(cpuinfo).get("flags", "").split())
    names = {_PROC_NAMES.get(feature, feature): feature for feature in FEATURE_BITS}
    present = {names[flag] for flag in flags & names.keys()}
    return tuple(target for target in TARGETS.values() if present.issuperset(target.features))


def host_ports(cpuinfo: Path = Path("/proc/cpuinfo")) -> Ports:
    """The ports of this CPU for the best row that it can run.

    Args:
        cpuinfo: as for `host`.

    Raises:
        TargetError: this is not Linux on x86-64.
    """
    return host(cpuinfo).ports_of(host_core(cpuinfo))


def host_core(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """What makes cores of one instruction set differ: the vendor and the family of this CPU, e.g. `AuthenticAMD 25`.

    "" if Linux does not say.
    """
    facts = _facts(cpuinfo)
    return f"{facts.get('vendor_id', '')} {facts.get('cpu family', '')}".strip()


def _facts(cpuinfo: Path) -> dict[str, str]:
    """What is said of the first CPU."""
    first, _, _ = cpuinfo.read_text().partition("\n\n")
    parts = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in parts}
