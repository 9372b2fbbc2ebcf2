"""What the git program says, and what is done where it says nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from git_gage.errors import FREE_SPACE, GitError
from git_gage.git import open_repository
from git_gage.git.repository import _Reader, git_error
from git_gage.runs.files import _given_paths
from git_gage.store import Store
from tests.support import git


@pytest.mark.parametrize("program", [":", "read question"])
def test_a_git_that_dies_in_between_is_told(program: str) -> None:
    process = subprocess.Popen(["sh", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if program == ":":
        process.wait()
    reader = _Reader(process)
    with pytest.raises(GitError, match="ended early"):
        reader.read("1" * 40, "blob", 10)
    assert not reader.is_idle
    reader.close()


def test_what_git_cannot_do_says_what_to_do() -> None:
    """A full disk, and a git that was killed."""
    for words, hint in (
        ("unable to write symref for HEAD: No space left on device", "free some space and try"),
        ("Unable to create '/x.lock': File exists.", "another git is at work there"),
        ("Unable to create '/a b/packed-refs.lock': File exists.", "another git is at work there"),
        ("unable to create file /a b/packed-refs.new: File exists", "another git is at work there"),
        ("not so", ""),
    ):
        error = git_error(["init", "-q"], 128, f"fatal: {words}\n".encode())
        assert error.message == f"git init -q: {words}"
        assert (error.hint or "").startswith(hint)
        way = ": rm -f '/a b/packed-refs.lock' '/a b/packed-refs.new'"
        assert (error.hint or "").endswith(way) == ("packed-refs" in words)


def test_a_ref_that_a_full_disk_does_not_take_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"cannot update ref 'refs/gage/x': couldn't write '{tmp_path}/refs/gage/x.lock'"
    free = {str(tmp_path / "refs/gage"): 4096}

    def look(path: str) -> SimpleNamespace:
        if path not in free:
            raise FileNotFoundError(path)
        return SimpleNamespace(free=free[path])

    monkeypatch.setattr(shutil, "disk_usage", look)
    assert git_error(["fast-import"], 1, said.encode()).hint == FREE_SPACE
    free.clear()
    assert git_error(["fast-import"], 1, said.encode()).hint is None
    free[str(tmp_path / "refs/gage")] = 1 << 30
    assert git_error(["fast-import"], 1, said.encode()).hint is None


def test_record_blobs_that_are_not_here_or_too_large_give_no_lines(repo: Path) -> None:
    store = Store(open_repository(repo, dict(os.environ)))
    large = git(repo, "hash-object", "-w", "--stdin", input="x" * (1 << 20) + "x").strip()
    small = git(repo, "hash-object", "-w", "--stdin", input="a\nb\n").strip()
    assert list(store.read_lines([large, "1" * 40, small])) == [(small, [b"a", b"b"])]


@pytest.mark.parametrize("snapshot", [None, "--help", "1" * 40])
def test_of_a_source_that_is_not_here_no_file_is_known(repo: Path, snapshot: str | None) -> None:
    document = {"ended": None, "source": {"linked": [{"path": "data/"}], "snapshot": snapshot}}
    opened = open_repository(repo, dict(os.environ))
    assert _given_paths(opened, document, repo) == {b".git", b"data"}
