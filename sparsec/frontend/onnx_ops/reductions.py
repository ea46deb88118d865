"""Reduce*, ArgMax, CumSum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.ir import SSAValue

from sparsec.builder import Builder
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import sizes_of
from sparsec.dims import product
from sparsec.frontend.onnx_call import Call, Translate
from sparsec.frontend.onnx_emitter import Unsupported
from sparsec.frontend.onnx_ops.elementwise import FOLD_LIMIT, known_in_type
from sparsec.frontend.onnx_sizes import Undecided, record, recording
from sparsec.frontend.onnx_values import Known, Value
from sparsec.weights import Array

Step = Callable[[Builder, SSAValue], SSAValue]

AXES_ARE_INPUTS_SINCE = 18


def _same(_build: Builder, value: SSAValue) -> SSAValue:
    return value


def _unary(op: type[ew.ElementwiseOp]) -> Step:
    return lambda build, value: build.apply(op, value)


def _square(build: Builder, value: SSAValue) -> SSAValue:
    return build.apply(ew.Mul, value, value)


def _reduction(
    op: type[rd.ReduceOp],
    fold: Callable[..., Any] | None = None,
    *,
    before: Step = _same,
    after: Step = _same,
    inputs_since: int = AXES_ARE_INPUTS_SINCE,
) -> Translate:
    """A reduction with a step before and after it, e.g. square and square root around ReduceSum for ReduceL2."""

    def translate(call: Call) -> Value:
        value, rank = call.value(0), len(call.shape(0))
        given = call.axes(1, inputs_since)
        keepdims = call.flag("keepdims", True)
        if call.flag("noop_with_empty_axes") and not given:
            return value
        axes = sorted({call.axis(axis, rank) for axis in given or range(rank)})
        if isinstance(value, Known) and value.array.size <= FOLD_LIMIT and fold is not None:
            folded = _folded(fold, value, tuple(axes), keepdims)
            if folded is not None:
                return folded
        if call.dtype(0).kind != "f" and (op is rd.ReduceMean or (before is not _same) or (after is not _same)):
            raise Unsupported(f"it reduces {call.dtype(0).name}; cast it to float32 first")
        x = before(call.build, call.data(0))
        return after(call.build, call.build.reduce(op, x, axes, keepdims) if axes else x)

    return translate


def _folded(fold: Callable[..., Any], value: Known, axes: tuple[int, ...], keepdims: bool) -> Known | None:
    if not value.is_symbolic:
        result = fold(value.array, axis=axes, keepdims=keepdims)
        return Known.of(np.asarray(result).astype(value.dtype))
    if value.array.ndim != 1 or fold not in (np.prod, np.sum):
        return None
    # A product is the number of elements of a shape.
    total = product(value.sizes()) if fold is np.prod else sum(value.sizes(), start=0)
    array: Array = np.asarray(total, object)
    try:
        with recording() as used:
            held = known_in_type(array.reshape(1) if keepdims else array, value.dtype)
    except Undecided:
        return None
    record(used)
    return held


def _log_sum_exp(call: Call) -> Value:
    """`max + log(sum(exp(x - max)))`"""
    rank, given = len(call.shape(0)), call.axes(1, AXES_ARE_INPUTS_SINCE)
    keepdims = call.flag("keepdims", True)
    if call.flag("noop_with_empty_axes") and not given:
        return call.value(0)
    if call.dtype(0).name != "float32":
        raise Unsupported(f"it reduces {call.dtype(0).name}; cast it to float32 first")
    axes = sorted({call.axis(axis, rank) for axis in given or range(rank)})
    build, x = call.build, call.data(0)
    highest = build.reduce(rd.ReduceMax, x, axes, keepdims=True)
    powers = build.apply(ew.Exp, build.apply(ew.Sub, x, highest))
    total = build.apply(ew.Log, build.reduce(rd.ReduceSum, powers, axes, keepdims))
    shape = sizes_of(total.type)
    return build.apply(ew.Add, build.reshape(highest, shape), total)


def _arg_max(call: Call) -> Value:
    if call.flag("select_last_index"):
        raise Unsupported("select_last_index = 1 is not supported; only the first maximum is found")
    axis = call.axis(call.integer("axis", 0), len(call.shape(0)))
    return call.build.reduce(rd.ArgMax, call.data(0), [axis], call.flag("keepdims", True))


def _cumsum(call: Call) -> Value:
    axis = call.axis(call.numbers(1, "axis")[0], len(call.shape(0)))
    exclusive, reverse = call.flag("exclusive"), call.flag("reverse")
    value = call.value(0)
    if isinstance(value, Known) and not value.is_symbolic and value.array.size <= FOLD_LIMIT and not exclusive:
        array = np.flip(value.array, axis) if reverse else value.array
        array = np.cumsum(array, axis, dtype=value.dtype)
        return Known.of(np.flip(array, axis) if reverse else array)
    return call.build.cumsum(call.data(0), axis, exclusive=exclusive, reverse=reverse)


REDUCTIONS: dict[str, Translate] = {
    "ReduceSum": _reduction(rd.ReduceSum, np.sum, inputs_since=13),
    "ReduceMean": _reduction(rd.ReduceMean),
    "ReduceMax": _reduction(rd.ReduceMax, np.max),
    "ReduceMin": _reduction(rd.ReduceMin, np.min),
    "ReduceProd": _reduction(rd.ReduceProd, np.prod),
    "ReduceSumSquare": _reduction(rd.ReduceSum, before=_square),
    "ReduceL1": _reduction(rd.ReduceSum, before=_unary(ew.Abs)),
    "ReduceL2": _reduction(rd.ReduceSum, before=_square, after=_unary(ew.Sqrt)),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceLogSum": _reduction(rd.ReduceSum, after=_unary(ew.Log)),
    "ArgMax": _arg_max,
    "CumSum": _cumsum,
}
