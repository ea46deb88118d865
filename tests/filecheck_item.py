"""FileCheck inside pytest, in process.

A `.mlir` file begins with `// RUN: pass-name,other-pass{option=1}` and carries `// CHECK` lines. The passes are applied
to its text and the printed module is matched. Before and after, the module must verify, and what is printed must parse
again. A file may consist of several modules, separated by lines of `// -----`, which are run one by one and printed
together.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import pkgutil
import re
from functools import cache

import pytest
from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import Options
from filecheck.parser import Parser as CheckParser
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.passes import ModulePass, PassPipeline

import sparsec.lowering
import sparsec.transforms
from sparsec.context import CompilerContext
from sparsec.dialects import all_dialects


@cache
def passes_by_name() -> dict[str, type[ModulePass]]:
    """Every pass that a module of transforms/ or lowering/ defines."""
    found: dict[str, type[ModulePass]] = {}
    for package in (sparsec.transforms, sparsec.lowering):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, ModulePass) and value is not ModulePass:
                    found[value.name] = value
    return found


def new_context() -> Context:
    """A context with all our dialects and those we use."""
    context = CompilerContext()
    for dialect in all_dialects():
        context.load_dialect(dialect)
    return context


def parse(text: str) -> ModuleOp:
    """A verified module from text."""
    module = Parser(new_context(), text).parse_module()
    module.verify()
    return module


def run_passes(text: str, pipeline: str) -> str:
    """The module after these passes, as text that has been parsed again."""
    module = parse(text)
    available = {name: lambda pass_class=pass_class: pass_class for name, pass_class in passes_by_name().items()}
    PassPipeline.parse_spec(available, pipeline).apply(new_context(), module)
    module.verify()
    printed = str(module)
    assert str(parse(printed)) == printed
    return printed


def match(path: str, output: str) -> str:
    """What FileCheck has to complain about; empty if all checks hold."""
    options = Options(match_filename=path)
    complaints = io.StringIO()
    with contextlib.redirect_stderr(complaints):
        matcher = Matcher(options, FInput("output", output), CheckParser.from_opts(options))
        failed = matcher.run()
    return complaints.getvalue() or "failed" if failed else ""


class FileCheckFile(pytest.File):
    """A .mlir file."""

    def collect(self):
        """One test for the whole file."""
        yield FileCheckItem.from_parent(self, name=self.path.stem)


class FileCheckItem(pytest.Item):
    """Runs the passes of a file and matches its checks."""

    def runtest(self) -> None:
        """Apply the passes named in the first line."""
        text = self.path.read_text()
        run_line = re.match(r"// RUN: (.+)\n", text)
        if not run_line:
            raise AssertionError(f"{self.path.name} must begin with '// RUN: pass,pass'")
        output = "\n".join(run_passes(part, run_line[1].strip()) for part in text.split("\n// -----\n"))
        complaints = match(str(self.path), output)
        if complaints:
            raise AssertionError(f"{complaints}\nthe passes gave:\n{output}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> object:
        """The complaint alone; other exceptions with their traceback."""
        return str(excinfo.value) if excinfo.errisinstance(AssertionError) else super().repr_failure(excinfo)

    def reportinfo(self):
        """Where the test is."""
        return self.path, 0, f"filecheck: {self.name}"
