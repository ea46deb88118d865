"""The description of one model, as LLVM text to go behind runtime.ll: what runtime_abi.h calls `struct sparsec_model`,
the public C functions under the model's prefix, and `sparsec_entry`, by which Python finds all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sparsec.runtime.abi import ABI_VERSION
from sparsec.runtime.signature import DTYPE_CODES, Signature, TensorInfo
from sparsec.target import CpuTarget

ENTRY = "sparsec_entry"

# Names with a dot: a prefix has none, so it cannot clash with them.
_FUNCTIONS = """
define internal ptr @own.create() nounwind {
  %context = tail call ptr @sparsec_create(ptr @own.model)
  ret ptr %context
}

define internal ptr @own.last_error(ptr %context) nounwind {
  %text = tail call ptr @sparsec_last_error(ptr @own.model, ptr %context)
  ret ptr %text
}

define internal ptr @own.metadata() nounwind {
  ret ptr @own.metadata_text
}
"""

_INTERFACE: dict[str, tuple[str, str]] = {
    "create": ("ptr ()", "own.create"),
    "destroy": ("void (ptr)", "sparsec_destroy"),
    "run": ("i32 (ptr, ptr, ptr)", "sparsec_run"),
    "output_shapes": ("i32 (ptr, ptr, ptr)", "sparsec_output_shapes"),
    "last_error": ("ptr (ptr)", "own.last_error"),
    "set_threads": ("i32 (ptr, i32)", "sparsec_set_threads"),
    "get_threads": ("i32 (ptr)", "sparsec_get_threads"),
    "variant": ("ptr (ptr)", "sparsec_variant"),
    "metadata": ("ptr ()", "own.metadata"),
    "set_pinning": ("i32 (ptr, i32)", "sparsec_set_pinning"),
    "set_parallel": ("i32 (ptr, ptr, ptr)", "sparsec_set_parallel"),
    "set_profiling": ("i32 (ptr, i32)", "sparsec_set_profiling"),
    "profile": ("i64 (ptr, ptr, i64)", "sparsec_profile"),
}
"""Public name without prefix -> type and definition. `abi.py` has the same functions in the same order."""


def weights_symbol(prefix: str) -> str:
    """The symbol of the packed weights, which lie in an object of their own."""
    return f"{prefix}_weights"


def exported_names(prefix: str) -> tuple[str, ...]:
    """Every symbol that a compiled model shows to the world."""
    return (ENTRY, *(f"{prefix}_{name}" for name in _INTERFACE), f"{prefix}_abi_version")


def model_json(signature: Signature, prefix: str, targets: Sequence[CpuTarget]) -> str:
    """The metadata that a compiled model carries: its signature, prefix and targets, as JSON."""
    own = {"abi": ABI_VERSION, "prefix": prefix, "targets": [target.name for target in targets]}
    return json.dumps(own | json.loads(signature.to_json()))


def descriptor_text(signature: Signature, prefix: str, targets: Sequence[CpuTarget]) -> str:
    """LLVM text that describes a model; it refers to functions of runtime.ll and to `execute_<target>` and the like.

    Args:
        signature: what the model takes and gives.
        prefix: a C identifier.
        targets: what the model is compiled for, best first.
    """
    lines = [_string("own.metadata_text", model_json(signature, prefix, targets))]
    lines.append(f"@{weights_symbol(prefix)} = external hidden global i8, align 64")
    lines.append("declare void @output_shapes(ptr, ptr)")
    for target in targets:
        lines.append(f"declare void @execute_{target.name}(ptr, ptr, ptr, ptr, ptr, ptr, ptr)")
        lines.append(f"declare i64 @arena_size_{target.name}(ptr)")
        lines.append(f"declare i64 @scratch_size_{target.name}(ptr)")
    symbols = {symbol: index for index, symbol in enumerate(signature.symbols)}
    lines.extend(_strings("own.symbols", signature.symbols))
    lines.extend(_strings("own.messages", signature.messages))
    lines.extend(_tensors("own.inputs", signature.inputs, symbols))
    lines.extend(_tensors("own.outputs", signature.outputs, None))
    lines.extend(_variants(targets))
    lists = (symbols, signature.inputs, signature.outputs, targets, signature.messages, signature.calls)
    lines.append(
        _structure(
            "own.model",
            [f"i32 {len(items)}" for items in lists]
            + [f"ptr @own.{name}" for name in ("symbols", "inputs", "outputs", "variants", "messages")]
            + ["ptr @output_shapes", f"ptr @{weights_symbol(prefix)}"],
        )
    )
    lines.append(_FUNCTIONS)
    lines.extend(_interface(prefix))
    return "\n".join(lines) + "\n"


def _interface(prefix: str) -> Iterable[str]:
    for name, (function_type, definition) in _INTERFACE.items():
        yield f"@{prefix}_{name} = alias {function_type}, ptr @{definition}"
    yield f"define i32 @{prefix}_abi_version() nounwind {{\n  ret i32 {ABI_VERSION}\n}}"
    functions = [f"ptr @{definition}" for _, definition in _INTERFACE.values()]
    yield _structure("own.interface", [f"i32 {ABI_VERSION}", f"i32 {len(functions)}", *functions])
    # Weak, so that objects of several models can be linked into one program, where C code has no use for it.
    yield f"define weak ptr @{ENTRY}() nounwind {{\n  ret ptr @own.interface\n}}"


def _structure(name: str, fields: Sequence[str]) -> str:
    types = ", ".join(field.partition(" ")[0] for field in fields)
    return f"@{name} = internal constant {{ {types} }} {{ {', '.join(fields)} }}, align 8"


def _array(name: str, element_type: str, elements: Sequence[str]) -> str:
    inside = ", ".join(f"{element_type} {element}" for element in elements)
    return f"@{name} = internal constant [{len(elements)} x {element_type}] [{inside}], align 8"


def _string(name: str, text: str) -> str:
    raw = text.encode() + b"\0"
    escaped = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:02X}" for b in raw)
    return f'@{name} = internal constant [{len(raw)} x i8] c"{escaped}", align 1'


def _strings(name: str, texts: Sequence[str]) -> Iterable[str]:
    for index, text in enumerate(texts):
        yield _string(f"{name}.{index}", text)
    yield _array(name, "ptr", [f"@{name}.{index}" for index in range(len(texts))])


def _tensors(name: str, tensors: Sequence[TensorInfo], symbols: dict[str, int] | None) -> Iterable[str]:
    """Outputs are given without symbols: the function `output_shapes` knows their sizes."""
    rows: list[str] = []
    for index, tensor in enumerate(tensors):
        yield _string(f"{name}.{index}.name", tensor.name)
        dims = "null"
        if symbols is not None:
            sizes = [size if isinstance(size, int) else -1 - symbols[size] for size in tensor.shape]
            yield _array(f"{name}.{index}.dims", "i64", [str(size) for size in sizes])
            dims = f"@{name}.{index}.dims"
        code, rank = DTYPE_CODES[tensor.dtype], len(tensor.shape)
        rows.append(f"{{ ptr @{name}.{index}.name, i32 {code}, i32 {rank}, ptr {dims} }}")
    yield _array(name, "{ ptr, i32, i32, ptr }", rows)


def _variants(targets: Sequence[CpuTarget]) -> Iterable[str]:
    rows: list[str] = []
    for index, target in enumerate(targets):
        yield _string(f"own.variants.{index}.name", target.name)
        functions = ", ".join(f"ptr @{kind}_{target.name}" for kind in ("execute", "arena_size", "scratch_size"))
        rows.append(f"{{ ptr @own.variants.{index}.name, i64 {target.feature_mask}, {functions} }}")
    yield _array("own.variants", "{ ptr, i64, ptr, ptr, ptr }", rows)
