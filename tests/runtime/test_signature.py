"""Signatures: the journey through JSON, and what they refuse."""

import pytest

from sparsec.errors import ModelError
from sparsec.runtime.signature import Signature, TensorInfo

IDS = TensorInfo("ids", "int64", ("batch", "sequence"))
MASK = TensorInfo("mask", "bool", ("batch", 1, "sequence"))
OUT = TensorInfo("out", "float32", ("batch*sequence", 2))


def test_json():
    signature = Signature(
        (IDS, MASK), (OUT,), ("batch", "sequence"), ("bad index",), metadata={"producer": 'ünïcode \\ "'}
    )
    assert Signature.from_json(signature.to_json()) == signature
    assert Signature.from_json(Signature((), ()).to_json()) == Signature((), ())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TensorInfo("x", "complex64", ()), "tensor 'x' has dtype complex64; possible are float32, "),
        (lambda: TensorInfo("x", "int8", (1,) * 9), "tensor 'x' has rank 9; the most is 8"),
        (lambda: Signature((IDS, IDS), (OUT,), ("batch", "sequence")), "two inputs share a name: ids, ids"),
        (lambda: Signature((IDS,), (OUT, OUT), ("batch", "sequence")), "two outputs share a name: out, out"),
        (
            lambda: Signature((IDS,), (OUT,), ("batch", "past")),
            "the symbols are batch, past, but the inputs' shapes name batch, sequence",
        ),
        (lambda: Signature((IDS,), (OUT,)), "the symbols are none, but the inputs' shapes name batch, sequence"),
    ],
)
def test_refusals(make, message: str):
    with pytest.raises(ModelError) as caught:
        make()
    assert str(caught.value).startswith(message)
