"""Everything a user can choose, in one frozen value. The only file that looks at the environment.

Three variables exist: SPARSEC_CACHE_DIR (where compiled models are kept), SPARSEC_CACHE (`0` or `off` keeps none), and
SPARSEC_CACHE_SIZE (the bound in megabytes). An option given in the program wins over its variable.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, SupportsIndex, cast

from sparsec.dims import LARGEST
from sparsec.errors import OptionError
from sparsec.schedule import CODE_BUDGET
from sparsec.target import CpuTarget, choose_targets

Sizes = Mapping[object, object]
"""What somebody gave as sizes by name."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = re.compile(r"sparsec|llvm|pthread\w*|timer|thrd|mtx|cnd")
"""With these before `_create` or `_destroy`, or before a dot, names are those of others."""

_SIZES = f"sizes of 1 to {LARGEST} by name, such as {{'sequence': 128}}"
_MOST_SECONDS = 1_000_000
"""What clocks of threads and pipes can count, and longer than anybody waits."""


def _default_cache() -> bool:
    return os.environ.get("SPARSEC_CACHE", "1").lower() not in ("0", "off", "no", "false")


def _default_cache_dir() -> Path:
    if chosen := os.environ.get("SPARSEC_CACHE_DIR"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sparsec"


def _default_cache_size() -> int:
    text = os.environ.get("SPARSEC_CACHE_SIZE", "2048")
    if not text.isdecimal():
        raise OptionError(f"SPARSEC_CACHE_SIZE is {text!r}, expected a number of megabytes such as 2048")
    return int(text)


_TYPES: dict[str, type | tuple[type, ...]] = {
    "targets": tuple,
    "expect": tuple,
    "unroll": str,
    "code_budget": int,
    "tune": bool,
    "padding": str,
    "prefix": (str, type(None)),
    "threads": (int, type(None)),
    "pinned": bool,
    "cache": bool,
    "cache_dir": Path,
    "cache_size": int,
    "time_limit": (int, float),
    "linker": (str, type(None)),
    "dump_ir": (Path, type(None)),
}


def _type_names(kinds: type | tuple[type, ...]) -> str:
    names = [kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
    return " or ".join("None" if name == "NoneType" else name for name in names)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to compile. Every field has a good default.

    Attributes:
        targets: names of CPUs to make code for, see `sparsec.target`; `host` is the one at hand, `all` every known one.
            A model for several of them picks its code when it is loaded.
        expect: the sizes that dynamic dimensions are expected to have, as `{"batch": 1, "sequence": 128}`. Code is
            chosen to be fast there; it is right for all sizes.
        unroll: `auto`, `never` or `always`: whether the patterns of sparse weights are written into the code, which is
            faster only for small layers and known sizes.
        code_budget: how many bytes of such code a model may have under `auto`.
        tune: measure on this machine how layers are best computed at the expected sizes, and remember it in the cache
            folder, instead of predicting it.
        padding: which tokens need not be computed. `exact`: the padding behind a sequence, where masks prove that no
            output depends on it, so results are those of `keep`; `zero`: also where only outputs at the same tokens
            do, which become 0 there; `keep`: none.
        prefix: what the C names of the model start with, e.g. `bert` gives `bert_run`; None takes the name of the
            model's file, whatever it is saved as, and `sparsec compile` that of its output.
        threads: how many threads a program starts with; None is one for every physical core that may be used.
        pinned: whether these threads stay on a core each.
        cache: whether compiled models are kept and found again.
        cache_dir: where.
        cache_size: how many megabytes may be kept before the least recently used ones go.
        time_limit: seconds that LLVM may take for one model.
        linker: a linker to use instead of the first of `cc`, `ld.lld`, `ld` and `zig` that is found.
        dump_ir: a folder for the IR after every pass, one numbered file each, and `weights.npz`.
    """

    targets: tuple[str, ...] = ("host",)
    expect: tuple[tuple[str, int], ...] = ()
    unroll: str = "auto"
    code_budget: int = CODE_BUDGET
    tune: bool = False
    padding: str = "exact"
    prefix: str | None = None
    threads: int | None = None
    pinned: bool = False
    cache: bool = field(default_factory=_default_cache)
    cache_dir: Path = field(default_factory=_default_cache_dir)
    cache_size: int = field(default_factory=_default_cache_size)
    time_limit: float = 300.0
    linker: str | None = None
    dump_ir: Path | None = None

    def __post_init__(self) -> None:
        for name, kinds in _TYPES.items():
            value = getattr(self, name)
            fits = isinstance(value, kinds) and (not isinstance(value, bool) or kinds is bool)
            _require(fits, name, value, f"a value of type {_type_names(kinds)}")
        _require(bool(self.targets) and not isinstance(self.targets, str), "targets", self.targets, "a tuple of names")
        _require(all(map(_is_size, self.expect)), "expect", self.expect, _SIZES)
        _require(self.unroll in ("auto", "never", "always"), "unroll", self.unroll, "'auto', 'never' or 'always'")
        _require(self.code_budget >= 0, "code_budget", self.code_budget, "a number of bytes, 0 or more")
        _require(self.padding in ("exact", "zero", "keep"), "padding", self.padding, "'exact', 'zero' or 'keep'")
        if self.prefix is not None:
            is_name = _IDENTIFIER.fullmatch(self.prefix) is not None
            _require(is_name, "prefix", self.prefix, "a C identifier such as 'bert'")
            taken = _TAKEN.fullmatch(self.prefix) is not None
            _require(not taken, "prefix", self.prefix, "another name: the runtime, LLVM or the C library has this one")
        _require(self.threads is None or 1 <= self.threads <= 1024, "threads", self.threads, "1 to 1024")
        _require(self.cache_size >= 0, "cache_size", self.cache_size, "a number of megabytes, 0 or more")
        fits = 0 < self.time_limit <= _MOST_SECONDS
        _require(fits, "time_limit", self.time_limit, f"a number of seconds above 0, at most {_MOST_SECONDS}")

    @staticmethod
    def of(**choices: Any) -> Options:
        """Options from keyword arguments, as `sparsec.compile` takes them.

        One target may be given as a plain name, paths as strings.

        Raises:
            OptionError: an option that does not exist or whose value does not fit.
        """
        return Options().with_(**choices)

    def with_(self, **choices: Any) -> Options:
        """These options with some of them changed.

        Raises:
            OptionError: an option that does not exist or whose value does not fit.
        """
        known = [f.name for f in fields(Options)]
        for name in choices:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                advice = f"did you mean {close[0]!r}?" if close else f"the options are: {', '.join(known)}"
                raise OptionError(f"there is no option {name!r}; {advice}")
        for name, value in choices.items():
            if name == "targets" and isinstance(value, str):
                choices[name] = (value,)
            elif name == "targets" and isinstance(value, list):
                choices[name] = tuple(cast("list[object]", value))
            elif name == "expect" and isinstance(value, Mapping):
                choices[name] = tuple(sorted(_pairs(cast("Sizes", value)), key=lambda item: str(item[0])))
            elif name == "expect" and isinstance(value, tuple):
                choices[name] = tuple(map(_plain_pair, cast("tuple[object, ...]", value)))
            elif name in ("cache_dir", "dump_ir") and isinstance(value, str):
                choices[name] = Path(value)
            else:
                choices[name] = _plain(value)
        return replace(self, **choices)

    @property
    def expected_sizes(self) -> str:
        """`expect` as passes take it: `batch=1,sequence=128`."""
        return ",".join(f"{name}={size}" for name, size in self.expect)

    def c_prefix(self, stem: str) -> str:
        """What the model's C names start with: `prefix`, or an identifier made of a file's name without its ending."""
        if self.prefix is not None:
            return self.prefix
        name = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_").lower()
        return name if _IDENTIFIER.fullmatch(name) and not _TAKEN.fullmatch(name) else f"model_{name}".rstrip("_")

    def cpu_targets(self) -> tuple[CpuTarget, ...]:
        """The rows of the target table that `targets` names, best first.

        Raises:
            TargetError: a name that does not exist, or a machine that sparsec cannot serve.
        """
        return choose_targets(self.targets)


def require_sizes(name: str, sizes: object) -> dict[str, int]:
    """Sizes of dimensions, which are no field of `Options` but follow its rule.

    Args:
        name: what they were given as.

    Raises:
        OptionError: they are no such sizes.
    """
    given = cast("Sizes", sizes) if isinstance(sizes, Mapping) else None
    pairs = [] if given is None else _pairs(given)
    _require(given is not None and all(map(_is_size, pairs)), name, cast("object", sizes), _SIZES)
    return dict(cast("Iterable[tuple[str, int]]", pairs))


def _pairs(sizes: Sizes) -> list[tuple[object, object]]:
    return [(name, _plain(size)) for name, size in sizes.items()]


def _plain(value: object) -> object:
    """An integer of another library, such as numpy's, as Python's own; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return value
    try:
        return value.__index__()
    except TypeError:  # an array has the method and need be no integer
        return value


def _plain_pair(pair: object) -> object:
    return tuple(map(_plain, cast("tuple[object, ...]", pair))) if isinstance(pair, tuple) else pair


def _is_size(pair: object) -> bool:
    """Whether it is the name of a dimension and its size, which passes can read from one text."""
    match pair:
        case (str(name), int(size)):
            return bool(name) and not set(name) & set(",=") and not isinstance(size, bool) and 1 <= size <= LARGEST
        case _:
            return False


def _require(fits: bool, name: str, value: object, expected: str) -> None:
    if not fits:
        raise OptionError(f"option {name} is {value!r}, expected {expected}")


def child_environment() -> dict[str, str]:
    """The environment of a Python process that must import what this one can import, and nothing of its own folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "PYTHONSAFEPATH": "1"}


def foreign_environment() -> dict[str, str]:
    """The environment of a Python that may be another one, with packages of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
