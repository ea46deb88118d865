"""The part of llvmlite's binding that sparsec uses, with types: the package has none. Nothing else imports it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from functools import cache, partial
from typing import Any, Protocol, cast


class Value(Protocol):
    """A function or variable of a module."""

    name: str
    linkage: str
    visibility: str
    is_declaration: bool


class Module(Protocol):
    """LLVM IR in memory."""

    triple: str
    data_layout: str
    functions: Iterable[Value]
    global_variables: Iterable[Value]

    def verify(self) -> None: ...
    def link_in(self, other: Module) -> None: ...


class TargetMachine(Protocol):
    """What turns a module into machine code."""

    triple: str
    target_data: object

    def emit_object(self, module: Module) -> bytes: ...
    def emit_assembly(self, module: Module) -> str: ...


class Target(Protocol):
    """An architecture."""

    def create_target_machine(self, *, cpu: str, opt: int, reloc: str, codemodel: str) -> TargetMachine: ...


class _Targets(Protocol):
    def from_triple(self, triple: str) -> Target: ...


class ModulePasses(Protocol):
    """A list of passes."""

    def add_always_inliner_pass(self) -> None: ...
    def add_sroa_pass(self) -> None: ...
    def add_instruction_combine_pass(self) -> None: ...
    def add_simplify_cfg_pass(self) -> None: ...
    def add_dead_code_elimination_pass(self) -> None: ...
    def add_global_dead_code_eliminate_pass(self) -> None: ...
    def run(self, module: Module, builder: object) -> None: ...


class Tracker(Protocol):
    """Code that the JIT has loaded; it is unloaded when this object dies."""

    def __getitem__(self, symbol: str) -> int: ...


class JitLibrary(Protocol):
    """What to load together."""

    def add_object_img(self, data: bytes) -> JitLibrary: ...
    def add_current_process(self) -> JitLibrary: ...
    def import_symbol(self, name: str, address: int) -> JitLibrary: ...
    def export_symbol(self, name: str) -> JitLibrary: ...
    def link(self, lljit: Jit, library_name: str) -> Tracker: ...


class Jit(Protocol):
    """The JIT of this process."""


class Binding(Protocol):
    """`llvmlite.binding`."""

    Target: _Targets

    def set_option(self, name: str, option: str) -> None: ...
    def initialize_native_target(self) -> None: ...
    def initialize_native_asmprinter(self) -> None: ...
    def initialize_native_asmparser(self) -> None: ...
    def create_context(self) -> object: ...
    def parse_assembly(self, text: str, context: object) -> Module: ...
    def create_pipeline_tuning_options(self, speed_level: int) -> object: ...
    def create_pass_builder(self, machine: TargetMachine, options: object) -> object: ...
    def create_new_module_pass_manager(self) -> ModulePasses: ...
    def create_lljit_compiler(self, target_machine: TargetMachine, *, use_jit_link: bool) -> Jit: ...
    def JITLibraryBuilder(self) -> JitLibrary: ...


TRIPLE = "x86_64-unknown-linux-gnu"


def load_binding() -> Binding:
    """LLVM, ready to make and to load code for this kind of machine. The first call in a process takes some 50 ms."""
    binding = cast(Binding, importlib.import_module("llvmlite.binding"))
    _keep_over_forks(importlib.import_module("llvmlite.binding.ffi"))
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    binding.initialize_native_asmparser()  # without it, inline assembly aborts the process
    return binding


@cache
def _keep_over_forks(ffi: Any) -> None:
    """Have no other thread inside llvmlite when the process forks: its lock would stay locked in the child."""
    lock = ffi.lib._lock
    release = partial(lock.__exit__, None, None, None)
    os.register_at_fork(before=lock.__enter__, after_in_parent=release, after_in_child=release)


def create_machine(binding: Binding, optimise: int = 2) -> TargetMachine:
    """Makes position-independent code for baseline x86-64; functions name the features they need beyond that."""
    target = binding.Target.from_triple(TRIPLE)
    return target.create_target_machine(cpu="x86-64", opt=optimise, reloc="pic", codemodel="small")
