"""Pages that mean harm, or are no pages at all: every one ends in a `DslError`, soon."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparsec.errors import DslError
from sparsec.frontend.dsl import MAX_CHARACTERS, read_dsl
from sparsec.frontend.dsl_lowering import MAX_STEPS
from sparsec.weights import WeightStore


def read(text: str) -> None:
    read_dsl(text, WeightStore())


def model(expression: str, before: str = "") -> str:
    return f"{before}\nmodel m(x: f32[batch, 4]) -> (y) {{ y = {expression} }}"


def calls(count: int, times: int) -> str:
    """Functions each of which calls the one before it so many times."""
    body = "x"
    for _ in range(times):
        body = f"g{{}}({body})"
    functions = [f"fn g{i}(x) {{ return {body.replace('{}', str(i - 1))} }}" for i in range(1, count)]
    return "\n".join(["fn g0(x) { return x }", *functions])


DEEP = 5000
PAGES: dict[str, tuple[str, str]] = {
    "deep minus": (model("-" * DEEP + "x"), "nested too deeply"),
    "long sum": (model("x" + "+ x" * DEEP), "nested too deeply"),
    "deep list": (model("x + " + "[" * DEEP + "1" + "]" * DEEP), "nested too deeply"),
    "deep type": (f"model m(x: f32[4]) -> (y: f32[{'-' * DEEP}4]) {{ y = x }}", "nested too deeply"),
    "deep literal": (f"weight w: f32[1] = {'[' * DEEP}1{']' * DEEP}" + model("x"), "one level too deep"),
    "deep calls": (model("g899(x)", calls(900, 1)), "nested too deeply"),
    "exponential calls": (model("g39(x)", calls(40, 2)), f"more than {MAX_STEPS} expressions"),
    "many digits": (model("x + " + "9" * 5000), "a number of 5000 characters"),
    "overflow": (model("x + 1e999"), "beyond the largest number"),
    "power of powers": (model("x + 9 ** 9 ** 9 ** 9"), "is too large"),
    "wide number": (model("x + 2 ** 63"), "does not fit in 64 bits"),
    "imaginary": (model("x + (-1) ** 0.5"), "is not a real number"),
    "division by zero": (model("x + 1 / 0"), "division by zero"),
    "size divided by zero": (model("iota(batch // 0)"), "division by zero"),
    "sizes without end": (model("iota(s(s(s(s(batch)))))", "fn s(n) { return n * n }"), "grows beyond"),
    "gigantic tensor": (model("broadcast(x, [2000000000, 2000000000, batch, 4])"), "elements"),
    "gigantic axis": (model("iota(99999999999)"), "is no size"),
    "gigantic weight": ("weight w: f32[99999999999999999999] random()" + model("x"), "too many to make up"),
    "gigantic block": ("weight w: f32[4, 4] random() blocks(99999999999999x1)" + model("x"), "does not fit"),
    "too many axes": ("model m(x: f32[1, 1, 1, 1, 1, 1, 1, 1, 1]) -> (y) { y = x }", "9 axes are too many"),
    "too many parts": (model("split(x, 99999999)"), "number of parts"),
    "zero bytes": ("\0" * 100, r"`\\x00` means nothing"),
    "too long": ("#" * (MAX_CHARACTERS + 1), "characters are too many"),
    "zero in a path": ('weight w: f32[4] from "a\0b.npy"' + model("x"), "there is no file"),
    "an element that 64 bits do not count to": (
        model("x[18446744073709551616]"),
        "18446744073709551616 is outside of any",
    ),
    "an element that far from the end": (model("x[-18446744073709551617:]"), "-18446744073709551617 is outside of any"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_refused(name: str) -> None:
    text, message = PAGES[name]
    with pytest.raises(DslError, match=message) as caught:
        read(text)
    assert len(str(caught.value)) < 2000


def test_parentheses_may_nest() -> None:
    read(model("(" * DEEP + "x" + ")" * DEEP))


VOCABULARY = (
    "weight fn model return x y w f32 [ ] ( ) { } : , = -> 4 0.5 4x1 blocks from random mask quantized schedule "
    '"a.npy:b" linear softmax + - * / // @ ** == < not and batch true ... # \n'
)
WORDS = st.sampled_from(VOCABULARY.split(" "))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join), st.lists(WORDS).map(lambda w: model(" ".join(w)))))
@example("model")
@example("\ufeff")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except DslError as error:
        assert str(error).startswith("<page>:")


def test_files_that_are_no_pages(tmp_path: Path) -> None:
    with pytest.raises(DslError, match="cannot read"):
        read_dsl(tmp_path / "nowhere.spc", WeightStore())
    with pytest.raises(DslError, match="cannot read"):
        read_dsl(tmp_path, WeightStore())
    (tmp_path / "binary.spc").write_bytes(bytes(range(256)))
    with pytest.raises(DslError, match="is not a text file"):
        read_dsl(tmp_path / "binary.spc", WeightStore())
