"""Padding that is left out changes no byte of what is looked at, alone or in a list of requests, for any mask."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import pytest

import sparsec
from sparsec.errors import InputError
from tests.fixtures import FIXTURES
from tests.fixtures.inputs import draw_inputs

EXACT = (
    "bert_ts_tf438_eager_op14", "bert_static_dynamo_tf5_sdpa_op18", "bert_qdq_u8_channel_90", "bert_mmi_s8_tensor_80",
    "distilbert_ts_tf438_eager_op12", "roberta_dynamo_tf5_eager_op21", "mpnet_ts_tf438_eager_op12",
    "electra_ts_tf5_sdpa_op20", "albert_ts_tf457_sdpa_op17", "minilm_qdq_u8_channel_80",
)  # fmt: skip
"""Models of which no output depends on padding."""

ZERO = (
    "bert_features_dynamo_tf5_sdpa_op25", "bert_causal_ts_tf457_sdpa_op14", "distilbert_qa_dynamo_tf5_sdpa_op18",
)  # fmt: skip
"""Models that give outputs for padded tokens."""

SHAPES = ((1, 1), (2, 7), (3, 33), (1, 64), (5, 20))
MASKS = ("behind", "none", "all", "holes", "before")

Arrays = dict[str, np.ndarray]


@cache
def program(stem: str, padding: str) -> sparsec.Program:
    """A compiled fixture."""
    return sparsec.compile(FIXTURES / f"{stem}.onnx", padding=padding, threads=1)


@cache
def model_of(stem: str) -> onnx.ModelProto:
    """The fixture itself."""
    return onnx.load(FIXTURES / f"{stem}.onnx")


def drawn(stem: str, batch: int, sequence: int, mask: str, seed: int = 0) -> Arrays:
    """Inputs with padding of a kind; for "all", the first sequence is nothing but padding."""
    feed = draw_inputs(model_of(stem), {"batch": batch, "sequence": sequence}, seed=seed, full_rows=0)
    given = feed["attention_mask"]
    random = np.random.default_rng(seed)
    match mask:
        case "none":
            given[:] = 1
        case "all":
            given[0] = 0
        case "holes":
            given[random.random(given.shape) < 0.4] = 0
        case "before":
            given[:] = given[:, ::-1]
        case _:
            pass
    return feed


def require_same(found: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...]) -> None:
    """Fail unless all bytes are equal."""
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("stem", EXACT)
def test_same_bytes(stem: str) -> None:
    for number, (batch, sequence) in enumerate(SHAPES):
        for mask in MASKS:
            feed = drawn(stem, batch, sequence, mask, number)
            require_same(program(stem, "exact")(**feed), program(stem, "keep")(**feed))


@pytest.mark.parametrize("stem", ZERO)
def test_same_bytes_but_for_padding(stem: str) -> None:
    for number, (batch, sequence) in enumerate(SHAPES):
        for mask in MASKS:
            feed = drawn(stem, batch, sequence, mask, number)
            require_same(program(stem, "exact")(**feed), program(stem, "keep")(**feed))
            for found, expected in zip(program(stem, "zero")(**feed), program(stem, "keep")(**feed), strict=True):
                if found.shape[:2] == (batch, sequence):
                    dropped = (found == 0).reshape(batch, sequence, -1).all(axis=-1)
                    assert not (dropped & (feed["attention_mask"] != 0)).any()
                    expected = np.where(dropped.reshape(batch, sequence, *[1] * (found.ndim - 2)), 0, expected)
                    if mask == "behind":
                        assert dropped.sum() == (feed["attention_mask"] == 0).sum()
                assert np.array_equal(found, expected)


@pytest.mark.parametrize("stem", ["bert_qdq_u8_channel_90", "minilm_qdq_u8_channel_80"])
def test_threads_change_nothing(stem: str) -> None:
    threaded = sparsec.compile(FIXTURES / f"{stem}.onnx", threads=3)
    for batch, sequence in SHAPES:
        feed = drawn(stem, batch, sequence, "behind")
        require_same(threaded(**feed), program(stem, "exact")(**feed))


LISTS = [(stem, "exact") for stem in EXACT if "static" not in stem] + [(stem, "zero") for stem in ZERO]
REQUESTS = ((1, 5, "none"), (2, 33, "behind"), (1, 1, "none"), (1, 64, "holes"), (3, 7, "all"), (1, 20, "before"))


@pytest.mark.parametrize(("stem", "padding"), LISTS)
def test_each_request_of_a_list_is_as_alone(stem: str, padding: str) -> None:
    requests = [drawn(stem, *request, seed) for seed, request in enumerate(REQUESTS)]
    together = program(stem, padding).run_list(requests)
    for request, found in zip(requests, together, strict=True):
        require_same(found, program(stem, padding)(**request))


def test_requests_by_position() -> None:
    stem = "bert_qdq_u8_channel_90"
    requests = [drawn(stem, 1, length, "none") for length in (3, 9)]
    by_position = program(stem, "exact").run_list([list(request.values()) for request in requests])
    for found, expected in zip(by_position, program(stem, "exact").run_list(requests), strict=True):
        require_same(found, expected)
    assert program(stem, "exact").run_list([]) == []


def test_wrong_requests() -> None:
    stem = "bert_qdq_u8_channel_90"
    good = drawn(stem, 1, 3, "none")
    run = program(stem, "exact").run_list
    with pytest.raises(
        InputError, match=r"request 1: input 'attention_mask' has shape \(1, 4\), expected \[batch, seq"
    ):
        run([good, {**good, "attention_mask": np.ones((1, 4), np.int64)}])
    with pytest.raises(InputError, match="request 0: input 'input_ids' has rank 1, expected 2"):
        run([{**good, "input_ids": good["input_ids"][0]}])
    with pytest.raises(InputError, match="request 1: 1 arrays are given, the model has 3 inputs"):
        run([good, [good["input_ids"]]])
    with pytest.raises(InputError, match="request 0: no array is given for 'token_type_ids'"):
        run([{name: array for name, array in good.items() if name != "token_type_ids"}])


@pytest.mark.parametrize(
    ("stem", "padding", "reason"),
    [
        ("bert_qdq_u8_channel_90", "keep", "padding = 'keep'"),
        ("bert_features_dynamo_tf5_sdpa_op25", "exact", "it drops no padding"),
        ("bert_dyn_s8_channel_90", "zero", "it drops no padding"),
        ("bert_static_dynamo_tf5_sdpa_op18", "exact", "are fixed"),
    ],
)
def test_models_that_take_no_lists(stem: str, padding: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        program(stem, padding).run_list([])


def test_saved_models_take_lists(tmp_path) -> None:
    stem = "bert_qdq_u8_channel_90"
    program(stem, "exact").save(tmp_path / "model.so")
    requests = [drawn(stem, 1, length, "none") for length in (3, 9)]
    loaded = sparsec.load(tmp_path / "model.so").run_list(requests)
    for found, expected in zip(loaded, program(stem, "exact").run_list(requests), strict=True):
        require_same(found, expected)
