"""Compile a model and run it: sparsec in ten lines. Needs nothing but sparsec itself.

    python examples/01_compile_and_run.py "Any text you like"

The model reads bytes, so no tokenizer is needed. Its weights are random: the answer means nothing, but it is the answer
that the file describes, as the comparison with stored outputs of onnxruntime shows.
"""

import sys
from pathlib import Path

import numpy as np

import sparsec

MODELS = Path(__file__).with_name("models")


def main() -> None:
    """Compile, run on a text of any length, and compare with stored results."""
    program = sparsec.compile(MODELS / "tiny_bert_90_int8.onnx")
    print(program)

    text = " ".join(sys.argv[1:]) or "Zeros in blocks are easy to skip."
    ids = np.frombuffer(text.encode()[:128], np.uint8).astype(np.int64)[None, :]
    (logits,) = program(input_ids=ids, attention_mask=np.ones_like(ids), token_type_ids=np.zeros_like(ids))
    print(f"{text!r}: logits {logits[0]}, class {logits[0].argmax()}")

    stored = np.load(MODELS / "tiny_bert_90_int8.npz")
    (logits,) = program(*(stored[tensor.name] for tensor in program.inputs))
    difference = np.abs(logits - stored["logits"]).max() / np.ptp(stored["logits"])
    print(f"largest difference to onnxruntime, unoptimised: {difference:.2%} of the range")


if __name__ == "__main__":
    main()
