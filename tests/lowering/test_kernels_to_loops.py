"""Layers that differ in numbers alone share a function; layers that differ in anything else do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects.builtin import UnitAttr, f32
from xdsl.dialects.func import FuncOp

from sparsec import pipeline
from sparsec.api import compile, new_context
from sparsec.builder import begin_module
from sparsec.dialects import kernel
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects.encoding import tensor, ui8
from sparsec.dims import Dim, Size
from sparsec.lowering.kernels.matmul import layout_of
from sparsec.lowering.kernels_to_loops import CALLS_IN_A_FUNCTION, KernelsToLoops, function_key, kernel_key, shared_of
from sparsec.reference import evaluate
from sparsec.target import AMD, find_target, host
from sparsec.weights import WeightStore
from tests.transforms.drawn_models import LinearKind, drawn_linear
from tests.transforms.encoders import Encoder
from tests.transforms.graphs import BATCH, SEQUENCE

KIND = LinearKind("qdq", "u8", "s8", True, "i32", True, (4, 1), 0.5)
RANDOM = np.random.default_rng(0)
TARGET = find_target("x86_64")


def lowered(layers: int, activation: type[ew.ElementwiseOp] = ew.Gelu) -> tuple[list[kernel.MatMul], int]:
    """The matmul calls of equal layers with other numbers, the last with its own activation; and how many functions."""
    random, weights = np.random.default_rng(0), WeightStore()
    b, inputs, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, 8]))])
    x = inputs["x"]
    for index in range(layers):
        x = b.apply(activation if index == layers - 1 else ew.Gelu, drawn_linear(b, x, 8, KIND, random))
    module, context = finish([("y", x)]), new_context(weights)
    pipeline.finish(pipeline.run(module, context, pipeline.stages(core=AMD)))
    calls = [op for op in module.walk() if isinstance(op, kernel.MatMul)]
    KernelsToLoops("x86_64").apply(context, module)
    functions = [op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data.startswith("matmul_")]
    return calls, len(functions)


def test_equal_layers_share_a_function() -> None:
    for layers in (3, 6):
        calls, functions = lowered(layers)
        assert len(calls) == layers
        assert len({kernel_key(call, TARGET) for call in calls[:-1]}) == 1
        assert functions == 2  # the last one writes floats, the others bytes for their successors


def test_many_calls_are_made_by_several_functions() -> None:
    """Blocks of calls stay short, for LLVM's sake; one function of them reads what another one has made."""
    layers = 2 * CALLS_IN_A_FUNCTION
    random, weights = np.random.default_rng(0), WeightStore()
    b, inputs, finish = begin_module(weights, [("x", tensor(f32, [BATCH, 8]))])
    y = inputs["x"]
    for _ in range(layers):
        y = b.apply(ew.Add, b.softmax(y, -1), b.reduce(rd.ReduceMax, y, [1], keepdims=True))
    module, context = finish([("y", y)]), new_context(weights)
    run = compile(module, weights=weights)
    x = random.standard_normal((3, 8)).astype(np.float32)
    np.testing.assert_array_equal(run(x)[0], evaluate(module, {"x": x}, weights)["y"])
    pipeline.finish(pipeline.run(module, context, pipeline.stages()))
    calls = sum(isinstance(op, kernel.KernelOp) for op in module.walk())
    KernelsToLoops("x86_64").apply(context, module)
    names = [op.sym_name.data for op in module.ops if isinstance(op, FuncOp)]
    assert sum(name.startswith("calls_") for name in names) == -(-calls // CALLS_IN_A_FUNCTION) > 2


def test_another_body_is_another_function() -> None:
    calls, functions = lowered(4, ew.Tanh)
    keys = [kernel_key(call, TARGET) for call in calls]
    assert functions == len(set(keys))
    assert keys[0] == keys[1]


def test_calls_share_a_function_whatever_their_number_of_tokens() -> None:
    """A classifier's last layer has one token per sequence, the others have all of them: one function does for both."""
    weights = WeightStore()
    shapes = {"x": [BATCH, 1, 8], "y": [SEQUENCE, 8], "z": [BATCH, SEQUENCE, 8]}
    b, inputs, finish = begin_module(weights, [(name, tensor(f32, shape)) for name, shape in shapes.items()])
    outs = {name: drawn_linear(b, value, 8, KIND, np.random.default_rng(0)) for name, value in inputs.items()}
    module, context = finish([(f"{name}_out", value) for name, value in outs.items()]), new_context(weights)
    run = compile(module, weights=weights)
    pipeline.finish(pipeline.run(module, context))
    calls = [op for op in module.walk() if isinstance(op, kernel.MatMul)]
    assert [shared_of(call).numbers["tokens"] for call in calls] == [BATCH, SEQUENCE, BATCH * SEQUENCE]
    assert len({function_key(call, TARGET) for call in calls}) == 1
    assert len({kernel_key(call, TARGET) for call in calls}) == 3  # the work is another
    for tokens in (1, 13, 70):
        x = RANDOM.standard_normal((tokens, 1, 8)).astype(np.float32)
        x_out, y_out, z_out = run(x, x[:3, 0], np.repeat(x, min(3, tokens), axis=1))
        assert x_out.shape == (tokens, 1, 8)
        np.testing.assert_array_equal(y_out, x_out[:3, 0])
        np.testing.assert_array_equal(z_out, np.repeat(x_out, min(3, tokens), axis=1))


def columns_of(tokens: list[Size], sparsity: float, columns: list[int]) -> tuple[list[kernel.MatMul], np.ndarray, int]:
    """Calls of layers of 8 channels that differ in their input channels, whether all results are those of the reference
    for some numbers of tokens, and how many functions there are."""
    weights, random = WeightStore(), np.random.default_rng(0)
    kind = replace(KIND, sparsity=sparsity)
    b, inputs, finish = begin_module(weights, [(f"x{k}", tensor(f32, [*tokens, k])) for k in columns])
    outs = [(f"y{k}", drawn_linear(b, inputs[f"x{k}"], 8, kind, random)) for k in columns]
    module, context = finish(outs), new_context(weights)
    run, given = compile(module, weights=weights, targets=host().name), module.clone()
    pipeline.finish(pipeline.run(module, context, pipeline.stages(host().name)))
    calls = [op for op in module.walk() if isinstance(op, kernel.MatMul)]
    same: list[bool] = []
    for count in (1, 13, 64, 150) if isinstance(tokens[0], Dim) else (tokens[0],):
        feed = {f"x{k}": random.standard_normal((count, k)).astype(np.float32) for k in columns}
        expected = evaluate(given, feed, weights)
        same += [np.array_equal(got, expected[f"y{k}"]) for k, got in zip(columns, run(**feed), strict=True)]
    return calls, np.array(same), len({function_key(call, host()) for call in calls})


@pytest.mark.parametrize("tokens", [BATCH, 70])
@pytest.mark.parametrize("sparsity", [0.9, 1.0])
def test_pruned_layers_share_a_function_whatever_their_input_channels(tokens: Size, sparsity: float) -> None:
    calls, same, functions = columns_of([tokens], sparsity, [64, 160, 27])
    assert same.all()
    assert [shared_of(call).numbers["columns"] for call in calls] == [layout_of(call).tile_columns for call in calls]
    assert functions == len({call.schedule.schedule.dataflow for call in calls}) < 3


def test_offsets_of_another_size_are_another_function() -> None:
    """Those of more than 8192 input channels have four bytes."""
    calls, same, functions = columns_of([BATCH], 0.99, [64, 9000])
    assert same.all() and functions == len(calls) == 2


@pytest.mark.parametrize("padding", ["exact", "keep"])
@pytest.mark.parametrize("shape", [(BATCH, SEQUENCE), (4, 9)])
def test_the_last_layer_shares_the_attention_of_the_others(padding: str, shape: tuple[Size, Size]) -> None:
    model = Encoder(layers=2, head="first", quantised="static", batch=shape[0], sequence=shape[1])
    module, weights = model.build()
    run, context = compile(module, weights=weights, padding=padding), new_context(weights)
    pipeline.finish(pipeline.run(module, context, pipeline.stages(padding=padding)))
    calls = [op for op in module.walk() if isinstance(op, kernel.Attention)]
    assert len(calls) == 2 and len({function_key(call, TARGET) for call in calls}) == 1
    first, last = (shared_of(call).numbers["queries"] for call in calls)
    assert last == 1 and first == (-1 if padding == "exact" else shape[1])
    for lengths in ([5, 3, 9, 1], [1], [9] * 17) if shape[0] is BATCH else ([5, 3, 9, 1],):
        feed = model.draw(lengths, 9, 0.0, 1)
        expected = evaluate(model.build()[0], feed, weights)["y0"]
        np.testing.assert_allclose(run(**feed)[0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("quantised", ["none", "static"])
def test_a_number_of_tokens_that_is_found_in_a_run_shares_the_function_too(quantised: str) -> None:
    """Padding is dropped: the first layer has `tokens` tokens, the last one only those that a classifier reads."""
    model = Encoder(layers=2, head="first", quantised=quantised)
    module, weights = model.build()
    run, context = compile(module, weights=weights), new_context(weights)
    pipeline.finish(pipeline.run(module, context))
    calls = [op for op in module.walk() if isinstance(op, kernel.MatMul)]
    sizes: dict[str, set[str]] = {}
    for call in calls:
        sizes.setdefault(function_key(call, TARGET), set()).add(str(shared_of(call).numbers["tokens"]))
    assert {"tokens", "batch"} in sizes.values()
    for lengths in ([5, 3, 9, 1], [1], [9] * 17):
        feed = model.draw(lengths, 9, 0.0, 1)
        expected = evaluate(model.build()[0], feed, weights)["y0"]
        np.testing.assert_allclose(run(**feed)[0], expected, rtol=1e-5, atol=1e-5)


def test_a_proof_that_only_some_targets_need_is_no_other_function() -> None:
    calls, _ = lowered(3)
    assert calls[0].pairs_fit is None
    before = kernel_key(calls[0], TARGET), kernel_key(calls[0], find_target("avx512vnni"))
    calls[0].properties["pairs_fit"] = UnitAttr()
    assert kernel_key(calls[0], TARGET) != before[0]
    assert kernel_key(calls[0], find_target("avx512vnni")) == before[1]


def test_layers_with_other_tables_share_a_function() -> None:
    weights = WeightStore()
    b, inputs, finish = begin_module(weights, [("x", tensor(ui8, [BATCH, SEQUENCE, 8]))])
    x = inputs["x"]
    for scale in (0.05, 0.02, 0.01):
        random = np.random.default_rng(0)  # the same blocks in each
        linear = drawn_linear(b, b.dequantize(x, b.constant(scale), b.constant(np.uint8(9))), 8, KIND, random)
        zero = b.constant(np.uint8(128))
        real = b.dequantize(b.quantize(linear, b.constant(scale), zero), b.constant(scale), zero)
        x = b.quantize(b.apply(ew.Gelu, real), b.constant(scale), zero)
    module, context = finish([("y", x)]), new_context(weights)
    pipeline.finish(pipeline.run(module, context))
    calls = [op for op in module.walk() if isinstance(op, kernel.MatMul)]
    assert len(calls) == 3 and len({kernel_key(call, TARGET) for call in calls}) == 1
    assert all(any(isinstance(op, ew.Lookup) for op in call.body.block.ops) for call in calls)
    assert len({call.ins[-1].owner.properties["index"] for call in calls}) == 3  # pyright: ignore


def test_measured_kernels_are_repeated_and_nothing_else_is_there() -> None:
    calls, usual, measured = lowered_twice()
    names = {function.sym_name.data: function for function in measured}
    kernels = [name for name in names if not name.startswith(("repeat_", "scratch_size_"))]
    assert len(kernels) == len({kernel_key(call, TARGET) for call in calls})
    assert set(names) == {*kernels, *(f"repeat_{i}_x86_64" for i in range(len(kernels))), "scratch_size_x86_64"}
    for name in kernels:  # what is measured is what runs
        assert str(names[name]) == str(next(function for function in usual if function.sym_name.data == name))
    for index, name in enumerate(kernels):
        text = str(names[f"repeat_{index}_x86_64"])
        assert text.count(f"@{name}") == 1 and text.count("scf.for") == 2


def lowered_twice() -> tuple[list[kernel.KernelOp], list[FuncOp], list[FuncOp]]:
    """The calls of two layers, the functions as the runtime calls them, and as they are measured."""
    weights = WeightStore()
    b, inputs, finish = begin_module(weights, [("x", tensor(f32, [BATCH, SEQUENCE, 8]))])
    x = drawn_linear(b, drawn_linear(b, inputs["x"], 8, KIND, RANDOM), 8, KIND, RANDOM)
    module, context = finish([("y", x)]), new_context(weights)
    pipeline.finish(pipeline.run(module, context))
    calls = [op for op in module.walk() if isinstance(op, kernel.KernelOp)]
    functions: list[list[FuncOp]] = []
    for measured in (False, True):
        code = module.clone()
        KernelsToLoops("x86_64", measured).apply(context, code)
        code.verify()
        functions.append([op for op in code.ops if isinstance(op, FuncOp)])
    return calls, *functions
