"""What a compiled model takes and gives: names, dtypes, shapes with named sizes. Travels in the model as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sparsec.errors import ModelError

MAX_RANK = 8

DTYPE_CODES: dict[str, int] = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7,
    "bool": 9, "float16": 10, "float64": 11, "uint32": 12, "uint64": 13,
}  # fmt: skip
"""numpy's name of a dtype -> ONNX's number, which the C interface uses."""

Shape = tuple[int | str, ...]
"""A fixed size is an int. A named one is a string: a symbol in inputs, a polynomial of symbols in outputs."""


@dataclass(frozen=True)
class TensorInfo:
    """One input or output.

    Attributes:
        name: as in the model file.
        dtype: numpy's name, a key of `DTYPE_CODES`.
        shape: e.g. `("batch", "sequence", 384)`.

    Raises:
        ModelError: the dtype or rank is one that compiled models cannot take.
    """

    name: str
    dtype: str
    shape: Shape

    def __post_init__(self) -> None:
        if self.dtype not in DTYPE_CODES:
            raise ModelError(f"tensor {self.name!r} has dtype {self.dtype}; possible are {', '.join(DTYPE_CODES)}")
        if len(self.shape) > MAX_RANK:
            raise ModelError(f"tensor {self.name!r} has rank {len(self.shape)}; the most is {MAX_RANK}")


@dataclass(frozen=True)
class KernelCall:
    """One call of a kernel in a run.

    Attributes:
        kernel: what is called, e.g. `matmul gather_quads`.
        source: the node of the model that it comes from, "" if the compiler made it.
    """

    kernel: str
    source: str


@dataclass(frozen=True)
class Packing:
    """How requests of different length share a call.

    Attributes:
        mask: the input that is 1 for tokens and 0 for the padding behind them.
        batch, sequence: the symbols in whose values calls differ.
    """

    mask: str
    batch: str
    sequence: str


@dataclass(frozen=True)
class Signature:
    """Everything a caller must know about a compiled model.

    Attributes:
        inputs: in the order of the graph.
        outputs: in the order of the graph.
        symbols: the named sizes, in the order in which generated code receives them; each is a size of some input.
        messages: what the model may report while it runs; a kernel reports an index into them, plus 1.
        calls: the kernels that a run calls, in their order.
        packing: how requests of different length share a call, or why they cannot.
        metadata: anything that JSON can hold, for people: producer, sparsity, source file.

    Raises:
        ModelError: two inputs or two outputs share a name, or a symbol is not a size of any input.
    """

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    symbols: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    calls: tuple[KernelCall, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    packing: Packing | str = "the compiler did not look for padding"

    def __post_init__(self) -> None:
        for kind, tensors in (("inputs", self.inputs), ("outputs", self.outputs)):
            names = [tensor.name for tensor in tensors]
            if len(set(names)) < len(names):
                raise ModelError(f"two {kind} share a name: {', '.join(names)}")
        sizes = {size for tensor in self.inputs for size in tensor.shape if isinstance(size, str)}
        if sizes != set(self.symbols):
            raise ModelError(
                f"the symbols are {', '.join(self.symbols) or 'none'}, but the inputs' shapes name "
                f"{', '.join(sorted(sizes)) or 'none'}"
            )

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads back."""
        return json.dumps(asdict(self) | {"metadata": dict(self.metadata)})

    @staticmethod
    def from_json(text: str) -> Signature:
        """Read what `to_json` wrote; unknown keys are left alone."""
        raw = json.loads(text)
        return Signature(
            inputs=_tensors(raw["inputs"]),
            outputs=_tensors(raw["outputs"]),
            symbols=tuple(raw["symbols"]),
            messages=tuple(raw["messages"]),
            calls=tuple(KernelCall(item["kernel"], item["source"]) for item in raw["calls"]),
            metadata=raw["metadata"],
            packing=_packing(raw["packing"]),
        )


def _packing(raw: dict[str, str] | str) -> Packing | str:
    return raw if isinstance(raw, str) else Packing(**raw)


def _tensors(raw: list[dict[str, Any]]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(item["name"], item["dtype"], tuple(item["shape"])) for item in raw)
