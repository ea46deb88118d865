"""The pages in examples/language mean what numpy says they mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsec.frontend.dsl import read_dsl, read_weights
from sparsec.reference import evaluate
from sparsec.weights import Array, WeightStore

FOLDER = Path(__file__).parents[2] / "examples" / "language"


def _sparse_layer(w: dict[str, Array], x: Array) -> dict[str, Array]:
    real = (x.astype(np.float32) - 128) * np.float32(0.02) @ (w["w"] * np.float32(0.002)).T + w["b"]
    return {"y": np.clip(np.round(np.maximum(real, 0) / np.float32(0.05)), 0, 255).astype(np.uint8)}


def _mlp(w: dict[str, Array], image: Array) -> dict[str, Array]:
    x = image.reshape(len(image), -1)
    x = np.maximum(x @ w["w1"].T + w["b1"], 0)
    x = np.maximum(x @ w["w2"].T + w["b2"], 0)
    logits = x @ w["w3"].T + w["b3"]
    return {"probabilities": _softmax(logits), "digit": logits.argmax(-1)}


def _transformer_block(w: dict[str, Array], ids: Array, mask: Array) -> dict[str, Array]:
    def norm(x: Array) -> Array:
        return (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)

    def heads(x: Array) -> Array:
        return x.reshape(*ids.shape, 4, 16).transpose(0, 2, 1, 3)

    x = norm(w["words"][ids] + w["positions"][: ids.shape[1]])
    q, k, v = (heads(x @ w[name].T + w["bias"]) for name in ("wq", "wk", "wv"))
    scores = np.where(mask[:, None, None] != 0, q @ k.swapaxes(-1, -2) / 4, np.finfo(np.float32).min)
    mixed = (_softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(x.shape)
    x = norm(x + mixed @ w["wo"].T + w["bias"])
    h = x @ w["up"].T + w["up_bias"]
    h = 0.5 * h * (1 + np.vectorize(math.erf)(h / math.sqrt(2)))
    hidden = norm(x + h @ w["down"].T + w["bias"])
    return {"hidden": hidden, "pooled": np.tanh(hidden[:, 0])}


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def draw_example_inputs(page: str) -> dict[str, Array]:
    """Arrays that fit the inputs of an example."""
    generator = np.random.default_rng(0)
    mask = np.ones((2, 7), np.int64)
    mask[1, 4:] = 0
    return {
        "sparse_layer": {"x": generator.integers(0, 256, (5, 768)).astype(np.uint8)},
        "mlp": {"image": generator.standard_normal((3, 28, 28)).astype(np.float32)},
        "transformer_block": {"ids": generator.integers(0, 1000, (2, 7)), "mask": mask},
    }[page]


MEANINGS: dict[str, Callable[..., dict[str, Any]]] = {
    "sparse_layer": _sparse_layer,
    "mlp": _mlp,
    "transformer_block": _transformer_block,
}


def test_every_page_has_a_meaning() -> None:
    assert {path.stem for path in FOLDER.glob("*.spc")} == set(MEANINGS)


@pytest.mark.parametrize("page", sorted(MEANINGS))
def test_page_agrees_with_numpy(page: str) -> None:
    path, store, inputs = FOLDER / f"{page}.spc", WeightStore(), draw_example_inputs(page)
    module = read_dsl(path, store)
    module.verify()
    expected = MEANINGS[page](read_weights(path), **inputs)
    for name, array in evaluate(module, inputs, store).items():
        if array.dtype == np.uint8:
            away = np.abs(array.astype(int) - expected[name])
            assert away.max() <= 1 and np.mean(away > 0) < 1e-3
        else:
            np.testing.assert_allclose(array, expected[name], rtol=1e-4, atol=1e-5)
