"""oneDNN's dense products through its C API: the bar that zeros have to beat.

A call is one primitive, executed on prepacked weights in the layout that oneDNN chooses, from ctypes: 2 microseconds
of overhead, where a torch op has 13. Both spellings of a product are tried, and int8 results as u8 and as f32.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from layer import Contestant, Layer, serve

LIBRARY = Path(sys.prefix) / "lib" / "libdnnl.so.3"
CPU, IN_ORDER, INFERENCE, ANY = 1, 1, 96, 1
TYPES = {"float32": 3, "int32": 4, "int8": 5, "uint8": 6}
SOURCE, DESTINATION, WEIGHTS, SCALES = 1, 17, 33, 4096
QUERY_WEIGHTS, QUERY_IMPLEMENTATION = 131, 8
Handle = ctypes.c_void_p


class Argument(ctypes.Structure):
    """dnnl_exec_arg_t."""

    _fields_ = (("argument", ctypes.c_int), ("memory", Handle))


class OneDnn:
    """The few functions that are needed, each returning the handle that it makes."""

    def __init__(self) -> None:
        """Load the library; make an engine and a stream."""
        self.library = ctypes.CDLL(str(LIBRARY))
        self.library.dnnl_primitive_desc_query_md.restype = Handle
        self.engine = self.make("engine_create", ctypes.c_int(CPU), ctypes.c_size_t(0))
        self.stream = self.make("stream_create", self.engine, ctypes.c_uint(IN_ORDER))
        self.alive: list[np.ndarray] = []

    def run(self, name: str, *arguments: object) -> None:
        """Call dnnl_<name>."""
        status = getattr(self.library, f"dnnl_{name}")(*arguments)
        if status:
            raise RuntimeError(f"dnnl_{name} returned {status}")

    def make(self, name: str, *arguments: object) -> Handle:
        """Call dnnl_<name>, whose first argument is where the new handle goes."""
        made = Handle()
        self.run(name, ctypes.byref(made), *arguments)
        return made

    def describe(self, dtype: str, *dims: int) -> Handle:
        """A descriptor of memory in the layout that oneDNN likes best."""
        return self.make("memory_desc_create_with_tag", len(dims), (ctypes.c_int64 * 12)(*dims), TYPES[dtype], ANY)

    def describe_array(self, array: np.ndarray) -> Handle:
        """A descriptor of an array as it lies."""
        strides = (ctypes.c_int64 * 12)(*(stride // array.itemsize for stride in array.strides))
        dims = (ctypes.c_int64 * 12)(*array.shape)
        return self.make("memory_desc_create_with_strides", array.ndim, dims, TYPES[array.dtype.name], strides)

    def memory(self, description: Handle, array: np.ndarray | None = None) -> Handle:
        """Memory of that description, over an array or newly allocated."""
        if array is not None:
            self.alive.append(array)
        return self.make("memory_create", description, self.engine, Handle(-1 if array is None else array.ctypes.data))

    def execute(self, primitive: Handle, arguments: dict[int, Handle]) -> Callable[[], None]:
        """A function that executes the primitive and waits for it."""
        packed = (Argument * len(arguments))(*(Argument(number, memory) for number, memory in arguments.items()))
        run, wait = self.library.dnnl_primitive_execute, self.library.dnnl_stream_wait
        stream, count = self.stream, ctypes.c_int(len(arguments))

        def call() -> None:
            if run(primitive, stream, count, packed) or wait(stream):
                raise RuntimeError("a oneDNN primitive failed")

        return call

    def product(
        self, spelling: str, source: np.ndarray, weight: Handle, result: np.ndarray, attribute: Handle
    ) -> Handle:
        """The description of a product by a weight whose own description is given."""
        x, y = self.describe_array(source), self.describe_array(result)
        if spelling == "matmul":
            return self.make("matmul_primitive_desc_create", self.engine, x, weight, None, y, attribute)
        name = "inner_product_forward_primitive_desc_create"
        return self.make(name, self.engine, ctypes.c_int(INFERENCE), x, weight, None, y, attribute)

    def implementation(self, description: Handle) -> str:
        """The name of the kernel that was chosen."""
        name = ctypes.c_char_p()
        self.run("primitive_desc_query", description, QUERY_IMPLEMENTATION, 0, ctypes.byref(name))
        return (name.value or b"").decode()


def contestant(layer: Layer, spelling: str, output: str) -> Contestant:
    """One spelling of the layer; `output` is the type of its result."""
    onednn = OneDnn()
    source = layer.activations()
    result = np.zeros((layer.tokens, layer.rows), output)
    weights = [layer.weight(number) for number in range(layer.weights)]
    if spelling == "matmul":
        weights = [weight.T for weight in weights]
    attribute = onednn.make("primitive_attr_create")
    arguments = {
        SOURCE: onednn.memory(onednn.describe_array(source), source),
        DESTINATION: onednn.memory(onednn.describe_array(result), result),
    }
    if layer.kind == "int8":
        scale = np.array([layer.scale], np.float32)
        onednn.run("primitive_attr_set_scales_mask", attribute, WEIGHTS, 0)
        arguments[SCALES | WEIGHTS] = onednn.memory(onednn.describe_array(scale), scale)
    weight = onednn.describe(weights[0].dtype.name, *weights[0].shape)
    description = onednn.product(spelling, source, weight, result, attribute)
    primitive = onednn.make("primitive_create", description)
    plain = onednn.describe_array(weights[0])
    packed = Handle(onednn.library.dnnl_primitive_desc_query_md(description, QUERY_WEIGHTS, 0))
    reorder = onednn.make("reorder_primitive_desc_create", plain, onednn.engine, packed, onednn.engine, None)
    reorder = onednn.make("primitive_create", reorder)
    calls = []
    for array in weights:
        arguments[WEIGHTS] = onednn.memory(packed)
        onednn.execute(reorder, {SOURCE: onednn.memory(plain, array), DESTINATION: arguments[WEIGHTS]})()
        calls.append(onednn.execute(primitive, arguments))

    def run(number: int) -> np.ndarray:
        calls[number]()
        return result

    what = f"{layer.kind} dense, {output} out, {spelling} {onednn.implementation(description)}"
    return Contestant(what, calls, run, alive=onednn)


def contestants(layer: Layer) -> Iterator[Contestant]:
    """All spellings. The weight's zeros are multiplied like any other number."""
    for output in ("uint8", "float32") if layer.kind == "int8" else ("float32",):
        for spelling in ("matmul", "inner_product"):
            yield contestant(layer, spelling, output)


if __name__ == "__main__":
    serve(contestants)
