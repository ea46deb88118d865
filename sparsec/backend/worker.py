"""The process that runs LLVM: ``python -m sparsec.backend.worker``.

LLVM aborts its process when it meets something it does not like, so it gets one to itself. Requests come on standard
input, answers leave on standard output, both as frames: a length (8 bytes, little endian), a line of JSON, and what
follows it. `worker_client.py` is the other end. The process ends when its input does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from sparsec.backend.llvm_binding import TRIPLE, Binding, Module, TargetMachine, create_machine, load_binding

_LLVM_OPTIONS = ("-disable-lsr",)
"""Loop strength reduction took a fifth to a third of LLVM's time, and kernels count in their loops as they should. On
Zen 4, models of 1 to 384 tokens took 4 % less to 1.6 % more without it, and 4 % more with 7 tokens on `x86_64`."""

KINDS = ("object", "assembly", "llvm")
"""What a request may ask for."""

Respond = Callable[[dict[str, Any], Sequence[bytes]], bytes]
"""Makes the answer to the header and the parts of a request."""


def pack(header: dict[str, Any], parts: Sequence[bytes]) -> bytes:
    """One frame: the header, and byte strings whose lengths it gets as `parts`."""
    line = json.dumps(header | {"parts": [len(part) for part in parts]}).encode() + b"\n"
    body = b"".join((line, *parts))
    return len(body).to_bytes(8, "little") + body


def unpack(body: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The header and the parts of a frame without its length."""
    end = body.index(b"\n") + 1
    header = json.loads(body[:end])
    parts: list[bytes] = []
    for size in header["parts"]:
        parts.append(body[end : end + size])
        end += size
    return header, parts


def serve(requests: BinaryIO, answers: BinaryIO, respond: Respond) -> None:
    """Answer frames until there are no more."""
    while len(length := requests.read(8)) == 8:
        header, parts = unpack(requests.read(int.from_bytes(length, "little")))
        try:
            answer = pack({"error": None}, [respond(header, parts)])
        except Exception as error:  # whatever it is, the other end turns it into a CodegenError
            answer = pack({"error": f"{type(error).__name__}: {error}"}, [])
        answers.write(answer)
        answers.flush()


def generate(binding: Binding, machine: TargetMachine, header: dict[str, Any], texts: Sequence[str]) -> bytes:
    """Link modules of LLVM text and make `header["kind"]` of them.

    Of the symbols, `header["exports"]` stay visible to the world. `header["hidden"]` are seen by other objects of the
    same model only, under the name that it gives. All others become internal.

    Raises:
        RuntimeError: LLVM cannot parse, verify or link a module, in its words.
    """
    context = binding.create_context()
    module = _parse(binding, texts[0], context, machine)
    for text in texts[1:]:
        module.link_in(_parse(binding, text, context, machine))
    exports, hidden = set(header["exports"]), dict(header.get("hidden", {}))
    for value in (*module.functions, *module.global_variables):
        if value.name in hidden:
            value.name = hidden[value.name]
            value.linkage, value.visibility = "external", "hidden"
        elif not value.is_declaration and value.name not in exports and not value.name.startswith("llvm."):
            value.linkage = "internal"
    module.verify()
    _optimise(binding, machine, module)
    match header["kind"]:
        case "object":
            return machine.emit_object(module)
        case "assembly":
            return machine.emit_assembly(module).encode()
        case "llvm":
            return str(module).encode()
        case kind:
            raise RuntimeError(f"the worker cannot make {kind!r}")


def _parse(binding: Binding, text: str, context: object, machine: TargetMachine) -> Module:
    module = binding.parse_assembly(text, context)
    module.triple = TRIPLE
    module.data_layout = str(machine.target_data)
    return module


def _optimise(binding: Binding, machine: TargetMachine, module: Module) -> None:
    """Clean up, no more: kernels are written as they should run, and LLVM's own ideas about loops take time and
    undo them."""
    passes = binding.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_dead_code_elimination_pass()
    passes.run(module, binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=2)))


def work(respond: Respond) -> None:
    """Serve on standard input and output, which nothing else in this process may write to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the user's process, which ends this one if it must
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, respond)


def main() -> None:
    """Generate code until the input ends."""
    binding = load_binding()
    for option in _LLVM_OPTIONS:
        binding.set_option("", option)  # of the whole process: here LLVM is nobody else's
    machine = create_machine(binding)
    work(lambda header, parts: generate(binding, machine, header, [part.decode() for part in parts]))


if __name__ == "__main__":
    main()
