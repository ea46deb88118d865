"""`sparsec.compile`, and what the command line needs: the one place that joins frontend, pipeline, backend, runtime."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from sparsec import __version__, pipeline, shortcut
from sparsec.backend import jit
from sparsec.backend.artifact import Artifact
from sparsec.backend.cache import Cache
from sparsec.backend.object_code import Made, ObjectCode
from sparsec.backend.worker_client import WORKER
from sparsec.builder import INPUT_NAMES, OUTPUT_NAMES
from sparsec.context import CompilerContext
from sparsec.dialects import all_dialects
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dialects.kernel import Program as KernelProgram
from sparsec.dialects.nn_structure import Constant
from sparsec.errors import CompilerBug, ModelError, OptionError
from sparsec.metadata import describe_weights, kernel_calls, kernel_functions
from sparsec.options import Options
from sparsec.pipeline import Step
from sparsec.reference import main_function, names_of
from sparsec.runtime.check_arguments import compiled_already, require_path
from sparsec.runtime.program import Program
from sparsec.runtime.signature import Packing, Signature, TensorInfo
from sparsec.target import CpuTarget, host_core
from sparsec.transforms.request_packing import packing_of
from sparsec.tune import Tell, tune
from sparsec.variants import Assistant, Take, Watch, lower_variants
from sparsec.weights import WeightStore

if TYPE_CHECKING:
    from onnx import ModelProto


def unwatched(steps: Iterator[Step], target: str) -> Iterator[Step]:
    """The watch that looks at nothing."""
    return steps


def silent(*news: str) -> None:
    """The listener that wants to know nothing."""


def compile(
    model: str | os.PathLike[str] | bytes | ModelProto | ModuleOp, *, weights: WeightStore | None = None, **options: Any
) -> Program:
    """Compile a model and load it into this process.

    Args:
        model: the path of an `.onnx` or `.spc` file, the bytes of an ONNX file, an `onnx.ModelProto`, or an `[input]`
            module (which stays as it is).
        weights: the constants of an `[input]` module.
        options: see `sparsec.Options`.

    Raises:
        ModelError, UnsupportedError, DslError, ShapeError: the model.
        OptionError, TargetError: the options, or this machine.
        CodegenError: LLVM failed or took too long.
    """
    chosen = Options.of(**options)
    if (found := shortcut.find(model, chosen)) is not None:
        return jit.load(found, chosen)
    watch = _dumping(chosen, unwatched)
    return _load(read(model, weights, watch), chosen, watch)


def compile_watched(path: Path, options: Options, watch: Watch, tell: Tell = silent, made: Made = silent) -> Program:
    """`compile` a file for somebody who looks on.

    Args:
        watch: sees the steps from [input] on.
        tell: hears about what comes before the steps of the pipeline.
        made: hears about what comes after them.

    Raises:
        SparsecError: as `compile` does.
    """
    if (found := shortcut.find(path, options)) is not None:
        return jit.load(found, options)
    source = read(path, watch=_dumping(options, unwatched))
    take_timings(source, options, tell)
    return _load(source, options, _dumping(options, watch), made)


def _load(source: Source, options: Options, watch: Watch, made: Made = silent) -> Program:
    with building(source, options, watch, fresh=options.dump_ir is not None, made=made) as built:
        return jit.load(built.artifact, options)


def _dumping(options: Options, watch: Watch) -> Watch:
    """The watch, which also writes what `dump_ir` asks for."""
    folder = options.dump_ir
    if folder is None:
        return watch
    from sparsec import debug  # who only compiles needs no tables and terminals

    return lambda steps, target: debug.dump(watch(steps, target), folder, f"_{target}" if target else "")


@dataclass(frozen=True)
class Source:
    """A model that was read: its `[input]` module, the constants, a name for people.

    Attributes:
        digest: of the ONNX file, if that is all there is to the model.
        passes: how many the module has seen while it was read.
    """

    module: ModuleOp
    context: CompilerContext
    name: str
    digest: str | None = None
    passes: int = 0


@dataclass(frozen=True)
class Built:
    """A compiled model, the key of its graph, and whether it came from the cache."""

    artifact: Artifact
    graph: bytes
    cached: bool


def new_context(weights: WeightStore | None = None) -> CompilerContext:
    """A context with all dialects."""
    context = CompilerContext(weights=weights if weights is not None else WeightStore())
    for dialect in all_dialects():
        context.load_dialect(dialect)
    return context


def read(
    model: str | os.PathLike[str] | bytes | ModelProto | ModuleOp,
    weights: WeightStore | None = None,
    watch: Watch = unwatched,
) -> Source:
    """Read a model into an `[input]` module.

    Args:
        watch: sees the steps from what a file says to what it means.

    Raises:
        ModelError, UnsupportedError, DslError, ShapeError: the model.
    """
    WORKER.start()  # LLVM loads in its own process while the frontend works
    context = new_context(weights)
    if isinstance(model, ModuleOp):
        return Source(_with_weights(model, context.weights), context, "module")
    path = require_path(model, "a model") if isinstance(model, str | os.PathLike) else None
    if path is not None:
        if path.suffix == ".so":
            raise compiled_already(path)
        if path.suffix == ".spc":
            from sparsec.frontend.dsl import read_dsl

            return _understood(Source(read_dsl(path, context.weights), context, path.name), watch)
    elif not isinstance(model, bytes) and not (hasattr(model, "opset_import") and hasattr(model, "SerializeToString")):
        kinds = "a path, the bytes of an ONNX file, an onnx.ModelProto or an [input] module"
        raise ModelError(f"a model is {kinds}, and this is of type {type(model).__name__}")
    from sparsec.frontend.onnx_file import read_content
    from sparsec.frontend.onnx_model import read_onnx

    if path is None:
        return _understood(Source(read_onnx(model, context.weights), context, "model"), watch)
    content = read_content(path)
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(shortcut.digest_of_bytes, content)
        source = _understood(Source(read_onnx(content, context.weights, path=path), context, path.name), watch)
        return replace(source, digest=digest.result())


def _understood(source: Source, watch: Watch) -> Source:
    """What a file means, of what it says."""
    pipeline.finish(watch(pipeline.run(source.module, source.context, (pipeline.READING,)), ""))
    return replace(source, passes=len(pipeline.READING.passes))


def _with_weights(module: ModuleOp, weights: WeightStore) -> ModuleOp:
    for op in module.walk():
        digest = op.digest if isinstance(op, Constant) else None
        if digest is not None and digest.data not in weights:
            raise ModelError(f"the module names weight {digest.data}: give its WeightStore as `weights`")
    return module.clone()


def take_timings(source: Source, options: Options, tell: Tell = silent) -> None:
    """Tune the model if the options say so and that was not done yet; what compiles it does this, too.

    Args:
        tell: hears about the progress.

    Raises:
        OptionError: the size of a dynamic dimension is missing.
        TargetError: this machine cannot run the best of the targets.
    """
    if options.tune and source.context.timings is None:
        best = options.cpu_targets()[0]
        source.context.timings = tune(source.module, source.context, best, options, shortcut.compiler_digest(), tell)


def build(
    source: Source, options: Options, watch: Watch = unwatched, *, fresh: bool = False, made: Made = silent
) -> Built:
    """Compile a model that was read, or find it in the cache; see `building`."""
    with building(source, options, watch, fresh=fresh, made=made) as built:
        return built


@contextmanager
def building(
    source: Source,
    options: Options,
    watch: Watch = unwatched,
    *,
    fresh: bool = False,
    made: Made = silent,
) -> Generator[Built, None, None]:
    """Compile a model that was read, or find it in the cache. What was compiled is put there while the block runs.

    Args:
        watch: sees the steps of the pipeline, but those of targets that another process lowers; there are none when
            the model comes from the cache.
        fresh: never look in the cache, show the watch all steps, and verify after each.
        made: hears of the targets that another process lowers, too.
    """
    prefix = options.c_prefix(Path(source.name).stem)
    targets = options.cpu_targets()
    take_timings(source, options)
    graph = _graph_key(source, options)
    if not fresh and (found := shortcut.find_artifact(graph, options)) is not None:
        shortcut.remember(source.name, source.digest, options, graph)
        yield Built(found, graph, cached=True)
        return
    with Assistant(targets, wanted=not fresh) as assistant, ObjectCode(prefix, targets, options, made) as code:
        with assistant.packing(source.context, options.time_limit):
            lowered = lower(source, targets, options, watch, code.add, assistant, thorough=fresh)
        if lowered is None:
            raise CompilerBug("the compilation was stopped before there was code")
        artifact = Artifact(code.finish(lowered.signature), lowered.weights, lowered.signature, prefix)

    def keep() -> None:
        with suppress(MemoryError):  # what was made is good without being kept
            Cache.of(options).put(graph, *artifact.parts())
        shortcut.remember(source.name, source.digest, options, graph)

    with ThreadPoolExecutor(1) as beside:
        keeping = beside.submit(keep)
        yield Built(artifact, graph, cached=False)
        keeping.result()


@dataclass(frozen=True)
class Lowered:
    """A model in LLVM's terms: one text per target, and what they share."""

    texts: list[str]
    weights: np.ndarray[Any, np.dtype[np.uint8]]
    signature: Signature


def lower(
    source: Source,
    targets: tuple[CpuTarget, ...],
    options: Options,
    watch: Watch = unwatched,
    take: Take = lambda target, text: None,
    assistant: Assistant | None = None,
    *,
    thorough: bool = True,
) -> Lowered | None:
    """Run the whole pipeline; the stages after [kernels] once per target. None when the watch stops it early.

    Args:
        take: gets the text of each target as soon as it is there, from any thread.
        assistant: lowers some of the targets.
        thorough: verify after each pass, see `pipeline.run`.
    """
    signature = signature_of(source)
    passes = source.passes
    take_timings(source, options)
    stages = stages_for(signature, targets, options)
    for step in watch(pipeline.run(source.module, source.context, stages, passes, thorough=thorough), ""):
        passes = step.index
        if step.ends_stage and step.stage == "sparse":
            signature = replace(signature, packing=_packing(step.module))
        if step.ends_stage and step.stage == "scheduled":
            signature = _described(signature, step.module, source)
    program = next((op for op in source.module.ops if isinstance(op, KernelProgram)), None)
    if program is None:
        return None
    messages = tuple(text.data for text in program.messages)
    functions = kernel_functions(program, targets[0])
    metadata = {**signature.metadata, "functions": functions}
    signature = replace(signature, messages=messages, calls=kernel_calls(program), metadata=metadata)
    if tuple(text.data for text in program.symbols) != signature.symbols:
        raise CompilerBug("the symbols of the program are not those of the model")
    weights = source.context.weights.get(program.weights.data)
    limit = options.time_limit
    texts = lower_variants(
        source.module, source.context, targets, passes, watch, take, assistant, limit, thorough=thorough
    )
    return None if texts is None else Lowered(texts, weights, signature)


def stages_for(signature: Signature, targets: tuple[CpuTarget, ...], options: Options) -> tuple[pipeline.Stage, ...]:
    """The stages down to [kernels]: schedules are chosen for the best of the targets and the CPU at hand, but such that
    no other target suffers much.

    Raises:
        OptionError: a size is expected of a dimension that the model does not have.
    """
    for name, size in options.expect:
        if name not in signature.symbols:
            known = f"those are {', '.join(signature.symbols)}" if signature.symbols else "it has none"
            raise OptionError(f"expect {name}={size}: the model has no dynamic dimension of that name; {known}")
    choices = options.unroll, options.code_budget, options.padding
    others = [target.name for target in targets[1:]]
    return pipeline.stages(targets[0].name, host_core(), options.expected_sizes, *choices, others=others)


def signature_of(source: Source) -> Signature:
    """What an `[input]` module takes and gives."""
    function = main_function(source.module)
    types = function.function_type
    inputs, outputs = (
        tuple(
            TensorInfo(name, to_numpy(element_of(type)).name, tuple(_size(size) for size in sizes_of(type)))
            for name, type in zip(names_of(function, attribute), group, strict=True)
        )
        for attribute, group in ((INPUT_NAMES, types.inputs), (OUTPUT_NAMES, types.outputs))
    )
    symbols = dict.fromkeys(size for tensor in inputs for size in tensor.shape if isinstance(size, str))
    metadata = {"model": source.name, "sparsec": __version__}
    return Signature(inputs, outputs, tuple(symbols), metadata=metadata)


def _size(size: object) -> int | str:
    return size if isinstance(size, int) else str(size)


def _packing(module: ModuleOp) -> Packing | str:
    """How requests share a call of a [sparse] module."""
    found = packing_of(main_function(module))
    return found if isinstance(found, str) else Packing(found.mask, found.batch, found.sequence)


def _described(signature: Signature, module: ModuleOp, source: Source) -> Signature:
    """The signature of a [scheduled] module, with its weights described."""
    weights = describe_weights(module, source.context.weights)
    return replace(signature, metadata={**signature.metadata, "weights": weights})


def _graph_key(source: Source, options: Options) -> bytes:
    """All that a compiled model depends on: the graph, its weights by digest, options, measured times, the compiler."""
    timings = json.dumps(source.context.timings, sort_keys=True)
    own = shortcut.choices(options, Path(source.name).stem)
    return shortcut.key_of(*own, source.name, timings, str(source.module))


def scheduled_signature(source: Source, options: Options, watch: Watch = unwatched) -> Signature:
    """The signature with the weights described, without making code."""
    signature = signature_of(source)
    take_timings(source, options)
    stages = stages_for(signature, options.cpu_targets(), options)
    kept = tuple(stage for stage in stages if stage.name != "kernels")
    pipeline.finish(watch(pipeline.run(source.module, source.context, kept, source.passes), ""))
    return _described(signature, source.module, source)
