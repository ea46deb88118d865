"""runtime.ll belongs to the C files, and is the same everywhere."""

import re
import shutil

import pytest

from sparsec.runtime import build


def test_the_text_was_made_from_these_sources():
    assert build.recorded_hash() == build.sources_hash(), "run `python -m sparsec.runtime.build`"


def test_all_sources_are_hashed():
    assert {path.name for path in build.FOLDER.glob("*.[ch]")} == set(build.SOURCES)


def test_nothing_of_the_machine_is_in_the_text():
    text = build.TEXT.read_text()
    assert not re.search(r"target-cpu|target-features|tune-cpu|source_filename|clang version|target triple", text)
    assert str(build.FOLDER) not in text


def test_it_needs_libc_alone_and_runs_nothing_when_loaded():
    text = build.TEXT.read_text()
    declared = set(re.findall(r"^declare [^@]*@([\w.]+)\(", text, re.MULTILINE))
    assert {name for name in declared if not name.startswith("llvm.")} <= {
        "calloc", "clock_gettime", "close", "free", "getpid", "memcpy", "open", "posix_memalign",
        "pthread_attr_destroy", "pthread_attr_init", "pthread_attr_setaffinity_np", "pthread_cond_broadcast",
        "pthread_cond_destroy", "pthread_cond_init", "pthread_cond_signal", "pthread_cond_wait", "pthread_create",
        "pthread_join", "pthread_mutex_destroy", "pthread_mutex_init", "pthread_mutex_lock", "pthread_mutex_unlock",
        "pthread_setcancelstate", "pthread_sigmask", "read", "sched_getaffinity", "sched_getcpu", "sched_yield",
        "sigfillset", "snprintf", "strerror", "strlen", "strtol", "vsnprintf",
    }  # fmt: skip
    assert "global_ctors" not in text and "thread_local" not in text


@pytest.mark.parametrize("clang", [name for name in ("clang-19",) if shutil.which(name)])
def test_building_again_gives_the_same_text(clang: str):
    assert build.build(clang) == build.TEXT.read_text()
