"""`sparsec.compile`: what it takes, what it refuses, and that however a model is loaded it computes the same bytes."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

import sparsec
from sparsec import api
from sparsec.backend.cache import Cache
from sparsec.dialects import nn_elementwise as ew
from sparsec.options import Options, child_environment
from sparsec.weights import WeightStore
from tests.fixtures import FIXTURES
from tests.transforms.passes import count

MODEL = FIXTURES / "mlp_qdq_u8_tensor_80.onnx"
TWO = """\
model two(a: f32[batch, n], b: i32[batch, 4]) -> (s: f32[batch, n], t: i32[batch, 4]) {
  s = relu(a)
  t = b + b
}
"""


def feed(program: sparsec.Program, batch: int = 5) -> dict[str, Any]:
    """Inputs of the fixture."""
    (info,) = program.inputs
    assert info.shape[0] == "batch"
    return {info.name: np.random.default_rng(0).standard_normal((batch, info.shape[1])).astype(np.float32)}


@pytest.fixture(scope="module")
def program() -> sparsec.Program:
    """The fixture, compiled."""
    return sparsec.compile(MODEL)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> sparsec.Program:
    """A model with two inputs and two outputs."""
    page = tmp_path_factory.mktemp("two") / "two.spc"
    page.write_text(TWO)
    return sparsec.compile(str(page))


def test_the_jit_a_saved_library_and_a_loaded_one_agree(program: sparsec.Program, tmp_path: Path) -> None:
    program.save(tmp_path / "a.so")
    loaded = sparsec.load(tmp_path / "a.so")
    loaded.save(tmp_path / "b.so")
    again = sparsec.load(tmp_path / "b.so")
    assert program.signature == loaded.signature == again.signature
    for batch in (1, 7, 64, 65):
        expected = program.run(None, feed(program, batch))
        for other in (loaded, again):
            for a, b in zip(other.run(None, feed(program, batch)), expected, strict=True):
                assert a.tobytes() == b.tobytes() and a.shape == b.shape


def _module() -> tuple[ModuleOp, WeightStore]:
    source = api.read(MODEL)
    return source.module, source.context.weights


@pytest.mark.parametrize("form", ["text path", "bytes", "ModelProto"])
def test_forms_of_a_model(form: str, program: sparsec.Program) -> None:
    models: dict[str, Callable[[], Any]] = {
        "text path": lambda: str(MODEL), "bytes": MODEL.read_bytes, "ModelProto": lambda: onnx.load(MODEL),
    }  # fmt: skip
    other = sparsec.compile(models[form]())
    assert other.inputs == program.inputs and other.outputs == program.outputs
    for a, b in zip(other(**feed(program)), program(**feed(program)), strict=True):
        assert a.tobytes() == b.tobytes()


def test_names_in_any_script() -> None:
    weight = onnx.numpy_helper.from_array(np.eye(8, dtype=np.float32), "gewicht ä")
    nodes = [helper.make_node("Relu", ["輸入"], ["ü"]), helper.make_node("MatMul", ["ü", "gewicht ä"], ["größe"])]
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 8]) for name in ("輸入", "größe"))
    model = helper.make_model(
        helper.make_graph(nodes, "graph", [x], [y], [weight]), opset_imports=[helper.make_opsetid("", 17)]
    )
    compiled = sparsec.compile(model)
    assert [info.name for info in (*compiled.inputs, *compiled.outputs)] == ["輸入", "größe"]
    given = np.linspace(-1, 1, 16, dtype=np.float32).reshape(2, 8)
    np.testing.assert_array_equal(compiled(輸入=given)[0], given.clip(0))


def test_a_graph_module_is_compiled_and_stays_as_it_is(program: sparsec.Program) -> None:
    module, weights = _module()
    before = str(module)
    compiled = sparsec.compile(module, weights=weights)
    assert str(module) == before
    for a, b in zip(compiled(**feed(program)), program(**feed(program)), strict=True):
        assert a.tobytes() == b.tobytes()


def test_what_is_no_model() -> None:
    protos = onnx.load(MODEL).graph, onnx.FunctionProto()
    for wrong in (42, None, 3.5, object(), SimpleNamespace(opset_import=[]), *protos):
        with pytest.raises(sparsec.ModelError, match="a model is a path, the bytes of an ONNX file"):
            sparsec.compile(wrong)  # pyright: ignore
    for wrong in ("a\0b", "a\0b.onnx", "a\0b.spc", ""):
        with pytest.raises(sparsec.ModelError, match="a model is given by its path, not by"):
            sparsec.compile(wrong)
    with pytest.raises(sparsec.OptionError, match=r"option sizes is 'batch=1', expected sizes of 1 to 999999999"):
        sparsec.explain(MODEL, sizes="batch=1")  # pyright: ignore
    with pytest.raises(sparsec.OptionError, match=r"option sizes is {'batch': 0}, expected sizes of 1 to 999999999"):
        sparsec.explain(MODEL, sizes={"batch": 0})


def test_a_graph_module_without_its_weights_is_an_error() -> None:
    module, _ = _module()
    with pytest.raises(sparsec.ModelError, match="give its WeightStore"):
        sparsec.compile(module, cache=False)


def test_calls(two: sparsec.Program) -> None:
    a, b = np.ones((2, 3), np.float32), np.ones((2, 4), np.int32)
    by_position, by_name, mixed = two(a, b), two(b=b, a=a), two(a, b=b)
    for s, t in (by_position, by_name, mixed):
        np.testing.assert_array_equal(s, a)
        np.testing.assert_array_equal(t, 2 * b)
    (t,) = two.run(["t"], {"b": b, "a": a})
    np.testing.assert_array_equal(t, 2 * b)
    assert [x.shape for x in two.run(["t", "s"], {"a": a, "b": b})] == [(2, 4), (2, 3)]
    assert (
        repr(two)
        == "<Program (a: float32[batch, n], b: int32[batch, 4]) -> (s: float32[batch, n], t: int32[batch, 4])>"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, a, b: p(a), "no array is given for 'b'; the inputs are: a, b"),
        (lambda p, a, b: p(a, b, b), "3 arrays are given, the model has 2 inputs: a, b"),
        (lambda p, a, b: p(a, b, a=a), "input 'a' is given twice"),
        (lambda p, a, b: p(a, c=b), "there is no input 'c'; the inputs are: a, b"),
        (lambda p, a, b: p.run(["u"], {"a": a, "b": b}), "there is no output 'u'; the outputs are: s, t"),
        (lambda p, a, b: p(a, b.astype(np.int64)), "input 'b' is int64, expected int32"),
        (lambda p, a, b: p(a[0], b), r"input 'a' has shape \[3\] \(rank 1\), expected \[batch, n\]"),
        (lambda p, a, b: p(a, b[:, :3]), "input 'b': dimension 1 is 3, expected 4"),
        (lambda p, a, b: p(a[:1], b), r"dimension 0 \('batch'\) is 2, but input 'a' has batch = 1"),
        (lambda p, a, b: p(a, [[1], [2, 3]]), "input 'b' is not an array"),
        (lambda p, a, b: p("text", b), "input 'a' is no array of numbers, but 'text'"),
    ],
)
def test_wrong_arguments(call: Callable[..., Any], message: str, two: sparsec.Program) -> None:
    with pytest.raises(sparsec.InputError, match=message):
        call(two, np.ones((2, 3), np.float32), np.ones((2, 4), np.int32))


def test_options_reach_the_compiler(tmp_path: Path) -> None:
    (tmp_path / "two.spc").write_text(TWO)
    program = sparsec.compile(
        tmp_path / "two.spc", targets="x86_64", prefix="deux", threads=2, dump_ir=str(tmp_path / "ir"),
        cache_dir=tmp_path / "cache",
    )  # fmt: skip
    assert (program.target, program.prefix, program.threads) == ("x86_64", "deux", 2)
    assert (tmp_path / "ir" / "00_file.mlir").exists() and (tmp_path / "ir" / "02_infer-shapes.mlir").exists()
    assert list((tmp_path / "cache" / "models").iterdir())
    source = api.read(tmp_path / "two.spc")
    sparsec.compile(source.module, weights=source.context.weights, targets="x86_64", dump_ir=tmp_path / "of_module")
    assert (tmp_path / "of_module" / "00_input.mlir").exists(), "there is nothing to understand"
    with pytest.raises(sparsec.OptionError, match="did you mean 'threads'"):
        sparsec.compile(tmp_path / "two.spc", thread=2)


def test_the_cache_is_found_and_can_be_turned_off(tmp_path: Path) -> None:
    page = tmp_path / "two.spc"
    page.write_text(TWO)
    on, off = Options(cache_dir=tmp_path / "cache"), Options(cache_dir=tmp_path / "none", cache=False)
    assert [api.build(api.read(page), on).cached for _ in range(2)] == [False, True]
    assert [api.build(api.read(page), off).cached for _ in range(2)] == [False, False]
    assert not (tmp_path / "none").exists()
    page.write_text(TWO.replace("b + b", "b * b"))
    assert not api.build(api.read(page), on).cached
    assert not api.build(api.read(page), on.with_(prefix="other")).cached
    assert not api.build(api.read(page), on.with_(targets="x86_64")).cached or on.cpu_targets()[0].name == "x86_64"


def test_what_is_built_can_be_used_while_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "two.spc"
    page.write_text(TWO)
    options = Options(cache_dir=tmp_path / "cache")
    used, put = threading.Event(), Cache.put

    def wait_and_put(self: Cache, *arguments: Any) -> bool:
        assert used.wait(60)
        return put(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Cache, "put", wait_and_put)
        with pytest.raises(ZeroDivisionError), api.building(api.read(page), options) as built:
            assert not built.cached
            used.set()
            raise ZeroDivisionError
    assert api.build(api.read(page), options).cached, "an error of who uses it is not one of what was built"


def test_what_cannot_be_kept_for_want_of_memory_is_built_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Cache, *arguments: Any) -> bool:
        raise MemoryError

    page = tmp_path / "two.spc"
    page.write_text(TWO)
    monkeypatch.setattr(Cache, "put", refuse)
    assert not api.build(api.read(page), Options(cache_dir=tmp_path / "cache")).cached


def test_pages_that_spell_gelu_mean_gelu(tmp_path: Path) -> None:
    page = tmp_path / "gelu.spc"
    page.write_text("model m(x: f32[n]) -> (y: f32[n]) {\n  y = x * 0.5 * (erf(x / 1.41421354) + 1)\n}\n")
    assert count(api.read(page).module, ew.Gelu) == 1


@pytest.mark.parametrize(
    ("stem", "op"), [("bert_ts_tf438_eager_op14", ew.Gelu), ("albert_dynamo_tf5_sdpa_op18", ew.GeluTanh)]
)
def test_files_that_spell_gelu_mean_gelu(stem: str, op: type[Operation]) -> None:
    assert count(api.read(FIXTURES / f"{stem}.onnx").module, op) > 1


def test_compiling_in_threads(two: sparsec.Program, tmp_path: Path) -> None:
    results: list[Any] = []

    def work(number: int) -> None:
        page = tmp_path / f"m{number}.spc"
        page.write_text(f"model m(x: f32[n]) -> (y: f32[n]) {{\n  y = x + {number}.0\n}}\n")
        results.append((number, sparsec.compile(page, cache=False)(np.zeros(3, np.float32))[0].tolist()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(number, [float(number)] * 3) for number in range(3)]


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    (tmp_path / "two.spc").write_text(TWO)
    script = """\
        import numpy as np, sparsec
        print("once")
        program = sparsec.compile("two.spc", cache=False)
        print(*(value.sum() for value in program(np.ones((2, 3), np.float32), np.ones((2, 4), np.int32))))
        """
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=child_environment() | {"PYTHONSAFEPATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["once", "6.0", "16"] and done.stderr == ""
