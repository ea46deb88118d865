"""Options: defaults, the environment, mistakes."""

from pathlib import Path

import numpy as np
import pytest

from sparsec.errors import OptionError, TargetError
from sparsec.options import Options, child_environment
from sparsec.target import TARGETS


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch):
    for name in ("SPARSEC_CACHE", "SPARSEC_CACHE_DIR", "SPARSEC_CACHE_SIZE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_defaults():
    options = Options()
    assert options.targets == ("host",) and options.threads is None and options.cache
    assert options.cache_dir == Path.home() / ".cache" / "sparsec"


def test_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert Options().cache_dir == Path("/xdg/sparsec")
    monkeypatch.setenv("SPARSEC_CACHE", "off")
    monkeypatch.setenv("SPARSEC_CACHE_DIR", "/elsewhere")
    monkeypatch.setenv("SPARSEC_CACHE_SIZE", "7")
    options = Options()
    assert (options.cache, options.cache_dir, options.cache_size) == (False, Path("/elsewhere"), 7)
    assert Options(cache=True, cache_size=9).cache and Options(cache_size=9).cache_size == 9
    monkeypatch.setenv("SPARSEC_CACHE_SIZE", "much")
    with pytest.raises(OptionError, match="SPARSEC_CACHE_SIZE is 'much', expected a number of megabytes such as 2048"):
        Options()


def test_keywords():
    options = Options.of(targets="avx2", cache_dir="/a", dump_ir="b", threads=3)
    assert options == Options(targets=("avx2",), cache_dir=Path("/a"), dump_ir=Path("b"), threads=3)
    assert options.with_(targets=["all"]).cpu_targets() == tuple(TARGETS.values())
    with pytest.raises(TargetError, match="there is no target 'mmx'"):
        options.with_(targets="mmx").cpu_targets()


def test_expected_sizes():
    options = Options.of(expect={"sequence": 128, "batch": 1})
    assert options.expect == (("batch", 1), ("sequence", 128))
    assert options.expected_sizes == "batch=1,sequence=128"
    assert options == Options(expect=(("batch", 1), ("sequence", 128))) == options.with_(expect=options.expect)
    assert options.with_(expect={}) == Options() and Options().expected_sizes == ""


def test_integers_of_numpy():
    options = Options.of(expect={"batch": np.int64(1)}, threads=np.int32(2), cache_size=np.uint8(7))
    assert options == Options.of(expect={"batch": 1}, threads=2, cache_size=7)
    assert type(options.threads) is int and type(options.expect[0][1]) is int
    pairs = Options.of(expect=(("batch", np.int32(1)), ("sequence", 5)))
    assert pairs.expect == (("batch", 1), ("sequence", 5)) and type(pairs.expect[0][1]) is int


SIZES = "expected sizes of 1 to 999999999 by name, such as {'sequence': 128}"


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"thread": 2}, "there is no option 'thread'; did you mean 'threads'?"),
        (
            {"xyzzy": 2},
            "there is no option 'xyzzy'; the options are: targets, expect, unroll, code_budget, tune, ",
        ),
        ({"threads": 0}, "option threads is 0, expected 1 to 1024"),
        ({"threads": "many"}, "option threads is 'many', expected a value of type int or None"),
        ({"targets": ()}, "option targets is (), expected a tuple of names"),
        ({"prefix": "2bert"}, "option prefix is '2bert', expected a C identifier such as 'bert'"),
        ({"prefix": "bert-mini"}, "option prefix is 'bert-mini', expected a C identifier such as 'bert'"),
        *(
            ({"prefix": name}, f"option prefix is {name!r}, expected another name: the runtime, LLVM or the C library")
            for name in ("sparsec", "llvm", "pthread", "pthread_mutex", "timer")
        ),
        ({"expect": {"batch": 0}}, f"option expect is (('batch', 0),), {SIZES}"),
        ({"expect": {"batch": 10**9}}, f"option expect is (('batch', 1000000000),), {SIZES}"),
        ({"expect": {"batch": True}}, f"option expect is (('batch', True),), {SIZES}"),
        ({"expect": {"batch": 2.5}}, f"option expect is (('batch', 2.5),), {SIZES}"),
        ({"expect": {"batch": "1"}}, f"option expect is (('batch', '1'),), {SIZES}"),
        ({"expect": {"": 1}}, f"option expect is (('', 1),), {SIZES}"),
        ({"expect": {"a=1,b": 1}}, f"option expect is (('a=1,b', 1),), {SIZES}"),
        ({"expect": {3: 1, "batch": 1}}, f"option expect is ((3, 1), ('batch', 1)), {SIZES}"),
        ({"expect": ("batch", 1)}, f"option expect is ('batch', 1), {SIZES}"),
        ({"expect": (("batch", 1, 2),)}, f"option expect is (('batch', 1, 2),), {SIZES}"),
        ({"expect": "batch=1"}, "option expect is 'batch=1', expected a value of type tuple"),
        ({"expect": 128}, "option expect is 128, expected a value of type tuple"),
        ({"cache_size": -1}, "option cache_size is -1, expected a number of megabytes, 0 or more"),
        *(
            (
                {"time_limit": limit},
                f"option time_limit is {limit}, expected a number of seconds above 0, at most 1000000",
            )
            for limit in (0, float("inf"), float("nan"), 1e300)
        ),
    ],
)
def test_mistakes(choices: dict, message: str):
    with pytest.raises(OptionError) as caught:
        Options.of(**choices)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("stem", "prefix"),
    [
        ("bert", "bert"), ("BERT-mini.int8", "bert_mini_int8"), ("2layers", "model_2layers"),
        ("sparsec", "model_sparsec"), ("", "model"), ("模型", "model"), ("model", "model"),
    ],
)  # fmt: skip
def test_prefix_from_a_file_name(stem: str, prefix: str):
    assert Options().c_prefix(stem) == prefix
    assert Options(prefix="mine").c_prefix(stem) == "mine"


def test_child_environment_finds_the_same_modules(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.path", ["", "/one", "/two"])
    environment = child_environment()
    assert environment["PYTHONPATH"] == "/one:/two" and environment["PYTHONSAFEPATH"] == "1"
