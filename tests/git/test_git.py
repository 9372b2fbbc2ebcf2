"""The door to git: what it is told, and what it is made to say."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from git_gage.errors import ConflictError, GitError, RequestError
from git_gage.git import open_repository, quarantine
from git_gage.git.imports import ATTEMPTS, Commit, import_commits
from git_gage.git.quarantine import (
    STALE_S,
    adopt_objects,
    drop_stale_keeps,
    quarantine_environ,
    release_kept,
)
from tests.support import gage_inside, git, make_repo

REF = "refs/gage/w/lane/202611-01/log"


def test_a_ref_that_moved_away_is_not_overwritten(repo: Path) -> None:
    opened = open_repository(repo, os.environ)
    head = git(repo, "rev-parse", "HEAD").strip()
    import_commits(opened, [Commit(REF, "first", files=(("a", b"1"),))])
    with pytest.raises(ConflictError):
        import_commits(opened, [Commit(REF, "second", parent=head, files=(("a", b"2"),))])
    assert git(repo, "show", f"{REF}:a") == "1"


def test_what_git_refuses_is_said_and_leaves_no_report_behind(repo: Path) -> None:
    opened = open_repository(repo, os.environ)
    big = Commit(REF, "x", parent="0123", files=tuple((f"f{n}", b"x" * 70_000) for n in range(9)))
    with pytest.raises(GitError, match="git fast-import"):
        import_commits(opened, [big])
    assert list((repo / ".git").glob("fast_import_crash_*")) == []


def make_quarantine(repo: Path, folder: Path) -> str:
    """A blob that is in a quarantine alone."""
    (folder / "objects").mkdir(parents=True)
    opened = open_repository(repo, os.environ)
    env = quarantine_environ(opened, folder)
    return (
        opened.run("hash-object", "-w", "--stdin", input=b"quarantined", env=env).decode().strip()
    )


@pytest.mark.parametrize("name", ["plain", "with:colon", '"quoted'])
def test_objects_enter_as_a_kept_pack(tmp_path: Path, name: str) -> None:
    repo = make_repo(tmp_path / name)
    oid = make_quarantine(repo, tmp_path / "quarantine")
    opened = open_repository(repo, os.environ)
    keep = adopt_objects(opened, tmp_path / "quarantine")
    assert keep is not None
    git(repo, "gc", "-q", "--prune=now")
    assert git(repo, "cat-file", "-p", oid) == "quarantined"
    release_kept(keep)
    release_kept(None)
    assert adopt_objects(opened, tmp_path / "empty") is None


@pytest.mark.parametrize("name", ["line\nend", "form\x0cfeed", "next\x85line", "\udce9", "\n"])
def test_a_repository_is_found_whatever_its_path_holds(tmp_path: Path, name: str) -> None:
    repo = make_repo(tmp_path / name)
    below = repo / name
    below.mkdir()
    opened = open_repository(below, os.environ)
    found = (opened.git_dir, opened.common_dir, opened.work_tree, opened.prefix)
    assert found == (repo / ".git", repo / ".git", repo, f"{name}/")
    git(tmp_path, "init", "-q", "--bare", f"{name}.git")
    bare = open_repository(tmp_path / f"{name}.git", os.environ)
    assert (bare.git_dir, bare.work_tree, bare.bare) == (tmp_path / f"{name}.git", None, True)
    inside = open_repository(repo / ".git", os.environ)
    assert (inside.git_dir, inside.work_tree, inside.bare) == (repo / ".git", None, False)


def test_a_pack_pruned_under_us_is_indexed_again(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_quarantine(repo, tmp_path / "quarantine")
    real = quarantine._index_pack
    failures: list[int] = []

    def pruned(*args: Any) -> bytes:
        if len(failures) < 2:
            failures.append(1)
            raise GitError("git index-pack: gone", stderr="No such file or directory")
        return real(*args)

    monkeypatch.setattr(quarantine, "_index_pack", pruned)
    assert adopt_objects(open_repository(repo, os.environ), tmp_path / "quarantine")
    assert len(failures) == 2


def test_a_pack_pruned_each_time_is_given_up(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_quarantine(repo, tmp_path / "quarantine")
    tries: list[int] = []

    def pruned(*_: Any) -> bytes:
        tries.append(1)
        raise GitError("git index-pack: gone", stderr="No such file or directory")

    monkeypatch.setattr(quarantine, "_index_pack", pruned)
    with pytest.raises(GitError, match="gone"):
        adopt_objects(open_repository(repo, os.environ), tmp_path / "quarantine")
    assert len(tries) == ATTEMPTS


def test_another_failure_is_not_tried_again(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_quarantine(repo, tmp_path / "quarantine")

    def full(*_: Any) -> bytes:
        raise GitError("git index-pack: full", stderr="No space left on device")

    monkeypatch.setattr(quarantine, "_index_pack", full)
    with pytest.raises(GitError, match="full"):
        adopt_objects(open_repository(repo, os.environ), tmp_path / "quarantine")


def test_keep_notes_of_the_dead_go_after_an_hour(repo: Path) -> None:
    packs = repo / ".git/objects/pack"
    packs.mkdir(exist_ok=True)
    git(repo, "repack", "-adq")
    (whole,) = packs.glob("*.pack")
    notes = {
        "pack-1.keep": "fast-import\n",
        "pack-2.keep": "somebody else's\n",
        whole.with_suffix(".keep").name: "git-gage\n",
        "pack-4.keep": "git-gage\n",
    }
    for name, note in notes.items():
        (packs / name).write_text(note)
    (packs / "pack-1.pack").write_bytes(b"half")
    (packs / "pack-4.keep").touch()
    opened = open_repository(repo, os.environ)
    drop_stale_keeps(opened, time.time())
    assert len(list(packs.glob("*.keep"))) == 4
    drop_stale_keeps(opened, time.time() + STALE_S + 1)
    assert [path.name for path in packs.glob("*.keep")] == ["pack-2.keep"]
    assert not (packs / "pack-1.pack").exists()
    assert whole.exists()


def test_what_is_no_repository_says_what_git_says(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("nonsense")
    with pytest.raises(RequestError, match="invalid gitfile format"):
        open_repository(tmp_path, os.environ)


def test_a_repository_of_a_newer_git_is_named_as_such(repo: Path) -> None:
    git(repo, "config", "core.repositoryFormatVersion", "1")
    git(repo, "config", "extensions.refsInTheSky", "true")
    done = gage_inside(repo, "list")
    assert done.code == 128
    assert done.err == (
        "fatal: unknown repository extension found: refsinthesky\n"
        "hint: a newer git made this repository: upgrade git, then run 'git gage doctor'\n"
    )


def test_an_object_that_is_missing_is_told_and_the_others_are_read(repo: Path) -> None:
    here = open_repository(repo, dict(os.environ))
    tree = git(repo, "rev-parse", "HEAD^{tree}").strip()
    missing = "1" * len(tree)
    found = [(oid, kind) for oid, kind, _ in here.read_objects([missing, tree])]
    assert found == [(missing, None), (tree, "tree")]


def test_no_git_at_all(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no 'git' program on PATH"):
        open_repository(tmp_path, {"PATH": str(tmp_path)})
