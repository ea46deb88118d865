"""Which engines there are, what each one needs, and how to get it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "adapters"


@dataclass(frozen=True)
class Adapter:
    """An engine.

    Attributes:
        name: of the engine.
        package: what to install with pip.
        python: the interpreter that has it.
        script: defines `open_model`, see `adapters/__init__.py`.
        files: endings of the files that it runs.
        variables: what to set in its environment.
        module: what Python calls the engine, if not by its name.
    """

    name: str
    package: str
    python: Path = Path(sys.executable)
    script: Path = Path()
    files: tuple[str, ...] = (".onnx",)
    variables: dict[str, str] = field(default_factory=dict[str, str])
    module: str = ""

    def __post_init__(self) -> None:
        """The script has the engine's name if nothing else is said."""
        if self.script == Path():
            object.__setattr__(self, "script", FOLDER / f"{self.name}.py")


ADAPTERS = {
    adapter.name: adapter
    for adapter in (
        Adapter("onnxruntime", "onnxruntime"),
        Adapter("openvino", "openvino"),
        Adapter("torch", "torch", files=(".pt2",)),
        Adapter("deepsparse", "deepsparse==1.8.0"),
        Adapter("sparsec", "sparsec", files=(".so",)),
    )
}
