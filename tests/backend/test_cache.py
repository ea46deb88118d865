"""The cache: hits, damage, the bound, and folders that do not cooperate."""

import os
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from sparsec.backend.artifact import Artifact
from sparsec.backend.cache import Cache
from sparsec.options import Options


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "models", 1000)


def only_file(cache: Cache) -> Path:
    (path,) = cache.folder.iterdir()
    return path


def test_hit_and_miss(cache: Cache):
    assert cache.get(b"a") is None
    assert cache.put(b"a", b"content")
    assert cache.get(b"a") == b"content" and cache.get(b"b") is None
    assert Cache(cache.folder, 1000).get(b"a") == b"content"
    cache.clear()
    assert cache.get(b"a") is None and cache.size() == 0


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: b"", lambda raw: raw[:40] + b"X" + raw[41:]])
def test_damaged_files_are_removed_and_made_again(cache: Cache, damage):
    cache.put(b"a", b"content" * 5)
    path = only_file(cache)
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get(b"a") is None
    assert not path.exists()
    assert cache.put(b"a", b"content") and cache.get(b"a") == b"content"


def test_files_are_kept_as_bytes_are(cache: Cache, tmp_path: Path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"content")
    assert not cache.get_file(b"a", target) and not target.exists()
    assert cache.put_file(b"a", source) and cache.get(b"a") == b"content"
    assert cache.get_file(b"a", target) and target.read_bytes() == b"content"
    with pytest.raises(OSError):
        cache.get_file(b"a", tmp_path / "missing" / "target")
    path = only_file(cache)
    path.write_bytes(path.read_bytes()[:-1])
    assert not cache.get_file(b"a", target) and not path.exists()
    assert not cache.put_file(b"a", tmp_path / "missing")
    source.write_bytes(bytes(1001))
    assert not cache.put_file(b"a", source) and not list(cache.folder.iterdir())
    off = Cache(cache.folder, 1000, enabled=False)
    source.write_bytes(b"content")
    assert not off.put_file(b"a", source) and not off.get_file(b"a", target)


def test_a_file_that_cannot_be_read_is_no_hit(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Refuses(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("stale")
            return super().read(size)

    cache.put(b"a", b"content")
    path, open_file = only_file(cache), Path.open
    with monkeypatch.context() as context:
        context.setattr(Path, "open", lambda self, mode: Refuses(b"x" * 99) if self == path else open_file(self, mode))
        assert not cache.get_file(b"a", tmp_path / "target")
    assert cache.get_file(b"a", tmp_path / "target")  # it is not damaged


def test_interrupted_writes_leave_nothing(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "source").write_bytes(b"content")

    def interrupt(*names: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sparsec.backend.cache.os.replace", interrupt)
    for keep in (lambda: cache.put(b"a", b"content"), lambda: cache.put_file(b"a", tmp_path / "source")):
        with pytest.raises(KeyboardInterrupt):
            keep()
    assert not list(cache.folder.iterdir())


def test_the_least_recently_used_goes_first(cache: Cache):
    for index in range(4):
        cache.put(bytes([index]), bytes(200))  # 232 with the hash: four fit
        os.utime(cache._path(bytes([index])), (index, index))
    assert cache.get(b"\0") is not None
    cache.put(b"new", bytes(200))
    assert [cache.get(bytes([index])) is not None for index in range(4)] == [True, False, True, True]
    assert cache.get(b"new") is not None and cache.size() <= 1000


def test_what_is_too_large_is_not_kept(cache: Cache):
    assert not cache.put(b"a", bytes(1001))
    assert cache.get(b"a") is None


def test_switched_off(tmp_path: Path):
    cache = Cache(tmp_path / "models", 1000, enabled=False)
    assert not cache.put(b"a", b"content") and cache.get(b"a") is None
    assert not cache.folder.exists()


def test_a_folder_that_cannot_be(tmp_path: Path):
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "models", 1000)
    assert cache.get(b"a") is None and not cache.put(b"a", b"content")


def test_many_writers(cache: Cache):
    def work(number: int) -> None:
        for index in range(30):
            cache.put(bytes([index % 5]), bytes([number]) * 150)
            content = cache.get(bytes([index % 5]))
            assert content is None or content == content[:1] * 150

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.size() <= 1000
    assert all(path.suffix == ".sparsec" for path in cache.folder.iterdir())


def test_from_options(tmp_path: Path):
    cache = Cache.of(Options(cache_dir=tmp_path, cache_size=3, cache=False))
    assert cache == Cache(tmp_path / "models", 3 << 20, enabled=False)


def test_an_artifact_survives(weak_artifact: Artifact):
    again = Artifact.from_bytes(b"".join(weak_artifact.parts()))
    assert again.objects == weak_artifact.objects and again.signature == weak_artifact.signature
    assert again.prefix == "toy"
    np.testing.assert_array_equal(again.weights, weak_artifact.weights)


def test_a_damaged_file_that_cannot_be_removed_is_no_hit(cache: Cache, monkeypatch: pytest.MonkeyPatch):
    cache.put(b"a", b"content" * 5)
    path = only_file(cache)
    path.write_bytes(path.read_bytes()[:-1])

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "unlink", refuse)
    assert cache.get(b"a") is None


def test_a_full_disk_leaves_no_half_file(cache: Cache, monkeypatch: pytest.MonkeyPatch):
    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert not cache.put(b"a", b"content")
    assert list(cache.folder.iterdir()) == []
