"""Trees of others are counted before they are walked."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from git_gage.errors import GitError, IntegrityError
from git_gage.git import Repository, open_repository
from git_gage.git.imports import Commit, import_commits
from git_gage.git.network import ask_remote
from git_gage.git.trees import (
    FILE,
    FOLDER,
    LINK,
    PROGRAM,
    SUBMODULE,
    TooLargeError,
    TreeReader,
    parse_tree,
)
from tests.git.hostile import Entry, Stranger
from tests.support import commit, git, write_files


@pytest.fixture
def stranger(repo: Path) -> Stranger:
    return Stranger(repo)


@pytest.fixture
def reader(repo: Path) -> TreeReader:
    return TreeReader(open_repository(repo, dict(os.environ)))


def test_files_and_changes_are_what_git_says(repo: Path, reader: TreeReader) -> None:
    one = git(repo, "rev-parse", "HEAD").strip()
    write_files(repo, {"a/b/c.txt": "1\n", "a/d.txt": "2\n", "train.py": "new\n", "x": "3\n"})
    os.symlink("x", repo / "link")
    (repo / "x").chmod(0o755)
    other = commit(repo)
    for tree in (one, other):
        listed = git(repo, "ls-tree", "-r", tree).splitlines()
        found = reader.list_files(tree)
        assert sorted(listed) == sorted(
            f"{each.mode.decode()} blob {each.oid}\t{each.path.decode()}" for each in found
        )
    changed = {each.path.decode() for each in reader.list_changes(one, other)}
    assert changed == set(git(repo, "diff", "--name-only", one, other).split())
    assert reader.list_changes(other, other) == []


def test_a_bomb_is_counted_and_not_walked(stranger: Stranger, reader: TreeReader) -> None:
    plain = stranger.files(b"a")
    for bomb in (stranger.bomb(), stranger.bomb(leaf=stranger.tree())):
        with pytest.raises(TooLargeError, match="more than 100,000 entries"):
            reader.list_files(bomb)
        with pytest.raises(TooLargeError, match=r"what differs .* more than 100,000 entries"):
            reader.list_changes(plain, bomb)
    # What they share is not looked into.
    one, other = (stranger.tree(Entry("40000", b"x", stranger.bomb())) for _ in range(2))
    assert reader.list_changes(one, other) == []


def test_a_tree_too_deep_or_with_paths_too_long(stranger: Stranger, reader: TreeReader) -> None:
    with pytest.raises(TooLargeError, match="more than 64 levels"):
        reader.list_files(stranger.files(b"/".join([b"d"] * 65)))
    assert len(reader.list_files(stranger.files(b"/".join([b"d"] * 64)))) == 1
    wide = stranger.tree(*(Entry("100644", b"%04d" % number, "1" * 40) for number in range(3000)))
    for _ in range(60):
        wide = stranger.tree(Entry("40000", b"n" * 250, wide))
    with pytest.raises(TooLargeError, match="more than 100,000 entries"):
        reader.list_files(wide)


def test_a_tree_object_is_not_loaded_before_its_size_is_known(
    stranger: Stranger, reader: TreeReader
) -> None:
    tree = stranger.files(b"a", b"b")
    with pytest.raises(TooLargeError, match=r"has [0-9]+ bytes"):
        reader.read([f"{tree}^{{tree}}"], most=10)
    with pytest.raises(GitError, match="it is not here"):
        reader.list_files("1" * 40)


def test_modes_are_the_five_that_git_knows() -> None:
    modes = {
        b"100644": FILE,
        b"100664": FILE,
        b"100600": FILE,
        b"104755": PROGRAM,
        b"100777": PROGRAM,
        b"120000": LINK,
        b"40000": FOLDER,
        b"040000": FOLDER,
        b"160000": SUBMODULE,
        b"060000": SUBMODULE,
        b"9": SUBMODULE,
        b"x": SUBMODULE,
    }
    content = b"".join(b"%s %s\0%s" % (mode, mode, bytes(20)) for mode in modes)
    assert {each.path: each.mode for each in parse_tree(content, 20)} == modes


@pytest.mark.parametrize(
    "content",
    [
        b"100644",
        b"100644 a",
        b"100644 a\0" + bytes(19),
        b"100644 a/b\0" + bytes(20),
        b"100644 \0" + bytes(20),
    ],
)
def test_a_damaged_tree_is_said(content: bytes) -> None:
    with pytest.raises(IntegrityError, match="damaged"):
        parse_tree(content, 20)


def test_objects_of_another_kind_or_size_are_not_loaded(repo: Path) -> None:
    opened = open_repository(repo, dict(os.environ))
    blob, tree = (git(repo, "rev-parse", name).strip() for name in ("HEAD:train.py", "HEAD^{tree}"))
    found = list(opened.read_within([tree, "1" * 40, blob, f"{tree}:none"], "blob", 10_000))
    assert [(each.name, each.kind) for each in found] == [(tree, "tree"), (blob, "blob")]
    assert found[0].content is None
    assert found[1].content == (repo / "train.py").read_bytes()
    assert [each.content for each in opened.read_within([blob], "blob", 10)] == [None]
    assert list(opened.read_within([], "blob", 10)) == []


def test_a_damaged_object_is_said(repo: Path) -> None:
    opened = open_repository(repo, dict(os.environ))
    oid = git(repo, "rev-parse", "HEAD:train.py").strip()
    path = repo / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(GitError, match="ended early"):
        list(opened.read_within([oid, oid, oid], "blob", 10_000))


def test_one_git_reads_for_as_long_as_it_is_told(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_repository(repo, dict(os.environ))
    started: list[subprocess.Popen[bytes]] = []
    start = Repository._cat_file

    def note(self: Repository, mode: str, env: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
        started.append(start(self, mode, env))
        return started[-1]

    def write(content: str) -> str:
        return git(repo, "hash-object", "-w", "--stdin", input=content).strip()

    def read(*names: str) -> list[bytes | None]:
        return [each.content for each in opened.read_within(names, "blob", 10_000)]

    monkeypatch.setattr(Repository, "_cat_file", note)
    one, two = write("1"), git(repo, "rev-parse", "HEAD:train.py").strip()
    with opened.reading(), opened.reading():
        assert read(one, two) == [b"1", (repo / "train.py").read_bytes()]
        assert next(opened.read_within([one, two], "blob", 10)).content == b"1"
        assert read(one, write("3")) == [b"1", b"3"]
        assert len(started) == 1

        # One question within another, and one that git stops at.
        assert [read(each.name) for each in opened.read_within([one], "blob", 10)] == [[b"1"]]
        path = repo / ".git" / "objects" / two[:2] / two[2:]
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:40])
        with pytest.raises(GitError, match="ended early"):
            read(one, two)
        assert read(one) == [b"1"]
        assert read(one) == [b"1"]
        assert len(started) == 2
    assert all(process.returncode is not None for process in started)
    assert read(one) == [b"1"]
    assert len(started) == 3


def test_refs_are_listed_once_until_one_may_have_moved(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_repository(repo, dict(os.environ))
    head = git(repo, "rev-parse", "HEAD").strip()
    asked: list[Sequence[str]] = []
    ask = Repository._find_refs

    def note(self: Repository, prefixes: Sequence[str]) -> dict[str, str]:
        asked.append(prefixes)
        return ask(self, prefixes)

    def names(*prefixes: str) -> list[str]:
        return [name.removeprefix("refs/a/") for name in opened.list_refs(*prefixes)]

    monkeypatch.setattr(Repository, "_find_refs", note)
    for name in ("refs/a/one", "refs/a/one-more", "refs/ab/two"):
        git(repo, "update-ref", name, head)
    with opened.reading("refs/a"):
        assert names("refs/a") == ["one", "one-more"]
        assert (names("refs/a/one"), names("refs/a/one/")) == (["one"], [])
        assert names("refs/a", "refs/a/none") == ["one", "one-more"]
        assert len(asked) == 1
        # What others write is seen when it is asked for; what we write is seen at once.
        git(repo, "update-ref", "refs/a/three", head)
        opened.object_sizes([head])
        assert names("refs/a") == ["one", "one-more"]
        opened.forget_refs()
        assert names("refs/a") == ["one", "one-more", "three"]
        opened.run("update-ref", "-d", "refs/a/one")
        assert names("refs/a") == ["one-more", "three"]
        import_commits(opened, [Commit("refs/a/four", "new")])
        assert names("refs/a") == ["four", "one-more", "three"]
        ask_remote(opened, "fetch", ".", "refs/ab/two:refs/a/two", listen=print)
        assert names("refs/a") == ["four", "one-more", "three", "two"]
        with pytest.raises(GitError):
            opened.run("update-ref", "--stdin", input=b"delete refs/a/four\nno such order\n")
        assert len(asked) == 5
        assert names("refs/a") == ["four", "one-more", "three", "two"]
        # git looks for patterns, and for all that is elsewhere.
        assert names("refs/a*/two") == names("refs/a/**", "refs/ab")[3:] == ["two", "refs/ab/two"]
        assert "refs/ab/two" in opened.list_refs("refs/a", "refs/ab")
        assert "refs/ab/two" in opened.list_refs()
    assert names("refs/a") == names("refs/a")
    assert len(asked) == 12
