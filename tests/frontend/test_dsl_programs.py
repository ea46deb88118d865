"""Random programs: statements drawn one by one, computed by numpy as they are written, then compared as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sparsec.frontend.dsl import read_dsl
from sparsec.reference import evaluate
from sparsec.weights import Array, WeightStore

BATCH = 3
WEIGHTS = """
weight w: f32[4, 4] blocks(2x2) = [[1, 0, 0, 0], [0.5, 2, 0, 0], [0, 0, -1, 0], [0, 0, 0, 0.25]]
weight q: i8[4, 4] = [[1, 2, 3, 4], [0, -1, 0, 2], [5, 0, 0, -128], [127, 1, 1, 1]]
"""
W = np.array([[1, 0, 0, 0], [0.5, 2, 0, 0], [0, 0, -1, 0], [0, 0, 0, 0.25]], np.float32)
Q = np.array([[1, 2, 3, 4], [0, -1, 0, 2], [5, 0, 0, -128], [127, 1, 1, 1]], np.int8)


@dataclass
class Program:
    """Statements, and what every name means. Names in `rough` hold rounded sums, on which nothing may branch."""

    values: dict[str, Array] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    rough: set[str] = field(default_factory=set)

    def add(self, text: str, value: Array, *operands: str, rough: bool = False) -> None:
        """Append `name = text`, unless its numbers grow beyond what is worth comparing."""
        if not np.all(np.isfinite(value)) or np.abs(value.astype(np.float64)).max() > 1e5:
            return
        name = f"v{len(self.statements)}"
        self.statements.append(f"  {name} = {text}")
        self.values[name] = value
        if rough or self.rough & set(operands):
            self.rough.add(name)

    @property
    def outputs(self) -> list[str]:
        """The names of what it computes."""
        return [name for name in self.values if name not in ("x", "n")]

    @property
    def inputs(self) -> dict[str, Array]:
        """The arrays that `values` follow from."""
        return {name: self.values[name] for name in ("x", "n")}

    def page(self) -> str:
        """The page that computes them all."""
        body = "\n".join(self.statements)
        outputs = ", ".join(self.outputs)
        return f"{WEIGHTS}\nmodel m(x: f32[batch, 4], n: i32[batch, 4]) -> ({outputs}) {{\n{body}\n}}\n"

    def names(self, kind: str, *, exact: bool = False) -> list[str]:
        """Names of values of a numpy kind."""
        return [n for n, v in self.values.items() if v.dtype.kind in kind and not (exact and n in self.rough)]


BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "{} + {}": lambda a, b: a + b,
    "{} - {}": lambda a, b: a - b,
    "{} * {}": lambda a, b: a * b,
    "maximum({}, {})": np.maximum,
    "minimum({}, b = {})": np.minimum,
}
COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "{} < {}": lambda a, b: a < b,
    "{} >= {}": lambda a, b: a >= b,
    "not {} == {}": lambda a, b: a != b,
}
UNARY: dict[str, Callable[[Array], Array]] = {
    "-{}": np.negative,
    "relu({})": lambda a: np.maximum(a, 0),
    "abs({})": np.abs,
    "{}[:, ::-1]": lambda a: a[:, ::-1],
    "{} * 2 + 1": lambda a: a * 2 + 1,
    "1 - {}": lambda a: 1 - a,
    "broadcast(reduce_max({}, axes = 1, keepdims = true), [batch, 4])": lambda a: a.max(1, keepdims=True) + a * 0,
    "reshape(transpose(reshape({}, [batch, 2, 2]), [0, 2, 1]), [batch, -1])": lambda a: (
        a.reshape(-1, 2, 2).swapaxes(1, 2).reshape(-1, 4)
    ),
    "gather_elements({0}, reshape(iota(4, start = -1, step = -1), [1, 4]))": lambda a: a[:, ::-1],
    "concat([{0}[..., 1:], {0}[..., :1]], axis = -1)": lambda a: np.roll(a, -1, 1),
}
ROUGH: dict[str, Callable[[Array], Array]] = {
    "softmax({})": lambda a: np.exp(a - a.max(1, keepdims=True)) / np.exp(a - a.max(1, keepdims=True)).sum(1)[:, None],
    "linear({}, w)": lambda a: a @ W.T,
    "{} @ w": lambda a: a @ W,
    "{} / 3": lambda a: a / np.float32(3),
    "tanh({})": np.tanh,
    "{} - reduce_mean({}, axes = [-1], keepdims = true)": lambda a: a - a.mean(1, keepdims=True),
}
INTEGER: dict[str, Callable[[Array], Array]] = {
    "linear({}, cast(q, i32))": lambda a: a @ Q.T.astype(np.int32),
    "{} % 5": lambda a: a % 5,
    "{} / 3": lambda a: np.trunc(a / 3).astype(np.int32),
}


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program of up to 12 statements on a float and an integer input of [batch, 4]."""
    small = st.lists(st.integers(-8, 8), min_size=4 * BATCH, max_size=4 * BATCH)
    program = Program()
    program.values["x"] = (np.array(draw(small), np.float32) / 4).reshape(BATCH, 4)
    program.values["n"] = np.array(draw(small), np.int32).reshape(BATCH, 4)
    for _ in range(draw(st.integers(1, 12))):
        _add_statement(program, draw)
    assume(program.outputs)
    return program


def _add_statement(program: Program, draw: st.DrawFn) -> None:
    kind = draw(st.sampled_from("fi"))
    first, second = (draw(st.sampled_from(program.names(kind))) for _ in range(2))
    a, b = program.values[first], program.values[second]
    match draw(st.sampled_from(["unary", "binary", "own", "where", "cast", "unary", "binary"])):
        case "unary":
            text = draw(st.sampled_from(sorted(UNARY)))
            program.add(text.format(first, first), UNARY[text](a), first)
        case "binary":
            text = draw(st.sampled_from(sorted(BINARY)))
            program.add(text.format(first, second), BINARY[text](a, b), first, second)
        case "own":
            table = ROUGH if kind == "f" else INTEGER
            text = draw(st.sampled_from(sorted(table)))
            program.add(text.format(first, first), table[text](a).astype(a.dtype), first, rough=kind == "f")
        case "where":
            names = program.names(kind, exact=True)
            left, right = (draw(st.sampled_from(names)) for _ in range(2))
            text = draw(st.sampled_from(sorted(COMPARE)))
            chosen = COMPARE[text](program.values[left], program.values[right])
            program.add(f"where({text.format(left, right)}, {first}, {second})", np.where(chosen, a, b), first, second)
        case _:
            other = draw(st.sampled_from(program.names("i")))
            program.add(f"cast({other}, f32)", program.values[other].astype(np.float32), other)


@settings(max_examples=150, deadline=None)
@given(programs())
def test_program_agrees_with_numpy(program: Program) -> None:
    page = program.page()
    store = WeightStore()
    module = read_dsl(page, store)
    module.verify()
    results = evaluate(module, program.inputs, store)
    for name in program.outputs:
        if program.values[name].dtype.kind == "f":
            np.testing.assert_allclose(results[name], program.values[name], rtol=1e-4, atol=1e-4, err_msg=page)
        else:
            np.testing.assert_array_equal(results[name], program.values[name], err_msg=page)


@st.composite
def subscripts(draw: st.DrawFn) -> tuple[str, tuple[int, ...]]:
    """A subscript of a tensor [5, 4, 3], as numpy also writes it."""
    shape = (5, 4, 3)
    items: list[str] = []
    for size in shape[: draw(st.integers(1, 3))]:
        if draw(st.booleans()):
            items.append(str(draw(st.integers(-size, size - 1))))
            continue
        start, stop = sorted(draw(st.lists(st.integers(0, size), min_size=2, max_size=2, unique=True)))
        step = draw(st.sampled_from(["", ":", ":1", ":2", ":-1"]))
        if step == ":-1":
            start, stop = stop - 1, start - 1
            items.append(f"{start}:{stop if stop >= 0 else ''}{step}")
        else:
            items.append(f"{draw(st.sampled_from([str(start), str(start - size)]))}:{stop}{step}")
    if draw(st.booleans()):
        items.insert(0 if len(items) == 3 else len(items), "...")
    return ", ".join(items), shape


@settings(max_examples=100, deadline=None)
@given(subscripts())
def test_subscript_agrees_with_numpy(case: tuple[str, tuple[int, ...]]) -> None:
    text, shape = case
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    store = WeightStore()
    module = read_dsl(f"model m(x: i32[5, 4, 3]) -> (y) {{ y = x[{text}] }}", store)
    module.verify()
    np.testing.assert_array_equal(evaluate(module, {"x": x}, store)["y"], eval(f"x[{text}]"))
