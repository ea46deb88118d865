"""The search for garbage is off inside, and afterwards what it was before."""

from __future__ import annotations

import gc

import pytest

from sparsec.collector import collector_off


def test_off_inside_and_back_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError), collector_off():
        with collector_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()
