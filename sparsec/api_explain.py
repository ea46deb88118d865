"""`sparsec.explain`: joins the frontend and the options with what explains a module."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import ModuleOp

from sparsec.api import Source, Watch, read, signature_of, stages_for, take_timings, unwatched
from sparsec.errors import OptionError
from sparsec.explanation.explain import Question
from sparsec.explanation.explain import explain as explain_module
from sparsec.explanation.report import Report
from sparsec.options import Options, require_sizes
from sparsec.target import host_core
from sparsec.weights import WeightStore

if TYPE_CHECKING:
    from onnx import ModelProto


def explain(
    model: str | os.PathLike[str] | bytes | ModelProto | ModuleOp,
    *,
    sizes: Mapping[str, int] | None = None,
    measure: bool = False,
    weights: WeightStore | None = None,
    **options: Any,
) -> Report:
    """What a model would spend its time on, and what would change it; no code is made unless it is to be measured.

    Args:
        model: as for `compile`.
        sizes: of the dynamic dimensions; those that are missing have their expected sizes.
        measure: take the times of its kernels on this machine, too.
        weights: as for `compile`.
        options: see `sparsec.Options`; predictions are made for the best of the targets.

    Raises:
        ModelError, UnsupportedError, DslError, ShapeError: the model.
        OptionError: the options, or the size of a dimension is missing.
        TargetError: the target does not exist, or cannot be measured on this machine.
    """
    chosen = Options.of(**options)
    return explain_source(read(model, weights), chosen, require_sizes("sizes", sizes or {}), measure)


def explain_source(
    source: Source, options: Options, sizes: Mapping[str, int], measure: bool, watch: Watch = unwatched
) -> Report:
    """`explain` a model that was read.

    Raises:
        OptionError, TargetError: as `explain` does.
    """
    signature = signature_of(source)
    targets = options.cpu_targets()
    stages_for(signature, targets, options)  # refuses what is expected of dimensions that do not exist
    known = {name: size for name, size in {**dict(options.expect), **sizes}.items() if name in signature.symbols}
    unknown = [name for name in (*sizes, *signature.symbols) if name not in known]
    if unknown:
        dynamic = ", ".join(signature.symbols) or "none"
        name = unknown[0]
        what = "has no size" if name in signature.symbols else "is no dynamic dimension of the model"
        raise OptionError(f"{name} {what}; sizes are needed for its dynamic dimensions, those are: {dynamic}")
    take_timings(source, options)
    ordered = {name: known[name] for name in signature.symbols}
    question = Question(
        targets[0], host_core(), ordered, dict(options.expect), options.unroll, options.code_budget, measure
    )
    return explain_module(source.name, source.module, source.context, question, lambda steps: watch(steps, ""))
