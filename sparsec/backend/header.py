"""The C header of one model: plain C99, with the model's own names, readable as its documentation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import Template

from sparsec.runtime.abi import ABI_VERSION
from sparsec.runtime.signature import DTYPE_CODES, MAX_RANK, Signature, TensorInfo

_C_TYPES = {
    "float32": "float", "uint8": "uint8_t", "int8": "int8_t", "uint16": "uint16_t", "int16": "int16_t",
    "int32": "int32_t", "int64": "int64_t", "bool": "uint8_t", "float16": "uint16_t", "float64": "double",
    "uint32": "uint32_t", "uint64": "uint64_t",
}  # fmt: skip


def header_text(signature: Signature, prefix: str, library: str) -> str:
    """The text of `model.h`.

    Args:
        signature: what the model takes and gives.
        prefix: a C identifier, the start of every name.
        library: the file name of the shared library, for the comment.
    """
    inputs, outputs = _identifiers(signature.inputs), _identifiers(signature.outputs)
    return Template(_TEXT).substitute(
        p=prefix,
        P=prefix.upper(),
        library=library,
        abi=ABI_VERSION,
        rank=MAX_RANK,
        example=_example(signature, prefix, inputs, outputs),
        signature="\n".join(
            [f" *   input  {_described(tensor)}" for tensor in signature.inputs]
            + [f" *   output {_described(tensor)}" for tensor in signature.outputs]
        ),
        dtypes=",\n".join(f"    {prefix.upper()}_{name.upper()} = {code}" for name, code in DTYPE_CODES.items()),
        inputs=_enumeration(prefix, "INPUT", inputs),
        outputs=_enumeration(prefix, "OUTPUT", outputs),
        makers="\n\n".join(_maker(prefix, tensor, name) for tensor, name in zip(signature.inputs, inputs, strict=True)),
    )


def _identifiers(tensors: Sequence[TensorInfo]) -> list[str]:
    return _unique([tensor.name for tensor in tensors])


def _unique(texts: Sequence[str]) -> list[str]:
    """C identifiers for texts that may hold anything, different even in capitals."""
    names: list[str] = []
    taken: set[str] = set()
    for text in texts:
        name = re.sub(r"\W", "_", text, flags=re.ASCII)
        while name.upper() in taken:
            name += "_"
        taken.add(name.upper())
        names.append(name)
    return names


def _described(tensor: TensorInfo) -> str:
    safe = tensor.name.replace("*/", "* /")
    return f"{safe}: {tensor.dtype}[{', '.join(map(str, tensor.shape))}]"


def _enumeration(prefix: str, kind: str, names: Sequence[str]) -> str:
    rows = [f"{prefix.upper()}_{kind}_{name.upper()} = {index}" for index, name in enumerate(names)]
    return ",\n".join(f"    {row}" for row in [*rows, f"{prefix.upper()}_{kind}S = {len(names)}"])


def _parameters(tensor: TensorInfo) -> dict[str, str]:
    """The named sizes of a shape -> C identifiers, each once."""
    symbols = list(dict.fromkeys(size for size in tensor.shape if isinstance(size, str)))
    return dict(zip(symbols, (f"{name}_size" for name in _unique(symbols)), strict=True))


def _maker(prefix: str, tensor: TensorInfo, name: str) -> str:
    named = _parameters(tensor)
    arguments = [f"const {_C_TYPES[tensor.dtype]} *data", *(f"int64_t {symbol}" for symbol in named.values())]
    sizes = [str(size) if isinstance(size, int) else named[size] for size in tensor.shape]
    dtype = f"{prefix.upper()}_{tensor.dtype.upper()}"
    data = "(void *)(uintptr_t)data"  # straight from const, compilers warn if they are asked to
    lines = [
        f"/* Input {_described(tensor)}. */",
        f"static inline {prefix}_tensor {prefix}_make_{name}({', '.join(arguments)}) {{",
        f"    int64_t bytes = {' * '.join(['(int64_t)sizeof *data', *sizes])};",
        f"    {prefix}_tensor tensor = {{{data}, bytes, {dtype}, {len(sizes)}, {{{', '.join(sizes) or 0}}}}};",
        "    return tensor;",
        "}",
    ]
    return "\n".join(lines)


def _example(signature: Signature, prefix: str, inputs: Sequence[str], outputs: Sequence[str]) -> str:
    upper = prefix.upper()
    lines = [
        f"{prefix}_context *context = {prefix}_create();",
        f'if (!context) {{ fprintf(stderr, "%s\\n", {prefix}_last_error(NULL)); exit(1); }}',
        f"{prefix}_tensor inputs[{upper}_INPUTS], outputs[{upper}_OUTPUTS] = {{0}};",
    ]
    for tensor, name in zip(signature.inputs, inputs, strict=True):
        arguments = ", ".join([name, *_parameters(tensor).values()])
        lines.append(f"inputs[{upper}_INPUT_{name.upper()}] = {prefix}_make_{name}({arguments});")
    results = [
        f"const {_C_TYPES[tensor.dtype]} *{name} = outputs[{upper}_OUTPUT_{name.upper()}].data;"
        for tensor, name in zip(signature.outputs, outputs, strict=True)
    ]
    lines += [
        f"if ({prefix}_output_shapes(context, inputs, outputs)) ...        // fills dtype, rank, shape and bytes",
        f"for (int i = 0; i < {upper}_OUTPUTS; i++) outputs[i].data = malloc(outputs[i].bytes);",
        f"if ({prefix}_run(context, inputs, outputs)) puts({prefix}_last_error(context));",
        *results,
        f"{prefix}_destroy(context);",
    ]
    return "\n".join(f" *     {line}" for line in lines)


_TEXT = """\
/* $library, compiled by sparsec. Link with it; it needs nothing but libc.
 *
$signature
 *
 * Usage:
 *
$example
 */
#ifndef ${P}_SPARSEC_H
#define ${P}_SPARSEC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ${P}_ABI_VERSION $abi

/* What functions that return int answer. Texts: ${p}_last_error. */
enum {
    ${P}_OK = 0,
    ${P}_BAD_ARGUMENT = 1, /* a shape, dtype, buffer or thread count does not fit */
    ${P}_BAD_DATA = 2,     /* the values of an input are impossible, for example an index out of range */
    ${P}_NO_MEMORY = 3,
    ${P}_NO_THREADS = 4,   /* the system refused to start a thread */
    ${P}_BUSY = 5          /* another thread is inside this context; the only failure without a text */
};

/* The numbers are those of ONNX. A bool is a byte, 0 or 1; float16 is its bits. */
enum {
$dtypes
};

enum {
$inputs
};

enum {
$outputs
};

/* One dense, row-major array. */
typedef struct ${p}_tensor {
    void *data;     /* yours; inputs are only read */
    int64_t bytes;  /* how many bytes data can hold */
    int32_t dtype;
    int32_t rank;
    int64_t shape[$rank];
} ${p}_tensor;

/* Memory and threads for one call at a time. Any number may exist, in any threads; the weights are shared. */
typedef struct ${p}_context ${p}_context;

/* A context, or NULL: then ${p}_last_error(NULL) says why. */
${p}_context *${p}_create(void);

/* Frees the context and joins its threads. NULL is allowed. A context that a thread is inside is left alone: its memory
 * is never freed. (Threads of contexts that are never destroyed end when the library is unloaded.) */
void ${p}_destroy(${p}_context *context);

/* Runs the model: reads ${P}_INPUTS tensors, fills ${P}_OUTPUTS. The caller gives data and bytes of the outputs;
 * dtype, rank and shape are filled in. */
int ${p}_run(${p}_context *context, const ${p}_tensor *inputs, ${p}_tensor *outputs);

/* Fills dtype, rank, shape and the needed bytes of the outputs for inputs of these shapes; reads and writes no data. */
int ${p}_output_shapes(${p}_context *context, const ${p}_tensor *inputs, ${p}_tensor *outputs);

/* Why the last call with this context failed. Valid until the next call with it. */
const char *${p}_last_error(const ${p}_context *context);

/* How many threads a run uses, the calling one included; at first, one for every physical core that the thread which
 * made the context may use. The results do not depend on it. */
int ${p}_set_threads(${p}_context *context, int32_t threads);
int32_t ${p}_get_threads(const ${p}_context *context);

/* Whether the threads that the context starts stay on a core each; at first they do not. The calling thread is left
 * alone. */
int ${p}_set_pinning(${p}_context *context, int32_t on);

/* Lends the context threads of the host: from now on it starts none, and its runs call run(user, task, job, parts),
 * which must call task(job, part) once for every part in [0, parts), in any order, on any threads and at the same time
 * or not, and return when all of these have returned, not by an exception. parts is the context's number of threads.
 * NULL takes it back. */
typedef void (*${p}_parallel)(void *user, void (*task)(void *job, int32_t part), void *job, int32_t parts);
int ${p}_set_parallel(${p}_context *context, ${p}_parallel run, void *user);

/* What one thread did for one kernel call of a run: the call's number in the list "calls" of the metadata (-1: the run
 * itself), the thread (0: the caller), nanoseconds of CLOCK_MONOTONIC, and how many independent pieces of the call. */
typedef struct ${p}_span {
    int32_t call;
    int32_t thread;
    int64_t begin, end;
    int64_t items;
} ${p}_span;

/* Whether runs are recorded; at first they are not. ${p}_profile writes the records of the last run, at most room of
 * them, and returns how many there are. */
int ${p}_set_profiling(${p}_context *context, int32_t on);
int64_t ${p}_profile(${p}_context *context, ${p}_span *spans, int64_t room);

/* The name of the instruction set that was chosen for this CPU. */
const char *${p}_variant(const ${p}_context *context);

/* Inputs, outputs and facts about the model, as JSON. */
const char *${p}_metadata(void);

/* Equals ${P}_ABI_VERSION when this header belongs to the library. */
int ${p}_abi_version(void);

$makers

#ifdef __cplusplus
}
#endif

#endif
"""
