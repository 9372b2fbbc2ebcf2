"""The catalog over real repositories: what stock git brings is shown, and nothing is missed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from git_gage.catalog import Catalog
from git_gage.catalog.place import delete_catalog
from git_gage.catalog.said import find_heads
from git_gage.git import open_repository
from git_gage.records import Record
from git_gage.store import Store
from tests.support import clone, gage_inside, git, make_repo, unpack_all
from tests.unit.catalog.made_up import AUTHOR, begin_body, bind, end_body

PACKAGES = {"numpy": "2.4.0"}
FETCH = ("fetch", "-q", "origin", "refs/gage/w/*:refs/gage-remotes/origin/w/*")
PUSH = ("push", "-q", "origin", "refs/gage/w/*:refs/gage/w/*")


def open_store(path: Path, now: float | None = None) -> Store:
    clock = time.time if now is None else lambda: now
    return Store(open_repository(path, dict(os.environ)), clock)


def open_catalog(path: Path) -> Catalog:
    return Catalog(open_store(path))


def begin(store: Store, **changes: Any) -> Record:
    body = begin_body(**changes)
    body["nonce"] = os.urandom(8).hex()
    record = store.draft("run.begin", run=None, body=body, by=AUTHOR, lc=1, seq=0, prev=None)
    store.append(record)
    return record


def end(store: Store, first: Record, **changes: Any) -> Record:
    record = store.draft(
        "run.end",
        run=first.run,
        body=end_body(**changes),
        by=AUTHOR,
        lc=2,
        seq=1,
        prev=first.id,
    )
    store.append(record)
    return record


def set_label(store: Store, catalog: Catalog, run: str, text: str) -> None:
    chain = catalog.chain(run, store.lane)
    body = {"name": "label", "value": text}
    store.append(
        store.draft(
            "attr.set",
            run=run,
            body=body,
            by=AUTHOR,
            lc=chain.lc + 1,
            seq=chain.seq,
            prev=chain.prev,
            deps=find_heads(catalog.said(run)),
        )
    )
    store.flush()


def shown(path: Path) -> list[dict[str, Any]]:
    catalog = open_catalog(path)
    assert catalog.refresh() == []
    return catalog.newest(None)


@pytest.mark.parametrize("options", [(), ("--bare",), ("--object-format=sha256",)])
def test_a_run_from_its_begin_to_its_lane(tmp_path: Path, options: tuple[str, ...]) -> None:
    git(tmp_path, "init", "-q", *options, "there")
    store = open_store(tmp_path / "there")
    catalog = Catalog(store)
    first = begin(store)
    catalog.refresh()
    assert catalog.newest(1)[0]["status"] == "running"
    assert catalog.resolve("@") == first.run

    last = end(store, first)
    store.flush()
    store.close()
    store.flush()
    assert store.journals() == []
    catalog.refresh()
    assert catalog.newest(1)[0]["status"] == "completed"
    assert [record.line for record in catalog.records(first.run)] == [first.line, last.line]

    before = catalog.newest(None)
    catalog.close()
    delete_catalog(store.dir / "catalog.db")
    assert shown(tmp_path / "there") == before


def test_bulk_documents_go_from_the_state_directory_into_git(repo: Path) -> None:
    store = open_store(repo)
    status = [{"path": f"file{number}", "xy": "??"} for number in range(2000)]
    documents = {
        "environment.json": json.dumps({"packages": PACKAGES}).encode(),
        "begin.json": json.dumps(begin_body(source__status=status)).encode(),
    }
    bulk = {name: bind(content) for name, content in documents.items()}
    first = begin(store, source__status=None, bulk=bulk)
    folder = store.state_dir(first.run)
    folder.mkdir(parents=True)
    for name, content in documents.items():
        (folder / name).write_bytes(content)
    (going,) = shown(repo)
    assert going["environment"]["packages"] == PACKAGES
    assert len(going["source"]["status"]) == 2000

    store.flush()
    for name in documents:
        (folder / name).unlink()
    delete_catalog(store.dir / "catalog.db")
    assert shown(repo) == [going]


def test_two_clones_see_the_same_after_a_fetch_by_stock_git(tmp_path: Path) -> None:
    hub = make_repo(tmp_path / "hub", files={}, commit=False, options=("--bare",))
    ana, sam = (clone(hub, tmp_path / name, name=name) for name in ("ana", "sam"))
    mine = open_store(ana)
    first = begin(mine)
    end(mine, first)
    mine.flush()
    git(ana, *PUSH)
    git(sam, *FETCH)
    assert [document["id"] for document in shown(sam)] == [first.run]

    for path, text in ((ana, "ana's"), (sam, "sam's")):
        store, catalog = open_store(path), open_catalog(path)
        catalog.refresh()
        set_label(store, catalog, first.run, text)
        git(path, *PUSH)
    for path in (ana, sam, ana):
        git(path, *FETCH)
    assert shown(ana) == shown(sam)
    assert shown(ana)[0]["label"] in ("ana's", "sam's")
    assert open_catalog(ana).lines_beyond(first.run, "origin") == []
    assert len(find_heads(open_catalog(ana).said(first.run))) == 2


def test_sealed_epochs_and_segments_count_once(repo: Path) -> None:
    october = 1_792_000_000.0
    store = open_store(repo, october)
    catalog = Catalog(store)
    for _ in range(10):
        for _ in range(14):
            begin(store)
        store.flush()
        catalog.refresh()
    store.close()
    later = open_store(repo, october + 40 * 86400)
    begin(later)
    later.flush()
    catalog.refresh()
    assert (catalog.count(), catalog.count_records()) == (141, 141)
    assert len(shown(repo)) == 141


@pytest.mark.parametrize("left", [0.0, 0.5])
def test_a_lost_object_is_told_and_hides_no_other(repo: Path, left: float) -> None:
    """Also one that is cut short, of which git tells the size before it finds that."""
    old, new = open_store(repo, 1_792_000_000.0), open_store(repo)
    lost = begin(old)
    old.flush()
    old.close()
    kept = begin(new)
    new.flush()
    unpack_all(repo)
    ref = next(ref for ref in old.read_tips() if ref.endswith("sealed"))
    oid = git(repo, "rev-parse", f"{ref}:seg/00000000-1").strip()
    path = repo / ".git/objects" / oid[:2] / oid[2:]
    content = path.read_bytes()
    path.unlink()
    if left:
        path.write_bytes(content[: int(len(content) * left)])

    catalog = open_catalog(repo)
    for _ in range(2):
        assert catalog.refresh() == ["1 lane can't be read in full: see 'git fsck'"]
    assert [document["id"] for document in catalog.newest(None)] == [kept.run]
    assert catalog.document(lost.run) is None
    git(repo, "update-ref", "-d", ref)
    assert catalog.refresh() == []


@pytest.mark.parametrize("left", [0.0, 0.1, 0.9], ids=["empty", "no header", "cut short"])
def test_what_git_says_of_damage_is_not_said_to_the_user(repo: Path, left: float) -> None:
    """We say it in our words, where somebody asks for what is damaged."""
    assert gage_inside(repo, "run", "-q", "train.py").code == 0
    unpack_all(repo)
    (ref,) = (ref for ref in open_store(repo).repo.list_refs() if ref.endswith("/bulk"))
    names = git(repo, "ls-tree", "-r", "--format=%(objectname)", ref).split()
    for oid in names:
        path = repo / ".git/objects" / oid[:2] / oid[2:]
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[: int(len(content) * left)])
    delete_catalog(repo / ".git/gage/catalog.db")
    listed = gage_inside(repo, "list")
    assert (listed.code, listed.err, "completed" in listed.out) == (0, "", True)
    printed = gage_inside(repo, "output", "@")
    assert printed.err == (
        "fatal: output: this disk has lost it\nhint: git gage restore --from <backup>\n"
    )


def test_nothing_is_missed_while_others_write_and_git_cleans_up(repo: Path) -> None:
    """Writers flush and retire journals, gc deletes what no ref holds, we look all the time."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tests.git.test_catalog import begin, end, open_store
        for _ in range(6):
            store = open_store(Path.cwd())
            first = begin(store)
            print(first.run, flush=True)
            end(store, first)
            store.close()
            store.flush()
        """
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=repo,
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    catalog = open_catalog(repo)
    count = 0
    while any(writer.poll() is None for writer in writers):
        assert catalog.refresh() == []
        assert catalog.count() >= count
        count = catalog.count()
        git(repo, "gc", "-q", "--prune=now", ok=(0, 128))
    told = {run for writer in writers for run in writer.communicate()[0].split()}
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(told) == 12
    assert catalog.refresh() == []
    documents = catalog.newest(None)
    assert {document["id"] for document in documents} == told
    assert {document["status"] for document in documents} == {"completed"}
    assert shown(repo) == documents


def test_a_list_in_a_repository_without_runs_writes_nothing(repo: Path) -> None:
    assert shown(repo) == []
    assert not (repo / ".git/gage").exists()


def test_a_repository_that_has_runs_at_last_keeps_its_catalog(repo: Path) -> None:
    """As after the first fetch of a clone: the next command does not load them again."""
    catalog = open_catalog(repo)
    assert (catalog.refresh(), catalog.count()) == ([], 0)
    begin(open_store(repo))
    catalog.refresh()
    assert (repo / ".git/gage/catalog.db").exists()
    assert catalog.count() == 1


# -- where the repository itself can't be written --------------------------------------------------


def block(path: Path) -> None:
    """Let there be no place for a catalog in a repository, whoever asks."""
    (path / ".git/gage/catalog.db/in-the-way").mkdir(parents=True)


def record(path: Path) -> str:
    store = open_store(path)
    first = begin(store)
    end(store, first)
    store.close()
    store.flush()
    return first.run


def listed(path: Path) -> set[str]:
    return {document["id"] for document in shown(path)}


def test_runs_of_a_repository_that_was_at_the_same_path_are_not_shown(tmp_path: Path) -> None:
    block(make_repo(tmp_path / "here"))
    old = record(tmp_path / "here")
    assert listed(tmp_path / "here") == {old}
    shutil.rmtree(tmp_path / "here")
    block(make_repo(tmp_path / "here"))
    new = record(tmp_path / "here")
    assert open_catalog(tmp_path / "here").resolve("@") == new  # as a shell that completes asks
    assert listed(tmp_path / "here") == {new}


@pytest.mark.parametrize("is_pushed_since", [True, False], ids=["moved on", "gone"])
def test_nor_those_of_a_clone_in_which_nobody_recorded_any(
    tmp_path: Path, is_pushed_since: bool
) -> None:
    """What it had fetched is nowhere in the one that is there now."""
    hub = make_repo(tmp_path / "hub", files={}, commit=False, options=("--bare",))
    ana = clone(hub, tmp_path / "ana", name="ana")
    first = record(ana)
    git(ana, *PUSH)
    sam = clone(hub, tmp_path / "sam", name="sam")
    before = git(hub, "for-each-ref", "--format=%(refname) %(objectname)", "refs/gage/w").split()
    last = record(ana)
    git(ana, *PUSH)
    git(sam, *FETCH)
    block(sam)
    assert listed(sam) == {first, last}

    shutil.rmtree(sam)
    git(hub, "update-ref", *before) if is_pushed_since else git(hub, "update-ref", "-d", before[0])
    git(hub, "gc", "-q", "--prune=now")
    clone(hub, sam, name="sam")
    git(sam, *FETCH)
    block(sam)
    assert listed(sam) == ({first} if is_pushed_since else set())


def test_what_is_kept_elsewhere_goes_on_with_the_repository(repo: Path) -> None:
    block(repo)
    first = record(repo)
    assert listed(repo) == {first}
    catalog = open_catalog(repo)
    mark = catalog.mark()
    catalog.close()
    second = record(repo)
    catalog = open_catalog(repo)
    catalog.refresh()
    assert {run for run, _ in catalog.news(mark)} == {second}
    assert listed(repo) == {first, second}
