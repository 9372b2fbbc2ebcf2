"""Repositories of every shape: the source is captured, or what can't be is said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from git_gage.git import open_repository
from git_gage.source import capture_source, rules
from git_gage.source.asking import ask_together
from tests.git.source_story import list_files, restore, take, untouched
from tests.support import clone, commit, git, make_repo, set_identity, write_files


def test_from_a_subdirectory_the_whole_work_tree(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"sub/deep/a.py": "1\n", "top.py": "1\n"})
    for place in (repo / "sub" / "deep", repo / "sub"):
        taken = take(place, tmp_path / place.name)
        assert set(taken.status) == {b"sub/deep/a.py", b"top.py"}
        assert restore(taken, tmp_path / f"{place.name}-restored") == list_files(repo)


def test_linked_worktree(repo: Path, tmp_path: Path) -> None:
    wt = tmp_path / "wt"
    git(repo, "worktree", "add", "-q", "-b", "feature", str(wt))
    write_files(repo, {"train.py": "main's own edit\n"})
    write_files(wt, {"train.py": "1\n", "data.bin": "x\n", ".gitignore": "*.bin\n"})
    git(wt, "add", "train.py")
    with untouched(wt, repo / ".git"), untouched(repo):
        taken = take(wt, tmp_path / "q")
    assert taken.source.branch == "feature"
    assert taken.linked == [b"data.bin"]
    assert restore(taken, tmp_path / "restored")[b"train.py"] == ("file", b"1\n")
    # The worktree itself, when it lies inside of the main one, is a nested repository.
    git(repo, "worktree", "add", "-q", str(repo / "inside"))
    assert take(repo, tmp_path / "q2").left_out == {b"inside/": rules.REPOSITORY}


def test_worktree_of_a_bare_repository(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "wt"), "main")
    write_files(tmp_path / "wt", {"a.py": "1\n"})
    taken = take(tmp_path / "wt", tmp_path / "q")
    assert restore(taken, tmp_path / "restored") == list_files(tmp_path / "wt")


def test_without_commits(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"a.py": "1\n2\n", "b.py": "1\n"}, commit=False)
    git(repo, "add", "a.py")
    with untouched(repo):
        taken = take(repo, tmp_path / "q")
    assert taken.source.commit is None
    assert taken.source.branch == "main"
    assert (taken.source.insertions, taken.source.deletions) == (3, 0)
    assert taken.status == {b"a.py": "A ", b"b.py": "??"}
    assert restore(taken, tmp_path / "restored") == list_files(repo)
    assert not (repo / ".git" / "refs" / "heads" / "main").exists()


def test_without_commits_or_files(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={}, commit=False)
    taken = take(repo, tmp_path / "q")
    assert not taken.source.dirty
    assert taken.source.files == 0
    assert restore(taken, tmp_path / "restored") == {}


def test_detached_head(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    taken = take(repo, tmp_path / "q")
    assert taken.source.branch is None
    assert taken.source.commit == taken.source.snapshot


def test_shallow_clone(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"b.py": "1\n"})
    commit(repo)
    shallow = clone(f"file://{repo}", tmp_path / "shallow", options=("--depth=1",))
    write_files(shallow, {"c.py": "1\n"})
    taken = take(shallow, tmp_path / "q")
    assert taken.source.remote == f"file://{repo}"
    assert restore(taken, tmp_path / "restored") == list_files(shallow)


@pytest.mark.parametrize("where", ["", "hooks"])
def test_bare_repository_has_no_snapshot(repo: Path, tmp_path: Path, where: str) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    taken = take(tmp_path / "bare.git" / where, tmp_path / "q")
    assert taken.source.snapshot is None
    assert taken.source.digest is None
    assert not taken.source.dirty
    assert taken.source.commit == git(repo, "rev-parse", "HEAD").strip()
    assert taken.source.branch == "main"


def test_bare_repository_without_commits(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "bare.git")
    source = take(tmp_path / "bare.git", tmp_path / "q").source
    assert (source.commit, source.branch, source.remote) == (None, "main", None)


def test_sha256_repository(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", options=("--object-format=sha256",))
    write_files(repo, {"a.py": "1\n"})
    (repo / "train.py").unlink()
    taken = take(repo, tmp_path / "q")
    assert len(str(taken.source.snapshot)) == 64
    assert restore(taken, tmp_path / "restored") == list_files(repo)


def test_submodules_are_recorded_not_entered(repo: Path, tmp_path: Path) -> None:
    lib = make_repo(tmp_path / "lib", files={"lib.py": "1\n"})
    allow = ("-c", "protocol.file.allow=always")
    git(repo, *allow, "submodule", "add", "-q", str(lib), "libs/one")
    git(repo, *allow, "submodule", "add", "-q", str(lib), "two")
    commit(repo)
    git(repo, "submodule", "deinit", "-q", "-f", "two")
    first = git(lib, "rev-parse", "HEAD").strip()
    taken = take(repo, tmp_path / "q")
    assert not taken.source.dirty
    assert taken.source.submodules == ((b"libs/one", first), (b"two", first))
    # One that is not checked out has nothing to link.
    assert taken.linked == [b"libs/one/"]

    write_files(repo, {"libs/one/lib.py": "2\n", "libs/one/new.py": "1\n"})
    taken = take(repo, tmp_path / "q2")
    assert taken.status == {b"libs/one": " M"}
    assert taken.source.snapshot == taken.source.commit

    set_identity(repo / "libs" / "one")
    second = commit(repo / "libs" / "one")
    taken = take(repo, tmp_path / "q3")
    assert taken.source.submodules == ((b"libs/one", second), (b"two", first))
    assert taken.source.snapshot != taken.source.commit
    assert (taken.source.insertions, taken.source.deletions) == (1, 1)
    # Only its commit is in the snapshot, nothing of its files.
    assert b"libs/one/lib.py" not in restore(taken, tmp_path / "restored")


def test_submodule_that_can_not_be_read_is_not_linked(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib = make_repo(tmp_path / "lib", files={"lib.py": "1\n"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib), "sub")
    commit(repo)

    def refuse(path: object) -> list[bytes]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    taken = take(repo, tmp_path / "q")
    assert len(taken.source.submodules) == 1
    assert taken.linked == []


def test_submodule_knows_its_superproject(repo: Path, tmp_path: Path) -> None:
    lib = make_repo(tmp_path / "lib", files={"lib.py": "1\n"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib), "sub")
    head = commit(repo)
    write_files(repo / "sub", {"a.py": "1\n"})
    taken = take(repo / "sub", tmp_path / "q")
    assert taken.source.superproject == head
    assert restore(taken, tmp_path / "restored") == list_files(repo / "sub")
    # A repository that merely lies in another one is no submodule of it.
    assert take(make_repo(repo / "other"), tmp_path / "q2").source.superproject is None


def test_deleted_submodule_is_deleted(repo: Path, tmp_path: Path) -> None:
    lib = make_repo(tmp_path / "lib", files={"lib.py": "1\n"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib), "sub")
    commit(repo)
    git(repo, "rm", "-q", "--cached", "sub")
    (repo / "sub").rename(tmp_path / "away")
    (repo / "sub").write_text("a file now\n")
    taken = take(repo, tmp_path / "q")
    assert taken.source.submodules == ()
    assert restore(taken, tmp_path / "restored") == list_files(repo)


def test_sparse_checkout_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    files = {"a/x.py": "1\n", "b/c/y.py": "1\n", "b/z.py": "1\n", "top.py": "1\n"}
    repo = make_repo(tmp_path / "repo", files=files)
    full = take(repo, tmp_path / "full")
    git(repo, "sparse-checkout", "set", "a")
    clean = take(repo, tmp_path / "q")
    assert clean.source.snapshot == clean.source.commit
    assert clean.left_out == {b"b/": rules.ABSENT}
    assert clean.source.files == 2
    assert clean.source.digest != full.source.digest
    write_files(repo, {"a/x.py": "2\n"})
    dirty = take(repo, tmp_path / "q2")
    # In git's eyes the files that are not there have not changed.
    assert set(restore(dirty, tmp_path / "r")) == {name.encode() for name in files}
    assert dirty.status == {b"a/x.py": " M"}


def test_ignored_without_a_place_among_sources(tmp_path: Path) -> None:
    files = {"pkg/a.py": "1\n", ".gitignore": "pkg/\ndata/*\n*.bin\n"}
    repo = make_repo(tmp_path / "repo", files={})
    write_files(repo, files)
    git(repo, "add", "-f", "pkg/a.py", ".gitignore")
    commit(repo)
    write_files(repo, {"pkg/b.py": "1\n", "data/raw/x": "1\n", "m.bin": "1\n"})
    (repo / "broken.bin").symlink_to("nowhere")
    (repo / "away.bin").symlink_to(tmp_path)
    taken = take(repo, tmp_path / "q")
    assert taken.linked == [b"away.bin", b"broken.bin", b"data/raw/", b"m.bin", b"pkg/b.py"]
    assert not taken.source.dirty


def test_repository_that_the_environment_names(repo: Path, tmp_path: Path) -> None:
    # As in a hook, or under `git --git-dir`.
    write_files(repo, {"sub/a.py": "1\n", "b.py": "2\n"})
    git(repo, "add", "b.py")
    (repo / ".git" / "index").rename(repo / ".git" / "other")
    environ = {
        **os.environ,
        "GIT_DIR": str(repo / ".git"),
        "GIT_WORK_TREE": str(repo),
        "GIT_INDEX_FILE": ".git/other",
    }
    taken = take(repo / "sub", tmp_path / "q", environ)
    assert taken.status == {b"sub/a.py": "??", b"b.py": "A "}
    assert restore(taken, tmp_path / "restored") == list_files(repo)


def test_remote_of_the_branch_comes_first(repo: Path, tmp_path: Path) -> None:
    git(repo, "remote", "add", "origin", "https://sam:secret@example.com/lab/a.git")
    git(repo, "remote", "add", "fork", "git@example.com:ana/a.git")
    assert take(repo, tmp_path / "a").source.remote == "https://example.com/lab/a.git"
    git(repo, "config", "branch.main.remote", "fork")
    assert take(repo, tmp_path / "b").source.remote == "example.com:ana/a.git"


def test_head_that_moves_while_git_is_asked(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_late(*args: Any) -> list[bytes]:
        answers = ask_together(*args)
        answers[2] = b"0" * 40 + b" commit 0\n\n"
        return answers

    monkeypatch.setattr("git_gage.source.capture.ask_together", ask_late)
    write_files(repo, {"a.py": "1\n"})
    taken = take(repo, tmp_path / "q")
    assert taken.source.commit == git(repo, "rev-parse", "HEAD").strip()
    assert restore(taken, tmp_path / "restored") == list_files(repo)


def test_read_only_repository_can_be_captured(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root nothing is read-only, but a file in place of the folder stops root too.
    (repo / ".git" / "gage").write_text("in the way\n")
    opened = open_repository(repo, dict(os.environ))
    assert capture_source(opened, tmp_path / "q").digest is not None
