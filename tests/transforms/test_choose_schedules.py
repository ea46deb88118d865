"""Schedules given by hand must fit the product."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import f32

from sparsec.builder import begin_module
from sparsec.dialects.encoding import tensor
from sparsec.errors import ShapeError
from sparsec.schedule import Dataflow, Schedule
from sparsec.transforms.choose_schedules import ChooseSchedules
from sparsec.transforms.form_sparse_matmuls import FormSparseMatmuls
from sparsec.weights import WeightStore
from tests.transforms.passes import run_passes


def test_a_dataflow_for_bytes_does_not_fit_floats() -> None:
    weights = WeightStore()
    b, values, finish = begin_module(weights, [("x", tensor(f32, [3, 8]))])
    weight = b.weight(np.ones((8, 8), np.float32), schedule=Schedule(Dataflow.GATHER_QUADS))
    module = finish([("y", b.linear(values["x"], weight))])
    with pytest.raises(ShapeError, match=r"gather_quads does not fit .* f32 by f32: use gather_rows or dense_rows"):
        run_passes(module, weights, FormSparseMatmuls(), ChooseSchedules())
