"""What a compiled model costs beside time: size of the file, compilation, loading, memory; and what a core more gains.

    python -m benchmarks.footprint MODEL.onnx [--batch 1] [--sequence 128]

Prints Markdown. Every figure comes from a process of its own: compiling is the whole command with an empty and with a
filled cache, loading is `sparsec.load` in a Python that has imported numpy, memory is the peak of a process that did
nothing but load the library and run it, from Python and from C.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import machine, markdown_table
from sparsec.runtime.loading import load
from sparsec.runtime.signature import TensorInfo

_MEMORY = """
def memory(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))
"""

_LOAD = """
import json, sys, time
import numpy, sparsec
sparsec.load  # the module behind it is imported now
begin = time.perf_counter()
program = sparsec.load(sys.argv[1])
print(json.dumps((time.perf_counter() - begin) * 1e3))
"""

_RUN = (
    _MEMORY
    + """
import json, sys
import numpy, sparsec
before = memory("VmHWM")
program = sparsec.load(sys.argv[1])
feed = {name: numpy.ones(shape, dtype) for name, dtype, shape in json.loads(sys.argv[2])}
for _ in range(5):
    program.run(None, feed)
dirty = 0
with open("/proc/self/smaps") as maps:
    ours = False
    for line in maps:
        if "-" in line.split()[0]:
            ours = sys.argv[1] in line and line.split()[1].startswith("r-")
        elif ours and line.startswith("Private_Dirty"):
            dirty += int(line.split()[1])
print(json.dumps({"before": before, "peak": memory("VmHWM"), "dirty": dirty}))
"""
)

_THREADS = """
import json, statistics, sys, time
import numpy, sparsec
feed = {name: numpy.ones(shape, dtype) for name, dtype, shape in json.loads(sys.argv[2])}
programs = [sparsec.load(sys.argv[1], threads=threads) for threads in (1, 2)]
times = [[], []]
for _ in range(40):
    for program, taken in zip(programs, times):
        for number in range(6):
            begin = time.perf_counter()
            program.run(None, feed)
            if number:
                taken.append((time.perf_counter() - begin) * 1e3)
print(json.dumps([statistics.median(taken) for taken in times]))
"""

_C_PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model.h"

int main(void) {
    model_context *context = model_create();
    model_tensor inputs[MODEL_INPUTS], outputs[MODEL_OUTPUTS] = {0};
    FILL_INPUTS
    if (!context || model_output_shapes(context, inputs, outputs)) return 1;
    for (int i = 0; i < MODEL_OUTPUTS; i++) outputs[i].data = malloc((size_t)outputs[i].bytes);
    for (int i = 0; i < 5; i++)
        if (model_run(context, inputs, outputs)) return 1;
    model_destroy(context);
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6)) printf("%ld", atol(line + 6));
    return 0;
}
"""

_SIZES = {"int64": 8, "int32": 4, "float32": 4, "uint8": 1, "int8": 1, "bool": 1}


def seconds(model: Path, library: Path, cache: Path) -> float:
    """How long `sparsec compile` takes, from the start of the process to its end."""
    command = [sys.executable, "-m", "sparsec.cli", "compile", str(model), "-o", str(library), "--prefix", "model"]
    begin = time.perf_counter()
    subprocess.run(command, check=True, env={**os.environ, "SPARSEC_CACHE_DIR": str(cache)}, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def python(code: str, *arguments: str) -> str:
    """What a fresh Python prints."""
    return subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True).stdout


def input_shape(tensor: TensorInfo, batch: int, sequence: int) -> list[int]:
    """Sizes of an input: its first unknown one is the batch, others are the sequence."""
    return [
        size if isinstance(size, int) else batch if index == 0 else sequence for index, size in enumerate(tensor.shape)
    ]


def c_memory(library: Path, inputs: list[tuple[TensorInfo, list[int]]]) -> int:
    """The peak memory of a C program in kB."""
    lines: list[str] = []
    for number, (tensor, shape) in enumerate(inputs):
        count = 1
        for size in shape:
            count *= size
        lines.append(
            f"inputs[{number}] = (model_tensor){{calloc({count}, {_SIZES[tensor.dtype]}), "
            f"{count * _SIZES[tensor.dtype]}, MODEL_{tensor.dtype.upper()}, {len(shape)}, "
            f"{{{', '.join(map(str, shape))}}}}};"
        )
    source, program = library.with_name("main.c"), library.with_name("main")
    source.write_text(_C_PROGRAM.replace("FILL_INPUTS", "\n    ".join(lines)))
    folder = library.parent
    subprocess.run(["cc", "-O1", f"-I{folder}", "-o", program, source, library, f"-Wl,-rpath,{folder}"], check=True)
    return int(subprocess.run([program], check=True, capture_output=True, text=True).stdout)


def weights_size(library: Path) -> int:
    """The bytes of the packed weights: what the linker put into read-only data, tables and texts included."""
    lines = subprocess.run(["size", "-A", library], check=True, capture_output=True, text=True).stdout.splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(".rodata"))


def main() -> None:
    """Compile, load, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--loads", type=int, default=7, help="processes that load it; the median counts")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "model.so"
        cold, cached = (seconds(chosen.model, library, folder / "cache") for _ in range(2))
        loads = sorted(float(python(_LOAD, str(library))) for _ in range(chosen.loads))
        program = load(library)
        inputs = [(tensor, input_shape(tensor, chosen.batch, chosen.sequence)) for tensor in program.inputs]
        shapes = json.dumps([(tensor.name, tensor.dtype, shape) for tensor, shape in inputs])
        memory = json.loads(python(_RUN, str(library), shapes))
        one, two = json.loads(python(_THREADS, str(library), shapes))
        size, weights = library.stat().st_size, weights_size(library)
        rows = [
            ["size of the library", f"{size / 1e6:.1f} MB = {size / weights:.3f} x read-only data"],
            ["for", ", ".join(program.targets)],
            ["compile, empty cache", f"{cold:.2f} s"],
            ["compile, from the cache", f"{cached:.2f} s"],
            ["load from Python", f"{loads[len(loads) // 2]:.2f} ms"],
            ["peak memory, Python", f"{memory['peak'] / 1e3:.1f} MB ({memory['before'] / 1e3:.1f} MB before loading)"],
            ["peak memory, C", f"{c_memory(library, inputs) / 1e3:.1f} MB"],
            ["read-only pages that are not shared", f"{memory['dirty']} kB"],
            ["an inference with one thread, with two", f"{one:.3f} ms, {two:.3f} ms = {one / two:.2f} x as fast"],
        ]
    print(f"{machine()}, {len(os.sched_getaffinity(0))} used\n")
    print(f"`{chosen.model.name}`, batch {chosen.batch}, sequence {chosen.sequence}\n")
    print(markdown_table(["", ""], rows))


if __name__ == "__main__":
    main()
