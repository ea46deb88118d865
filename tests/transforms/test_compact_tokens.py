"""Padding is dropped where it should be, nowhere else, and no bit of what is looked at changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draws
from xdsl.parser import Parser

from sparsec import forms
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_tokens import PackedAttention, TokenIndex
from sparsec.reference import evaluate
from sparsec.transforms.compact_tokens import CompactTokens
from tests.transforms.encoders import ELEMENTS, MASKS, Encoder
from tests.transforms.passes import context_of, count, require_close, run_passes

encoders = draws.builds(
    Encoder,
    mask=draws.sampled_from(MASKS),
    element=draws.sampled_from(list(ELEMENTS)),
    head=draws.sampled_from(["first", "mean", "filled mean", "all", "first and all", "unmasked mean"]),
    layers=draws.integers(1, 2),
    quantised=draws.sampled_from(["none", "static", "dynamic"]),
    residual=draws.booleans(),
)
SEQUENCES = draws.sampled_from([1, 2, 5, 9])


@settings(max_examples=60, deadline=None)
@given(encoders, draws.sampled_from(["exact", "zero"]), draws.data())
def test_nothing_changes_that_is_looked_at(encoder: Encoder, padding: str, data: draws.DataObject) -> None:
    module, weights = encoder.sparse()
    compact = run_passes(module, weights, CompactTokens(padding))
    forms.sparse(compact)
    for seed in range(3):
        sequence = data.draw(SEQUENCES)
        lengths = data.draw(draws.lists(draws.integers(0, sequence), min_size=1, max_size=4))
        inputs = encoder.draw(lengths, sequence, data.draw(draws.sampled_from([0.0, 0.3, 0.9])), seed)
        expected, found = evaluate(module, inputs, weights), evaluate(compact, inputs, weights)
        for name, array in expected.items():
            if padding == "zero" and array.ndim == 3:
                dropped = (found[name] == 0).all(axis=-1)
                assert not (dropped & (inputs["mask"] != 0)).any()
                array = np.where(dropped[..., None], np.float32(0), array)
            require_close(found[name], array, 0.0, name)


BASE = Encoder(layers=2)


@pytest.mark.parametrize("mask", [mask for mask in MASKS if mask != "none"])
@pytest.mark.parametrize("head", ["first", "mean", "filled mean"])
@pytest.mark.parametrize("quantised", ["none", "static"])
def test_every_layer_works_on_kept_tokens(mask: str, head: str, quantised: str) -> None:
    module, weights = replace(BASE, mask=mask, head=head, quantised=quantised).sparse()
    compact = run_passes(module, weights, CompactTokens())
    assert (count(compact, PackedAttention), count(compact, Attention)) == (2, 0)


@pytest.mark.parametrize(
    "encoder",
    [
        replace(BASE, mask="none"),
        replace(BASE, head="all"),
        replace(BASE, head="first and all"),
        replace(BASE, head="unmasked mean"),
        replace(BASE, quantised="dynamic"),
    ],
)
def test_what_depends_on_padding_keeps_it(encoder: Encoder) -> None:
    module, weights = encoder.sparse()
    assert count(run_passes(module, weights, CompactTokens()), TokenIndex) == 0


@pytest.mark.parametrize("head", ["all", "first and all"])
def test_outputs_at_padding_become_zero_when_asked(head: str) -> None:
    module, weights = replace(BASE, head=head).sparse()
    compact = run_passes(module, weights, CompactTokens("zero"))
    assert count(compact, PackedAttention) == 2
    inputs = BASE.draw([2, 5, 0], 5, 0.0, 1)
    outputs = evaluate(compact, inputs, weights)
    tokens = next(array for array in outputs.values() if array.ndim == 3)
    assert (tokens[0, 2:] == 0).all() and (tokens[0, :2] != 0).all()
    assert (tokens[1:] != 0).all()  # without a mask in its way, no key is padding
    assert count(run_passes(module, weights, CompactTokens("keep")), PackedAttention) == 0


@pytest.mark.parametrize(("head", "padding"), [("first", "exact"), ("mean", "exact"), ("all", "zero")])
def test_what_is_not_finite_stays_in_its_sequence(head: str, padding: str) -> None:
    """The last token of all is what dropped ones are read from."""
    module, weights = replace(BASE, head=head, spoiled=True).sparse()
    compact = run_passes(module, weights, CompactTokens(padding))
    inputs = BASE.draw([2, 5], 5, 0.0, 1)
    inputs["ids"] = np.maximum(inputs["ids"], 1)
    inputs["ids"][1, 4] = 0
    (expected,), (found,) = (tuple(evaluate(form, inputs, weights).values()) for form in (module, compact))
    if head == "all":
        expected[0, 2:] = 0
    assert np.isfinite(expected[0]).all() and np.isnan(expected[1]).all()
    np.testing.assert_array_equal(found, expected)


def kept(encoder: Encoder, lengths: list[int], sequence: int, holes: float = 0.0) -> list[int]:
    """How many tokens of each sequence are kept."""
    module, weights = encoder.sparse()
    compact = run_passes(module, weights, CompactTokens())
    found: list[np.ndarray] = []
    evaluate(
        compact,
        encoder.draw(lengths, sequence, holes, 3),
        weights,
        lambda op, results: found.append(results[0]) if isinstance(op, TokenIndex) else None,
    )
    return np.diff(found[0]).tolist()


@pytest.mark.parametrize("element", list(ELEMENTS))
@pytest.mark.parametrize("mask", ["lowest", "infinite", "replace", "causal"])
def test_padding_is_what_masks_hide(mask: str, element: str) -> None:
    assert kept(replace(BASE, mask=mask, element=element), [2, 9, 1, 0], 9) == [2, 9, 1, 9]


def test_masks_of_thousands_count_where_scores_are_known_to_be_small() -> None:
    assert kept(replace(BASE, mask="thousands", quantised="static"), [2, 9, 1, 0], 9) == [2, 9, 1, 9]
    assert kept(replace(BASE, mask="thousands"), [2, 9, 1, 0], 9) == [9, 9, 9, 9]


def test_a_name_that_the_model_has_is_left_alone() -> None:
    module, weights = BASE.sparse()
    text = str(module).replace("sequence", "tokens")
    renamed = Parser(context_of(weights), text).parse_module()
    compact = run_passes(renamed, weights, CompactTokens())
    (index,) = [op for op in compact.walk() if isinstance(op, TokenIndex)]
    assert index.tokens.data == "tokens_1"
    inputs = BASE.draw([2, 5], 5, 0.0, 1)
    assert np.array_equal(evaluate(module, inputs, weights)["y0"], evaluate(compact, inputs, weights)["y0"])
