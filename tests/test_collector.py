"""The search for garbage is off inside, and afterwards what it was before."""

from __future__ import annotations

import gc

import pytest

from sparsec.collector import collector_off


def test_what_was_made_inside_may_count_as_old() -> None:
    with collector_off(ends=True):
        made = [[number] for number in range(3 * gc.get_threshold()[0])]
        assert len(gc.get_objects(generation=0)) > len(made)
    assert len(gc.get_objects(generation=0)) < len(made) and gc.isenabled() and not gc.get_freeze_count()


def test_off_inside_and_back_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError), collector_off():
        with collector_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()
