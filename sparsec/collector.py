"""Python's search for garbage, turned off where it finds none."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collector_off(*, ends: bool = False) -> Generator[None, None, None]:
    """IR is full of cycles that live as long as the module: collecting in between only costs time.

    Args:
        ends: little comes after it in this process, so what was made inside is not looked through at once either, which
            takes 0.3 s after a large model was compiled. It counts as old.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on and ends and gc.get_freeze_count() == 0:
            gc.freeze()
            gc.unfreeze()  # to the oldest generation
        if was_on:
            gc.enable()
