"""What must be true of cached tables: whole or absent, built once, built again when anything that shaped them or their files has changed."""

import json

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.base.tables import cached_arrays, check_md5, key_of, write_atomically


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PERILUNE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Builder:
    """Counts how often it is asked to build."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return {"height": np.arange(12.0).reshape(3, 4), "count": np.array([1, 2, 3], np.int32)}


def get(build, degree=150):
    return cached_arrays("corridor", {"degree": degree, "site": [60.5, -4.6]}, build)


def test_table_is_built_once_and_read_back_as_it_was(cache):
    build = Builder()
    first, second = get(build), get(build)
    assert build.calls == 1
    for name, array in Builder()().items():
        assert np.array_equal(first[name], array) and np.array_equal(second[name], array)
        assert second[name].dtype == array.dtype


def test_table_from_the_cache_cannot_be_changed(cache):
    get(Builder())
    with pytest.raises(ValueError):
        get(Builder())["height"][0, 0] = 5.0


def test_anything_that_shaped_it_makes_another_table(cache):
    build = Builder()
    get(build, 150), get(build, 151), get(build, 150.0000001)
    assert build.calls == 3


def test_key_does_not_depend_on_the_order_and_tells_the_nearest_numbers_apart():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of({"a": 0.1}) != key_of({"a": np.nextafter(0.1, 1)})


def truncate(folder):
    path = folder / "height.npy"
    path.write_bytes(path.read_bytes()[:-8])


def garble_head(folder):
    path = folder / "height.npy"
    path.write_bytes(b"\0" * path.stat().st_size)


def other_shape(folder):
    path = folder / "count.npy"
    with open(path, "wb") as file:
        np.save(file, np.array([[1, 2, 3]], np.int32))


DAMAGES = {
    "an array cut short": truncate,
    "an array of zeros": garble_head,
    "an array missing": lambda folder: (folder / "height.npy").unlink(),
    "an array of another shape": other_shape,
    "no index": lambda folder: (folder / "table.json").unlink(),
    "an index cut short": lambda folder: (folder / "table.json").write_text((folder / "table.json").read_text()[:20]),
    "an index of nothing": lambda folder: (folder / "table.json").write_text("{}"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_table_is_built_again(cache, damage):
    build = Builder()
    get(build)
    (folder,) = (cache / "corridor").iterdir()
    DAMAGES[damage](folder)
    assert np.array_equal(get(build)["height"], Builder()()["height"]) and build.calls == 2
    get(build)
    assert build.calls == 2, "and it is whole again"


@pytest.mark.parametrize("index", ["[]", '{"arrays": []}', "7"])
def test_index_that_is_no_object_is_built_again(cache, index):
    get(Builder())
    next(cache.rglob("table.json")).write_text(index)
    build = Builder()
    get(build)
    assert build.calls == 1


def test_index_is_written_last_and_says_what_shaped_the_table(cache):
    get(Builder())
    (folder,) = (cache / "corridor").iterdir()
    assert json.loads((folder / "table.json").read_text())["shape"] == {"degree": 150, "site": [60.5, -4.6]}
    assert sorted(path.name for path in folder.iterdir()) == ["count.npy", "height.npy", "table.json"]


def test_failed_build_leaves_nothing_that_looks_like_a_table(cache):
    def fail():
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        get(fail)
    build = Builder()
    get(build)
    assert build.calls == 1


def test_interrupted_write_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "flight.json"
    path.write_text("old")

    def fail(part):
        part.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, fail)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["flight.json"]


def test_write_makes_the_folder_and_replaces_the_file(tmp_path):
    path = tmp_path / "a" / "b" / "flight.json"
    for text in ("one", "two"):
        write_atomically(path, lambda part, text=text: part.write_text(text) and None)
        assert path.read_text() == text
    assert [p.name for p in path.parent.iterdir()] == ["flight.json"]


def test_folder_that_cannot_be_written_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PeriluneError, match=r"file: cannot write here \(.*\); choose another folder"):
        write_atomically(tmp_path / "file" / "flight.json", lambda part: None)


def test_full_disk_is_one_clear_sentence_and_leaves_no_part(tmp_path):
    def full(part):
        raise OSError(28, "No space left on device")

    with pytest.raises(PeriluneError, match="No space left on device"):
        write_atomically(tmp_path / "flight.json", full)
    assert list(tmp_path.iterdir()) == []


def test_missing_or_damaged_data_is_refused_by_its_checksum(tmp_path):
    path = tmp_path / "data.bin"
    with pytest.raises(PeriluneError, match="missing"):
        check_md5(path, "900150983cd24fb0d6963f7d28e17f72")
    path.write_bytes(b"abc")  # RFC 1321 gives the md5 of "abc"
    check_md5(path, "900150983cd24fb0d6963f7d28e17f72")
    path.write_bytes(b"abd")
    with pytest.raises(PeriluneError, match="damaged"):
        check_md5(path, "900150983cd24fb0d6963f7d28e17f72")
