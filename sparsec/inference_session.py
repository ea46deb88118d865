"""A stand-in for onnxruntime's session: change the import, keep the rest of the script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, cast

from numpy.typing import ArrayLike, NDArray

from sparsec.errors import OptionError
from sparsec.runtime.check_arguments import require_count
from sparsec.runtime.loading import load
from sparsec.runtime.program import Program
from sparsec.runtime.signature import TensorInfo

_PROVIDER = "CPUExecutionProvider"
_ONNX_TYPES = {"float32": "float", "float64": "double"}


@dataclass(frozen=True)
class NodeArg:
    """What onnxruntime says about a tensor: `type` is e.g. `tensor(float)`, named sizes in `shape` are strings."""

    name: str
    type: str
    shape: list[int | str]


class GraphOptimizationLevel(IntEnum):
    """Levels of onnxruntime; the compiler has one, and every level means it."""

    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(IntEnum):
    """Modes of onnxruntime; layers are computed one after the other in both, each by all threads."""

    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class SessionOptions:
    """What scripts set before they make a session: `intra_op_num_threads` is obeyed when it is above 0. The other
    attributes of onnxruntime's can be set, the methods below called, and change nothing: no file is written, nothing
    is logged, dynamic dimensions stay dynamic."""

    def __init__(self) -> None:
        self.intra_op_num_threads = 0
        self.inter_op_num_threads = 0
        self.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_ALL
        self.execution_mode = ExecutionMode.ORT_SEQUENTIAL

    def add_session_config_entry(self, key: str, value: str) -> None:
        """Accepted and left alone."""

    def add_free_dimension_override_by_name(self, name: str, size: int) -> None:
        """Accepted and left alone: every size is taken."""

    def add_free_dimension_override_by_denotation(self, denotation: str, size: int) -> None:
        """Accepted and left alone: every size is taken."""


class RunOptions:
    """What scripts may give to `InferenceSession.run`: all attributes of onnxruntime's can be set, none is obeyed."""

    def add_run_config_entry(self, key: str, value: str) -> None:
        """Accepted and left alone."""


def get_device() -> str:
    """The CPU, as onnxruntime spells what it was built for."""
    return "CPU"


def get_available_providers() -> list[str]:
    """The CPU, and nothing else."""
    return [_PROVIDER]


class InferenceSession:
    """Runs a model with the interface of `onnxruntime.InferenceSession`.

    Args:
        path_or_bytes: an ONNX model as a path or as bytes, a `.so` that sparsec made, or a `Program`.
        sess_options: `SessionOptions`, ours or onnxruntime's.
        providers: names, or pairs of names and options; others are passed over if the CPU is among them.
        provider_options: accepted and left alone too.
        options: options of `sparsec.compile`.

    Raises:
        OptionError: `providers` are no such names, or the CPU is not among them.
        InputError: `intra_op_num_threads` is no number of threads.
        SparsecError: as `sparsec.compile` and `sparsec.load` do.
    """

    def __init__(
        self,
        path_or_bytes: str | Path | bytes | Program,
        sess_options: Any = None,
        providers: Sequence[Any] | None = None,
        provider_options: Sequence[Any] | None = None,
        **options: Any,
    ):
        _require_cpu(providers)
        self._options = SessionOptions() if sess_options is None else sess_options
        threads = require_count("intra_op_num_threads", getattr(self._options, "intra_op_num_threads", 0))
        self.program = _program(path_or_bytes, options)
        if threads > 0:
            self.program.threads = threads

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, ArrayLike], run_options: Any = None
    ) -> list[NDArray[Any]]:
        """The outputs of these names, or all of them for None or an empty list, in the order of the graph.

        Raises:
            InputError: names, dtypes, ranks or sizes do not fit.
        """
        return self.program.run(output_names or None, input_feed)

    def get_inputs(self) -> list[NodeArg]:
        """The inputs in the order of the graph."""
        return [_node_arg(tensor) for tensor in self.program.inputs]

    def get_outputs(self) -> list[NodeArg]:
        """The outputs in the order of the graph."""
        return [_node_arg(tensor) for tensor in self.program.outputs]

    def get_providers(self) -> list[str]:
        """Always the CPU."""
        return [_PROVIDER]

    def get_session_options(self) -> Any:
        """The options that were given, or new ones."""
        return self._options


def _require_cpu(providers: object) -> None:
    given = [providers] if isinstance(providers, str) else [] if providers is None else providers
    named = [*cast("Iterable[object]", given)] if isinstance(given, Iterable) else [given]
    first = [cast("tuple[object, ...]", each)[:1] if isinstance(each, tuple) else (each,) for each in named]
    names = [name for each in first for name in each if isinstance(name, str)]
    if len(names) != len(named):
        raise OptionError(
            f"providers is {providers!r}, expected names such as {_PROVIDER!r}, or pairs of one and options"
        )
    if names and _PROVIDER not in names:
        raise OptionError(
            f"providers are {', '.join(names)}, and sparsec runs models on the CPU only: leave providers out, or add "
            f"{_PROVIDER!r}"
        )


def _program(model: str | Path | bytes | Program, options: dict[str, Any]) -> Program:
    if isinstance(model, Program):
        _refuse(options, "the program is")
        return model
    if isinstance(model, str | Path) and Path(model).suffix == ".so":
        _refuse([name for name in options if name not in ("threads", "pinned")], f"{model} is")
        return load(model, **options)
    from sparsec.api import compile  # a compiled model must not import the compiler

    return compile(model, **options)


def _refuse(options: Iterable[str], what: str) -> None:
    if names := ", ".join(options):
        raise OptionError(f"{what} compiled already: {names} cannot change it; give the model it came from")


def _node_arg(tensor: TensorInfo) -> NodeArg:
    return NodeArg(tensor.name, f"tensor({_ONNX_TYPES.get(tensor.dtype, tensor.dtype)})", list(tensor.shape))
