"""The store when things go wrong around it."""

from __future__ import annotations

import errno
import os
import platform
from pathlib import Path
from typing import Any

import pytest

from git_gage.errors import GitError, IntegrityError, RequestError
from git_gage.git.imports import Commit, import_commits
from git_gage.git.locks import drop_stale_locks
from git_gage.runs.close import forget_state
from git_gage.source import capture_source
from git_gage.store import files, flush, identity, layout
from git_gage.store.files import StorageError, explained, is_held, write_json
from git_gage.store.journal import Journal, read_journal
from git_gage.store.lane import Epoch, Lane
from git_gage.store.repair import Kept, mend_lane
from git_gage.store.store import Store
from tests.git.test_store import all_lines, begin, lane_refs, open_store
from tests.support import git


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (errno.EROFS, RequestError, "no permission to write"),
        (errno.EACCES, RequestError, "no permission to write"),
        (errno.ENOSPC, StorageError, "no space left"),
        (errno.EIO, StorageError, "Input/output error"),
    ],
)
def test_what_the_disk_says_is_explained(
    tmp_path: Path, number: int, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text), explained(tmp_path, "try it"):
        raise OSError(number, os.strerror(number))


def test_a_state_file_is_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_json(path, {"is": "old"})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError):
        write_json(path, {"is": "new"}, durable=True)
    monkeypatch.undo()
    assert files.read_json(path) == {"is": "old"}
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]
    path.write_text("[]")
    assert files.read_json(path) == {}


def test_what_is_not_there_is_not_held_and_holds_nothing(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none")
    assert read_journal(tmp_path, "none.jsonl", 7) == ([], 7)
    Journal(tmp_path).close()


def test_packs_that_cannot_be_rolled_up_now_are_later(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(repo)
    begin(store)
    monkeypatch.setattr(flush, "PACKS_BEFORE_REPACK", 1)
    real = type(store.repo).run

    def busy(self: Any, *args: str, **more: Any) -> bytes:
        if args[0] == "repack":
            raise GitError("git repack: another gc is running")
        return real(self, *args, **more)

    monkeypatch.setattr(type(store.repo), "run", busy)
    store.flush()
    assert lane_refs(repo)


def test_a_machine_without_an_id_goes_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").write_text("\n")
    monkeypatch.setattr(identity, "_MACHINE_IDS", (str(tmp_path / "none"), str(tmp_path / "empty")))
    monkeypatch.setattr(platform, "node", lambda: "one")
    one = identity._machine()
    monkeypatch.setattr(platform, "node", lambda: "two")
    assert identity._machine() != one


def test_foreign_things_in_a_lane_are_not_read(repo: Path) -> None:
    store = open_store(repo)
    record = begin(store)
    store.flush()
    (log,) = lane_refs(repo)
    tip = git(repo, "rev-parse", log).strip()
    odd = Commit(log, "odd", parent=tip, files=(("hot/readme", b"not records\n"), ("x", b"1")))
    import_commits(store.repo, [odd])
    git(repo, "update-ref", log.replace("/log", "/other"), tip)
    assert all_lines(store) == {record.line}
    second = begin(store)
    store.flush()
    assert all_lines(store) == {record.line, second.line}


def test_a_tree_with_too_many_entries_is_refused(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(repo)
    for _ in range(3):
        begin(store)
        store.flush()
    monkeypatch.setattr(layout, "MAX_ENTRIES", 2)
    with pytest.raises(RequestError, match="3 entries"):
        all_lines(store)


def test_a_write_that_is_not_there_afterwards_is_no_write(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(repo)
    record = begin(store)
    monkeypatch.setattr(
        type(store.repo), "object_sizes", lambda _self, oids: dict.fromkeys(oids, None)
    )
    with pytest.raises(IntegrityError, match="not there after the write"):
        store.flush()
    monkeypatch.undo()
    store.flush()
    assert all_lines(store) == {record.line}


def test_an_epoch_that_only_pins_sources_has_nothing_to_seal(repo: Path) -> None:
    store = open_store(repo)
    head = git(repo, "rev-parse", "HEAD").strip()
    lane = Lane(store.repo, "refs/gage/w/lane")
    lane.close(lane.pin(Epoch("202610-01"), [head]))
    assert [ref.rsplit("/", 1)[1] for ref in lane_refs(repo)] == ["src"]


def test_a_pack_that_is_there_is_never_kept_again(repo: Path, tmp_path: Path) -> None:
    """A gc at work would leave out what the kept pack holds, and delete it all the same."""
    store = open_store(repo)
    (repo / "train.py").write_text("changed\n")
    packs: list[set[str]] = []
    for name in ("one", "two"):
        source = capture_source(store.repo, tmp_path / name)
        assert source.snapshot is not None
        store.pin(source.snapshot, tmp_path / name)
        (store.dir / "flushed.json").unlink()
        packs.append({path.name for path in (repo / ".git/objects/pack").glob("*.pack")})
    assert packs[0] < packs[1]
    assert list((repo / ".git/objects/pack").glob("*.keep")) == []
    git(repo, "gc", "-q", "--prune=now")
    assert git(repo, "show", f"{source.snapshot}:train.py") == "changed\n"
    assert git(repo, "fsck", "--strict") == ""


def test_a_broken_source_lane_is_dropped_and_pinned_anew(repo: Path) -> None:
    store = open_store(repo)
    head = git(repo, "rev-parse", "HEAD").strip()
    store.pin(head, None)
    (src,) = lane_refs(repo)
    missing = "1" * 40
    (repo / ".git" / src).parent.mkdir(parents=True, exist_ok=True)
    (repo / ".git" / src).write_text(missing + "\n")
    (store.dir / "flushed.json").unlink()
    record = begin(store)
    store.flush()
    assert all_lines(store) == {record.line}


def test_broken_refs_go_even_when_no_record_was_in_them(repo: Path) -> None:
    store = open_store(repo)
    store.pin(git(repo, "rev-parse", "HEAD").strip(), None)
    (src,) = lane_refs(repo)
    for name in (src, src.replace("/src", "/odd")):
        (repo / ".git" / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / ".git" / name).write_text("1" * 40 + "\n")
    lane = Lane(store.repo, f"refs/gage/w/{store.lane}")
    assert mend_lane(lane, store.dir / "log" / "repairs.txt", Kept([], {})) == []
    assert lane_refs(repo) == []
    assert mend_lane(lane, store.dir / "log" / "repairs.txt", Kept([], {})) is None


def test_the_state_of_a_run_stays_until_git_holds_its_files(repo: Path) -> None:
    store: Store = open_store(repo)
    state_dir = store.state_dir("x")
    state_dir.mkdir(parents=True)
    here = {"oid": git(repo, "rev-parse", "HEAD:train.py").strip()}
    forget_state(store, "x", {"bulk": {"output": here, "gone": {"oid": "1" * 40}}})
    assert state_dir.exists()
    forget_state(store, "x", {"bulk": {"output": here}})
    assert not state_dir.exists()


def test_what_a_killed_git_has_locked_is_free_again_after_a_minute(repo: Path) -> None:
    store = open_store(repo)
    begin(store)
    store.pin(git(repo, "rev-parse", "HEAD").strip(), None)
    store.flush()
    locks = [
        repo / ".git" / f"{ref}.lock" for ref in lane_refs(repo) if ref.endswith(("log", "src"))
    ]
    for lock in locks:
        lock.touch()
    second = begin(store)
    with pytest.raises(GitError, match="cannot lock ref") as caught:
        store.flush()
    assert "try again in a minute" in str(caught.value.hint)
    for lock in locks:
        os.utime(lock, (1, 1))
    store.flush()
    assert second.line in all_lines(store)
    assert not any(lock.exists() for lock in locks)


def test_folders_of_refs_that_git_packs_while_we_look(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = repo / ".git/refs/gage/w/gone"
    gone.mkdir(parents=True)
    scandir = os.scandir

    def pack(path: str | Path) -> Any:
        if Path(path) == gone:
            gone.rmdir()
        return scandir(path)

    store = open_store(repo)
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", pack)
        drop_stale_locks(store.repo, "refs/gage/w")
    assert not gone.exists()


def test_a_lock_that_is_let_go_while_we_look(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(repo)
    begin(store)
    store.flush()
    (log,) = lane_refs(repo)
    (repo / ".git" / f"{log}.lock").symlink_to("gone")
    drop_stale_locks(store.repo, "refs/gage/w")


def test_a_lock_that_cannot_be_removed_is_left_to_git(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = repo / ".git/refs/gage/w/lane/log.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    os.utime(lock, (1, 1))

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    drop_stale_locks(open_store(repo).repo, "refs/gage/w")
    assert lock.exists()
