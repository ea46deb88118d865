"""A stand-in for onnxruntime's session: change the import, keep the rest of the script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike, NDArray

from sparsec.errors import OptionError
from sparsec.runtime.loading import load
from sparsec.runtime.program import Program
from sparsec.runtime.signature import TensorInfo

_ONNX_TYPES = {"float32": "float", "float64": "double"}


@dataclass(frozen=True)
class NodeArg:
    """What onnxruntime says about a tensor: `type` is e.g. `tensor(float)`, named sizes in `shape` are strings."""

    name: str
    type: str
    shape: list[int | str]


class InferenceSession:
    """Runs a model with the interface of `onnxruntime.InferenceSession`.

    Args:
        path_or_bytes: an ONNX model as a path or as bytes, a `.so` that sparsec made, or a `Program`.
        sess_options: onnxruntime's; of it, `intra_op_num_threads` is obeyed when it is above 0.
        providers: accepted for the sake of scripts; there is one provider, the CPU.
        provider_options: accepted and left alone too.
        options: options of `sparsec.compile`.

    Raises:
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
        self.program = _program(path_or_bytes, options)
        threads = getattr(sess_options, "intra_op_num_threads", 0)
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
        return ["CPUExecutionProvider"]


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
