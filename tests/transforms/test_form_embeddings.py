"""What is looked up, broadcast and added up becomes one op; what is more than that stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draws
from xdsl.dialects.builtin import ModuleOp, StringAttr, f32, i64
from xdsl.ir import SSAValue

from sparsec import forms
from sparsec.builder import Builder, begin_module
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import sizes_of, tensor
from sparsec.dialects.requirements import requirements_of
from sparsec.dialects.sparse import Embedding, Map
from sparsec.dialects.tensor_op import SOURCE
from sparsec.errors import InputError
from sparsec.reference import evaluate, main_function
from sparsec.transforms.compact_tokens import CompactTokens
from sparsec.transforms.form_embeddings import FormEmbeddings
from sparsec.transforms.fuse_elementwise import FuseElementwise
from sparsec.weights import WeightStore
from tests.transforms.encoders import MASKS, Encoder
from tests.transforms.graphs import BATCH, SEQUENCE, SIZES
from tests.transforms.passes import count, require_close, require_same, run_passes

CHANNELS, LONGEST = 8, 16
Write = Callable[[Builder, SSAValue, SSAValue], SSAValue | list[SSAValue]]


def table(b: Builder, entries: int, seed: int = 0, dtype: str = "float32") -> SSAValue:
    numbers = np.random.default_rng(seed).normal(size=(entries, CHANNELS)) * 40
    return b.constant(numbers.astype(dtype))


def positions(b: Builder) -> SSAValue:
    """The first rows of a table, as exporters cut them: [1, sequence, channels]."""
    return b.slice(
        b.reshape(table(b, LONGEST, 3), [1, LONGEST, CHANNELS]), [0, 0, 0], [1, SEQUENCE, CHANNELS], [1, 1, 1]
    )


def added(b: Builder, *parts: SSAValue) -> SSAValue:
    total = parts[0]
    for part in parts[1:]:
        total = b.apply(ew.Add, total, part)
    return total


def formed(write: Write) -> tuple[ModuleOp, list[Embedding]]:
    """The module of `y = write(ids, kinds)` after the pass, which must not change a bit, and its embeddings."""
    weights = WeightStore()
    b, values, finish = begin_module(weights, [(name, tensor(i64, [BATCH, SEQUENCE])) for name in ("ids", "kinds")])
    written = write(b, values["ids"], values["kinds"])
    module = finish([(f"y{i}", y) for i, y in enumerate(written if isinstance(written, list) else [written])])
    module = run_passes(module, weights, FuseElementwise())
    after = run_passes(module, weights, FormEmbeddings())
    require_same(module, after, weights, SIZES)
    forms.sparse(after)
    too_long = {name: np.zeros((1, LONGEST + 1), np.int64) for name in ("ids", "kinds")}
    if any(isinstance(op, st.Slice) for op in module.walk()):
        for each in (module, after):
            with pytest.raises(InputError):
                evaluate(each, too_long, weights)
    return after, [op for op in after.walk() if isinstance(op, Embedding)]


def bert(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    """Words, kinds of token and positions."""
    words, kind = b.gather(table(b, 11), ids, 0), b.gather(table(b, 2, 1), kinds, 0)
    return added(b, words, kind, positions(b))


def of_computed_positions(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    """Positions looked up by a row of numbers that a file has as a constant."""
    numbers = b.constant(np.arange(LONGEST, dtype=np.int64)[None])
    places = b.gather(table(b, LONGEST, 3), b.slice(numbers, [0, 0], [1, SEQUENCE], [1, 1]), 0)
    return added(b, places, b.gather(table(b, 11), ids, 0))


def of_one_kind(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    """A row that is the same for all tokens, and a factor."""
    words, row = b.gather(table(b, 11), ids, 0), b.constant(np.ones(CHANNELS, np.float32))
    return b.apply(ew.Mul, added(b, row, words, positions(b)), b.constant(0.5))


def of_bytes(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    """A quantised table."""
    words = b.gather(table(b, 11, 0, "int8"), ids, 0)
    return added(b, b.dequantize(words, b.constant(0.1), b.constant(np.asarray(3, np.int8))), positions(b))


def of_known_positions(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    """One sequence of known length, whose positions are as many as its words."""
    words = b.gather(table(b, 11), b.constant(np.array([[1, 5, 2]])), 0)
    return added(b, words, b.constant(np.ones((1, 3, CHANNELS), np.float32)))


def of_nested_tables(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    """Rows of rows."""
    some = b.gather(table(b, 11), b.constant(np.array([4, 4, 0], np.int64)), 0)
    return added(b, b.gather(some, kinds, 0), b.gather(table(b, 11, 5), ids, 0))


@pytest.mark.parametrize(
    ("write", "entries"),
    [
        (bert, [11, 2, LONGEST]),
        (of_computed_positions, [LONGEST, 11]),
        (of_one_kind, [11, LONGEST]),
        (of_bytes, [11, LONGEST]),
        (of_known_positions, [11, 3]),
        (of_nested_tables, [11, 11]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_one_op_reads_all_tables_where_they_lie(write: Write, entries: list[int]) -> None:
    after, (op,) = formed(write)
    assert {sizes_of(place.type)[0] for place, _ in op.rows} == set(entries) and len(op.rows) == len(entries)
    assert all(isinstance(place.owner, st.Constant | st.Reshape) for place, _ in op.rows)
    assert not any(isinstance(inner, Map) for inner in after.walk())


def test_an_index_outside_of_rows_of_rows_is_one_of_the_node_that_has_it() -> None:
    def write(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
        b.source = "inner"
        some = b.gather(table(b, 11), b.constant(np.array([4, 4, 0])), 0)
        b.source = "outer"
        rows = b.gather(some, kinds, 0)
        b.source = None
        return added(b, rows, b.gather(table(b, 11, 5), ids, 0))

    after, (op,) = formed(write)
    assert op.tables.data[0].data == "inner"
    assert [inner.attributes.get(SOURCE) for inner in after.walk() if isinstance(inner, st.Gather)] == [
        StringAttr("outer")
    ]


def test_sizes_that_a_slice_refused_are_refused() -> None:
    after, _ = formed(bert)
    (required,) = requirements_of(main_function(after))
    assert (str(required.lower), required.upper) == ("sequence", LONGEST)


def alone(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    return b.apply(ew.Mul, b.gather(table(b, 11), ids, 0), b.constant(0.5))


def read_twice(b: Builder, ids: SSAValue, kinds: SSAValue) -> list[SSAValue]:
    words = b.gather(table(b, 11), ids, 0)
    return [added(b, words, positions(b)), words]


def of_a_computed_table(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    computed = b.apply(ew.Exp, b.cast(b.reshape(kinds, [BATCH * SEQUENCE, 1]), f32))
    rows = b.broadcast(computed, [BATCH * SEQUENCE, CHANNELS])
    return added(b, b.gather(rows, ids, 0), positions(b))


def with_a_factor_for_each_token(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    factor = b.reshape(b.cast(kinds, f32), [BATCH, SEQUENCE, 1])
    return b.apply(ew.Mul, b.gather(table(b, 11), ids, 0), factor)


def with_a_factor_looked_up_for_each_token(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    factors = b.constant(np.array([[0.5], [2]], np.float32))
    return b.apply(ew.Mul, b.gather(table(b, 11), ids, 0), b.gather(factors, kinds, 0))


def with_something_else_of_full_size(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    ones = b.constant(np.ones(CHANNELS, np.float32))
    normal = b.layer_norm(b.gather(table(b, 2), kinds, 0), ones, ones, 1e-5)
    return added(b, b.gather(table(b, 11), ids, 0), normal)


def of_numbers(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
    """Rows of one channel, of an element that no tile holds."""
    return b.apply(ew.Add, b.gather(b.constant(np.arange(11)[:, None]), ids, 0), b.constant(np.asarray(2, np.int64)))


@pytest.mark.parametrize(
    "write",
    [
        read_twice,
        of_a_computed_table,
        with_a_factor_for_each_token,
        with_a_factor_looked_up_for_each_token,
        with_something_else_of_full_size,
        of_numbers,
    ],
)
def test_what_is_more_than_that_stays(write: Write) -> None:
    after, ops = formed(write)
    assert not ops and any(isinstance(inner, Map) for inner in after.walk())


def test_a_slice_stays_where_indices_might_reach_behind_it() -> None:
    def write(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
        some = b.slice(table(b, 11), [0, 0], [2, CHANNELS], [1, 1])
        return added(b, b.gather(some, ids, 0), positions(b))

    _, (op,) = formed(write)
    assert {sizes_of(place.type)[0] for place, _ in op.rows} == {2, LONGEST}


@settings(max_examples=20, deadline=None)
@given(
    mask=draws.sampled_from([mask for mask in MASKS if mask != "none"]),
    sequence=draws.integers(1, 9),
    data=draws.data(),
)
def test_kept_tokens_of_whole_encoders(mask: str, sequence: int, data: draws.DataObject) -> None:
    encoder = Encoder(mask=mask, head="first")
    module, weights = encoder.sparse()
    after = run_passes(module, weights, CompactTokens(), FormEmbeddings())
    lengths = data.draw(draws.lists(draws.integers(0, sequence), min_size=1, max_size=4))
    inputs = encoder.draw(lengths, sequence, 0.3, 1)
    expected, found = evaluate(module, inputs, weights), evaluate(after, inputs, weights)
    assert count(after, Embedding) == 1
    for name, array in expected.items():
        require_close(found[name], array, 0.0, name)


def test_a_body_keeps_its_meaning_when_extras_come_first() -> None:
    def write(b: Builder, ids: SSAValue, kinds: SSAValue) -> SSAValue:
        def body(inner: Builder, args: Sequence[SSAValue]) -> list[SSAValue]:
            first, words, places = args
            return [inner.apply(ew.Sub, inner.apply(ew.Mul, words, first), places)]

        region = b.body([f32, f32, f32], body)
        words = b.gather(table(b, 11), ids, 0)
        return b.map([b.constant(np.full(CHANNELS, 3, np.float32)), words, positions(b)], region)[0]

    _, (op,) = formed(write)
    assert len(op.rows) == 2 and len(op.extras) == 1
