"""The clock of this machine."""

from __future__ import annotations

import pytest

from sparsec.api import new_context
from sparsec.clock import Clock, clock_function
from sparsec.target import TARGETS
from tests.lowering.kernels.machine_code import hottest_loop
from tests.native import assembly


def test_the_clock_has_a_rate_that_a_cpu_can_have() -> None:
    assert 1e8 < Clock(TARGETS["x86_64"], new_context()).hertz() < 2e10


@pytest.mark.parametrize(
    ("target", "products"), [("avx512vnni", "vfmadd.*"), ("avx2", "vfmadd.*"), ("x86_64", "mulps")]
)
def test_vectors_are_multiplied_beside_what_is_counted(target: str, products: str) -> None:
    loop = hottest_loop(assembly([clock_function(TARGETS[target])]), "imul.*")
    assert loop.count("imul.*") == 16 and loop.count(products) == 32
    assert not loop.stack_traffic
