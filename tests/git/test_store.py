"""The store on real repositories: nothing is lost, stock git reads it all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog.bulk import Bound, read_files
from git_gage.errors import RequestError
from git_gage.git import imports as git_imports
from git_gage.git import open_repository
from git_gage.git.repository import git_error
from git_gage.records import Record, parse_record
from git_gage.store import Store, layout, parse_ref
from git_gage.store.files import StorageError, is_held
from git_gage.store.journal import KEEP_S
from tests.support import git, make_repo, scale, unpack_all


def open_store(path: Path, now: float | None = None) -> Store:
    clock = time.time if now is None else lambda: now
    return Store(open_repository(path, dict(os.environ)), clock)


def begin(store: Store, **body: Any) -> Record:
    record = store.draft(
        "run.begin",
        run=None,
        body={**body, "nonce": os.urandom(8).hex()},
        by=None,
        lc=1,
        seq=0,
        prev=None,
    )
    store.append(record)
    return record


def all_lines(store: Store) -> set[bytes]:
    """Every record line a reader finds, journals first."""
    lines: list[bytes] = []
    for name in store.journals():
        lines += store.read_journal(name, 0)[0]
    blobs = store.list_blobs(set(store.read_tips().values()))
    for _, found in store.read_lines({oid for oids in blobs.values() for oid in oids}):
        lines += found
    return set(lines)


def lane_refs(path: Path) -> list[str]:
    return git(path, "for-each-ref", "--format=%(refname)", "refs/gage").split()


def test_a_record_is_readable_before_and_after_it_is_in_git(repo: Path) -> None:
    store = open_store(repo)
    record = begin(store, operation="train.py")
    assert all_lines(store) == {record.line}
    assert lane_refs(repo) == []
    store.flush()
    assert all_lines(open_store(repo)) == {record.line}
    assert lane_refs(repo) == [f"refs/gage/w/{store.lane}/{_month()}-01/log"]


def test_stock_git_reads_records_as_json_lines(repo: Path) -> None:
    store = open_store(repo)
    record = begin(store, operation="train.py")
    store.flush()
    (log,) = lane_refs(repo)
    names = git(repo, "ls-tree", "-r", "--name-only", log).split()
    assert names == ["hot/00000000-1", "v1"]
    shown = git(repo, "show", f"{log}:hot/00000000-1")
    assert json.loads(shown)["body"]["operation"] == "train.py"
    assert shown.encode() == record.line + b"\n"
    assert git(repo, "fsck", "--strict") == ""


def test_a_lane_seals_its_records_128_at_a_time(repo: Path) -> None:
    store = open_store(repo)
    made = set()
    for count in (100, 27, 1, 200, 3):
        made |= {begin(store).line for _ in range(count)}
        store.flush()
    (log,) = lane_refs(repo)
    names = git(repo, "ls-tree", "-r", "--name-only", log).split()
    assert names == [
        "hot/00000256-72",
        "hot/00000328-3",
        "seg/00000000-128",
        "seg/00000128-128",
        "v1",
    ]
    assert all_lines(store) == made


def test_many_long_records_are_split_by_size(repo: Path) -> None:
    store = open_store(repo)
    made = {begin(store, text="x" * 200_000).line for _ in range(12)}
    store.flush()
    assert all_lines(store) == made
    (log,) = lane_refs(repo)
    sizes = git(repo, "ls-tree", "-r", "-l", log).splitlines()
    assert all(int(line.split()[3]) <= layout.BLOB_BYTES for line in sizes)


def test_an_epoch_closes_when_its_month_is_over(repo: Path) -> None:
    october = 1_792_000_000.0
    store = open_store(repo, october)
    first = begin(store)
    store.flush()
    store.close()
    later = open_store(repo, october + 40 * 86400)
    second = begin(later)
    later.flush()
    names = [ref.split("/", 4)[4] for ref in lane_refs(repo)]
    assert names == ["202610-01/sealed", "202611-01/log"]
    assert all_lines(later) == {first.line, second.line}
    sealed = f"refs/gage/w/{store.lane}/202610-01/sealed"
    assert git(repo, "rev-list", "--count", sealed).strip() == "1"
    assert git(repo, "ls-tree", "-r", "--name-only", sealed).split() == ["seg/00000000-1", "v1"]


def test_an_epoch_closes_at_its_number_of_runs(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "EPOCH_RUNS", 5)
    store = open_store(repo)
    made = set()
    for _ in range(12):
        made.add(begin(store).line)
        store.flush()
    kinds = [ref.rsplit("/", 2)[1:] for ref in lane_refs(repo)]
    month = _month()
    assert kinds == [[f"{month}-01", "sealed"], [f"{month}-02", "sealed"], [f"{month}-03", "log"]]
    assert all_lines(store) == made


def test_sources_stay_when_branches_go(repo: Path) -> None:
    store = open_store(repo)
    head = git(repo, "rev-parse", "HEAD").strip()
    begin(store)
    store.pin(head, None)
    store.pin(head, None)
    git(repo, "checkout", "-q", "--orphan", "other")
    git(repo, "commit", "-q", "--allow-empty", "-m", "other")
    git(repo, "branch", "-D", "main")
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    assert git(repo, "cat-file", "-t", head).strip() == "commit"
    (src,) = [ref for ref in lane_refs(repo) if ref.endswith("/src")]
    assert git(repo, "rev-list", "--count", "--first-parent", src).strip() == "2"
    assert git(repo, "ls-tree", src) == ""


def test_bulk_files_travel_with_their_record_and_are_bound_by_it(repo: Path) -> None:
    store = open_store(repo)
    content = b"epoch 1\nloss: 0.3\n"
    sha256 = hashlib.sha256(content).hexdigest()
    bound: dict[str, Any] = {
        "oid": store.repo.blob_oid(content),
        "sha256": sha256,
        "size": len(content),
    }
    record = store.draft(
        "run.begin",
        run=None,
        body={"bulk": {"output": bound, "gone": bound}},
        by=None,
        lc=1,
        seq=0,
        prev=None,
    )
    store.state_dir(record.run).mkdir(parents=True)
    (store.state_dir(record.run) / "output").write_bytes(content)
    store.append(record)
    output = Bound(record.run, "output", **bound)
    assert list(read_files(store, [output])) == [(output, content)]
    store.flush()
    shutil.rmtree(store.state_dir(record.run))
    assert list(read_files(store, [output])) == [(output, content)]
    (bulk,) = [ref for ref in lane_refs(repo) if ref.endswith("/bulk")]
    assert git(repo, "show", f"{bulk}:{record.run}/output").encode() == content
    others = [output._replace(oid=store.repo.blob_oid(b"not here")), output._replace(size=3)]
    assert list(read_files(store, others)) == []


def test_a_copied_clone_takes_a_lane_of_its_own(repo: Path, tmp_path: Path) -> None:
    store = open_store(repo)
    begin(store)
    store.flush()
    copy = tmp_path / "copy"
    shutil.copytree(repo, copy, symlinks=True)
    twin = open_store(copy)
    assert twin.lane != store.lane
    assert twin.my_lanes == {store.lane, twin.lane}
    assert open_store(repo).lane == store.lane


def test_a_torn_last_line_is_no_record(repo: Path) -> None:
    store = open_store(repo)
    record = begin(store)
    store.close()
    (name,) = store.journals()
    with (store.dir / "journal" / name).open("ab") as file:
        file.write(b'{"v":1,"kind":"run.e')
    store.flush()
    assert all_lines(store) == {record.line}


def test_journals_are_kept_for_a_day_after_they_are_in_git(repo: Path) -> None:
    store = open_store(repo)
    record = begin(store)
    (name,) = store.journals()
    store.flush()
    assert store.journals() == [name], "its writer still lives"
    assert is_held(store.dir / "journal" / name)
    store.close()
    store.flush()
    assert store.journals() == []
    (day,) = (store.dir / "journal").iterdir()
    assert day.read_bytes() == record.line + b"\n"
    old = time.time() - KEEP_S - 60
    os.utime(day, (old, old))
    store.flush()
    assert list((store.dir / "journal").iterdir()) == [day], "a damaged lane is mended from it"
    newer = day.with_name("day-20991231.jsonl")
    newer.touch()
    store.flush()
    assert list((store.dir / "journal").iterdir()) == [newer]


@pytest.mark.parametrize("damage", ["tip", "blob"])
def test_a_broken_lane_goes_on_from_what_is_left(repo: Path, damage: str) -> None:
    store = open_store(repo)
    records = []
    for _ in range(3):
        records.append(begin(store))
        store.flush()
    store.close()
    store.flush()
    (log,) = lane_refs(repo)
    unpack_all(repo)
    broken = git(repo, "rev-parse", log if damage == "tip" else f"{log}:hot/00000001-1").strip()
    (repo / ".git" / "objects" / broken[:2] / broken[2:]).unlink()
    (store.dir / "flushed.json").unlink()
    again = open_store(repo)
    records.append(begin(again))
    again.flush()
    assert all_lines(again) == {record.line for record in records}
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    git(repo, "log", "--all", "--oneline")
    assert log in (store.dir / "log" / "repairs.txt").read_text()


@pytest.mark.parametrize("is_old", [False, True])
def test_a_broken_lane_goes_on_where_the_last_flush_was_noted(repo: Path, is_old: bool) -> None:
    """What was written last is in a journal still, of a writer that goes on or of the last day."""
    now = [1_800_000_000.0]
    store = Store(open_repository(repo, dict(os.environ)), lambda: now[0])
    hidden = begin(store)
    store.keep_private(hidden.run)
    records = [begin(store)]
    store.flush()
    for _ in range(2 if is_old else 0):
        _put_away(store)
        now[0] += 3 * 86_400
        records.append(begin(store))
        store.flush()
    if is_old:
        _put_away(store)
    (log,) = lane_refs(repo)
    unpack_all(repo)
    broken = git(repo, "rev-parse", log).strip()
    (repo / ".git" / "objects" / broken[:2] / broken[2:]).unlink()
    now[0] += 3 * 86_400
    store.flush()
    records.append(begin(store))
    store.flush()
    _put_away(store)
    assert all_lines(store) == {record.line for record in (hidden, *records)}
    tips = git(repo, "for-each-ref", "--format=%(objectname)", "refs/gage").split()
    blobs = {oid for oids in store.list_blobs(tips).values() for oid in oids}
    assert hidden.line not in {line for _, lines in store.read_lines(blobs) for line in lines}
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""


def _put_away(store: Store) -> None:
    """Its writer ends, and its day is over."""
    store.close()
    store.flush()
    for day in (store.dir / "journal").iterdir():
        os.utime(day, (store.clock(), store.clock()))


def test_nothing_is_changed_where_nothing_may_be_written(repo: Path) -> None:
    store = open_store(repo)
    record = begin(store)
    store.flush()
    store.close()
    gage_dir = repo / ".git" / "gage"
    code = (
        "import os,sys; from pathlib import Path; from tests.git.test_store import *\n"
        f"store = open_store(Path({str(repo)!r}))\n"
        "assert len(all_lines(store)) == 1\n"
        "try: begin(store)\n"
        "except RequestError as error: print(error.message)\n"
    )
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere: tests/scenarios tries a read-only mount")
    folders = [gage_dir, *(path for path in gage_dir.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert "no permission to write" in done.stdout
    assert all_lines(open_store(repo)) == {record.line}


def test_a_full_disk_damages_nothing(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(repo)
    record = begin(store)
    real = os.write
    calls: list[int] = []

    def full(handle: int, data: bytes) -> int:
        if calls:
            raise OSError(28, "No space left on device")
        calls.append(1)
        return real(handle, data[: len(data) // 2])

    draft = store.draft(
        "attr.set", run=record.run, body={"name": "x"}, by=None, lc=2, seq=1, prev=record.id
    )
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="no space left"):
        store.append(draft)
    monkeypatch.undo()
    assert all_lines(store) == {record.line}
    store.append(draft)
    assert all_lines(store) == {record.line, draft.line}


def test_a_pack_pruned_under_us_is_written_again(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(repo)
    record = begin(store)
    real = git_imports._import_once
    failures: list[int] = []

    def pruned(*args: Any) -> list[str]:
        if len(failures) < 3:
            failures.append(1)
            gone = b"fatal: unable to write file x.pack: No such file or directory"
            raise git_error(("fast-import",), 128, gone)
        return real(*args)

    monkeypatch.setattr(git_imports, "_import_once", pruned)
    store.flush()
    assert len(failures) == 3
    assert store.journals()
    assert all_lines(store) == {record.line}
    assert lane_refs(repo)


def test_packs_are_rolled_up(repo: Path) -> None:
    store = open_store(repo)
    for _ in range(scale(45, 200)):
        begin(store)
        store.flush()
    packs = list((repo / ".git" / "objects" / "pack").glob("*.pack"))
    assert len(packs) < 20
    assert list((repo / ".git" / "objects" / "pack").glob("*.keep")) == []


WRITER = """
import os, sys
from pathlib import Path
from tests.git.test_store import begin, open_store
store = open_store(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    begin(store)
    store.flush()
"""


def test_eight_writers_beside_a_gc_loop_lose_nothing(repo: Path) -> None:
    each = scale(5, 40)
    command = [sys.executable, "-c", WRITER, str(repo), str(each)]
    writers = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(8)]
    while any(writer.poll() is None for writer in writers):
        git(repo, "gc", "-q", "--prune=now", ok=(0, 1, 128, 255))
    assert [writer.returncode for writer in writers] == [0] * 8
    store = open_store(repo)
    runs = {parse_record(line).run for line in all_lines(store)}
    assert len(runs) == 8 * each
    assert git(repo, "fsck", "--strict") == ""


@pytest.mark.parametrize("options", [("--object-format=sha256",), ("--bare",)])
def test_other_repositories(tmp_path: Path, options: tuple[str, ...]) -> None:
    path = make_repo(tmp_path / "other", files={}, commit=False, options=options)
    store = open_store(path)
    record = begin(store)
    store.flush()
    assert all_lines(store) == {record.line}
    assert git(path, "fsck", "--strict") == ""


def test_names_of_lanes() -> None:
    own = parse_ref("refs/gage/w/abc/202611-01/log")
    assert own is not None
    assert (own.remote, own.lane, own.kind) == (None, "abc", "log")
    theirs = parse_ref("refs/gage-remotes/team/origin/w/abc/202611-01/sealed")
    assert theirs is not None
    assert theirs.remote == "team/origin"
    assert parse_ref("refs/gage/w/abc/202611-01/other") is None
    assert parse_ref("refs/gage/w/ABC/202611-01/log") is None


def _month() -> str:
    return time.strftime("%Y%m", time.gmtime())


__all__ = ["RequestError", "all_lines", "begin", "open_store"]
