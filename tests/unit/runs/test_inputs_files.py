"""The files below a folder: found in order, measured, and known again without being read."""

from __future__ import annotations

import errno
import hashlib
import os
import time
import tracemalloc
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from git_gage.runs.inputs import hashes
from git_gage.runs.inputs.hashes import DOS_TO_UNIX, Hashed, hash_files
from git_gage.runs.inputs.model import InputError
from git_gage.runs.inputs.walk import walk_files
from tests.support import scale, write_files


def walked(top: Path) -> tuple[list[bytes], list[bytes]]:
    """Paths found, and those left out."""
    left_out: list[bytes] = []
    return list(walk_files(os.fsencode(top), left_out.append)), left_out


def later() -> float:
    """A time at which no file is new any more."""
    return time.time() + 60


def digests(top: Path, cache: Path, *names: bytes) -> dict[bytes, str]:
    found = hash_files(os.fsencode(top), names, cache, clock=later)
    return {each.path: each.digest for each in found}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Paths of the files that are read."""
    found = []
    hash_file = hashes._hash_file

    def counted(path: bytes, *rest: object) -> str:
        found.append(os.path.basename(path))
        return hash_file(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(hashes, "_hash_file", counted)
    return found


class _FullDisk(FileIO):
    def write(self, _data: object) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")


# -- finding ----------------------------------------------------------------------------------


def test_paths_come_sorted_as_bytes(tmp_path: Path) -> None:
    names = ("a/b", "a-b", "a.b", "z", "é", "a/c/d", ".git/x")
    write_files(tmp_path, dict.fromkeys(names, ""))
    expected = ["a-b", "a.b", "a/b", "a/c/d", "z", "é"]
    assert walked(tmp_path) == ([name.encode() for name in expected], [])


def test_links_are_followed_but_not_round_in_circles(tmp_path: Path) -> None:
    write_files(tmp_path, {"data/deep/x": "", "other/y": ""})
    (tmp_path / "data/up").symlink_to(tmp_path / "data")
    (tmp_path / "data/deep/round").symlink_to("../deep")
    (tmp_path / "data/gone").symlink_to("nowhere")
    (tmp_path / "data/file").symlink_to("../other/y")
    (tmp_path / "data/folder").symlink_to("../other")
    os.mkfifo(tmp_path / "data/pipe")
    found, left_out = walked(tmp_path / "data")
    assert found == [b"deep/x", b"file", b"folder/y"]
    assert sorted(left_out) == [b"deep/round", b"gone", b"pipe", b"up"]


def test_a_folder_can_be_skipped(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/x": "", "b/y": ""})
    skip = {os.fsencode(tmp_path / "a")}
    left_out: list[bytes] = []
    assert list(walk_files(os.fsencode(tmp_path), left_out.append, skip)) == [b"b/y"]
    assert not left_out


@settings(max_examples=scale(25, 500))
@given(
    st.sets(
        st.lists(st.sampled_from(["a", "a-", "a.", "b", "a b"]), min_size=1, max_size=4).map(tuple),
        max_size=8,
    )
)
def test_any_folder_is_walked_in_order(names: set[tuple[str, ...]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        for parts in names:
            path = top.joinpath(*parts[:-1])
            path.mkdir(parents=True, exist_ok=True)
            (path / f"{parts[-1]}.f").touch()
        found, left_out = walked(top)
    assert found == sorted(os.fsencode("/".join(parts)) + b".f" for parts in names)
    assert not left_out


# -- measuring --------------------------------------------------------------------------------


def test_files_are_not_read_again_while_nobody_touches_them(
    tmp_path: Path, reads: list[bytes]
) -> None:
    write_files(tmp_path / "data", {"a": "1", "b": "2", "d": "4"})
    cache = tmp_path / "cache/files"
    first = digests(tmp_path / "data", cache, b"a", b"b", b"d")
    assert first[b"a"] == hashlib.sha256(b"1").hexdigest()
    write_files(tmp_path / "data", {"b": "22", "c": "3"})
    (tmp_path / "data/a").unlink()
    reads.clear()
    second = digests(tmp_path / "data", cache, b"b", b"c", b"d")
    assert reads == [b"b", b"c"]
    assert second == {
        b"b": hashlib.sha256(b"22").hexdigest(),
        b"c": hashlib.sha256(b"3").hexdigest(),
        b"d": first[b"d"],
    }


def test_a_file_that_may_change_again_unseen_is_read_again(
    tmp_path: Path, reads: list[bytes]
) -> None:
    write_files(tmp_path, {"a": "1"})
    for _ in range(2):
        (found,) = hash_files(os.fsencode(tmp_path), [b"a"], tmp_path / "cache")
        assert found == Hashed(
            b"a", hashlib.sha256(b"1").hexdigest(), 1, (tmp_path / "a").stat().st_mtime_ns
        )
    assert reads == [b"a", b"a"]


def test_damaged_notes_are_made_anew(
    tmp_path: Path, reads: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "_CHUNK", 7)
    write_files(tmp_path, {"a": "1", "b": "2"})
    cache = tmp_path / "cache"
    first = digests(tmp_path, cache, b"a", b"b")
    cache.write_bytes(cache.read_bytes().replace(first[b"b"].encode(), b"0" * 64))
    reads.clear()
    assert digests(tmp_path, cache, b"a", b"b") == first
    assert reads == [b"b"]


def test_notes_that_cannot_be_written_are_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"a": "1", "b": "2", "plain": ""})
    expected = {b"a": hashlib.sha256(b"1").hexdigest(), b"b": hashlib.sha256(b"2").hexdigest()}
    monkeypatch.setattr(hashes, "_BATCH", 1)
    # The folder for the notes cannot be made.
    assert digests(tmp_path, tmp_path / "plain/cache", b"a", b"b") == expected
    # They cannot take their place.
    (tmp_path / "taken/x").mkdir(parents=True)
    assert digests(tmp_path, tmp_path / "taken", b"a", b"b") == expected
    # The disk is full.
    monkeypatch.setattr(hashes, "FileIO", _FullDisk)
    assert digests(tmp_path, tmp_path / "full", b"a", b"b") == expected
    assert not (tmp_path / "full").exists()


def test_a_walk_that_is_given_up_keeps_the_notes_of_the_last_one(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": "1", "b": "2"})
    cache = tmp_path / "notes/cache"
    digests(tmp_path, cache, b"a", b"b")
    before = cache.read_bytes()
    walk = hash_files(os.fsencode(tmp_path), [b"a", b"b"], cache, clock=later)
    next(walk)
    walk.close()
    assert cache.read_bytes() == before
    assert os.listdir(cache.parent) == ["cache"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe' is not a plain file"):
        digests(tmp_path, tmp_path / "cache", b"pipe")


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"log": "1"})
    stamp = hashes._stamp

    def grow(path: bytes, found: os.stat_result) -> object:
        with open(path, "ab") as file:
            file.write(b"2")
        return stamp(path, found)

    monkeypatch.setattr(hashes, "_stamp", grow)
    with pytest.raises(InputError, match="log' changes while it is read"):
        digests(tmp_path, tmp_path / "cache", b"log")


def test_an_old_dvc_left_out_the_cr_of_texts(tmp_path: Path) -> None:
    write_files(tmp_path, {"bin": b"\0\r\n", "empty": b"", "text": b"a\r\nb\r\n"})
    found = hash_files(
        os.fsencode(tmp_path),
        [b"bin", b"empty", b"text"],
        tmp_path / "cache",
        algorithm=DOS_TO_UNIX,
    )
    assert [each.digest for each in found] == [
        hashlib.md5(content).hexdigest() for content in (b"\0\r\n", b"", b"a\nb\n")
    ]


# -- large folders ----------------------------------------------------------------------------


def peak_bytes(top: Path, cache: Path) -> int:
    """Memory that it takes to measure all files of a folder."""
    tracemalloc.start()
    paths = walk_files(os.fsencode(top), print)
    count = sum(1 for _ in hash_files(os.fsencode(top), paths, cache, clock=later))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count
    return peak


def test_many_files_are_never_all_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "_BATCH", 20)
    monkeypatch.setattr(hashes, "_CHUNK", 4096)
    names = [f"{folder:03d}/{name:02d}" for folder in range(75) for name in range(20)]
    write_files(tmp_path / "many", dict.fromkeys(names, ""))
    for _ in range(2):  # without notes of the last time, and with them
        # Less than the digests alone would take.
        assert peak_bytes(tmp_path / "many", tmp_path / "cache") < 113 * len(names)
