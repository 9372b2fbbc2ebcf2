"""What is captured of a dirty tree: exactly what a program would find, and nothing is touched."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from git_gage.errors import GitError
from git_gage.git import open_repository
from git_gage.source import capture_source, rules, source_body
from tests.git.source_story import list_files, restore, take, untouched
from tests.support import commit, git, make_repo, write_files


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """A staged change, an unstaged one, a deleted file, a new file and an ignored one."""
    files = {
        "train.py": "lr = 0.1\n",
        "model.py": "depth = 2\n",
        "old.py": "gone\n",
        "run.sh": "#!/bin/sh\n",
        ".gitignore": "data/\n*.log\n",
    }
    repo = make_repo(tmp_path / "repo", files=files)
    write_files(repo, {"train.py": "lr = 0.2\n"})
    git(repo, "add", "train.py")
    write_files(repo, {"model.py": "depth = 3\nwidth = 4\n", "new/util.py": "x = 1\n"})
    write_files(repo, {"data/big.csv": "1,2\n", "out.log": "hello\n"})
    (repo / "old.py").unlink()
    (repo / "run.sh").chmod(0o755)
    return repo


def test_snapshot_is_exactly_the_work_tree(dirty: Path, tmp_path: Path) -> None:
    with untouched(dirty):
        taken = take(dirty, tmp_path / "q")
    restored = restore(taken, tmp_path / "restored")
    expected = list_files(dirty)
    del expected[b"data/big.csv"], expected[b"out.log"]
    assert restored == expected


def test_everything_is_said(dirty: Path, tmp_path: Path) -> None:
    taken = take(dirty, tmp_path / "q")
    head = git(dirty, "rev-parse", "HEAD").strip()
    assert taken.source.commit == head
    assert taken.source.branch == "main"
    assert taken.source.remote is None
    assert taken.source.dirty
    assert taken.status == {
        b"train.py": "M ",
        b"model.py": " M",
        b"old.py": " D",
        b"run.sh": " M",
        b"new/util.py": "??",
    }
    assert taken.source.files == 5
    assert (taken.source.insertions, taken.source.deletions) == (4, 3)
    assert taken.linked == [b"data/", b"out.log"]
    assert taken.left_out == {}
    body = source_body(taken.source)
    assert body["status"][0] == {"path": b"model.py", "xy": " M"}
    log = body["linked"][1]
    assert log["path"] == b"out.log"
    assert log["size"] == 6
    assert log["mtime"].endswith("Z")
    assert body["linked"][0] == {"path": b"data/"}


def test_status_is_spelled_as_git_spells_it(dirty: Path, tmp_path: Path) -> None:
    git(dirty, "mv", "run.sh", "go.sh")
    (dirty / "model.py").unlink()
    (dirty / "model.py").symlink_to("train.py")
    taken = take(dirty, tmp_path / "q")
    said = git(dirty, "status", "--porcelain", "-uall").splitlines()
    expected = {line[3:].split(" -> ")[-1].encode(): line[:2] for line in said}
    assert taken.status == expected
    assert taken.status[b"go.sh"] == "RM"
    assert taken.status[b"model.py"] == " T"


def test_snapshot_is_a_plain_commit_on_head(dirty: Path, tmp_path: Path) -> None:
    git(dirty, "config", "commit.gpgSign", "true")
    git(dirty, "config", "gpg.program", "/bin/false")
    git(dirty, "config", "i18n.commitEncoding", "ISO-8859-1")
    first = take(dirty, tmp_path / "q")
    time.sleep(0.01)
    second = take(dirty, tmp_path / "q2")
    assert first.source.snapshot == second.source.snapshot
    assert first.source.snapshot != first.source.commit
    env = {**os.environ, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(tmp_path / "q" / "objects")}
    text = subprocess.run(
        ["git", "cat-file", "commit", str(first.source.snapshot)],
        cwd=dirty,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert text == (
        f"tree {first.source.tree}\n"
        f"parent {first.source.commit}\n"
        "author git-gage <git-gage@localhost> 1767323045 +0000\n"
        "committer git-gage <git-gage@localhost> 1767323045 +0000\n"
        "\ngage snapshot\n"
    )


def test_clean_tree_is_head_and_makes_no_objects(repo: Path, tmp_path: Path) -> None:
    taken = take(repo, tmp_path / "q")
    assert taken.source.snapshot == taken.source.commit
    assert not taken.source.dirty
    assert not (tmp_path / "q").exists()


def test_touched_file_is_not_a_change(repo: Path, tmp_path: Path) -> None:
    os.utime(repo / "train.py", (1, 1))
    with untouched(repo):
        taken = take(repo, tmp_path / "q")
    assert not taken.source.dirty
    assert taken.source.snapshot == taken.source.commit


def test_change_that_was_undone_after_staging_is_head_again(repo: Path, tmp_path: Path) -> None:
    before = (repo / "train.py").read_text()
    write_files(repo, {"train.py": "other\n"})
    git(repo, "add", "train.py")
    write_files(repo, {"train.py": before})
    taken = take(repo, tmp_path / "q")
    assert taken.status == {b"train.py": "MM"}
    assert taken.source.snapshot == taken.source.commit
    assert (taken.source.insertions, taken.source.deletions) == (0, 0)


def test_edit_in_the_same_moment_and_of_the_same_size_is_seen(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"a.py": "one\n"})
    git(repo, "add", "a.py")
    info = (repo / "a.py").stat()
    write_files(repo, {"a.py": "two\n"})
    os.utime(repo / "a.py", ns=(info.st_atime_ns, info.st_mtime_ns))
    index = repo / ".git" / "index"
    os.utime(index, ns=(info.st_mtime_ns, info.st_mtime_ns))
    git(repo, "config", "core.trustctime", "false")
    taken = take(repo, tmp_path / "q")
    assert restore(taken, tmp_path / "restored")[b"a.py"] == ("file", b"two\n")


# -- what is left out -------------------------------------------------------------------------


def test_secrets_are_left_out_linked_and_named(repo: Path, tmp_path: Path) -> None:
    secrets = [".env", ".env.local", "id_rsa", "id_deploy", "conf/server.pem", "conf/a.key"]
    plain = [".env.example", "id_rsa.pub", "id_map.py", "keys.py"]
    write_files(repo, dict.fromkeys([*secrets, *plain], "x\n"))
    taken = take(repo, tmp_path / "q")
    restored = restore(taken, tmp_path / "restored")
    assert taken.left_out == {name.encode(): rules.SECRET for name in secrets}
    assert taken.linked == sorted(name.encode() for name in secrets)
    # By name only.
    assert all(linked.size is None for linked in taken.source.linked)
    assert set(restored) == {b"train.py", *(name.encode() for name in plain)}


def test_tracked_secret_stays_as_committed(tmp_path: Path) -> None:
    files = {".env": "A=1\n", "gone.pem": "p\n", "same.pem": "s\n"}
    repo = make_repo(tmp_path / "repo", files=files)
    write_files(repo, {".env": "A=2\n", "new.pem": "n\n", "other.key": "o\n"})
    git(repo, "add", "new.pem")
    git(repo, "add", "-N", "other.key")
    (repo / "gone.pem").unlink()
    taken = take(repo, tmp_path / "q")
    names = (b".env", b"new.pem", b"other.key")
    assert taken.left_out == dict.fromkeys(names, rules.SECRET)
    assert taken.linked == sorted(names)
    assert taken.status[b".env"] == " M"
    assert restore(taken, tmp_path / "restored") == {
        b".env": ("file", b"A=1\n"),
        b"same.pem": ("file", b"s\n"),
    }


def test_secret_taken_out_of_git_is_not_captured_again(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={".env": "A=1\n", "a.py": "1\n"})
    git(repo, "rm", "-q", "--cached", ".env")
    taken = take(repo, tmp_path / "q")
    assert taken.left_out == {b".env": rules.SECRET}
    assert list(restore(taken, tmp_path / "restored")) == [b"a.py"]


def test_large_untracked_files_are_left_out(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(rules, "MAX_TOTAL_BYTES", 2500)
    write_files(repo, dict.fromkeys(("a", "b", "c", "d"), "x" * 900))
    write_files(repo, {"huge": "x" * 1001, "tiny": "x" * 10})
    git(repo, "add", "d")
    taken = take(repo, tmp_path / "q")
    # What is tracked is the user's choice; of the rest as much as fits, in the order of names.
    assert taken.left_out == {b"c": rules.SIZE, b"huge": rules.SIZE}
    assert set(restore(taken, tmp_path / "r")) == {b"a", b"b", b"d", b"tiny", b"train.py"}
    assert [linked.size for linked in taken.source.linked] == [900, 1001]


def test_nested_repository_is_linked_not_entered(repo: Path, tmp_path: Path) -> None:
    make_repo(repo / "lib" / "inner")
    make_repo(repo / "empty", commit=False)
    taken = take(repo, tmp_path / "q")
    assert taken.left_out == {b"empty/": rules.REPOSITORY, b"lib/inner/": rules.REPOSITORY}
    assert taken.linked == [b"empty/", b"lib/inner/"]
    assert taken.source.snapshot == taken.source.commit


def test_caches_are_neither_captured_nor_linked(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"__pycache__/train.pyc": "x", "pkg/.mypy_cache/a": "x", "old.pyc": "x"})
    write_files(repo, {".gage/notes": "x", ".gitignore": ".ruff_cache/\n", ".ruff_cache/a": "x"})
    taken = take(repo, tmp_path / "q")
    assert taken.left_out == {
        b"__pycache__/": rules.CACHE,
        b"pkg/.mypy_cache/": rules.CACHE,
        b"old.pyc": rules.CACHE,
        b".gage/": rules.OWN,
    }
    assert taken.linked == []
    assert taken.status == {b".gitignore": "??"}


def test_installed_packages_are_one_link(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"venv/pyvenv.cfg": "x", "venv/lib/a.py": "x", "venv/.env": "x"})
    write_files(repo, {"web/node_modules/left/pad.js": "x", "web/app.js": "x"})
    write_files(repo, {".git/info/exclude": "*.log\n", "venv/pip.log": "x", "venv.log": "x"})
    taken = take(repo, tmp_path / "q")
    folders = (b"venv/", b"web/node_modules/")
    assert taken.left_out == dict.fromkeys(folders, rules.INSTALLED)
    assert taken.linked == [b"venv.log", *folders]
    assert taken.status == {b"venv/": "??", b"web/node_modules/": "??", b"web/app.js": "??"}


def test_unreadable_and_special_files_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make_repo(tmp_path / "repo", files={"a": "1\n", "pipe": "1\n"})
    write_files(repo, {"locked": "x\n", "a": "2\n"})
    (repo / "pipe").unlink()
    os.mkfifo(repo / "pipe")
    # As root every file can be read.
    monkeypatch.setattr(os, "access", lambda path, _: not os.fsdecode(path).endswith("locked"))
    taken = take(repo, tmp_path / "q")
    assert taken.left_out == {b"locked": rules.UNREADABLE, b"pipe": rules.SPECIAL}
    assert taken.linked == [b"locked", b"pipe"]
    assert restore(taken, tmp_path / "r") == {b"a": ("file", b"2\n"), b"pipe": ("file", b"1\n")}


# -- difficult trees --------------------------------------------------------------------------


def test_file_names_of_any_bytes(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"with space.py": "1\n", "line\nbreak": "1\n"})
    names = [
        b"latin-\xe9",
        b"tab\there",
        b' "quoted"',
        b"-dash",
        b"new\nline",
        b":(glob)x",
        b"\xff/d",
    ]
    for name in names:
        path = os.path.join(os.fsencode(repo), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(name)
    write_files(repo, {"with space.py": "2\n", "line\nbreak": "2\n"})
    taken = take(repo, tmp_path / "q")
    assert restore(taken, tmp_path / "restored") == list_files(repo)
    assert set(names) <= set(taken.status)


def test_files_and_folders_that_trade_places(tmp_path: Path) -> None:
    files = {"a": "1\n", "d/x": "1\n", "d/y": "1\n", "e/x": "1\n", "f": "1\n", "g/h": "1\n"}
    repo = make_repo(tmp_path / "repo", files=files)
    (repo / "a").unlink()
    write_files(repo, {"a/b/c": "2\n"})
    for name in ("d/x", "d/y", "e/x", "f", "g/h"):
        (repo / name).unlink()
    (repo / "d").rmdir()
    (repo / "d").write_text("now a file\n")
    (repo / "e").rmdir()
    (repo / "e").symlink_to("a")
    (repo / "a" / "x").write_text("seen through e\n")
    (repo / "f").symlink_to("nowhere")
    (repo / "g").rmdir()
    taken = take(repo, tmp_path / "q")
    assert restore(taken, tmp_path / "restored") == list_files(repo)


def test_added_without_content_yet(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"soon.py": "x = 1\n", "gone.py": "x\n"})
    git(repo, "add", "-N", "soon.py", "gone.py")
    (repo / "gone.py").unlink()
    taken = take(repo, tmp_path / "q")
    assert taken.status[b"soon.py"] == " A"
    assert restore(taken, tmp_path / "restored") == list_files(repo)


def test_renamed_without_staging(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"a.py": "a long enough line\n" * 9, "b": "1\n"})
    (repo / "a.py").rename(repo / "z.py")
    git(repo, "add", "-N", "z.py")
    taken = take(repo, tmp_path / "q")
    assert taken.status[b"z.py"] == " R"
    assert restore(taken, tmp_path / "restored") == list_files(repo)


def test_merge_conflict_is_taken_as_it_lies_there(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"a.py": "1\n", "b.py": "1\n", "k.pem": "1\n"})
    git(repo, "checkout", "-q", "-b", "other")
    write_files(repo, {"a.py": "theirs\n", "b.py": "theirs\n", "k.pem": "theirs\n"})
    commit(repo)
    git(repo, "checkout", "-q", "main")
    write_files(repo, {"a.py": "ours\n", "k.pem": "ours\n"})
    (repo / "b.py").unlink()
    ours = commit(repo)
    git(repo, "merge", "other", ok=(1,))
    (repo / "b.py").unlink()
    with untouched(repo):
        taken = take(repo, tmp_path / "q")
    assert taken.source.commit == ours
    assert taken.status == {b"a.py": "UU", b"b.py": "DU", b"k.pem": "UU"}
    restored = restore(taken, tmp_path / "restored")
    assert b"<<<<<<<" in restored[b"a.py"][1]
    assert b"b.py" not in restored
    assert restored[b"k.pem"] == ("file", b"ours\n")


def test_hidden_changes_are_seen_all_the_same(tmp_path: Path) -> None:
    files = {"assumed.py": "1\n", "skipped.py": "1\n", "gone.py": "1\n", "away.py": "1\n"}
    repo = make_repo(tmp_path / "repo", files=files)
    git(repo, "update-index", "--assume-unchanged", "assumed.py", "gone.py")
    git(repo, "update-index", "--skip-worktree", "skipped.py", "away.py")
    write_files(repo, {"assumed.py": "2\n", "skipped.py": "2\n"})
    (repo / "gone.py").unlink()
    (repo / "away.py").unlink()
    with untouched(repo):
        taken = take(repo, tmp_path / "q")
    assert taken.status == {b"assumed.py": " M", b"skipped.py": " M", b"gone.py": " D"}
    # Not checked out is not deleted.
    assert taken.left_out == {b"away.py": rules.ABSENT}
    assert set(restore(taken, tmp_path / "r")) == {b"assumed.py", b"skipped.py", b"away.py"}
    assert taken.source.files == 2


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
def test_one_hidden_change(repo: Path, tmp_path: Path, option: str) -> None:
    git(repo, "update-index", option, "train.py")
    assert not take(repo, tmp_path / "q").source.dirty
    write_files(repo, {"train.py": "2\n"})
    taken = take(repo, tmp_path / "q2")
    assert restore(taken, tmp_path / "r") == list_files(repo)


def test_clean_filters_and_line_ends_are_gits(tmp_path: Path) -> None:
    attributes = "*.txt text eol=crlf\n*.bin filter=upper\n"
    repo = make_repo(tmp_path / "repo", files={".gitattributes": attributes, "a.txt": "1\n"})
    git(repo, "config", "filter.upper.clean", "tr a-z A-Z")
    git(repo, "config", "filter.upper.smudge", "tr A-Z a-z")
    write_files(repo, {"b.txt": "one\r\ntwo\r\n", "c.bin": "weights\n", "a.txt": "2\r\n"})
    taken = take(repo, tmp_path / "q")
    restored = restore(taken, tmp_path / "restored")
    # Restored through the same filters it is what it was; stored it is what git stores.
    assert restored[b"b.txt"] == ("file", b"one\r\ntwo\r\n")
    assert restored[b"c.bin"] == ("file", b"weights\n")
    stored = take(repo, tmp_path / "q2").repo.run(
        "cat-file",
        "blob",
        f"{taken.source.snapshot}:c.bin",
        env={"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(tmp_path / "q" / "objects")},
    )
    assert stored == b"WEIGHTS\n"


def test_executable_bit_counts_where_git_looks_at_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", files={"run.sh": "1\n"})
    (repo / "run.sh").chmod(0o755)
    taken = take(repo, tmp_path / "q")
    assert restore(taken, tmp_path / "r")[b"run.sh"][0] == "exec"
    git(repo, "config", "core.fileMode", "false")
    assert not take(repo, tmp_path / "q2").source.dirty


def test_large_tracked_file_is_one_loose_object(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "core.bigFileThreshold", "1k")
    write_files(repo, {"train.py": "x\n" * 4000})
    taken = take(repo, tmp_path / "q")
    assert not list((tmp_path / "q" / "objects").rglob("*.pack"))
    assert restore(taken, tmp_path / "r") == list_files(repo)


def test_hooks_and_index_settings_of_the_user_stay_out_of_it(repo: Path, tmp_path: Path) -> None:
    hook = repo / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    git(repo, "config", "core.splitIndex", "true")
    git(repo, "config", "core.untrackedCache", "true")
    write_files(repo, {"a.py": "1\n"})
    git(repo, "update-index", "--split-index", "--add", "a.py")
    (tmp_path / "hooked").unlink()
    write_files(repo, {"a.py": "2\n", "b.py": "1\n"})
    shared = sorted((repo / ".git").glob("sharedindex*"))
    taken = take(repo, tmp_path / "q")
    assert sorted((repo / ".git").glob("sharedindex*")) == shared
    assert not (tmp_path / "hooked").exists()
    assert restore(taken, tmp_path / "r") == list_files(repo)


def test_empty_folders_are_known(repo: Path, tmp_path: Path) -> None:
    for folder in ("out", "deep/er", "new/empty", "data/inner", "__pycache__"):
        (repo / folder).mkdir(parents=True)
    write_files(repo, {"new/a.py": "1\n", ".gitignore": "data/\n*.log\n", "logs/a.log": "x\n"})
    write_files(repo, {"data/x": "1\n"})
    taken = take(repo, tmp_path / "q")
    assert taken.source.folders == (b"deep/er/", b"new/empty/", b"out/")


def test_git_that_refuses_is_an_error_with_its_own_words(repo: Path, tmp_path: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"not an index")
    opened = open_repository(repo, dict(os.environ))
    with pytest.raises(GitError, match="index file"):
        capture_source(opened, tmp_path / "q")
