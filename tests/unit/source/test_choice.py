"""Which files an operation takes of the work tree, or of a commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_gage.git import open_repository
from git_gage.source.choice import (
    Choice,
    candidates_in_commit,
    candidates_in_tree,
    expand_ignored,
)
from git_gage.source.patterns import Candidate
from tests.support import git, write_files


def candidate(path: bytes, size: int = 10, start: bytes = b"text") -> Candidate:
    return Candidate(path, size, lambda: start)


def test_patterns_are_of_the_projects_folder() -> None:
    choice = Choice(b"sub/", ("*.py", "*.zzz"), frozenset([b"sub/conf.json", b"sub/big.py"]))
    files = [b"a.py", b"sub/b.py", b"sub/c.txt", b"sub/conf.json"]
    found = choice.divide(candidate(path) for path in files)
    assert found.files == {b"sub/b.py", b"sub/conf.json", b"sub/big.py"}
    assert found.unused == ("*.zzz",)


def test_what_a_limit_leaves_out_is_named_but_for_config_files() -> None:
    choice = Choice(b"", ("* size<5",), frozenset([b"conf"]))
    assert choice.divide([candidate(b"big"), candidate(b"conf")]).left_out == ((b"big", "size<5"),)
    defaults = Choice(b"", None).divide([candidate(b"x.bin", start=b"\0")])
    assert defaults.left_out == ((b"x.bin", "binary file"),)


@pytest.mark.parametrize(
    ("pattern", "ignored", "named"),
    [
        ("data/*.csv", b"data/", True),
        ("data", b"data/", True),
        ("data/x.csv", b"data/x.csv", True),
        ("./data/a/*", b"data/a/", True),
        ("data/deep/x.csv", b"data/", True),
        ("**/*.csv", b"data/", False),
        ("*.csv", b"x.csv", False),
        ("src/*.py", b"src/build/", False),
        ("-data", b"data/", False),
        ("regex:data/.*", b"data/", False),
        ("database", b"data/", False),
    ],
)
def test_only_a_name_reaches_into_what_git_ignores(
    pattern: str, ignored: bytes, named: bool
) -> None:
    assert Choice(b"", (pattern,)).names_ignored(ignored) is named


def test_config_files_are_taken_though_git_ignores_them() -> None:
    assert Choice(b"", None, frozenset([b".conf"])).names_ignored(b".conf")


def test_ignored_folders_are_looked_through_but_for_caches(tmp_path: Path) -> None:
    files = {"data/a/x": "1", "data/.git/y": "2", "data/__pycache__/z.pyc": "3", "data/q.pyc": "4"}
    write_files(tmp_path, files)
    choice = Choice(b"", ("data/**/*", "one", "__pycache__"))
    ignored = (b"data/", b"one", b"other/", b"__pycache__/")
    assert list(expand_ignored(tmp_path, ignored, choice)) == [b"data/a/x", b"one"]


def test_a_file_that_goes_while_we_look_is_none(tmp_path: Path) -> None:
    write_files(tmp_path, {"here": "text"})
    (found,) = candidates_in_tree(tmp_path, [b"here", b"gone"])
    assert (found.path, found.size, found.read_start()) == (b"here", 4, b"text")
    (tmp_path / "here").unlink()
    assert found.read_start() == b""


def test_files_of_a_commit_are_looked_at_alike(repo: Path) -> None:
    write_files(repo, {"a.py": "x = 1\n", "b/c.bin": b"\0\1", "big": b"x" * 3_000_000})
    git(repo, "add", "-A")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    git(repo, "commit", "-q", "-m", "files")
    found = {
        each.path: (each.size, each.read_start())
        for each in candidates_in_commit(open_repository(repo, {}), "HEAD")
    }
    assert found[b"b/c.bin"] == (2, b"\0\1")
    assert found[b"a.py"] == (6, b"x = 1\n")
    assert found[b"big"] == (3_000_000, b"x" * 1024)
    assert b"module" not in found
