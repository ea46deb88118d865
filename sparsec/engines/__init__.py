"""Other engines on a whole model, and sparsec beside them: each in a process of its own, on cores of its own.

    with Engine(ADAPTERS["onnxruntime"], cores=[1]) as engine:
        engine.open(Path("model.onnx"), feed)
        seconds = engine.run(10)

`serve.py` is what such a process executes, with whatever Python has the engine; `adapters/` has one file per engine.
"""

from sparsec.engines.adapter import ADAPTERS, Adapter
from sparsec.engines.compare import Timing, cosine, take_turns
from sparsec.engines.engine import Engine
from sparsec.engines.process import Failed

__all__ = ["ADAPTERS", "Adapter", "Engine", "Failed", "Timing", "cosine", "take_turns"]
