"""Attention in every exporter's spelling becomes one op, bit for bit."""

from __future__ import annotations

import itertools

import pytest

from sparsec.dialects import nn_structure as st
from sparsec.dialects.nn_attention import Attention
from sparsec.transforms.canonicalise_graph import CanonicaliseGraph
from sparsec.transforms.matmul_to_linear import MatmulToLinear
from sparsec.transforms.recognise_attention import RecogniseAttention
from tests.transforms.graphs import SIZES, AttentionSpelling, attention_graph
from tests.transforms.passes import count, require_same, run_passes

PASSES = (CanonicaliseGraph(), MatmulToLinear(), RecogniseAttention(), CanonicaliseGraph())

SPELLINGS = [
    AttentionSpelling(scale, key, mask, nan_guard, quantised)
    for (scale, key, mask), (nan_guard, quantised) in zip(
        itertools.product(("scores", "q", "both"), ("split", "direct", "batched"), ("add", "where", "bias", "none")),
        itertools.cycle(itertools.product((False, True), ("none", "before", "after"))),
        strict=False,
    )
]


@pytest.mark.parametrize("flat", [False, True], ids=["matmul", "gemm"])
@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda s: "-".join(map(str, vars(s).values())))
def test_every_spelling_is_recognised(spelling: AttentionSpelling, flat: bool) -> None:
    module, weights = attention_graph(AttentionSpelling(**{**vars(spelling), "flat": flat}))
    after = run_passes(module, weights, *PASSES)
    assert count(after, Attention) == 1
    assert count(after, st.MatMul) == count(after, st.Softmax) == 0
    require_same(module, after, weights, SIZES)
