"""The program that a MODEL argument names."""

from __future__ import annotations

import argparse

import sparsec
from sparsec.cli.arguments import compilation_options, refuse_compilation
from sparsec.cli.progress import Plan, progress
from sparsec.runtime.program import Program


def open_program(chosen: argparse.Namespace) -> Program:
    """The program of the MODEL argument: a `.so` is loaded, anything else is compiled.

    Raises:
        SparsecError: as `sparsec.load` and `sparsec.compile` do.
    """
    options = compilation_options(chosen)
    if chosen.model.suffix == ".so":
        refuse_compilation(chosen)
        return sparsec.load(chosen.model, threads=options.get("threads"), pinned=chosen.pin)
    from sparsec import api  # the compiler is only imported when something is compiled

    chosen_options = sparsec.Options.of(**options)
    targets = len(chosen_options.cpu_targets())
    with progress(chosen.model) as shown:
        shown.expect(Plan.of(targets, objects=targets + 1))
        return api.compile_watched(chosen.model, chosen_options, shown, shown.tell, shown.made)
