"""A hand-written compiled model, small enough to read: y = x + b + weights[0] over a symbolic length, in parallel, and
length = n. It reports message 1 when an x is below -1000."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser

from sparsec.backend.artifact import Artifact
from sparsec.backend.object_code import ObjectCode, emit_ir
from sparsec.options import Options
from sparsec.runtime.signature import KernelCall, Signature, TensorInfo
from sparsec.target import CpuTarget, choose_targets

SIGNATURE = Signature(
    inputs=(TensorInfo("x", "float32", ("n",)), TensorInfo("b", "float32", ("n",))),
    outputs=(TensorInfo("y", "float32", ("n",)), TensorInfo("length", "int64", ())),
    symbols=("n",),
    messages=("input 'x' has a value below -1000",),
    calls=(KernelCall("add", "y"),),
    metadata={"made by": "hand"},
)

_TEXT = """
builtin.module {
  llvm.func @sparsec_parallel(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64)

  llvm.func @output_shapes(%symbols: !llvm.ptr, %dims: !llvm.ptr) {
    %n = llvm.load %symbols : !llvm.ptr -> i64
    llvm.store %n, %dims : i64, !llvm.ptr
    llvm.return
  }

  llvm.func @arena_size_TARGET(%symbols: !llvm.ptr) -> i64 {
    %size = llvm.mlir.constant(40 : i64) : i64
    llvm.return %size : i64
  }

  llvm.func @scratch_size_TARGET(%symbols: !llvm.ptr) -> i64 {
    %size = llvm.mlir.constant(4 : i64) : i64
    llvm.return %size : i64
  }

  llvm.func @kernel(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) {
    %one = llvm.mlir.constant(1 : i64) : i64
    %x_place = llvm.getelementptr %args[0] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %x = llvm.load %x_place : !llvm.ptr -> !llvm.ptr
    %b_place = llvm.getelementptr %args[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %b = llvm.load %b_place : !llvm.ptr -> !llvm.ptr
    %y_place = llvm.getelementptr %args[2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %y = llvm.load %y_place : !llvm.ptr -> !llvm.ptr
    %weights_place = llvm.getelementptr %args[3] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %weights = llvm.load %weights_place : !llvm.ptr -> !llvm.ptr
    %status_place = llvm.getelementptr %args[4] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %status = llvm.load %status_place : !llvm.ptr -> !llvm.ptr
    %w = llvm.load %weights : !llvm.ptr -> f32
    %low = llvm.mlir.constant(-1.000000e+03 : f32) : f32
    %message = llvm.mlir.constant(1 : i32) : i32
    llvm.store %w, %scratch : f32, !llvm.ptr
    llvm.br ^loop(%begin : i64)
  ^loop(%i: i64):
    %x_i = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %b_i = llvm.getelementptr %b[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %y_i = llvm.getelementptr %y[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %x_value = llvm.load %x_i : !llvm.ptr -> f32
    %b_value = llvm.load %b_i : !llvm.ptr -> f32
    %bias = llvm.load %scratch : !llvm.ptr -> f32
    %sum = llvm.fadd %x_value, %b_value : f32
    %y_value = llvm.fadd %sum, %bias : f32
    llvm.store %y_value, %y_i : f32, !llvm.ptr
    %is_low = llvm.fcmp "olt" %x_value, %low : f32
    llvm.cond_br %is_low, ^report, ^next
  ^report:
    llvm.store %message, %status : i32, !llvm.ptr
    llvm.br ^next
  ^next:
    %j = llvm.add %i, %one : i64
    %more = llvm.icmp "slt" %j, %end : i64
    llvm.cond_br %more, ^loop(%j : i64), ^done
  ^done:
    llvm.return
  }

  llvm.func @execute_TARGET(%symbols: !llvm.ptr, %inputs: !llvm.ptr, %outputs: !llvm.ptr, %arena: !llvm.ptr,
                            %weights: !llvm.ptr, %pool: !llvm.ptr, %status: !llvm.ptr) {
    %n = llvm.load %symbols : !llvm.ptr -> i64
    %b_from = llvm.getelementptr %inputs[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %length_from = llvm.getelementptr %outputs[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %x = llvm.load %inputs : !llvm.ptr -> !llvm.ptr
    %b = llvm.load %b_from : !llvm.ptr -> !llvm.ptr
    %y = llvm.load %outputs : !llvm.ptr -> !llvm.ptr
    %length = llvm.load %length_from : !llvm.ptr -> !llvm.ptr
    llvm.store %n, %length : i64, !llvm.ptr
    %b_place = llvm.getelementptr %arena[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %y_place = llvm.getelementptr %arena[2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %weights_place = llvm.getelementptr %arena[3] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %status_place = llvm.getelementptr %arena[4] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    llvm.store %x, %arena : !llvm.ptr, !llvm.ptr
    llvm.store %b, %b_place : !llvm.ptr, !llvm.ptr
    llvm.store %y, %y_place : !llvm.ptr, !llvm.ptr
    llvm.store %weights, %weights_place : !llvm.ptr, !llvm.ptr
    llvm.store %status, %status_place : !llvm.ptr, !llvm.ptr
    %kernel = llvm.mlir.addressof @kernel : !llvm.ptr
    llvm.call @sparsec_parallel(%pool, %kernel, %arena, %n) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> ()
    llvm.return
  }
}
"""


def toy_module(target: CpuTarget, arena: int = 40) -> ModuleOp:
    """The model in [llvm] form, with an arena of this size."""
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(llvm.LLVM)
    module = Parser(context, _TEXT.replace("TARGET", target.name).replace("40 :", f"{arena} :")).parse_module()
    module.verify()
    return module


def toy_artifact(
    targets: Sequence[CpuTarget] | None = None, prefix: str = "toy", bias: float = 1.0, arena: int = 40
) -> Artifact:
    """The model as an artifact, for the CPU at hand unless told otherwise."""
    targets = targets or choose_targets(["host"])
    with ObjectCode(prefix, targets, Options()) as code:
        for target in targets:
            code.add(target, emit_ir(toy_module(target, arena), target))
        objects = code.finish(SIGNATURE)
    return Artifact(objects, np.array([bias], np.float32).view(np.uint8), SIGNATURE, prefix)
