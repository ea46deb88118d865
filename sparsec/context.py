"""What every pass may look at besides the IR: the weights, how long schedules take where it was measured, and help."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context

from sparsec.errors import CompilerBug
from sparsec.packer import Elsewhere
from sparsec.timings import Timings
from sparsec.weights import WeightStore


@dataclass
class CompilerContext(Context):
    """An xDSL context that also carries the weight store. Passes read and add weights; they never keep state.

    Attributes:
        timings: measured by `tune.py`; None unless the model is tuned.
        elsewhere: another process that packs weights; None if there is none.
    """

    weights: WeightStore = field(default_factory=WeightStore)
    timings: Timings | None = None
    elsewhere: Elsewhere | None = None


def weights_of(context: Context) -> WeightStore:
    """The weight store of the context a pass was given."""
    if not isinstance(context, CompilerContext):
        raise CompilerBug(f"passes need a CompilerContext, got {type(context).__name__}")
    return context.weights


def timings_of(context: Context) -> Timings:
    """The measured times in the context a pass was given; none unless the model is tuned."""
    timings = context.timings if isinstance(context, CompilerContext) else None
    return {} if timings is None else timings


def elsewhere_of(context: Context) -> Elsewhere | None:
    """The process that packs weights, too, if the context a pass was given knows one."""
    return context.elsewhere if isinstance(context, CompilerContext) else None
