"""What every pass may look at besides the IR: the weights and the CPU it compiles for."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context

from sparsec.errors import CompilerBug
from sparsec.weights import WeightStore


@dataclass
class CompilerContext(Context):
    """An xDSL context that also carries the weight store. Passes read and add weights; they never keep state."""

    weights: WeightStore = field(default_factory=WeightStore)


def weights_of(context: Context) -> WeightStore:
    """The weight store of the context a pass was given."""
    if not isinstance(context, CompilerContext):
        raise CompilerBug(f"passes need a CompilerContext, got {type(context).__name__}")
    return context.weights
