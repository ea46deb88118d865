"""BERT-Mini at its real size: 90 % 4x1 int8 by JIT, shared library and C; dense float32."""

import subprocess
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest

import sparsec
from tests.end_to_end.accuracy import distance, require_close, run_all, session
from tests.fixtures.bert_mini import SKELETONS, bert_mini, bert_mini_inputs

DRIVER = Path(__file__).with_name("bert_mini.c")
SHAPES = tuple(product((1, 8), (1, 13, 64, 128)))
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Compiled(NamedTuple):
    """One int8 model: its graph, the program made in memory, and the shared library saved from it."""

    model: onnx.ModelProto
    program: sparsec.Program
    library: Path


@pytest.fixture(scope="module")
def int8(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The model as the current exporter writes it."""
    folder = tmp_path_factory.mktemp("bert_mini")
    model = bert_mini("qdq", 0.9)
    onnx.save(model, folder / "bert_mini.onnx")
    program = sparsec.compile(folder / "bert_mini.onnx", prefix="bert_mini")
    program.save(folder / "bert_mini.so")
    return Compiled(model, program, folder / "bert_mini.so")


@pytest.fixture(scope="module")
def c_program(int8: Compiled) -> Path:
    """`bert_mini.c`, built against the header and the library."""
    folder = int8.library.parent
    command = ["cc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{folder}", str(DRIVER), str(int8.library)]
    subprocess.run([*command, f"-Wl,-rpath,{folder}", "-o", str(folder / "driver")], check=True)
    return folder / "driver"


def test_jit_library_and_c_program_return_identical_bytes(int8: Compiled, c_program: Path) -> None:
    loaded = sparsec.load(int8.library)
    feeds = [
        bert_mini_inputs(batch, sequence, seed=20 + batch + sequence, full_rows=full_rows)
        for batch, sequence in SHAPES
        for full_rows in (batch, 0)
    ]
    assert all((feed["attention_mask"] == 0).any() for feed in feeds[1::2] if feed["input_ids"].shape[1] > 1)
    expected = b""
    for feed in feeds:
        (logits,) = int8.program.run(None, feed)
        assert logits.tobytes() == loaded.run(None, feed)[0].tobytes()
        expected += logits.tobytes()
    requests = b"".join(
        np.array(feed["input_ids"].shape, np.int64).tobytes() + b"".join(feed[name].tobytes() for name in INPUTS)
        for feed in feeds
    )
    answer = subprocess.run([c_program], input=requests, capture_output=True, check=True, timeout=120)
    assert answer.stdout == expected


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_int8_logits_are_those_of_the_file(skeleton: str, int8: Compiled) -> None:
    model = int8.model if skeleton == SKELETONS[0] else bert_mini("qdq", 0.9, skeleton)
    program = int8.program if skeleton == SKELETONS[0] else sparsec.compile(model)
    feeds = [bert_mini_inputs(batch, sequence, seed=40, full_rows=0) for batch, sequence in SHAPES]
    feeds += [bert_mini_inputs(4, sequence, seed=sequence) for sequence in range(5, 128, 17)]
    assert sum(len(feed["input_ids"]) for feed in feeds) >= 64
    reference = run_all(session(model, optimised=False).run, feeds)
    optimised = run_all(session(model, optimised=True).run, feeds)
    found = run_all(program.run, feeds)
    require_close(distance(found, reference), distance(optimised, reference))


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_dense_float32_agrees_with_onnxruntime(skeleton: str) -> None:
    model = bert_mini("fp32", skeleton=skeleton)
    program = sparsec.compile(model)
    reference = session(model, optimised=False)
    for batch, sequence in SHAPES:
        feed = bert_mini_inputs(batch, sequence, seed=60 + sequence)
        (expected,) = reference.run(None, feed)
        (found,) = program.run(None, feed)
        assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()
