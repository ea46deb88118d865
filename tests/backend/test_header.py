"""Headers for names that C does not like."""

import subprocess

from sparsec.backend.header import header_text
from sparsec.runtime.signature import Signature, TensorInfo

AWKWARD = Signature(
    inputs=(
        TensorInfo("input.ids", "int64", ("batch", "seq.len", "seq-len", 3)),
        TensorInfo("input ids", "bool", ()),
        TensorInfo("INPUT_IDS", "float16", (2,)),
        TensorInfo("*/ 2nd", "uint8", ("batch", "batch")),
    ),
    outputs=(TensorInfo("ausgäbe", "float64", ("batch", "seq.len", "seq-len")),),
    symbols=("batch", "seq.len", "seq-len"),
)


def compiles(text: str) -> None:
    for language in (["c", "-std=c99"], ["c++", "-std=c++11"]):
        command = ["cc", "-x", language[0], language[1], "-Wall", "-Wextra", "-Wcast-qual", "-Werror"]
        subprocess.run([*command, "-fsyntax-only", "-"], input=text, text=True, check=True)


def test_names_become_identifiers():
    text = header_text(AWKWARD, "m", "m.so")
    for line in (
        "m_make_input_ids(const int64_t *data, int64_t batch_size, int64_t seq_len_size, int64_t seq_len__size)",
        "m_tensor m_make_input_ids_(const uint8_t *data)",
        "m_tensor m_make_INPUT_IDS__(const uint16_t *data)",
        "m_tensor m_make____2nd(const uint8_t *data, int64_t batch_size)",
        "M_INPUT_INPUT_IDS__ = 2",
        "M_OUTPUT_AUSG_BE = 0",
    ):
        assert line in text
    compiles(text)


def test_a_model_without_inputs():
    text = header_text(Signature((), (TensorInfo("y", "float32", (3,)),)), "constant", "constant.so")
    assert "CONSTANT_INPUTS = 0" in text
    compiles(text)
