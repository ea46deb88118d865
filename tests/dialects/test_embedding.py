"""What `sparse.embedding` and its kernel refuse."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdsl.dialects.builtin import ArrayAttr, StringAttr, f32, i64
from xdsl.ir import Attribute, Block
from xdsl.utils.exceptions import VerifyException

from sparsec.builder import Builder
from sparsec.dialects.encoding import tensor
from sparsec.dialects.sparse import Embedding
from sparsec.dims import Dim
from sparsec.errors import ShapeError
from sparsec.weights import WeightStore
from tests.lowering.kernels.run_kernel import buffer, kernel_op

TOKENS = Dim.symbol("tokens")
WORDS, ROW, IDS = tensor(f32, [9, 4]), tensor(f32, [4]), tensor(i64, [TOKENS])


def embedding(inputs: Sequence[Attribute], tables: int, result: Attribute = f32) -> Embedding:
    """An embedding that yields its first row."""
    block = Block(arg_types=inputs)
    b = Builder(WeightStore(), block)
    read = [inputs[number] for number in range(len(inputs)) if not tables <= number < 2 * tables]
    body = b.body(read, lambda inner, args: [inner.cast(args[0], result)])
    names = ArrayAttr([StringAttr("words")] * tables)
    op = b.create(Embedding, block.args, {"tables": names}, regions=[body])
    assert isinstance(op, Embedding)
    op.verify()
    return op


def test_rows_are_of_tokens_and_channels() -> None:
    op = embedding([WORDS, tensor(f32, [2, 4]), IDS, IDS, ROW, tensor(f32, [])], 2)
    assert op.outputs[0].type == tensor(f32, [TOKENS, 4])
    assert [table.type for table, _ in op.rows] == [WORDS, tensor(f32, [2, 4])] and len(op.extras) == 2


@pytest.mark.parametrize(
    ("inputs", "tables", "message"),
    [
        ([WORDS], 1, "of 1 tables has 1 inputs"),
        ([WORDS, IDS], 0, "of 0 tables has 2 inputs"),
        ([WORDS, tensor(f32, [2, 5]), IDS, IDS], 2, "expected .entries, 4. by .tokens"),
        ([WORDS, WORDS, IDS, tensor(i64, [TOKENS, 1])], 2, "expected .entries, 4. by .tokens"),
        ([tensor(f32, [2, 9, 4]), IDS], 1, "expected .entries, 4. by .tokens"),
        ([WORDS, tensor(f32, [TOKENS])], 1, "takes i32 or i64 indices, got f32"),
        ([WORDS, IDS, tensor(f32, [TOKENS, 1])], 1, "neither a number nor one per channel"),
    ],
)
def test_what_is_no_row_is_refused(inputs: Sequence[Attribute], tables: int, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        embedding(inputs, tables)


def test_tiles_hold_few_elements() -> None:
    with pytest.raises(VerifyException, match="a body yields i64; tiles hold f32"):
        embedding([WORDS, IDS], 1, i64)


@pytest.mark.parametrize(("messages", "error"), [("1, 2", "of 2 tables has 2 ins"), ("", "of 0 tables has 2 ins")])
def test_the_kernel_has_a_message_for_each_table(messages: str, error: str) -> None:
    ins, outs = [buffer("float32", (9, 4)), buffer("int64", ("s",))], [buffer("float32", ("s", 4), tiled=True)]
    body = "(%x : f32) { sparse.yield %x : f32 }"
    kernel_op("embedding", ins, outs, "messages = array<i64: 1>", body)
    with pytest.raises(VerifyException, match=error):
        kernel_op("embedding", ins, outs, f"messages = array<i64{': ' if messages else ''}{messages}>", body)
