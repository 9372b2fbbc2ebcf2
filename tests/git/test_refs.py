"""Refs are read from git's files as git itself lists them, whatever happens to them meanwhile."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_gage.git import open_repository
from git_gage.git.refs import OddRefsError, read_refs
from tests.support import git, make_repo, scale

SPACES = ("refs/gage/", "refs/gage-in/", "refs/gage-remotes/")


def listed(repo: Path, *folders: str) -> dict[str, str]:
    out = git(repo, "for-each-ref", "--format=%(refname) %(objectname)", *folders)
    return dict(line.split(" ") for line in out.splitlines())


def seen(repo: Path, *folders: str) -> dict[str, str]:
    return read_refs(repo / ".git", folders or SPACES, 40)


@pytest.fixture
def oids(repo: Path) -> list[str]:
    made = [git(repo, "hash-object", "-w", "--stdin", input=word).strip() for word in "abc"]
    git(repo, "pack-refs", "--all")
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("refs")


NAMES = st.sampled_from(
    [
        *("refs/gage/w/a/1/log", "refs/gage/w/a/2/log", "refs/gage/w/a.b/1/sealed"),
        *("refs/gage-in/x/w/a/1/log", "refs/gage-remotes/origin/w/b/1/src", "refs/gages/one"),
        *("refs/gage-out/x/w/a/1/log", "refs/heads/refs/gage/one", "refs/heads/gage"),
    ]
)
STEPS = st.one_of(
    st.tuples(st.just("set"), NAMES, st.integers(0, 2)),
    st.tuples(st.just("delete"), NAMES, st.just(0)),
    st.tuples(st.just("pack"), st.just(""), st.just(0)),
)


@given(st.lists(STEPS, max_size=12))
def test_whatever_was_done_they_are_as_git_lists_them(
    place: Path, steps: list[tuple[str, str, int]]
) -> None:
    repo = make_repo(place / str(len(list(place.iterdir()))))
    oids = [git(repo, "hash-object", "-w", "--stdin", input=word).strip() for word in "abc"]
    for what, name, number in steps:
        if what == "set":
            git(repo, "update-ref", name, oids[number], ok=(0, 128))
        elif what == "delete":
            git(repo, "update-ref", "-d", name)
        else:
            git(repo, "pack-refs", "--all")
    found = seen(repo)
    assert found == listed(repo, *SPACES)
    assert list(found) == list(listed(repo, *SPACES))


def test_none_is_missed_while_another_git_writes_and_packs(repo: Path, oids: list[str]) -> None:
    """A ref that is there all the time is seen each time, and as nothing that it never was."""
    names = [f"refs/gage/w/lane/{number}/log" for number in range(5)]
    for name in names:
        git(repo, "update-ref", name, oids[0])
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            for oid in oids:
                orders = "".join(f"update {name} {oid}\n" for name in names)
                orders += f"update refs/gage/w/other/1/log {oid}\n"
                git(repo, "update-ref", "--stdin", input=orders)
                git(repo, "pack-refs", "--all", "--prune")
            git(repo, "update-ref", "-d", "refs/gage/w/other/1/log")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(scale(500, 20_000)):
            found = seen(repo, "refs/gage/")
            assert set(names) <= found.keys()
            assert set(found.values()) <= set(oids)
    finally:
        ended.set()
        writer.join()
    assert seen(repo) == listed(repo, *SPACES)


def test_what_is_odd_is_left_to_git(repo: Path, oids: list[str], tmp_path: Path) -> None:
    opened = open_repository(repo, dict(os.environ))
    git(repo, "update-ref", "refs/gage/one", oids[0])
    (repo / ".git/refs/gage/two.lock").write_text(oids[1])
    assert opened.list_refs("refs/gage") == {"refs/gage/one": oids[0]}
    folder = repo / ".git/refs/gage"
    for name, content in (
        ("two", "ref: refs/heads/main\n"),
        ("two", ""),
        ("two", "what\n"),
        ("two", f"{oids[0]}0\n"),
        ("zwölf", f"{oids[1]}\n"),
        ("two..three", f"{oids[1]}\n"),
    ):
        (folder / name).write_text(content)
        with pytest.raises(OddRefsError):
            seen(repo)
        assert opened.list_refs("refs/gage") == listed(repo, "refs/gage")
        (folder / name).unlink()
    (folder / "two").symlink_to("one")
    with pytest.raises(OddRefsError):
        seen(repo)
    (folder / "two").unlink()
    # One that is a ref is no folder.
    for _ in range(2):
        assert opened.list_refs("refs/gage/one") == {"refs/gage/one": oids[0]}
        with pytest.raises((OddRefsError, NotADirectoryError)):
            seen(repo, "refs/gage/one/")
        git(repo, "pack-refs", "--all")
    packed = repo / ".git/packed-refs"
    packed.write_text(packed.read_text().removesuffix("\n"))
    assert seen(repo) == {"refs/gage/one": oids[0]}
    packed.unlink()
    assert seen(repo) == {}


def test_a_ref_that_is_packed_as_it_is_read_is_found(
    repo: Path, oids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repo, "update-ref", "refs/gage/w/a/1/log", oids[0])
    listing = os.scandir

    def pack(path: str) -> list[os.DirEntry[str]]:
        found = list(listing(path))
        if path.endswith("/1"):
            git(repo, "pack-refs", "--all", "--prune")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", pack)
        assert seen(repo) == {"refs/gage/w/a/1/log": oids[0]}


def test_a_repository_with_a_table_of_refs_is_asked(tmp_path: Path) -> None:
    repo = tmp_path / "table"
    words = ["git", "init", "-q", "--ref-format=reftable", str(repo)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        repo = make_repo(repo)
        (repo / ".git/reftable").mkdir()
        with pytest.raises(OddRefsError):
            seen(repo)
        return
    oid = git(repo, "hash-object", "-w", "--stdin", input="a").strip()
    git(repo, "update-ref", "refs/gage/one", oid)
    with pytest.raises(OddRefsError):
        seen(repo)
    assert open_repository(repo, dict(os.environ)).list_refs("refs/gage") == {"refs/gage/one": oid}
