"""The clock of this machine."""

from __future__ import annotations

from sparsec.api import new_context
from sparsec.clock import Clock
from sparsec.target import TARGETS


def test_the_clock_has_a_rate_that_a_cpu_can_have() -> None:
    assert 1e8 < Clock(TARGETS["x86_64"], new_context()).hertz() < 2e10
